"""Whether a stranger's declaration of a workload is whole, field by field, before anything is built on it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, get_args

from likeforlike.devices.limits.ceilings import PRECISIONS
from likeforlike.models.contract.axis import PRECISION, READABLE, Axis, AxisType, readable
from likeforlike.models.contract.workload import (
    Wording,
    Workload,
    unverified,
    without_problem,
)

PRESETS = ("smoke", "quick", "published")
_CALLED = ("problem", "flop", "fewest_flop", "bytes_moved", "items", "memory_bytes", "verify")
_CALLED_IF_GIVEN = ("reference", "probe", "settled")
_TEXTS = ("name", "summary", "kind", "target", "precision")
_NAMES = ("smoke_only", "quick_only", "presets", "idle")
_FLAGS = ("rows_alike", "multiplies", "feeds", "transfers", "own_precision")
_OF_AXES: dict[str, type | tuple[type, ...]] = {"int": int, "float": (int, float), "str": str}
_RESERVED = ("run", "file", "recipe", "strategy", "workers")
"""Axes that have a meaning of their own."""


class PluginFault(Exception):
    """Why a plug-in can't be taken; one line."""


def checked_workload(place: str, offer: object) -> Workload:
    """A declaration whose fields are of the right types and say enough. Raises PluginFault, naming one."""
    if not isinstance(offer, Workload):
        raise PluginFault(
            f"{place} is of type {type(offer).__name__}, expected likeforlike.models.contract.Workload"
        )
    for field, value, expected in _unfit(offer):
        raise PluginFault(f"{place}.{field} is {value!r}, expected {expected}")
    if offer.problem is without_problem:
        raise PluginFault(f"{place}.problem is missing, expected a function of axes and device")
    if offer.verify is unverified:
        raise PluginFault(f"{place} has neither verify nor reference: one of them must say what is right")
    for number, axis in enumerate(offer.axes):
        for field, value, expected in _unfit_axis(axis):
            raise PluginFault(f"{place}.axes[{number}].{field} is {value!r}, expected {expected}")
    names = [axis.name for axis in offer.axes]
    for name in names:
        if names.count(name) > 1:
            raise PluginFault(f"{place}.axes has {name!r} {names.count(name)} times, expected it once")
    if sum(axis.size for axis in offer.axes) > 1:
        raise PluginFault(f"{place}.axes has several with size=True, expected one at most")
    return offer


Unfit = Iterator[tuple[str, Any, str]]
"""Field, value, what was expected."""


def _unfit(offer: Workload) -> Unfit:
    for name in _TEXTS:
        if not isinstance(getattr(offer, name), str):
            yield name, getattr(offer, name), "a str"
    for name in (*_CALLED, *_CALLED_IF_GIVEN):
        value = getattr(offer, name)
        if not callable(value) and not (value is None and name in _CALLED_IF_GIVEN):
            yield name, value, "a function"
    for name in (*_NAMES, "axes"):
        if not isinstance(getattr(offer, name), tuple):
            yield name, getattr(offer, name), "a tuple"
    for name in _FLAGS:
        if not isinstance(getattr(offer, name), bool):
            yield name, getattr(offer, name), "a bool"
    if not isinstance(offer.wording, Wording):
        yield "wording", offer.wording, "a likeforlike.models.contract.Wording"
    else:
        for field in fields(Wording):
            if not isinstance(getattr(offer.wording, field.name), str):
                yield f"wording.{field.name}", getattr(offer.wording, field.name), "a str"
    if offer.kind != "kernel":
        yield "kind", offer.kind, "kernel"
    if not readable(offer.name) or "." in offer.name:
        yield "name", offer.name, f"{READABLE.replace('.', '')}"
    if offer.precision not in PRECISIONS:
        yield "precision", offer.precision, f"one of {', '.join(PRECISIONS)}"
    for preset in offer.presets:
        if preset not in PRESETS:
            yield "presets", offer.presets, f"some of {', '.join(PRESETS)}"
    if not callable(offer.tolerance) and not _is_number(offer.tolerance):
        yield "tolerance", offer.tolerance, "a number or a function of the axes"
    if offer.reference is not None and not callable(offer.tolerance) and not 0 < offer.tolerance < math.inf:
        yield "tolerance", offer.tolerance, "a number above 0 beside a reference"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_of(axis: Axis, value: object) -> bool:
    return isinstance(value, _OF_AXES[axis.type]) and not isinstance(value, bool)


def _unfit_axis(axis: object) -> Unfit:
    if not isinstance(axis, Axis):
        yield "type", type(axis).__name__, "likeforlike.models.contract.Axis"
        return
    for name in ("name", "unit", "label"):
        if not isinstance(getattr(axis, name), str):
            yield name, getattr(axis, name), "a str"
    if not axis.name.isidentifier() or axis.name in _RESERVED:
        yield "name", axis.name, f"letters, digits and _, and none of {', '.join(_RESERVED)}"
    if axis.type not in get_args(AxisType):
        yield "type", axis.type, f"one of {', '.join(get_args(AxisType))}"
    if axis.size and axis.type == "str":
        yield "size", axis.size, "False: sizes are numbers"
    if axis.name == PRECISION and axis.type != "str":
        yield "type", axis.type, f"str: {PRECISION} is the precision mode"
    if not isinstance(axis.choices, tuple) or not all(map(readable, map(str, axis.choices))):
        yield "choices", axis.choices, f"a tuple of names: {READABLE}"
    for preset in PRESETS:
        values = getattr(axis, preset)
        if not isinstance(values, tuple) or (preset == "smoke" and not values):
            yield preset, values, "a tuple of values" + (", one at least" if preset == "smoke" else "")
        elif not all(_is_of(axis, value) for value in values):
            yield preset, values, f"values of type {axis.type}"
        elif any(axis.parsed(str(value)) is None for value in values):
            yield preset, values, f"each {axis.expected}"
        elif len(set(values)) < len(values):
            yield preset, values, "each value once"
