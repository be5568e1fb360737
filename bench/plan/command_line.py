"""The options of ``likeforlike bench``, and the readers of their values."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from likeforlike.bench.plan.asked.ladder_options import declare_ladder, read_ways
from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.bench.plan.asked.own_model_options import DATA_CHOICES, declare_trained, read_own_models
from likeforlike.bench.plan.asked.presets import PRESETS
from likeforlike.bench.plan.asked.values import (
    LEVEL,
    fraction,
    launches,
    listed,
    number,
    one_of,
    parse_axes,
    parse_bytes,
    parse_sizes,
    patience,
    pin,
    seconds,
    some_of,
    strategies,
    sustained,
    workers,
)
from likeforlike.bench.plan.sides import declare_sides, read_sides
from likeforlike.devices.limits.ceilings import PRECISIONS
from likeforlike.models.distributed.assignment import STRATEGIES
from likeforlike.reports.statistics.quantiles import STATISTICS

_WITHOUT_EFFECT = {
    "--benchmark-cprofile": "it cannot see into the worker processes",
    "--benchmark-min-time": "a sample here is one call, however short",
    "--benchmark-warmup-iterations": "warm-up goes on until times have settled",
}
"""pytest-benchmark's options that can't do here what its documentation says."""
TABLE_OPTIONS = tuple(
    f"--benchmark-{name}"
    for name in (
        "columns",
        "sort",
        "group-by",
        "name",
        "time-unit",
        "histogram",
        "verbose",
        "compare",
        "compare-fail",
    )
)
"""pytest-benchmark's options that say how its tables are to look."""
TIMINGS = ("synchronised", "unsynchronised")
CACHES = ("warm", "cold")
DISTRIBUTIONS = ("uniform", "normal")

GROUP_TITLE = "likeforlike: what is compared, and how"


def add_options(parser: pytest.Parser) -> None:
    """Declare the options to pytest."""
    declare_options(parser.getgroup("likeforlike", GROUP_TITLE).addoption)


def declare_options(declare: Callable[..., Any]) -> None:
    """Declare each option by a call of pytest's ``addoption``, or of argparse's ``add_argument``."""

    def add(name: str, text: str, **how: Any) -> None:
        declare(name, help=text, **how)

    parts = (_declare_grid, declare_sides, declare_trained, _declare_amount, _declare_timing, _declare_run)
    for declare_some in parts:
        declare_some(add)


def _declare_grid(add: Callable[..., None]) -> None:
    """What is compared."""
    add("--preset", "Size of the grid: smoke, quick or published.", default="quick", metavar="NAME")
    add("--workloads", "Comma-separated; default all.", metavar="NAMES")
    add("--implementations", "Comma-separated; default the preset's.", metavar="NAMES")
    add("--devices", "Comma-separated: cpu:0, cpu:1, gpu:0, gpu, all; default all present.", metavar="NAMES")
    add(
        "--axis",
        "WORKLOAD.AXIS=VALUES, comma-separated values of one axis of a workload; repeatable. "
        "likeforlike models lists the axes.",
        metavar="WORKLOAD.AXIS=VALUES",
        action="append",
        default=[],
    )
    add(
        "--sizes",
        "Comma-separated: 500,1000 for the first workload that has a size; NAME:200 for another.",
        metavar="SIZES",
    )
    add("--dtypes", f"Comma-separated: {', '.join(PRECISIONS)}; default float32.", metavar="NAMES")
    add("--recipes", "Comma-separated NAME or NAME+FIELD=VALUE+...; default the preset's.", metavar="NAMES")
    declare_ladder(add)
    add(
        "--workers",
        "Comma-separated: among how many the workload distributed divides each batch; default 1, 2, 4 ...",
        metavar="COUNTS",
    )
    add("--strategies", f"Comma-separated, for distributed: {', '.join(STRATEGIES)}.", metavar="NAMES")


