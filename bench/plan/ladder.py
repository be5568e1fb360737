"""The ladder: the way from one trainer under its recipe to another, one declared change at a time.

What a change costs depends on the changes before it, so the same changes are made in several orders. Where
two orders meet in the same trainer under the same recipe, that rung is one.

Ways in which loops go about it (``models.contract.training.ways``) are rungs where the loops on the way
can go both: a loop that is fed by arrays and one fed by ``tf.data`` differ in that and in all else that a
loop is; if one of them can be fed like the other, that is told apart. An order is made only if each of its
rungs can be.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.recipes import recipe_named
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import OF_OPTIMIZERS, RECIPES, Recipe
from likeforlike.models.contract.training.ways import DEFAULT, WAYS, honours, resolved, why_refused
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
"""The way there and the way back, as far as loops can go it."""
_DRAWS = 10_000
"""Of orders, at most: of many changes few orders may be possible."""


@dataclass(frozen=True)
class Change:
    """The one thing in which a rung differs from the rung before it."""

    field: str
    before: Any
    after: Any
    along: tuple[tuple[str, Any], ...] = ()
    """Fields that go with it: what an optimizer alone has comes and goes with the optimizer, a way that the
    next loop doesn't have with the loop before."""


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
    text: str,
    registry: Registry,
    count: int = DEFAULT_ORDERS,
    workload: str | None = None,
    ways: Sequence[str] | None = None,
) -> Ladder:
    """The ladder between the ends ``A:B`` in ``count`` orders, or in as many as there are.

    ``workload``: the task that is trained; the first one where none is named. ``ways``: which of
    ``models.contract.training.ways.WAYS`` are rungs, too; None: all, between published recipes none.

    The first is that of :func:`climb`, the second its reverse, which leads from B back to A by the same
    changes; further ones are drawn, each with its reverse (antithetic permutations, as estimates of the
    Shapley value draw them). Raises OptionError for an end that is none.
    """
    first, last = parse_ends(text, registry, workload)
    way = climb(first, last, registry, ways)

    def can(fields: Sequence[str]) -> bool:
        return all(why_refused(r.entry, r.recipe) is None for r in _reordered(way, fields, registry))

    fields = [change.field for change in changes(way)]
    orders = [_reordered(way, order, registry) for order in _orders_of(fields, count, can)]
    names: dict[Any, str] = {}
    return Ladder(text, tuple(tuple(_named(rung, names) for rung in order) for order in orders))


def changes(rungs: Iterable[Rung]) -> list[Change]:
    """What changes from rung to rung."""
    return [rung.change for rung in rungs if rung.change is not None]


def _orders_of(
    fields: list[str], count: int, can: Callable[[Sequence[str]], bool] = lambda fields: True
) -> list[tuple[str, ...]]:
    """Orders of these fields; one that stands several times takes its steps one after the other in each.

    The first one, and of the others those that ``can`` be made. The same for the same fields, so that a run
    that is taken up again has the same cells.
    """
    there_are = math.factorial(len(fields))
    for times in Counter(fields).values():
        there_are //= math.factorial(times)
    draw = random.Random(" ".join(fields))
    first = tuple(fields)
    found, met = [first], {first}
    orders = iter([_backwards(first, can)])
    for _ in range(_DRAWS):
        for order in orders:
            found += [order] if order not in met and can(order) else []
            met.add(order)
        if len(found) >= count or len(met) >= there_are:
            break
        drawn = tuple(draw.sample(fields, len(fields)))
        orders = iter([drawn, _backwards(drawn, can)])
    return found[:count]


