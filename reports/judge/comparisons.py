"""What is compared with what, and what may be said of it.

Cells that were measured in turns are compared pair by pair; across devices, machines and runs there are no
pairs, and the comparison says so. The divisions *default* and *tuned* are never ranked together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

from likeforlike.reports.judge.estimates import (
    allowing_for_choice,
    estimate_ratio,
    twin_drift,
    widest,
)
from likeforlike.reports.judge.grounds import Grounds
from likeforlike.reports.judge.matching import pair_alike
from likeforlike.reports.judge.quality import Quality, qualities
from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.schema.declarations import DIVIDED_TASK, NOISE_FLOOR, TASK
from likeforlike.reports.sort.baselines import (
    KERAS,
    base_of,
    base_of_sets,
    equal_terms,
    ladders_of,
    orders_of,
    published_pair,
    scaled_from,
    sets_with_common_cells,
    side_pairs,
    whole_pair,
)
from likeforlike.reports.sort.epochs import on_one_basis
from likeforlike.reports.sort.floors import is_floor
from likeforlike.reports.sort.likeness.measuring_options import unlike_measuring
from likeforlike.reports.sort.measured.keys import Key
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.sort.plain_groups import plain_groups
from likeforlike.reports.statistics.verdicts import Verdict, verdict
from likeforlike.reports.statistics.verdicts import with_false_discovery_rate as control

_RANKED_APART = (TASK, DIVIDED_TASK, NOISE_FLOOR)
"""Kinds of workload whose implementations are not all compared with the fastest of their place."""

Kind = Literal[
    "implementations", "published", "devices", "ladder", "scaling", "machines", "files", "groups", "sides"
]


@dataclass(frozen=True)
class Comparison:
    """Two measurements of which a reader will ask which is faster."""

    kind: Kind
    base: Measurement
    other: Measurement
    verdict: Verdict
    withheld: str = ""
    """Why no verdict is given: measured differently, or too few calls for the quantile; else empty."""
    quality: Quality | None = None
    """What their accuracies allow to be said; None where nothing is trained."""

    @property
    def word(self) -> str:
        """The verdict on the other; none where a figure is in doubt; who trained worse is never faster."""
        if self.doubt:
            return "no verdict"
        return self.verdict.word if self.quality is None else self.quality.spoken(self.verdict.word)

    @property
    def barred(self) -> str:
        """Why nobody is called faster although the times differ; empty if somebody may be."""
        return "" if self.quality is None else self.quality.barred(self.verdict.word)

    @property
    def doubt(self) -> str:
        """Why no conclusion is drawn; empty if one may be.

        Disturbance is no reason where pairs were measured in turns: it fell on both alike.
        """
        if self.withheld:
            return self.withheld
        for side in (self.other, self.base):
            doubt = side.doubt if side.unproven or not self.verdict.estimate.paired else side.refuted
            if doubt:
                return f"{side.key.implementation} on {side.key.device}: {doubt}"
        return ""

    @property
    def clear(self) -> bool:
        """Whether there is a verdict, and it says something."""
        return not self.doubt and self.verdict.word != "unclear"

    @property
    def sure(self) -> bool:
        """Whether a finding may rest on it."""
        return self.sure_of_times and not self.barred

    @property
    def sure_of_times(self) -> bool:
        """Whether the times are sure, whoever trained better."""
        return self.checked and not self.unsure

    @property
    def checked(self) -> bool:
        """Whether there is a clear verdict on checked answers, be it of one launch."""
        return self.clear and self.base.verified and self.other.verified

    @property
    def unsure(self) -> str:
        """Why a clear verdict is not sure: one launch, a shared machine, answers that may have been kept."""
        if self.verdict.estimate.assumed:
            return (
                "measured in one launch" if self.verdict.estimate.launches < 2 else "of another tool's file"
            )
        if crowded := self.other.crowded or self.base.crowded:
            return f"others used the machine: {crowded}"
        return self.other.unproven_calls or self.base.unproven_calls

    @property
    def told(self) -> bool:
        """Whether a finding may tell it: sure, or of files without a check of answers, as it then says."""
        plain = self.base.runs[0].cell.plain and self.other.runs[0].cell.plain
        return self.sure or (self.clear and plain)


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
    files: tuple[Comparison, ...]
    """Of one machine, each file's cell over that of the base's, where the two are no repetitions."""
    groups: tuple[Comparison, ...]
    """Of plain files, each benchmark over the base of its group."""
    unlike: tuple[tuple[Measurement, Measurement, str], ...]
    """Cells of two machines or files whose work is not the same, and in what."""
    sides: tuple[Comparison, ...] = ()
    """Each cell of a further side over the same of the first side of its run."""

    @cached_property
    def against_base(self) -> dict[tuple[str, Key], Comparison]:
        """Comparisons between implementations by the other's machine and key."""
        return {(item.other.machine.id, item.other.key): item for item in self.implementations}

    @cached_property
    def across_devices(self) -> dict[tuple[str, Key], Comparison]:
        """Comparisons with the CPU by the other's machine and key."""
        return {(item.other.machine.id, item.other.key): item for item in self.devices}

    @cached_property
    def across_files(self) -> dict[tuple[str, Key], Comparison]:
        """Comparisons with the base's file by the other's machine and key."""
        return {(item.other.machine.id, item.other.key): item for item in self.files}

    @cached_property
    def within_groups(self) -> dict[tuple[str, Key], Comparison]:
        """Comparisons with the base of a plain group by the other's machine and key."""
        return {(item.other.machine.id, item.other.key): item for item in self.groups}

    @cached_property
    def across_sides(self) -> dict[tuple[str, Key], Comparison]:
        """Comparisons with the first side by the other's machine and key."""
        return {(item.other.machine.id, item.other.key): item for item in self.sides}

    @property
    def every(self) -> tuple[Comparison, ...]:
        """All, of whatever kind."""
        return (
            *self.implementations,
            *self.published,
            *self.devices,
            *self.ladder,
            *self.scaling,
            *self.machines,
            *self.files,
            *self.groups,
            *self.sides,
        )

    @cached_property
    def across_machines(self) -> dict[tuple[str, Key], Comparison]:
        """Comparisons with the baseline by the other's machine and key."""
        return {(item.other.machine.id, item.other.key): item for item in self.machines}


