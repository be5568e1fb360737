"""Files sorted into a study: which runs are one measurement, and which are other work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.read.schema import Extra
from likeforlike.reports.sort.baselines import base_machine
from likeforlike.reports.sort.comparability import WorkSet
from likeforlike.reports.sort.duplicates import repetition_remarks, with_labels_of_their_own, without_twins
from likeforlike.reports.sort.measurements import (
    FILE_AXIS,
    REPEAT_AXIS,
    Key,
    Measurement,
    Run,
    Study,
    grouped,
)
from likeforlike.reports.sort.plausibility import with_plausibility


def key_of(extra: Extra) -> Key:
    """The key of a cell; the repeat axis is no part of it."""
    axes = tuple((name, value) for name, value in extra.axes.items() if name != REPEAT_AXIS)
    implementation = (
        extra.implementation if extra.axes or extra.device else extra.cell or extra.implementation
    )
    return Key(extra.workload, implementation, extra.device, axes)


def build_study(
    files: Iterable[ResultFile], baseline: str | None = None, remarks: tuple[str, ...] = ()
) -> Study:
    """Sort files into measurements and judge them. ``baseline`` is part of a machine's label or id.

    Raises ValueError if no file is given or no machine fits ``baseline``.
    """
    kept, twins = without_twins(files)
    kept = with_labels_of_their_own(kept)
    if not kept:
        raise ValueError("no result file to report")
    known: dict[str, Machine] = {}
    for file in kept:
        known.setdefault(file.machine.id, file.machine)
    machines = tuple(known.values())
    titles = _titles(machines)
    base = base_machine(machines, titles, kept, baseline)
    measured, apart = _measurements(kept)
    said = (*remarks, *twins, *repetition_remarks(kept, titles), *apart)
    return Study(tuple(kept), with_plausibility(measured), machines, titles, base, said)


def _measurements(files: list[ResultFile]) -> tuple[list[Measurement], list[str]]:
    """Runs of one key and the same work together; other work of that name is kept apart, and that is said.

    A file's cells of one workload stay together: they are what it compares.
    """
    sets: dict[tuple[str, str], list[tuple[WorkSet, str]]] = {}
    remarks = []
    for file in files:
        keyed = ((key_of(cell.extra), Run(file, cell)) for cell in file.cells)
        for workload, runs in grouped((key.workload, (key, run)) for key, run in keyed).items():
            mine = sets.setdefault((file.machine.id, workload), [])
            for number, part in enumerate(_coherent(runs), 1):
                label = f"{file.label} ({number})" if number > 1 else file.label
                remarks += _sorted_in(mine, part, workload, label)
    measured = [item for mine in sets.values() for found, name in mine for item in _of_set(found, name)]
    return measured, _shortened(remarks)


def _coherent(runs: list[tuple[Key, Run]]) -> list[list[tuple[Key, Run]]]:
    """One file's runs of a workload in parts of the same work; one, unless a key stands for two things."""
    parts: list[tuple[WorkSet, list[tuple[Key, Run]]]] = []
    for pair in runs:
        fitting = next((part for part in parts if not part[0].conflict([pair])), None)
        if fitting is None:
            fitting = (WorkSet(), [])
            parts.append(fitting)
        fitting[0].add([pair])
        fitting[1].append(pair)
    return [part for _, part in parts]


def _sorted_in(
    sets: list[tuple[WorkSet, str]], runs: list[tuple[Key, Run]], workload: str, label: str
) -> list[str]:
    """Add runs to the first set they fit, or as a set of their own; what is to be said of that."""
    told = ""
    for number, (known, _) in enumerate(sets):
        conflict = known.conflict(runs)
        if not conflict:
            known.add(runs)
            return []
        told = told if number else conflict
    made = WorkSet()
    made.add(runs)
    sets.append((made, label if sets else ""))
    return [f"{workload} of {label} is kept apart: {told}."] if told else []


def _of_set(found: WorkSet, name: str) -> list[Measurement]:
    apart = ((FILE_AXIS, name),) if name else ()
    return [
        Measurement(replace(key, axes=(*key.axes, *apart)), runs[0].file.machine, tuple(runs))
        for key, runs in grouped((key_of(run.cell.extra), run) for run in found.runs).items()
    ]


def _shortened(remarks: list[str], most: int = 8) -> list[str]:
    left = len(remarks) - most
    return [*remarks[:most], f"And {left} more are kept apart."] if left > 0 else remarks


def _titles(machines: tuple[Machine, ...]) -> dict[str, str]:
    """Labels, with the id's first digits where two machines share one."""
    labels = Counter(machine.label for machine in machines)
    return {
        machine.id: machine.label + (f" [{machine.id[:8]}]" if labels[machine.label] > 1 else "")
        for machine in machines
    }
