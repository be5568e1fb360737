"""What the changes of a ladder are worth, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.devices.limits.units import LEAST_DECIMAL, size_of
from likeforlike.reports.judge.ladder.effects import Effect, Step
from likeforlike.reports.read.schema.runs import Rung
from likeforlike.reports.sort.likeness.comparability import LABELS
from likeforlike.reports.tell.formatting import epoch_words, ratio_text


def change_text(rung: Rung) -> str:
    """What the rung changed, in words."""
    change = rung.change
    if change is None:
        return "start"
    if change.field == "implementation":
        return f"{change.before} to {change.after}"
    return f"{change.field.replace('_', ' ')} {_value(change.before)} to {_value(change.after)}"


def _value(value: object) -> str:
    return {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def added_text(seconds: float, largest: float) -> str:
    """``+1.23`` or ``-0.0032``: seconds beside others, of the largest of which two digits are told.

    At least two decimals: of a ladder of short epochs more, or each change would be worth nothing.
    """
    decimals = max(2, 1 - size_of(largest, 2)) if largest else 2
    return f"{seconds:+z.{min(decimals, LEAST_DECIMAL)}f}"


def interaction_text(effect: Effect) -> str:
    """Where a change is worth most and where least, by what had been changed before it."""
    least, most = effect.least, effect.most
    largest = max(abs(least.seconds), abs(most.seconds))
    return (
        f"The change {change_text(effect.rung)} is worth {added_text(most.seconds, largest)} s "
        f"{_situation(most, least)}, "
        f"but {added_text(least.seconds, largest)} s {_situation(least, most)}."
    )


def _situation(step: Step, other: Step) -> str:
    """In what a step's rung differs from that of the same step in another order: trainer, else recipe."""
    mine, theirs = step.base, other.base
    if mine.key.implementation != theirs.key.implementation:
        return f"in {mine.key.implementation}"
    first, second = mine.extra.recipe or {}, theirs.extra.recipe or {}
    fields = [name for name in first if name not in LABELS and first[name] != second.get(name)]
    told = " and ".join(f"{name.replace('_', ' ')} {_value(first[name])}" for name in fields)
    return f"with {told}" if told else f"in order {step.order}"


def told_interaction(sure: Sequence[Effect]) -> str:
    """The largest interaction among these effects, as a further sentence; empty where there is none."""
    found = [effect for effect in sure if effect.interacts]
    if not found:
        return ""
    return f" {interaction_text(max(found, key=lambda e: e.most.seconds - e.least.seconds))}"


def explanation(sure: Sequence[Effect], where: str) -> str:
    """The effects in seconds, and the largest interaction."""
    what = f"What changes of the ladder add, in seconds per {epoch_words(sure[0].steps[0].base)} {where}"
    orders = sure[0].orders
    largest = max(abs(effect.seconds) for effect in sure)
    if orders == 1:
        told = [f"{change_text(effect.rung)} {added_text(effect.seconds, largest)} s" for effect in sure]
        return f"{what}, made in one order: {', '.join(told)}."
    told = [
        f"{change_text(effect.rung)} {added_text(effect.seconds, largest)} s "
        f"({added_text(effect.least.seconds, largest)} to {added_text(effect.most.seconds, largest)}, "
        "by order)"
        for effect in sure
    ]
    return f"{what}, averaged over {orders} orders: {', '.join(told)}.{told_interaction(sure)}"


def single_changes(sure: Sequence[Effect], where: str) -> str:
    """Ratios of rungs, as their tables have them, where the whole difference can't be taken apart."""
    told: list[str] = []
    for effect in sure:
        compared = [step.comparison for step in effect.steps if step.comparison is not None]
        ratios = " and ".join(ratio_text(one.verdict.estimate) for one in compared)
        of_the_time = "" if told else " of the time"
        told.append(f"{ratios}{of_the_time} by {change_text(effect.rung)}")
    orders = sure[0].orders
    made = "in one order" if orders == 1 else f"in each of {orders} orders"
    what = f"One change at a time {where}, {made}, a {epoch_words(sure[0].steps[0].base)} takes"
    return (
        f"{what} {', '.join(told)}; "
        "how the whole difference between the ends divides among the changes can't be told."
    )