def compare(study: Study, detailed: Sequence[Machine]) -> Comparisons:
    """All comparisons: within each machine of ``detailed``, and of every machine with the baseline."""
    grounds = Grounds(study)
    within = [_Within(grounds, machine) for machine in detailed]
    across, unlike = _across_machines(grounds)
    beside, unlike_beside = _across_files(grounds)
    return Comparisons(
        _controlled(
            (item for part in within for item in part.implementations()),
            competing=[item for part in within for item in part.trainers()],
        ),
        _controlled(item for part in within for item in part.published()),
        _controlled(item for part in within for item in part.devices()),
        _controlled(item for part in within for item in part.ladder()),
        _controlled(item for part in within for item in part.scaling()),
        _controlled(across),
        _controlled(beside),
        _controlled(_within_groups(grounds, detailed)),
        (*unlike, *unlike_beside),
        _controlled(_across_sides(grounds)),
    )


def compare_pairs(study: Study, pairs: Iterable[tuple[Measurement, Measurement]]) -> tuple[Comparison, ...]:
    """The second of each pair over the first, neither chosen by its speed; none of pairs without times."""
    grounds = Grounds(study)
    return _controlled([_comparison("implementations", grounds, base, other) for base, other in pairs])


def _comparison(
    kind: Kind,
    grounds: Grounds,
    base: Measurement,
    other: Measurement,
    drift: tuple[float, float] | None = None,
    chosen_of: int | None = None,
) -> Comparison | None:
    """``chosen_of``: of how many the base is the fastest; None if it was not chosen by its speed."""
    estimate = estimate_ratio(base, other, grounds)
    if estimate is None:
        return None
    if chosen_of is not None:
        estimate = allowing_for_choice(estimate, chosen_of)
    noise = widest([grounds.noise(base), grounds.noise(other), drift])
    withheld = unlike_measuring(base, other).withholds if kind in ("machines", "files", "groups") else ""
    withheld = withheld or (estimate.hindrance if estimate.untold else "")
    return Comparison(kind, base, other, verdict(estimate, noise), withheld)


def _controlled(
    items: Iterable[Comparison | None], competing: Iterable[Measurement] = ()
) -> tuple[Comparison, ...]:
    """With false discoveries controlled over all; of ``competing`` each must reach the others' quality.

    What is in doubt is no discovery: counted in, one far off by its doubt makes others easier to believe.
    """
    found = [item for item in items if item is not None]
    told = iter(control([item.verdict for item in found if not item.doubt]))
    judged = [item.verdict if item.doubt else next(told) for item in found]
    known = qualities([(item.base, item.other) for item in found], competing)
    return tuple(
        replace(item, verdict=word, quality=quality)
        for item, word, quality in zip(found, judged, known, strict=True)
    )


