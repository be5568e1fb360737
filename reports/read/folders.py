"""What is meant by a folder or a pattern given in a file's place."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.read.unpacking import COMPRESSIONS

STORAGE = ".benchmarks"
"""pytest-benchmark's storage: a folder a machine, in it ``0001_name.json`` and so on."""

SUFFIXES = (".json", *(f".json{suffix}" for suffix in (".gz", ".bz2", ".xz", ".zst")))
"""Of the files that a folder means; as many as there are COMPRESSIONS, and none."""

assert len(SUFFIXES) == len(COMPRESSIONS) + 1

_NUMBERED = re.compile(r"(\d{4,})_.*")


def files_meant(names: Iterable[str]) -> list[str]:
    """The files that are meant, in order: a folder stands for its result files, a pattern for what it fits.

    What is neither stays as it is. Raises ResultError for a folder or a pattern without any file.
    """
    return [file for name in names for file in _meant(name)]


def _meant(name: str) -> list[str]:
    if _is_folder(name):
        return [str(file) for file in files_in(Path(name))]
    if not glob.has_magic(name) or os.path.lexists(name):
        return [name]
    found: list[str] = []
    for item in sorted(glob.glob(name, recursive=True)):
        found += map(str, sorted(_walk(Path(item)))) if _is_folder(item) else [item]
    if not found:
        raise ResultError(name, "", "", "the pattern fits no result file")
    return list(dict.fromkeys(found))  # `**` fits a folder and what is in it


def _is_folder(name: str) -> bool:
    """Whether it is one; a name that no file can have is none, and whoever reads it says so."""
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):
        return False


def files_in(folder: Path) -> list[Path]:
    """Its result files and those of its folders, sorted by path; hidden ones only in ``.benchmarks``.

    Raises ResultError if there is none, or the folder can't be read.
    """
    found = sorted(_walk(folder))
    if not found:
        raise ResultError(str(folder), "", "", f"the folder holds no result file ({', '.join(SUFFIXES[:2])})")
    return found


def _walk(folder: Path) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        where = str(error.filename or folder)
        raise ResultError(where, "", "can't be read", str(error.strerror).lower()) from error

    for place, below, files in os.walk(folder, onerror=unreadable):
        below[:] = [name for name in below if name == STORAGE or not name.startswith(".")]
        for name in files:
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(place) / name


def base_meant(name: str, besides: Iterable[str] = ()) -> str:
    """The one file that is meant by a base to compare with; ``besides`` are the files it is compared with.

    A folder with one result file means that. One in which all files are numbered, as in pytest-benchmark's
    storage, means the newest, which has the highest number: of one machine, as the storage has it. Raises
    ResultError where it is not clear which file is meant.
    """
    if not _is_folder(name):
        return name
    theirs = {Path(file).resolve() for file in besides if Path(file).exists()}
    found = [file for file in files_in(Path(name)) if file.resolve() not in theirs]
    if not found:
        raise ResultError(name, "", "", "the folder holds only the files that are to be compared with it")
    if len(found) == 1:
        return str(found[0])
    numbered = [(int(match[1]), file) for file in found if (match := _NUMBERED.fullmatch(file.name))]
    if len(numbered) < len(found):
        raise ResultError(name, "", f"{len(found)} result files", "expected one to compare with; name it")
    folders = {file.parent for file in found}
    if len(folders) > 1:
        expected = "expected those of one machine to compare with; name its folder"
        raise ResultError(name, "", f"result files in {len(folders)} folders", expected)
    return str(max(numbered)[1])
