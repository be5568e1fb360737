"""Files of one machine that are no repetitions of each other, side by side: two commits, two frameworks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.read.schema.declarations import NOISE_FLOOR
from likeforlike.reports.sort.baselines import base_of_sets, sets_with_common_cells
from likeforlike.reports.sort.likeness.measuring_options import options_of
from likeforlike.reports.sort.likeness.repetitions import ASKED_FOR, commit_text
from likeforlike.reports.sort.measured.keys import Key
from likeforlike.reports.sort.measured.measurements import Measurement, Run, grouped
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import (
    Block,
    Entry,
    Points,
    Row,
    Section,
    Table,
    Text,
    row,
    section,
)
from likeforlike.reports.tell.formatting import (
    beside_columns,
    beside_minor,
    count_text,
    ratio_entry,
    time_entry,
    verdict_entry,
)
from likeforlike.reports.tell.wording.means_text import (
    COLUMNS,
    MINOR,
    NOTE,
    mean_sentences,
    means_rows,
    some_cells,
)
from likeforlike.reports.tell.wording.tails_text import asked_note

MOST_COLUMNS = 3
"""Files beside the base that have a column each; of more each has a row."""

MOST_FILES = 8
"""Files in the table of differences."""

MOST_POINTS = 12

FOLDED_FROM = 40
"""Rows from which a table is folded."""

MOST_ROWS = 400
"""Rows of a table; of more, CSV has all."""

Sets = dict[str, list[Measurement]]
"""What was measured of one workload on one machine, by the name of the file or files, the base's first."""


def sections(context: Context) -> list[Section | None]:
    """One, if any machine has files that stand side by side."""
    places = _places(context)
    if not places:
        return []
    blocks: list[Block | None] = [Text(_explanation(places))]
    blocks += [
        _table(context, machine, workload, sets, number)
        for number, ((machine, workload), sets) in enumerate(places.items(), 1)
    ]
    blocks += [_means_table(context), _differences_table(places)]
    blocks += [withheld_points(context.comparisons.files), unlike_points(context, same_machine=True)]
    return [section("files", "Files side by side", blocks)]


def findings(context: Context) -> Kinds:
    """Each file over the base's, by clear verdicts alone; a kind for each file."""
    kinds = []
    files = context.comparisons.files
    for items in grouped(((i.other.machine.id, i.other.key.apart), i) for i in files).values():
        kinds.append(mean_sentences(context, {}, "", items))
    return kinds


def _places(context: Context) -> dict[tuple[str, str], Sets]:
    """By machine id and workload, where files stand side by side and have cells in common."""
    found = grouped(
        ((item.machine.id, item.key.workload), item)
        for item in context.study.measurements
        if item.key.apart and item.kind != NOISE_FLOOR
    )
    places: dict[tuple[str, str], Sets] = {}
    for place, items in found.items():
        sets = sets_with_common_cells(items)
        if sets:
            base = base_of_sets(context.study, sets)
            places[place] = {base: sets[base], **sets}
    return places


def _explanation(places: dict[tuple[str, str], Sets]) -> str:
    bases = dict.fromkeys(next(iter(sets)) for sets in places.values())
    return (
        "Runs are one measurement only if machine, set-up, commit, options, work and schema say so; these "
        "stand beside each other. Nothing is paired between them: ratios are over "
        f"{' or '.join(list(bases)[:3])}, with what runs at different times differ by in their intervals, "
        "and below 1 is faster."
    )


def _table(context: Context, machine: str, workload: str, sets: Sets, number: int) -> Table:
    found: dict[Key, dict[str, Measurement]] = {}
    for name, items in sets.items():
        for item in items:
            found.setdefault(item.key.bare, {})[name] = item
    base, *others = sets
    title = context.study.titles[machine]
    where = f" on {title}" if context.several else ""
    wide = len(others) <= MOST_COLUMNS
    made = _wide_rows if wide else _long_rows
    rows = tuple(r for key, mine in found.items() for r in made(context, key, mine, base, others, title))
    if wide:
        columns = ["cell", f"{base} (base)"]
        for name in others:
            columns += beside_columns(name, len(others))
    else:
        columns = ["cell", "file", "time", f"ratio to {base}", "verdict"]
    name = "files" if number == 1 else f"files-{number}"
    caption = f"{workload.capitalize()}{where}, file by file"
    left = len(rows) - MOST_ROWS
    note = f"{count_text(left, 'more row')} in tables/cells.csv." if left > 0 else ""
    note = (note + asked_note(item for items in sets.values() for item in items)).strip()
    folded = len(rows) > FOLDED_FROM
    minor = beside_minor(columns) if wide else ()
    return Table(name, caption, tuple(columns), rows[:MOST_ROWS], note, folded, minor)


