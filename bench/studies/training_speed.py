"""How fast is the fastest entrant? Training against the floor of its products, products against bare loops.

``python -m likeforlike.bench.studies.training_speed``: one run of ``likeforlike bench`` interleaves all
trainers under ``matched``; the ratios are of epochs of the same round, from that one result file. Then the
products of each framework in the harness's turns against bare loops of NumPy, PyTorch and JAX. With ``--seeds
N``, whole runs with N seeds compare validation accuracies.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import msgspec
from scipy import stats

from likeforlike.bench.studies.staging.account import (
    Account,
    StudyFailed,
    heading,
    ratio_text,
    required,
    table,
)
from likeforlike.bench.studies.staging.bare_comparison import Bursts, Turns, products_against_bare
from likeforlike.devices.process.interpreter import module_command, same_imports
from likeforlike.models.kernels.matmul.workload import WORKLOAD as MATMUL
from likeforlike.models.registry import load_registry
from likeforlike.models.tasks.mlp.workload import TRAINING
from likeforlike.reports.statistics.ratios import RatioEstimate, paired_ratio

FLOOR, KERAS, TUNED, EPOCH = "floor", "keras-fit", "keras-fit-tuned", "tf-epoch"
TRAINERS = (FLOOR, EPOCH, KERAS, TUNED, "jax-scan", "torch-compiled", "torch-loop", "graph-loop")
SEEDED = (KERAS, EPOCH)
BARE = ("numpy", "torch", "jax")
PRODUCT_AGREEMENT = 0.05


@dataclass(frozen=True)
class Trained:
    """One trainer's run: seconds of its warm epochs by round, and its validation accuracy by epoch."""

    implementation: str
    run: int
    seconds: Mapping[int, float]
    accuracies: Sequence[float]

    @property
    def median_seconds(self) -> float:
        """Of the warm epochs."""
        return statistics.median(self.seconds.values())


class _Epoch(msgspec.Struct):
    val_accuracy: float | None = None


class _Extra(msgspec.Struct):
    workload: str = ""
    implementation: str = ""
    role: str = ""
    axes: dict[str, str | int] = {}
    round_numbers: list[int] = []
    epochs: list[_Epoch] = []


class _Stats(msgspec.Struct):
    data: list[float]


class _Benchmark(msgspec.Struct):
    stats: _Stats
    extra_info: _Extra


class _Lost(msgspec.Struct):
    cell: str
    outcome: str
    reason: str


class _Ours(msgspec.Struct):
    command: str = ""
    unmeasured: list[_Lost] = []


class _Document(msgspec.Struct):
    benchmarks: list[_Benchmark]
    likeforlike: _Ours = msgspec.field(default_factory=_Ours)


def read_trained(content: bytes, workload: str = TRAINING) -> tuple[list[Trained], list[str]]:
    """The trainers of a result file, and a line for each cell that gave no figure. Raises msgspec errors."""
    document = msgspec.json.decode(content, type=_Document)
    trained = []
    floors: dict[int, list[Mapping[int, float]]] = {}
    for benchmark in document.benchmarks:
        extra = benchmark.extra_info
        if extra.workload != workload:
            continue
        run, seconds = (
            int(extra.axes["run"]),
            dict(zip(extra.round_numbers, benchmark.stats.data, strict=True)),
        )
        if extra.role == FLOOR:
            floors.setdefault(run, []).append(seconds)
            continue
        accuracies = [e.val_accuracy for e in extra.epochs if e.val_accuracy is not None]
        trained.append(Trained(extra.implementation, run, seconds, accuracies))
    trained += [Trained(FLOOR, run, fastest_of(candidates), []) for run, candidates in floors.items()]
    lost = [f"- {item.cell}: {item.outcome}: {item.reason}" for item in document.likeforlike.unmeasured]
    return trained, lost


