"""The first ten lines: what the figures say, in plain words.

No finding rests on a figure that is implausible, disturbed, unverified or unclear; what can't be believed
is told as a warning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, islice

from reports.comparisons import DISTRIBUTED, FLOOR, KERAS, MANUAL, Comparison, geometric_means, rungs_of
from reports.document import Finding
from reports.formats import percent, ratio_text, significant
from reports.machines import Machine
from reports.sections.distributed import scaling_findings
from reports.sections.ladder import change_text
from reports.sections.products import device_crossovers, size_of
from reports.sections.view import SYNTHETIC_WARNING, View, mean_of_last
from reports.study import NOISE, Measurement, axes_text, grouped
from reports.verdicts import LEAST_PAIRS

TOLD_APART = ("training", DISTRIBUTED, "matmul", NOISE)
"""Workloads that have findings of their own kind."""
MOST = 12
MOST_MACHINES = 4
"""Machines that have a sentence each; of more the fastest and the slowest are told."""
MOST_ALIKE = 2
"""Findings of one kind, the baseline's machine first; the sections hold the others."""


def findings(view: View) -> tuple[Finding, ...]:
    """The findings, most asked for first, at most a dozen; then warnings."""
    kinds = (
        _published(view),
        _matched(view),
        _fastest(view),
        _explanation(view),
        _devices(view),
        _products(view),
        iter(scaling_findings(view)),
        _others(view),
    )
    each = [list(islice(kind, MOST_ALIKE)) for kind in kinds]
    machines = list(_machines(view))
    if sum(map(len, each)) + len(machines) > MOST:  # the second of a kind before the only one of another
        each = [told[:1] for told in each]
    told = [*chain.from_iterable(each), *machines]
    texts = [Finding(text) for text in told] or [Finding(_nothing(view))]
    return (*texts, *(Finding(text, "warning") for text in _warnings(view)))


def _nothing(view: View) -> str:
    return (
        f"{_count(view.study.measurements, 'cell')}, and nothing to conclude: no two that are verified, "
        "plausible, undisturbed and measured often enough to compare."
    )


def _sentence(name: str, item: Comparison, base: str) -> str:
    """``A takes ×2.4 (2.3 to 2.5) of B's time per epoch``."""
    if item.verdict.word == "same":
        return f"{name} and {base} take the same time within {percent(item.verdict.threshold)}"
    word = item.verdict.word
    return f"{name} is {word} than {base}, taking {ratio_text(item.verdict.estimate)} of its time per epoch"


def _accuracies(first: Measurement, second: Measurement, names: tuple[str, str]) -> str:
    values = [mean_of_last(item, "val_accuracy") for item in (first, second)]
    generated = any(run.cell.extra.data_is_generated for item in (first, second) for run in item.runs)
    if any(value is None for value in values) or generated:
        return ""
    told = " and ".join(
        f"{name} {value * 100:.1f} %" for name, value in zip(names, values, strict=True) if value is not None
    )
    return f"; validation accuracy {told}"


def _published(view: View) -> Iterator[str]:
    for item in view.comparisons.published:
        if not item.sure:
            continue
        told = _sentence("The hand-written trainer under its own recipe", item, "Keras under its own")
        accuracy = _accuracies(item.base, item.other, ("Keras", "hand-written"))
        yield f"{told} {view.where(item.base)}{accuracy}. Their recipes differ in more than Keras."


def _matched(view: View) -> Iterator[str]:
    """Keras and the hand-written trainer on equal terms."""
    for item in view.comparisons.implementations:
        pair = (item.base.key.implementation, item.other.key.implementation)
        if item.base.key.workload != "training" or pair != (KERAS, MANUAL) or not item.sure:
            continue
        recipe = item.base.key.axis.get("recipe")
        told = _sentence(f"On equal terms ({recipe}) the hand-written eager loop", item, "Keras fit")
        yield f"{told} {view.where(item.base)}{_accuracies(item.base, item.other, ('Keras', 'eager loop'))}."


