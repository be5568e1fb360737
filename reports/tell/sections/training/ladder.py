"""The ladder: from one published trainer to the other, one change at a time."""

from __future__ import annotations

from collections.abc import Iterator

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.judge.ladder.effects import Effect, effects
from likeforlike.reports.judge.ladder.effects import Step as OrderStep
from likeforlike.reports.judge.ladder.parts import Parts, parts_of
from likeforlike.reports.read.schema.declarations import TASK
from likeforlike.reports.read.schema.runs import Ladder, Rung
from likeforlike.reports.sort.baselines import Steps, ladders_of, orders_of
from likeforlike.reports.sort.epochs import PHASES, mean_of_last, phase_seconds
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Block, Entry, Figure, Section, Table, Text, row, section
from likeforlike.reports.tell.formatting import (
    accuracy_entry,
    epoch_entry,
    epoch_words,
    known_resources,
    left_out_text,
    ratio_entry,
    resource_entries,
    seconds_per_epoch,
    significant,
    verdict_entry,
)
from likeforlike.reports.tell.plot_data import Range, Ranges, Step, Waterfall
from likeforlike.reports.tell.wording.changes_text import (
    added_text,
    change_text,
    explanation,
    interaction_text,
    single_changes,
    told_interaction,
)
from likeforlike.reports.tell.wording.parts_text import parts_table, sentence


def sections(context: Context) -> list[Section | None]:
    """Every ladder of the detailed machines, by network and device; repetitions of one are one."""
    blocks: list[Block | None] = []
    number = 0
    for machine in context.detailed:
        mine = context.study.of_kind(TASK, machine)
        for ladder in ladders_of(context.study, machine):
            for (_, place), orders in orders_of(ladder, mine).items():
                number += 1
                where = place + (f" of {context.study.titles[machine.id]}" if context.several else "")
                where += _with_network(context, _some(orders))
                blocks += _one(context, ladder, orders, where, "" if number == 1 else f"-{number}")
    return [section("ladder", "Why is it slower? One change at a time", blocks)]


def findings(context: Context) -> Kinds:
    """What explains the difference, device by device."""
    return [_explanations(context)]


def _one(context: Context, ladder: Ladder, orders: list[Steps], where: str, suffix: str) -> list[Block]:
    first, last = ladder.ends
    there = f"From {first} to {last} on {where}: each rung differs from the one before in one declared thing"
    blocks: list[Block] = [Text(f"{there}{_orders_text(orders)}")]
    blocks += _parts(context, orders, where, suffix)
    blocks += [Text(told) for told in _gaps(context, orders)]
    blocks.append(_rungs_table(context, orders[0], f"ladder{suffix}", f"The ladder on {where}"))
    blocks += _figure(context, orders[0], where, suffix)
    if len(orders) > 1:
        found = effects(orders, context.comparisons.ladder)
        blocks += [effects_table(context, found, where, suffix), *_effects_figure(found, where, suffix)]
        blocks += [Text(interaction_text(effect)) for effect in found if effect.interacts]
        for number, order in enumerate(orders[1:], 2):
            back = _is_way_back(orders, number - 1)
            caption = f"Order {number} on {where}" + (": the way back" if back else "")
            blocks.append(_rungs_table(context, order, f"ladder{suffix}-order-{number}", caption))
    return blocks


def _parts(context: Context, orders: list[Steps], where: str, suffix: str) -> list[Block]:
    """Of what the whole difference is made: the sentence, if one end is surely slower, and its figures."""
    parts = parts_of(orders)
    if parts is None:
        return []
    item = parts.item
    told = sentence(parts, f"on {where}")
    table = parts_table(parts, f"parts{suffix}", where, item.key.workload, context.title(item))
    return [*([Text(told)] if told else []), table]


def _orders_text(orders: list[Steps]) -> str:
    if len(orders) == 1:
        return ". The changes were made in one order: in another each may be worth more or less."
    back = ", the second of them the way back" if _is_way_back(orders, 1) else ""
    return (
        f". The same changes were made in {len(orders)} orders{back}: what a "
        "change is worth depends on what was changed before it."
    )


def _is_way_back(orders: list[Steps], number: int) -> bool:
    """Whether an order makes the first one's changes in reverse; loops may not be able to."""
    first, other = ([rung.change for rung, _ in order[1:]] for order in (orders[0], orders[number]))
    fields = [change and change.field for change in first]
    return number == 1 and [change and change.field for change in other] == fields[::-1]


