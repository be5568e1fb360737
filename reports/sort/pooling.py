"""Files sorted into a study: which runs are one measurement, and which stand beside each other.

Runs are one measurement only if machine, set-up, commit, options, work and schema say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.read.schema.cells import Extra
from likeforlike.reports.sort.baselines import base_machine
from likeforlike.reports.sort.duplicates import repetition_remarks, with_labels_of_their_own, without_twins
from likeforlike.reports.sort.group_by import OWN_GROUPS, GroupBy, check_group_by
from likeforlike.reports.sort.likeness.comparability import WorkSet
from likeforlike.reports.sort.likeness.machine_identity import machine_titles, with_known_machines
from likeforlike.reports.sort.likeness.repetitions import unlike_files
from likeforlike.reports.sort.measured.keys import FILE_AXIS, REPEAT_AXIS, Key
from likeforlike.reports.sort.measured.measurements import TWIN, Measurement, Run, grouped
from likeforlike.reports.sort.measured.study import Pool, Study
from likeforlike.reports.sort.plausibility import with_plausibility

MOST_REMARKS = 8

KeyedRuns = list[tuple[Key, Run]]


@dataclass
class _Set:
    """Runs of one workload on one machine that are repetitions of each other wherever they meet."""

    label: str
    """Its first file, with a number where the file holds several such sets."""
    work: WorkSet = field(default_factory=WorkSet)
    files: list[ResultFile] = field(default_factory=list)

    def add(self, file: ResultFile, runs: KeyedRuns) -> None:
        self.work.add(runs)
        if not any(file is known for known in self.files):
            self.files.append(file)

    def conflict(self, file: ResultFile, runs: KeyedRuns) -> str:
        """Why runs of a file are no repetitions of these; empty if they are."""
        reasons = (unlike_files(known, file) for known in self._witnesses())
        return next(filter(None, reasons), "") or self.work.conflict(runs)

    def _witnesses(self) -> Iterable[ResultFile]:
        """The first file; where it tells no commit, or no digests of its code, also the first that does."""
        tells = (lambda file: file.commit, lambda file: file.header and file.header.code)
        first = [next((file for file in self.files if told(file)), self.files[0]) for told in tells]
        return {id(file): file for file in (self.files[0], *first)}.values()

    @property
    def name(self) -> str:
        more = len(self.files) - 1
        return f"{self.label} and {more} more" if more else self.label


def key_of(extra: Extra) -> Key:
    """The key of a cell; the repeat axis is no part of it."""
    axes = tuple((name, value) for name, value in extra.axes.items() if name != REPEAT_AXIS)
    implementation = (
        extra.implementation if extra.axes or extra.device else extra.cell or extra.implementation
    )
    return Key(extra.workload, implementation, extra.device, axes)


def build_study(
    files: Iterable[ResultFile],
    baseline: str | None = None,
    remarks: tuple[str, ...] = (),
    group_by: GroupBy | None = None,
) -> Study:
    """Sort files into measurements and judge them.

    ``baseline`` is part of a machine's label or id, of a file's, or of a plain benchmark's name. Raises
    ValueError if no file is given, nothing fits ``baseline`` or there is nothing for ``group_by``.
    """
    given = list(files)
    if group_by is not None:
        check_group_by(group_by, given)
    known = with_known_machines(given)
    ids = {old.machine.id: new.machine.id for old, new in zip(given, known, strict=True)}
    kept, twins = without_twins(known)
    kept = with_labels_of_their_own(kept)
    if not kept:
        raise ValueError("no result file to report")
    machines = tuple({file.machine.id: file.machine for file in kept}.values())
    titles = machine_titles(machines, kept)
    base = base_machine(machines, titles, kept, baseline, ids)
    sets, apart = _sets(kept)
    measured = [item for mine in sets.values() for found in mine for item in _of_set(found, len(mine) > 1)]
    pools = tuple(_pools(sets))
    said = (*remarks, *twins, *repetition_remarks(pools, kept, titles), *apart)
    base_file = _base_file(kept, base, baseline)
    judged = with_plausibility(measured)
    return Study(
        tuple(kept),
        tuple(item for item in judged if item.extra.role != TWIN),
        machines,
        titles,
        base,
        tuple(item for item in judged if item.extra.role == TWIN),
        said,
        pools,
        base_file,
        baseline or "",
        group_by or OWN_GROUPS,
    )


def _base_file(files: list[ResultFile], base: Machine, wanted: str | None) -> str:
    """The label of the one file of the baseline that is called for by its name, or a part; else empty."""
    if wanted is None:
        return ""
    mine = [file.label for file in files if file.machine.id == base.id]
    word = wanted.casefold()
    whole = [label for label in mine if label.casefold() == word]
    fitting = whole or [label for label in mine if word in label.casefold()]
    return fitting[0] if len(fitting) == 1 else ""


def _sets(files: list[ResultFile]) -> tuple[dict[tuple[str, str], list[_Set]], list[str]]:
    """Repetitions together, by machine and workload; what is none of them is kept apart, and that is said.

    A file's cells of one workload stay together: they are what it compares.
    """
    sets: dict[tuple[str, str], list[_Set]] = {}
    told: dict[str, dict[str, None]] = {}
    for file in files:
        keyed = ((key_of(cell.extra), Run(file, cell)) for cell in file.cells)
        for workload, runs in grouped((key.workload, (key, run)) for key, run in keyed).items():
            mine = sets.setdefault((file.machine.id, workload), [])
            for number, part in enumerate(_coherent(runs), 1):
                label = f"{file.label} ({number})" if number > 1 else file.label
                reason = _sorted_in(mine, file, part, label)
                if reason:
                    told.setdefault(f"{label} stands beside {mine[0].label}: {reason}.", {})[workload] = None
    remarks = [f"{', '.join(workloads)} of {text}" for text, workloads in told.items()]
    left = len(remarks) - MOST_REMARKS
    return sets, remarks if left <= 0 else [*remarks[:MOST_REMARKS], f"And {left} more stand beside others."]


def _coherent(runs: KeyedRuns) -> list[KeyedRuns]:
    """One file's runs of a workload in parts of the same work; one, unless a key stands for two things."""
    parts: list[tuple[WorkSet, KeyedRuns]] = []
    for pair in runs:
        fitting = next((part for part in parts if not part[0].conflict([pair])), None)
        if fitting is None:
            fitting = (WorkSet(), [])
            parts.append(fitting)
        fitting[0].add([pair])
        fitting[1].append(pair)
    return [part for _, part in parts]


