"""What the study prints: tables of false verdicts, coverage, power and variances; and what must hold."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from likeforlike.bench.studies.replication.collecting import Runs, nested
from likeforlike.bench.studies.replication.copies import SLOWER_PERCENT
from likeforlike.bench.studies.replication.judging import FIXED, REPORT, WAYS, Told
from likeforlike.bench.studies.replication.settings import BUSY, KERNELS
from likeforlike.bench.studies.replication.variance import components
from likeforlike.bench.studies.staging.account import required, table
from likeforlike.bench.studies.staging.tool_rules import PEERS

FALSE_AT_MOST = 0.05
HOLD_AT_LEAST = 0.93
FOUND_AT_LEAST = 0.9
LEAST_COMPARISONS = 100
"""Of copies, for a share of 5 % to be told from others at all."""

Part = tuple[str, str, str]
"""Condition, kind and launches, as a table says them."""


def parts_of(every: Iterable[Runs]) -> dict[Part, list[Runs]]:
    """The settings that are told together: all entrants of one condition, kind and number of launches."""

    def part(runs: Runs) -> Part:
        return runs.setting.condition, runs.setting.kind, runs.setting.launches_text

    return {key: list(members) for key, members in groupby(sorted(every, key=part), part)}


def told_in(runs: Iterable[Runs], way: str, percent: int | None = None) -> list[Told]:
    """What was said in one way; with ``percent`` of what is slower by so much than a base that is a copy."""
    said = (item for one in runs for item in one.told if item.way == way)
    return [i for i in said if percent is None or (i.percent == percent and not i.base_percent)]


def share_text(hits: int, total: int) -> str:
    """``3 of 100``, or a dash of nothing."""
    return f"{hits} of {total}" if total else "–"


def verdicts_table(parts: Mapping[Part, Sequence[Runs]]) -> str:
    """Of copies and of what is slower: by condition, kind, launches and rule."""
    rows = []
    for (condition, kind, launches), runs in parts.items():
        for way in (*WAYS, *PEERS):
            shown = f"**likeforlike**, {way}" if way in WAYS else way
            rows.append([condition, kind, launches, shown, *_cells(runs, way)])
    found = [f"{percent} % found" for percent in SLOWER_PERCENT]
    headers = ["condition", "what", "launches", "rule", "copies called different", "slower / faster"]
    return table([*headers, "intervals that hold 1", *found, "slower ones called faster"], rows)


def _cells(runs: Sequence[Runs], way: str) -> list[str]:
    same = told_in(runs, way, 0)
    words = [item.word for item in same]
    slower = [told_in(runs, way, percent) for percent in SLOWER_PERCENT]
    unlike = [item for item in told_in(runs, way) if item.percent != item.base_percent]
    return [
        share_text(sum(item.different for item in same), len(same)),
        f"{words.count('slower')} / {words.count('faster')}",
        share_text(*_held(same)),
        *(share_text(sum(i.word == "slower" for i in items), len(items)) for items in slower),
        share_text(sum(item.reversed for item in unlike), len(unlike)),
    ]


def _held(told: Sequence[Told]) -> tuple[int, int]:
    """How many intervals hold the truth, of how many."""
    known = [item.holds for item in told if item.holds is not None]
    return sum(known), len(known)


def entrants_table(every: Sequence[Runs]) -> str:
    """The same setting by setting, against the fixed base, with what the ratios were."""
    rows = []
    for runs in every:
        same = told_in([runs], FIXED, 0)
        setting = runs.setting
        middle = [told_in([runs], FIXED, percent) for percent in (0, *SLOWER_PERCENT)]
        rows.append(
            [
                setting.condition,
                setting.entrant,
                setting.launches_text,
                f"{runs.files} / {runs.groups}",
                share_text(sum(item.different for item in same), len(same)),
                share_text(*_held(same)),
                *(f"{statistics.median(i.ratio for i in items):.3f}" if items else "–" for items in middle),
            ]
        )
    headers = ["condition", "entrant", "launches", "runs / groups", "copies called different"]
    ratios = [f"median ratio, {percent} % slower" for percent in SLOWER_PERCENT]
    return table([*headers, "intervals that hold 1", "median ratio, copies", *ratios], rows)


def words_table(parts: Mapping[Part, Sequence[Runs]]) -> str:
    """What the report says of copies and of what is slower, word by word, and how often it is sure."""
    words = ("faster", "same", "unclear", "slower", "no verdict")
    rows = []
    for part, runs in parts.items():
        for percent in (0, *SLOWER_PERCENT):
            said = told_in(runs, REPORT, percent)
            counts = [sum(item.word == word for item in said) for word in words]
            sure = sum(item.sure for item in said)
            rows.append([*part, f"{percent} % slower" if percent else "copies", *counts, sure])
    return table(["condition", "what", "launches", "in truth", *words, "of these sure"], rows)


def variance_table(parts: Mapping[Part, Sequence[Runs]]) -> str:
    """Standard deviations between rounds, launches and runs, of times and of the ratios of copies."""
    rows = []
    for (condition, kind, launches), runs in parts.items():
        for ratios in (False, True):
            found = components(nested(runs, ratios))
            what = "ratio of a copy to its original" if ratios else "time"
            shares = (found.rounds, found.launches, found.runs)
            told = ["–" if share is None else f"{share:.1%}" for share in shares]
            rows.append([condition, kind, launches, what, found.cells, *told])
    headers = ["condition", "what", "launches", "of", "cells", "between rounds", "between launches"]
    return table([*headers, "between runs"], rows)


def lost_lines(every: Iterable[Runs]) -> list[str]:
    """Cells that gave no figure, each reason with its number."""
    return [
        f"- {runs.setting.title}: {count} cells without a figure, {reason}"
        for runs in every
        for reason, count in runs.lost.items()
    ]


def requirements(parts: Mapping[Part, Sequence[Runs]]) -> list[str]:
    """What must hold beside the neighbour, and whether it does; undecided where too little was measured."""
    lines = []
    for (condition, kind, launches), runs in parts.items():
        where = f"{condition}, {kind}, {launches} launches"
        for way in (REPORT, FIXED):
            same = told_in(runs, way, 0)
            different = sum(item.different for item in same)
            lines.append(
                _line(
                    f"{where}, {way}: at most 5 % of copies called different",
                    different,
                    len(same),
                    different <= FALSE_AT_MOST * len(same),
                )
            )
            held, known = _held(same)
            lines.append(
                _line(
                    f"{where}, {way}: at least 93 % of intervals hold 1",
                    held,
                    known,
                    held >= HOLD_AT_LEAST * known,
                )
            )
    return [*lines, *power_requirements(parts)]


def power_requirements(parts: Mapping[Part, Sequence[Runs]]) -> list[str]:
    """A true 10 % with the preset's launches, a true 5 % with ten, in nine of ten."""
    lines = []
    for percent, launches in ((10, "quick's"), (5, "10")):
        runs = parts.get((BUSY, KERNELS, launches), ())
        said = told_in(runs, REPORT, percent)
        found = sum(item.word == "slower" for item in said)
        text = f"{BUSY}, {KERNELS}, {launches} launches, {REPORT}: {percent} % found in at least 9 of 10"
        lines.append(_line(text, found, len(said), found >= FOUND_AT_LEAST * len(said), least=10))
    return lines


def _line(text: str, hits: int, total: int, holds: bool, least: int = LEAST_COMPARISONS) -> str:
    """Undecided where there are fewer than it takes."""
    few = "" if total >= least else f", fewer than {least}"
    return required(f"{text} ({share_text(hits, total)}{few})", holds if total >= least else None)
