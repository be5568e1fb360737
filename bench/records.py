"""What is known of a cell when it has ended: the journal's line and the source of the replay."""

from __future__ import annotations

from typing import Any

import msgspec

MEASURED = "measured"


class CellRecord(msgspec.Struct, frozen=True):
    """One ended cell: its samples, or why it has none."""

    cell: str
    outcome: str
    """``measured``, or one of :data:`bench.failures.OUTCOMES`."""
    reason: str = ""
    seconds: list[float] = []
    round_numbers: list[int] = []
    extra_info: dict[str, Any] = {}
