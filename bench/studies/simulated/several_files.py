"""How often the interval of a ratio over several files misses the truth, where launches and runs differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from likeforlike.bench.studies.staging.account import required, table
from likeforlike.reports.statistics.between_runs import over_runs
from likeforlike.reports.statistics.launches import Unit, entrants_variances, over_launches
from likeforlike.reports.statistics.moderated_variance import Spread, pooled_spread
from likeforlike.reports.statistics.ratios import RatioEstimate

LAUNCHES = 3
"""Of each file."""
OF_LAUNCHES = 0.01
"""Standard deviation of the log of an entrant's time between launches, rounds included."""
OF_RUNS = (0.0, 0.01, 0.02)
"""The same between runs."""
FILES = (2, 3, 5)
ENTRANTS = (2, 6)
AT_MOST = 0.07
"""Share of intervals without the truth that is required; they are meant to have 5 %."""
_ROUNDS = 10


@dataclass(frozen=True)
class Missed:
    """Of how many trials the interval missed the truth, a ratio of 1."""

    by_launches: int
    by_runs: int
    trials: int

    @property
    def holds(self) -> bool:
        """Whether it is at most that by our rule, as far as so many trials can tell (two standard errors)."""
        error = math.sqrt(AT_MOST * (1.0 - AT_MOST) / self.trials)
        return self.by_runs / self.trials <= AT_MOST + 2.0 * error


def missed(entrants: int, files: int, of_runs: float, trials: int, seed: int) -> Missed:
    """Judge made-up files: the second entrant beside the first, which takes as long."""
    draw = np.random.default_rng([seed, entrants, files, round(1e6 * of_runs)])
    by_launches = by_runs = 0
    for _ in range(trials):
        times = draw.normal(0.0, of_runs, (files, 1, entrants))
        times = times + draw.normal(0.0, OF_LAUNCHES, (files, LAUNCHES, entrants))
        ratios = times - times[:, :, :1]
        runs = [[Unit(float(log), 0.0, _ROUNDS) for log in run] for run in ratios[:, :, 1]]
        spread = _spread(ratios.reshape(-1, entrants))
        run_spread = _spread(ratios.mean(axis=1))
        by_launches += _misses(over_launches([unit for run in runs for unit in run], spread))
        by_runs += _misses(over_runs(runs, spread, run_spread))
    return Missed(by_launches, by_runs, trials)


def _spread(figures: np.ndarray) -> Spread | None:
    return pooled_spread(*entrants_variances(figures))


def _misses(estimate: RatioEstimate) -> bool:
    return not estimate.low <= 1.0 <= estimate.high


def report(trials: int, seed: int) -> str:
    """The table and what must hold: of six entrants, or of files that don't differ."""
    rows, sure = [], []
    for entrants in ENTRANTS:
        for files in FILES:
            for of_runs in OF_RUNS:
                found = missed(entrants, files, of_runs, trials, seed)
                shares = [f"{count / trials:.1%}" for count in (found.by_launches, found.by_runs)]
                rows.append([str(entrants), str(files), f"{of_runs:.0%}", *shares])
                if entrants > 2 or not of_runs:
                    sure.append(found)
    return f"{_title()}\n\n{table(_HEADERS, rows)}\n\n{_requirement(sure)}"


_HEADERS: Sequence[str] = ("entrants", "files", "runs differ by", "missed by launches alone", "missed")


def _title() -> str:
    return f"### Several files of {LAUNCHES} launches, which differ by {OF_LAUNCHES:.0%}"


def _requirement(found: Sequence[Missed]) -> str:
    told = f"intervals over files miss the truth in at most {AT_MOST:.0%}, of six entrants and of like runs"
    return required(told, all(item.holds for item in found))