class _Within:
    """The comparisons within one machine."""

    def __init__(self, grounds: Grounds, machine: Machine) -> None:
        study = grounds.study
        self.grounds = grounds
        mine = [item for item in study.measurements if item.machine.id == machine.id]
        self.mine = [item for item in mine if not item.runs[0].cell.plain]
        self.found = {item.key: item for item in self.mine}
        self.ladders = ladders_of(study, machine)

    def implementations(self) -> Iterable[Comparison | None]:
        """Each implementation with the base of its place and division."""
        ranked = [item for item in self.mine if item.kind not in _RANKED_APART]
        for items in grouped((item.key.place, item) for item in self.trainers()).values():
            ranked += on_one_basis(items)
        places = grouped(((*item.key.place, item.extra.division), item) for item in ranked)
        for items in places.values():
            base = base_of(items)
            chosen_of = None if base.key.implementation == KERAS else len(items)
            for item in items:
                if item is not base:
                    yield _comparison("implementations", self.grounds, base, item, chosen_of=chosen_of)

    def trainers(self) -> list[Measurement]:
        """What is ranked as trainers on equal terms; the floor is none."""
        trained = equal_terms(item for item in self.mine if item.kind == TASK)
        return [item for item in trained if not is_floor(item)]

    def published(self) -> Iterable[Comparison | None]:
        """The notebook's pair, each trainer under its own recipe, device by device: whole epochs if told."""
        trained = [item for item in self.mine if item.kind == TASK]
        devices = grouped(((item.key.workload, item.key.device, item.key.company), item) for item in trained)
        for items in devices.values():
            pair = published_pair(items)
            if pair is not None:
                yield _comparison("published", self.grounds, *whole_pair(pair))

    def devices(self) -> Iterable[Comparison | None]:
        """Each accelerator's kernel or trainer with the same work on the CPU.

        Only what is shown: of the others nobody reads, each would make false discoveries seem likelier.
        """
        kernels = [item for item in self.mine if item.declared.over_size]
        for item in (*kernels, *self.trainers()):
            if item.key.device.startswith("cpu"):
                continue
            base = self.found.get(replace(item.key, device="cpu:0"))
            if base is not None:
                yield _comparison("devices", self.grounds, *whole_pair((base, item)))

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
                    yield _comparison("ladder", self.grounds, *pair)

    def scaling(self) -> Iterable[Comparison | None]:
        """Each data-parallel training with the one by a single worker of the same strategy."""
        items = [item for item in self.mine if item.kind == DIVIDED_TASK]
        for item in items:
            base = scaled_from(items, item)
            if base is not None and base is not item:
                yield _comparison("scaling", self.grounds, *whole_pair((base, item)))


def _across_machines(
    grounds: Grounds,
) -> tuple[list[Comparison | None], list[tuple[Measurement, Measurement, str]]]:
    """Every other machine's cell with the baseline's; those whose work differs are named instead."""
    study = grounds.study
    compared: list[Comparison | None] = []
    unlike = []
    real = [item for item in study.measurements if item.kind != NOISE_FLOOR]
    bases = grouped((item.key.bare, item) for item in real if item.machine.id == study.baseline.id)
    others = grouped(
        ((item.machine.id, item.key.bare), item) for item in real if item.machine.id != study.baseline.id
    )
    for (_, key), items in others.items():
        pairs, left = pair_alike(bases.get(key, []), items)
        compared += [_comparison("machines", grounds, *whole_pair(pair)) for pair in pairs]
        unlike += left
    return compared, unlike


def _across_files(
    grounds: Grounds,
) -> tuple[list[Comparison | None], list[tuple[Measurement, Measurement, str]]]:
    """On each machine the cells of every file that stands apart with those of the base's file."""
    study = grounds.study
    compared: list[Comparison | None] = []
    unlike = []
    for items in study.by_workload.values():
        apart = [item for item in items if item.key.apart and item.kind != NOISE_FLOOR]
        for machine, mine in grouped((item.machine.id, item) for item in apart).items():
            sets = sets_with_common_cells(mine)
            if not sets:
                continue
            base_set = base_of_sets(study, sets)
            bases = grouped((item.key.bare, item) for item in sets[base_set])
            floors = [item for item in study.of_kind(NOISE_FLOOR) if item.machine.id == machine]
            noises = grouped((item.key.apart, item) for item in floors)
            for name in sets:
                drift = twin_drift(noises.get(base_set, []), noises.get(name, []))
                for item in sets[name] if name != base_set else ():
                    pairs, left = pair_alike(bases.get(item.key.bare, []), [item])
                    compared += [_comparison("files", grounds, *whole_pair(pair), drift) for pair in pairs]
                    unlike += left
    return compared, unlike


def _across_sides(grounds: Grounds) -> Iterable[Comparison | None]:
    """Each cell of a further side with the same of the first: in turns, round by round."""
    for base, other in side_pairs(grounds.study):
        yield _comparison("sides", grounds, *whole_pair((base, other)))


def _within_groups(grounds: Grounds, machines: Sequence[Machine]) -> Iterable[Comparison | None]:
    """Each plain benchmark with the base of its group."""
    for group in plain_groups(grounds.study, machines):
        for item in group.others:
            found = _comparison("groups", grounds, group.base, item)
            if found is not None and not group.named:
                estimate = allowing_for_choice(found.verdict.estimate, len(group.items))
                found = replace(found, verdict=replace(found.verdict, estimate=estimate))
            yield found
