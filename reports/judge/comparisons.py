"""What is compared with what, and what may be said of it.

Cells that were measured in turns are compared pair by pair; across devices, machines and runs there are no
pairs, and the comparison says so. The divisions *default* and *tuned* are never ranked together.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.sort.baselines import (
    DISTRIBUTED,
    base_of,
    equal_terms,
    ladders_of,
    orders_of,
    published_pair,
    scaled_from,
    whole_pair,
)
from likeforlike.reports.sort.comparability import unlike_runs, unlike_work
from likeforlike.reports.sort.epochs import on_one_basis
from likeforlike.reports.sort.floors import is_floor
from likeforlike.reports.sort.measurements import Key, Measurement, Run, Study, grouped
from likeforlike.reports.statistics.ratios import LEAST_PAIRS, RatioEstimate, paired_ratio, unpaired_ratio
from likeforlike.reports.statistics.verdicts import Verdict, verdict
from likeforlike.reports.statistics.verdicts import with_false_discovery_rate as control

Kind = Literal["implementations", "published", "devices", "ladder", "scaling", "machines"]


@dataclass(frozen=True)
class Comparison:
    """Two measurements of which a reader will ask which is faster."""

    kind: Kind
    base: Measurement
    other: Measurement
    verdict: Verdict

    @property
    def word(self) -> str:
        """The verdict on the other; none where a figure is in doubt."""
        return "no verdict" if self.doubt else self.verdict.word

    @property
    def doubt(self) -> str:
        """Why no conclusion is drawn; empty if one may be.

        Disturbance is no reason where pairs were measured in turns: it fell on both alike.
        """
        for side in (self.other, self.base):
            doubt = side.refuted if self.verdict.estimate.paired else side.doubt
            if doubt:
                return f"{side.key.implementation} on {side.key.device}: {doubt}"
        return ""

    @property
    def sure(self) -> bool:
        """Whether a finding may rest on it."""
        verified = self.base.verified and self.other.verified
        return verified and not self.doubt and self.verdict.word != "unclear"


@dataclass(frozen=True)
class GeometricMean:
    """Ratio of one machine to the baseline over the cells both have."""

    machine: Machine
    ratio: float
    cells: int
    faster: int
    slower: int
    same: int
    unclear: int


@dataclass(frozen=True)
class Comparisons:
    """Every comparison of a study, false discoveries controlled within each kind."""

    implementations: tuple[Comparison, ...]
    published: tuple[Comparison, ...]
    devices: tuple[Comparison, ...]
    ladder: tuple[Comparison, ...]
    scaling: tuple[Comparison, ...]
    """Data-parallel training over the same by one worker."""
    machines: tuple[Comparison, ...]
    unlike: tuple[tuple[Measurement, Measurement, str], ...]
    """Cells of two machines whose work is not the same, and in what."""

    @cached_property
    def against_base(self) -> dict[tuple[str, Key], Comparison]:
        """Comparisons between implementations by the other's machine and key."""
        return {(item.other.machine.id, item.other.key): item for item in self.implementations}

    @cached_property
    def across_devices(self) -> dict[tuple[str, Key], Comparison]:
        """Comparisons with the CPU by the other's machine and key."""
        return {(item.other.machine.id, item.other.key): item for item in self.devices}

    @cached_property
    def across_machines(self) -> dict[tuple[str, Key], Comparison]:
        """Comparisons with the baseline by the other's machine and key."""
        return {(item.other.machine.id, item.other.key): item for item in self.machines}


def compare(study: Study, detailed: Sequence[Machine]) -> Comparisons:
    """All comparisons: within each machine of ``detailed``, and of every machine with the baseline."""
    within = [_Within(study, machine) for machine in detailed]
    across, unlike = _across_machines(study)
    return Comparisons(
        _controlled(item for part in within for item in part.implementations()),
        _controlled(item for part in within for item in part.published()),
        _controlled(item for part in within for item in part.devices()),
        _controlled(item for part in within for item in part.ladder()),
        _controlled(item for part in within for item in part.scaling()),
        _controlled(across),
        tuple(unlike),
    )


