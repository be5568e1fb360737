"""A run of two sides: ``likeforlike bench`` in a process of its own, and the result file that it leaves."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from likeforlike.devices.process.interpreter import module_command, same_imports
from likeforlike.reports.read.files import read_results
from likeforlike.reports.read.result_file import ResultFile

BASE, NEW = "base", "new"
_RESULTS = "--benchmark-json"
_OURS = ("--side", "--disable", "--benchmark-disable")
"""Options of bench that would undo what is asked for here."""
_SOME_FAILED = 1
"""The status of a run some of whose cells failed, which its file tells."""


@dataclass(frozen=True)
class TwoSides:
    """What is to be measured, and with which options of bench."""

    base: str
    """As ``--side`` takes it: ``git:0123abc``."""
    new: str
    options: tuple[str, ...]

    def arguments(self, file: Path) -> list[str]:
        """Those of ``likeforlike bench``."""
        sides = [f"--side={BASE}={self.base}", f"--side={NEW}={self.new}"]
        return [*sides, *self.options, f"{_RESULTS}={file}"]

    def command(self, file: Path) -> str:
        """What a person would type."""
        return "likeforlike bench " + " ".join(map(shlex.quote, self.arguments(file)))


def check_options(options: Sequence[str]) -> tuple[tuple[str, ...], Path | None]:
    """The options for bench, and the result file that they name. Raises ValueError for one that is ours."""
    kept: list[str] = []
    named: Path | None = None
    words = iter(options)
    for word in words:
        name, equals, value = word.partition("=")
        if name in _OURS:
            raise ValueError(f"{name}: is not for the options behind --; --base and --new name the sides")
        if name == _RESULTS:
            named = Path(value if equals else next(words, ""))
        else:
            kept.append(word)
    if named is not None and (str(named) in ("", ".") or not named.absolute().parent.is_dir()):
        raise ValueError(f"{_RESULTS} {str(named)!r}: expected a file in a folder that is there")
    return tuple(kept), named


def measure(sides: TwoSides, file: Path, here: Path) -> ResultFile:
    """Measure and read what was kept. Raises ValueError where bench could not run.

    Its words go to the terminal; the folder is where the person stands, whose modules it finds behind all
    that is installed.
    """
    command = module_command("likeforlike", "bench", *sides.arguments(file), "-q")
    before = _written(file)
    ended = subprocess.run(command, cwd=here, env=same_imports(), stdout=sys.stderr, check=False)
    if ended.returncode not in (0, _SOME_FAILED) or _written(file) == before:
        raise ValueError(f"likeforlike bench ended with status {ended.returncode}: what it said stands above")
    return read_results(file)


def _written(file: Path) -> int | None:
    """When the file was written, in nanoseconds; None where there is none. An earlier run's is no result."""
    return file.stat().st_mtime_ns if file.exists() else None
