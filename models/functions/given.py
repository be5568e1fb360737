"""What was handed over to be compared: functions, arguments and check, in a file or in this process's memory.

The file is a pickle that the comparing process wrote for its own workers; nothing else is ever read by it.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE_VARIABLE = "LIKEFORLIKE_FUNCTIONS"
"""Where a worker finds what was handed over: a file, or the name under which this process holds it."""
ENTRANT_VARIABLE = "LIKEFORLIKE_FUNCTION"
"""Which of the entrants the worker is to call, from 0."""
GIVEN_FILE = "functions.pickle"


@dataclass(frozen=True)
class Entrant:
    """One function at one point of the grid."""

    name: str
    function: int
    """Which of the functions, from 0."""
    point: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments for who makes the arguments; for the function itself where nobody does."""
    group: str = "0"
    """Entrants of one group are to give the same answer."""
    first: bool = False
    """Whether the answers of the others of its group are held against this one's."""


@dataclass(frozen=True)
class Given:
    """All that was handed over, loaded."""

    functions: tuple[Callable[..., Any], ...]
    arguments: Any
    """A tuple or list of arguments, a dict of keyword arguments, or a function that returns either."""
    check: Callable[[Any, Any], Any] | None
    """``check(answer_of_first, answer_of_other)``: raises, or returns False or an array that holds one, where
    they don't agree."""
    entrants: tuple[Entrant, ...]
    folder: Path
    """Where the processes lay answers down for each other."""


@dataclass(frozen=True)
class Packed:
    """The same as it stands in the file: each part a pickle, so that a worker loads what it calls alone."""

    functions: tuple[bytes, ...]
    arguments: bytes
    check: bytes
    entrants: tuple[Entrant, ...]


HELD: dict[str, Given] = {}
"""What can't be sent to another process, by the name that the variable has here."""


def write_packed(packed: Packed, folder: Path) -> Path:
    """Write what workers are to load; its path."""
    path = folder / GIVEN_FILE
    path.write_bytes(pickle.dumps(packed))
    return path


def load_given() -> tuple[Given, Entrant]:
    """What the environment says is to be called here. Raises whatever loading a function raises."""
    where, number = os.environ[FILE_VARIABLE], int(os.environ[ENTRANT_VARIABLE])
    if where in HELD:
        held = HELD[where]
        return held, held.entrants[number]
    path = Path(where)
    packed: Packed = pickle.loads(path.read_bytes())
    entrant = packed.entrants[number]
    own = pickle.loads(packed.functions[entrant.function])
    functions = tuple(own if n == entrant.function else _elsewhere for n in range(len(packed.functions)))
    given = Given(
        functions,
        pickle.loads(packed.arguments),
        pickle.loads(packed.check),
        packed.entrants,
        path.parent,
    )
    return given, entrant


def _elsewhere(*_: Any, **__: Any) -> Any:
    raise RuntimeError("this function is called in another process")
