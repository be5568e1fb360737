"""Floors: what bounds others from below, and the fastest of several candidates round by round."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec

from likeforlike.reports.read.schema.cells import Disturbed
from likeforlike.reports.sort.measured.measurements import Measurement, Run, grouped

FLOOR = "floor"
"""The role of a candidate, and in files that tell no role the name of the only one."""


def is_floor(item: Measurement) -> bool:
    """Whether a measurement is no contestant but a candidate for the floor."""
    role = item.extra.role
    return item.key.implementation == FLOOR if role is None else role == FLOOR


def fastest_by_round(candidates: Sequence[Measurement]) -> Measurement:
    """Of candidates for one floor, the fastest of each round; one candidate is the floor itself.

    Where no round is numbered, the fastest by its median. At least one candidate; those that can't be
    true or are wrong count only where there are no others.
    """
    sound = [item for item in candidates if not item.refuted] or list(candidates)
    best = min(sound, key=lambda item: item.median_seconds)
    if len(sound) == 1 or not all(run.numbered for item in sound for run in item.runs):
        return best
    places = grouped(
        ((run.file.digest, run.cell.group, run.number), run) for item in sound for run in item.runs
    )
    key = replace(best.key, implementation=FLOOR)
    return replace(best, key=key, runs=tuple(_fastest(runs) for runs in places.values()))


def _fastest(runs: Sequence[Run]) -> Run:
    """One run that has in every round the fastest of these, an undisturbed one where there is one.

    Where a candidate was disturbed that is faster than that elsewhere, the next best is no floor: the round
    counts as disturbed, with the fastest of all.
    """
    launches: dict[int, int] = {}
    quiet: dict[int, float] = {}
    every: dict[int, float] = {}
    held_up: dict[int, float] = {}
    for run in runs:
        launches |= dict(zip(run.cell.rounds, run.launch_numbers, strict=True))
        taken = dict(zip(run.cell.rounds, run.cell.samples, strict=True))
        undisturbed = {n: seconds for n, seconds in taken.items() if n not in run.disturbed_rounds}
        _add_least(every, taken)
        _add_least(quiet, undisturbed)
        best = min((undisturbed or taken).values(), default=math.inf)
        _add_least(held_up, dict.fromkeys(taken.keys() - undisturbed.keys(), best))
    numbers = tuple(sorted(every))
    in_doubt = {n for n in numbers if n not in quiet or held_up.get(n, math.inf) < quiet[n]}
    samples = tuple(every[n] if n in in_doubt else quiet[n] for n in numbers)
    disturbed = tuple(Disturbed(n, "its fastest candidate was disturbed") for n in sorted(in_doubt))
    first = runs[0].cell
    extra = msgspec.structs.replace(
        first.extra,
        implementation=FLOOR,
        round_numbers=numbers,
        launch_numbers=tuple(launches[number] for number in numbers),
        disturbed=disturbed,
        epochs=(),
        terms={},
    )
    median = statistics.median(samples) if samples else first.median_seconds
    return replace(runs[0], cell=replace(first, samples=samples, median_seconds=median, extra=extra))


def _add_least(least: dict[int, float], seconds: Mapping[int, float]) -> None:
    """Take what is less than what was known of a round."""
    for number, each in seconds.items():
        least[number] = min(each, least.get(number, each))


def rounds_won(candidates: Iterable[Measurement]) -> dict[str, int]:
    """By implementation, in how many rounds a candidate was the fastest."""
    items = list(candidates)
    won = {item.key.implementation: 0 for item in items}
    rounds = grouped(
        ((run.file.digest, run.cell.group, run.number, number), (seconds, item.key.implementation))
        for item in items
        for run in item.runs
        if run.numbered
        for number, seconds in zip(run.cell.rounds, run.cell.samples, strict=True)
    )
    for samples in rounds.values():
        won[min(samples)[1]] += 1
    return won
