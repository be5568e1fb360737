"""What is known of a cell when it has ended: the journal's line and the source of the replay."""

from __future__ import annotations

from typing import Any

import msgspec

from likeforlike.bench.plan.cells import Cell


class CellRecord(msgspec.Struct, frozen=True):
    """One ended cell: its samples, or why it has none."""

    cell: str
    outcome: str
    """``measured``, or one of :data:`likeforlike.bench.worker.outcomes.OUTCOMES`."""
    reason: str = ""
    seconds: list[float] = []
    round_numbers: list[int] = []
    extra_info: dict[str, Any] = {}
    launch: int | None = None
    """Of which launch alone it tells; None: the cell has ended."""
    code: dict[str, str] = {}
    """Digests of the source that measured it and was measured, by module."""
    host: dict[str, str] = {}
    """Where it was measured; see ``devices.machine.host``."""


def unmeasured(cell: Cell, outcome: str, reason: str) -> dict[str, object]:
    """The result file's record of a cell that gave no figure."""
    return {
        "cell": cell.id,
        "outcome": outcome,
        "reason": reason,
        "workload": cell.workload,
        "implementation": cell.entry.name,
        "device": cell.device,
        "axes": dict(cell.axes),
    }