def _gaps(context: Context, orders: list[Steps]) -> list[str]:
    """Rungs without a figure, and so the orders that lack two of their changes: a sentence each."""
    lacking: dict[tuple[str, str], list[str]] = {}
    for number, order in enumerate(orders, 1):
        for rung, item in order:
            if item is None:
                lacking.setdefault((rung.implementation, rung.recipe), []).append(str(number))
    network = _some(orders).key.workload
    reasons = {
        (lost.implementation, lost.axes.get("recipe")): lost.reason
        for file in context.study.files
        if file.ladder is not None
        for lost in file.unmeasured
        if lost.workload in (None, network)
    }
    return [
        f"{name[0]} under {name[1]} has no figure ({reasons.get(name, 'not in the file')}): the changes to "
        f"it and from it are missing in order {' and '.join(numbers)}."
        for name, numbers in lacking.items()
    ]


def _rungs_table(context: Context, rungs: Steps, name: str, caption: str) -> Table:
    """One order, rung by rung."""
    steps = {(i.other.machine.id, i.base.key, i.other.key): i for i in context.comparisons.ladder}
    whole = all(item.whole for _, item in rungs if item is not None)
    rows = []
    before: Measurement | None = None
    workload = next((item.key.workload for _, item in rungs if item is not None), "")
    memory = known_resources(item for _, item in rungs if item is not None)
    for rung, item in rungs:
        known = item is not None and before is not None
        comparison = steps.get((item.machine.id, before.key, item.key)) if known else None  # type: ignore[union-attr]
        rows.append(
            row(
                change_text(rung),
                Entry(str(rung.rung), rung.rung),
                rung.implementation,
                "–" if item is None else seconds_per_epoch(item),
                *(_phase_entries(item) if whole else ()),
                ratio_entry(comparison),
                verdict_entry(comparison),
                accuracy_entry(None if item is None else mean_of_last(item, "val_accuracy")),
                *resource_entries(item, memory),
                workload=workload,
                machine="" if item is None else context.title(item),
                verdict=comparison.word if comparison else "",
            )
        )
        before = item
    columns = (
        "change",
        "rung",
        "trainer",
        "seconds per epoch",
        *(PHASES if whole else ()),
        "ratio to the rung before",
        "verdict",
        "validation accuracy",
        *memory,
    )
    minor = (*memory, *reversed(PHASES), "trainer", "rung", "validation accuracy")
    note = _basis(whole, left_out_text(item for _, item in rungs if item is not None))
    return Table(name, caption, columns, tuple(rows), note, minor=minor)


def _basis(whole: bool, left_out: str) -> str:
    """What the seconds of the rungs are of."""
    if not whole:
        return f"Of the training alone{left_out}: not every rung tells what its evaluation and logging took."
    return (
        "Seconds per epoch, ratio and verdict are of whole epochs, with their evaluation and logging; each "
        f"column is a median of its own{left_out}."
    )


def effects_table(context: Context, found: list[Effect], where: str, suffix: str) -> Table:
    """What each change is worth, over all orders."""
    rows = []
    largest = max((abs(step.seconds) for effect in found for step in effect.steps), default=0.0)
    for effect in found:
        item = effect.steps[0].other
        doubt = any(side.doubt for step in effect.steps for side in (step.base, step.other))
        rows.append(
            row(
                change_text(effect.rung),
                *(
                    Entry(f"{added_text(seconds, largest)} s", seconds, struck=doubt)
                    for seconds in (effect.seconds, effect.least.seconds, effect.most.seconds)
                ),
                Entry(f"{len(effect.steps)} of {effect.orders}", len(effect.steps)),
                _sign_text(effect),
                "depends on what was changed before" if effect.interacts else "–",
                workload=item.key.workload,
                machine=context.title(item),
            )
        )
    columns = (
        "change",
        "averaged over the orders",
        "least",
        "most",
        "orders measured",
        "sign",
        "interaction",
    )
    note = (
        "Seconds that the change adds to an epoch. Averaged over the orders measured they add up to the "
        "whole difference between the ends (the Shapley value, were all orders measured)."
    )
    caption = f"What each change is worth on {where}"
    minor = ("interaction", "orders measured", "most", "least")
    return Table(f"effects{suffix}", caption, columns, tuple(rows), note, minor=minor)


def _sign_text(effect: Effect) -> str:
    barred = any(step.comparison is not None and step.comparison.barred for step in effect.steps)
    said = {"faster": "less time", "slower": "more time"} if barred else {}
    if effect.sure:
        return f"{said.get(effect.steps[0].word, effect.steps[0].word)} in every order"
    words = sorted({said.get(step.word, step.word) or "unclear" for step in effect.steps})
    return ", ".join(words) + ("" if len(effect.steps) == effect.orders else "; not measured in every order")


