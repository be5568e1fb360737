"""The options of ``likeforlike bench``, and the readers of their values."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from likeforlike.bench.plan.asked.ladder_options import declare_ladder, read_ways
from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.bench.plan.asked.own_model_options import DATA_CHOICES, declare_trained, read_own_models
from likeforlike.bench.plan.asked.presets import PRESETS
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
LEVEL = "level"
"""What ``--sustained`` without a number stands for."""

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
    add("--target-accuracy", "Target of time to accuracy; default 0.88.", default="0.88", metavar="FRACTION")


def _declare_run(add: Callable[..., None]) -> None:
    """What a cell and a run may take, and how a run is taken up."""
    add("--cell-timeout", "Seconds that one cell may take; default by preset.", metavar="SECONDS")
    add(
        "--cell-memory",
        "A cell's resident memory at most: 8GiB; default 9/10 of what is free.",
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
        "--resume-anyway",
        "Resume although code that was measured has changed since; the cells concerned are marked.",
        action="store_true",
    )
    add("--retry-failed", "With --resume: measure again what failed.", action="store_true")


def read_options(config: pytest.Config) -> Options:
    """Parse and check the command line. Raises OptionError; knows no registry and no device."""
    get = config.getoption
    preset_name = _one_of("--preset", get("--preset"), tuple(PRESETS))
    preset = PRESETS[preset_name]
    asked = _asked_benchmark_options(config)

    def limit(name: str, of_preset: Any) -> Any:
        return get(name.lstrip("-").replace("-", "_")) if name in asked else of_preset

    for name, why in _WITHOUT_EFFECT.items():
        if name in asked:
            raise OptionError(f"{name}: {why}; leave it out")
    own = read_own_models(get)
    return Options(
        preset_name=preset_name,
        workloads=_names(get("--workloads")),
        implementations=_names(get("--implementations")),
        devices=_names(get("--devices")),
        sizes=parse_sizes(get("--sizes")),
        axes=parse_axes(get("--axis")),
        sides=read_sides(get("--side")),
        dtypes=tuple(_one_of("--dtypes", n, PRECISIONS) for n in _names(get("--dtypes")) or ()) or None,
        recipes=_names(get("--recipes")),
        ladder=get("--ladder"),
        ladder_orders=_number("--ladder-orders", get("--ladder-orders"), 1),
        ladder_ways=read_ways(get("--ladder-ways")),
        workers=_workers(get("--workers")),
        strategies=_strategies(get("--strategies")),
        epochs=_number("--epochs", get("--epochs"), 2),
        train_samples=_number("--train-samples", get("--train-samples"), 1),
        repeats=_number("--repeats", get("--repeats"), 1),
        launches=_launches(get("--launches")),
        patience_seconds=_patience(get("--patience"), preset.patience_seconds),
        threads=_number("--threads", get("--threads"), 1),
        pin=_pin(get("--pin"), get("--concurrent")),
        data=_one_of("--data", preset.data if own else get("--data") or preset.data, DATA_CHOICES),
        own_models=own,
        data_dir=Path(get("--data-dir")) if get("--data-dir") else None,
        text_file=Path(get("--text")) if get("--text") else None,
        plugins=tuple(get("--plugin")),
        timing=_one_of("--timing", get("--timing"), TIMINGS),
        caches=_some_of("--cache", get("--cache"), CACHES),
        operands=_some_of("--operands", get("--operands"), DISTRIBUTIONS),
        sustained=get("--sustained") is not None,
        sustained_seconds=_sustained(get("--sustained")),
        statistic=_one_of("--statistic", get("--statistic"), STATISTICS),
        transfer=get("--transfer"),
        concurrent=get("--concurrent"),
        target_accuracy=_fraction("--target-accuracy", get("--target-accuracy")),
        cell_timeout_seconds=_seconds("--cell-timeout", get("--cell-timeout")) or preset.cell_timeout_seconds,
        cell_memory_bytes=parse_bytes("--cell-memory", get("--cell-memory")),
        order_seed=_number("--order-seed", get("--order-seed"), 0),
        resume=get("--resume") or get("--resume-anyway"),
        resume_anyway=get("--resume-anyway"),
        retry_failed=get("--retry-failed"),
        min_rounds=limit("--benchmark-min-rounds", preset.min_rounds),
        max_seconds=float(limit("--benchmark-max-time", preset.max_seconds)),
        precision=limit("--benchmark-precision", preset.precision),
        confidence=limit("--benchmark-confidence", preset.confidence),
        result_file=get("benchmark_json"),
        warm_up="--benchmark-warmup" not in asked or bool(get("benchmark_warmup")),
        disable_gc=get("benchmark_disable_gc"),
        clean_environment=get("--clean-environment"),
        measured_ceiling=not get("--no-measured-ceiling"),
        timer=":".join(str(get("benchmark_timer")).rsplit(".", 1)),
    )


def _asked_benchmark_options(config: pytest.Config) -> set[str]:
    """The pytest-benchmark options given by the user, whose defaults a preset may replace."""
    arguments = [*config.getini("addopts"), *config.invocation_params.args]
    given = [*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *map(str, arguments)]
    return {text.split("=", 1)[0] for text in given if text.startswith("--benchmark-")}


def asks_for_tables(config: pytest.Config) -> bool:
    """Whether pytest-benchmark's own tables were asked for, by an option that shapes them."""
    return not _asked_benchmark_options(config).isdisjoint(TABLE_OPTIONS)


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _one_of(option: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise OptionError(f"{option}: unknown {value!r}; known: {', '.join(known)}")
    return value


def _some_of(option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Raises OptionError for an unknown one, and for none."""
    names = tuple(_one_of(option, name, known) for name in _names(text) or ())
    if not names:
        raise OptionError(f"{option}: names nothing; known: {', '.join(known)}")
    return names


def _sustained(text: str | None) -> float | None:
    return None if text in (None, LEVEL) else _seconds("--sustained", text)


def _parsed(
    option: str, text: str, of: Callable[[str], Any], valid: Callable[[Any], bool], expected: str
) -> Any:
    try:
        value = of(text)
    except ValueError:
        value = None
    if value is None or not valid(value):
        raise OptionError(f"{option}: {text!r} is not {expected}")
    return value


def _number(option: str, text: str | None, least: int) -> int | None:
    if text is None:
        return None
    return _parsed(option, text, int, lambda n: n >= least, f"a whole number of at least {least}")


def _patience(text: str | None, of_preset: float) -> float:
    if text is None:
        return of_preset
    expected = "a number of seconds, 0 or more"
    return _parsed("--patience", text, float, lambda x: 0 <= x < float("inf"), expected)


def _launches(text: str | None) -> tuple[int, int] | None:
    """``5``, or ``3-10``: at least and at most."""
    if text is None:
        return None
    least, _, most = text.partition("-")
    first = _number("--launches", least, 1) or 1
    return first, _number("--launches", most, first) or first if most else first


def _workers(text: str | None) -> tuple[int, ...] | None:
    counts = [_number("--workers", name, 1) or 1 for name in _names(text) or ()]
    return tuple(dict.fromkeys(counts)) or None


def _strategies(text: str | None) -> tuple[str, ...] | None:
    return tuple(_one_of("--strategies", name, STRATEGIES) for name in _names(text) or ()) or None


def _fraction(option: str, text: str) -> float:
    return _parsed(option, text, float, lambda x: 0 < x < 1, "a fraction between 0 and 1")


def _seconds(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    return _parsed(option, text, float, lambda x: 0 < x < float("inf"), "a number of seconds above 0")


def parse_bytes(option: str, text: str | None) -> int | None:
    """``8GiB``, ``512MiB`` or plain bytes. Raises OptionError."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(|KiB|MiB|GiB|TiB)", text)
    if not match or not float(match[1]):
        raise OptionError(f"{option}: {text!r} is not a size such as 512MiB or 8GiB")
    return int(float(match[1]) * 1024 ** ("", "KiB", "MiB", "GiB", "TiB").index(match[2]))


def parse_sizes(text: str | None) -> dict[str, tuple[str, ...]]:
    """``500,1000,NAME:200`` as sizes by workload, plain ones under an empty name; not checked yet."""
    sizes: dict[str, list[str]] = {}
    for item in _names(text) or ():
        workload, _, number = item.rpartition(":")
        sizes.setdefault(workload, []).append(number)
    return {workload: tuple(dict.fromkeys(numbers)) for workload, numbers in sizes.items()}


def parse_axes(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """``NAME.AXIS=1,2`` as values by ``NAME.AXIS``, not checked yet. Raises OptionError."""
    axes: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, _, listed = text.partition("=")
        values = _names(listed)
        if not values or not all(name.partition(".")):
            raise OptionError(f"--axis: {text!r} is not WORKLOAD.AXIS=VALUE or WORKLOAD.AXIS=VALUE,VALUE")
        if name in axes:
            raise OptionError(f"--axis: {name} is given twice; its values go behind one =, with commas")
        axes[name] = values
    return axes


def _pin(asked: bool, concurrent: bool) -> bool:
    """Raises OptionError where two workers would be held to the same processors, or the system can't."""
    if asked and concurrent:
        raise OptionError("--pin: with --concurrent devices share the processors; leave one of them out")
    if asked and not hasattr(os, "sched_setaffinity"):
        raise OptionError("--pin: this system holds no process to processors; leave it out")
    return asked
