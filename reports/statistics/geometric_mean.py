"""The geometric mean of several cells' ratios, with the interval of all together."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

import numpy as np

from likeforlike.reports.statistics.launches import interval_squared_error, student
from likeforlike.reports.statistics.moderated_variance import joint_freedom
from likeforlike.reports.statistics.ratios import RatioEstimate

LEAST_SHARE = 1e-3
"""Of the usual squared error, what a cell has at least: few that agree by chance don't settle all."""


def geometric_mean_ratio(
    estimates: Sequence[RatioEstimate], run_freedom: float, confidence: float = 0.95
) -> RatioEstimate:
    """Of ratios of one base to one other, each of another cell and with an interval over launches.

    A cell counts by what its launches say of it, 1 / variance: a burst takes the weight of its cell alone.
    What two runs at different times differ by (``fixed_variance``, worth ``run_freedom``
    degrees of freedom) all cells share, and no number of them lessens it. Squared error with variances that
    are themselves estimates, and its degrees of freedom: Meier 1953, "Variance of a weighted mean". Raises
    ValueError for fewer than two, and for one without an interval over launches.
    """
    if len(estimates) < 2 or any(item.freedom is None or not item.has_interval for item in estimates):
        raise ValueError("expected at least two ratios, each with an interval over launches")
    shared = max(item.fixed_variance for item in estimates)
    logs = np.array([math.log(item.ratio) for item in estimates])
    known = np.array([item.freedom for item in estimates], dtype=float)
    own = np.array([interval_squared_error(item) - item.fixed_variance for item in estimates])
    own = np.maximum(own, max(LEAST_SHARE * float(np.median(own)), sys.float_info.epsilon))
    weights = (1.0 / own) / (1.0 / own).sum()
    squared = (1.0 + 4.0 * float((weights * (1.0 - weights) / known).sum())) / float((1.0 / own).sum())
    parts = [(squared, 1.0 / float((weights**2 / known).sum()))]
    parts += [(shared, run_freedom)] if shared else []
    freedom = joint_freedom(parts)
    centre = float(weights @ logs)
    low, high, p_value = student(centre, math.sqrt(sum(part for part, _ in parts)), freedom, confidence)
    return RatioEstimate(
        math.exp(centre),
        math.exp(low),
        math.exp(high),
        sum(item.pairs for item in estimates),
        all(item.paired for item in estimates),
        p_value,
        confidence,
        launches=min(item.launches for item in estimates),
        freedom=freedom,
        assumed=any(item.assumed for item in estimates),
        spread=max(item.spread for item in estimates),
        spread_assumed=any(item.spread_assumed for item in estimates),
        fixed_variance=shared,
    )
