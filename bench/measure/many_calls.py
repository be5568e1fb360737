"""How many timed calls a quantile needs of a launch, and of each of its turns."""

from __future__ import annotations

import math
from dataclasses import replace

from likeforlike.bench.measure.launches import limits_of_a_launch
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.plan.asked.options import Options
from likeforlike.reports.statistics.quantiles import MEDIAN, QUANTILES, needed_calls

SLOW_TURN_SECONDS = 2.0
"""What a turn may take for the fewest calls where they are slow, whatever its share of a launch's time: a
quantile of fewer calls is not told at all."""
TOLD_CONFIDENCE = 0.95
"""Of the intervals in reports, for which there are to be calls enough whatever the run's own confidence."""


def limits_of(options: Options, spread: float | None = None) -> Limits:
    """How much a launch of kernels measures."""
    whole = Limits(options.min_rounds, options.max_seconds, options.precision, options.confidence)
    least, most = options.kernel_launches
    return limits_of_a_launch(whole, least if options.precision is None else most, spread)


def with_calls(limits: Limits, statistic: str, options: Options) -> Limits:
    """Limits that ask for a quantile of a launch's calls, and for as many as it needs."""
    if statistic == MEDIAN:
        return limits
    quantile, confidence = QUANTILES[statistic], max(options.confidence, TOLD_CONFIDENCE)
    calls = needed_calls(quantile, confidence)
    return replace(limits, quantile=quantile, calls=calls, confidence=confidence)


def calls_of_a_turn(statistic: str, options: Options) -> tuple[int, float]:
    """Timed calls of a turn, so that the fewest rounds hold enough; and the seconds that they may take.

    These are a round's share of a launch's time, :data:`SLOW_TURN_SECONDS` at least; 0 where the number of
    rounds is what was asked for. One call and no bound for the median of samples.
    """
    if statistic == MEDIAN:
        return 1, 0.0
    limits = with_calls(limits_of(options), statistic, options)
    share = limits.max_seconds / limits.min_rounds
    return math.ceil(limits.calls / limits.min_rounds), max(share, SLOW_TURN_SECONDS) if share else 0.0
