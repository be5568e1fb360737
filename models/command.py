"""``likeforlike models``: the workloads and their implementations, installed or not."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from tabulate import tabulate

from likeforlike.models.contract.axis import Axis
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.registry import Registry, load_registry


def main(arguments: Sequence[str] | None = None, prog: str = "likeforlike models") -> int:
    """List the registry; the exit status is 2 if a plug-in named on the command line can't be taken.

    ``prog`` is how the command was called, for what it tells.
    """
    options = _parser(prog).parse_args(arguments)
    registry = load_registry(options.plugin)
    if options.json:
        print(json.dumps(_as_json(registry), indent=2))
    else:
        print(as_markdown(registry) if options.markdown else _as_text(registry))
    for fault in registry.faults:
        print(f"plug-in left out: {fault.name}: {fault.error}", file=sys.stderr)
    return 2 if any(fault.name in options.plugin for fault in registry.faults) else 0


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog, description="List the workloads and their implementations.", allow_abbrev=False
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON instead of tables")
    form.add_argument("--markdown", action="store_true", help="print the workloads and axes as one table")
    parser.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="MODULE",
        help="a module whose WORKLOADS and IMPLEMENTATIONS join the registry; repeatable",
    )
    return parser


def _as_text(registry: Registry) -> str:
    parts = []
    for workload, summary in registry.workloads.items():
        rows = [_row(entry) for entry in registry.of(workload)]
        headers = ("implementation", "framework", "division", "installed", "origin", "summary")
        axes = "".join(f"\n  {_axis_text(axis)}" for axis in registry.declared[workload].axes)
        parts.append(f"{workload}: {summary}{axes}\n\n{tabulate(rows, headers, tablefmt='simple')}")
    return "\n\n\n".join(parts)


def as_markdown(registry: Registry) -> str:
    """The workloads with their axes, a row each, for a document."""
    rows = ["| workload | kind | what | axes: smoke; quick; published |", "|:--|:--|:--|:--|"]
    for workload in registry.declared.values():
        axes = "<br>".join(
            f"`{axis.name}`{' (size)' if axis.size else ''} {_values_text(axis)}" for axis in workload.axes
        )
        rows.append(f"| `{workload.name}` | {workload.kind} | {workload.summary} | {axes or '–'} |")
    return "\n".join(rows)


def _values_text(axis: Axis) -> str:
    presets = [axis.values(preset) for preset in ("smoke", "quick", "published")]
    told = presets[:1] if len(set(presets)) == 1 else presets
    return "; ".join(", ".join(map(str, values)) for values in told)


def _axis_text(axis: Axis) -> str:
    """``size, int: smoke 64, 256; quick 500, 1000, 2000; published 500, 1000``, those that differ alone."""
    presets = {preset: axis.values(preset) for preset in ("smoke", "quick", "published")}
    told = "; ".join(f"{name} {', '.join(map(str, values))}" for name, values in presets.items())
    if len(set(presets.values())) == 1:
        told = ", ".join(map(str, axis.smoke))
    unit = f" in {axis.unit}" if axis.unit else ""
    choices = (
        f", of {', '.join(axis.choices)}" if axis.choices and len(axis.choices) > len(axis.smoke) else ""
    )
    return f"axis {axis.name}{unit}: {told}{choices}"


def _row(entry: Implementation) -> tuple[str, ...]:
    installed = entry.missing() or "yes"
    return (entry.name, entry.framework, entry.division, installed, entry.origin, entry.summary)


def _as_json(registry: Registry) -> dict[str, object]:
    return {
        "workloads": [workload.as_json() for workload in registry.declared.values()],
        "implementations": [_record(entry) for entry in registry.entries],
        "faults": [{"plugin": fault.name, "error": fault.error} for fault in registry.faults],
    }


def _record(entry: Implementation) -> dict[str, object]:
    missing = entry.missing()
    return {
        "workload": entry.workload,
        "name": entry.name,
        "framework": entry.framework,
        "division": entry.division,
        "installed": missing is None,
        "missing": missing,
        "device_kinds": list(entry.device_kinds),
        "dtypes": list(entry.dtypes),
        "origin": entry.origin,
        "summary": entry.summary,
    }
