"""Of what the difference between a ladder's ends is made: a part for each change, adding up to the whole.

Every figure is a paired one of one file: what a round did to all rungs alike is taken out, as the median over
the rungs tells it, so that their ratios within a round stay as they were measured. What a change is worth in
one order is the difference of two rungs' seconds, so that in every order, in every launch, and averaged over
both, the parts add up to the whole. Intervals are Student's over launches, with the variance between them
moderated towards the one that all rungs show. Rungs that couldn't be resident together, and so took turns
with the first alone, have launches in common and no rounds: what rounds did stays in their figures then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from likeforlike.reports.read.schema.runs import Change, Rung
from likeforlike.reports.sort.baselines import Steps
from likeforlike.reports.sort.epochs import warm_epochs
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.statistics.launches import (
    ROUNDS_A_SESSION,
    Unit,
    entrants_variances,
    student,
    unit_of,
)
from likeforlike.reports.statistics.moderated_variance import Spread, moderated, pooled_spread
from likeforlike.reports.statistics.verdicts import THRESHOLD, adjusted_p_values

RATE = 0.05
"""False discovery rate, over the changes of a ladder."""
_NOT_IN_STEPS = ("logging", "dropout_at_evaluation", "batch_size", "remainder")
"""Changes after which a step is another one, or that cost where no step is taken: told by whole epochs."""

Place = tuple[Any, ...]
"""File, group, run and launch of a sample."""
Seconds = Mapping[Place, Mapping[int, float]]
"""Of one rung: by launch and round."""


@dataclass(frozen=True)
class Amount:
    """Seconds, and between which they lie over launches (95 %)."""

    seconds: float
    low: float
    high: float
    p_value: float

    def scaled(self, factor: float) -> Amount:
        """The same in another unit; of a negative factor the other way round."""
        low, high = sorted((self.low * factor, self.high * factor))
        return Amount(self.seconds * factor, low, high, self.p_value)


@dataclass(frozen=True)
class Part:
    """What one change adds to the slow end, averaged over the orders."""

    change: Change
    amount: Amount
    sure: bool
    """Whether that is surely not nothing, beside the other changes."""


@dataclass(frozen=True)
class Parts:
    """The difference between a ladder's ends, taken apart."""

    slow: Rung
    fast: Rung
    slow_is_last: bool
    """Whether the slow end is the one that the ladder leads to."""
    item: Measurement
    """The first rung's."""
    per_step: bool
    """Whether seconds are of a step of training; else of an epoch, as the ladder's other tables have them."""
    whole: Amount
    sure: bool
    """Whether one end is surely slower than the other."""
    parts: tuple[Part, ...]
    """In the first order's sequence."""
    rest: Amount | None
    """All that are not sure together; None where all are."""
    launches: int
    orders: int
    """From how many orders, those with a figure for each rung."""
    in_pairs: bool = False
    """Whether rungs have launches in common, and no rounds."""

    @property
    def told(self) -> list[Part]:
        """The sure ones, those that count most first."""
        return sorted((part for part in self.parts if part.sure), key=lambda p: -abs(p.amount.seconds))

    @property
    def untold(self) -> list[Part]:
        """The others."""
        return [part for part in self.parts if not part.sure]


class _Change(NamedTuple):
    """A change as one order made it: rungs before and after, by their place among all."""

    before: int
    after: int


