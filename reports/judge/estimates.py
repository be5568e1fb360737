"""How the ratio of two measurements is estimated: in pairs, without, or from summary figures alone."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from likeforlike.reports.judge.grounds import Grounds, run_spread
from likeforlike.reports.sort.beside_time.units import (
    Time,
    by_run,
    launches_of_both,
    paired_samples,
    ratio_units,
    time_units,
    times_of,
)
from likeforlike.reports.sort.call_times import compared_statistic, what_is_missing
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.statistics.between_runs import apart, over_runs
from likeforlike.reports.statistics.choice import confidence_beside_the_fastest, p_value_beside_the_fastest
from likeforlike.reports.statistics.launches import Unit, at_confidence, over_launches, widened
from likeforlike.reports.statistics.moderated_variance import Spread
from likeforlike.reports.statistics.quantiles import MEDIAN, difference, mean_unit, one_launch_ratio
from likeforlike.reports.statistics.ratios import (
    RatioEstimate,
    few_pairs_ratio,
    unpaired_ratio,
    without_figure,
    without_interval,
)
from likeforlike.reports.statistics.summaries import NOT_SAVED, Summary, summary_of, summary_ratio

_TELLING = 4.0
"""Times the assumed variance: runs that lie further apart than that are told by their own alone."""
TWINS = ("twin-a", "twin-b")
"""The A/A pair of the workload ``noise``."""


def estimate_ratio(base: Measurement, other: Measurement, grounds: Grounds) -> RatioEstimate | None:
    """Paired over the rounds both were measured in, launch by launch; unpaired where there are none.

    By medians or, where both were asked for by a quantile, by that. Of several runs, what these differ by is
    in the interval; of one launch it is widened by how far others would lie. Unpaired too where most launches
    have no rounds in common: of two that took turns with a third, and together when both were tried again.
    None without times; without a figure where calls are too few for the quantile.
    """
    units = ratio_units(base, other)
    of_calls = compared_statistic(base, other) != MEDIAN
    if units and not of_calls and 2 * len(units) < launches_of_both(base, other):
        return unpaired_estimate(base, other, grounds)
    if len(units) > 1:
        spreads = grounds.ratio_spread(other), grounds.ratio_run_spread(other)
        return over_runs(list(by_run(base, units).values()), *spreads, of_calls=of_calls)
    if of_calls:
        if not units:
            return unpaired_estimate(base, other, grounds)
        (unit,) = units.values()
        return widened(one_launch_ratio(unit, paired=True), grounds.one_launch_spread(other))
    first, second = paired_samples(base, other)
    if not first:
        return unpaired_estimate(base, other, grounds)
    with suppress(ValueError):  # no time above zero
        return widened(few_pairs_ratio(first, second), grounds.one_launch_spread(other))
    return None


def unpaired_estimate(
    base: Measurement,
    other: Measurement,
    grounds: Grounds,
    one_run: bool | None = None,
    of_base: Grounds | None = None,
    between_runs: Spread | None = None,
) -> RatioEstimate | None:
    """Of what took no turns, from summary figures where a file has no samples; None without times.

    Where both were launched several times, over launches. Between runs at different times what runs differ
    by is in the interval (``one_run`` says whether they are; by default the files tell). Of one
    launch on a side, the interval over rounds is widened by both. ``of_base``: the base's own grounds, where
    it is of another study. ``between_runs``: what runs differ by, if more is known than what is assumed.
    """
    at_once = base.machine.id == other.machine.id and times_of(base) == times_of(other)
    one_run = at_once if one_run is None else one_run
    several = base.launches > 1 and other.launches > 1
    statistic = compared_statistic(base, other)
    asked = statistic != MEDIAN
    by_time = [time_units(item, statistic) for item in (base, other)] if several or asked else [{}, {}]
    sides = [list(units.values()) for units in by_time]
    runs = None if one_run else between_runs or run_spread(other)
    if one_run and at_once and len(by_time[0].keys() & by_time[1].keys()) > 1:
        return _over_times(_ratios_by_time(*by_time), run_spread(other))
    if all(sum(map(len, side)) > 1 for side in sides):
        spreads = (of_base or grounds).time_spread(base), grounds.time_spread(other)
        estimate = apart(sides[0], sides[1], spreads, runs)
        plain = base.runs[0].cell.plain or other.runs[0].cell.plain
        return replace(estimate, assumed=plain)
    if asked and not all(sides):
        return without_figure(what_is_missing(base, other))
    estimate_of_rounds = _over_calls(sides) if asked else _over_rounds(base, other)
    if estimate_of_rounds is None:
        return None
    return widened(estimate_of_rounds, grounds.one_launch_spread(other), runs)


def _ratios_by_time(base: Mapping[Time, Sequence[Unit]], other: Mapping[Time, Sequence[Unit]]) -> list[Unit]:
    """Of both at the same times the ratio at each: how far those lie apart is what runs differ by."""
    return [
        difference(mean_unit(units), mean_unit(other[time])) for time, units in base.items() if time in other
    ]


def _over_times(units: Sequence[Unit], of_a_side: Spread) -> RatioEstimate:
    """Over runs as over launches, moderated towards what is assumed of both, unless they say otherwise."""
    prior = replace(of_a_side, variance=2.0 * of_a_side.variance)
    scattered = statistics.variance(unit.log for unit in units) > _TELLING * prior.variance
    return replace(over_launches(units, None if scattered else prior), paired=False)


def _over_calls(sides: Sequence[Sequence[Sequence[Unit]]]) -> RatioEstimate:
    """Of quantiles where a side has one launch with calls enough for it."""
    first, second = (mean_unit([unit for run in side for unit in run]) for side in sides)
    return one_launch_ratio(difference(first, second), paired=False)


def _over_rounds(base: Measurement, other: Measurement) -> RatioEstimate | None:
    with suppress(ValueError, ZeroDivisionError):  # no time above zero
        if base.samples and other.samples:
            return unpaired_ratio(base.samples, other.samples)
        if base.rounds and other.rounds:
            return summary_ratio(_summary(base, base.rounds), _summary(other, other.rounds))
        ratio = other.median_seconds / base.median_seconds
        unknown = f"{NOT_SAVED}, nor how many rounds there were"
        return without_interval(ratio, (0, 0), False, unknown, None, 0.95) if ratio > 0 else None
    return None


def allowing_for_choice(estimate: RatioEstimate, entrants: int) -> RatioEstimate:
    """The estimate for a base that was chosen as the fastest of so many.

    Of many alike the fastest and the slowest differ by chance. P-values become those beside the fastest
    (``statistics.choice``). An interval over launches is widened to match; one over rounds alone stays that
    of one ratio.
    """
    apart = estimate.apart_p_value
    return replace(
        at_confidence(estimate, confidence_beside_the_fastest(estimate.confidence, entrants)),
        p_value=p_value_beside_the_fastest(estimate.p_value, entrants),
        apart_p_value=None if apart is None else p_value_beside_the_fastest(apart, entrants),
    )


def _summary(item: Measurement, rounds: int) -> Summary:
    """What is known of its times; of several runs without samples no more than their number."""
    if item.samples:
        return summary_of(item.samples)
    saved = item.runs[0].cell.summary
    if len(item.runs) > 1:
        return Summary(rounds, item.median_seconds)
    return Summary(
        rounds,
        item.median_seconds,
        saved.q1_seconds,
        saved.q3_seconds,
        saved.minimum_seconds,
        saved.maximum_seconds,
        saved.mean_seconds,
        saved.stddev_seconds,
    )


def widest(intervals: Sequence[tuple[float, float] | None]) -> tuple[float, float] | None:
    """The interval that holds all that are known; None if none is."""
    known = [interval for interval in intervals if interval is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def twin_drift(before: Iterable[Measurement], now: Iterable[Measurement]) -> tuple[float, float] | None:
    """How far the machine itself moved between two runs: ratio of the A/A cells, which do the same in both.

    Within a run these are measured in turns and so don't show it; None where a run has none.
    """
    first, second = (
        [sample for item in items if item.key.implementation in TWINS for sample in item.samples]
        for items in (before, now)
    )
    if not first or not second:
        return None
    ratio = unpaired_ratio(first, second).ratio
    return min(ratio, 1.0), max(ratio, 1.0)