def geometric_means(study: Study, compared: Iterable[Comparison]) -> list[GeometricMean]:
    """For each machine but the baseline: mean ratio over the cells compared, those in doubt left out."""
    by_machine = grouped((item.other.machine.id, item) for item in compared if not item.doubt)
    means = []
    for machine in study.machines:
        shared = [item for item in by_machine.get(machine.id, []) if item.other.key.workload != "noise"]
        if not shared:
            continue
        words = [item.word for item in shared]
        logs = [math.log(item.verdict.estimate.ratio) for item in shared]
        mean = math.exp(sum(logs) / len(logs))
        counts = (words.count(word) for word in ("faster", "slower", "same", "unclear"))
        means.append(GeometricMean(machine, mean, len(shared), *counts))
    return means


def estimate_ratio(base: Measurement, other: Measurement) -> RatioEstimate | None:
    """Paired over the rounds both were measured in; unpaired where there are none; None without times."""
    first, second = paired_samples(base, other)
    try:
        if first:
            return paired_ratio(first, second)
        return unpaired_ratio(base.samples or [base.median_seconds], other.samples or [other.median_seconds])
    except ValueError:  # no time above zero
        return None


def paired_samples(base: Measurement, other: Measurement) -> tuple[list[float], list[float]]:
    """Samples of the same file, group and round; disturbed rounds only where too few others are left."""
    partners = _numbered(other.runs)
    quiet: list[tuple[float, float]] = []
    every: list[tuple[float, float]] = []
    for place, run in _numbered(base.runs).items():
        partner = partners.get(place)
        if partner is None or not (run.numbered and partner.numbered):
            continue
        disturbed = run.disturbed_rounds | partner.disturbed_rounds
        theirs = dict(zip(partner.cell.rounds, partner.cell.samples, strict=True))
        for number, sample in zip(run.cell.rounds, run.cell.samples, strict=True):
            if number in theirs:
                every.append((sample, theirs[number]))
                if number not in disturbed:
                    quiet.append(every[-1])
    chosen = quiet if len(quiet) >= min(LEAST_PAIRS, len(every)) else every
    return [pair[0] for pair in chosen], [pair[1] for pair in chosen]


def _numbered(runs: Iterable[Run]) -> dict[tuple[Any, ...], Run]:
    """Runs by file, group and repetition; of cells that stand twice in a file the first ones are a pair."""
    count: Counter[tuple[Any, ...]] = Counter()
    found = {}
    for run in runs:
        place = (run.file.digest, run.cell.group, run.number)
        found[*place, count[place]] = run
        count[place] += 1
    return found


def _comparison(kind: Kind, study: Study, base: Measurement, other: Measurement) -> Comparison | None:
    estimate = estimate_ratio(base, other)
    if estimate is None:
        return None
    intervals = [study.noise(machine) for machine in (base.machine, other.machine)]
    known = [interval for interval in intervals if interval is not None]
    noise = (min(low for low, _ in known), max(high for _, high in known)) if known else None
    return Comparison(kind, base, other, verdict(estimate, noise))


def _controlled(items: Iterable[Comparison | None]) -> tuple[Comparison, ...]:
    found = [item for item in items if item is not None]
    judged = control([item.verdict for item in found])
    return tuple(replace(item, verdict=word) for item, word in zip(found, judged, strict=True))


