"""Each cell over commits: one point a run, in the order of the commits."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from likeforlike.reports.history.rows import HistoryRow
from likeforlike.reports.sort.likeness.comparability import lasting_work_text
from likeforlike.reports.sort.measured.measurements import grouped

SHORT = 9
"""Digits of a commit as they are shown."""


@dataclass(frozen=True)
class Visit:
    """One run on one machine: what all its cells share."""

    id: str
    machine: str
    commit: str
    """Empty where the file tells none."""
    dirty: bool
    """Whether files were changed since that commit."""
    when: str
    """Commit time; time of measuring where there is no commit. Sorts as text."""
    measured: str
    software_facts: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The commit, short; ``+`` marks changes since; the date where there is none."""
        if not self.commit:
            return self.measured[:10] or "no date"
        return f"{self.commit[:SHORT]}{'+' if self.dirty else ''}"

    @property
    def software(self) -> dict[str, str]:
        """Versions, driver, BLAS and host by name."""
        return dict(self.software_facts)

    @property
    def order(self) -> tuple[str, bool, str, str]:
        """What visits are sorted by; changes come after the commit that they were made on."""
        return self.when, self.dirty, self.measured, self.id


@dataclass(frozen=True)
class Series:
    """One cell over the visits to a machine."""

    machine: str
    workload: str
    implementation: str
    device: str
    axes: str
    axes_by_name: Mapping[str, Any]
    cell: str
    plugins: tuple[str, ...]
    visits: tuple[Visit, ...]
    logs: tuple[float, ...]
    """Log of the seconds at each visit: mean over launches, its twin's among them, of their medians' logs."""
    reference: bool
    """Whether it tells of the machine."""
    plain: bool = False
    """Whether it is another tool's, which ``likeforlike ab`` can't measure."""
    apart: str = ""
    """What its work is, where other work bears its name."""
    handed_over: bool = False
    """Whether it is someone's own function, which ``likeforlike ab`` can't measure either."""

    @property
    def name(self) -> str:
        """As a reader sees it."""
        parts = [self.workload if not self.plain else "", self.implementation, self.device, self.axes]
        told = " ".join(part for part in parts if part)
        return f"{told} ({self.apart})" if self.apart else told

    @property
    def first_of_commit(self) -> list[int]:
        """Positions at which another state of the code begins: a step lies between commits."""
        states = [(visit.commit or visit.id, visit.dirty and visit.id) for visit in self.visits]
        return [n for n in range(1, len(states)) if states[n] != states[n - 1]]


@dataclass(frozen=True)
class History:
    """All that the rows tell."""

    series: tuple[Series, ...]
    machines: Mapping[str, str]
    """A label for each machine."""
    remarks: tuple[str, ...]


def history_of(rows: Iterable[HistoryRow]) -> History:
    """Rows sorted into series; points in doubt are left out, and that is said."""
    sound, doubtful = [], 0
    for row in rows:
        if row.doubt or not _log_seconds(row):
            doubtful += 1
        else:
            sound.append(row)
    kept = grouped((_key(row, row.implementation), row) for row in sound)
    twins = grouped((_key(row, row.twin_of), row) for row in sound if row.twin_of)
    works = grouped((key[:-1], key) for key in kept)
    series = [
        _series(key, members, twins.get(key, ()), len(works[key[:-1]]) > 1) for key, members in kept.items()
    ]
    labels = {row.machine: row.machine_label for row in sound}
    remarks = []
    if doubtful:
        remarks.append(
            f"{doubtful} figure{'' if doubtful == 1 else 's'} left out: implausible, wrong or no time at all."
        )
    return History(tuple(series), _titles(labels), tuple(remarks))


def _key(row: HistoryRow, implementation: str) -> tuple[str, ...]:
    work = lasting_work_text(row.work)
    return row.machine, row.workload, implementation, row.device, row.axes, work


def _titles(labels: Mapping[str, str]) -> dict[str, str]:
    alike = grouped((label, machine) for machine, label in labels.items())
    return {m: label if len(alike[label]) == 1 else f"{label} ({m[:6]})" for m, label in labels.items()}


def _series(
    key: tuple[str, ...], rows: Sequence[HistoryRow], twins: Sequence[HistoryRow], has_others: bool
) -> Series:
    """A twin is its entrant's code in processes of its own: further launches of it."""
    visits = grouped((_visit(row).id, row) for row in rows)
    further = grouped((_visit(row).id, row) for row in twins)
    points = sorted(
        (
            (_visit(members[0]), _mean_log([*members, *further.get(name, ())]))
            for name, members in visits.items()
        ),
        key=_order,
    )
    last = rows[-1]
    return Series(
        machine=last.machine,
        workload=last.workload,
        implementation=last.implementation,
        device=last.device,
        axes=last.axes,
        axes_by_name=json.loads(last.axes_json),
        cell=last.cell,
        plugins=tuple(json.loads(last.plugins)),
        visits=tuple(visit for visit, _ in points),
        logs=tuple(log for _, log in points),
        reference=last.reference,
        plain=not last.run_id,
        apart=last.work if has_others else "",
        handed_over=last.handed_over,
    )


def _order(point: tuple[Visit, float]) -> tuple[str, bool, str, str]:
    return point[0].order


def _visit(row: HistoryRow) -> Visit:
    return Visit(
        id=row.run_id or row.digest,
        machine=row.machine,
        commit=row.commit,
        dirty=bool(row.dirty),
        when=_sortable(row.commit_time) or _sortable(row.datetime) or row.datetime,
        measured=row.datetime,
        software_facts=tuple(json.loads(row.software).items()),
    )


def _sortable(time: str) -> str:
    """An ISO time in UTC, so that text sorts as time; empty if it is none."""
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return ""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def _mean_log(rows: Sequence[HistoryRow]) -> float:
    """Mean over launches, of all repetitions of the visit, of the logs of their medians."""
    return statistics.fmean(log for row in rows for log in _log_seconds(row))


def _log_seconds(row: HistoryRow) -> list[float]:
    if not row.samples:
        return [math.log(row.median_seconds)] if row.median_seconds > 0.0 else []
    timed = list(zip(row.launches, row.samples, row.disturbed, strict=True))
    quiet = [item for item in timed if not item[2]]
    if 2 * len(quiet) < len(timed):
        quiet = timed  # most are disturbed: the report counts all of them, too
    launches = grouped((launch, sample) for launch, sample, _ in quiet)
    medians = [statistics.median(samples) for samples in launches.values()]
    return [math.log(median) for median in medians if median > 0.0]
