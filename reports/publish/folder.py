"""A folder of shared results: checked files, and the page over all of them."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likeforlike.reports.publish.checks import problems
from likeforlike.reports.publish.privacy import personal, without_personal
from likeforlike.reports.publish.told_files import told_files
from likeforlike.reports.read.decoding import Document, parse
from likeforlike.reports.read.files import published_content
from likeforlike.reports.read.recognition import read_document
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.sort.duplicates import some

PAGE = "index.html"


class Refused(ValueError):
    """Why a file is not taken: one line for each thing that is wrong."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("\n".join(reasons))

    @classmethod
    def of(cls, name: str, reasons: Sequence[str]) -> Refused:
        """With the file's name before each."""
        return cls([f"{name}: {reason}" for reason in reasons])


@dataclass(frozen=True)
class Shared:
    """A file that may be shared."""

    file: ResultFile
    content: bytes


def shareable(name: str) -> Shared:
    """A file of one's own (or a shipped one, by name) without what is personal.

    Raises ResultError for one that can't be read and Refused for one that must not be shared.
    """
    document = _parsed(name)
    told = _mapping(document.usable(document.value))  # JSON has no NaN
    reasons = problems(read_document(document), told)
    if reasons:
        raise Refused.of(document.name, reasons)
    made = without_personal(told)
    content = json.dumps(made, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode() + b"\n"
    again = parse(content, document.name)
    file = read_document(again)
    left = [*problems(file, _mapping(again.value)), *personal(_mapping(again.value))]
    if left:
        raise Refused.of(document.name, left)
    return Shared(file, content)


def _parsed(name: str) -> Document:
    content, told = published_content(name)
    document = parse(content, told)
    if document.fault is not None:
        raise document.fault
    return document


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def check(path: Path) -> ResultFile:
    """A file that lies in such a folder. Raises ResultError or Refused, for what is personal, too."""
    document = _parsed(str(path))
    file = read_document(document)
    reasons = problems(file, _mapping(document.value)) or personal(_mapping(document.value))
    if reasons:
        raise Refused.of(document.name, reasons)
    return file


def files_in(folder: Path) -> list[Path]:
    """The files of such a folder."""
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))


def stale(folder: Path) -> list[str]:
    """In what the page is behind the folder: a line for each file that it lacks, one for all those gone."""
    page = folder / PAGE
    told = told_files(page.read_text("utf-8", "replace")) if page.is_file() else ()
    there = [path.name for path in files_in(folder)]
    lines = [f"tells nothing of {name}" for name in there if name not in told]
    gone = [name for name in told if name not in there]
    return [*lines, f"tells of {some(gone)}, which the folder no longer holds"] if gone else lines


def place_of(shared: Shared, folder: Path) -> Path:
    """Where a file is kept: by machine, day and content."""
    day = re.sub(r"\D", "", shared.file.datetime[:10])
    machine = re.sub(r"[^0-9a-z]", "", shared.file.machine.id)[:12]
    return folder / f"{machine}-{day}-{shared.file.digest[:8]}.json"


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files under their names, each whole or not at all. Raises ValueError if it can't be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(content)
                os.chmod(temporary, 0o644)
                os.replace(temporary, folder / name)
            finally:
                Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ValueError(f"--to {folder}: can't be written: {reason}") from error
