"""The material of a report: files sorted into measurements, each judged once for whether it can be true.

A measurement is one implementation on one device at one point of its axes on one machine; repeated runs,
in one file or several, are its runs and are kept apart.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from devices.ceilings import PRECISIONS, Ceiling, device_ceiling
from devices.plausibility import flat_span, judge, judge_series
from reports.machines import Machine
from reports.records import Extra
from reports.results import Cell, ResultFile

REPEAT_AXIS = "run"
"""The axis that numbers repetitions of the same work."""
UNSTATED = "unstated"
"""The device of published figures whose source does not name one."""
NOISE = "noise"
LEADING_AXES = ("recipe", "size")

Axes = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Key:
    """What was measured, wherever it was."""

    workload: str
    implementation: str
    device: str
    axes: Axes

    @property
    def axis(self) -> dict[str, Any]:
        """The axes by name."""
        return dict(self.axes)

    @property
    def place(self) -> tuple[str, str, Axes]:
        """All but the implementation: what interchangeable implementations share."""
        return self.workload, self.device, self.axes

    @property
    def text(self) -> str:
        """Readable, short."""
        parts = (self.implementation, self.device, axes_text(self.axes))
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Run:
    """One file's cell."""

    file: ResultFile
    cell: Cell

    @property
    def number(self) -> Any:
        """Which repetition of the file it is."""
        return self.cell.extra.axes.get(REPEAT_AXIS, 0)

    @property
    def numbered(self) -> bool:
        """Whether its samples carry the numbers of their rounds, and so can be paired."""
        return self.cell.extra.round_numbers is not None

    @cached_property
    def disturbed_rounds(self) -> frozenset[int]:
        """Rounds during which the machine was not at rest."""
        return frozenset(item.round for item in self.cell.extra.disturbed)

    @cached_property
    def quiet_samples(self) -> list[float]:
        """The samples of the other rounds."""
        if not self.disturbed_rounds:
            return list(self.cell.samples)
        pairs = zip(self.cell.rounds, self.cell.samples, strict=True)
        return [sample for number, sample in pairs if number not in self.disturbed_rounds]


@dataclass(frozen=True)
class Measurement:
    """All runs of one key on one machine, and what is to be thought of them."""

    key: Key
    machine: Machine
    runs: tuple[Run, ...]
    ceiling: Ceiling | None = None
    implausible: tuple[str, ...] = ()
    """Why the figure can't be true; empty if it can."""

    @property
    def extra(self) -> Extra:
        """The first run's description; identity and terms are the same for all."""
        return self.runs[0].cell.extra

    @cached_property
    def disturbed(self) -> str:
        """Why the figure as a whole is disturbed: most of its samples were; empty if it is not."""
        total = sum(len(run.cell.samples) for run in self.runs)
        quiet = sum(len(run.quiet_samples) for run in self.runs)
        if total == quiet or 2 * quiet >= total:
            return ""
        reasons = dict.fromkeys(item.reason for run in self.runs for item in run.cell.extra.disturbed)
        return f"{total - quiet} of {total} samples disturbed: {'; '.join(list(reasons)[:3])}"

    @cached_property
    def samples(self) -> list[float]:
        """Seconds, all runs together, without the disturbed ones where enough are left."""
        every = [sample for run in self.runs for sample in run.cell.samples]
        if self.disturbed:
            return every
        return [sample for run in self.runs for sample in run.quiet_samples] or every

    @cached_property
    def median_seconds(self) -> float:
        """Median of the samples; of the runs' medians where a file holds no samples."""
        return statistics.median(self.samples or [run.cell.median_seconds for run in self.runs])

    @property
    def flop_per_second(self) -> float | None:
        """Work over median time; None without a count of the work."""
        flop = self.extra.flop
        return flop / self.median_seconds if flop and self.median_seconds else None

    @property
    def verified(self) -> bool:
        """Whether every run's answer was checked and within tolerance."""
        checks = [run.cell.extra.verified for run in self.runs]
        return all(check is not None and check.error <= check.tolerance for check in checks)

    @property
    def doubt(self) -> str:
        """Why the figure by itself is not to be believed; empty if it may be."""
        if self.implausible:
            return f"implausible: {self.implausible[0]}"
        return self.disturbed and f"disturbed: {self.disturbed}"

    @property
    def sound(self) -> bool:
        """Verified, and can be true; if it was disturbed, so were those measured in turns with it."""
        return self.verified and not self.implausible

    @property
    def trusted(self) -> bool:
        """Whether a finding may rest on the figure by itself."""
        return self.verified and not self.doubt


