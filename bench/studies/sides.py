"""Sides that are the same, and one that is slower by 5 %: what the report says of them.

``python -m likeforlike.bench.studies.sides FOLDER --runs 10``: runs of the whole product beside a bursty
neighbour (or ``--quiet``), each with two sides. In half of them the second side is another environment with
the same packages; in the other half it is this one, with a variable that lets kernels spin for 5 % of each
call. What lies in the folder already is not measured again.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.sides import asked_side
from likeforlike.bench.sides.environments import environment_with
from likeforlike.bench.sides.harness_folder import package_folders
from likeforlike.bench.studies.replication import copies
from likeforlike.bench.studies.replication.measuring import PRODUCT, bench, complete, installed, neighbour
from likeforlike.bench.studies.replication.settings import BUSY, QUIET
from likeforlike.bench.studies.staging.account import Account, StudyFailed, heading, required, table
from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.read.files import read_results
from likeforlike.reports.sort.pooling import build_study

PERCENT = 5
SAME, SLOWER = "same", "slower"
NOT_DIFFERENT = ("same", "unclear")
LEAST_SAME, LEAST_FOUND = 59 / 60, 9 / 10


@dataclass(frozen=True)
class Told:
    """What a report says of a cell of the second side."""

    truth: str
    """SAME or SLOWER."""
    word: str
    ratio: float


def measure(asked: argparse.Namespace, condition: str) -> list[str]:
    """The runs that are not there yet; a line for each entrant that is not installed."""
    names, left = installed(PRODUCT, asked.implementations.split(","))
    if not names:
        raise StudyFailed(f"none of the entrants is installed: {'; '.join(left)}")
    gated = ",".join(copies.gated_name(name) for name in names)
    options = ["--preset=quick", "--devices=cpu:0", "--no-measured-ceiling", f"--plugin={copies.__name__}"]
    options += [f"--implementations={gated}", f"--workloads={PRODUCT}", f"--sizes={asked.sizes}"]
    options += [] if asked.launches is None else [f"--launches={asked.launches}"]
    slowed = asked.runs if asked.slowed_runs is None else asked.slowed_runs
    wanted = [(n, t) for n in range(1, max(asked.runs, slowed) + 1) for t in (SAME, SLOWER)]
    for number, truth in ((n, t) for n, t in wanted if n <= (slowed if t == SLOWER else asked.runs)):
        path = asked.folder / condition / f"{truth}-{number:03}.json"
        if not complete(path):
            with neighbour(condition, f"{asked.seed} {path.stem}"):
                bench([*options, "--side=first=env:", f"--side=second={second(truth)}"], path)
            print(f"{condition}: {path.stem} measured", file=sys.stderr, flush=True)
    return left


def second(truth: str) -> str:
    """What the second side is."""
    if truth == SLOWER:
        return f"env:{copies.VARIABLE}={PERCENT}"
    asked = asked_side("second", "env:")
    return environment_with(asked, "study", (), (), print, on_top=package_folders())


def told_in(paths: Iterable[Path]) -> list[Told]:
    """Every cell of the second sides in these files, each file judged by itself."""
    found = []
    for path in paths:
        study = build_study([read_results(path)])
        found += [
            Told(path.stem.rpartition("-")[0], item.word, item.verdict.estimate.ratio)
            for item in compare(study, study.machines).sides
        ]
    return found


def words_table(told: Sequence[Told]) -> str:
    """How often each word was said."""
    words = list(dict.fromkeys([*NOT_DIFFERENT, "slower", "faster", *(item.word for item in told)]))
    rows = []
    for truth in (SAME, SLOWER):
        mine = [item for item in told if item.truth == truth]
        count = Counter(item.word for item in mine)
        spread = f"{min(i.ratio for i in mine):.3f} to {max(i.ratio for i in mine):.3f}" if mine else "–"
        rows.append([truth, len(mine), *(count[word] for word in words), spread])
    return table(["the second side is", "cells", *words, "ratios"], rows)


def requirements(told: Sequence[Told]) -> list[str]:
    """No more than one in sixty is told to differ that doesn't; nine of ten that do, and all rightly."""
    same = [item.word for item in told if item.truth == SAME]
    slower = [item.word for item in told if item.truth == SLOWER]
    alike, found = sum(word in NOT_DIFFERENT for word in same), slower.count("slower")
    wrong = slower.count("faster")
    return [
        required(
            f"the same code is the same or unclear in 59 of 60 cells ({alike} of {len(same)})",
            alike >= LEAST_SAME * len(same) if len(same) >= 60 else None,
        ),
        required(
            f"{PERCENT} % more is found in nine of ten ({found} of {len(slower)})",
            found >= LEAST_FOUND * len(slower) if len(slower) >= 10 else None,
        ),
        required(f"and never called faster ({wrong})", wrong == 0 if slower else None),
    ]


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m likeforlike.bench.studies.sides", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the result files lie")
    parser.add_argument("--runs", type=int, default=10, help="of each kind; default 10")
    parser.add_argument("--slowed-runs", type=int, metavar="RUNS", help="of the slower one; default as many")
    parser.add_argument("--implementations", default="numpy,tf-xla,torch", help="products, comma-separated")
    parser.add_argument("--sizes", default="500,1000", help="comma-separated")
    parser.add_argument("--launches", help="default the preset's")
    parser.add_argument("--seed", type=int, default=1, help="of the neighbour's bursts")
    parser.add_argument("--quiet", action="store_true", help="without the neighbour")
    return parser.parse_args(given)


def main() -> None:
    """Measure what is missing, and print."""
    asked = arguments()
    condition = QUIET if asked.quiet else BUSY
    print(heading("Sides", "sides"), flush=True)
    account = Account()
    left = measure(asked, condition)
    told = told_in(sorted((asked.folder / condition).glob("*.json")))
    print("\n".join([*left, "", words_table(told), "", *requirements(told), "", account.closing()]))


if __name__ == "__main__":
    try:
        main()
    except (StudyFailed, OptionError) as error:
        sys.exit(f"error: {error}")