def parts_of(orders: Sequence[Steps]) -> Parts | None:
    """The difference between the ends on one device, taken apart; None where figures don't allow it.

    They do where one order at least has a figure that can be true and is proven for each rung, in two
    launches or more of one file.
    """
    whole = [order for order in orders if all(item is not None and _stands(item) for _, item in order)]
    if not whole or len(whole[0]) < 2:
        return None
    items = _items(whole)
    changed = {rung.change.field for order in whole for rung, _ in order if rung.change is not None}
    steps = None if changed & set(_NOT_IN_STEPS) else _steps(items[0])
    found = _in_common(items, steps is not None)
    if found is None:
        return None
    rungs, in_pairs = found
    figures = _Figures(rungs)
    made: dict[tuple[str, str, str], list[_Change]] = {}
    changes: dict[tuple[str, str, str], Change] = {}
    for order in whole:
        for (_, before), (rung, after) in pairwise(order):
            if rung.change is None or before is None or after is None:
                continue
            name = (rung.change.field, str(rung.change.before), str(rung.change.after))
            changes.setdefault(name, rung.change)
            made.setdefault(name, []).append(_Change(_index(items, before), _index(items, after)))
    ends = [_Change(0, _index(items, whole[0][-1][1]))]
    slow_is_last = figures.amount([ends]).seconds > 0
    towards = (1.0 if slow_is_last else -1.0) / (steps or 1)
    unsure_of_all = any(item.crowded or item.unproven_calls for item in items)
    sure = [known and not unsure_of_all for known in figures.sure([[steps] for steps in made.values()])]
    unsure = [made[name] for name, known in zip(made, sure, strict=True) if not known]
    first, last = whole[0][0][0], whole[0][-1][0]
    return Parts(
        slow=last if slow_is_last else first,
        fast=first if slow_is_last else last,
        slow_is_last=slow_is_last,
        item=items[0],
        per_step=steps is not None,
        whole=figures.amount([ends]).scaled(towards),
        sure=figures.sure([[ends]])[0] and not unsure_of_all,
        parts=tuple(
            Part(changes[name], figures.amount([made[name]]).scaled(towards), known)
            for name, known in zip(made, sure, strict=True)
        ),
        rest=figures.amount(unsure).scaled(towards) if unsure else None,
        launches=len(rungs[0]),
        orders=len(whole),
        in_pairs=in_pairs,
    )


class _Figures:
    """Each rung's seconds by launch [launch, rung], without what rounds did to all rungs alike."""

    def __init__(self, rungs: Sequence[Seconds]) -> None:
        self.rungs, self.places = rungs, list(rungs[0])
        logs = [np.log([list(rung[place].values()) for rung in rungs]) for place in self.places]
        usual = np.median([np.median(launch, axis=1) for launch in logs], axis=0)
        alike = [np.median(launch - usual[:, None], axis=0) for launch in logs]
        levels = [np.median(launch - drift, axis=1) for launch, drift in zip(logs, alike, strict=True)]
        self.seconds = np.exp(levels)
        self.spread = pooled_spread(*entrants_variances(np.array(levels) - np.array(levels)[:, :1]))

    def amount(self, changes: Sequence[Sequence[_Change]]) -> Amount:
        """Of several changes together, each averaged over the orders that made it."""
        values = np.sum([np.mean([self._worth(s) for s in steps], axis=0) for steps in changes], axis=0)
        expected = sum(float(np.mean([self._variance(s) for s in steps])) for steps in changes)
        within = sum(float(np.mean([self._within(s) for s in steps])) for steps in changes)
        count = len(self.places)
        spread = self.spread and Spread(expected, self.spread.freedom, self.spread.most)
        variance, freedom = moderated(float(values.var(ddof=1)), count - 1.0, spread)
        error = float(np.sqrt(max(variance, within) / count))
        return Amount(float(values.mean()), *student(float(values.mean()), error, freedom))

    def sure(self, several: Sequence[Sequence[Sequence[_Change]]]) -> list[bool]:
        """Which are surely not nothing, the false discovery rate controlled over them all."""
        amounts = [self.amount(changes) for changes in several]
        adjusted = adjusted_p_values([amount.p_value for amount in amounts])
        least = THRESHOLD * float(self.seconds.mean(axis=0).min())
        return [
            bool(p_value <= RATE and abs(amount.seconds) > least)
            for amount, p_value in zip(amounts, adjusted, strict=True)
        ]

    def _worth(self, change: _Change) -> np.ndarray:
        return np.asarray(self.seconds[:, change.after] - self.seconds[:, change.before])

    def _variance(self, change: _Change) -> float:
        """Between launches, as the spread of all rungs' ratios would have it."""
        if self.spread is None:
            return 0.0
        means = self.seconds.mean(axis=0)
        return float(self.spread.variance * (means[change.before] ** 2 + means[change.after] ** 2) / 2.0)

    def _within(self, change: _Change) -> float:
        """Squared standard error of a launch's figure, as its rounds show it."""
        seconds = self.seconds.mean(axis=0)[[change.before, change.after]].max()
        errors = [self._unit(change.before, change.after, place).squared_error for place in self.places]
        return float(seconds**2 * np.mean(errors))

    def _unit(self, base: int, other: int, place: Place) -> Unit:
        """A launch's paired log-ratios of two rungs."""
        one, two = self.rungs[base][place], self.rungs[other][place]
        return unit_of(np.log([two[number] / one[number] for number in one]))


