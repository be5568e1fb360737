"""Benchmarks of plain files in groups, each with the one that the others are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.result_file import Cell
from likeforlike.reports.sort.group_by import value_text
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.measured.study import Study

BASELINE = "baseline"
"""A benchmark with this in its name or parameters is what the others of its group are compared with."""


@dataclass(frozen=True)
class PlainGroup:
    """What a reader will compare, on one machine."""

    label: str
    """Empty: of those for which nothing says with what they are to be compared."""
    items: tuple[Measurement, ...]
    """Fastest first."""
    base: Measurement
    named: bool
    """Whether the base is one by its name; otherwise it is one for being fastest."""

    @property
    def machine(self) -> Machine:
        """Whose figures they are."""
        return self.base.machine

    @property
    def files(self) -> tuple[str, ...]:
        """The labels of its files."""
        return tuple(dict.fromkeys(file_of(item) for item in self.items))

    @property
    def others(self) -> tuple[Measurement, ...]:
        """All but the base."""
        return tuple(item for item in self.items if item is not self.base)


def cell_of(item: Measurement) -> Cell:
    """The cell of a plain measurement, which is never made of several."""
    return item.runs[0].cell


def file_of(item: Measurement) -> str:
    """The label of a plain measurement's file."""
    return item.runs[0].file.label


def plain_groups(study: Study, machines: Iterable[Machine]) -> list[PlainGroup]:
    """The groups of these machines, in the files' order; across files only where ``--group-by`` is given."""
    by = study.group_by
    shown = {machine.id for machine in machines}
    plain = [item for item in study.measurements if cell_of(item).plain and item.machine.id in shown]
    found = grouped(
        ((item.machine.id, "" if by.across_files else file_of(item), by.label(cell_of(item))), item)
        for item in plain
    )
    return [_group(study, label, items) for (_, _, label), items in found.items()]


def machines_without_groups(study: Study, machines: Iterable[Machine]) -> set[str]:
    """The ids of further machines that have plain benchmarks, beside those whose groups are told."""
    shown = {machine.id for machine in machines}
    return {
        item.machine.id for item in study.measurements if cell_of(item).plain and item.machine.id not in shown
    }


def _group(study: Study, label: str, items: Sequence[Measurement]) -> PlainGroup:
    ordered = tuple(sorted(items, key=lambda item: item.median_seconds))
    named = _named(study, ordered)
    timed = [item for item in named or ordered if item.median_seconds > 0]
    return PlainGroup(label, ordered, (timed or ordered)[0], bool(named))


def _named(study: Study, items: Sequence[Measurement]) -> list[Measurement]:
    """Those that are called for: by ``--baseline``, as benchmarks or as a file's; else by their own name."""
    word = study.base_name.casefold()
    for fitting in (
        [item for item in items if word and word in _whole_names(item)],
        [item for item in items if word and word in _name(item)],
        [item for item in items if study.base_file and file_of(item) == study.base_file],
        [item for item in items if BASELINE in _name(item)],
    ):
        if fitting and len(fitting) < len(items):
            return fitting
    return []


def _name(item: Measurement) -> str:
    """Name and parameters, to look for a word in."""
    cell = cell_of(item)
    return " ".join([cell.name, *map(value_text, cell.params.values())]).casefold()


def _whole_names(item: Measurement) -> set[str]:
    """Its name, its function's and its parameters' values: a word that is one of them means no longer one."""
    cell = cell_of(item)
    told = (cell.name, cell.function, *map(value_text, cell.params.values()))
    return {name.casefold() for name in told}


def names_benchmark(cells: Iterable[Cell], wanted: str) -> bool:
    """Whether the word of ``--baseline`` is part of the name of any plain benchmark."""
    word = wanted.casefold()
    return any(
        word in cell.name.casefold() or any(word in value_text(v).casefold() for v in cell.params.values())
        for cell in cells
        if cell.plain
    )
