"""What binds a kernel and how near it is to that roof, in a table's words."""

from __future__ import annotations

from collections.abc import Iterable

from likeforlike.reports.judge.rooflines import standing_of
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.tell.document import EMPTY, Entry
from likeforlike.reports.tell.formatting import percent

ROOF = "roof"
"""The column's name."""
ROOF_NOTE = (
    "Roof says what binds a call, compute or memory, and what share of that is reached (section Roofline)."
)


def has_roof(items: Iterable[Measurement]) -> bool:
    """Whether a table has that column: not where bytes aren't counted, or nobody measured the roofs."""
    return any(standing_of(item) is not None for item in items)


def roof_entry(item: Measurement | None) -> Entry:
    """``memory, 83 %``; ``caches`` where nobody knows their bandwidth."""
    found = None if item is None else standing_of(item)
    if item is None or found is None:
        return Entry(EMPTY)
    share = "" if found.share is None else f", {percent(found.share)}"
    return Entry(f"{found.bound}{share}", found.share, struck=bool(item.doubt))
