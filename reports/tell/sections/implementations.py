"""Any workload without a section of its own kind: a plug-in's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.schema.declarations import DIVIDED_TASK, NOISE_FLOOR, TASK
from likeforlike.reports.sort.measured.keys import CACHE_AXIS, OPERANDS_AXIS, SIDE_AXIS, axes_text
from likeforlike.reports.sort.measured.measurements import Measurement, grouped, size_name, size_of
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Entry, Row, Section, Table, row, section
from likeforlike.reports.tell.formatting import (
    count_text,
    items_columns,
    items_entry,
    ratio_entry,
    ratio_text,
    resource_columns,
    resource_entries,
    seconds_entry,
    time_entry,
    title_of,
    verdict_entry,
)
from likeforlike.reports.tell.sections.answers import has_answer
from likeforlike.reports.tell.wording.roof_text import ROOF, ROOF_NOTE, has_roof, roof_entry
from likeforlike.reports.tell.wording.tails_text import asked_note, compared_words

_TOLD_APART = (TASK, DIVIDED_TASK, NOISE_FLOOR)
"""Kinds of workload whose sections and findings are other modules', as those of kernels told by size are; of
the answers by hand the sections alone."""
_MOST_PLACES = 2
"""Whose fastest a finding names."""


def sections(context: Context) -> list[Section | None]:
    """One section for each workload that has none of its own kind."""
    study = context.study
    others = [w for w in study.by_workload if not _told_apart(study, w) and not has_answer(study.declared(w))]
    made = []
    for number, workload in enumerate(others):
        items = [item for item in context.detailed_of(workload) if not item.runs[0].cell.plain]
        table = ranking_table(context, items, f"workload-{number + 1}", f"Implementations of {workload}")
        made.append(section(f"workload-{number + 1}", title_of(study.declared(workload)), [table]))
    return made


def findings(context: Context) -> Kinds:
    """Of every workload that is not told apart, machine by machine."""
    return [_findings(context)]


def _told_apart(study: Study, workload: str) -> bool:
    declared = study.declared(workload)
    return declared.kind in _TOLD_APART or declared.over_size


def _findings(context: Context) -> Iterator[str]:
    """How many answers agree with the reference, and who is surely fastest."""
    for machine in context.detailed:
        for workload in context.study.by_workload:
            apart = _told_apart(context.study, workload)
            items = [] if apart else context.study.of(workload, machine)
            told = [*_answers(items), *_fastest(context, workload, machine)]
            if items and told:
                where = f" on {context.title(items[0])}" if context.several else ""
                yield f"{workload.capitalize()}{where}: {' '.join(f'{sentence}.' for sentence in told)}"


def _answers(items: Sequence[Measurement]) -> list[str]:
    checked = [item for item in items if item.extra.verified is not None]
    if not checked:
        return []
    agreeing = sum(item.verified for item in checked)
    if len(checked) < len(items):
        verb = "agrees" if len(checked) == 1 else "agree"
        return [f"{agreeing} of {count_text(checked, 'checked answer')} {verb} with the reference"]
    if agreeing < len(checked):
        return [f"{agreeing} of {count_text(checked, 'answer')} agree with the reference"]
    every = {1: "the answer agrees", 2: "both answers agree"}.get(agreeing, f"all {agreeing} answers agree")
    return [f"{every} with the reference"]


def _fastest(context: Context, workload: str, machine: Machine) -> list[str]:
    """Where one is surely faster than all compared with it, and by how much, a sentence each."""
    mine = [
        comparison
        for comparison in context.comparisons.implementations
        if (comparison.base.key.workload, comparison.base.machine.id) == (workload, machine.id)
    ]
    places = grouped(((i.base.key.place, i.base.extra.division), i) for i in mine)
    first = [
        members
        for members in places.values()
        if all(member.sure and member.word == "slower" for member in members)
    ]
    told = [_fastest_there(members) for members in first[:_MOST_PLACES]]
    left = first[_MOST_PLACES:]
    return told + ([f"The report names the fastest in {count_text(left, 'more case')}"] if left else [])


def _fastest_there(members: Sequence[Comparison]) -> str:
    """``numpy-eigh is the fastest on cpu:0 at size 2; the next, tf-eigh, takes ×4.7 of its time``, say."""
    base, nearest = members[0].base, min(members, key=lambda member: member.verdict.estimate.ratio)
    axes = dict(base.key.axes)
    where = f"on {base.key.device}" + _at_size(base)
    axes.pop(size_name(base), None)
    where += f" ({axes_text(tuple(axes.items()))})" if axes else ""
    if base.extra.division != "default":
        where += f", division {base.extra.division}"
    name, ratio = nearest.other.key.implementation, ratio_text(nearest.verdict.estimate)
    of_what = compared_words(base, nearest.other)
    return (
        f"{base.key.implementation} is the fastest {where}; the next, {name}, takes {ratio} of its {of_what}"
    )


def _at_size(item: Measurement) -> str:
    name = size_name(item)
    return f" at {name} {size_entry(item).text}" if item.key.axis.get(name) else ""


def dtype_of(item: Measurement) -> str:
    """The precision axis; a dash where there is none."""
    return str(item.key.axis.get("dtype", "–"))


def size_entry(item: Measurement) -> Entry:
    """The size axis; as it stands where it is no number."""
    size = size_of(item)
    return Entry(f"{size:,.0f}", size) if size else Entry(str(item.key.axis.get(size_name(item), "–")))


def others_of(item: Measurement) -> str:
    """The axes beside size, precision, file and circumstances, as a reader says them."""
    told = (size_name(item), "dtype", CACHE_AXIS, OPERANDS_AXIS, SIDE_AXIS)  # the last three the name tells
    return axes_text(tuple(axis for axis in item.key.bare.axes if axis[0] not in told))


def has_dtype(items: Sequence[Measurement]) -> bool:
    """Whether a table has a column for the precision: not where workloads are declared without one."""
    return any("dtype" in item.key.axis or not item.declared.axes for item in items)


def further(items: Sequence[Measurement]) -> tuple[str, ...]:
    """The column for the axes beside size and precision, where there are any."""
    return ("further axes",) if any(others_of(item) for item in items) else ()


@dataclass(frozen=True)
class _Optional:
    """Which columns a table of implementations has beside those that each has."""

    machine: bool
    dtype: bool
    others: tuple[str, ...]
    counted: tuple[str, ...]
    """Items a second, where the calls are of so many items."""
    roof: bool
    memory: tuple[str, ...]

    @property
    def dtypes(self) -> tuple[str, ...]:
        return ("dtype",) if self.dtype else ()


def ranking_table(context: Context, items: Sequence[Measurement], name: str, caption: str) -> Table | None:
    """Implementations of one place compared with the fastest of their division; None if there is one each."""
    if not any((item.machine.id, item.key) in context.comparisons.against_base for item in items):
        return None
    has = _Optional(
        context.several,
        has_dtype(items),
        further(items),
        tuple(items_columns(items)),
        has_roof(items) and not items[0].declared.over_size,
        tuple(resource_columns(items)),
    )
    size = size_name(items[0])
    rows = tuple(_ranking_row(context, item, has) for item in sorted(items, key=partial(_order, context)))
    columns = (
        "implementation",
        "device",
        *(("machine",) if has.machine else ()),
        *(size, *has.dtypes, *has.others),
        "division",
        *("time", *has.counted),
        "ratio to the fastest",
        "verdict",
        *((ROOF,) if has.roof else ()),
        *("first call", *has.memory),
    )
    note = (
        f"Each {', '.join(['device', size, *has.dtypes, *has.others])} and division has "
        f"its own base, its fastest; ratios are of paired rounds, launch by launch, and where these scatter "
        f"they need not be those of the times beside them.{asked_note(items)}"
    )
    note += f" {ROOF_NOTE}" if has.roof else ""
    minor = ("first call", *has.memory, "division")
    return Table(f"{name}-implementations", caption, columns, rows, note, len(rows) > 30, minor)


def _order(context: Context, item: Measurement) -> tuple[object, ...]:
    return (
        context.rank(item),
        item.key.device,
        item.extra.division,
        [str(value) for _, value in item.key.axes if not isinstance(value, int)],
        others_of(item),
        size_of(item),
        item.median_seconds,
    )


def _ranking_row(context: Context, item: Measurement, has: _Optional) -> Row:
    comparison = context.comparisons.against_base.get((item.machine.id, item.key))
    entries = [Entry(item.key.name), Entry(item.key.device)]
    entries += [Entry(context.title(item))] if has.machine else []
    entries += [size_entry(item), *([Entry(dtype_of(item))] if has.dtype else [])]
    entries += [Entry(others_of(item))] if has.others else []
    entries += [Entry(item.extra.division), time_entry(item)]
    entries += [items_entry(item)] if has.counted else []
    entries += [Entry("base") if comparison is None else ratio_entry(comparison), verdict_entry(comparison)]
    entries += [roof_entry(item)] if has.roof else []
    entries += [seconds_entry(item.extra.cold_seconds), *resource_entries(item, has.memory)]
    word = comparison.word if comparison else "base"
    return row(*entries, workload=item.key.workload, machine=context.title(item), verdict=word)
