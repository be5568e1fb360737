"""What a study's runs are: which entrant, under what condition, in how many launches; and where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from likeforlike.bench.studies.staging.account import StudyFailed

BUSY, QUIET = "busy", "quiet"
CONDITIONS = (BUSY, QUIET)
"""Beside a neighbour that computes for 2 to 12 s and rests for 2 to 12 s, and without."""
KERNELS, TRAININGS = "kernels", "trainings"
PRESET = "preset"
GATE = "gate"
"""The folder of the runs that are held against each other."""


@dataclass(frozen=True)
class Setting:
    """What the runs of one folder have in common."""

    condition: str
    kind: str
    entrant: str
    launches: int | None = None
    """As asked for; None: the preset's."""

    @property
    def launches_text(self) -> str:
        """In a table."""
        return "quick's" if self.launches is None else str(self.launches)

    @property
    def title(self) -> str:
        """In a line of progress."""
        return f"{self.condition}, {self.kind}, {self.entrant}, {self.launches_text} launches"

    def folder(self, root: Path) -> Path:
        """Where its runs lie: ``busy/kernels/numpy/launches-preset``."""
        launches = PRESET if self.launches is None else str(self.launches)
        return root / self.condition / self.kind / self.entrant / f"launches-{launches}"

    def result(self, root: Path, number: int) -> Path:
        """The result file of one run."""
        return self.folder(root) / f"run-{number:03}.json"


RUNS = "*/*/*/launches-*/run-*.json"


def holds_runs(root: Path) -> bool:
    """Whether result files of copies lie below a folder."""
    return any(root.glob(RUNS))


def found(root: Path) -> dict[Setting, list[Path]]:
    """Every setting of which result files lie below a folder. Raises StudyFailed where there are none."""
    runs: dict[Setting, list[Path]] = {}
    for path in sorted(root.glob(RUNS)):
        runs.setdefault(_setting_of(path.relative_to(root)), []).append(path)
    if not runs:
        raise StudyFailed(
            f"{root}: no result file of this study, such as busy/kernels/numpy/launches-preset/run-001.json"
        )
    return runs


def _setting_of(path: Path) -> Setting:
    condition, kind, entrant, launches = path.parts[:4]
    number = launches.removeprefix("launches-")
    if condition not in CONDITIONS or kind not in (KERNELS, TRAININGS):
        raise StudyFailed(f"{path}: expected CONDITION/KIND/ENTRANT/launches-N/run-NNN.json of this study")
    return Setting(condition, kind, entrant, int(number) if number.isdigit() else None)


def settings_of(
    conditions: tuple[str, ...],
    kernels: tuple[str, ...],
    trainers: tuple[str, ...],
    launches: tuple[int | None, ...],
) -> Iterator[Setting]:
    """All that are asked for, those of one condition and number of launches together."""
    named = [(KERNELS, name) for name in kernels] + [(TRAININGS, name) for name in trainers]
    for condition in conditions:
        for number in launches:
            for kind, name in named:
                yield Setting(condition, kind, name, number)