def _fastest(view: View) -> Iterator[str]:
    """The fastest trainer of each division and recipe, by sure comparisons alone, and against the floor."""
    trained = [item for item in view.comparisons.implementations if item.base.key.workload == "training"]
    places = grouped(((i.base.machine.id, i.base.key.place, i.base.extra.division), i) for i in trained)
    floors = {(i.machine.id, i.key.place): i for i in view.study.of("training") if _is_floor(i)}
    for (machine, place, division), items in places.items():
        sure = [item for item in items if item.sure and item.verdict.different]
        if not sure:
            continue
        best = min(sure, key=lambda item: item.verdict.estimate.ratio)
        winner, loser = (best.other, best.base) if best.word == "faster" else (best.base, best.other)
        names = f"{winner.key.implementation}{_epoch_text(winner, ' an epoch')}"
        told = f"faster than {loser.key.implementation}{_epoch_text(loser)}"
        floor = floors.get((machine, place))
        above = "" if floor is None else _above_floor(winner, floor)
        recipe = winner.key.axis.get("recipe")
        yield f"Division {division}, {recipe} {view.where(winner)}: {names} is {told}{above}."


def _epoch_text(item: Measurement, more: str = "") -> str:
    """Its seconds in brackets; nothing where the pairs stand but the seconds are in doubt."""
    return "" if item.doubt else f" ({significant(item.median_seconds)} s{more})"


def _is_floor(item: Measurement) -> bool:
    return item.key.implementation == FLOOR and not item.doubt


def _above_floor(item: Measurement, floor: Measurement) -> str:
    if item.doubt or min(len(item.samples), len(floor.samples)) < LEAST_PAIRS or not floor.median_seconds:
        return ""
    times = significant(item.median_seconds / floor.median_seconds)
    return f", and ×{times} the floor of the matrix products alone"


def _explanation(view: View) -> Iterator[str]:
    """The ladder's largest sure steps, device by device."""
    steps = [
        item
        for item in view.comparisons.ladder
        if item.sure and item.verdict.different and not (item.base.doubt or item.other.doubt)
    ]
    places = grouped(
        ((item.base.machine.id, item.base.key.device, item.base.key.apart), item) for item in steps
    )
    for climbed in places.values():
        climbed.sort(key=lambda item: -abs(item.other.median_seconds - item.base.median_seconds))
        told = [
            f"{_change_of(view, item)} {item.other.median_seconds - item.base.median_seconds:+z.2f} s"
            for item in climbed[:3]
        ]
        yield f"What explains it, in seconds per epoch {view.where(climbed[0].base)}: {', '.join(told)}."


def _change_of(view: View, item: Comparison) -> str:
    for run in item.other.runs:
        for rungs in rungs_of(run.file.ladder, [item.other]).values():
            for rung, found in rungs:
                if found is not None and found.key == item.other.key:
                    return change_text(rung)
    return item.other.key.text


def _devices(view: View) -> Iterator[str]:
    without, within = (device_crossovers(view, transfers) for transfers in (False, True))
    best: dict[str, Comparison] = {}
    for item in view.comparisons.devices:
        place = item.other.machine.id + item.other.key.device
        if item.sure and item.word == "faster" and item.other.key.workload == "matmul":
            known = best.get(place)
            if known is None or item.verdict.estimate.ratio < known.verdict.estimate.ratio:
                best[place] = item
    for item in best.values():
        key = item.other.key
        place_key = (item.other.machine.id, key.name, str(key.axis.get("dtype", "–")), key.device)
        pays = "".join(
            f"{lead} {found[place_key].pays}"
            for lead, found in (("; it pays", without), (", with transfers", within))
            if place_key in found
        )
        speed_up = significant(1.0 / item.verdict.estimate.ratio)
        where = f" ({view.title(item.other)})" if view.several else ""
        yield (
            f"{key.device}{where} is up to ×{speed_up} as fast as cpu:0 at products "
            f"({key.name}, {key.axis.get('dtype')}, size {key.axis.get('size')}){pays}."
        )
    yield from _never_paying(view, set(best))


