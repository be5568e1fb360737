"""Does one trainer train as well as another, where a validation loss alone tells: of regressions, say.

Losses are by seed, of the same loss function on the same samples; a lower one is better. Differences are
relative to the loss that is to be reached.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from likeforlike.reports.statistics.moderated_variance import LEAST_SEEDS, joint_freedom
from likeforlike.reports.statistics.training.accuracy import Announcement
from likeforlike.reports.statistics.verdicts import Word

MARGIN = 0.02
"""Losses nearer than this are never called different."""

FAR = 0.1
"""A gap of more than this counts although the seeds don't settle it, and from one seed, too."""

CONFIDENCE = 0.95


def mean_loss(losses: Mapping[Any, float]) -> tuple[float, float, float]:
    """Mean over seeds and the ends of Student's interval; of one seed the mean on both sides.

    Raises ValueError without a seed.
    """
    if not losses:
        raise ValueError("no seed: expected a validation loss of one at least")
    values = np.array(list(losses.values()))
    mean = float(values.mean())
    reach = _reach(values) if values.size >= LEAST_SEEDS else 0.0
    return mean, mean - reach, mean + reach


def _reach(values: np.ndarray) -> float:
    """Half of Student's interval of their mean."""
    error = float(values.std(ddof=1)) / math.sqrt(values.size)
    return float(special.stdtrit(values.size - 1, (1.0 + CONFIDENCE) / 2.0)) * error


def may_be_called_faster_by_loss(
    time_word: Word, base: Mapping[Any, float], other: Mapping[Any, float], rival: str = ""
) -> Announcement:
    """No trainer that misses the loss the other reaches is announced as faster.

    ``time_word`` is of the other against the base; for *slower* it is the base that would be called faster.
    ``rival`` names the slower of the two. A trainer misses the loss if its own is higher by more than the
    margin, and either surely so (Student's interval of the differences of shared seeds, Welch's where they
    share none, excludes 0) or by so much that it counts anyhow. Raises ValueError without a seed.
    """
    if time_word not in ("faster", "slower"):
        return Announcement(False, "the times don't differ for sure")
    mine, theirs = (other, base) if time_word == "faster" else (base, other)
    means = mean_loss(mine)[0], mean_loss(theirs)[0]
    whose = f"{rival}'s " if rival else ""
    told = f"trained to a validation loss of {means[0]:.4g} against {whose}{means[1]:.4g}"
    worse_by = (means[0] - means[1]) / (abs(means[1]) or 1.0)
    surely = worse_by > MARGIN and _excludes_zero(mine, theirs)
    return Announcement(not surely and worse_by <= FAR, told)


def _excludes_zero(mine: Mapping[Any, float], theirs: Mapping[Any, float]) -> bool:
    """Whether the interval of their difference does; never from a single seed."""
    shared = sorted(mine.keys() & theirs.keys())
    if len(shared) >= LEAST_SEEDS:
        differences = np.array([mine[seed] - theirs[seed] for seed in shared])
        return abs(float(differences.mean())) > _reach(differences)
    if min(len(mine), len(theirs)) < LEAST_SEEDS:
        return False
    sides = [np.array(list(side.values())) for side in (mine, theirs)]
    squares = [float(side.var(ddof=1)) / side.size for side in sides]
    if not any(squares):
        return bool(sides[0][0] != sides[1][0])
    freedom = joint_freedom([(square, side.size - 1.0) for square, side in zip(squares, sides, strict=True)])
    reach = float(special.stdtrit(freedom, (1.0 + CONFIDENCE) / 2.0)) * math.sqrt(sum(squares))
    return bool(abs(sides[0].mean() - sides[1].mean()) > reach)
