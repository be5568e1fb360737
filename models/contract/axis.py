"""An axis of a workload: a coordinate of its cells, and the values that each preset measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Value = int | float | str
AxisType = Literal["int", "float", "str"]

PRECISION = "dtype"
"""The name of the axis that is the precision mode: float64, float32, tf32, bfloat16 or float16."""

READABLE = "letters, digits, and any of -_.+ after the first"

_OF: Mapping[str, Callable[[str], Value]] = {"int": int, "float": float, "str": str}
_EXPECTED = {"int": "a whole number", "float": "a number"}


def readable(name: str) -> bool:
    """Whether a name can stand in a cell's id, an option's comma-separated list and a folder's name."""
    return bool(name) and name[0].isalnum() and all(c.isalnum() or c in "-_.+" for c in name)


@dataclass(frozen=True)
class Axis:
    """One coordinate of a workload's cells.

    ``Axis("sequence", smoke=(64,), quick=(128, 512), published=(128, 512, 2048), unit="tokens", size=True)``.
    """

    name: str
    smoke: tuple[Value, ...]
    """What the preset ``smoke`` measures; at least one value."""
    quick: tuple[Value, ...] = ()
    """What ``quick`` measures; empty: what ``smoke`` does."""
    published: tuple[Value, ...] = ()
    """What ``published`` measures; empty: what ``quick`` does."""
    type: AxisType = "int"
    unit: str = ""
    """In what its values count, in the plural: ``tokens``."""
    label: str = ""
    """What it is, for the axis of a plot; empty: name and unit."""
    size: bool = False
    """The one over which curves are drawn, for a workload at most once; its values are numbers."""
    least: float | None = 1
    """The least number that can be asked for; None: any."""
    choices: tuple[str, ...] = ()
    """The names that can be asked for, of an axis of type ``str``; empty: any."""

    def values(self, preset: str) -> tuple[Value, ...]:
        """What a preset measures: ``smoke``, ``quick`` or ``published``."""
        by_preset = {"smoke": self.smoke, "quick": self.quick or self.smoke}
        return by_preset.get(preset) or self.published or by_preset["quick"]

    def parsed(self, text: str) -> Value | None:
        """A value as it stands on a command line; None if it is none of this axis."""
        try:
            value = _OF[self.type](text)
        except ValueError:
            return None
        if isinstance(value, str):
            return value if value in self.choices or (not self.choices and readable(value)) else None
        finite = isinstance(value, int) or math.isfinite(value)
        return value if finite and (self.least is None or value >= self.least) else None

    @property
    def expected(self) -> str:
        """What can be asked for, for an error: ``a whole number of at least 1``."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.type == "str":
            return READABLE
        least = "" if self.least is None else f" of at least {self.least:g}"
        return f"{_EXPECTED[self.type]}{least}"

    def as_json(self) -> dict[str, Any]:
        """What a result file says of it."""
        told = {"name": self.name, "type": self.type, "unit": self.unit, "label": self.label}
        return {**told, "size": self.size}


def precision_axis(
    choices: tuple[str, ...],
    smoke: tuple[str, ...] = ("float32",),
    quick: tuple[str, ...] = (),
    published: tuple[str, ...] = (),
) -> Axis:
    """The axis ``dtype``: the precision modes that a workload knows; float32 unless asked otherwise."""
    return Axis(PRECISION, smoke, quick, published, type="str", choices=choices)
