"""Ways of a loop: fields of a recipe that change nothing of what is trained, only how the loop goes about it.

What a loop does by itself, and what else it can, its entry declares (``Implementation.ways``), so that a
ladder can be planned, and a value that it can't honour refused, before anything is imported. A loop whose
entry declares nothing is only ever given recipes that leave these fields at ``default``.
"""

from __future__ import annotations

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import Recipe

WAYS = ("feeding", "steps_per_call", "logs_read", "metrics", "layers")
DEFAULT = "default"
ANY_NUMBER = "N"
"""Stands in a declaration for every whole number."""


def declared(entry: Implementation, field: str) -> tuple[str, ...]:
    """The values of a field that a loop honours, its own way first; empty where it tells none."""
    return dict(entry.ways).get(field, ())


def own_way(entry: Implementation, field: str) -> str:
    """What ``default`` means to a loop; ``default`` where it doesn't tell."""
    return next(iter(declared(entry, field)), DEFAULT)


def resolved(entry: Implementation, recipe: Recipe, field: str) -> str:
    """What a loop does under a recipe; ``default`` where neither tells."""
    value = str(getattr(recipe, field))
    return own_way(entry, field) if value == DEFAULT else value


def honours(entry: Implementation, field: str, value: str) -> bool:
    """Whether a loop can do that."""
    known = declared(entry, field)
    return value == DEFAULT or value in known or (value.isdecimal() and ANY_NUMBER in known)


def why_refused(entry: Implementation, recipe: Recipe) -> str | None:
    """Which way of a recipe a loop can't go, in one line; None if it can go them all. Imports nothing.

    A floor trains nothing, whatever the way.
    """
    for field in WAYS if entry.role != "floor" else ():
        value = str(getattr(recipe, field))
        if not honours(entry, field, value):
            known = [v if v != ANY_NUMBER else "any number" for v in declared(entry, field)]
            has = f"it has {', '.join(known)}" if known else "it has its own way alone"
            return f"{entry.name} refuses {field}={value!r}: {has}"
    return None