def _effects_figure(found: list[Effect], where: str, suffix: str) -> list[Figure]:
    if not found:
        return []
    ranges = tuple(
        Range(
            change_text(effect.rung),
            effect.seconds,
            tuple(step.seconds for step in effect.steps),
            sure=effect.sure,
        )
        for effect in sorted(found, key=lambda effect: -abs(effect.seconds))
    )
    largest = max(abs(value) for one in ranges for value in one.values)
    facts = "; ".join(
        f"{one.name} {added_text(one.mean, largest)} s "
        f"({added_text(min(one.values), largest)} to {added_text(max(one.values), largest)})"
        for one in ranges
    )
    return [
        Figure(
            f"effects{suffix}",
            f"What each change adds to an epoch on {where}, in each order and averaged; grey where "
            "its sign is not sure in every order",
            f"Points of seconds added per epoch, one for each order, and their mean: {facts}.",
            Ranges(ranges, "seconds added per epoch"),
        )
    ]


def _phase_entries(item: Measurement | None) -> list[Entry]:
    if item is None:
        return [Entry("–")] * len(PHASES)
    return [epoch_entry(seconds) for seconds in phase_seconds(item).values()]


def _figure(context: Context, rungs: Steps, where: str, suffix: str) -> list[Figure]:
    if sum(item is not None and not item.implausible for _, item in rungs) < 2:
        return []
    judged = {(i.other.machine.id, i.base.key, i.other.key): i for i in context.comparisons.ladder}
    steps: list[Step] = []
    before: Measurement | None = None
    for rung, item in rungs:
        if item is None or item.implausible:  # the next bar starts anew: it would hold two changes
            before = None
            continue
        name = change_text(rung) if steps else rung.implementation
        if before is None and steps:
            name += " and the rung before"
        comparison = None if before is None else judged.get((item.machine.id, before.key, item.key))
        steps.append(_step(name, rung, before, item, comparison))
        before = item
    facts = "; ".join(_step_fact(step) for step in steps)
    grey = "" if all(step.sure for step in steps) else "; grey, steps that are not surely slower or faster"
    return [
        Figure(
            f"ladder{suffix}",
            f"Seconds per epoch from change to change on {where}, each step with its interval (95 %)"
            f"{grey}; below, validation accuracy",
            f"Waterfall of seconds per epoch: {facts}; at the end {significant(steps[-1].after)} s.",
            Waterfall(tuple(steps)),
        )
    ]


def _step(
    name: str, rung: Rung, before: Measurement | None, item: Measurement, comparison: Comparison | None
) -> Step:
    """A bar, with where the interval of its ratio would let it end."""
    accuracy = mean_of_last(item, "val_accuracy")
    told = "" if accuracy is None else f"{accuracy * 100:.1f} %"
    after = item.median_seconds
    if before is None:
        return Step(name, None, after, told)
    start = before.median_seconds
    sure = OrderStep(1, rung, before, item, comparison).word in ("faster", "slower")
    if comparison is None or not comparison.verdict.estimate.has_interval:
        return Step(name, start, after, told, sure=sure)
    estimate = comparison.verdict.estimate
    return Step(name, start, after, told, start * estimate.low, start * estimate.high, sure)


def _step_fact(step: Step) -> str:
    if step.before is None:
        return f"{step.change} {significant(step.after)} s"
    interval = (
        ""
        if step.low is None or step.high is None
        else f" ({step.low - step.before:+z.2f} to {step.high - step.before:+z.2f})"
    )
    return f"{step.change} {step.after - step.before:+z.2f} s{interval}{'' if step.sure else ', not sure'}"


def _explanations(context: Context) -> Iterator[str]:
    """The ladder's largest effects whose sign is sure in every order, and where they interact."""
    for machine in context.detailed:
        mine = context.study.of_kind(TASK, machine)
        for ladder in ladders_of(context.study, machine):
            for orders in orders_of(ladder, mine).values():
                found = effects(orders, context.comparisons.ladder)
                sure = sorted((e for e in found if e.sure), key=lambda effect: -abs(effect.seconds))
                parts = parts_of(orders)
                told = _sentence(context, parts, found)
                # parts are of the training alone, rungs of whole epochs: one may be sure where no part is
                if told and not (sure and parts is not None and not parts.told):
                    yield told
                elif sure and parts is None:
                    yield explanation(sure[:3], _where(context, _some(orders)))
                elif sure:
                    yield single_changes(sure[:3], _where(context, _some(orders)))


def _sentence(context: Context, parts: Parts | None, found: list[Effect]) -> str:
    """Of what the whole difference is made, and the largest interaction; empty where that can't be told."""
    told = "" if parts is None else sentence(parts, _where(context, parts.item))
    interaction = told_interaction(found)
    if parts is None or not told or not interaction:
        return told
    return f"{told} In seconds of a {epoch_words(parts.item)}, t{interaction.removeprefix(' T')}"


def _where(context: Context, item: Measurement) -> str:
    return context.where(item) + _with_network(context, item)


def _with_network(context: Context, item: Measurement) -> str:
    return f" with {network}" if (network := context.network(item)) else ""


def _some(orders: list[Steps]) -> Measurement:
    """Any rung's: there is one where there are orders."""
    return next(item for order in orders for _, item in order if item is not None)
