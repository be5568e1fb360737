"""Sides: several interpreters, commits, packages or variables, in each of which every cell is measured.

``--side NAME=WHAT`` declares one. A side is an axis of the cells like others, so that ids, journal, fleet and
reports follow; a cell's sides are of one comparison group, and so take turns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.cells import Cell
from likeforlike.devices.process.interpreter import Interpreter
from likeforlike.devices.process.placement import SET_FOR_WORKERS
from likeforlike.models.contract.axis import READABLE, readable
from likeforlike.models.contract.implementation import Implementation

SIDE = "side"
"""The name of the axis."""

Kind = Literal["interpreter", "git", "tree", "pip", "env"]

KINDS: tuple[Kind, ...] = ("git", "tree", "pip", "env")
"""Those that a word before a colon names."""

Plain = Mapping[str, Cell]
"""The cells of one side by what their id would be without it."""


@dataclass(frozen=True)
class Asked:
    """What ``NAME=WHAT`` says."""

    name: str
    kind: Kind
    what: str
    """Behind the kind's own word."""

    @property
    def option(self) -> str:
        """How an error begins."""
        return f"--side {self.name}"


@dataclass(frozen=True)
class Side:
    """A side that is ready to be measured in."""

    name: str
    interpreter: Interpreter
    variables: Mapping[str, str] = field(default_factory=dict)
    """Set in its workers beside what the harness sets."""
    entries: tuple[Implementation, ...] = ()
    """The implementations that its own registry has."""
    missing: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Why some of them can't run there, by workload and name: what is not installed."""
    faults: tuple[str, ...] = ()
    """Plug-ins that could not be taken there, each with its reason."""
    code: Mapping[str, str] = field(default_factory=dict)
    """Digests of the source that is measured there, by module."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the result file says of it: versions, packages, variables, revision; plain JSON types."""

    def why_missing(self, entry: Implementation) -> str | None:
        """What an implementation lacks there; None where nothing."""
        why = self.missing.get((entry.workload, entry.name))
        return why and f"on side {self.name}: {why}"

    def lacks(self, cell: Cell) -> str:
        """Why it has no cell that another side has."""
        told = f"side {self.name} has no implementation {cell.entry.name} of {cell.workload}"
        return f"{told}: {'; '.join(self.faults)}" if self.faults else told

    @property
    def summary(self) -> str:
        """What it is, in a line."""
        versions = {
            name: self.facts["packages"].get(name) for name in ("numpy", "tensorflow", "torch", "jax")
        }
        told = [f"Python {self.facts['python']}", *(f"{n} {v}" for n, v in versions.items() if v)]
        told += [f"{name}={value}" for name, value in self.variables.items()]
        return ", ".join(told)

    @property
    def code_by_name(self) -> dict[str, str]:
        """Its digests, under names that tell them from other sides'."""
        return {f"{module} of side {self.name}": digest for module, digest in self.code.items()}


def declare_sides(add: Callable[..., None]) -> None:
    """The option."""
    add(
        "--side",
        "NAME=WHAT, two or more: each cell is measured in each of them, in turns. WHAT is an interpreter "
        "(/venv/bin/python), a commit (git:main), a folder with source (tree:.), packages on top of what is "
        "installed (pip:numpy==2.1), or variables (env:NAME=VALUE,NAME=VALUE; env: alone for none).",
        metavar="NAME=WHAT",
        action="append",
        default=[],
    )


def read_sides(texts: Sequence[str]) -> dict[str, str]:
    """``NAME=WHAT`` as asked, by name, in the order of asking. Raises OptionError."""
    sides: dict[str, str] = {}
    for text in texts:
        name, equals, what = text.partition("=")
        if not equals or not what.strip() or not readable(name):
            raise OptionError(f"--side: {text!r} is not NAME=WHAT, NAME of {READABLE}")
        if name in sides:
            raise OptionError(f"--side: {name} is given twice; give each side a name of its own")
        sides[name] = what.strip()
    if len(sides) == 1:
        raise OptionError("--side: there is one alone; give two or more, or leave it out")
    for name, what in sides.items():
        asked = asked_side(name, what)
        if asked.kind == "env":
            variables_of(asked)
    return sides


def asked_side(name: str, what: str) -> Asked:
    """What kind of side is asked for: by the word before a colon; without one an interpreter."""
    word, colon, rest = what.partition(":")
    for kind in KINDS:
        if colon and word == kind:
            return Asked(name, kind, rest.strip())
    return Asked(name, "interpreter", what)


def variables_of(asked: Asked) -> dict[str, str]:
    """``NAME=VALUE,NAME=VALUE`` as variables; none of nothing. Raises OptionError."""
    variables: dict[str, str] = {}
    # a comma parts two variables only where a name follows: values have commas, too
    for text in re.split(r",(?=[A-Za-z_]\w*=)", asked.what) if asked.what else ():
        name, equals, value = text.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise OptionError(f"{asked.option}: {text!r} is not NAME=VALUE")
        if name in variables:
            raise OptionError(f"{asked.option}: {name} is given twice; leave out one of them")
        if name in SET_FOR_WORKERS:
            how = "--threads says how many threads there are" if name.endswith("_THREADS") else "leave it out"
            raise OptionError(f"{asked.option}: {name} is set by the harness in each worker; {how}")
        variables[name] = value
    return variables


def check_variables(sides: Sequence[Side], cells: Sequence[Cell]) -> None:
    """Raise OptionError for a variable that an implementation sets itself, and so would have no effect."""
    for side in sides:
        for cell in cells:
            for name, _ in cell.entry.environment if cell.skip_reason is None else ():
                if name in side.variables:
                    own = f"{cell.entry.name} sets {name} itself"
                    raise OptionError(f"--side {side.name}: {own}; leave out one of them")


def in_every_side(sides: Sequence[Side], found: Sequence[Plain]) -> list[Cell]:
    """Each cell once for each side, one after the other; ``found`` are the cells of each side.

    One that a side lacks is skipped there, with that reason.
    """
    cells: list[Cell] = []
    for name in dict.fromkeys(name for plain in found for name in plain):
        known = next(plain[name] for plain in found if name in plain)
        for side, plain in zip(sides, found, strict=True):
            cell = plain.get(name) or replace(known, skip_reason=side.lacks(known))
            cells.append(replace(cell, axes=(*cell.axes, (SIDE, side.name))))
    return cells
