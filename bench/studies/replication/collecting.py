"""All runs of a setting together: what was said in them, and the logs of their times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from likeforlike.bench.studies.replication.copies import true_percent
from likeforlike.bench.studies.replication.judging import Told, groups_of, judge, read_study
from likeforlike.bench.studies.replication.settings import Setting
from likeforlike.bench.studies.replication.variance import Nested
from likeforlike.reports.sort.beside_time.units import paired_by_launch
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.sort.measured.study import Study

Logs = dict[tuple[str, ...], list[list[np.ndarray]]]
"""By cell: run by run, launch by launch."""


@dataclass
class Runs:
    """What the runs of one setting show."""

    setting: Setting
    told: list[Told] = field(default_factory=list)
    times: Logs = field(default_factory=dict)
    """Logs of seconds of the entrant and its copies."""
    ratios: Logs = field(default_factory=dict)
    """Logs of the ratios of a copy to the entrant, in pairs."""
    files: int = 0
    groups: int = 0
    """Comparison groups: what was said within one of them rests on the same base's samples."""
    lost: Counter[str] = field(default_factory=Counter)
    """Cells of the entrants that gave no figure, by outcome and reason."""

    def add(self, study: Study) -> None:
        """One more run of it."""
        self.files += 1
        self.told += judge(study, self.setting)
        for items in groups_of(study):
            alike = [item for item in items if true_percent(item.key.implementation) == 0]
            base = next((i for i in alike if i.key.implementation == self.setting.entrant), None)
            self.groups += base is not None
            for item in alike:
                self.times.setdefault(_name(item), []).append(_times(item))
                if base is not None and item is not base:
                    self.ratios.setdefault(_name(item), []).append(_ratios(base, item))
        gaps = (gap for file in study.files for gap in file.unmeasured)
        self.lost.update(f"{gap.outcome}: {gap.reason}" for gap in gaps)


def collect(files: Mapping[Setting, Iterable[Path]]) -> list[Runs]:
    """Read and judge all. Raises StudyFailed for a file that can't be read."""
    found = []
    for setting, paths in files.items():
        runs = Runs(setting)
        for path in paths:
            runs.add(read_study(path, setting))
        found.append(runs)
    return found


def nested(runs: Iterable[Runs], ratios: bool) -> list[Nested]:
    """The cells of several settings, of which variances are told together."""
    return [cell for one in runs for cell in (one.ratios if ratios else one.times).values()]


def _name(item: Measurement) -> tuple[str, ...]:
    return item.key.implementation, item.key.device, *(f"{name} {value}" for name, value in item.key.axes)


def _times(item: Measurement) -> list[np.ndarray]:
    launches: dict[tuple[object, int], list[float]] = {}
    for run in item.runs:
        for number, seconds in zip(run.launch_numbers, run.cell.samples, strict=True):
            launches.setdefault((run.number, number), []).append(seconds)
    return [np.log([s for s in samples if s > 0]) for samples in launches.values()]


def _ratios(base: Measurement, other: Measurement) -> list[np.ndarray]:
    launches = (np.array(pairs) for pairs in paired_by_launch(base, other).values())
    usable = (pairs[(pairs > 0).all(axis=1)] for pairs in launches)
    return [np.log(pairs[:, 1] / pairs[:, 0]) for pairs in usable]
