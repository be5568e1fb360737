"""Geometric means as rows and as sentences: on one device, at one workload, with the cells they rest on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.judge.means import GeometricMean, geometric_means
from likeforlike.reports.read.result_file import PLAIN_WORKLOAD
from likeforlike.reports.sort.measured.keys import Key, axes_text
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.document import Entry, Row, row
from likeforlike.reports.tell.formatting import ratio_text, significant
from likeforlike.reports.tell.wording.tails_text import compared_words

MOST_CELLS = 3
"""Cells that a sentence or a row names; of more the number follows."""

COLUMNS = (
    *("device", "workload", "time over the base's", "cells both have"),
    *("faster", "same", "slower", "unclear", "over sure cells alone", "which are"),
)

MINOR = ("which are", "over sure cells alone", "unclear", "same", "slower", "faster")

NOTE = (
    "A geometric mean for each device and workload, never across them, over the cells that both have and "
    "that are in no doubt, trainings left out where the one that takes less time trained worse; at the right "
    "over those with a clear verdict, on which the findings rest."
)

WORDS = ("faster", "same", "slower", "unclear")


def means_rows(context: Context, names: dict[str, str], compared: Sequence[Comparison]) -> list[Row]:
    """A row for each mean, by :func:`name_of` and ``COLUMNS``."""
    clear = {mean.place: mean for mean in geometric_means(context.study, [c for c in compared if c.told])}
    rows = []
    for mean in geometric_means(context.study, compared):
        sure = clear.get(mean.place)
        counts = [Entry(str(mean.count(word)), float(mean.count(word))) for word in WORDS]
        rows.append(
            row(
                name_of(mean, names),
                mean.device or "–",
                mean.workload,
                Entry(f"×{significant(mean.ratio)}", mean.ratio),
                Entry(str(mean.cells), float(mean.cells)),
                *counts,
                None if sure is None else Entry(f"×{significant(sure.ratio)} ({sure.cells})", sure.ratio),
                None if sure is None else cells_text(sure),
                workload=mean.workload,
                machine=context.study.titles[mean.machine.id],
            )
        )
    return rows


def name_of(mean: GeometricMean, names: dict[str, str]) -> str:
    """Of what it is: the machine by ``names``, with the file of a set that stands apart; or that file."""
    machine = names.get(mean.machine.id, "")
    if not mean.file:
        return machine
    return f"{machine} in {mean.file}" if machine else mean.file


def mean_sentences(
    context: Context, names: dict[str, str], base: str, compared: Sequence[Comparison]
) -> list[str]:
    """What clear verdicts say of each of ``names`` on each device at each workload, largest ratio first.

    ``base`` is the machine that they are compared with; empty where files of one machine are.
    """
    both = {mean.place: mean.cells for mean in geometric_means(context.study, compared)}
    clear = geometric_means(context.study, [item for item in compared if item.told])
    ordered = sorted(clear, key=lambda mean: -abs(math.log(mean.ratio)))
    with_a_word = geometric_means(context.study, [item for item in compared if item.clear])
    every = {mean.place: mean.cells for mean in with_a_word}
    return [
        _sentence(
            mean,
            name_of(mean, names),
            _base_text(context, mean, base),
            both[mean.place],
            "sure" if every[mean.place] > mean.cells else "clear",
        )
        for mean in ordered
    ]


def _base_text(context: Context, mean: GeometricMean, base: str) -> str:
    if base:
        return f"{base} in {mean.base_file}" if mean.base_file else base
    return mean.base_file + (f" on {context.study.titles[mean.machine.id]}" if context.several else "")


def _sentence(mean: GeometricMean, name: str, base: str, both: int, how: str) -> str:
    where = f" on {mean.device}" if mean.device else ""
    where += "" if mean.workload == PLAIN_WORKLOAD else f" at {mean.workload}"
    where += _by_what(mean)
    unchecked = "; nobody checked the answers" if mean.workload == PLAIN_WORKLOAD else ""
    if mean.cells == 1:
        item = mean.comparisons[0]
        of = f", the one of {both} cells that is {how}" if both > 1 else ""
        if item.word == "same":
            return f"{name} takes the same time as {base}{where} ({cells_text(mean)}{of}){unchecked}."
        ratio = ratio_text(item.verdict.estimate)
        return f"{name} takes {ratio} the time of {base}{where} ({cells_text(mean)}{of}){unchecked}."
    of = f" of {both}" if both != mean.cells else ""
    if mean.same == mean.cells:
        what = f"in {mean.cells}{of} cells: {cells_text(mean)}"
        return f"{name} takes the same time as {base}{where} {what}{unchecked}."
    counts = ", ".join(f"{word} in {mean.count(word)}" for word in WORDS if mean.count(word))
    return (
        f"{name} takes ×{significant(mean.ratio)} the time of {base}{where}, the geometric mean of "
        f"{mean.cells}{of} cells: {_ratios_text(mean)} ({counts}){unchecked}."
    )


def _by_what(mean: GeometricMean) -> str:
    """`` by p99`` where ratios are of that; nothing where all are of times."""
    words = dict.fromkeys(compared_words(item.base, item.other) for item in mean.comparisons)
    if list(words) == ["time"]:
        return ""
    return f" by {' and '.join('median' if word == 'time' else word for word in words)}"


def _ratios_text(mean: GeometricMean) -> str:
    """The first few cells that a mean rests on, each with its ratio: a mean may hide the one that differs."""
    ordered = sorted(mean.comparisons, key=lambda item: -abs(math.log(item.verdict.estimate.ratio)))
    told = [f"{_cell_text(i.base.key.bare)} ×{significant(i.verdict.estimate.ratio)}" for i in ordered]
    return _some(told)


def cells_text(mean: GeometricMean) -> str:
    """The first few cells it rests on, by implementation and axes, and how many more."""
    return some_cells(mean.keys)


def some_cells(keys: Iterable[Key], most: int = MOST_CELLS) -> str:
    """The first few cells by implementation and axes, and how many more."""
    return _some([_cell_text(key) for key in keys], most)


def _cell_text(key: Key) -> str:
    return f"{key.implementation} {axes_text(key.axes)}".rstrip()


def _some(told: Sequence[str], most: int = MOST_CELLS) -> str:
    return ", ".join(told[:most]) + (f" and {len(told) - most:,} more" if len(told) > most else "")
