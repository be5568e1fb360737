"""The gate: neighbouring runs of the same code, each held against the one before; and slower ones likewise.

``likeforlike report LATER --against EARLIER --fail-if-slower 5%`` in a process of its own, whose exit status
is what a pull request's check goes by.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from likeforlike.bench.studies.replication import copies
from likeforlike.bench.studies.replication.measuring import (
    PRODUCT,
    bench,
    common_options,
    complete,
    installed,
    neighbour,
)
from likeforlike.bench.studies.replication.settings import GATE
from likeforlike.bench.studies.staging.account import StudyFailed, required, table
from likeforlike.devices.process.interpreter import module_command, same_imports

LIMIT = "5%"
PASSES, FAILS = 0, 1
SAME, SLOWER = "same", "slower"
FOUND_OF_TEN = 9


@dataclass(frozen=True)
class Held:
    """One file held against an earlier one."""

    condition: str
    truth: str
    """SAME or SLOWER."""
    status: int
    """Of the report: 0 if it passes, 1 if something is slower, 2 where nothing could be judged."""
    told: str
    """What the report printed."""


def measure(asked: argparse.Namespace) -> list[str]:
    """``--gate N``: N + 1 runs one after the other, then N pairs of a run and a slower one."""
    names, left = installed(PRODUCT, asked.kernels)
    if not names:
        raise StudyFailed(f"--gate: none of the entrants is installed: {'; '.join(left)}")
    options = common_options(asked, [copies.gated_name(name) for name in names])
    options += [f"--workloads={PRODUCT}", f"--sizes={','.join(map(str, asked.sizes))}"]
    launches = asked.launches[0]
    options += [] if launches is None else [f"--launches={launches}"]
    for condition in asked.conditions:
        for path, percent in planned(asked.folder / GATE / condition, asked.gate, asked.gate_slower):
            if not complete(path):
                with neighbour(condition, f"{asked.seed} {path.stem}"):
                    bench(options, path, {copies.VARIABLE: f"{percent:g}"})
                print(f"{condition}: {path.stem} measured", file=sys.stderr, flush=True)
    return left


def planned(folder: Path, number: int, percent: float) -> list[tuple[Path, float]]:
    """The runs in the order of measuring, each with by how much it is slower."""
    runs = [(folder / f"{SAME}-{n:03}.json", 0.0) for n in range(number + 1)]
    for n in range(1, number + 1):
        runs += [(folder / f"before-{n:03}.json", 0.0), (folder / f"{SLOWER}-{n:03}.json", percent)]
    return runs


def pairs_in(folder: Path) -> list[tuple[str, Path, Path]]:
    """What is held against what: the truth, the earlier file and the later one."""
    pairs = [(SAME, *pair) for pair in pairwise(sorted(folder.glob(f"{SAME}-*.json")))]
    for slower in sorted(folder.glob(f"{SLOWER}-*.json")):
        before = folder / slower.name.replace(SLOWER, "before")
        if before.exists():
            pairs.append((SLOWER, before, slower))
    return pairs


def hold(condition: str, truth: str, before: Path, later: Path) -> Held:
    """Ask the report."""
    words = ("report", str(later), "--against", str(before), "--fail-if-slower", LIMIT)
    command = module_command("likeforlike", *words)
    ended = subprocess.run(
        command,
        env=same_imports(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Held(condition, truth, ended.returncode, ended.stdout)


def hold_all(root: Path) -> list[Held]:
    """Every pair of files below ``gate``. Raises StudyFailed where there is none."""
    folders = sorted(path for path in (root / GATE).glob("*") if path.is_dir())
    found = [hold(folder.name, *pair) for folder in folders for pair in pairs_in(folder)]
    if not found:
        raise StudyFailed(f"{root / GATE}: no two result files to be held against each other")
    return found


def gate_table(held: Sequence[Held]) -> str:
    """How many failed, and how many were not judged."""
    rows = []
    for condition, truth in dict.fromkeys((item.condition, item.truth) for item in held):
        statuses = Counter(i.status for i in held if (i.condition, i.truth) == (condition, truth))
        others = statuses.total() - statuses[PASSES] - statuses[FAILS]
        rows.append([condition, truth, statuses.total(), statuses[PASSES], statuses[FAILS], others])
    return table(["condition", "the later one is", "pairs of files", "pass", "fail", "not judged"], rows)


def requirements(held: Sequence[Held]) -> list[str]:
    """None of ten fails, and of ten slower ones nine."""
    lines = []
    for condition in dict.fromkeys(item.condition for item in held):
        same, slower = (
            [item.status for item in held if (item.condition, item.truth) == (condition, truth)]
            for truth in (SAME, SLOWER)
        )
        alarms, judged, failed = same.count(FAILS), len(same), slower.count(FAILS)
        judged -= sum(status not in (PASSES, FAILS) for status in same)
        text = (
            f"{condition}: the same held against itself never fails ({alarms} of {judged} that were judged)"
        )
        lines.append(required(text, alarms == 0 if alarms or judged >= 10 else None))
        text = f"{condition}: the slower one fails in at least nine of ten ({failed} of {len(slower)})"
        enough = failed * 10 >= FOUND_OF_TEN * len(slower)
        lines.append(required(text, enough if len(slower) >= 10 else None))
    return lines
