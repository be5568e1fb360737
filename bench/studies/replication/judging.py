"""One result file judged: each copy, and what is slower, as the product judges it and by other tools' rules.

In a group the report's base is the fastest entrant, which the data choose, and it allows for that. So there
are three ways: as the report says it; against a fixed base, the entrant itself; and against the fastest as if
it were fixed, to show what the choice does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import msgspec

from likeforlike.bench.studies.replication.copies import true_percent
from likeforlike.bench.studies.replication.settings import TRAININGS, Setting
from likeforlike.bench.studies.replication.slowed_trainings import with_slower_copies
from likeforlike.bench.studies.staging.account import StudyFailed
from likeforlike.bench.studies.staging.tool_rules import PEERS
from likeforlike.reports.judge.comparisons import Comparison, compare
from likeforlike.reports.judge.estimates import estimate_ratio, widest
from likeforlike.reports.judge.grounds import Grounds
from likeforlike.reports.read.recognition import read_content
from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.read.schema.declarations import NOISE_FLOOR
from likeforlike.reports.sort.baselines import base_of
from likeforlike.reports.sort.epochs import on_one_basis
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.statistics.verdicts import verdict, with_false_discovery_rate

REPORT = "as the report says: the fastest is the base"
FIXED = "the entrant itself is the base"
CHOSEN = "the fastest is the base, the choice not allowed for"
WAYS = (REPORT, FIXED, CHOSEN)


@dataclass(frozen=True)
class Told:
    """What is said of one implementation against a base, and what is true."""

    way: str
    """One of WAYS, or another tool's rule."""
    percent: int
    """By how much the other is slower in truth."""
    word: str
    """faster, slower, same, unclear, *no verdict*; of other tools not different."""
    holds: bool | None = None
    """Whether the interval holds the true ratio; None without an interval."""
    ratio: float = 1.0
    sure: bool = False
    """Whether the report would call it sure."""
    base_percent: int = 0
    """By how much the base is slower in truth: the fastest by its figures may be one that is not."""

    @property
    def reversed(self) -> bool:
        """Whether the one that is slower in truth is called faster."""
        wrong = "faster" if self.percent > self.base_percent else "slower"
        return self.percent != self.base_percent and self.word == wrong

    @property
    def different(self) -> bool:
        """Whether one of the two is called faster."""
        return self.word in ("faster", "slower")


def read_study(path: Path, setting: Setting) -> Study:
    """The study of one run's result file. Raises StudyFailed, in one line, for what can't be read."""
    try:
        content = path.read_bytes()
        if setting.kind == TRAININGS:
            content = msgspec.json.encode(with_slower_copies(msgspec.json.decode(content)))
        return build_study([read_content(content, str(path))])
    except ResultError as error:
        raise StudyFailed(str(error)) from error
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, KeyError) as error:
        raise StudyFailed(f"{path}: {error}") from error


def groups_of(study: Study) -> list[list[Measurement]]:
    """The comparison groups: what was measured at one place, of trainings with whole epochs where told."""
    real = [item for item in study.measurements if item.kind != NOISE_FLOOR and item.extra.role != "floor"]
    return [on_one_basis(items) for items in grouped((item.key.place, item) for item in real).values()]


def judge(study: Study, setting: Setting) -> list[Told]:
    """Everything that is said in one run, by us in three ways and by other tools."""
    grounds, groups = Grounds(study), groups_of(study)
    fixed = [(base, other) for items in groups for base, other in _against(items, setting.entrant)]
    fastest = [(base, other) for items in groups for base, other in _against_fastest(items)]
    said = {
        REPORT: compare(study, study.machines).implementations,
        FIXED: compared(fixed, grounds),
        CHOSEN: compared(fastest, grounds),
    }
    ours = (_told(way, item) for way, items in said.items() for item in items)
    return [*ours, *_by_others(fixed)]


def compared(pairs: Iterable[tuple[Measurement, Measurement]], grounds: Grounds) -> list[Comparison]:
    """Base and other, judged as a report judges what has a base of its own, false discoveries controlled."""
    found = []
    for base, other in pairs:
        estimate = estimate_ratio(base, other, grounds)
        if estimate is None:
            continue
        noise = widest([grounds.noise(base), grounds.noise(other)])
        found.append(Comparison("implementations", base, other, verdict(estimate, noise)))
    controlled = iter(with_false_discovery_rate([item.verdict for item in found if not item.doubt]))
    return [item if item.doubt else replace(item, verdict=next(controlled)) for item in found]


def _against(items: Sequence[Measurement], name: str) -> Iterator[tuple[Measurement, Measurement]]:
    base = next((item for item in items if item.key.implementation == name), None)
    if base is not None:
        yield from ((base, other) for other in items if other is not base)


def _against_fastest(items: Sequence[Measurement]) -> Iterator[tuple[Measurement, Measurement]]:
    base = base_of(items)
    yield from ((base, other) for other in items if other is not base)


def _told(way: str, item: Comparison) -> Told:
    base, percent = (true_percent(side.key.implementation) for side in (item.base, item.other))
    estimate = item.verdict.estimate
    word = "no verdict" if item.doubt else item.verdict.word
    truth = (100.0 + percent) / (100.0 + base)
    holds = estimate.low <= truth <= estimate.high if estimate.has_interval else None
    return Told(way, percent, word, holds, estimate.ratio, item.sure_of_times, base)


def _by_others(pairs: Iterable[tuple[Measurement, Measurement]]) -> Iterator[Told]:
    """Other tools' rules on all samples of either."""
    for base, other in pairs:
        first, second = (joined(item) for item in (base, other))
        percent = true_percent(other.key.implementation)
        if min(len(first), len(second)) > 1:
            yield from (Told(name, percent, rule(first, second)) for name, rule in PEERS.items())


def joined(item: Measurement) -> list[float]:
    """All its samples in seconds, of whatever launch."""
    return list(chain.from_iterable(run.cell.samples for run in item.runs))
