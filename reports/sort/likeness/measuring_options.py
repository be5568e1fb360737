"""How a cell was measured, as far as it makes figures unlike: timer, garbage collection, warm-up, calls.

Not what was asked of a run (how many rounds, how long, which cells): that says how sure a figure is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from likeforlike.reports.sort.call_times import compared_statistic, statistic_of
from likeforlike.reports.sort.likeness.setup_differences import unlike_environments
from likeforlike.reports.sort.measured.measurements import Measurement, Run

WORDS: Mapping[str, Mapping[Any, str]] = {
    "garbage collection": {True: "off", False: "on"},
    "warm-up": {True: "yes", False: "no"},
    "beside others": {True: "yes", False: "no"},
}
"""How the values of an option are said."""

CIRCUMSTANCES: Mapping[str, str] = {
    "processors held to": "cpu_affinity",
    "processors set to": "cpu_config",
    "address layout": "aslr",
    "hash seed": "python_hash_seed",
}
"""How machine and Python were set, by pyperf's names. Where two differ it is told, and withholds nothing."""

NOT_TOLD = "not told"

MINIMUM_SECONDS = 5e-6
"""How long pytest-benchmark makes a round last at least, unless ``min_time`` says otherwise."""

CALIBRATED = (0.5, 10.0)
"""Times that minimum a round lasts if the tool chose the number of calls itself."""


MOST_UNLIKE_LENGTHS = 10
"""So many times as long one round may last as the other where a tool chose both numbers of calls."""


@dataclass(frozen=True)
class Unlike:
    """In what two cells were measured differently."""

    withholds: str
    """Why no verdict may be given on the two; empty if one may."""
    told: str = ""
    """What a reader must know although it withholds nothing."""


def options_of(run: Run) -> dict[str, str]:
    """How a cell was measured, by the option's name; what its file does not say is left out."""
    if run.cell.plain:
        options = run.cell.options
        names = {"timer": "timer", "garbage collection": "disable_gc", "warm-up": "warmup", **CIRCUMSTANCES}
        found = {name: options.get(key) for name, key in names.items()}
        found["written by"] = run.file.tool.name
    else:
        options = (run.file.header.options if run.file.header else None) or {}
        names = {"timer": "timer", "garbage collection": "disable_gc", "warm-up": "warm_up"}
        found = {name: options.get(key) for name, key in names.items()}
        found["beside others"] = run.cell.extra.concurrent
    return {name: _value_text(name, value) for name, value in found.items() if value is not None}


def _value_text(name: str, value: Any) -> str:
    if name == "timer":
        return re.split(r"[.:]", str(value))[-1]
    words = WORDS.get(name, {})
    return words.get(bool(value), str(value)) if words else str(value)


def unlike_options(first: Run, second: Run) -> Unlike:
    """In what options two cells differ that both files tell; ``first`` is named first."""
    mine, theirs = options_of(first), options_of(second)
    told = [
        f"{name} {mine[name]} and {theirs[name]}"
        for name in mine
        if name in theirs and mine[name] != theirs[name] and name not in CIRCUMSTANCES
    ]
    calls = (first.cell.iterations, second.cell.iterations)
    remarks = _unlike_circumstances(mine, theirs)
    if None not in calls and calls[0] != calls[1]:
        text = f"{calls[0]:,} and {calls[1]:,} calls a round"
        if (_calibrated(first) and _calibrated(second)) or _rounds_as_long(first, second):
            remarks.append(f"{text}, as the tool chose them")
        else:
            told.append(text)
    return Unlike("; ".join(told), "; ".join(remarks))


def _unlike_circumstances(mine: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """In which of :data:`CIRCUMSTANCES` two files of one tool differ.

    What one tells and the other does not counts, too: pyperf leaves out what is not set.
    """
    if mine.get("written by") != theirs.get("written by"):
        return []
    pairs = [(name, mine.get(name, NOT_TOLD), theirs.get(name, NOT_TOLD)) for name in CIRCUMSTANCES]
    return [f"{name} {first} and {second}" for name, first, second in pairs if first != second]


def _calibrated(run: Run) -> bool:
    """Whether the tool can have chosen the number of calls itself, so that a round lasts as long as it wants.

    Of a function that became slower it then chooses fewer: that is no other way to measure.
    """
    minimum = run.cell.options.get("min_time")
    usable = isinstance(minimum, int | float) and not isinstance(minimum, bool) and minimum > 0
    least = float(minimum) if usable else MINIMUM_SECONDS  # type: ignore[arg-type]
    calls, seconds = run.cell.iterations or 1, run.cell.median_seconds
    shortest, longest = CALIBRATED
    return calls * seconds >= shortest * least and (calls == 1 or calls * seconds <= longest * least)


def _rounds_as_long(first: Run, second: Run) -> bool:
    """Whether another tool made the rounds of both last about as long, as google/benchmark and pyperf do.

    Of a function that became far slower one call lasts longer than any tool wants: there are no fewer.
    """
    if not (first.cell.plain and second.cell.plain) or "pytest-benchmark" in (
        first.file.tool.name,
        second.file.tool.name,
    ):
        return False
    lasted = [((run.cell.iterations or 1) * run.cell.median_seconds, run) for run in (first, second)]
    (shorter, _), (longer, run) = sorted(lasted, key=lambda one: one[0])
    return run.cell.iterations == 1 or longer <= MOST_UNLIKE_LENGTHS * shorter


def unlike_measuring(first: Measurement, second: Measurement) -> Unlike:
    """In what two figures of one name were measured differently: options, then inherited variables."""
    options = unlike_options(first.runs[0], second.runs[0])
    reasons = [f"measured with unlike options: {options.withholds}"] if options.withholds else []
    environments = unlike_environments(first, second)
    told = [text for text in (options.told, _unlike_statistics(first, second)) if text]
    return Unlike("; ".join([*reasons, *([environments] if environments else [])]), "; ".join(told))


def _unlike_statistics(first: Measurement, second: Measurement) -> str:
    mine, theirs = statistic_of(first), statistic_of(second)
    if mine == theirs:
        return ""
    return f"asked on {mine} and on {theirs}, compared by {compared_statistic(first, second)}"
