"""Records of a group that was measured in pairs: an entrant that took part in several has one record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.outcomes import MEASURED

_REFUTED = ("wrong-answer", "non-finite")
"""Nothing that an entrant gave before is believed after that; a crash is an accident of one pair."""
_PHASES = ("train_seconds", "evaluation_seconds", "logging_seconds")


class HeldRecords:
    """Collects what the pairs of a launch give: an entrant's first turns are its own, others stand beside."""

    def __init__(self) -> None:
        self._records: dict[str, tuple[Cell, CellRecord]] = {}

    def add(self, pair: Sequence[Cell], cell: Cell, record: CellRecord) -> None:
        """Take the record of a cell that was measured in this pair."""
        if cell.id not in self._records:
            self._records[cell.id] = (cell, record)
            return
        if record.outcome in _REFUTED:
            self._records[cell.id] = (cell, record)
            return
        _, own = self._records[cell.id]
        others = [other.id for other in pair if other.id != cell.id]
        if record.outcome == MEASURED and own.outcome == MEASURED:
            beside = {**own.extra_info.get("beside", {}), **dict.fromkeys(others, _turns(record))}
            info = {**own.extra_info, "beside": beside}
            self._records[cell.id] = (cell, msgspec.structs.replace(own, extra_info=info))

    def lost(self, cell: Cell) -> bool:
        """Whether a cell has failed in an earlier pair."""
        return cell.id in self._records and self._records[cell.id][1].outcome != MEASURED

    def all(self) -> list[tuple[Cell, CellRecord]]:
        """Each cell with its one record."""
        return list(self._records.values())


def _turns(record: CellRecord) -> dict[str, Any]:
    """The samples of one that took turns with another beside whom it has no samples of its own."""
    told: dict[str, Any] = {
        "seconds": list(record.seconds),
        "round_numbers": list(record.round_numbers),
        "launch_numbers": list(record.extra_info.get("launch_numbers", ())),
    }
    told["disturbed"] = [item["round"] for item in record.extra_info.get("disturbed", ())]
    if "call_times" in record.extra_info:
        told["call_times"] = list(record.extra_info["call_times"])
    epochs = record.extra_info.get("epochs") or []
    warm = epochs[len(epochs) - len(record.seconds) :]
    if warm and all(epoch.get(phase) is not None for epoch in warm for phase in _PHASES):
        told["whole_seconds"] = [sum(epoch[phase] for phase in _PHASES) for epoch in warm]
    return told