def _backwards(fields: Sequence[str], can: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    """The reverse of an order, or the nearest to it: each time the last change that can be made by then."""
    left, order = list(reversed(fields)), list[str]()
    while left:
        order.append(next((field for field in left if can([*order, field])), left[0]))
        left.remove(order[-1])
    return tuple(order)


def _reordered(way: Sequence[Rung], fields: Sequence[str], registry: Registry) -> tuple[Rung, ...]:
    """The changes of a way made in another order, beginning at its first rung."""
    steps: dict[str, Iterator[Change]] = {
        field: iter([change for change in changes(way) if change.field == field]) for field in fields
    }
    rungs = [way[0]]
    for field in fields:
        change, rung = next(steps[field]), rungs[-1]
        if field == "implementation":
            entry = registry.find(rung.entry.workload, change.after)
            rungs.append(Rung(entry, replace(rung.recipe, **dict(change.along)), change))
        else:
            rungs.append(Rung(rung.entry, _changed(rung.recipe, change), change))
    return tuple(rungs)


def climb(
    first: tuple[Implementation, Recipe],
    last: tuple[Implementation, Recipe],
    registry: Registry,
    ways: Sequence[str] | None = None,
) -> tuple[Rung, ...]:
    """The rungs from one end to the other, both ends included, each one change from the one before.

    Logging is switched off first and, where the far end logs, on again last: it costs most and hides
    what the other changes cost. A way is changed as early as the loops allow. Seed and epochs are the same
    for all rungs.
    """
    goal_entry, goal = last
    loops = [
        first[0],
        *(registry.find(first[0].workload, n) for n in _trainers_between(first[0].name, goal_entry.name)),
    ]
    told, goal, at = _with_ways(first[1], goal, loops, _asked_ways(first[1], goal, ways))
    entry, recipe = first[0], told
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
    for number, loop in enumerate(loops):
        if number:
            made = Change(
                "implementation", entry.name, loop.name, _along(recipe, goal, loop, loop is loops[-1], at)
            )
            entry, recipe = loop, replace(recipe, **dict(made.along))
            rungs.append(Rung(entry, recipe, made))
        for field in (field for field in WAYS if at.get(field) == number):
            change(field, getattr(goal, field))
    for field in _AFTER_TRAINER:
        change(field, getattr(goal, field))
    if recipe.logging != goal.logging:
        for level in _LOGGING_LEVELS[1 : _LOGGING_LEVELS.index(goal.logging) + 1]:
            change("logging", level)
    return tuple(rungs)


def _asked_ways(recipe: Recipe, goal: Recipe, ways: Sequence[str] | None) -> Sequence[str]:
    """Which ways are to be rungs: those asked for, and those in which the recipes differ by their word."""
    if ways is None:
        ways = () if recipe.published_with or goal.published_with else WAYS
    return [f for f in WAYS if f in ways or getattr(recipe, f) != getattr(goal, f)]


def _with_ways(
    recipe: Recipe, goal: Recipe, loops: Sequence[Implementation], asked: Sequence[str]
) -> tuple[Recipe, Recipe, dict[str, int]]:
    """Both ends' recipes with the ways that are to be rungs by their names, and after which loop each is.

    A way is changed at the first loop up to which all can go the one and from which on all can go the other.
    Where there is none, it goes with the loop and is no rung.
    """
    at: dict[str, int] = {}
    for field in asked:
        before, after = resolved(loops[0], recipe, field), resolved(loops[-1], goal, field)
        places = [
            number
            for number in range(len(loops))
            if all(honours(loop, field, before) for loop in loops[: number + 1])
            and all(honours(loop, field, after) for loop in loops[number:])
        ]
        if len(loops) == 1 and not places:  # it is refused, and the cell says so
            at[field] = 0
        elif places and DEFAULT not in (before, after):
            at[field] = places[0]
            recipe, goal = replace(recipe, **{field: before}), replace(goal, **{field: after})  # type: ignore[arg-type]
    return recipe, goal, at


def _along(
    recipe: Recipe, goal: Recipe, loop: Implementation, last: bool, at: Mapping[str, int]
) -> tuple[tuple[str, Any], ...]:
    """Ways that are no rungs and change with the loop, to the goal's at the last loop.

    On the way only those that the next loop can't go.
    """
    found = []
    for field in (field for field in WAYS if field not in at):
        value = str(getattr(recipe, field))
        kept = value if honours(loop, field, value) else DEFAULT
        wanted = str(getattr(goal, field)) if last else kept
        found += [(field, wanted)] if wanted != value else []
    return tuple(found)


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
