"""By what each device's energy is counted, what it draws at rest, and why cells have no figure."""

from __future__ import annotations

from likeforlike.reports.read.schema.cells import Energy
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.document import Entry, Row, Table, row
from likeforlike.reports.tell.formatting import count_text

NOTE = (
    "Energy is that of one sample: of a call, or of an epoch with its evaluation and logging. "
    "What the device draws at rest is taken out; the range is what its counter can tell."
)


def energy_table(context: Context) -> Table | None:
    """One row a machine and device; None where no file says anything of energy."""
    told: dict[tuple[str, str], list[Energy]] = {}
    for item in context.study.measurements:
        for run in item.runs:
            if run.cell.extra.energy is not None:
                place = context.study.titles[item.machine.id], item.key.device
                told.setdefault(place, []).append(run.cell.extra.energy)
    if not told:
        return None
    machine = ("machine",) if context.several else ()
    columns = ("device", *machine, "at rest", "energy by", "cells without a figure")
    rows = [_row(context, machine, device, found) for (machine, device), found in sorted(told.items())]
    return Table("energy", "Energy: how it was measured", columns, tuple(rows), NOTE)


def _row(context: Context, machine: str, device: str, energies: list[Energy]) -> Row:
    measured = [energy for energy in energies if energy.joules_per_sample is not None]
    watts = [energy.idle_watts for energy in measured if energy.idle_watts is not None]
    rest = Entry("–") if not watts else Entry(_range(min(watts), max(watts)), max(watts))
    sources = dict.fromkeys(energy.source for energy in measured)
    return row(
        device,
        *((machine,) if context.several else ()),
        rest,
        "; ".join(sources) or "not measurable",
        _without([energy for energy in energies if energy.joules_per_sample is None]),
        machine=machine,
    )


def _range(low: float, high: float) -> str:
    texts = dict.fromkeys((f"{low:.3g}", f"{high:.3g}"))
    return f"{' to '.join(texts)} W"


def _without(energies: list[Energy]) -> str:
    """How many, and the first reason."""
    if not energies:
        return "none"
    reasons = list(dict.fromkeys(energy.not_measurable or "not told why" for energy in energies))
    more = f" (and {count_text(reasons[1:], 'other reason')})" if len(reasons) > 1 else ""
    return f"{len(energies)}: {reasons[0]}{more}"
