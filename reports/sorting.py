"""Files sorted into a study: what counts and how often, what is the same work, what can't be true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from devices.ceilings import PRECISIONS, Ceiling, device_ceiling
from devices.plausibility import flat_span, judge, judge_series
from reports.machines import Machine
from reports.records import Extra
from reports.results import ResultFile
from reports.study import FILE_AXIS, REPEAT_AXIS, Key, Measurement, Run, Study, grouped
from reports.work import WorkSet


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
    kept, twins = _without_twins(files)
    kept = _with_labels_of_their_own(kept)
    if not kept:
        raise ValueError("no result file to report")
    known: dict[str, Machine] = {}
    for file in kept:
        known.setdefault(file.machine.id, file.machine)
    machines = tuple(known.values())
    titles = _titles(machines)
    chosen = _choose(machines, titles, kept, baseline)
    measured, apart = _measurements(kept)
    said = (*remarks, *twins, *_repetitions(kept, titles), *apart)
    return Study(tuple(kept), _judged(measured), machines, titles, chosen, said)


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
    return [f"{workload} of {label} is other work, kept apart: {told}."] if told else []


def _of_set(found: WorkSet, name: str) -> list[Measurement]:
    apart = ((FILE_AXIS, name),) if name else ()
    return [
        Measurement(replace(key, axes=(*key.axes, *apart)), runs[0].file.machine, tuple(runs))
        for key, runs in grouped((key_of(run.cell.extra), run) for run in found.runs).items()
    ]


def _shortened(remarks: list[str], most: int = 8) -> list[str]:
    left = len(remarks) - most
    return [*remarks[:most], f"And {left} more of other work."] if left > 0 else remarks


def _without_twins(files: Iterable[ResultFile]) -> tuple[list[ResultFile], list[str]]:
    """The same samples given twice are one measurement; that is said, not hidden."""
    kept: dict[str, ResultFile] = {}
    remarks = []
    for file in files:
        twin = kept.setdefault(file.digest, file)
        if twin is not file:
            remarks.append(f"{file.path} is the same file as {twin.path}, byte for byte, and counts once.")
    return _without_earlier_states(list(kept.values()), remarks), remarks


def _without_earlier_states(files: list[ResultFile], remarks: list[str]) -> list[ResultFile]:
    """Of a run that was resumed, a file written before holds cells of the file after it: these count once."""
    seen: dict[tuple[Any, ...], ResultFile] = {}
    result = []
    for file in files:
        if not file.run_id:
            result.append(file)
            continue
        places = [(file.run_id, file.machine.id, cell.id, cell.samples) for cell in file.cells]
        first = next((seen[place] for place in places if place in seen), None)
        own = tuple(cell for cell, place in zip(file.cells, places, strict=True) if place not in seen)
        if first is not None:
            count = len(file.cells) - len(own)
            remarks.append(f"{file.path} and {first.path} are of one run: {count} cells of both count once.")
        seen |= {place: file for place in places if place not in seen}
        result.append(file if first is None else replace(file, cells=own))
    return result


def _with_labels_of_their_own(files: list[ResultFile]) -> list[ResultFile]:
    """Of files of one name each is called by its folder too; by its whole path if need be."""
    for parts in (2, 1000):
        count = Counter(file.label for file in files)
        files = [
            replace(file, label="/".join(file.path.split("/")[-parts:])) if count[file.label] > 1 else file
            for file in files
        ]
    return files


def _repetitions(files: list[ResultFile], titles: Mapping[str, str]) -> list[str]:
    remarks = []
    for machine, mine in grouped((file.machine.id, file) for file in files).items():
        if len(mine) > 1:
            names = ", ".join(file.label for file in mine[:5]) + (" and more" if len(mine) > 5 else "")
            nodes = len({file.node for file in mine})
            what = "repetitions on one machine" if nodes == 1 else f"of {nodes} machines of one kind"
            remarks.append(f"{len(mine)} files are {what}, {titles[machine]}: {names}.")
    for file in files:
        cells = grouped((cell.id, cell) for cell in file.cells)
        twice = [name for name, same in cells.items() if len(same) > 1]
        if twice:
            remarks.append(
                f"{file.label} holds {len(twice)} cell(s) more than once, such as {twice[0]}: "
                "kept as repetitions."
            )
    return remarks


def _titles(machines: tuple[Machine, ...]) -> dict[str, str]:
    """Labels, with the id's first digits where two machines share one."""
    labels = Counter(machine.label for machine in machines)
    return {
        machine.id: machine.label + (f" [{machine.id[:8]}]" if labels[machine.label] > 1 else "")
        for machine in machines
    }


