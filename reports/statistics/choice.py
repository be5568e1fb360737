"""What it costs that the base of a comparison was chosen, as the fastest of several."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import special

_GRID = np.linspace(-9.0, 9.0, 1_801)
"""Standard deviations, beyond which nothing of a normal distribution counts here."""
_DENSITIES = np.exp(-(_GRID**2) / 2.0) / math.sqrt(2.0 * math.pi)
_TINY = 1e-6
"""P-values below which every pair that far apart has the fastest in it."""


def p_value_beside_the_fastest(p_value: float, entrants: int) -> float:
    """How often, of so many that are alike, one lies as far from the fastest of them.

    ``p_value`` is that of two that nobody has chosen. Of k alike, normal and independent, each of the k - 1
    others is that far (t = sqrt(2) z standard deviations) above the least of all with the probability
    k / (k - 1) * integral of phi(x) (1 - (1 - Phi(x - t)) ** (k - 1)) dx: the sum over entrants that some
    other lies t below them. It is the p-value itself for two, and k / 2 times a small one, as Bonferroni has
    it for all pairs. As in multiple comparisons with the best (Hsu 1996), but each comparison by itself.
    """
    bonferroni = min(p_value * max(entrants / 2, 1.0), 1.0)
    if entrants <= 2 or p_value < _TINY or p_value >= 1.0:
        return bonferroni
    return min(_beside_the_fastest(p_value, entrants), bonferroni)


@lru_cache(maxsize=4096)
def _beside_the_fastest(p_value: float, entrants: int) -> float:
    apart = -math.sqrt(2.0) * float(special.ndtri(p_value / 2.0))
    some_other_is_below = -np.expm1((entrants - 1) * special.log_ndtr(apart - _GRID))
    # of a smooth function that ends at 0 a sum over a grid is its integral
    found = float((_DENSITIES * some_other_is_below).sum()) * float(_GRID[1] - _GRID[0])
    return entrants / (entrants - 1) * found


@lru_cache(maxsize=256)
def confidence_beside_the_fastest(confidence: float, entrants: int) -> float:
    """At which an interval of two nobody chose holds with ``confidence`` beside the fastest of so many."""
    if entrants <= 2:
        return confidence
    low, high = (1.0 - confidence) / entrants, 1.0 - confidence
    for _ in range(60):
        middle = (low + high) / 2.0
        larger = p_value_beside_the_fastest(middle, entrants) > 1.0 - confidence
        low, high = (low, middle) if larger else (middle, high)
    return 1.0 - low
