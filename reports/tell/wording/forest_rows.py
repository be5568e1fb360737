"""A comparison as a row of a forest plot."""

from __future__ import annotations

import math

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.tell.formatting import ratio_text, with_launch_mark
from likeforlike.reports.tell.plot_data import ForestRow
from likeforlike.reports.tell.wording.tails_text import quantile_mark


def forest_row(item: Comparison, group: str, name: str) -> ForestRow | None:
    """A comparison as a row of the picture; None for one without a verdict."""
    estimate = item.verdict.estimate
    if item.doubt or not (math.isfinite(estimate.ratio) and estimate.ratio > 0):
        return None
    low, high = (estimate.low, estimate.high) if estimate.has_interval else (None, None)
    return ForestRow(
        name + quantile_mark(item.base, item.other),
        estimate.ratio,
        with_launch_mark(ratio_text(estimate), estimate),
        item.word,
        low,
        high,
        item.verdict.threshold,
        group,
        checked=item.base.verified and item.other.verified,
    )
