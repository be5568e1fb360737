"""How the ratio of two measurements is estimated: in pairs, without, or from summary figures alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from likeforlike.reports.sort.measurements import Measurement, Run
from likeforlike.reports.statistics.ratios import (
    LEAST_PAIRS,
    RatioEstimate,
    paired_ratio,
    unpaired_ratio,
    without_interval,
)
from likeforlike.reports.statistics.summaries import NOT_SAVED, Summary, summary_of, summary_ratio

TWINS = ("twin-a", "twin-b")
"""The A/A pair of the workload ``noise``."""


def estimate_ratio(base: Measurement, other: Measurement) -> RatioEstimate | None:
    """Paired over the rounds both were measured in; unpaired where there are none; None without times."""
    first, second = paired_samples(base, other)
    if not first:
        return unpaired_estimate(base, other)
    try:
        return paired_ratio(first, second)
    except ValueError:  # no time above zero
        return None


def unpaired_estimate(base: Measurement, other: Measurement) -> RatioEstimate | None:
    """Of two runs, from summary figures where a file has no samples; None without times."""
    try:
        if base.samples and other.samples:
            return unpaired_ratio(base.samples, other.samples)
        if base.rounds and other.rounds:
            return summary_ratio(_summary(base), _summary(other))
        ratio = other.median_seconds / base.median_seconds
        unknown = f"{NOT_SAVED}, nor how many rounds there were"
        return without_interval(ratio, (0, 0), False, unknown, None, 0.95) if ratio > 0 else None
    except (ValueError, ZeroDivisionError):  # no time above zero
        return None


def allowing_for_choice(estimate: RatioEstimate, entrants: int) -> RatioEstimate:
    """The estimate with p-values for a base that was chosen as the fastest of so many.

    Of many alike the fastest and the slowest differ by chance. Any two could have become those that are
    compared, entrants (entrants - 1) / 2 pairs, of which one fewer than the entrants are looked at: each
    stands for entrants / 2, and p-values count so often (Bonferroni). The interval stays that of one ratio.
    """
    times = max(entrants / 2, 1.0)
    apart = estimate.apart_p_value
    return replace(
        estimate,
        p_value=min(estimate.p_value * times, 1.0),
        apart_p_value=None if apart is None else min(apart * times, 1.0),
    )


def _summary(item: Measurement) -> Summary:
    """What is known of its times; of several runs without samples no more than their number."""
    if item.samples:
        return summary_of(item.samples)
    saved = item.runs[0].cell.summary
    if len(item.runs) > 1:
        return Summary(item.rounds or 1, item.median_seconds)
    return Summary(
        item.rounds or 1,
        item.median_seconds,
        saved.q1_seconds,
        saved.q3_seconds,
        saved.minimum_seconds,
        saved.maximum_seconds,
        saved.mean_seconds,
        saved.stddev_seconds,
    )


def paired_samples(base: Measurement, other: Measurement) -> tuple[list[float], list[float]]:
    """Samples of the same file, group and round; disturbed rounds only where too few others are left."""
    partners = _numbered(other.runs)
    quiet: list[tuple[float, float]] = []
    every: list[tuple[float, float]] = []
    for place, run in _numbered(base.runs).items():
        partner = partners.get(place)
        if partner is None or not (run.numbered and partner.numbered):
            continue
        disturbed = run.disturbed_rounds | partner.disturbed_rounds
        theirs = dict(zip(partner.cell.rounds, partner.cell.samples, strict=True))
        for number, sample in zip(run.cell.rounds, run.cell.samples, strict=True):
            if number in theirs:
                every.append((sample, theirs[number]))
                if number not in disturbed:
                    quiet.append(every[-1])
    chosen = quiet if len(quiet) >= min(LEAST_PAIRS, len(every)) else every
    return [pair[0] for pair in chosen], [pair[1] for pair in chosen]


def _numbered(runs: Iterable[Run]) -> dict[tuple[Any, ...], Run]:
    """Runs by file, group and repetition; of cells that stand twice in a file the first ones are a pair."""
    count: Counter[tuple[Any, ...]] = Counter()
    found = {}
    for run in runs:
        place = (run.file.digest, run.cell.group, run.number)
        found[*place, count[place]] = run
        count[place] += 1
    return found


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
