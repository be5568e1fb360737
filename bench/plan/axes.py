"""The values that a run measures of each axis: those asked for, else the preset's by the declaration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.models.contract.axis import PRECISION, Axis, Value
from likeforlike.models.contract.workload import Workload

Point = tuple[tuple[str, Value], ...]
"""A cell's axes, in the order of their declaration."""


def points(workload: Workload, options: Options) -> list[Point]:
    """Every combination of a workload's axes; the precision varies last, the others as declared.

    Raises OptionError for a value that is none of its axis.
    """
    values = {axis.name: _values(workload, axis, options) for axis in workload.axes}
    slowest_first = sorted(workload.axes, key=lambda axis: axis.name != PRECISION)
    found = []
    for combination in product(*(values[axis.name] for axis in slowest_first)):
        chosen = dict(zip((axis.name for axis in slowest_first), combination, strict=True))
        found.append(tuple((axis.name, chosen[axis.name]) for axis in workload.axes))
    return found


def _values(workload: Workload, axis: Axis, options: Options) -> Sequence[Value]:
    asked = options.axes.get(f"{workload.name}.{axis.name}")
    if asked is not None:
        return parsed(f"--axis {workload.name}.{axis.name}", axis, asked)
    if axis.size:
        sizes = options.sizes.get(workload.name)
        if sizes is not None:
            return parsed("--sizes", axis, sizes)
    if axis.name == PRECISION and options.dtypes:
        return options.dtypes
    return axis.values(options.preset_name)


def parsed(option: str, axis: Axis, texts: Sequence[str]) -> list[Value]:
    """The values of an axis, each once. Raises OptionError."""
    values: dict[Value, None] = {}
    for text in map(str, texts):
        value = axis.parsed(text)
        if value is None:
            raise OptionError(f"{option}: {text!r} is not {axis.expected}")
        values[value] = None
    return list(values)


def unknown_precision(workload: Workload, point: Mapping[str, Value]) -> str | None:
    """Why a workload has no cell in a precision mode that was asked of all workloads; None if it has."""
    axis = workload.axis(PRECISION)
    if axis is None or axis.parsed(str(point[PRECISION])) is not None:
        return None
    return f"{workload.name} has no {point[PRECISION]}, only {', '.join(axis.choices)}"


def check_names(options: Options, workloads: Sequence[Workload], measured: Sequence[str]) -> None:
    """Refuse what is asked of a workload or axis that is not there, or not measured. Raises OptionError."""
    sized = [workload.name for workload in workloads if workload.size_axis]
    for name in options.sizes:
        if name and name not in sized:
            raise OptionError(f"--sizes: unknown {name!r}; known: {', '.join(sized)}")
    known = [f"{workload.name}.{axis.name}" for workload in workloads for axis in workload.axes]
    for name in options.axes:
        if name not in known:
            raise OptionError(f"--axis: unknown {name!r}; known: {', '.join(known)}")
        workload = name.partition(".")[0]
        if workload not in measured:
            raise OptionError(f"--axis {name}: {workload} is not among --workloads; leave it out or add it")


def check_sizes(options: Options, workloads: Sequence[Workload], measured: Sequence[str]) -> None:
    """Refuse named sizes of what is not measured, and those beside its own axis. Raises OptionError."""
    for workload in workloads:
        axis = workload.size_axis
        if axis is None or workload.name not in options.sizes:
            continue
        if workload.name not in measured:
            raise OptionError(f"--sizes: {workload.name} is not among --workloads; leave it out or add it")
        if f"{workload.name}.{axis.name}" in options.axes:
            told = f"--axis {workload.name}.{axis.name} says which already"
            raise OptionError(f"--sizes: {told}; leave one of them out")
