"""How a step is confirmed: what else differs between its sides, and the command that measures both."""

from __future__ import annotations

import shlex

from likeforlike.reports.history.series import Visit
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


def software_changes(before: Visit, after: Visit) -> list[str]:
    """What else than the code differs between two visits: versions, drivers, BLAS, host."""
    names = dict.fromkeys([*before.software, *after.software])
    pairs = [(name, before.software.get(name, "none"), after.software.get(name, "none")) for name in names]
    return [f"{name} {old} to {new}" for name, old, new in pairs if old != new]


def confirming_command(marked: Marked, step: Step) -> str:
    """The command that measures both sides of a step in turns; empty where there is none."""
    before, after = marked.commits(step)
    series = marked.series
    if series.plain or not before.commit or not after.commit or before.commit == after.commit:
        return ""
    options = ["--workloads", series.workload, "--implementations", series.implementation]
    options += ["--devices", series.device]
    for name, value in series.axes_by_name.items():
        if name in OPTIONS:
            options += [OPTIONS[name], str(value)]
        else:
            options += ["--axis", f"{series.workload}.{name}={value}"]
    for module in series.plugins:
        options += ["--plugin", module]
    sides = ["--base", before.commit[:12], "--new", after.commit[:12]]
    return shlex.join(["likeforlike", "ab", *sides, "--", *options])