def _wide_rows(
    context: Context, key: Key, mine: dict[str, Measurement], base: str, others: list[str], title: str
) -> list[Row]:
    entries: list[Entry | str] = [key.text, time_entry(mine.get(base))]
    words = []
    for name in others:
        item = mine.get(name)
        pair = _pair(context, item)
        entries += [time_entry(item), ratio_entry(pair), verdict_entry(pair)]
        words += [pair.word] if pair else []
    return [row(*entries, workload=key.workload, machine=title, verdict=words)]


def _long_rows(
    context: Context, key: Key, mine: dict[str, Measurement], base: str, others: list[str], title: str
) -> list[Row]:
    rows = []
    for name in (base, *others):
        if name in mine:
            pair = _pair(context, mine[name])
            ratio = Entry("base") if name == base else ratio_entry(pair)
            entries = (key.text, name, time_entry(mine[name]), ratio, verdict_entry(pair))
            word = pair.word if pair else ""
            rows.append(row(*entries, workload=key.workload, machine=title, verdict=word))
    return rows


def _pair(context: Context, item: Measurement | None) -> Comparison | None:
    return None if item is None else context.comparisons.across_files.get((item.machine.id, item.key))


def _means_table(context: Context) -> Table | None:
    """Only where there are several cells to take a mean of."""
    rows = means_rows(context, {}, context.comparisons.files)
    if not any((entry.value or 0) > 1 for one in rows for entry in one.entries[4:5]):
        return None
    return Table(
        "file-means", "Files over the base", ("file", *COLUMNS), tuple(rows), NOTE, len(rows) > 30, MINOR
    )


def _differences_table(places: dict[tuple[str, str], Sets]) -> Table | None:
    """What the files tell of themselves, where it differs."""
    runs: dict[str, Run] = {}
    for sets in places.values():
        for items in sets.values():
            for run in (run for item in items for run in item.runs):
                runs.setdefault(run.file.label, run)
    shown = list(runs.values())[:MOST_FILES]
    facts = [_facts(run) for run in shown]
    names = list(dict.fromkeys(name for told in facts for name in told))
    rows = [(name, [told.get(name, "not told") for told in facts]) for name in names]
    unlike = [row(name, *values) for name, values in rows if len(set(values)) > 1]
    left = len(runs) - len(shown)
    note = f"{count_text(left, 'more file')} not shown." if left > 0 else ""
    columns = ("", *(run.file.label for run in shown))
    return (
        Table("file-differences", "In what the files differ", columns, tuple(unlike), note)
        if unlike
        else None
    )


def _facts(run: Run) -> dict[str, str]:
    """What a file says of its code and of how it was measured; what it does not say is left out."""
    file = run.file
    commit = file.commit
    told = {
        "commit": commit_text(commit),
        "branch": commit.branch if commit else "",
        "commit of": commit.time[:19] if commit else "",
        "measured": file.datetime[:19],
        "host": file.node,
        "written by": str(file.tool),
        "schema version": "" if file.header is None else str(file.header.schema_version),
        **options_of(run),
        **_asked(file),
    }
    return {name: value for name, value in told.items() if value}


def _asked(file: ResultFile) -> dict[str, str]:
    options = (file.header.options if file.header else None) or {}
    known = {"timer", "disable_gc", "warm_up", *ASKED_FOR}
    return {f"option {name}": str(value) for name, value in options.items() if name not in known}


def withheld_points(compared: Iterable[Comparison]) -> Points | None:
    """Why there is no verdict on cells that were measured differently."""
    reasons = grouped((item.withheld, item.base.key.bare) for item in compared if item.withheld)
    told = [
        f"No verdict on {some_cells(dict.fromkeys(keys))}: {reason}."
        for reason, keys in list(reasons.items())[:MOST_POINTS]
    ]
    return Points(tuple(told)) if told else None


def unlike_points(context: Context, *, same_machine: bool) -> Points | None:
    """Cells that have one name and two kinds of work, on one machine or on two."""
    told = []
    for base, item, why in context.comparisons.unlike:
        if (base.machine.id == item.machine.id) is same_machine and base.kind != NOISE_FLOOR:
            places = [one.key.apart if same_machine else context.title(one) for one in (base, item)]
            told.append(
                f"Not compared: {base.key.workload} {base.key.bare.text}, {places[0]} and {places[1]}: {why}."
            )
    return Points(_shortened(told)) if told else None


def _shortened(told: Sequence[str], most: int = 20) -> tuple[str, ...]:
    left = len(told) - most
    return (*told[:most], *([f"And {left} more whose work is not the same."] if left > 0 else []))
