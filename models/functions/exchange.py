"""Answers laid down by one process for the others of its group."""

from __future__ import annotations

import contextlib
import copy
import os
import pickle
import secrets
from pathlib import Path
from typing import Any

from likeforlike.models.functions.structures import size_in_bytes

LAUNCH_VARIABLE = "LIKEFORLIKE_LAUNCH"
"""Which launch a worker is of, from 0: answers of one are nothing to another."""
LARGEST_BYTES = 64 * 2**20
"""Of an answer of a timed call that is laid down: writing a larger one takes longer than most calls."""
_KEPT = 2
"""Numbers that stay: who comes before the first in a round looks back by one."""

_held: dict[str, dict[str, Any]] = {}


class Exchange:
    """The first's answers by number, in files of a folder, or in memory for who shares this process."""

    def __init__(self, folder: Path, group: str, shared: bool, launch: str = "0") -> None:
        """``shared``: all of the group are in this process."""
        self._folder = folder
        self._group = group
        self._launch = f"{group}-{launch}"
        self._memory = _held.setdefault(f"{folder} {group}", {}) if shared else None

    def lay_down(self, number: int, answer: Any) -> None:
        """For others; those of long ago are forgotten, but for number 0. Raises what pickling raises."""
        if number and size_in_bytes(answer) > LARGEST_BYTES:
            return
        if self._memory is not None:
            self._memory[str(number)] = copy.deepcopy(answer)
            if number > _KEPT:
                self._memory.pop(str(number - _KEPT), None)
            return
        path = self._path(number)
        passing = path.with_suffix(f".{os.getpid()}")
        passing.write_bytes(pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL))
        passing.replace(path)
        if number > _KEPT:
            self._path(number - _KEPT).unlink(missing_ok=True)

    def look_up(self, number: int) -> tuple[Any] | None:
        """The first's answer of that number, in a tuple of one; None if there is none."""
        if self._memory is not None:
            return (self._memory[str(number)],) if str(number) in self._memory else None
        try:
            return (pickle.loads(self._path(number).read_bytes()),)
        except FileNotFoundError:
            return None

    def agreed(self, wanted: bool) -> bool:
        """What all of the group do: whoever asks first decides, in turns, for every launch."""
        if self._memory is not None:
            return bool(self._memory.setdefault("agreed", wanted))
        path = self._folder / f"agreed-{self._group}"
        with contextlib.suppress(FileExistsError), path.open("x") as file:
            file.write("yes" if wanted else "no")
        return path.read_text() == "yes"

    def token(self) -> int:
        """A number that nobody can foresee, the same for all of the group in one launch."""
        drawn = secrets.randbits(32)
        if self._memory is not None:
            return int(self._memory.setdefault("token", drawn))
        path = self._folder / f"token-{self._launch}"
        passing = path.with_suffix(f".{os.getpid()}")
        passing.write_text(str(drawn))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(passing)  # whole or not at all
        passing.unlink()
        return int(path.read_text())

    def _path(self, number: int) -> Path:
        return self._folder / f"answer-{self._launch}-{number}.pickle"


def forget(folder: Path) -> None:
    """Drop what was held in memory for a folder."""
    for name in [name for name in _held if name.startswith(f"{folder} ")]:
        del _held[name]
