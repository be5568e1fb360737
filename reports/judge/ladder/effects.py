"""What each change of a ladder is worth: in every order that it was made in, and averaged over them.

What a change costs depends on what was changed before it. Its seconds averaged over all orders are its
Shapley value (Shapley 1953), over those measured an estimate of it (Castro, Gomez and Tejada 2009); the
averages add up to the whole difference between the ends.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.schema.runs import Change, Rung
from likeforlike.reports.sort.baselines import Steps
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.statistics.launches import mean_p_value
from likeforlike.reports.statistics.verdicts import THRESHOLD, adjusted_p_values

RATE = 0.05
"""False discovery rate of interactions, over the changes of a ladder."""


@dataclass(frozen=True)
class Step:
    """One change as one order made it."""

    order: int
    """Counted from 1."""
    rung: Rung
    base: Measurement
    other: Measurement
    comparison: Comparison | None

    @property
    def seconds(self) -> float:
        """What it adds to an epoch: a difference of medians, so that steps add up."""
        return self.other.median_seconds - self.base.median_seconds

    @property
    def word(self) -> str:
        """The sure verdict on its seconds, whatever it does to accuracy; empty where there is none."""
        item = self.comparison
        sure = item is not None and item.sure_of_times and not (self.base.doubt or self.other.doubt)
        return item.verdict.word if item is not None and sure else ""


@dataclass(frozen=True)
class Effect:
    """One change over all orders that made it and have its figures."""

    change: Change
    rung: Rung
    """The rung that it leads to in the first of them."""
    steps: tuple[Step, ...]
    orders: int
    """Orders that there are, whether or not they have its figures."""
    interacts: bool = False
    """Whether it is surely worth more in one order than in another."""

    @property
    def seconds(self) -> float:
        """Averaged over the orders measured."""
        return statistics.fmean(step.seconds for step in self.steps)

    @property
    def least(self) -> Step:
        """The order in which it adds least."""
        return min(self.steps, key=lambda step: step.seconds)

    @property
    def most(self) -> Step:
        """The order in which it adds most."""
        return max(self.steps, key=lambda step: step.seconds)

    @property
    def sure(self) -> bool:
        """Whether it was measured in every order and its sign is sure in each."""
        words = {step.word for step in self.steps}
        return len(self.steps) == self.orders and words in ({"faster"}, {"slower"})


def effects(orders: Sequence[Steps], compared: Iterable[Comparison]) -> list[Effect]:
    """Every change of a ladder on one device, in the first order's sequence."""
    judged = {(item.base.machine.id, item.base.key, item.other.key): item for item in compared}
    made: dict[tuple[str, str, str], list[Step]] = {}
    changes: dict[tuple[str, str, str], tuple[Change, Rung]] = {}
    for number, order in enumerate(orders, 1):
        for (_, base), (rung, other) in pairwise(order):
            if rung.change is None:
                continue
            name = (rung.change.field, str(rung.change.before), str(rung.change.after))
            changes.setdefault(name, (rung.change, rung))
            if base is not None and other is not None:
                comparison = judged.get((base.machine.id, base.key, other.key))
                made.setdefault(name, []).append(Step(number, rung, base, other, comparison))
    found = [Effect(*changes[name], tuple(made[name]), len(orders)) for name in changes if made.get(name)]
    return _with_interactions(found)


def _with_interactions(found: Sequence[Effect]) -> list[Effect]:
    """Mark effects whose extremes differ for sure, the false discovery rate controlled over all."""
    tested = {n: value for n, effect in enumerate(found) if (value := _p_value(effect)) is not None}
    adjusted = dict(zip(tested, adjusted_p_values(list(tested.values())), strict=True))
    return [
        replace(effect, interacts=n in adjusted and bool(adjusted[n] <= RATE) and _matters(effect))
        for n, effect in enumerate(found)
    ]


def _p_value(effect: Effect) -> float | None:
    """Of no difference between the extremes, by the rounds' differences of differences; None if too few.

    Two-sided, by Student's test over launches; times the pairs of orders from which the extremes were
    picked. One launch shows none; nor do rungs of which nothing sure may be said.
    """
    least, most = effect.least, effect.most
    if (least.base.key, least.other.key) == (most.base.key, most.other.key):
        return None
    if not all(_may_be_sure(side) for step in (least, most) for side in (step.base, step.other)):
        return None
    one, other = _by_round(least), _by_round(most)
    launches = grouped((place[:-1], other[place] - one[place]) for place in one.keys() & other.keys())
    if len(launches) < 2:
        return None
    differences = [statistics.median(rounds) for rounds in launches.values()]
    if statistics.fmean(differences) <= 0.0:  # rounds say the contrary of the medians that are told
        return 1.0
    p_value = mean_p_value(differences)
    return min(1.0, p_value * math.comb(len(effect.steps), 2))


def _may_be_sure(side: Measurement) -> bool:
    """Whether anything sure may be said of a rung, as of its comparisons; disturbed rounds are left out."""
    unsure = side.refuted or side.unproven or side.crowded or side.unproven_calls
    return side.verified and not unsure


def _by_round(step: Step) -> dict[tuple[Any, ...], float]:
    """Seconds that the change adds, by file, group, run, launch and round."""
    base, other = _samples(step.base), _samples(step.other)
    return {place: other[place] - base[place] for place in base.keys() & other.keys()}


def _samples(item: Measurement) -> Mapping[tuple[Any, ...], float]:
    return {
        (run.file.digest, run.cell.group, run.number, launch, number): seconds
        for run in item.runs
        if run.numbered
        for launch, number, seconds in zip(run.launch_numbers, run.cell.rounds, run.cell.samples, strict=True)
        if number not in run.disturbed_rounds
    }


def _matters(effect: Effect) -> bool:
    """Whether the extremes lie further apart than times that are called different do."""
    apart = effect.most.seconds - effect.least.seconds
    rungs = [step.base.median_seconds for step in (effect.least, effect.most)]
    return apart > THRESHOLD * min(rungs)
