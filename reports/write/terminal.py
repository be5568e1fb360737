"""Findings on a terminal, wrapped and coloured."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from typing import TextIO

from likeforlike.devices.limits.wrapping import wrap_text
from likeforlike.reports.tell.document import Finding

_WARNING, _PLAIN = "\x1b[33m", "\x1b[0m"


def findings_text(findings: Iterable[Finding], width: int | None, colour: bool) -> str:
    """A line or more a finding, ``-`` before it, ``!`` before one that warns; not wrapped without a width."""
    return "\n".join(_told(finding, width, colour) for finding in findings)


def _told(finding: Finding, width: int | None, colour: bool) -> str:
    warns = finding.kind == "warning"
    text = ("! " if warns else "- ") + finding.text
    if width is not None:
        text = wrap_text(text, width, "  ")
    return f"{_WARNING}{text}{_PLAIN}" if warns and colour else text


def width_of(stream: TextIO) -> int | None:
    """Columns to wrap at: the terminal's, or what ``COLUMNS`` says; None for a pipe or a file."""
    if not (stream.isatty() or os.environ.get("COLUMNS")):
        return None
    return shutil.get_terminal_size().columns


def is_coloured(stream: TextIO) -> bool:
    """Whether to colour: on a terminal, unless ``NO_COLOR`` or ``FORCE_COLOR`` decide (no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")