def fastest_of(candidates: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """The floor: in every round the fastest candidate of that round."""
    rounds = sorted({number for one in candidates for number in one})
    return {number: min(one[number] for one in candidates if number in one) for number in rounds}


def epoch_ratio(base: Trained, other: Trained) -> RatioEstimate:
    """Time of the other's epochs over the base's, round by round."""
    shared = sorted(base.seconds.keys() & other.seconds.keys())
    return paired_ratio([base.seconds[n] for n in shared], [other.seconds[n] for n in shared])


def measure_training(
    implementations: Sequence[str],
    epochs: int,
    data: str,
    result: Path,
    repeats: int = 1,
    further: Sequence[str] = ("--train-samples=60000",),
    workload: str = TRAINING,
) -> None:
    """Measure these trainers under ``matched`` in one run. Raises StudyFailed if it leaves no file."""
    command = module_command("likeforlike", "bench", "-q", f"--workloads={workload}", "--recipes=matched")
    command += [f"--implementations={','.join(implementations)}", f"--epochs={epochs}", f"--data={data}"]
    command += [
        "--devices=cpu:0",
        *further,
        f"--repeats={repeats}",
        f"--benchmark-json={result}",
    ]
    ended = subprocess.run(command, env=same_imports(), stdout=sys.stderr, check=False)
    if not result.exists():
        raise StudyFailed(f"{' '.join(command)} ended with status {ended.returncode} and left no {result}")


def speed_table(trained: Sequence[Trained]) -> str:
    """Seconds per epoch and the ratios to the floor and to Keras, fastest first."""
    by_name = {one.implementation: one for one in trained}
    rows = []
    for one in sorted(trained, key=lambda one: one.median_seconds):
        ratios = [ratio_text(epoch_ratio(by_name[b], one)) if b in by_name else "" for b in (FLOOR, KERAS)]
        accuracy = f"{one.accuracies[-1]:.4f}" if one.accuracies else ""
        rows.append([one.implementation, f"{one.median_seconds:.3f}", *ratios, accuracy])
    headers = ["trainer", "seconds per epoch", f"time / {FLOOR}", f"time / {KERAS}"]
    return table([*headers, "validation accuracy, last epoch"], rows)


def speed_requirements(trained: Sequence[Trained]) -> list[str]:
    """What must hold, where both sides were measured."""
    by_name = {one.implementation: one for one in trained}
    fastest = min(
        (o for o in trained if o.implementation != FLOOR), key=lambda o: o.median_seconds
    ).implementation
    wanted = [(FLOOR, fastest, 1.5, True), (FLOOR, EPOCH, 1.7, True)]
    wanted += [(EPOCH, KERAS, 3.0, False), (TUNED, KERAS, 1.5, False)]
    lines = []
    for base, other, limit, at_most in wanted:
        if base in by_name and other in by_name:
            ratio = epoch_ratio(by_name[base], by_name[other]).ratio
            sign, holds = ("≤", ratio <= limit) if at_most else ("≥", ratio >= limit)
            lines.append(required(f"{other} / {base} = {ratio:.2f} {sign} {limit}", holds))
    return lines


def accuracy_table(trained: Sequence[Trained]) -> str:
    """Validation accuracy after the last epoch, by trainer and seed."""
    by_name = {one.implementation: last_accuracies(trained, one.implementation) for one in trained}
    runs = zip_longest(*by_name.values())
    rows = [[f"run {n}", *("" if v is None else f"{v:.4f}" for v in run)] for n, run in enumerate(runs)]
    rows.append(["mean", *(f"{statistics.fmean(last):.4f}" for last in by_name.values())])
    rows.append(["spread", *(f"{min(last):.4f} to {max(last):.4f}" for last in by_name.values())])
    return table(["", *by_name], rows)


def last_accuracies(trained: Sequence[Trained], name: str) -> list[float]:
    """Of each run of a trainer, in order."""
    runs = sorted((one for one in trained if one.implementation == name), key=lambda one: one.run)
    return [one.accuracies[-1] for one in runs if one.accuracies]


def accuracy_requirement(trained: Sequence[Trained]) -> list[str]:
    """Whether the mean of the compiled epoch's accuracies lies within the spread of Keras's.

    Beside it how far the means are apart: few seeds can miss the spread by chance, and many can hide little.
    """
    ours, theirs = last_accuracies(trained, EPOCH), last_accuracies(trained, KERAS)
    if not ours or not theirs:
        return []
    mean = statistics.fmean(ours)
    text = f"{EPOCH}'s mean accuracy {mean:.4f} within {KERAS}'s {min(theirs):.4f} to {max(theirs):.4f}"
    return [required(text, min(theirs) <= mean <= max(theirs)), f"- {difference_of_means(ours, theirs)}"]


def difference_of_means(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Of two sets of whole runs, with its interval by Welch's t-test, whose variances may be unequal."""
    if min(len(ours), len(theirs)) < 2:
        return f"{EPOCH}'s mean minus {KERAS}'s: one run of either is too few for an interval"
    low, high = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    difference = statistics.fmean(ours) - statistics.fmean(theirs)
    word = "holds 0" if low <= 0 <= high else "excludes 0"
    return (
        f"{EPOCH}'s mean minus {KERAS}'s: {difference:+.4f}, 95 % interval {low:+.4f} to {high:+.4f}: {word}"
    )


def best_against_bare(turns: Turns) -> tuple[str, str, RatioEstimate]:
    """The best entrant, the best bare loop, and the time of the one over the other, block by block."""
    entrant = min(turns.in_turns, key=lambda name: statistics.median(turns.in_turns[name]))
    loop = min(turns.alone, key=lambda name: statistics.median(turns.alone[name]))
    return entrant, loop, turns.ratio(entrant, loop)


def products(sizes: Sequence[int], blocks: int) -> tuple[str, list[str]]:
    """The products' table and whether the best is near enough to the best bare loop."""
    registry = load_registry()
    entries = [entry for entry in registry.of(MATMUL.name) if entry.origin == "likeforlike"]
    present = [entry.name for entry in entries if entry.missing() is None]
    installed = {entry.framework for entry in entries if entry.missing() is None}
    rows, lines = [], []
    for size in sizes:
        bare = [framework for framework in BARE if framework in installed]
        turns = products_against_bare(present, bare, size, Bursts(blocks, 2, untimed=1, timed=4))
        for name, reason in turns.failures.items():
            lines.append(f"- {name} {size}² left out: {reason}")
        figures = [(f"{name}, in turns", seconds) for name, seconds in turns.in_turns.items()]
        figures += [(f"{name}, bare", seconds) for name, seconds in turns.alone.items()]
        for name, seconds in sorted(figures, key=lambda pair: statistics.median(pair[1])):
            median = statistics.median(seconds)
            rows.append([f"{size}²", name, f"{median * 1e3:.1f}", f"{2 * size**3 / median / 1e9:.0f}"])
        entrant, loop, ratio = best_against_bare(turns)
        text = f"{size}²: best entrant ({entrant}) / best bare ({loop}) = {ratio_text(ratio)}"
        lines.append(required(f"{text} ≤ {1 + PRODUCT_AGREEMENT}", ratio.ratio <= 1 + PRODUCT_AGREEMENT))
    return table(["size", "product", "median, ms", "GFLOP/s"], rows), lines


def known(names: Sequence[str], workload: str = TRAINING) -> list[str]:
    """Those of the names that the registry has; for the floor, all its candidates."""
    entries = load_registry().of(workload)
    floors = [entry.name for entry in entries if entry.role == FLOOR and entry.missing() is None]
    have = {entry.name for entry in entries}
    return [found for name in names for found in (floors if name == FLOOR else [name]) if found in have]


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m likeforlike.bench.studies.training_speed", description=__doc__
    )
    parser.add_argument("--epochs", type=int, default=7, help="the first one cold")
    parser.add_argument("--data", default="fashion-mnist", help="as for likeforlike bench")
    parser.add_argument("--trainers", default=",".join(TRAINERS), help="comma-separated")
    parser.add_argument("--result", type=Path, help="keep the result file; read it if it is there already")
    parser.add_argument("--seeds", type=int, default=0, help="also compare accuracies over so many seeds")
    parser.add_argument("--seeds-result", type=Path, help="like --result, for the runs with several seeds")
    parser.add_argument("--no-training", action="store_true", help="leave the trainers out")
    parser.add_argument("--sizes", default="2000,3000", help="of the products; empty: none")
    parser.add_argument("--blocks", type=int, default=10, help="pairs of product and bare loop")
    return parser.parse_args(given)


def trained_by(
    asked: argparse.Namespace, names: Sequence[str], kept: Path | None, repeats: int
) -> tuple[list[Trained], list[str]]:
    """What a result file that is there says, else what a new run says."""
    with tempfile.TemporaryDirectory() as folder:
        result = kept or Path(folder) / "result.json"
        if not result.exists():
            measure_training(known(names), asked.epochs, asked.data, result, repeats)
        return read_trained(result.read_bytes())


def main() -> None:
    """Measure and print."""
    asked = arguments()
    print(heading("Training speed", "training_speed"), end="\n\n", flush=True)
    account = Account()
    if not asked.no_training:
        trained, lost = trained_by(asked, asked.trainers.split(","), asked.result, 1)
        print(f"### Seconds per epoch, {asked.data}\n\n{speed_table(trained)}\n")
        print("\n".join([*lost, *speed_requirements(trained)]), end="\n\n", flush=True)
    if asked.seeds:
        trained, lost = trained_by(asked, SEEDED, asked.seeds_result, asked.seeds)
        print(f"### Accuracies over {asked.seeds} seeds\n\n{accuracy_table(trained)}\n")
        print("\n".join([*lost, *accuracy_requirement(trained)]), end="\n\n", flush=True)
    if asked.sizes:
        text, lines = products([int(size) for size in asked.sizes.split(",")], asked.blocks)
        print(f"### Products\n\n{text}\n\n" + "\n".join(lines), end="\n\n")
    print(account.closing())


if __name__ == "__main__":
    try:
        main()
    except StudyFailed as error:
        sys.exit(f"error: {error}")