@dataclass(frozen=True)
class Study:
    """Everything a report is made from."""

    files: tuple[ResultFile, ...]
    measurements: tuple[Measurement, ...]
    machines: tuple[Machine, ...]
    titles: Mapping[str, str]
    """A short name for each machine id, unlike all others."""
    baseline: Machine
    remarks: tuple[str, ...] = ()
    """What happened to the files on the way: repetitions, twins, files left out."""

    def of(self, workload: str, machine: Machine | None = None) -> list[Measurement]:
        """Measurements of one workload, on one machine or all."""
        return [
            item
            for item in self.by_workload.get(workload, [])
            if machine is None or item.machine.id == machine.id
        ]

    @cached_property
    def by_workload(self) -> dict[str, list[Measurement]]:
        """Measurements by workload, in the files' order."""
        return grouped((item.key.workload, item) for item in self.measurements)

    @cached_property
    def find(self) -> dict[tuple[str, Key], Measurement]:
        """Measurements by machine id and key."""
        return {(item.machine.id, item.key): item for item in self.measurements}

    def noise(self, machine: Machine) -> tuple[float, float] | None:
        """The widest A/A interval of the machine's runs; None if none was measured."""
        return self._noise.get(machine.id)

    @cached_property
    def _noise(self) -> dict[str, tuple[float, float]]:
        widest: dict[str, tuple[float, float]] = {}
        for file in self.files:
            if file.noise is not None and file.noise.aa_interval is not None:
                low, high = sorted(file.noise.aa_interval)
                before = widest.get(file.machine.id, (low, high))
                widest[file.machine.id] = (min(low, before[0]), max(high, before[1]))
        return widest

    @property
    def synthetic(self) -> bool:
        """Whether any training was done on generated data."""
        trained = self.by_workload.get("training", [])
        return any(run.cell.extra.data_is_generated for item in trained for run in item.runs)


def grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    """Values by key, keys in order of first appearance."""
    result: dict[Any, list[Any]] = {}
    for key, value in pairs:
        result.setdefault(key, []).append(value)
    return result


def axes_text(axes: Axes) -> str:
    """Axes as a reader says them: well-known ones by value alone."""
    told = ("size", "dtype", "recipe")
    return " ".join(str(value) if name in told else f"{name}={value}" for name, value in axes)


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
    if not kept:
        raise ValueError("no result file to report")
    known: dict[str, Machine] = {}
    for file in kept:
        known.setdefault(file.machine.id, file.machine)
    machines = tuple(known.values())
    titles = _titles(machines)
    said = (*remarks, *twins, *_repetitions(kept, titles))
    chosen = _choose(machines, titles, kept, baseline)
    runs = grouped(
        ((file.machine.id, key_of(cell.extra)), Run(file, cell)) for file in kept for cell in file.cells
    )
    measured = [Measurement(key, runs[0].file.machine, tuple(runs)) for (_, key), runs in runs.items()]
    return Study(tuple(kept), _judged(measured), machines, titles, chosen, said)


def _without_twins(files: Iterable[ResultFile]) -> tuple[list[ResultFile], list[str]]:
    """The same bytes given twice are one measurement; that is said, not hidden."""
    kept: dict[str, ResultFile] = {}
    remarks = []
    for file in files:
        twin = kept.setdefault(file.digest, file)
        if twin is not file:
            remarks.append(f"{file.path} is the same file as {twin.path}, byte for byte, and counts once.")
    return list(kept.values()), remarks


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
    """The machine called for by label, id or file name; without a name the first one given."""
    if wanted is None:
        return machines[0]
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
