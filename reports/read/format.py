"""What a module of ``formats`` offers: the tool's name, how its files are recognised, how they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from likeforlike.reports.read.decoding import Document
from likeforlike.reports.read.result_file import ResultFile


@dataclass(frozen=True)
class Format:
    """One tool's files. A module of ``formats`` lists its own in ``FORMATS``."""

    name: str
    """As the tool is called; in errors it stands after ``looks like``."""
    recognise: Callable[[Document], bool]
    """Whether a document is one, by its content; must not raise, whatever the document holds."""
    read: Callable[[Document], ResultFile] | None = None
    """Reads it; raises ResultError. None for files that are named, but not read."""