def _sorted_in(sets: list[_Set], file: ResultFile, runs: KeyedRuns, label: str) -> str:
    """Add runs to the first set they repeat, or as a set of their own: then why they are not of the first."""
    first = ""
    for number, known in enumerate(sets):
        conflict = known.conflict(file, runs)
        if not conflict:
            known.add(file, runs)
            return ""
        first = first if number else conflict
    made = _Set(label)
    made.add(file, runs)
    sets.append(made)
    return first


def _of_set(found: _Set, beside_others: bool) -> list[Measurement]:
    apart = ((FILE_AXIS, found.name),) if beside_others else ()
    return [
        Measurement(replace(key, axes=(*key.axes, *apart)), runs[0].file.machine, tuple(runs))
        for key, runs in grouped((key_of(run.cell.extra), run) for run in found.work.runs).items()
    ]


def _pools(sets: dict[tuple[str, str], list[_Set]]) -> Iterable[Pool]:
    for (_, workload), mine in sets.items():
        for found in mine:
            if len(found.files) > 1:
                name = found.name if len(mine) > 1 else ""
                runs = grouped((key_of(run.cell.extra), run.file.digest) for run in found.work.runs)
                shared = any(len(set(digests)) > 1 for digests in runs.values())
                yield Pool(found.files[0].machine, workload, tuple(found.files), name, shared)