def _declare_amount(add: Callable[..., None]) -> None:
    """How much of it, with how many threads, on what data."""
    add("--epochs", "Epochs of every training run, at least 2: the first one is cold.", metavar="N")
    add("--train-samples", "Train on the first N images; default the preset's, quick 10000.", metavar="N")
    add(
        "--launches",
        "Sets of fresh processes for each group of kernels, and runs of each training: N, or 3-10 for as "
        "many as precision asks; default the preset's, quick 3 and 2.",
        metavar="N",
    )
    add("--repeats", "Whole training runs, each with a further seed; default --launches.", metavar="N")
    add("--threads", "Threads of every framework and BLAS; default a usable physical core each.", metavar="N")
    add(
        "--pin",
        "Hold each worker to as many processors as it has threads, one of each core, on few NUMA nodes.",
        action="store_true",
    )
    several: dict[str, Any] = {"action": "append", "default": []}
    add(
        "--plugin",
        "Module whose WORKLOADS and IMPLEMENTATIONS join the registry; repeatable.",
        metavar="MODULE",
        **several,
    )


def _declare_timing(add: Callable[..., None]) -> None:
    """How it is timed."""
    add(
        "--timing",
        "synchronised, or unsynchronised as in the notebook.",
        default="synchronised",
        metavar="HOW",
    )
    add(
        "--cache",
        "Comma-separated: warm, or cold: before each timed call of a kernel a buffer larger than the "
        "device's caches is written, so that operands come from memory.",
        default="warm",
        metavar="HOW",
    )
    add(
        "--operands",
        "Comma-separated: uniform or normal, from which operands of products are drawn: power, and so the "
        "clock, depends on the bits.",
        default="uniform",
        metavar="HOW",
    )
    add(
        "--sustained",
        "Load the device with the work of a group before its rounds, until clock and temperature are level, "
        "or for =SECONDS.",
        nargs="?",
        const=LEVEL,
        metavar="SECONDS",
    )
    add(
        "--statistic",
        "What verdicts on kernels are asked on: median of samples, or p50, p95 or p99 of many timed calls.",
        default="median",
        metavar="NAME",
    )
    add("--transfer", "Time the copies to the device and back beside each product.", action="store_true")
    add(
        "--concurrent",
        "Measure cells of different devices at the same time; they are marked, since neighbours disturb.",
        action="store_true",
    )
    add(
        "--target-accuracy",
        "Target of time to accuracy; default 0.88 of Fashion-MNIST, none of other data.",
        metavar="FRACTION",
    )


def _declare_run(add: Callable[..., None]) -> None:
    """What a cell and a run may take, and how a run is taken up."""
    add("--cell-timeout", "Seconds that one cell may take; default by preset.", metavar="SECONDS")
    add(
        "--cell-memory",
        "A cell's resident memory at most: 8GiB; default 9/10 of what is free. With --concurrent never more "
        "than a device's part of that.",
        metavar="SIZE",
    )
    add("--order-seed", "Seed of the order within rounds; default drawn, and recorded.", metavar="N")
    add(
        "--clean-environment",
        "Start workers without the inherited variables that change speed or results, such as OMP_PLACES.",
        action="store_true",
    )
    add(
        "--no-measured-ceiling",
        "Don't measure what this machine reaches at most, which takes some seconds once.",
        action="store_true",
    )
    add(
        "--patience",
        "Seconds that the run waits for other programs to pause, and half of its time besides; 0: none.",
        metavar="SECONDS",
    )
    add("--resume", "Measure only what the journal beside the result file lacks.", action="store_true")
    add(
        "--resume-elsewhere",
        "Resume although some was measured on another host or GPU; the cells concerned are marked.",
        action="store_true",
    )
    add(
        "--resume-anyway",
        "Resume although code that was measured, or the host, has changed; the cells concerned are marked.",
        action="store_true",
    )
    add("--retry-failed", "With --resume: measure again what failed.", action="store_true")


def read_options(config: pytest.Config) -> Options:
    """Parse and check the command line. Raises OptionError; knows no registry and no device."""
    get = config.getoption
    preset_name = one_of("--preset", get("--preset"), tuple(PRESETS))
    preset = PRESETS[preset_name]
    asked = _asked_benchmark_options(config)

    def limit(name: str, of_preset: Any) -> Any:
        return get(name.lstrip("-").replace("-", "_")) if name in asked else of_preset

    for name, why in _WITHOUT_EFFECT.items():
        if name in asked:
            raise OptionError(f"{name}: {why}; leave it out")
    own = read_own_models(get)
    data = preset.data if own else get("--data") or preset.data
    return Options(
        preset_name=preset_name,
        data=one_of("--data", data, DATA_CHOICES),
        own_models=own,
        **_what(get),
        **_circumstances(get),
        **_repetitions(get),
        **_course(get),
        patience_seconds=patience(get("--patience"), preset.patience_seconds),
        cell_timeout_seconds=seconds("--cell-timeout", get("--cell-timeout")) or preset.cell_timeout_seconds,
        min_rounds=limit("--benchmark-min-rounds", preset.min_rounds),
        max_seconds=float(limit("--benchmark-max-time", preset.max_seconds)),
        precision=limit("--benchmark-precision", preset.precision),
        confidence=limit("--benchmark-confidence", preset.confidence),
        result_file=get("benchmark_json"),
        warm_up="--benchmark-warmup" not in asked or bool(get("benchmark_warmup")),
        disable_gc=get("benchmark_disable_gc"),
        timer=":".join(str(get("benchmark_timer")).rsplit(".", 1)),
    )


