"""The table of plain benchmarks: times, how far they scatter, and the ratio to the base of their group."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.devices.limits.units import format_seconds, format_seconds_interval
from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.sort.plain_groups import PlainGroup, cell_of, file_of
from likeforlike.reports.statistics.median_intervals import median_interval
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.document import Entry, Table, row
from likeforlike.reports.tell.formatting import (
    count_text,
    more_rounds_text,
    percent,
    ratio_entry,
    seconds_entry,
)
from likeforlike.reports.tell.sections.plain_benchmarks.names import (
    constant_parameters,
    functions_of,
    names_of,
    parameter_columns,
    parameter_values,
)

MOST_ROWS = 400
"""Rows of the table; of more, CSV has all."""

NOT_SAVED_MARK = "§"
"""Stands beside the number of rounds whose samples a file does not hold."""

NOT_SAVED_NOTE = (
    f"{NOT_SAVED_MARK} The samples were not saved: summary figures give no interval of the median, and "
    "ratios are judged by them, which is rougher."
)
SAVING_NOTE = "--benchmark-save leaves samples out; --benchmark-save-data and --benchmark-json keep them."


def benchmarks_table(context: Context, groups: Sequence[PlainGroup]) -> Table:
    """All groups, fastest first within each."""
    items = [item for group in groups for item in group.items]
    parameters = parameter_columns(items)
    labelled = len({group.label for group in groups}) > 1 or bool(groups[0].label)
    several_files = len({file_of(item) for item in items}) > 1
    compared = any(len(group.items) > 1 for group in groups)
    columns: tuple[str, ...] = ("group",) if labelled else ()
    columns += ("benchmark", *parameters)
    columns += ("file",) if several_files else ()
    columns += ("median (95 %)", "min", "spread", "rounds")
    columns += ("ratio to base", "verdict") if compared else ()
    rows = []
    for group in groups:
        names = (functions_of(group.items) if parameters else None) or names_of(group.items)
        for item, name in zip(group.items, names, strict=True):
            first = [group.label or "–"] if labelled else []
            place = [file_of(item)] if several_files else []
            entries: list[Entry | str] = [*first, name, *parameter_values(item, parameters), *place]
            entries += _figures(item)
            pair = context.comparisons.within_groups.get((item.machine.id, item.key))
            entries += _comparison(group, item, pair) if compared else []
            word = pair.word if pair else ""
            title = context.title(item)
            rows.append(row(*entries, workload=item.key.workload, machine=title, verdict=word))
    return Table("benchmarks", "Times", columns, tuple(rows[:MOST_ROWS]), _note(items, len(rows)))


def _note(items: Sequence[Measurement], rows: int) -> str:
    told = ["Spread: the middle half of the rounds (interquartile range) over the median."]
    calls = any((cell_of(item).iterations or 1) > 1 for item in items)
    constant = constant_parameters(items)
    told += [f"Parameters with one value: {constant}."] if constant else []
    told += ["Rounds × calls of the function that each round timed together."] if calls else []
    unsaved = [item for item in items if not item.samples]
    told += [NOT_SAVED_NOTE] if unsaved else []
    tools = {item.runs[0].file.tool.name for item in unsaved}
    told += [SAVING_NOTE] if "pytest-benchmark" in tools else []
    left = rows - MOST_ROWS
    told += [f"{count_text(left, 'more row')} in tables/cells.csv."] if left > 0 else []
    return " ".join(told)


def _figures(item: Measurement) -> list[Entry]:
    """Median with its interval, minimum, spread, rounds."""
    cell = cell_of(item)
    summary = cell.summary
    return [
        Entry(time_text(item), item.median_seconds),
        seconds_entry(summary.minimum_seconds),
        _spread(item),
        _rounds(item, cell.iterations or 1),
    ]


def time_text(item: Measurement) -> str:
    """``10.1 ms (10.0 to 10.2)``: the median with its interval, in one unit; the median alone without one."""
    median = format_seconds(item.median_seconds)
    low, high = median_interval(item.samples) if item.samples else (0.0, float("inf"))
    if not (low > 0 and high < float("inf")):
        return median
    interval = format_seconds_interval(low, high, item.median_seconds)
    unit = median.rpartition(" ")[2]
    return f"{median} ({interval.removesuffix(f' {unit}')})"


def _spread(item: Measurement) -> Entry:
    summary = cell_of(item).summary
    q1, q3 = summary.q1_seconds, summary.q3_seconds
    if q1 is None or q3 is None or item.median_seconds <= 0 or (summary.rounds or 0) < 2:
        return Entry("–")
    share = (q3 - q1) / item.median_seconds
    return Entry(percent(share), share)


def _rounds(item: Measurement, calls: int) -> Entry:
    if item.rounds is None:
        return Entry("not told")
    text = f"{item.rounds:,}" + (f" × {calls:,}" if calls > 1 else "")
    return Entry(text + ("" if item.samples else f" {NOT_SAVED_MARK}"), float(item.rounds))


def _comparison(group: PlainGroup, item: Measurement, pair: Comparison | None) -> list[Entry]:
    if item is group.base and len(group.items) > 1:
        return [Entry("base"), Entry("base" if group.named else "least median")]
    if pair is None:
        return [Entry("–"), Entry("alone in its group" if len(group.items) == 1 else "–")]
    return [ratio_entry(pair), Entry(_verdict_text(pair))]


def _verdict_text(pair: Comparison) -> str:
    if pair.doubt or pair.verdict.word != "unclear":
        return pair.word
    if not pair.verdict.estimate.has_interval:
        return f"unclear: {pair.verdict.reason}{more_rounds_text(pair.verdict)}"
    return "unclear" if pair.verdict.more_launches else f"unclear{more_rounds_text(pair.verdict)}"
