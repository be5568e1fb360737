"""How much of what a plain copy moves does a = b + s c move?

``python -m likeforlike.bench.studies.memory_bandwidth``: every installed way to do it, on all cores, in
rounds with the others, idle workers frozen; after every few rounds all are stopped and a bare loop of
``numpy.copyto``, a process of its own, runs alone for a burst. A block of rounds and the burst after it are a
pair, so that a drift of the machine falls on both. Bytes are counted as STREAM does: three arrays, two of a
copy; a line that is read only to be written is not counted.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence

from likeforlike.bench.studies.staging.account import (
    Account,
    StudyFailed,
    heading,
    ratio_text,
    required,
    table,
)
from likeforlike.bench.studies.staging.bare_comparison import Bursts, Turns, kernels_against_bare
from likeforlike.bench.studies.staging.bare_loop import BYTES
from likeforlike.models.contract.problem import Axes
from likeforlike.models.kernels.copy.workload import bytes_moved as bytes_of_copy
from likeforlike.models.kernels.triad.workload import WORKLOAD as TRIAD
from likeforlike.models.registry import load_registry
from likeforlike.reports.statistics.ratios import RatioEstimate, paired_ratio

LEAST_SHARE = 0.9
"""What the fastest must reach of a copy's bandwidth."""


def share_of_copy(turns: Turns, name: str, axes: Axes) -> RatioEstimate:
    """Bytes a second over those of the copy, block by block."""
    more = (TRIAD.bytes_moved(axes) or 0.0) / bytes_of_copy(axes)
    return paired_ratio(turns.in_turns[name], [more * seconds for seconds in turns.alone[BYTES]])


def rows_of(turns: Turns, axes: Axes) -> list[list[str]]:
    """The table's rows: the copy, then the fastest first, then what gave no figure."""
    alone = statistics.median(turns.alone[BYTES])
    rows = [["numpy.copyto, alone", *_speed(alone, bytes_of_copy(axes)), "1"]]
    for name, seconds in sorted(turns.in_turns.items(), key=lambda item: statistics.median(item[1])):
        speed = _speed(statistics.median(seconds), TRIAD.bytes_moved(axes) or 0.0)
        rows.append([name, *speed, ratio_text(share_of_copy(turns, name, axes))])
    return rows + [[name, "", "", reason] for name, reason in turns.failures.items()]


def _speed(seconds: float, count: float) -> tuple[str, str]:
    return f"{seconds * 1e3:.2f}", f"{count / seconds / 1e9:.1f}"


def requirement(turns: Turns, axes: Axes) -> str:
    """Whether the fastest reaches what it must; undecided by an interval that holds the bound."""
    shares = {name: share_of_copy(turns, name, axes) for name in turns.in_turns}
    name = max(shares, key=lambda entrant: shares[entrant].ratio)
    share = shares[name]
    holds = None
    if share.has_interval:
        holds = True if share.low >= LEAST_SHARE else False if share.high < LEAST_SHARE else None
    text = f"{name}, {axes['mebibytes']} MiB an array: {ratio_text(share)} of a copy's bandwidth"
    return required(f"{text} ≥ {LEAST_SHARE}", holds)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m likeforlike.bench.studies.memory_bandwidth", description=__doc__
    )
    parser.add_argument("--mebibytes", default="64,256", help="sizes of one array, comma-separated")
    parser.add_argument("--implementations", default="", help="comma-separated; all that are installed")
    parser.add_argument("--blocks", type=int, default=12, help="pairs")
    parser.add_argument("--rounds", type=int, default=3, help="rounds in a block")
    parser.add_argument("--seed", type=int, default=2020)
    return parser.parse_args(given)


def main() -> None:
    """Measure and print."""
    asked = arguments()
    installed = [entry for entry in load_registry().of(TRIAD.name) if entry.missing() is None]
    names = asked.implementations.split(",") if asked.implementations else [e.name for e in installed]
    entries = [entry for entry in installed if entry.name in names]
    if not entries:
        raise StudyFailed(f"none of {', '.join(names)} is installed")
    print(heading("Bandwidth of memory", "memory_bandwidth"), end="\n\n", flush=True)
    account = Account()
    bursts = Bursts(asked.blocks, asked.rounds, untimed=2, timed=5)
    lines = []
    for mebibytes in map(int, asked.mebibytes.split(",")):
        axes: Axes = {"mebibytes": mebibytes, "dtype": "float32"}
        turns = kernels_against_bare(entries, axes, {BYTES: mebibytes}, bursts, seed=asked.seed)
        print(f"{mebibytes} MiB an array:\n")
        print(table(["", "ms", "GB/s", "share of the copy's"], rows_of(turns, axes)), end="\n\n", flush=True)
        lines.append(requirement(turns, axes))
        print(f"{mebibytes} MiB: {account.seconds:.0f} s so far", file=sys.stderr, flush=True)
    print("\n".join(lines))
    print(f"\n{account.closing()}")


if __name__ == "__main__":
    try:
        main()
    except StudyFailed as error:
        sys.exit(f"error: {error}")
