"""The section of what was asked on a quantile: p50, p95 and p99 of all timed calls, and the verdicts."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.reports.sort.call_times import calls_a_launch, every_call, quantiles_of, statistic_of
from likeforlike.reports.sort.measured.keys import axes_text
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.statistics.quantiles import MEDIAN, QUANTILES, Calls, needed_calls
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Entry, Row, Section, Table, Text, row, section
from likeforlike.reports.tell.formatting import (
    count_text,
    known_resources,
    percent,
    ratio_entry,
    resource_entries,
    verdict_entry,
)
from likeforlike.reports.tell.wording.tails_text import quantile_entry

ANCHOR = "tails"


def sections(context: Context) -> list[Section | None]:
    """One section, where anything was asked on a quantile."""
    shown = {machine.id for machine in context.detailed}
    asked = [
        item
        for item in context.study.measurements
        if statistic_of(item) != MEDIAN and item.machine.id in shown
    ]
    if not asked:
        return []
    tables = [_table(context, asked, name, number) for number, name in enumerate(_statistics(asked))]
    return [section(ANCHOR, "Tails: quantiles of many calls", [_text(asked), *tables])]


def findings(context: Context) -> Kinds:
    """None of its own: who is faster on the quantile is told with each workload."""
    return []


def _statistics(asked: Sequence[Measurement]) -> list[str]:
    return [name for name in QUANTILES if any(statistic_of(item) == name for item in asked)]


def _text(asked: Sequence[Measurement]) -> Text:
    told = (
        "Intervals lie between two of the calls and hold whatever the distribution (95 %), as long as calls "
        "are independent of one another; over launches that differ they are of the calls of all together. "
        "Ratios are of launches: of each the ratio of the two quantiles over all its calls."
    )
    return Text(told + _few(asked) + _classes([every_call(item) for item in asked]))


def _few(asked: Sequence[Measurement]) -> str:
    few = [item for item in asked if calls_a_launch(item) < needed_calls(QUANTILES[statistic_of(item)])]
    if not few:
        return ""
    needs = sorted({(statistic_of(item), needed_calls(QUANTILES[statistic_of(item)])) for item in few})
    told = " and ".join(f"{name} needs {count:,}" for name, count in needs)
    return (
        f" {count_text(few, 'cell')} of {len(asked)} had too few calls in a launch ({told}), and so no "
        "verdict: a longer --benchmark-max-time gives more."
    )


def _classes(calls: Sequence[Calls]) -> str:
    coarsest = max((item.resolution for item in calls), default=0.0)
    if not coarsest:
        return ""
    return f" Where a launch had very many calls, they are kept in classes {percent(coarsest)} wide at most."


def _table(context: Context, asked: Sequence[Measurement], statistic: str, number: int) -> Table:
    items = [item for item in asked if statistic_of(item) == statistic]
    memory = known_resources(items)
    rows = [_row(context, item, memory) for item in sorted(items, key=lambda item: _order(context, item))]
    machine = ("machine",) if context.several else ()
    divided = len({item.extra.division for item in items}) > 1
    columns = (
        "implementation",
        "workload",
        "device",
        *machine,
        "axes",
        "division",
        "calls",
        *QUANTILES,
        f"{statistic}, ratio to the fastest",
        "verdict",
        *memory,
    )
    note = f"The fastest is that of least {statistic}; it is the base of its place and division."
    name = ANCHOR if number == 0 else f"{ANCHOR}-{statistic}"
    minor = (*memory, *(() if divided else ("division",)), "calls")
    caption = f"p50, p95 and p99 of calls, and the verdict on {statistic}"
    return Table(name, caption, columns, tuple(rows), note, len(rows) > 30, minor)


def _order(context: Context, item: Measurement) -> tuple[object, ...]:
    key = item.key
    known = quantiles_of(item)[statistic_of(item)]
    seconds = item.median_seconds if known is None else known.seconds
    place = [
        (0, value, "") if isinstance(value, int | float) else (1, 0, str(value)) for _, value in key.axes
    ]
    return context.rank(item), key.workload, key.device, item.extra.division, place, seconds


def _row(context: Context, item: Measurement, memory: tuple[str, ...]) -> Row:
    comparison = context.comparisons.against_base.get((item.machine.id, item.key))
    compared = comparison is not None or any(
        pair.base is item for pair in context.comparisons.implementations
    )
    calls = every_call(item).number
    word = comparison.word if comparison else "base" if compared else "–"
    return row(
        item.key.name,
        item.key.workload,
        item.key.device,
        *((context.title(item),) if context.several else ()),
        axes_text(item.key.bare.axes),
        item.extra.division,
        Entry(f"{calls:,}", float(calls)),
        *(quantile_entry(name, found, bool(item.doubt)) for name, found in quantiles_of(item).items()),
        Entry(word) if comparison is None else ratio_entry(comparison),
        verdict_entry(comparison),
        *resource_entries(item, memory),
        workload=item.key.workload,
        machine=context.title(item),
        verdict=word,
    )
