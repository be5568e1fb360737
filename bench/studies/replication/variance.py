"""Where the variance lies: between rounds of a launch, launches of a run, and runs.

Nested analysis of variance with unequal numbers, by the method of moments (Searle, Casella and McCulloch,
"Variance Components", 1992, chapter 3): sums of squares are set equal to what they are expected to be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

Nested = Sequence[Sequence[np.ndarray]]
"""Of one cell the logs of its samples: run by run, launch by launch."""


@dataclass(frozen=True)
class Components:
    """Standard deviations of logs, near enough shares of a time; None where nothing tells one."""

    rounds: float | None
    launches: float | None
    runs: float | None
    cells: int


@dataclass(frozen=True)
class Sums:
    """Sums of squares of one cell or several, and what they are expected to be.

    With variances r between rounds, l between launches and u between runs: within launches
    ``within_freedom`` r; between launches ``launch_freedom`` r + ``launch_in_launches`` l; between runs
    ``run_freedom`` r + ``launch_in_runs`` l + ``run_in_runs`` u.
    """

    within: float = 0.0
    within_freedom: float = 0.0
    launches: float = 0.0
    launch_freedom: float = 0.0
    launch_in_launches: float = 0.0
    runs: float = 0.0
    run_freedom: float = 0.0
    launch_in_runs: float = 0.0
    run_in_runs: float = 0.0

    def __add__(self, other: Sums) -> Sums:
        """Of both: cells differ in their mean, not in their variances."""
        return Sums(*(mine + theirs for mine, theirs in zip(_fields(self), _fields(other), strict=True)))


def _fields(sums: Sums) -> tuple[float, ...]:
    return tuple(vars(sums).values())


def sums_of(cell: Nested) -> Sums:
    """Of one cell; launches and runs without a sample are left out."""
    runs = [[np.asarray(logs, float) for logs in launches if len(logs)] for launches in cell]
    runs = [launches for launches in runs if launches]
    if not runs:
        return Sums()
    counts = [np.array([logs.size for logs in launches], float) for launches in runs]
    of_runs = np.array([count.sum() for count in counts])
    total = float(of_runs.sum())
    means = [np.array([logs.mean() for logs in launches]) for launches in runs]
    run_means = np.array([(c * m).sum() / c.sum() for c, m in zip(counts, means, strict=True)])
    whole = float((of_runs * run_means).sum() / total)
    number = sum(len(launches) for launches in runs)
    shares = sum(float((count**2).sum() / count.sum()) for count in counts)
    return Sums(
        within=sum(float(((logs - logs.mean()) ** 2).sum()) for launches in runs for logs in launches),
        within_freedom=total - number,
        launches=sum(
            float((c * (m - r) ** 2).sum()) for c, m, r in zip(counts, means, run_means, strict=True)
        ),
        launch_freedom=float(number - len(runs)),
        launch_in_launches=total - shares,
        runs=float((of_runs * (run_means - whole) ** 2).sum()),
        run_freedom=float(len(runs) - 1),
        launch_in_runs=shares - sum(float((count**2).sum()) for count in counts) / total,
        run_in_runs=total - float((of_runs**2).sum()) / total,
    )


def variances(sums: Sums) -> tuple[float | None, float | None, float | None]:
    """Between rounds, launches and runs; unbiased, so that one may come out below 0."""
    rounds = sums.within / sums.within_freedom if sums.within_freedom > 0 else None
    launches = runs = None
    if rounds is not None and sums.launch_in_launches > 0:
        launches = (sums.launches - sums.launch_freedom * rounds) / sums.launch_in_launches
    if rounds is not None and launches is not None and sums.run_in_runs > 0:
        runs = (sums.runs - sums.run_freedom * rounds - sums.launch_in_runs * launches) / sums.run_in_runs
    return rounds, launches, runs


def components(cells: Iterable[Nested]) -> Components:
    """Of cells whose variances are taken to be alike; a variance below 0 counts as 0."""
    every = [sums_of(cell) for cell in cells]
    found = variances(sum(every, Sums()))
    rounds, launches, runs = (None if v is None else math.sqrt(max(v, 0.0)) for v in found)
    return Components(rounds, launches, runs, len(every))
