"""The history as a report: what stepped, when, by how much, and how to make sure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from likeforlike.devices.limits.units import plain_number
from likeforlike.reports.history.confirming import (
    confirming_command,
    confirming_commands,
    software_changes,
)
from likeforlike.reports.history.series import Visit
from likeforlike.reports.history.steps import Judged, MachineMoves, Marked
from likeforlike.reports.statistics.change_points import LEAST_RUNS, Step
from likeforlike.reports.tell.document import (
    Entry,
    Figure,
    Finding,
    Points,
    Report,
    Row,
    Section,
    Table,
    Text,
    row,
    section,
)
from likeforlike.reports.tell.formatting import count_text, listed, seconds_entry
from likeforlike.reports.tell.plot_data import Histories, HistoryPanel, HistoryStep

TITLE = "likeforlike: the history"
PANELS_A_PLOT = 18
MOST_PLOTS = 6
"""Cells without a step are shown in so many plots at most; the table has them all."""
MOST_FINDINGS = 12

Found = tuple[Marked, Step]


def history_report(judged: Judged, remarks: Iterable[str] = ()) -> Report:
    """Findings, the table of steps, the plots, the table of cells."""
    found = _found(judged)
    sections = [
        section("steps", "Steps", _steps_blocks(judged, found)),
        section("cells", "Every cell", [*_figures(judged), _cells_table(judged)]),
        section("machines", "The machines", _machine_blocks(judged)),
        Section("reading", "How to read it", (_reading(),)),
    ]
    told = [*judged.history.remarks, *remarks]
    return Report(
        TITLE,
        _subtitle(judged),
        (*_findings(judged, found), *(Finding(text, "warning") for text in told)),
        tuple(made for made in sections if made is not None),
    )


def _found(judged: Judged) -> list[Found]:
    """All steps, sure ones first, slower before faster, the largest first."""
    every = [(cell, step) for cell in judged.cells for step in cell.found.steps]
    return sorted(every, key=lambda found: (not found[0].sure(found[1]), -found[1].log_ratio))


def _subtitle(judged: Judged) -> str:
    visits = {v.id: v for item in judged.history.series for v in item.visits}
    commits = len({visit.commit for visit in visits.values() if visit.commit})
    days = sorted(visit.when[:10] for visit in visits.values() if visit.when)
    when = "" if not days else f", {days[0]}" + (f" to {days[-1]}" if days[-1] != days[0] else "")
    told = [count_text(len(visits), "run"), count_text(commits, "commit")]
    told += [
        count_text(len(judged.history.machines), "machine"),
        count_text(len({c.series.name for c in judged.cells}), "cell"),
    ]
    return f"{', '.join(told)}{when}."


def _findings(judged: Judged, found: Sequence[Found]) -> Iterator[Finding]:
    sure = [item for item in found if item[0].sure(item[1])]
    short = [cell for cell in judged.cells if len(cell.logs) < 2 * LEAST_RUNS]
    told = count_text(len(judged.cells) - len(short), "cell")
    if not sure and len(short) < len(judged.cells):
        yield Finding(f"No cell has surely stepped ({told} with runs enough to tell).")
    for cell, step in sure[:MOST_FINDINGS]:
        yield Finding(_sentence(judged, cell, step))
    if len(sure) > MOST_FINDINGS:
        yield Finding(f"{len(sure) - MOST_FINDINGS} more steps are in the table.")
    for moves in judged.machines:
        for step in moves.found.steps:
            yield Finding(_machine_sentence(judged, moves, step), "warning")
    unsure = len(found) - len(sure)
    if unsure:
        yield Finding(
            f"{count_text(unsure, 'step')} at which the machine itself moved: whether the code did, too, "
            "can't be told from these runs.",
            "warning",
        )
    if short:
        yield Finding(
            f"{count_text(len(short), 'cell')} with fewer than {2 * LEAST_RUNS} runs: too few for a step "
            "to be told from an outlier.",
            "warning",
        )


def _sentence(judged: Judged, cell: Marked, step: Step) -> str:
    machine = judged.history.machines[cell.series.machine]
    before, after = cell.commits(step)
    runs = cell.runs(step)
    where = f" on {machine}" if len(judged.history.machines) > 1 else ""
    word = "slower" if step.log_ratio > 0 else "faster"
    parts = [
        f"{cell.series.name}{where} became {word}: {_ratio_text(step)} of the time, "
        f"between {before.name} and {after.name}{_days(before, after)}, over {runs[0]} and {runs[1]} runs"
    ]
    changes = software_changes(before, after)
    if changes:
        parts.append(f"beside the code there differ {listed(changes[:4])}")
    command = confirming_command(cell, step)
    if command:
        parts.append(f"to make sure: {command}")
    return "; ".join(parts) + "."


def _machine_sentence(judged: Judged, moves: MachineMoves, step: Step) -> str:
    machine = judged.history.machines[moves.machine]
    before, after = moves.visits[step.earliest - 1], moves.visits[step.latest]
    word = "slower" if step.log_ratio > 0 else "faster"
    changes = software_changes(before, after)
    beside = f"; there differ {listed(changes[:4])}" if changes else ""
    taken = "taken out of its cells" if moves.factor.by_copies else "taken for the machine's"
    return (
        f"The machine itself ({machine}, {moves.family}) became {word} between {before.name} and "
        f"{after.name}{_days(before, after)}: {_ratio_text(step)} of the time by {moves.factor.basis}, "
        f"{taken}{beside}."
    )


def _days(before: Visit, after: Visit) -> str:
    days = [before.when[:10], after.when[:10]]
    if not all(days):
        return ""
    return f" ({days[0]})" if days[0] == days[1] else f" ({days[0]} to {days[1]})"


def _ratio(log: float) -> str:
    return f"×{plain_number(math.exp(log), _digits(log))}"


def _digits(log: float) -> int:
    """Of a ratio: one more near 1, where a hundredth matters."""
    return 4 if 0.0 <= log < 0.18 else 3


def _ratio_text(step: Step) -> str:
    digits = _digits(step.log_ratio)
    low, high = (
        plain_number(math.exp(log), digits - (log < 0.0 and digits == 4)) for log in (step.low, step.high)
    )
    return f"{_ratio(step.log_ratio)} ({low} to {high})"


def _steps_blocks(judged: Judged, found: Sequence[Found]) -> list[Table | Points | Text]:
    if not found:
        return [Text("None was found.")]
    known = tuple(confirming_commands(found))
    blocks: list[Table | Points | Text] = [_steps_table(judged, found)]
    if known:
        blocks += [Text("Each is confirmed, or not, by measuring both sides in turns:"), Points(known)]
    return blocks


def _steps_table(judged: Judged, found: Sequence[Found]) -> Table:
    place = ("cell", "machine", "verdict", "time after / before", "last before", "first after")
    columns = (*place, "runs before", "runs after", "machine's own", "as measured", "differs beside the code")
    rows = tuple(_step_row(judged, cell, step) for cell, step in found)
    note = (
        "The ratio is of what was judged: the machine's own move is taken out of cells that follow it. The "
        "interval is 95 %, over runs."
    )
    return Table("steps", "Every step", columns, rows, note, minor=("differs beside the code", "as measured"))


def _step_row(judged: Judged, cell: Marked, step: Step) -> Row:
    before, after = cell.commits(step)
    sure = cell.sure(step)
    word = ("slower" if step.log_ratio > 0 else "faster") if sure else "unclear"
    machine = judged.history.machines[cell.series.machine]
    moved = cell.machine_moved(step)
    measured = step.log_ratio + moved * cell.adjusted
    runs = cell.runs(step)
    return row(
        cell.series.name,
        machine,
        word,
        Entry(_ratio_text(step), math.exp(step.log_ratio)),
        before.name,
        after.name,
        float(runs[0]),
        float(runs[1]),
        Entry(_ratio(moved), math.exp(moved)) if cell.factor.logs else None,
        Entry(_ratio(measured), math.exp(measured)),
        _beside_the_code(before, after),
        workload=cell.series.workload,
        machine=machine,
        verdict=word,
    )


def _beside_the_code(before: Visit, after: Visit) -> str | None:
    """None where a file tells nothing of what was installed."""
    known = before.software and after.software
    return ", ".join(software_changes(before, after)) or ("nothing" if known else None)


def _figures(judged: Judged) -> list[Figure]:
    """Cells with steps first, then those with runs enough; of one machine after the other."""
    shown = sorted(
        (cell for cell in judged.cells if len(cell.logs) >= 2),
        key=lambda cell: (not cell.found.steps, len(cell.logs) < 2 * LEAST_RUNS),
    )
    several = len(judged.history.machines) > 1
    figures = []
    for number in range(0, min(len(shown), PANELS_A_PLOT * MOST_PLOTS), PANELS_A_PLOT):
        cells = shown[number : number + PANELS_A_PLOT]
        panels = tuple(
            _panel(cell, judged.history.machines[cell.series.machine] if several else "") for cell in cells
        )
        name = "history" if not number else f"history-{number // PANELS_A_PLOT + 1}"
        steps = sum(len(cell.found.steps) for cell in cells)
        figures.append(
            Figure(
                name,
                "Each cell over its runs, in the order of commits: time over the level of its first part. "
                "Lines are the levels between steps.",
                f"{count_text(len(cells), 'cell')} over commits, with {count_text(steps, 'step')}: "
                + "; ".join(_panel_text(cell) for cell in cells if cell.found.steps),
                Histories(panels),
            )
        )
    return figures


def _panel_text(cell: Marked) -> str:
    told = [
        f"{_ratio(step.log_ratio)} at {cell.series.visits[step.position].name}" for step in cell.found.steps
    ]
    return f"{cell.series.name} {listed(told)}"


def _panel(cell: Marked, machine: str) -> HistoryPanel:
    base = cell.found.levels[0]
    visits = cell.series.visits
    measured = np.exp(np.array(cell.series.logs) - base - _centre(cell)) if cell.adjusted else np.array([])
    return HistoryPanel(
        f"{cell.series.name}, {machine}" if machine else cell.series.name,
        tuple(float(value) for value in np.exp(np.array(cell.logs) - base)),
        tuple(float(value) for value in measured),
        tuple(math.exp(level - base) for level in cell.found.levels),
        tuple(
            HistoryStep(step.position, _ratio(step.log_ratio), cell.sure(step)) for step in cell.found.steps
        ),
        cell.found.outliers,
        visits[0].name,
        visits[-1].name,
    )


def _centre(cell: Marked) -> float:
    """What the factor is at the median, so that measured and judged lie about each other."""
    return float(np.median(np.array(cell.series.logs) - np.array(cell.logs)))


def _cells_table(judged: Judged) -> Table:
    columns = ("cell", "machine", "runs", "steps", "first", "now", "now / first", "adjusted", "set aside")
    rows = tuple(_cell_row(judged, cell) for cell in judged.cells)
    note = "Times are levels: the mean of the logs between steps, at the machine's usual pace."
    return Table("history-cells", "Every cell", columns, rows, note, folded=len(rows) > 12)


def _cell_row(judged: Judged, cell: Marked) -> Row:
    machine = judged.history.machines[cell.series.machine]
    first, last = cell.found.levels[0], cell.found.levels[-1]
    usual = math.exp(_centre(cell)) if cell.adjusted else 1.0
    steps = len(cell.found.steps)
    return row(
        cell.series.name,
        machine,
        float(len(cell.logs)),
        float(steps),
        seconds_entry(math.exp(first) * usual),
        seconds_entry(math.exp(last) * usual),
        Entry(_ratio(last - first), math.exp(last - first)) if steps else None,
        "yes" if cell.adjusted else "no",
        float(len(cell.found.outliers)),
        workload=cell.series.workload,
        machine=machine,
    )


def _machine_blocks(judged: Judged) -> list[Table | Text]:
    rows = tuple(
        row(
            judged.history.machines[moves.machine],
            moves.family,
            float(len(moves.visits)),
            Entry(_ratio(_spread(moves)), math.exp(_spread(moves))),
            float(len(moves.found.steps)),
            moves.factor.basis,
            machine=judged.history.machines[moves.machine],
        )
        for moves in judged.machines
    )
    if not rows:
        return [Text("Nothing was measured beside the cells that tells what a machine itself does.")]
    columns = ("machine", "device", "runs", "least to most", "steps", "told by")
    note = "How far the common factor of a machine's runs moved, from its least to its most."
    return [Table("history-machines", "What moved the machines themselves", columns, rows, note)]


def _spread(moves: MachineMoves) -> float:
    values = list(moves.factor.logs.values())
    return max(values) - min(values)


def _reading() -> Points:
    return Points(
        (
            "A point is a run: the mean over its launches, those of a copy among them, of the logs of their "
            "medians. Points of one commit stand side by side; a step lies between commits.",
            "What moves a machine as a whole is taken out of the cells that follow it from run to run by "
            "more than half: the median of what the noise floor's products show in that run, or where it "
            "lacks them the twins.",
            "Steps are found by E-divisive and tested as Hunter does, with a price for having searched, "
            "for runs that resemble the ones before, and for the number of cells; less "
            f"than 2 % is no step, nor is what lasted fewer than {LEAST_RUNS} runs.",
            "A slow drift of one cell alone can look like a step. The command beside each step measures "
            "both sides in turns, which tells.",
        )
    )
