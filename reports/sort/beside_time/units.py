"""Launches as units: what a pair of measurements, or one alone, shows in each.

A unit is a file, a run of it and a launch. Samples of one round of a unit are pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from likeforlike.reports.sort.call_times import calls_of, compared_statistic, statistic_of
from likeforlike.reports.sort.measured.measurements import Measurement, Run, grouped
from likeforlike.reports.statistics.launches import ROUNDS_A_SESSION, Unit, unit_of
from likeforlike.reports.statistics.quantiles import MEDIAN, QUANTILES, ratio_unit, time_unit
from likeforlike.reports.statistics.ratios import LEAST_PAIRS

Place = tuple[Any, ...]
"""File, group, repetition, which of those of one name, and launch."""


@dataclass(frozen=True)
class _Turns:
    """What a run measured in turns with another."""

    samples: dict[int, tuple[float, int]]
    """Seconds and launch, by round."""
    disturbed: frozenset[int]


def _turns(run: Run, partner: Run, whole: bool) -> _Turns:
    """A run's turns with its partner: its samples and, where a group went in pairs, those beside that one.

    Rounds of two pairs have no number in common, so that those with others pair with none of this partner's.
    """
    rows = zip(run.cell.samples, run.launch_numbers, strict=True)
    own = _Turns(dict(zip(run.cell.rounds, rows, strict=True)), run.disturbed_rounds)
    beside = run.cell.extra.beside.get(partner.cell.extra.cell or "")
    if beside is None:
        return own
    seconds = beside.whole_seconds if whole else beside.seconds
    launches = beside.launch_numbers or (0,) * len(seconds)
    # whole epochs that are not told pair with nothing
    rows = zip(seconds, launches, strict=False)
    samples = own.samples | dict(zip(beside.round_numbers, rows, strict=False))
    return _Turns(samples, own.disturbed | frozenset(beside.disturbed))


def paired_by_launch(base: Measurement, other: Measurement) -> dict[Place, list[tuple[float, float]]]:
    """Samples of the same file, group, run, launch and round, launch by launch.

    Disturbed rounds, and launches that have no others, count only where too few others are left: launches,
    of which half are enough, two at least, or rounds of a single one.
    """
    partners = _numbered(other.runs)
    quiet: dict[Place, list[tuple[float, float]]] = {}
    every: dict[Place, list[tuple[float, float]]] = {}
    for place, run in _numbered(base.runs).items():
        partner = partners.get(place)
        if partner is None or not (run.numbered and partner.numbered):
            continue
        mine, theirs = _turns(run, partner, base.whole), _turns(partner, run, other.whole)
        disturbed = mine.disturbed | theirs.disturbed
        for number, (sample, launch) in mine.samples.items():
            if number in theirs.samples:
                pair = sample, theirs.samples[number][0]
                every.setdefault((*place, launch), []).append(pair)
                if number not in disturbed:
                    quiet.setdefault((*place, launch), []).append(pair)
    if len(every) > 1:
        return quiet if len(quiet) > 1 and 2 * len(quiet) >= len(every) else every
    counts = [sum(map(len, kept.values())) for kept in (quiet, every)]
    return quiet if counts[0] >= min(LEAST_PAIRS, counts[1]) else every


def launches_of_both(base: Measurement, other: Measurement) -> int:
    """How many launches of the same file, group and run both were measured in, whether in turns or not."""
    partners = _numbered(other.runs)
    both = (
        {*run.launch_numbers} & {*partners[place].launch_numbers}
        for place, run in _numbered(base.runs).items()
        if place in partners
    )
    return sum(map(len, both))


def paired_samples(base: Measurement, other: Measurement) -> tuple[list[float], list[float]]:
    """The same, all launches together."""
    pairs = [pair for kept in paired_by_launch(base, other).values() for pair in kept]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def ratio_units(base: Measurement, other: Measurement) -> dict[Place, Unit]:
    """Log-ratios other/base by launch, of launches with a pair whose times are both above 0.

    Where a quantile was asked for, of launches in which both have calls enough for it.
    """
    statistic = compared_statistic(base, other)
    if statistic != MEDIAN:
        return _quantile_ratio_units(base, other, QUANTILES[statistic])
    units = {}
    for place, pairs in paired_by_launch(base, other).items():
        usable = np.array([pair for pair in pairs if min(pair) > 0.0])
        if usable.size:
            units[place] = unit_of(np.log(usable[:, 1] / usable[:, 0]))
    return units


def by_run(item: Measurement, units: Mapping[Place, Unit]) -> dict[str, list[Unit]]:
    """Units of a measurement's launches, sorted by the run of the harness (or the file) that they are of."""
    names = {run.file.digest: run.file.run_id or run.file.digest for run in item.runs}
    return grouped((names[place[0]], unit) for place, unit in units.items())


