"""Sections of other packages, registered by entry points in the group ``likeforlike.sections``.

The value is a module that offers ``sections(context)`` and, if it likes, ``findings(context)``, as each
module here does, or a function ``module:function`` of the context that returns sections. What fails costs
itself alone and is told.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Points, Section, section

GROUP = "likeforlike.sections"


class Offer(NamedTuple):
    """What a package brings, or why it can't be taken."""

    name: str
    sections: Callable[[Context], Any] | None = None
    findings: Callable[[Context], Any] | None = None
    fault: str = ""


def sections(context: Context) -> list[Section | None]:
    """Theirs, by the packages' names; behind them which were left out and why."""
    made: list[Section | None] = []
    faults = [f"{offer.name}: {offer.fault}" for offer in offers() if offer.fault]
    for offer in offers():
        if offer.sections is None:
            continue
        try:
            own = list(offer.sections(context))
            strange = [one for one in own if one is not None and not isinstance(one, Section)]
            if strange:
                raise TypeError(f"gave a {type(strange[0]).__name__}, expected sections")
            made += own
        except Exception as error:  # a stranger's
            faults.append(f"{offer.name}: {_one_line(error)}")
    if faults:
        made.append(section("sections-left-out", "Sections left out", [Points(tuple(faults))]))
    return made


def findings(context: Context) -> Kinds:
    """Theirs; what fails was told with the sections, or is left out."""
    kinds: list[list[str]] = []
    for offer in offers():
        if offer.findings is not None:
            try:
                kinds += [[str(sentence) for sentence in kind] for kind in offer.findings(context)]
            except Exception:  # a stranger's
                continue
    return kinds


@cache
def offers() -> tuple[Offer, ...]:
    """What installed packages register, each loaded once."""
    return tuple(_offers())


def _offers() -> Iterator[Offer]:
    points = importlib.metadata.entry_points(group=GROUP)
    for point in sorted(points, key=lambda point: (point.dist.name if point.dist else "", point.name)):
        name = point.dist.name if point.dist else point.name
        try:
            offered = point.load()
        except Exception as error:  # a stranger's
            yield Offer(name, fault=f"import of {point.value} failed: {_one_line(error)}")
            continue
        made = getattr(offered, "sections", None) if isinstance(offered, ModuleType) else offered
        if not callable(made):
            yield Offer(name, fault=f"{point.value} is no function and no module with sections(context)")
            continue
        yield Offer(name, made, getattr(offered, "findings", None) if offered is not made else None)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
