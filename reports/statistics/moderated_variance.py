"""Variances that few values tell badly, moderated towards the one that many like them show.

Smyth 2004, "Linear models and empirical Bayes methods for assessing differential expression in microarray
experiments", section 6.2 (limma's squeezeVar). From ``scipy.special`` alone: ``scipy.stats`` takes a second
to import.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from scipy import special

LEAST_SEEDS = 2
"""From one seed nothing is concluded."""

LEAST_TRAINERS = 3
"""From so many on they show how alike the scatter of seeds is."""


@dataclass(frozen=True)
class Spread:
    """How far launches differ: a variance, and how well it is known."""

    variance: float
    """Of log-ratios, or of logs of times."""
    freedom: float
    """Degrees of freedom that it is worth to an entrant of the run (d0); infinite if all have the same."""
    most: float = math.inf
    """No estimate may have more degrees of freedom than all variances together from which it was taken."""
    assumed: bool = False
    """Whether no launches showed it."""
    overstated: float = 1.0
    """By how much rounds say that launches differ by more than they do; at least 1."""

    @property
    def worth(self) -> float:
        """Its degrees of freedom where it stands alone; never 0."""
        return min(self.freedom or self.most, self.most)

    @property
    def largest(self) -> float:
        """What the variance of one entrant in twenty exceeds; infinite where it is worth nothing.

        An entrant's own is d0 s0² / χ² of d0 degrees of freedom (Smyth 2004).
        """
        if not self.freedom:
            return math.inf
        if math.isinf(self.freedom):
            return self.variance
        return self.variance * self.freedom / float(special.chdtri(self.freedom, 0.95))


def trigamma_inverse(value: float) -> float:
    """The y at which ψ'(y) is ``value``, above 0, by Newton's method as in Smyth 2004, appendix."""
    if value > 1e7:
        return 1.0 / math.sqrt(value)
    if value < 1e-6:
        return 1.0 / value
    y, lower = math.inf, 0.5 + 1.0 / value
    while lower < y:  # from above Newton's steps only fall, until rounding ends them
        y = lower
        trigamma = float(special.polygamma(1, y))
        lower = y + trigamma * (1.0 - trigamma / value) / float(special.polygamma(2, y))
    return y


def pooled_spread(
    variances: Sequence[float], freedoms: Sequence[float], most: float | None = None
) -> Spread | None:
    """The variance towards which others are moderated, with its degrees of freedom d0; None of none.

    Smyth 2004: with e = log s² - ψ(d/2) + log(d/2), d0 follows from ψ'(d0/2) = var(e) - mean ψ'(d/2),
    infinite where that is not above 0; then log s0² = mean(e) + ψ(d0/2) - log(d0/2). One variance says
    nothing of d0, which is then 0. Variances of 0 count as a hundred-thousandth of the median one. ``most``
    are the degrees of freedom that all have together, where that is less than their sum.
    """
    given = [(v, d) for v, d in zip(variances, freedoms, strict=True) if d > 0 and math.isfinite(v)]
    positive = [v for v, _ in given if v > 0.0]
    if not positive:
        return None
    values = np.maximum([v for v, _ in given], 1e-5 * float(np.median(positive)))
    halves = np.array([d for _, d in given]) / 2.0
    most = float(2.0 * halves.sum()) if most is None else most
    if values.size == 1:
        return Spread(values.item(), 0.0, most)
    errors = _logs(values, halves)
    centre = float(errors.mean())
    excess = float(errors.var(ddof=1) - special.polygamma(1, halves).mean())
    if excess <= 0.0:
        return Spread(math.exp(centre), math.inf, most)
    half = trigamma_inverse(excess)
    return Spread(math.exp(centre + float(special.digamma(half)) - math.log(half)), 2.0 * half, most)


def _logs(variances: np.ndarray, halves: np.ndarray) -> np.ndarray:
    """Logarithms that are right in the mean; ``halves`` of degrees of freedom."""
    return np.asarray(np.log(variances) - special.digamma(halves) + np.log(halves))


def times_larger(told: Sequence[float], variances: Sequence[float], freedoms: Sequence[float]) -> float:
    """How many times the variances what was told of each is, in the geometric mean; 1 if unknown."""
    rows = [row for row in zip(told, variances, freedoms, strict=True) if min(row) > 0.0]
    if not rows:
        return 1.0
    said, shown, freedom = np.array(rows).T
    return math.exp(float(np.mean(np.log(said) - _logs(shown, freedom / 2.0))))


def moderated(variance: float, freedom: float, spread: Spread | None) -> tuple[float, float]:
    """A variance moved towards the pooled one, and its degrees of freedom (squeezeVar)."""
    if spread is None or spread.freedom == 0.0:
        return variance, freedom
    if math.isinf(spread.freedom):
        return spread.variance, max(spread.most, freedom)
    total = spread.freedom + freedom
    moved = (spread.freedom * spread.variance + freedom * variance) / total
    return moved, max(min(total, spread.most), freedom)


def joint_freedom(parts: Sequence[tuple[float, float]]) -> float:
    """Degrees of freedom of a sum of squared errors, each with its own (Satterthwaite 1946)."""
    total = sum(square for square, _ in parts)
    if total <= 0.0:
        return min(freedom for _, freedom in parts)
    below = sum(square**2 / freedom for square, freedom in parts if square > 0.0)
    return total**2 / below if below > 0.0 else math.inf


@dataclass(frozen=True)
class SeedScatter:
    """How far seeds move accuracies, as all trainers under one recipe show it."""

    alone: Spread
    """Accuracies of one trainer. A seed that all share moves all alike, which counts as scatter too."""
    paired: Spread | None
    """Differences of two trainers, seed by seed; None where fewer than three trainers show them."""


def seed_scatter(trainers: Sequence[Mapping[Any, float]]) -> SeedScatter | None:
    """How far accuracies lie apart by their seeds, from several trainers under one recipe.

    Two or three seeds of one say little of it, and of fewer than three trainers nothing is said of how alike
    they are: no variance is moderated towards theirs. None if none has two seeds, or no accuracy differs.
    """
    several = [values for values in trainers if len(values) >= LEAST_SEEDS]
    found = pooled_spread(
        [float(np.var(list(values.values()), ddof=1)) for values in several],
        [len(values) - 1.0 for values in several],
    )
    if found is None:
        return None
    if len(several) < LEAST_TRAINERS:
        return SeedScatter(replace(found, freedom=0.0), None)
    return SeedScatter(found, _pair_scatter(several))


def _pair_scatter(trainers: Sequence[Mapping[Any, float]]) -> Spread | None:
    """From every two that share two seeds, but those who agree in all: they compute the same.

    Differences of K trainers hold no more than K - 1 independent ones of each seed.
    """
    shared = [(one, other, sorted(one.keys() & other.keys())) for one, other in combinations(trainers, 2)]
    differences = [
        np.array([other[seed] - one[seed] for seed in seeds])
        for one, other, seeds in shared
        if len(seeds) >= LEAST_SEEDS
    ]
    told = [values for values in differences if values.any()]
    freedoms = [len(values) - 1.0 for values in trainers]
    return pooled_spread(
        [float(values.var(ddof=1)) for values in told],
        [values.size - 1.0 for values in told],
        sum(freedoms) - max(freedoms),
    )
