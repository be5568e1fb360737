"""The options of a ladder: from where to where, by which steps, in how many orders."""

from __future__ import annotations

from collections.abc import Callable

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.models.contract.training.ways import WAYS


def declare_ladder(add: Callable[..., None]) -> None:
    """``--ladder`` and what belongs to it."""
    add(
        "--ladder",
        "The way from A to B, one change at a time; recipes, trainers, trainer@recipe.",
        metavar="A:B",
    )
    add(
        "--ladder-orders",
        "In how many orders the changes of --ladder are made; default 2, the way there and the way back.",
        metavar="N",
    )
    add(
        "--ladder-ways",
        f"What of the ways in which loops go about it are rungs of their own: all, none, or some of "
        f"{', '.join(WAYS)}; default all, none where an end is a published recipe.",
        metavar="NAMES",
    )


def read_ways(text: str | None) -> tuple[str, ...] | None:
    """The fields that ``--ladder-ways`` names; None where it wasn't given. Raises OptionError."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if names == ["all"]:
        return WAYS
    if names == ["none"]:
        return ()
    for name in names:
        if name not in WAYS:
            raise OptionError(f"--ladder-ways: unknown {name!r}; known: all, none, {', '.join(WAYS)}")
    return tuple(dict.fromkeys(names))