def _never_paying(view: View, paying: set[str]) -> Iterator[str]:
    """Accelerators that are surely slower than the CPU at every product they both have."""
    compared = [item for item in view.comparisons.devices if item.other.key.workload == "matmul"]
    for place, items in grouped((i.other.machine.id + i.other.key.device, i) for i in compared).items():
        if place in paying or not all(item.sure and item.word in ("slower", "same") for item in items):
            continue
        largest = max(size_of(item.other) for item in items)
        other = items[0].other
        where = f" ({view.title(other)})" if view.several else ""
        yield f"{other.key.device}{where} pays at no product that was measured, up to size {largest:,.0f}."


def _products(view: View) -> Iterator[str]:
    """Who is fastest at the largest product of each device with a clear verdict, and by how much."""
    compared = [item for item in view.comparisons.implementations if item.base.key.workload == "matmul"]
    places = grouped(
        (
            (
                i.base.machine.id,
                i.base.extra.division,
                i.base.key.device,
                i.base.key.axis.get("dtype"),
                i.base.key.apart,
            ),
            i,
        )
        for i in compared
    )
    ordered = sorted(places.values(), key=lambda mine: mine[0].base.extra.division != "default")
    for every in ordered:
        mine = [item for item in every if item.sure]
        if not mine:
            continue
        size = max(size_of(item.base) for item in mine)
        mine = [item for item in mine if size_of(item.base) == size]
        largest = (
            "largest product"
            if size == max(size_of(item.base) for item in every)
            else ("largest product with a clear verdict")
        )
        told = [
            f"{item.other.key.implementation} {item.word}"
            + (f" {ratio_text(item.verdict.estimate)}" if item.verdict.different else "")
            for item in mine
        ]
        base = mine[0].base
        tuned = "" if base.extra.division == "default" else f", division {base.extra.division}"
        yield (
            f"At the {largest} {view.where(base)} ({base.key.axis.get('dtype')}, size {size:,.0f}{tuned}), "
            f"against {base.key.implementation}: {', '.join(told)}."
        )


def _others(view: View) -> Iterator[str]:
    """Of every other workload: how many answers agree with the reference, and who is surely fastest."""
    for machine in view.detailed:
        for workload in view.study.by_workload:
            items = [] if workload in TOLD_APART else view.study.of(workload, machine)
            told = [*_answers(items), *_fastest_of(view, workload, machine)]
            if items and told:
                where = f" on {view.title(items[0])}" if view.several else ""
                yield f"{workload.capitalize()}{where}: {'; '.join(told)}."


def _answers(items: Sequence[Measurement]) -> list[str]:
    checked = [item for item in items if item.extra.verified is not None]
    if not checked:
        return []
    agreeing = sum(item.verified for item in checked)
    return [f"{agreeing} of {_count(checked, 'answer')} agree with the reference within their tolerance"]


def _fastest_of(view: View, workload: str, machine: Machine) -> list[str]:
    """Places where the base is surely faster than all others that were compared with it."""
    mine = [
        comparison
        for comparison in view.comparisons.implementations
        if (comparison.base.key.workload, comparison.base.machine.id) == (workload, machine.id)
    ]
    places = grouped(((i.base.key.place, i.base.extra.division), i) for i in mine)
    first = [
        f"{members[0].base.key.implementation} ({axes_text(members[0].base.key.axes)})"
        for members in places.values()
        if all(member.sure and member.word == "slower" for member in members)
    ]
    return (
        [f"surely fastest: {', '.join(first[:4])}" + (" and others" if len(first) > 4 else "")]
        if first
        else []
    )


