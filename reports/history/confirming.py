"""How a step is confirmed: what else differs between its sides, and the command that measures both."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping

from likeforlike.reports.history.series import Series, Visit
from likeforlike.reports.history.steps import Marked
from likeforlike.reports.statistics.change_points import Step

OPTIONS = {
    "recipe": "--recipes",
    "dtype": "--dtypes",
    "workers": "--workers",
    "strategy": "--strategies",
    "cache": "--cache",
    "operands": "--operands",
}
"""Options of ``likeforlike bench`` for axes that have one of their own."""
RUNG = re.compile(r"ladder-\d+")
"""The recipe of a ladder's rung, which has no name of its own: one way's third is another's fifth."""


def software_changes(before: Visit, after: Visit) -> list[str]:
    """What else than the code differs between two visits: versions, drivers, BLAS, host."""
    names = dict.fromkeys([*before.software, *after.software])
    pairs = [(name, before.software.get(name, "none"), after.software.get(name, "none")) for name in names]
    return [f"{name} {old} to {new}" for name, old, new in pairs if old != new]


def confirming_command(marked: Marked, step: Step) -> str:
    """The command that measures both sides of a step in turns; empty where there is none."""
    found = confirming_commands([(marked, step)])
    return found[0] if found else ""


def confirming_commands(steps: Iterable[tuple[Marked, Step]]) -> list[str]:
    """The same of many steps: one command for what lies between the same commits and is of one workload.

    It measures every implementation at every value of the axes, and so may measure more than these cells.
    """
    sides: dict[tuple[str, ...], dict[str, dict[str, None]]] = {}
    for marked, step in steps:
        before, after = marked.commits(step)
        series = marked.series
        if not _can_be_asked_for(series):
            continue
        if not before.commit or not after.commit or before.commit == after.commit:
            continue
        place = (before.commit[:12], after.commit[:12], series.workload, *series.plugins)
        options = sides.setdefault(place, {})
        for name, value in _options(series):
            options.setdefault(name, {})[value] = None
    return [_command(place, options) for place, options in sides.items()]


def _can_be_asked_for(series: Series) -> bool:
    """Whether options of the bench name the cell; one that none does would make it refuse the others, too."""
    recipe = series.axes_by_name.get("recipe")
    return not (series.plain or series.handed_over or RUNG.fullmatch(str(recipe)))


def _options(series: Series) -> Iterator[tuple[str, str]]:
    yield "--implementations", series.implementation
    yield "--devices", series.device
    for name, value in series.axes_by_name.items():
        yield OPTIONS.get(name) or f"--axis {series.workload}.{name}", str(value)


def _command(place: tuple[str, ...], options: Mapping[str, Iterable[str]]) -> str:
    base, new, workload, *plugins = place
    words = ["likeforlike", "ab", "--base", base, "--new", new, "--", "--workloads", workload]
    for name, values in options.items():
        option, _, axis = name.partition(" ")
        listed = ",".join(values)
        words += [option, f"{axis}={listed}" if axis else listed]
    for module in plugins:
        words += ["--plugin", module]
    return shlex.join(words)
