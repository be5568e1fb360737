"""What a comparison of functions was asked for, and the cells that it comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from likeforlike.bench.functions.handing_over import framework_of, origin_of
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.circumstances import CACHE
from likeforlike.bench.plan.sides import SIDE
from likeforlike.models.contract.axis import Axis, AxisType
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.workload import Workload
from likeforlike.models.functions.call import TARGET
from likeforlike.models.functions.given import ENTRANT_VARIABLE, FILE_VARIABLE, Entrant
from likeforlike.models.functions.workload import NAME, WORKLOAD

Point = Mapping[str, Any]
_SCALARS = (str, int, float, bool)
NAME_AXIS = "comparison"
"""The axis that sets comparisons of one file apart."""
_OUR_AXES = (SIDE, CACHE, "run", NAME_AXIS)
"""Those of which each value means something to who measures, or to a report."""


@dataclass(frozen=True)
class Asked:
    """Functions, what they are called with, and how long and how often."""

    functions: Mapping[str, Callable[..., Any]]
    arguments: Any = None
    check: Callable[[Any, Any], Any] | None = None
    points: tuple[Point, ...] = ({},)
    name: str = ""
    """What the comparison is called where a file holds several."""
    launches: tuple[int, int] = (3, 10)
    """At least and at most."""
    seconds: float | None = None
    """After so long no further launch begins, beyond the least number; None: by what a call takes."""
    precision: float = 0.02
    """Relative half-width of a ratio's interval that is narrow enough."""
    confidence: float = 0.95
    patience_seconds: float = 0.0
    """How long to wait for others to pause, and half of the time so far besides; 0: not at all."""
    threads: int | None = None
    device: str | None = None
    once: bool = False
    """Call each once, hold the answers together, and measure nothing."""
    frameworks: Mapping[str, str] = field(default_factory=dict)
    """By function, where it is not what the code names."""

    @property
    def over_grid(self) -> bool:
        """Whether one function is compared with itself from point to point."""
        return len(self.functions) == 1

    def framework(self, name: str) -> str:
        """Whose threads and devices a function uses."""
        return self.frameworks.get(name) or framework_of(self.functions[name])


def points_of(grid: Mapping[str, Sequence[Any]] | None) -> tuple[Point, ...]:
    """Every combination of a grid's values. Raises ValueError or TypeError in one line."""
    if grid is None:
        return ({},)
    if not isinstance(grid, Mapping) or not grid:
        raise TypeError(
            f"compare: grid is {_shown(grid)}, expected names with their values: {{'n': [10, 100]}}"
        )
    for name, values in grid.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(
                f"compare: grid has the name {_shown(name)}, expected one that a parameter can have"
            )
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise TypeError(f"compare: grid[{name!r}] is {_shown(values)}, expected a list of values")
        for value in values:
            if not isinstance(value, _SCALARS):
                raise TypeError(f"compare: grid[{name!r}] holds {_shown(value)}, expected numbers or text")
        if min(len(set(values)), len(set(map(str, values)))) < len(values):  # cells are named by their text
            raise ValueError(f"compare: grid[{name!r}] holds a value twice: {_shown(list(values))}")
    return tuple(dict(zip(grid, values, strict=True)) for values in product(*grid.values()))


def check_names(names: Iterable[str]) -> None:
    """Raise ValueError, in one line, for a name of a grid that would be taken for an axis of ours."""
    own = next((name for name in names if name in _OUR_AXES), None)
    if own is not None:
        raise ValueError(f"compare: grid has the name {own!r}, which means something else here; use another")


def entrants_of(asked: Asked) -> list[Entrant]:
    """Functions at points; the first of each group is what its others are held against.

    Of one function the points are the entrants of one race, each with an answer of its own.
    """
    if asked.over_grid:
        (name,) = asked.functions
        return [
            Entrant(f"{name} {point_text(point)}".strip(), 0, dict(point), str(number), first=True)
            for number, point in enumerate(asked.points)
        ]
    return [
        Entrant(name, number, dict(point), str(group), first=number == 0)
        for group, point in enumerate(asked.points)
        for number, name in enumerate(asked.functions)
    ]


def cells_of(asked: Asked, entrants: Sequence[Entrant], where: str, device: str) -> list[Cell]:
    """A cell for each entrant, those of a group next to each other."""
    names = list(asked.functions)
    called = ((NAME_AXIS, asked.name),) if asked.name else ()
    cells = []
    for number, entrant in enumerate(entrants):
        function = asked.functions[names[entrant.function]]
        point = () if asked.over_grid else tuple(entrant.point.items())
        entry = Implementation(
            name=entrant.name,
            workload=NAME,
            framework=asked.framework(names[entrant.function]),
            summary="a function that was handed over",
            target=TARGET,
            environment=((FILE_VARIABLE, where), (ENTRANT_VARIABLE, str(number))),
            origin=origin_of(function),
        )
        axes = (*called, *point)
        group = " ".join([NAME, device, *(str(value) for _, value in axes)])
        cells.append(Cell(entry, device, axes, group, declared=declaration_of(axes)))
    return cells


def declaration_of(axes: Sequence[tuple[str, Any]]) -> Workload:
    """The workload with the axes that a comparison has; curves are drawn over none of them."""
    types: dict[type, AxisType] = {int: "int", float: "float"}
    declared = [Axis(name, (value,), type=types.get(type(value), "str"), least=None) for name, value in axes]
    return replace(WORKLOAD, axes=tuple(declared))


def point_text(point: Point) -> str:
    """``n=10 dtype=float32``."""
    return " ".join(f"{name}={value}" for name, value in point.items())


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:59]}…"
