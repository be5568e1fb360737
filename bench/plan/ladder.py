"""The ladder: the way from one trainer under its recipe to another, one declared change at a time.

What a change costs depends on the changes before it, so the same changes are made in several orders. Where
two orders meet in the same trainer under the same recipe, that rung is one.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from likeforlike.bench.plan.options import OptionError
from likeforlike.bench.plan.recipes import recipe_named
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.recipe import OF_OPTIMIZERS, RECIPES, Recipe
from likeforlike.models.registry import Registry

_LOGGING_LEVELS = ("none", "scalars", "histograms")
_CHAIN = ("keras-fit", "graph-loop", "eager-loop")
"""Between two of these the way leads through those in between."""
_BEFORE_TRAINER = ("batch_size",)
_AFTER_TRAINER = (
    "bias",
    "dropout_at_evaluation",
    "dropout_rate",
    "learning_rate",
    "optimizer",
    "beta_1",
    "beta_2",
    "epsilon",
    "momentum",
    "weight_decay",
    "clip_norm",
    "schedule",
    "warmup_steps",
    "shuffle",
    "execution",
    "precision",
    "remainder",
)


DEFAULT_ORDERS = 2
"""The way there and the way back."""


@dataclass(frozen=True)
class Change:
    """The one thing in which a rung differs from the rung before it."""

    field: str
    before: Any
    after: Any
    along: tuple[tuple[str, Any], ...] = ()
    """Fields that go with it: what an optimizer alone has comes and goes with the optimizer."""


@dataclass(frozen=True)
class Rung:
    """A trainer under a recipe, and what was changed to come here."""

    entry: Implementation
    recipe: Recipe
    change: Change | None


@dataclass(frozen=True)
class Ladder:
    """The same changes in several orders, each from the same first rung to the same last one."""

    asked: str
    orders: tuple[tuple[Rung, ...], ...]
    """Rungs that are the same trainer under the same recipe bear the same recipe name in all of them."""

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """Each rung once, in the order in which it is met first."""
        met: dict[str, Rung] = {}
        for order in self.orders:
            for rung in order:
                met.setdefault(rung.recipe.name, rung)
        return tuple(met.values())


def parse_ends(
    text: str, registry: Registry, workload: str | None = None
) -> tuple[tuple[Implementation, Recipe], tuple[Implementation, Recipe]]:
    """``A:B``, each a recipe, a trainer or ``trainer@recipe``. Raises OptionError.

    A recipe may be changed, see :func:`~likeforlike.bench.plan.recipes.recipe_named`.
    """
    workload = workload or registry.first("task")
    first, colon, last = text.partition(":")
    if not colon or not first or not last:
        raise OptionError(f"--ladder: {text!r} is not of the form A:B, such as keras-2020:manual-2020")
    return _end(first, registry, workload), _end(last, registry, workload)


def _end(text: str, registry: Registry, workload: str) -> tuple[Implementation, Recipe]:
    trainers = registry.names(workload)
    trainer, at, recipe_name = text.partition("@")
    if not at and text.partition("+")[0] in RECIPES:
        recipe = recipe_named("--ladder", text)
        trainer = recipe.published_with or "keras-fit"
    else:
        recipe_name = recipe_name if at else "matched"
        if recipe_name.partition("+")[0] not in RECIPES or trainer not in trainers:
            known = f"recipes {', '.join(RECIPES)}; trainers {', '.join(trainers)}"
            raise OptionError(f"--ladder: unknown end {text!r}; known: {known}")
        recipe = recipe_named("--ladder", recipe_name)
    return registry.find(workload, trainer), recipe


def build_ladder(
    text: str, registry: Registry, count: int = DEFAULT_ORDERS, workload: str | None = None
) -> Ladder:
    """The ladder between the ends ``A:B`` in ``count`` orders, or in as many as there are.

    ``workload``: the task that is trained; the first one where none is named.

    The first is that of :func:`climb`, the second its reverse, which leads from B back to A by the same
    changes; further ones are drawn, each with its reverse (antithetic permutations, as estimates of the
    Shapley value draw them). Raises OptionError for an end that is none.
    """
    first, last = parse_ends(text, registry, workload)
    way = climb(first, last, registry)
    orders = [
        _reordered(way, fields, registry) for fields in _orders_of([c.field for c in changes(way)], count)
    ]
    names: dict[Any, str] = {}
    return Ladder(text, tuple(tuple(_named(rung, names) for rung in order) for order in orders))


def changes(rungs: Iterable[Rung]) -> list[Change]:
    """What changes from rung to rung."""
    return [rung.change for rung in rungs if rung.change is not None]


def _orders_of(fields: list[str], count: int) -> list[tuple[str, ...]]:
    """Orders of these fields; one that stands several times takes its steps one after the other in each.

    The same for the same fields, so that a run that is taken up again has the same cells.
    """
    there_are = math.factorial(len(fields))
    for times in Counter(fields).values():
        there_are //= math.factorial(times)
    draw = random.Random(" ".join(fields))
    found = dict.fromkeys([tuple(fields), tuple(reversed(fields))])
    while len(found) < min(count, there_are):
        order = draw.sample(fields, len(fields))
        found |= dict.fromkeys([tuple(order), tuple(reversed(order))])
    return list(found)[:count]


def _reordered(way: Sequence[Rung], fields: Sequence[str], registry: Registry) -> tuple[Rung, ...]:
    """The changes of a way made in another order, beginning at its first rung."""
    steps: dict[str, Iterator[Change]] = {
        field: iter([change for change in changes(way) if change.field == field]) for field in fields
    }
    rungs = [way[0]]
    for field in fields:
        change, rung = next(steps[field]), rungs[-1]
        if field == "implementation":
            rungs.append(Rung(registry.find(rungs[-1].entry.workload, change.after), rung.recipe, change))
        else:
            rungs.append(Rung(rung.entry, _changed(rung.recipe, change), change))
    return tuple(rungs)


def climb(
    first: tuple[Implementation, Recipe], last: tuple[Implementation, Recipe], registry: Registry
) -> tuple[Rung, ...]:
    """The rungs from one end to the other, both ends included, each one change from the one before.

    Logging is switched off first and, where the far end logs, on again last: it costs most and hides
    what the other changes cost. Seed and epochs are the same for all rungs.
    """
    entry, recipe = first
    goal_entry, goal = last
    rungs = [Rung(entry, recipe, None)]

    def change(field: str, after: Any) -> None:
        nonlocal recipe
        before = getattr(recipe, field)
        if before != after:
            alone = dict.fromkeys(name for names in OF_OPTIMIZERS.values() for name in names)
            along = alone if field == "optimizer" else ()
            made = Change(field, before, after, tuple((name, getattr(goal, name)) for name in along))
            recipe = _changed(recipe, made)
            rungs.append(Rung(entry, recipe, made))

    if recipe.logging != goal.logging:
        for level in reversed(_LOGGING_LEVELS[: _LOGGING_LEVELS.index(recipe.logging)]):
            change("logging", level)
    for field in _BEFORE_TRAINER:
        change(field, getattr(goal, field))
    for name in _trainers_between(entry.name, goal_entry.name):
        before = entry.name
        entry = registry.find(entry.workload, name)
        rungs.append(Rung(entry, recipe, Change("implementation", before, name)))
    for field in _AFTER_TRAINER:
        change(field, getattr(goal, field))
    if recipe.logging != goal.logging:
        for level in _LOGGING_LEVELS[1 : _LOGGING_LEVELS.index(goal.logging) + 1]:
            change("logging", level)
    return tuple(rungs)


def _changed(recipe: Recipe, change: Change) -> Recipe:
    return replace(recipe, **{change.field: change.after, **dict(change.along)})


def _trainers_between(first: str, last: str) -> list[str]:
    """The trainers to step to, in order, the last one included; empty if nothing changes."""
    if first == last:
        return []
    if first in _CHAIN and last in _CHAIN:
        start, stop = _CHAIN.index(first), _CHAIN.index(last)
        down = stop < start
        between = _CHAIN[min(start, stop) : max(start, stop) + 1]
        return list(reversed(between[:-1]) if down else between[1:])
    return [last]


def _named(rung: Rung, names: dict[Any, str]) -> Rung:
    """A rung whose recipe carries a number of its own, so that its cells have ids of their own.

    ``names`` holds the names given so far, by trainer and unnamed recipe.
    """
    plain = replace(rung.recipe, name="", published_with=None)
    name = names.setdefault((rung.entry.name, plain), f"ladder-{len(names):02d}")
    return replace(rung, recipe=replace(plain, name=name))


def ladder_facts(ladder: Ladder) -> dict[str, Any]:
    """The ladder as the result file tells it: ``rungs`` in the first order, then the other orders."""
    first, *others = ladder.orders
    return {
        "asked": ladder.asked,
        "ends": [f"{end.entry.name}@{end.recipe.name}" for end in (first[0], first[-1])],
        "rungs": _told(first),
        "other_orders": [_told(order) for order in others],
    }


def _told(order: Sequence[Rung]) -> list[dict[str, Any]]:
    return [
        {
            "rung": number,
            "change": rung.change
            and {"field": rung.change.field, "before": rung.change.before, "after": rung.change.after},
            "recipe": rung.recipe.name,
            "implementation": rung.entry.name,
        }
        for number, rung in enumerate(order)
    ]
