"""What the difference between a ladder's ends is made of, in a sentence and in a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from likeforlike.devices.limits.units import SECONDS
from likeforlike.reports.judge.ladder.parts import Amount, Part, Parts
from likeforlike.reports.read.schema.runs import Change
from likeforlike.reports.tell.document import EMPTY, Entry, Table, row
from likeforlike.reports.tell.formatting import epoch_words

_FIELDS = {
    "implementation": "the loop itself ({slow} instead of {fast})",
    "feeding": "feeding by {slow} instead of {fast}",
    "steps_per_call": "{slow} instead of {fast} in one call",
    "logs_read": "logs read {slow} instead of {fast}",
    "metrics": "metrics by {slow} instead of {fast}",
    "layers": "layers by {slow} instead of {fast}",
}
"""How a change of these is spoken of; any other by its name."""
_VALUES = {
    ("logs_read", "in-background"): "each step in the background",
    ("logs_read", "each-step"): "each step",
    ("logs_read", "each-epoch"): "once an epoch",
    ("feeding", "arrays"): "Keras's dataset of arrays",
    ("feeding", "arrays-untuned"): "Keras's dataset without autotuning",
    ("feeding", "gathered"): "gathering once an epoch",
    ("feeding", "numpy"): "NumPy's indexing",
    ("feeding", "loader"): "a loader",
    ("feeding", "workers"): "a loader's workers",
    ("steps_per_call", "1"): "one step",
    ("steps_per_call", "epoch"): "all steps of an epoch",
    ("metrics", "keras"): "Keras's own",
    ("metrics", "sums"): "sums on the device",
    ("layers", "keras"): "Keras",
    ("layers", "by-hand"): "hand",
}


def sentence(parts: Parts, where: str) -> str:
    """``Of the 3.10 ms a step that A takes over B, 1.90 are ...``; empty where nothing is sure.

    Where neither end is surely slower, but changes cost something that others save, these are told.
    """
    scale = _Scale(parts)
    told = [(scale.with_interval(part.amount), words(part, parts)) for part in parts.told]
    made = "made in one order" if parts.orders == 1 else f"averaged over {parts.orders} orders"
    if not parts.sure:
        if not told:
            return ""
        ends = f"{parts.fast.implementation} to {parts.slow.implementation}"
        known = _listed([(scale.with_unit(part.amount), words(part, parts)) for part in parts.told])
        return (
            f"From {ends} {where}, {_basis(parts)}, the changes {made}: {known}; all changes "
            f"together {scale.with_unit(parts.whole)}, which can't be told from nothing."
        )
    whole = (
        f"the {scale.with_unit(parts.whole)} {_basis(parts)} that {_ends(parts)} {where}, the changes {made},"
    )
    rest = ""
    if parts.rest is not None:
        untold = ", ".join(words(part, parts) for part in parts.untold)
        if not told:
            return f"Of {whole} no change's share can be told from nothing: {untold}."
        rest = f"; the other {scale.with_interval(parts.rest)} can't be told from nothing: {untold}"
    if any(part.amount.seconds < 0 for part in parts.told):
        return f"{whole[0].upper()}{whole[1:]} are the sum of {_listed(told)}{rest}."
    return f"Of {whole} {_listed(told, ' are')}{rest}."


def words(part: Part, parts: Parts) -> str:
    """What the slow end has of a change instead of what the fast end has."""
    change = part.change
    fast, slow = (change.before, change.after) if parts.slow_is_last else (change.after, change.before)
    plain = change.field.replace("_", " ") + " {slow} instead of {fast}"
    told = _FIELDS.get(change.field, plain)
    return told.replace("{slow}", _value(change, slow)).replace("{fast}", _value(change, fast))


def _value(change: Change, value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    steps = change.field == "steps_per_call" and str(value).isdecimal()
    return _VALUES.get((change.field, str(value)), f"{value} steps" if steps else str(value))


def parts_table(parts: Parts, name: str, where: str, workload: str, machine: str) -> Table:
    """Every part, those that aren't sure too, and the whole."""
    scale = _Scale(parts)
    whole = parts.whole.seconds
    known = whole if parts.sure else 0.0
    rows = [
        row(
            words(part, parts),
            Entry(scale.number(part.amount.seconds), part.amount.seconds),
            Entry(scale.interval(part.amount)),
            _share(part.amount.seconds, known),
            "sure" if part.sure else "can't be told from nothing",
            workload=workload,
            machine=machine,
        )
        for part in sorted(parts.parts, key=lambda part: -abs(part.amount.seconds))
    ]
    rows.append(
        row(
            "the whole difference",
            Entry(scale.number(whole), whole),
            Entry(scale.interval(parts.whole)),
            _share(whole, known),
            "sure" if parts.sure else "can't be told from nothing",
            workload=workload,
            machine=machine,
        )
    )
    unit = f"{scale.unit} {_basis(parts)}"
    alone = (
        "Of the training alone: all rungs take the same steps, and evaluation and logging are in none. "
        if parts.per_step
        else ""
    )
    rounds = (
        "Rungs took turns with the first alone, so that they have launches in common and no rounds"
        if parts.in_pairs
        else "Without what a round did to all rungs alike: their ratios within a round stay as they are"
    )
    over = f"Intervals: 95 %, over {parts.launches} launches of one run."
    note = f"{alone}{rounds}; the parts add up to the whole. {over}"
    columns = ("what the slower end has", unit, "interval", "of the whole", "sure?")
    return Table(
        name, f"Where the difference goes on {where}", columns, tuple(rows), note, minor=("interval",)
    )


def _share(seconds: float, whole: float) -> Entry:
    return Entry(f"{100 * seconds / whole:.0f} %", seconds / whole) if whole else Entry(EMPTY)


def _basis(parts: Parts) -> str:
    if parts.per_step:
        return "a step"
    return "a whole epoch" if epoch_words(parts.item) == "whole epoch" else "an epoch as timed"


def _ends(parts: Parts) -> str:
    slow, fast = parts.slow.implementation, parts.fast.implementation
    if slow != fast:
        return f"{slow} takes over {fast}"
    last, first = ("last", "first") if parts.slow_is_last else ("first", "last")
    return f"the ladder's {last} rung takes over its {first} (both {slow})"


def _listed(told: Sequence[tuple[str, str]], verb: str = "") -> str:
    (figure, what), *others = told
    listed = [f"{figure}{verb} {what}", *(f"{number} {of}" for number, of in others)]
    return listed[0] if not others else f"{', '.join(listed[:-1])} and {listed[-1]}"


class _Scale:
    """One unit and one number of decimals for all amounts: three digits of the whole."""

    def __init__(self, parts: Parts) -> None:
        size = abs(parts.whole.seconds) or 1.0
        self.factor, self.unit = next((unit for unit in SECONDS if size >= unit[0]), SECONDS[-1])
        self.decimals = max(0, 2 - math.floor(math.log10(size / self.factor)))

    def number(self, seconds: float) -> str:
        """The bare number."""
        return f"{seconds / self.factor:z.{self.decimals}f}"

    def interval(self, amount: Amount) -> str:
        """Its ends."""
        return f"{self.number(amount.low)} to {self.number(amount.high)}"

    def with_interval(self, amount: Amount) -> str:
        """Number and interval."""
        return f"{self.number(amount.seconds)} ({self.interval(amount)})"

    def with_unit(self, amount: Amount) -> str:
        """The same with the unit."""
        return f"{self.number(amount.seconds)} {self.unit} ({self.interval(amount)})"
