"""What was measured, wherever it was: workload, implementation, device and axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

REPEAT_AXIS = "run"
"""The axis that numbers repetitions of the same work."""
CACHE_AXIS, OPERANDS_AXIS = "cache", "operands"
"""The axes of calls under other circumstances than the usual: cold caches, another distribution."""
SIDE_AXIS = "side"
"""The axis of runs that measured each cell in several interpreters, commits, packages or variables."""
FILE_AXIS = "file"
"""The axis of a set of runs that bear the names of another set and are no repetitions of it."""
UNSTATED = "unstated"
"""The device of published figures whose source does not name one."""

Axes = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Key:
    """What was measured, wherever it was."""

    workload: str
    implementation: str
    device: str
    axes: Axes

    @property
    def axis(self) -> dict[str, Any]:
        """The axes by name."""
        return dict(self.axes)

    @property
    def apart(self) -> str:
        """The file that stands beside others with the same names; empty where there is one set alone."""
        return str(self.axis.get(FILE_AXIS, ""))

    @property
    def side(self) -> str:
        """The side in which it was measured; empty where the run had none."""
        return str(self.axis.get(SIDE_AXIS, ""))

    @property
    def company(self) -> tuple[str, str]:
        """File and side, of which each is ranked by itself."""
        return self.apart, self.side

    @property
    def without_side(self) -> Key:
        """What is the same on every side."""
        return replace(self, axes=tuple(axis for axis in self.axes if axis[0] != SIDE_AXIS))

    @property
    def bare(self) -> Key:
        """The key as the cell itself has it, whichever set it was sorted into."""
        return Key(
            self.workload, self.implementation, self.device, tuple(a for a in self.axes if a[0] != FILE_AXIS)
        )

    @property
    def circumstances(self) -> str:
        """What is unusual about its calls, ``cold caches``, ``normal operands``, and its side; else empty."""
        operands = self.axis.get(OPERANDS_AXIS)
        told = ["cold caches"] if self.axis.get(CACHE_AXIS) == "cold" else []
        told += [f"{operands} operands"] if operands else []
        return ", ".join([*told, *([f"side {self.side}"] if self.side else [])])

    @property
    def name(self) -> str:
        """The implementation, with what is unusual about its calls and the file of a set kept apart."""
        name = f"{self.implementation}, {self.circumstances}" if self.circumstances else self.implementation
        return f"{name} of {self.apart}" if self.apart else name

    @property
    def place(self) -> tuple[str, str, Axes]:
        """All but the implementation: what interchangeable implementations share."""
        return self.workload, self.device, self.axes

    @property
    def text(self) -> str:
        """Readable, short."""
        parts = (self.implementation, self.device, axes_text(self.axes))
        return " ".join(part for part in parts if part)


def axes_text(axes: Axes) -> str:
    """Axes as a reader says them: well-known ones by value alone."""
    told = ("size", "dtype", "recipe", "what")
    return " ".join(str(value) if name in told else f"{name}={value}" for name, value in axes)
