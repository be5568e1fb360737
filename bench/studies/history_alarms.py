"""How often ``likeforlike history report`` marks a step where there is none, and finds one that there is.

``python -m likeforlike.bench.studies.history_alarms``: nothing is measured. Histories are made up: 20 cells
over 12 or 40 commits on a machine that walks and steps, with drifts, outliers and heavy tails, and in three
of four one cell that a commit slows or speeds by 3, 5 or 10 %. Judged by the report's own judgement; by the
same without taking out what the machine's copies show; and by Hunter's bare limit, p < 0.001, on the times as
measured. Then histories of few cells over ten commits, which have little to borrow from each other, by the
report's.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from likeforlike.bench.studies.simulated.histories import CELLS, NATURES, Nature, Truth, made_up
from likeforlike.bench.studies.staging.account import Account, heading, required, table
from likeforlike.reports.history.series import History
from likeforlike.reports.history.steps import RULE, Judged, judge
from likeforlike.reports.statistics.change_points import HUNTER

RUNS = (12, 40)
FEW_CELLS, FEW_RUNS = (1, 3), 10
SIZES = (0.03, 0.05, 0.10)
"""Of the true step, slower or faster."""
DRAWN = (0.0, *SIZES)
"""By turns; 0: no code steps."""
MARGIN_RUNS = 3
"""The true step lies at least so far from either end."""
AT_MOST = 0.05
"""Share of histories with any false step, within two standard errors of so many histories."""

Judge = Callable[[History], Judged]

OURS, MEASURED, HUNTERS = "the report's", "the same, as measured", "Hunter's limit, as measured"
JUDGES: Mapping[str, Judge] = {
    OURS: judge,
    MEASURED: lambda history: judge(history, adjust=False),
    HUNTERS: lambda history: judge(
        history, rule=replace(HUNTER, threshold=RULE.threshold), adjust=False, many=False
    ),
}


@dataclass
class Tally:
    """What one judgement said over all histories of one kind."""

    histories: int = 0
    with_false: int = 0
    """Histories in which a cell whose code stayed was called slower or faster."""
    false_steps: int = 0
    found: dict[float, list[bool]] = field(default_factory=lambda: {size: [] for size in SIZES})
    """Of each true step whether it was found: in its cell, and its commit within the interval told."""
    wrong_way: int = 0
    held: list[bool] = field(default_factory=list)
    """Of each found whether its interval holds the true ratio."""

    def add(self, judged: Judged, truth: Truth | None, size: float) -> None:
        """Count one history; without a truth no code of it has stepped."""
        self.histories += 1
        false = 0
        found = False
        for cell in judged.cells:
            steps = [step for step in cell.found.steps if cell.sure(step)]
            if truth is None or cell.series.implementation != f"cell-{truth.cell}":
                false += len(steps)
                continue
            for step in steps:
                if step.earliest <= truth.position <= step.latest:
                    found = True
                    self.wrong_way += step.log_ratio * truth.log_ratio < 0.0
                    self.held.append(step.low <= truth.log_ratio <= step.high)
                else:
                    false += 1
        if truth is not None:
            self.found[size].append(found)
        self.false_steps += false
        self.with_false += false > 0

    @property
    def holds(self) -> bool | None:
        """Whether false alarms are as rare as they are to be; None where so few histories can't tell."""
        error = math.sqrt(AT_MOST * (1.0 - AT_MOST) / self.histories)
        share = self.with_false / self.histories
        return share <= AT_MOST + 2.0 * error


def tally(
    nature: Nature, runs: int, histories: int, seed: int, judges: Mapping[str, Judge], cells: int = CELLS
) -> dict[str, Tally]:
    """Judge so many histories of one kind, the same ones by each judgement."""
    draw = np.random.default_rng([seed, runs])
    tallies = {name: Tally() for name in judges}
    for number in range(histories):
        size = DRAWN[number % len(DRAWN)]
        log = math.log1p(size) * (1.0 if draw.random() < 0.7 else -1.0)
        position = int(draw.integers(MARGIN_RUNS, runs - MARGIN_RUNS + 1))
        cell = int(draw.integers(cells))
        truth = Truth(cell, position, log) if size else None
        history = made_up(nature, runs, draw, truth, cells)
        for name, judged_by in judges.items():
            tallies[name].add(judged_by(history), truth, size)
    return tallies


def rows_of(told: str, runs: int, tallies: Mapping[str, Tally], cells: int = CELLS) -> list[list[object]]:
    """One row a judgement."""
    return [
        [
            told,
            cells,
            runs,
            name,
            f"{found.with_false} of {found.histories}",
            found.false_steps,
            *(f"{sum(found.found[size])} of {len(found.found[size])}" for size in SIZES),
            found.wrong_way,
            f"{sum(found.held)} of {len(found.held)}",
        ]
        for name, found in tallies.items()
    ]


def report(histories: int, seed: int, runs: Sequence[int] = RUNS) -> str:
    """All tables and what must hold, as Markdown."""
    kinds = [(CELLS, count, JUDGES) for count in runs]
    kinds += [(few, FEW_RUNS, {OURS: judge}) for few in FEW_CELLS]
    rows, lines = [], []
    for told, nature in NATURES.items():
        for cells, count, judges in kinds:
            tallies = tally(nature, count, histories, seed, judges, cells)
            rows += rows_of(told, count, tallies, cells)
            ours = tallies[OURS]
            where = f"{told}, {'1 cell' if cells == 1 else f'{cells} cells'}, {count} runs"
            what = f"{where}: a false step in at most 5 % of histories"
            lines.append(required(f"{what} ({ours.with_false} of {ours.histories})", ours.holds))
    headers = ["what moves the figures", "cells", "runs", "judged by", "histories with a false step"]
    headers += ["false steps", *(f"{size:.0%} found" for size in SIZES)]
    headers += ["the wrong way", "intervals that hold the truth"]
    return "\n\n".join([table(headers, rows), "\n".join(lines)])


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m likeforlike.bench.studies.history_alarms", description=__doc__
    )
    parser.add_argument("--histories", type=int, default=80, help="of each kind, number of cells and length")
    parser.add_argument("--seed", type=int, default=2020)
    return parser.parse_args(given)


def main() -> None:
    """Judge and print."""
    asked = arguments()
    print(heading("False alarms of the history", "history_alarms"))
    account = Account()
    print(f"- histories: {asked.histories} of each kind, number of cells and length\n")
    print(report(asked.histories, asked.seed))
    print(f"\n{account.closing()}")


if __name__ == "__main__":
    main()
