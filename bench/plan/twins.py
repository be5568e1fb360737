"""Twins: a copy of one entrant beside it, in a process of its own, for each workload and device.

What copies of one thing show is what no difference smaller than that can be told from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from likeforlike.bench.plan.asked.presets import Preset
from likeforlike.bench.plan.cells import Cell

SUFFIX = "-twin"
_OF_THEIR_OWN = ("noise floor", "divided task")
"""Kinds of workload without a twin: the one consists of twins, the other takes several devices."""


def with_twins(cells: Sequence[Cell], preset: Preset) -> list[Cell]:
    """The cells, and behind the last of its group a twin for each workload and device.

    Kernels: of the first entrant, in the group of the middle size. Trainings: of the preset's quick one, else
    of the first, where all train on equal terms, in every run.
    """
    if not preset.twins:
        return list(cells)
    fit = [cell for cell in cells if _may_have_one(cell)]
    twins = {twin.group: twin for twin in _twins(fit, preset) if twin.id not in {cell.id for cell in cells}}
    last = {cell.group: number for number, cell in enumerate(cells)}
    made: list[Cell] = []
    for number, cell in enumerate(cells):
        made.append(cell)
        if last[cell.group] == number and cell.group in twins:
            made.append(twins[cell.group])
    return made


def _may_have_one(cell: Cell) -> bool:
    return cell.skip_reason is None and cell.entry.role != "floor" and cell.kind not in _OF_THEIR_OWN


def _twins(fit: Iterable[Cell], preset: Preset) -> Iterator[Cell]:
    places: dict[tuple[str, str], list[Cell]] = {}
    for cell in fit:
        places.setdefault((cell.workload, cell.device), []).append(cell)
    for members in places.values():
        trained = [cell for cell in members if cell.recipe is not None]
        if not trained:
            groups = list(dict.fromkeys(cell.group for cell in members))
            chosen = groups[len(groups) // 2]
            yield _twin(next(cell for cell in members if cell.group == chosen))
            continue
        equal = [cell for cell in trained if cell.recipe is not None and cell.recipe.published_with is None]
        for group in dict.fromkeys(cell.group for cell in equal):
            entrants = [cell for cell in equal if cell.group == group]
            quick = [cell for cell in entrants if cell.entry.name == preset.training_twin]
            yield _twin((quick or entrants)[0])


def _twin(cell: Cell) -> Cell:
    name = cell.entry.name
    return replace(cell, entry=replace(cell.entry, name=name + SUFFIX), twin_of=name)