def _what(get: Callable[[str], Any]) -> dict[str, Any]:
    """Which cells are asked for."""
    dtypes = listed("--dtypes", get("--dtypes")) or ()
    return {
        "workloads": listed("--workloads", get("--workloads")),
        "implementations": listed("--implementations", get("--implementations")),
        "devices": listed("--devices", get("--devices")),
        "sizes": parse_sizes(get("--sizes")),
        "axes": parse_axes(get("--axis")),
        "sides": read_sides(get("--side")),
        "dtypes": tuple(one_of("--dtypes", name, PRECISIONS) for name in dtypes) or None,
        "recipes": listed("--recipes", get("--recipes")),
        "ladder": get("--ladder"),
        "ladder_orders": number("--ladder-orders", get("--ladder-orders"), 1),
        "ladder_ways": read_ways(get("--ladder-ways")),
        "workers": workers(get("--workers")),
        "strategies": strategies(get("--strategies")),
        "data_dir": Path(get("--data-dir")) if get("--data-dir") else None,
        "text_file": Path(get("--text")) if get("--text") else None,
        "plugins": tuple(get("--plugin")),
    }


def _circumstances(get: Callable[[str], Any]) -> dict[str, Any]:
    """Under which circumstances calls are timed, and what is taken of their times."""
    return {
        "threads": number("--threads", get("--threads"), 1),
        "pin": pin(get("--pin"), get("--concurrent")),
        "timing": one_of("--timing", get("--timing"), TIMINGS),
        "caches": some_of("--cache", get("--cache"), CACHES),
        "operands": some_of("--operands", get("--operands"), DISTRIBUTIONS),
        "sustained": get("--sustained") is not None,
        "sustained_seconds": sustained(get("--sustained")),
        "statistic": one_of("--statistic", get("--statistic"), STATISTICS),
        "transfer": get("--transfer"),
        "concurrent": get("--concurrent"),
        "target_accuracy": fraction("--target-accuracy", get("--target-accuracy")),
        "clean_environment": get("--clean-environment"),
        "measured_ceiling": not get("--no-measured-ceiling"),
    }


def _repetitions(get: Callable[[str], Any]) -> dict[str, Any]:
    """How much of each cell is measured."""
    return {
        "epochs": number("--epochs", get("--epochs"), 2),
        "train_samples": number("--train-samples", get("--train-samples"), 1),
        "repeats": number("--repeats", get("--repeats"), 1),
        "launches": launches(get("--launches")),
    }


def _course(get: Callable[[str], Any]) -> dict[str, Any]:
    """What the run may take, its order, and what of an earlier one it goes on with."""
    return {
        "cell_memory_bytes": parse_bytes("--cell-memory", get("--cell-memory")),
        "order_seed": number("--order-seed", get("--order-seed"), 0),
        "resume": get("--resume") or get("--resume-elsewhere") or get("--resume-anyway"),
        "resume_elsewhere": get("--resume-elsewhere") or get("--resume-anyway"),
        "resume_anyway": get("--resume-anyway"),
        "retry_failed": get("--retry-failed"),
    }


def _asked_benchmark_options(config: pytest.Config) -> set[str]:
    """The pytest-benchmark options given by the user, whose defaults a preset may replace."""
    arguments = [*config.getini("addopts"), *config.invocation_params.args]
    given = [*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *map(str, arguments)]
    return {text.split("=", 1)[0] for text in given if text.startswith("--benchmark-")}


def asks_for_tables(config: pytest.Config) -> bool:
    """Whether pytest-benchmark's own tables were asked for, by an option that shapes them."""
    return not _asked_benchmark_options(config).isdisjoint(TABLE_OPTIONS)
