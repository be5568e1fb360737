"""What a person sees while a long run goes on: cell k of n, epoch, current figures, time left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.messages import Sample
from likeforlike.bench.worker.outcomes import MEASURED
from likeforlike.devices.limits.units import format_seconds

_UNKNOWN_EPOCH_SECONDS = 10.0
_UNKNOWN_KERNEL_SECONDS = 3.0
_LINE_SECONDS = 0.5


class Progress:
    """Keeps count and writes lines; on a terminal one line that is written over."""

    def __init__(
        self, write: Callable[[str], None], terminal: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write
        self._terminal = terminal
        self._clock = clock
        self._total = 0
        self._ended = 0
        self._left: dict[str, int] = {}
        """Epochs still to come by training cell."""
        self._seconds: dict[str, float] = {}
        """The last epoch's seconds by training cell."""
        self._epochs: dict[str, int] = {}
        self._kernels: set[str] = set()
        """Cells of one call a sample, still to come."""
        self._kernel_ends: list[float] = []
        self._begin = clock()
        self._last_line = float("-inf")
        self._open_line = False
        self._lock = threading.RLock()
        """Cells of several devices may be measured at the same time."""

    def plan(self, cells: Iterable[Cell]) -> None:
        """Say which cells are to be measured; those that will be skipped take no time."""
        planned = [cell for cell in cells if cell.skip_reason is None]
        self._total = len(planned)
        self._epochs = {cell.id: cell.recipe.epochs for cell in planned if cell.recipe is not None}
        self._left = dict(self._epochs)
        self._kernels = {cell.id for cell in planned if cell.recipe is None}
        self._begin = self._clock()

    def sample(self, cell: Cell, sample: Sample, number: int) -> None:
        """A sample was taken, the cell's ``number``-th, counted from 0."""
        with self._lock:
            self._sample(cell, sample, number)

    def _sample(self, cell: Cell, sample: Sample, number: int) -> None:
        if sample.epoch is None:
            self._line(f"{cell.id}  round {number + 1}  {format_seconds(sample.seconds)}", passing=True)
            return
        epoch = sample.epoch
        self._left[cell.id] = self._epochs[cell.id] - epoch["epoch"]
        phases = ("train_seconds", "evaluation_seconds", "logging_seconds")
        self._seconds[cell.id] = sum(epoch[phase] for phase in phases)
        place = f"epoch {epoch['epoch']}/{self._epochs[cell.id]}"
        figures = [place, format_seconds(epoch["train_seconds"])]
        if epoch["loss"] is not None:
            figures += [f"loss {epoch['loss']:.3f}", f"validation accuracy {epoch['val_accuracy']:.3f}"]
        self._line(f"{cell.id}  {'  '.join(figures)}", passing=False)

    def ended(self, cell: Cell, record: CellRecord) -> None:
        """A cell has ended."""
        with self._lock:
            self._ended_cell(cell, record)

    def _ended_cell(self, cell: Cell, record: CellRecord) -> None:
        if cell.skip_reason is not None:
            return
        self._ended += 1
        self._left.pop(cell.id, None)
        if cell.id in self._kernels:
            self._kernels.remove(cell.id)
            self._kernel_ends.append(self._clock())
        if record.outcome == MEASURED:
            middle = sorted(record.seconds)[len(record.seconds) // 2] if record.seconds else None
            count = len(record.seconds)
            figure = f"median {format_seconds(middle)} of {count}" if middle is not None else "called once"
            self._line(f"{cell.id}  {figure}", passing=False)
        else:
            self._line(f"{cell.id}  {record.outcome}: {record.reason}", passing=False)

    def say(self, text: str) -> None:
        """Write a line of its own."""
        with self._lock:
            self._write(("\r\x1b[K" if self._open_line else "") + text + "\n")
            self._open_line = False

    def _line(self, text: str, passing: bool) -> None:
        """Write a line; a passing one only on a terminal, where the next is written over it."""
        now = self._clock()
        if passing and (not self._terminal or now - self._last_line < _LINE_SECONDS):
            return
        self._last_line = now
        count = f"[{min(self._ended + passing, self._total):>{len(str(self._total))}}/{self._total}]"
        line = f"{count} {text}  {self._time_left()}".rstrip()
        self._write(("\r\x1b[K" if self._open_line else "") + line + ("" if passing else "\n"))
        self._open_line = passing

    def _time_left(self) -> str:
        """From the last epochs' seconds, and from how long kernels' cells took so far."""
        known = list(self._seconds.values())
        typical = sum(known) / len(known) if known else _UNKNOWN_EPOCH_SECONDS
        left = sum(count * self._seconds.get(cell, typical) for cell, count in self._left.items())
        ends = self._kernel_ends
        each = (ends[-1] - self._begin) / len(ends) if ends else _UNKNOWN_KERNEL_SECONDS
        left += each * len(self._kernels)
        if left < 1:
            return ""
        return f"about {left:.0f} s left" if left < 100 else f"about {left / 60:.0f} min left"
