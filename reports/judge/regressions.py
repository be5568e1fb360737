"""``--against``: is anything slower than it was? For a pull request's check.

Only a verdict *slower* by more than the limit fails; *unclear* warns, since noise is no regression.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from likeforlike.reports.judge.comparisons import pair_alike
from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.sort.baselines import whole_pair
from likeforlike.reports.sort.measurements import NOISE, Key, Measurement, Study, grouped
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.sort.setup_differences import unlike_environments
from likeforlike.reports.statistics.ratios import unpaired_ratio
from likeforlike.reports.statistics.verdicts import THRESHOLD, Verdict, verdict, with_false_discovery_rate

TWINS = ("twin-a", "twin-b")
"""The A/A pair of the workload ``noise``."""


@dataclass(frozen=True)
class Check:
    """One cell, before and now."""

    name: str
    before: Measurement
    now: Measurement
    verdict: Verdict
    doubt: str

    def fails(self, limit: float) -> bool:
        """Whether it is slower, for sure and by more than the limit."""
        return not self.doubt and self.verdict.word == "slower" and self.verdict.estimate.ratio > 1.0 + limit


@dataclass(frozen=True)
class Outcome:
    """All cells that both have, and those that are left out."""

    checks: tuple[Check, ...]
    remarks: tuple[str, ...]


def parse_limit(text: str) -> float:
    """``5%`` or ``0.05`` as a share. Raises ValueError for anything else, and for less than the threshold."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    if match is None:
        raise ValueError(f"--fail-if-slower {text!r}: expected a share such as 5%")
    share = float(match.group(1)) / (100.0 if match.group(2) else 1.0)
    if not THRESHOLD <= share <= 10.0:
        raise ValueError(f"--fail-if-slower {text!r}: expected between {THRESHOLD:.0%} and 1000%")
    return share


def check_against(before: Sequence[ResultFile], now: Sequence[ResultFile]) -> Outcome:
    """Compare the cells of two sets of files by key; within one set repetitions are pooled.

    Two runs are never paired: ratios are of medians. Raises ValueError if they have no cell in common.
    """
    old, new = build_study(before), build_study(now)
    remarks: list[str] = []
    pairs: list[tuple[Measurement, Measurement]] = []
    before_by_key = _by_key(old)
    for (machine, key), items in _by_key(new).items():
        bases = before_by_key.get((machine, key), [])
        if not bases and len(old.machines) == 1:
            bases = before_by_key.get((old.machines[0].id, key), [])
        alike, unlike = pair_alike(bases, items)
        found = {item.key for _, item in alike} | {item.key for _, item, _ in unlike}
        remarks += [f"{_name(item)}: not the same work ({why})" for _, item, why in unlike]
        remarks += [f"{_name(item)}: not in the base" for item in items if item.key not in found]
        for base, item in alike:
            if base.median_seconds and item.median_seconds:
                pairs.append(whole_pair((base, item)))
            else:
                remarks.append(f"{_name(item)}: takes no time, so that there is no ratio")
    measured = {key for _, key in _by_key(new)}
    remarks += [
        f"{_name(items[0])}: only in the base"
        for (_, key), items in before_by_key.items()
        if key not in measured
    ]
    if {m.id for m in old.machines} != {m.id for m in new.machines}:
        remarks.append("the machines differ: what differs below may be theirs")
    if not pairs:
        raise ValueError("--against: the files have no cell in common")
    return Outcome(_checks(pairs, old, new), tuple(remarks))


def _by_key(study: Study) -> dict[tuple[str, Key], list[Measurement]]:
    """What was measured, by machine id and name, however many sets of other work there are of it."""
    return grouped(
        ((item.machine.id, item.key.bare), item) for item in study.measurements if item.key.workload != NOISE
    )


def _name(item: Measurement) -> str:
    return f"{item.key.workload} {item.key.text}"


def _checks(pairs: Sequence[tuple[Measurement, Measurement]], old: Study, new: Study) -> tuple[Check, ...]:
    verdicts = []
    for base, item in pairs:
        noises = [old.noise(base.machine), new.noise(item.machine), _drift(old, new, item.machine)]
        known = [noise for noise in noises if noise is not None]
        widest = (min(low for low, _ in known), max(high for _, high in known)) if known else None
        estimate = unpaired_ratio(
            base.samples or [base.median_seconds], item.samples or [item.median_seconds]
        )
        verdicts.append(verdict(estimate, widest))
    return tuple(
        Check(_name(item), base, item, word, item.doubt or base.doubt or unlike_environments(base, item))
        for (base, item), word in zip(pairs, with_false_discovery_rate(verdicts), strict=True)
    )


def _drift(old: Study, new: Study, machine: Machine) -> tuple[float, float] | None:
    """How far the machine itself moved between two runs: ratio of the A/A cells, which do the same in both.

    Within a run these are measured in turns and so don't show it; None where a run has none.
    """
    before, now = (
        [
            sample
            for item in study.of(NOISE, machine)
            if item.key.implementation in TWINS
            for sample in item.samples
        ]
        for study in (old, new)
    )
    if not before or not now:
        return None
    ratio = unpaired_ratio(before, now).ratio
    return min(ratio, 1.0), max(ratio, 1.0)