def _choose(
    machines: tuple[Machine, ...], titles: Mapping[str, str], files: list[ResultFile], wanted: str | None
) -> Machine:
    """The machine called for by label, id or file name; without a name the first unpublished one."""
    if wanted is None:
        own = (file.machine for file in files if file.header is None or not file.header.published)
        return next(own, machines[0])
    word = wanted.casefold()
    fitting = [m for m in machines if word in titles[m.id].casefold() or m.id.casefold().startswith(word)]
    fitting = fitting or [file.machine for file in files if word in file.label.casefold()]
    if len({machine.id for machine in fitting}) == 1:
        return fitting[0]
    known = ", ".join(titles[machine.id] for machine in (fitting or machines)[:8])
    problem = "fits several machines" if fitting else "fits no machine"
    raise ValueError(f"--baseline {wanted!r} {problem}; known: {known}")


def _judged(measured: list[Measurement]) -> tuple[Measurement, ...]:
    """Hold every measurement against its device's ceiling and every series of sizes against flatness."""
    ceilings: dict[tuple[str, str, str], Ceiling | None] = {}

    def ceiling_of(item: Measurement) -> Ceiling | None:
        place = (item.machine.id, item.key.device, precision(item.extra))
        if place not in ceilings:
            ceilings[place] = device_ceiling(item.machine.fingerprint, place[1], place[2])
        return ceilings[place]

    result = [replace(item, ceiling=ceiling_of(item)) for item in measured]
    flat = _flat_reasons(result)
    return tuple(replace(item, implausible=_reasons(item, flat)) for item in result)


def precision(extra: Extra) -> str:
    """The precision mode a cell worked in; float32, whose ceiling is higher than float64's, if untold."""
    told = extra.axes.get("dtype") or (extra.recipe or {}).get("precision")
    return str(told) if told in PRECISIONS else "float32"


def _reasons(item: Measurement, flat: Mapping[tuple[str, Key], str]) -> tuple[str, ...]:
    reasons: dict[str, None] = {}
    fastest = min((run.cell for run in item.runs), key=lambda cell: cell.median_seconds)
    extra = fastest.extra
    waited = extra.synchronised_median_seconds if extra.timing == "unsynchronised" else None
    reasons |= dict.fromkeys(judge(extra.flop, fastest.median_seconds, item.ceiling, waited))
    series = flat.get((item.machine.id, item.key))
    if series:
        reasons[series] = None
    if not reasons:  # what the file says of itself, where it knows more than its figures show
        reasons = {
            reason: None
            for run in item.runs
            if run.cell.extra.plausible is not None and not run.cell.extra.plausible.ok
            for reason in run.cell.extra.plausible.reasons or ("marked implausible by its own run",)
        }
    return tuple(reasons)


def _flat_reasons(measured: list[Measurement]) -> dict[tuple[str, Key], str]:
    """The reason for each measurement that belongs to a series whose time hardly grows with its work."""
    series = grouped((_series_of(item), item) for item in measured if item.extra.flop)
    reasons = {}
    for items in series.values():
        if len(items) < 2:
            continue
        points = [(item.extra.flop or 0.0, item.median_seconds) for item in items]
        span = flat_span(points, items[0].ceiling)
        reason = judge_series(points, items[0].ceiling)
        if span is None or reason is None:
            continue
        for item, point in zip(items, points, strict=True):
            if span[0][0] <= point[0] <= span[1][0]:
                reasons[item.machine.id, item.key] = reason
    return reasons


def _series_of(item: Measurement) -> tuple[Any, ...]:
    others = tuple((name, value) for name, value in item.key.axes if name != "size")
    return item.machine.id, item.key.workload, item.key.implementation, item.key.device, others
