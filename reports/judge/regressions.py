"""``--against``: is anything slower than it was? For a pull request's check.

Only a verdict *slower* by more than the limit fails, of a cell or of an implementation's cells together;
*unclear* warns, since noise is no regression. What was measured while others used the machine is judged, as
in the report's tables, and told to be not sure. What could not be judged is told with the reason, and a check
that could judge nothing is no check. A cell that the base has and that was tried again without a figure is no
pass either: a wrong answer may well be the faster one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from likeforlike.reports.judge.estimates import TWINS, twin_drift, unpaired_estimate, widest
from likeforlike.reports.judge.grounds import Grounds, kind_of, runs_shown
from likeforlike.reports.judge.joint_regressions import JointCheck, JudgedCell, joint_checks
from likeforlike.reports.judge.limits import Limits, check_patterns, matches
from likeforlike.reports.judge.matching import Pair, pair_alike
from likeforlike.reports.judge.quality import Quality, qualities
from likeforlike.reports.read.machines import differences
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.read.schema.declarations import NOISE_FLOOR
from likeforlike.reports.sort.baselines import whole_pair
from likeforlike.reports.sort.likeness.machine_identity import names_processor, with_known_machines
from likeforlike.reports.sort.likeness.measuring_options import unlike_measuring
from likeforlike.reports.sort.measured.keys import Key
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.statistics.moderated_variance import Spread
from likeforlike.reports.statistics.ratios import RatioEstimate
from likeforlike.reports.statistics.verdicts import Verdict, verdict, with_false_discovery_rate

__all__ = ["TWINS", "Check", "Lost", "Outcome", "check_against"]

SKIPPED, INTERRUPTED = "skipped", "interrupted"
"""Outcomes of cells that nobody tried to measure, and that were not reached before the run was ended."""


@dataclass(frozen=True)
class Check:
    """One cell, before and now."""

    name: str
    before: Measurement
    now: Measurement
    verdict: Verdict
    doubt: str
    """Why no verdict is given; empty if one is."""
    limit: float
    """By how much it may be slower, as a share."""
    quality: Quality | None = None
    """What accuracies allow to be said of it; None where nothing is trained."""

    @property
    def word(self) -> str:
        """What is said of it now; who trained worse is not called faster."""
        return self.verdict.word if self.quality is None else self.quality.spoken(self.verdict.word)

    @property
    def barred(self) -> str:
        """Why nobody is called faster although the times differ; empty if somebody may be."""
        return "" if self.quality is None else self.quality.barred(self.verdict.word)

    @property
    def trained_worse(self) -> bool:
        """Whether it surely trains worse than it did, or far beyond chance."""
        if self.quality is not None and self.quality.by_loss:
            return not self.quality.other_faster.allowed
        accuracy = None if self.quality is None else self.quality.accuracy
        if accuracy is None or accuracy.difference >= 0:
            return False
        return accuracy.word == "lower" or (accuracy.word == "unclear" and accuracy.beyond_chance)

    @property
    def hindrance(self) -> str:
        """Why the cell could not be judged; empty if it could, be it with no clear answer."""
        return self.doubt or ("" if self.verdict.estimate.has_interval else self.verdict.reason)

    @property
    def unsure(self) -> str:
        """Why a verdict is not sure: others used the machine for a side, or answers may have been kept."""
        crowded = self.now.crowded or self.before.crowded
        if crowded:
            return f"others used the machine: {crowded}"
        return self.now.unproven_calls or self.before.unproven_calls

    @property
    def unclear(self) -> bool:
        """Whether it was judged, and nobody can tell."""
        return not self.hindrance and self.verdict.word == "unclear"

    @property
    def fails(self) -> bool:
        """Whether it takes longer, clearly and by more than the limit, however well it trains."""
        slower = not self.hindrance and self.verdict.word == "slower"
        return slower and self.verdict.estimate.ratio > 1.0 + self.limit

    @property
    def from_summaries(self) -> bool:
        """Whether a file did not save the samples."""
        return not (self.before.samples and self.now.samples)


@dataclass(frozen=True)
class Lost:
    """A cell of the base that was to be measured again and gave no figure."""

    cell: str
    """Its id."""
    outcome: str
    reason: str

    @property
    def text(self) -> str:
        """What has become of it."""
        return f"now {self.outcome}, {self.reason}"


@dataclass(frozen=True)
class Outcome:
    """All cells that both have, and those that are left out."""

    checks: tuple[Check, ...]
    remarks: tuple[str, ...]
    together: tuple[JointCheck, ...] = ()
    """Of each implementation on a device all cells in one figure."""
    lost: tuple[Lost, ...] = ()
    """Cells of the base that gave no figure this time, though nobody left them out."""

    @property
    def judged(self) -> list[Check]:
        """Those on which there is a verdict, be it *unclear*."""
        return [check for check in self.checks if not check.hindrance]

    @property
    def hindrances(self) -> dict[str, int]:
        """Why cells could not be judged, and how many of each."""
        return dict(Counter(check.hindrance for check in self.checks if check.hindrance))

    @property
    def failing(self) -> list[Check]:
        """Those that are slower by more than their limit."""
        return [check for check in self.checks if check.fails]

    @property
    def failing_together(self) -> list[JointCheck]:
        """Implementations whose cells together are slower by more than their limit."""
        return [check for check in self.together if check.fails]

    @property
    def failing_only_together(self) -> list[JointCheck]:
        """Those of which no cell fails by itself."""
        alone = {(check.now.machine.id, check.now.key) for check in self.failing}
        return [check for check in self.failing_together if not check.keys & alone]

    @property
    def fails(self) -> bool:
        """Whether anything is slower by more than it may be."""
        return bool(self.failing or self.failing_together)


def check_against(
    before: Sequence[ResultFile],
    now: Sequence[ResultFile],
    limits: Limits | None = None,
    only: Sequence[str] = (),
) -> Outcome:
    """Compare the cells of two sets of files by key; within one set repetitions are pooled.

    ``only`` are patterns of names: other cells are not looked at. Two runs are never paired: ratios are of
    medians. Raises ValueError if they have no cell in common, or a pattern is no cell's name.
    """
    limits = limits or Limits(0.05)
    known = with_known_machines([*before, *now])
    old, new = build_study(known[: len(before)]), build_study(known[len(before) :])
    measured = [item for item in (*new.measurements, *old.measurements) if item.kind != NOISE_FLOOR]
    check_patterns("--only", only, measured)
    check_patterns("--fail-if-slower", [pattern for pattern, _ in limits.patterns], measured)
    earlier, later = _by_key(old, only), _by_key(new, only)
    lost = _lost(earlier, later, old, new)
    pairs, remarks = _pairs(earlier, later, old, new, lost)
    remarks += _machine_remarks(old, new) + _twin_remarks(before, now)
    if not pairs:
        first = [f"{one.cell}: {one.text}" for one in lost] + remarks
        told = f" ({first[0]})" if first else ""
        raise ValueError(f"--against: the files have no cell in common that can be compared{told}")
    checks, unlike = _checks(pairs, old, new, limits)
    checks, together = _among_many(checks)
    return Outcome(checks, (*unlike, *remarks), together, tuple(lost))


def _by_key(study: Study, only: Sequence[str]) -> dict[tuple[str, Key], list[Measurement]]:
    """What was measured, by machine id and name, however many sets of other work there are of it."""
    return grouped(
        ((item.machine.id, item.key.bare), item)
        for item in study.measurements
        if item.kind != NOISE_FLOOR and (not only or any(matches(pattern, item) for pattern in only))
    )


def _pairs(
    before: dict[tuple[str, Key], list[Measurement]],
    now: dict[tuple[str, Key], list[Measurement]],
    old: Study,
    new: Study,
    lost: Sequence[Lost],
) -> tuple[list[Pair], list[str]]:
    """Each cell with what it was before; and what is to be said of the others."""
    pairs, remarks = [], []
    for (machine, key), items in now.items():
        bases = before.get((machine, key), [])
        if not bases and len(old.machines) == 1:
            bases = before.get((old.machines[0].id, key), [])
        alike, unlike = pair_alike(bases, items)
        remarks += [f"{_name(item)}: not the same work ({why})" for _, item, why in unlike]
        remarks += [f"{_name(item)}: not in the base" for item in items if not bases]
        for base, item in alike:
            if base.median_seconds and item.median_seconds:
                pairs.append(whole_pair((base, item)))
            else:
                remarks.append(f"{_name(item)}: takes no time, so that there is no ratio")
    measured = {key for _, key in now}
    gone = [items[0] for (_, key), items in before.items() if key not in measured]
    gaps = {gap.cell: f"now {gap.outcome}, {gap.reason}" for file in new.files for gap in file.unmeasured}
    remarks += [f"{_name(item)}: {gaps.get(item.runs[0].cell.id, 'only in the base')}" for item in gone]
    told = {item.runs[0].cell.id for item in gone}
    remarks += [f"{one.cell}: {one.text}" for one in lost if one.cell not in told]
    return pairs, remarks


def _lost(
    before: dict[tuple[str, Key], list[Measurement]],
    now: dict[tuple[str, Key], list[Measurement]],
    old: Study,
    new: Study,
) -> list[Lost]:
    """What the base has and a file of now has no figure of, be it in another file: none hides behind others.

    What was skipped was not tried; what the run was ended before may have been measured by another one.
    """
    known, reached = _ids(before), _ids(now)
    base = old.machines[0].id if len(old.machines) == 1 else ""
    found: dict[tuple[str, str], Lost] = {}
    for file in new.files:
        for gap in file.unmeasured:
            place = (file.machine.id, gap.cell)
            left = gap.outcome == SKIPPED or (gap.outcome == INTERRUPTED and place in reached)
            if not left and (place in known or (base, gap.cell) in known):
                found.setdefault(place, Lost(gap.cell, gap.outcome, gap.reason))
    return list(found.values())


def _ids(items: dict[tuple[str, Key], list[Measurement]]) -> set[tuple[str, str]]:
    """Machine and id of every cell, each run of a training by itself."""
    return {(one.machine.id, run.cell.id) for some in items.values() for one in some for run in one.runs}


def _machine_remarks(old: Study, new: Study) -> list[str]:
    """What is to be said if not all was measured on the same machine."""
    if {machine.id for machine in old.machines} == {machine.id for machine in new.machines}:
        return []
    machines = list({m.id: m for m in (*old.machines, *new.machines)}.values())
    if any(not names_processor(machine) for machine in machines):
        return [
            "the files do not say what processor they were measured on: what differs may be the machine's"
        ]
    facts = [f"{name} {' and '.join(values)}" for name, values in differences(machines)]
    told = f" ({'; '.join(facts[:4])}{'; ...' if len(facts) > 4 else ''})" if len(machines) == 2 else ""
    return [f"the machines differ{told}: what differs above may be theirs"]


def _twin_remarks(before: Sequence[ResultFile], now: Sequence[ResultFile]) -> list[str]:
    """What is to be said of a file that is compared with itself."""
    known = {file.digest for file in before}
    twins = [file.label for file in now if file.digest in known]
    return [f"{label} is the base itself: nothing new was measured" for label in twins]


def _name(item: Measurement) -> str:
    return f"{item.key.workload} {item.key.text}"


def _checks(
    pairs: Sequence[Pair], old: Study, new: Study, limits: Limits
) -> tuple[tuple[Check, ...], list[str]]:
    ways = [unlike_measuring(base, item) for base, item in pairs]
    grounds = Grounds(old), Grounds(new)
    first = [_estimate(base, item, grounds) for base, item in pairs]
    known = _between_runs(pairs, first)
    verdicts = [_verdict(base, item, grounds, known[_place(item)]) for base, item in pairs]
    doubts = [
        how.withholds or item.doubt or base.doubt or (found.estimate.hindrance * found.estimate.untold)
        for (base, item), how, found in zip(pairs, ways, verdicts, strict=True)
    ]
    checks = tuple(
        Check(_name(item), base, item, found, doubt, limits.of(item), quality)
        for (base, item), found, doubt, quality in zip(pairs, verdicts, doubts, qualities(pairs), strict=True)
    )
    told = Counter(how.told for how in ways if how.told)
    return checks, [f"{text} in {count} cell{'' if count == 1 else 's'}" for text, count in told.items()]


def _among_many(checks: Sequence[Check]) -> tuple[tuple[Check, ...], tuple[JointCheck, ...]]:
    """False discoveries are controlled over cells, and over implementations, which is another question."""
    judged = [check for check in checks if not check.hindrance]
    together = joint_checks([JudgedCell(c.now, c.verdict, c.limit, c.quality, c.unsure) for c in judged])
    cells = iter(with_false_discovery_rate([check.verdict for check in checks if not check.doubt]))
    joint = with_false_discovery_rate([check.verdict for check in together])
    told = tuple(check if check.doubt else replace(check, verdict=next(cells)) for check in checks)
    return told, tuple(replace(check, verdict=left) for check, left in zip(together, joint, strict=True))


def _place(item: Measurement) -> tuple[str, str, str]:
    return item.machine.id, item.key.device, kind_of(item)


def _between_runs(
    pairs: Sequence[Pair], estimates: Sequence[RatioEstimate]
) -> dict[tuple[str, str, str], Spread | None]:
    """What the two runs differ by, as their cells on one device show it."""
    found = grouped((_place(item), (item, found)) for (_, item), found in zip(pairs, estimates, strict=True))
    shown = {}
    for place, cells in found.items():
        launched = [(item, math.log(e.ratio)) for item, e in cells if e.launches > 1 and not item.doubt]
        shown[place] = runs_shown([item for item, _ in launched], [ratio for _, ratio in launched])
    return shown


def _verdict(
    base: Measurement, item: Measurement, grounds: tuple[Grounds, Grounds], between_runs: Spread | None
) -> Verdict:
    noises = [grounds.study.of_kind(NOISE_FLOOR, item.machine) for grounds in grounds]
    noise = widest([grounds[0].noise(base), grounds[1].noise(item), twin_drift(*noises)])
    return verdict(_estimate(base, item, grounds, between_runs), noise)


def _estimate(
    base: Measurement,
    item: Measurement,
    grounds: tuple[Grounds, Grounds],
    between_runs: Spread | None = None,
) -> RatioEstimate:
    old, new = grounds
    own = new if new.time_spread(item) else old
    estimate = unpaired_estimate(base, item, own, one_run=False, of_base=old, between_runs=between_runs)
    assert estimate is not None  # both take time
    return estimate