class _Within:
    """The comparisons within one machine."""

    def __init__(self, study: Study, machine: Machine) -> None:
        self.study = study
        mine = [item for item in study.measurements if item.machine.id == machine.id]
        self.mine = [item for item in mine if not item.runs[0].cell.plain]
        self.found = {item.key: item for item in self.mine}
        self.ladders = ladders_of(study, machine)

    def implementations(self) -> Iterable[Comparison | None]:
        """Each implementation with the base of its place and division."""
        ranked = [item for item in self.mine if item.key.workload not in ("training", DISTRIBUTED, "noise")]
        for items in grouped((item.key.place, item) for item in self._trainers()).values():
            ranked += on_one_basis(items)
        places = grouped(((*item.key.place, item.extra.division), item) for item in ranked)
        for items in places.values():
            base = base_of(items)
            yield from (
                _comparison("implementations", self.study, base, item) for item in items if item is not base
            )

    def _trainers(self) -> list[Measurement]:
        """What is ranked as trainers on equal terms; the floor is none."""
        trained = equal_terms(item for item in self.mine if item.key.workload == "training")
        return [item for item in trained if not is_floor(item)]

    def published(self) -> Iterable[Comparison | None]:
        """The notebook's pair, each trainer under its own recipe, device by device: whole epochs if told."""
        trained = [item for item in self.mine if item.key.workload == "training"]
        devices = grouped(((item.key.device, item.key.apart), item) for item in trained)
        for items in devices.values():
            pair = published_pair(items)
            if pair is not None:
                yield _comparison("published", self.study, *whole_pair(pair))

    def devices(self) -> Iterable[Comparison | None]:
        """Each accelerator's product or trainer with the same work on the CPU.

        Only what is shown: of the others nobody reads, each would make false discoveries seem likelier.
        """
        products = [item for item in self.mine if item.key.workload == "matmul"]
        for item in (*products, *self._trainers()):
            if item.key.device.startswith("cpu"):
                continue
            base = self.found.get(replace(item.key, device="cpu:0"))
            if base is not None:
                yield _comparison("devices", self.study, *whole_pair((base, item)))

    def ladder(self) -> Iterable[Comparison | None]:
        """Each rung with the one before it, in every order; orders may have a step in common."""
        for ladder in self.ladders:
            for orders in orders_of(ladder, self.mine).values():
                steps = {
                    (before.key, after.key): (before, after)
                    for order in orders
                    for (_, before), (_, after) in pairwise(order)
                    if before is not None and after is not None
                }
                for pair in steps.values():
                    yield _comparison("ladder", self.study, *pair)

    def scaling(self) -> Iterable[Comparison | None]:
        """Each data-parallel training with the one by a single worker of the same strategy."""
        items = [item for item in self.mine if item.key.workload == DISTRIBUTED]
        for item in items:
            base = scaled_from(items, item)
            if base is not None and base is not item:
                yield _comparison("scaling", self.study, *whole_pair((base, item)))


def _across_machines(
    study: Study,
) -> tuple[list[Comparison | None], list[tuple[Measurement, Measurement, str]]]:
    """Every other machine's cell with the baseline's; those whose work differs are named instead."""
    compared: list[Comparison | None] = []
    unlike = []
    real = [item for item in study.measurements if item.key.workload != "noise"]
    bases = grouped((item.key.bare, item) for item in real if item.machine.id == study.baseline.id)
    others = grouped(
        ((item.machine.id, item.key.bare), item) for item in real if item.machine.id != study.baseline.id
    )
    for (_, key), items in others.items():
        pairs, left = pair_alike(bases.get(key, []), items)
        compared += [_comparison("machines", study, *whole_pair(pair)) for pair in pairs]
        unlike += left
    return compared, unlike


def pair_alike(
    bases: Sequence[Measurement], items: Sequence[Measurement]
) -> tuple[list[tuple[Measurement, Measurement]], list[tuple[Measurement, Measurement, str]]]:
    """Measurements of one name in two places: pairs of the same work, and if there is none, why not.

    Of several sets of work that a place holds each finds its own, repetitions of as many epochs first.
    """
    pairs = []
    left, free = list(bases), list(items)
    for unlike in (unlike_runs, unlike_work):
        for base in list(left):
            item = next((item for item in free if not unlike(base.extra, item.extra)), None)
            if item is not None:
                pairs.append((base, item))
                left.remove(base)
                free.remove(item)
    if pairs or not bases or not items:
        return pairs, []
    return [], [(bases[0], items[0], unlike_work(bases[0].extra, items[0].extra))]