def _quantile_ratio_units(base: Measurement, other: Measurement, quantile: float) -> dict[Place, Unit]:
    partners = _numbered(other.runs)
    units = {}
    for place, run in _numbered(base.runs).items():
        partner = partners.get(place)
        if partner is None or not (run.numbered and partner.numbered):
            continue
        mine, theirs = calls_of(run, partner), calls_of(partner, run)
        for launch in mine.keys() & theirs.keys():
            unit = ratio_unit(mine[launch], theirs[launch], quantile)
            if unit is not None:
                units[*place, launch] = unit
    return units


Time = tuple[str, int]
"""When something was measured: a run of the harness (or a file), and which session of it."""


def times_of(item: Measurement) -> frozenset[Time]:
    """When a measurement was made."""
    return frozenset(_time_of(run, number) for run in item.runs for number in (run.cell.rounds or (0,)))


def _time_of(run: Run, round_number: int) -> Time:
    return run.file.run_id or run.file.digest, round_number // ROUNDS_A_SESSION


def time_units(item: Measurement, statistic: str = "") -> dict[Time, list[Unit]]:
    """Logs of a measurement's times by launch, for each session of each run.

    ``statistic``: by what it is compared; empty: by what was asked of it.
    """
    statistic = statistic or statistic_of(item)
    if statistic != MEDIAN:
        return _quantile_time_units(item, QUANTILES[statistic])
    runs: dict[Time, list[Unit]] = {}
    for run in item.runs:
        quiet = run.disturbed_rounds if not item.disturbed and run.quiet_samples else frozenset()
        rows = zip(run.launch_numbers, run.cell.rounds, run.cell.samples, strict=True)
        launches = grouped(
            ((_time_of(run, number), launch), seconds)
            for launch, number, seconds in rows
            if number not in quiet and seconds > 0.0
        )
        for (time, _), samples in launches.items():
            runs.setdefault(time, []).append(unit_of(np.log(samples)))
    return runs


def _quantile_time_units(item: Measurement, quantile: float) -> dict[Time, list[Unit]]:
    runs: dict[Time, list[Unit]] = {}
    for run in item.runs:
        times = {
            launch: _time_of(run, number)
            for launch, number in zip(run.launch_numbers, run.cell.rounds, strict=False)
        }
        for launch, calls in calls_of(run).items():
            unit = time_unit(calls, quantile)
            if unit is not None:
                runs.setdefault(times.get(launch, _time_of(run, 0)), []).append(unit)
    return runs


def groups_in_turns(items: Iterable[Measurement]) -> list[list[Measurement]]:
    """Measurements that took turns with each other in every run: comparison groups."""
    found = grouped((frozenset(_numbered(item.runs)), item) for item in items)
    return [members for members in found.values() if members]


def _numbered(runs: Iterable[Run]) -> dict[tuple[Any, ...], Run]:
    """Runs by file, group and repetition; of cells that stand twice in a file the first ones are a pair."""
    count: Counter[tuple[Any, ...]] = Counter()
    found = {}
    for run in runs:
        place = (run.file.digest, run.cell.group, run.number)
        found[*place, count[place]] = run
        count[place] += 1
    return found
