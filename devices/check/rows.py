"""A row of the check: what was looked at, where, how it stands, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["good", "warn", "bad", "not measurable"]

Facts = Mapping[str, Any]
"""What a process found, as plain JSON."""

WORST_FIRST: tuple[Verdict, ...] = ("bad", "warn", "not measurable", "good")


@dataclass(frozen=True)
class Row:
    """One thing that was checked."""

    what: str
    device: str | None
    """``cpu:0``; None for what holds of the whole machine."""
    framework: str | None
    verdict: Verdict
    found: str
    """What was read, with units."""
    remedy: str = ""
    """What to do, in a few words; empty where nothing is to be done."""

    @property
    def where(self) -> str:
        """``torch on cpu:0``."""
        return " on ".join(filter(None, (self.framework, self.device))) or "this machine"


@dataclass(frozen=True)
class Place:
    """Of which framework on which device rows are; the words of a row follow."""

    device: str | None = None
    framework: str | None = None

    def good(self, what: str, found: str) -> Row:
        """As it should be."""
        return Row(what, self.device, self.framework, "good", found)

    def warn(self, what: str, found: str, remedy: str) -> Row:
        """Figures hold, and are less steady or less comparable than they could be."""
        return Row(what, self.device, self.framework, "warn", found, remedy)

    def bad(self, what: str, found: str, remedy: str) -> Row:
        """Figures from here would be wrong, or there would be none."""
        return Row(what, self.device, self.framework, "bad", found, remedy)

    def not_measurable(self, what: str, found: str, remedy: str = "") -> Row:
        """There is no such reading here."""
        return Row(what, self.device, self.framework, "not measurable", found, remedy)


def worst(rows: Iterable[Row]) -> Verdict:
    """The gravest verdict; *good* of no rows."""
    verdicts = {row.verdict for row in rows}
    return next((verdict for verdict in WORST_FIRST if verdict in verdicts), "good")
