"""What is sure: how much faster a device is, from what size, and who is fastest at the largest one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.schema.runs import Declared
from likeforlike.reports.sort.measured.measurements import Measurement, grouped, size_name, size_of
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.formatting import (
    comparison_text,
    listed,
    significant,
)
from likeforlike.reports.tell.sections.implementations import others_of
from likeforlike.reports.tell.sections.over_size.crossings import device_crossovers
from likeforlike.reports.tell.sections.over_size.series import place_of, size_text, work_text
from likeforlike.reports.tell.wording.tails_text import compared_words


def device_findings(context: Context, declared: Declared) -> Iterator[str]:
    """How much faster than the CPU a device is at best, and from what size it pays."""
    without, within = (device_crossovers(context, declared, transfers) for transfers in (False, True))
    paying = [
        item
        for item in context.comparisons.devices
        if item.sure and item.word == "faster" and item.other.key.workload == declared.name
    ]
    places = grouped((item.other.machine.id + item.other.key.device, item) for item in paying)
    for items in places.values():
        item = min(items, key=lambda i: (bool(_outrun_by(context, i)), i.verdict.estimate.ratio))
        key = item.other.key
        place_key = place_of(item.other)
        pays = "".join(
            f"{lead} {found[place_key].pays}"
            for lead, found in (("; it pays", without), (", with transfers", within))
            if place_key in found
        )
        speed_up = significant(1.0 / item.verdict.estimate.ratio)
        where = f" ({context.title(item.other)})" if context.several else ""
        yield (
            f"{key.device}{where} is up to ×{speed_up} as fast{_by_quantile(item)} as cpu:0 at "
            f"{declared.plural} "
            f"({work_text(item.other, key.name)}{size_text(item.other)}{_outrun_by(context, item)}){pays}"
            f"{_more_elsewhere(item, items)}."
        )
    yield from _never_paying(context, declared, set(places))


def _more_elsewhere(told: Comparison, items: Sequence[Comparison]) -> str:
    """The largest ratio, where that told is not: its cell on the CPU is outrun by another implementation."""
    most = min(items, key=lambda item: item.verdict.estimate.ratio)
    if most is told:
        return ""
    speed_up = significant(1.0 / most.verdict.estimate.ratio)
    return f"; it is ×{speed_up} at {size_text(most.other)} where another implementation is faster on cpu:0"


def _outrun_by(context: Context, item: Comparison) -> str:
    """``; numpy is faster on cpu:0`` where another implementation surely is; else empty."""
    against = context.comparisons.against_base.get((item.base.machine.id, item.base.key))
    if against is None or not (against.sure and against.word == "slower"):
        return ""
    return f"; {against.base.key.implementation} is faster on {item.base.key.device}"


def _never_paying(context: Context, declared: Declared, paying: set[str]) -> Iterator[str]:
    """Accelerators that are surely slower than the CPU at every size they both have."""
    compared = [i for i in context.comparisons.devices if i.other.key.workload == declared.name]
    for place, items in grouped((i.other.machine.id + i.other.key.device, i) for i in compared).items():
        if place in paying or not all(item.sure and item.word in ("slower", "same") for item in items):
            continue
        largest = max(size_of(item.other) for item in items)
        other = items[0].other
        known = {(item.other.machine.id, item.other.key) for item in items}
        there = [i for i in context.detailed_of(declared.name) if i.machine.id + i.key.device == place]
        both = "" if all((item.machine.id, item.key) in known for item in there) else " on both"
        where = f" ({context.title(other)})" if context.several else ""
        yield (
            f"{other.key.device}{where} pays at no {declared.noun} that was measured{both}, up to "
            f"{size_name(other)} {largest:,.0f}."
        )


def fastest_findings(context: Context, declared: Declared) -> Iterator[str]:
    """Who is fastest at the largest size of each device with a clear verdict, and by how much."""
    compared = [i for i in context.comparisons.implementations if i.base.key.workload == declared.name]
    places = grouped((_place(i.base), i) for i in compared)
    sizes = grouped((_place(item), size_of(item)) for item in context.detailed_of(declared.name))
    ordered = sorted(places.items(), key=lambda pair: pair[1][0].base.extra.division != "default")
    for place, every in ordered:
        mine = [item for item in every if item.sure]
        if not mine:
            continue
        size = max(size_of(item.base) for item in mine)
        mine = [item for item in mine if size_of(item.base) == size]
        largest = f"largest {declared.noun}"
        if size < max(sizes[place]):
            clear = any(item.clear for item in every if size_of(item.base) > size)
            largest += f" with a {'sure' if clear else 'clear'} verdict, which larger ones lack,"
        base = mine[0].base
        tuned = "" if base.extra.division == "default" else f", division {base.extra.division}"
        yield (
            f"At the {largest} {context.where(base)} ({work_text(base)}"
            f"{size_name(base)} {size:,.0f}{tuned}) {_times_text(mine)}."
        )


def _place(item: Measurement) -> tuple[object, ...]:
    """All but implementation and size."""
    key = item.key
    company = key.apart, key.circumstances
    return item.machine.id, item.extra.division, key.device, key.axis.get("dtype"), others_of(item), company


def _times_text(mine: Sequence[Comparison]) -> str:
    """``torch takes ×1.13 and jax ×1.23 of tf-eager's time; numpy takes as long``, with intervals."""
    name = mine[0].base.key.implementation
    unlike = [item for item in mine if item.verdict.different]
    like = [item.other.key.implementation for item in mine if not item.verdict.different]
    parts = []
    if unlike:
        ratios = [f"{item.other.key.implementation} {comparison_text(item)}" for item in unlike]
        first, _, rest = listed(ratios).partition(" ")
        parts.append(f"{first} takes {rest} of {name}'s {compared_words(mine[0].base, mine[0].other)}")
    if like:
        parts.append(
            f"{listed(like)} take{'s' * (len(like) == 1)} as long{_by_quantile(mine[0])}"
            + ("" if unlike else f" as {name}")
        )
    return "; ".join(parts)


def _by_quantile(item: Comparison) -> str:
    words = compared_words(item.base, item.other)
    return "" if words == "time" else f" by {words}"