def _machines(view: View) -> Iterator[str]:
    """Machines over the baseline, by sure comparisons alone; many of them over the cells that all have."""
    sure = [item for item in view.comparisons.machines if item.sure]
    keys = [
        {item.base.key for item in items}
        for items in grouped((item.other.machine.id, item) for item in sure).values()
    ]
    baseline = view.study.titles[view.study.baseline.id]
    if len(keys) > MOST_MACHINES:
        common = set.intersection(*keys)
        means = geometric_means(view.study, [item for item in sure if item.base.key in common])
        if means:
            best, worst = min(means, key=lambda m: m.ratio), max(means, key=lambda m: m.ratio)
            ends = [f"{view.study.titles[m.machine.id]} ×{significant(m.ratio)}" for m in (best, worst)]
            yield (
                f"Of {len(means)} machines over {baseline}, by geometric mean of times over the "
                f"{_count(common, 'cell')} of which all have a sure verdict: {ends[0]} to {ends[1]}."
            )
        return
    both = {mean.machine.id: mean.cells for mean in geometric_means(view.study, view.comparisons.machines)}
    for mean in geometric_means(view.study, sure):
        of = f" of {both[mean.machine.id]}" if both[mean.machine.id] != mean.cells else ""
        yield (
            f"{view.study.titles[mean.machine.id]} takes ×{significant(mean.ratio)} the time of {baseline} "
            f"in the geometric mean of the {mean.cells}{of} cells both have whose verdict is sure (faster in "
            f"{mean.faster}, slower in {mean.slower})."
        )


def _count(items: Collection[object], noun: str) -> str:
    return f"{len(items)} {noun}{'' if len(items) == 1 else 's'}"


def _warnings(view: View) -> Iterator[str]:
    if view.study.synthetic:
        yield SYNTHETIC_WARNING
    yield from _implausible(view, view.study.measurements)
    unmeasured = [cell for file in view.study.files for cell in file.unmeasured]
    failed = [cell for cell in unmeasured if cell.outcome != "skipped"]
    if failed:
        outcomes = ", ".join(sorted({cell.outcome for cell in failed}))
        skipped = len(unmeasured) - len(failed)
        yield f"{_count(failed, 'cell')} failed ({outcomes})" + (f"; {skipped} skipped." if skipped else ".")
    elif unmeasured:
        yield f"{_count(unmeasured, 'cell')} skipped; the reasons stand below."
    for spread in view.kinds:
        for unit in spread.odd[:MOST_ALIKE]:
            what = "run" if spread.repetitions else "machine"
            yield (
                f"{unit.name} is the odd one out: ×{significant(unit.ratio)} the time of the median of "
                f"{len(spread.units)} {what}s of the kind {view.study.titles[spread.machine.id]}."
            )
    yield from _left_out_plugins(view)
    busy = [file for file in view.study.files if file.header is not None and file.header.busy]
    if busy:
        first = busy[0]
        assert first.header is not None
        more = f", and so with {_count(busy[1:], 'more file')}" if busy[1:] else ""
        yield f"Before {first.label} began: {'; '.join(first.header.busy)}{more}."
    disturbed = [item for item in view.study.measurements if item.disturbed]
    if disturbed:
        yield (
            f"{_count(disturbed, 'cell')} disturbed in most samples: compared only with what was measured "
            "in turns with them."
        )


def _left_out_plugins(view: View) -> Iterator[str]:
    faults = dict.fromkeys(
        (fault.name, fault.error)
        for file in view.study.files
        if file.header is not None
        for fault in file.header.plugin_faults
    )
    for name, error in list(faults)[:MOST_ALIKE]:
        yield f"Plug-in {name} was left out: {error}."
    if len(faults) > MOST_ALIKE:
        yield f"And {_count(list(faults)[MOST_ALIKE:], 'more plug-in')} left out."


def _implausible(view: View, items: Sequence[Measurement]) -> Iterator[str]:
    """One sentence for each device whose figures can't be true."""
    bad = grouped(((item.machine.id, item.key.device), item) for item in items if item.implausible)
    for number, members in enumerate(bad.values()):
        if number == 4:
            yield f"Figures of {len(bad) - 4} more devices can't be true; they are listed below."
            return
        worst = max(members, key=lambda item: item.flop_per_second or 0.0)
        yield (
            f"{_count(members, 'figure')} {view.where(worst)} can't be true: {worst.key.text} "
            f"{worst.implausible[0]}."
        )