def _stands(item: Measurement) -> bool:
    """Whether its times can be held against others' that took turns with it."""
    return not (item.refuted or item.unproven) and item.verified


def _items(orders: Iterable[Steps]) -> list[Measurement]:
    """Every rung's measurement once, the first rung's first."""
    found: list[Measurement] = []
    for order in orders:
        found += [item for _, item in order if item is not None and not any(item is one for one in found)]
    return found


def _index(items: Sequence[Measurement], item: Measurement | None) -> int:
    return next(number for number, one in enumerate(items) if one is item)


def _steps(item: Measurement) -> int | None:
    """Steps of an epoch; None where the file does not tell."""
    recipe, data = item.extra.recipe or {}, item.extra.data
    size, samples = recipe.get("batch_size"), data and data.train_samples
    if not isinstance(size, int) or size < 1 or not samples:
        return None
    whole, rest = divmod(samples, size)
    return whole + (1 if rest and recipe.get("remainder", "keep") == "keep" else 0) or None


def _seconds(item: Measurement, training_alone: bool, quiet: bool) -> Seconds:
    """By launch and round; without evaluation and logging where the training alone is asked for."""
    rounds = [
        ((run.file.digest, run.cell.group, run.number, launch), number, seconds)
        for run in item.runs
        if run.numbered
        for launch, number, seconds in zip(
            run.launch_numbers,
            run.cell.rounds,
            [e.train_seconds for e in warm_epochs(run)]
            if training_alone and item.whole
            else run.cell.samples,
            strict=True,
        )
        if seconds > 0 and not (quiet and number in run.disturbed_rounds)
    ]
    return {place: dict(found) for place, found in grouped((p, (n, s)) for p, n, s in rounds).items()}


def _in_common(items: Sequence[Measurement], training_alone: bool) -> tuple[list[Seconds], bool] | None:
    """Each rung's rounds of two launches or more that all rungs have; None where there are no two.

    And whether they have the launches alone in common, no rounds.
    """
    for shared in (_of_one_file, _launch_by_launch):
        for quiet in (True, False):  # as for all ratios: where quiet rounds leave no two launches, all count
            rungs = shared([_seconds(item, training_alone, quiet) for item in items])
            if len(rungs[0]) > 1:
                return rungs, shared is _launch_by_launch
    return None


def _launch_by_launch(rungs: Sequence[Seconds]) -> list[Seconds]:
    """Rounds of the launches that all rungs were measured in at one time, numbered by their order in each.

    In a launch that was broken off and taken up later, or tried again, rungs were measured at other times.
    """
    timed = [
        {
            place: dict(enumerate(seconds))
            for place, seconds in grouped(
                ((*place, number // ROUNDS_A_SESSION), seconds)
                for place, rounds in rung.items()
                for number, seconds in rounds.items()
            ).items()
        }
        for rung in rungs
    ]
    return _of_one_file(timed)


def _of_one_file(rungs: Sequence[Seconds]) -> list[Seconds]:
    """What all rungs have in common in the file that has most launches of them; of several the last."""
    common = {
        place: set.intersection(*(set(rung[place]) for rung in rungs))
        for place in rungs[0]
        if all(place in rung for rung in rungs)
    }
    files = grouped((place[0], place) for place, numbers in common.items() if numbers)
    places = max(reversed(files.values()), key=len) if files else []
    return [{place: {n: rung[place][n] for n in sorted(common[place])} for place in places} for rung in rungs]
