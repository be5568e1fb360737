"""The ladder: the way from one trainer under its recipe to another, one declared change at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from likeforlike.bench.plan.options import OptionError
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.recipe import RECIPES, Recipe
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
    "beta_1",
    "beta_2",
    "epsilon",
    "shuffle",
    "execution",
    "precision",
    "remainder",
)


@dataclass(frozen=True)
class Change:
    """The one thing in which a rung differs from the rung before it."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Rung:
    """A trainer under a recipe, and what was changed to come here."""

    entry: Implementation
    recipe: Recipe
    change: Change | None


def parse_ends(
    text: str, registry: Registry
) -> tuple[tuple[Implementation, Recipe], tuple[Implementation, Recipe]]:
    """``A:B``, each a recipe, a trainer or ``trainer@recipe``. Raises OptionError."""
    first, colon, last = text.partition(":")
    if not colon or not first or not last:
        raise OptionError(f"--ladder: {text!r} is not of the form A:B, such as keras-2020:manual-2020")
    return _end(first, registry), _end(last, registry)


def _end(text: str, registry: Registry) -> tuple[Implementation, Recipe]:
    trainers = registry.names("training")
    trainer, at, recipe_name = text.partition("@")
    if not at and text in RECIPES:
        recipe = RECIPES[text]
        trainer = recipe.published_with or "keras-fit"
    else:
        recipe_name = recipe_name if at else "matched"
        if recipe_name not in RECIPES or trainer not in trainers:
            known = f"recipes {', '.join(RECIPES)}; trainers {', '.join(trainers)}"
            raise OptionError(f"--ladder: unknown end {text!r}; known: {known}")
        recipe = RECIPES[recipe_name]
    return registry.find("training", trainer), recipe


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
            recipe = replace(recipe, **{field: after})
            rungs.append(Rung(entry, recipe, Change(field, before, after)))

    if recipe.logging != goal.logging:
        for level in reversed(_LOGGING_LEVELS[: _LOGGING_LEVELS.index(recipe.logging)]):
            change("logging", level)
    for field in _BEFORE_TRAINER:
        change(field, getattr(goal, field))
    for name in _trainers_between(entry.name, goal_entry.name):
        before = entry.name
        entry = registry.find("training", name)
        rungs.append(Rung(entry, recipe, Change("implementation", before, name)))
    for field in _AFTER_TRAINER:
        change(field, getattr(goal, field))
    if recipe.logging != goal.logging:
        for level in _LOGGING_LEVELS[1 : _LOGGING_LEVELS.index(goal.logging) + 1]:
            change("logging", level)
    return tuple(_named(rung, number) for number, rung in enumerate(rungs))


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


def _named(rung: Rung, number: int) -> Rung:
    """A rung's recipe carries the rung's number, so that its cells have ids of their own."""
    return replace(rung, recipe=replace(rung.recipe, name=f"ladder-{number:02d}", published_with=None))


def ladder_facts(rungs: tuple[Rung, ...], ends: str) -> dict[str, Any]:
    """The ladder as the result file tells it."""
    first, last = rungs[0], rungs[-1]
    return {
        "asked": ends,
        "ends": [f"{first.entry.name}@{first.recipe.name}", f"{last.entry.name}@{last.recipe.name}"],
        "rungs": [
            {
                "rung": number,
                "change": rung.change
                and {"field": rung.change.field, "before": rung.change.before, "after": rung.change.after},
                "recipe": rung.recipe.name,
                "implementation": rung.entry.name,
            }
            for number, rung in enumerate(rungs)
        ],
    }
