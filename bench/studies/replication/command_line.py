"""The options of ``python -m likeforlike.bench.studies.replication``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from likeforlike.bench.studies.replication.copies import MOST_COPIES, SLOWER_PERCENT
from likeforlike.bench.studies.replication.settings import CONDITIONS, PRESET
from likeforlike.models.kernels.matmul.implementations import IMPLEMENTATIONS as PRODUCTS
from likeforlike.models.tasks.mlp.implementations import IMPLEMENTATIONS as TRAINERS

DESCRIPTION = """Copies of built-in entrants, measured by likeforlike bench and judged as its report does.

A short run, NumPy alone beside the neighbour, some ten minutes on two cores:

  python -m likeforlike.bench.studies.replication --kernels numpy --trainers none --conditions busy \\
    --folder short

The whole, a night or more, all entrants together having more than a hundred comparisons of copies:

  python -m likeforlike.bench.studies.replication --launches preset,10 --copies 4 --trials 1 --folder whole
"""
NONE = "none"


def parser() -> argparse.ArgumentParser:
    """Of the command line."""
    found = argparse.ArgumentParser(
        prog="python -m likeforlike.bench.studies.replication",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _declare_entrants(found)
    _declare_repetition(found)
    _declare_gate(found)
    _declare_files(found)
    return found


def _declare_entrants(parser: argparse.ArgumentParser) -> None:
    """What is copied, and beside what it is measured."""
    add = parser.add_argument_group("what is measured").add_argument
    add(
        "--kernels",
        type=_names(entry.name for entry in PRODUCTS),
        default=tuple(e.name for e in PRODUCTS),
        metavar="NAMES",
        help="products, comma-separated, or none (all)",
    )
    add(
        "--sizes",
        type=_numbers,
        default=(250, 500, 1000, 1500, 2000),
        help="of the products (250,500,1000,1500,2000)",
    )
    add(
        "--trainers",
        type=_names(e.name for e in TRAINERS if e.role != "floor"),
        default=("numpy-loop", "tf-epoch", "torch-loop"),
        metavar="NAMES",
        help="comma-separated, or none (numpy-loop,tf-epoch,torch-loop)",
    )
    add(
        "--train-samples",
        type=_number,
        default=5000,
        metavar="N",
        help="generated images of a training (5000)",
    )
    add(
        "--conditions",
        type=_names(CONDITIONS),
        default=CONDITIONS,
        metavar="NAMES",
        help="busy: beside a neighbour that computes for 2 to 12 s and rests for 2 to 12 s; quiet (both)",
    )
    add("--threads", type=_number, metavar="N", help="as for likeforlike bench")
    add("--seed", type=int, default=2026, help="of the neighbour's bursts (2026)")


def _declare_repetition(parser: argparse.ArgumentParser) -> None:
    """How often it is measured."""
    add = parser.add_argument_group("how often").add_argument
    add(
        "--launches",
        type=_launches,
        default=(None,),
        metavar="N",
        help="of each group, several with commas; preset: those of quick (preset)",
    )
    add(
        "--trials",
        type=_number,
        default=3,
        metavar="N",
        help="runs of each entrant, condition and number of launches (3)",
    )
    add(
        "--copies",
        type=_number,
        default=7,
        metavar="N",
        help=f"of each entrant beside it, at most {MOST_COPIES - len(SLOWER_PERCENT)} (7)",
    )


def _declare_gate(parser: argparse.ArgumentParser) -> None:
    """Runs held against runs instead."""
    add = parser.add_argument_group("the gate").add_argument
    add(
        "--gate",
        type=int,
        default=0,
        metavar="N",
        help="instead: N runs each held against the one before, and N slower ones",
    )
    add(
        "--gate-slower", type=float, default=15.0, metavar="PERCENT", help="by how much these are slower (15)"
    )


def _declare_files(parser: argparse.ArgumentParser) -> None:
    """Where results lie."""
    add = parser.add_argument_group("files").add_argument
    add(
        "--folder",
        type=Path,
        default=Path("replication"),
        help="where result files are kept; runs that lie there already are not measured again (replication)",
    )
    add(
        "--from",
        dest="given",
        type=Path,
        metavar="FOLDER",
        help="measure nothing: judge the files that lie there",
    )


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, checked; exit status 2 for what can't be."""
    known = parser()
    asked = known.parse_args(given)
    if asked.copies > MOST_COPIES - len(SLOWER_PERCENT):
        known.error(f"--copies: {asked.copies}, expected at most {MOST_COPIES - len(SLOWER_PERCENT)}")
    if not asked.kernels and (asked.gate or not asked.trainers):
        known.error("--kernels: none, and nothing else to measure" + (" with --gate" if asked.gate else ""))
    if asked.gate < 0:
        known.error(f"--gate: {asked.gate}, expected a whole number of at least 1")
    return asked


def _names(names: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    known = tuple(names)

    def read(text: str) -> tuple[str, ...]:
        if text == NONE:
            return ()
        asked = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
        for name in asked:
            if name not in known:
                raise argparse.ArgumentTypeError(f"unknown {name!r}; known: {', '.join(known)}, {NONE}")
        return asked

    return read


def _number(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(_number(part.strip()) for part in text.split(",")))


def _launches(text: str) -> tuple[int | None, ...]:
    parts = (part.strip() for part in text.split(","))
    return tuple(dict.fromkeys(None if part == PRESET else _number(part) for part in parts))
