"""What a person sees while a run goes on: what is measured now, what it gave, the time left."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.run.screen.launch_state import Step
from likeforlike.bench.run.screen.time_left import TimeLeft
from likeforlike.bench.worker.messages import (
    Answer,
    Finish,
    Go,
    Load,
    Order,
    Prepare,
    Sample,
    Sustain,
)
from likeforlike.bench.worker.outcomes import MEASURED
from likeforlike.devices.limits.units import format_seconds
from likeforlike.devices.limits.wrapping import wrap_text

_LINE_SECONDS = 0.5
"""A line that is written over changes no more often."""
_SHOWN_SECONDS = 1.0
"""Less than that is not worth saying."""
_STEPS: dict[type, Step] = {
    Load: "load",
    Prepare: "prepare",
    Sustain: "sustain",
    Go: "go",
    Finish: "finish",
}


class Progress:
    """Writes a line for each cell that ends and each epoch; on a terminal, below, one that is overwritten."""

    def __init__(
        self,
        write: Callable[[str], None],
        width: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``width``: columns of the terminal; None where nothing can be written over."""
        self._write = write
        self._width = width
        self._clock = clock
        self._numbers: dict[str, int] = {}
        """Cells from 1 on, in the order of measuring; those that will be skipped have none."""
        self._time_left: TimeLeft | None = None
        self._rounds: dict[str, int] = {}
        """Samples taken so far, by cell."""
        self._passing = ""
        """What is being done, for the line that is written over."""
        self._last_line = float("-inf")
        self._is_open = False
        self._launches = 1
        """Of each group of kernels, at least."""
        self._launched: dict[str, int] = {}
        """Launches so far, by group."""
        self._parts: dict[str, tuple[int, int]] = {}
        """Of groups that go in pairs, or alone, the part of now, from 1, and how many a launch has."""
        self._lock = threading.RLock()
        """Cells of several devices may be measured at the same time."""

    def plan(self, cells: Iterable[Cell], time_left: TimeLeft | None = None, launches: int = 1) -> None:
        """Say which cells the run has, ended ones too; those that will be skipped are not counted.

        ``launches``: of each group of kernels, at least.
        """
        self._launches = launches
        planned = [cell.id for cell in cells if cell.skip_reason is None]
        self._numbers = {cell: number for number, cell in enumerate(planned, 1)}
        self._time_left = time_left

    def divided(self, cells: Sequence[Cell], parts: Sequence[Sequence[Cell]]) -> None:
        """A launch of a group begins, in so many parts that are measured one after the other."""
        with self._lock:
            self._parts[cells[0].group] = 0, len(parts)
            if self._time_left is not None:
                ids = [[cell.id for cell in part] for part in parts]
                self._time_left.divide(cells[0].group, ids)

    def begun(self, cells: Sequence[Cell], launch: int = 0) -> None:
        """The workers of a group are about to be started for this launch, from 0."""
        with self._lock:
            if self._time_left is not None:
                self._time_left.begin(cells[0].group, self._clock())
            frameworks = ", ".join(dict.fromkeys(cell.entry.framework for cell in cells))
            self._launched[cells[0].group] = launch + 1
            number, parts = self._parts.get(cells[0].group, (0, 1))
            self._parts[cells[0].group] = number + 1, parts
            self._pass(cells[0], f"starting {frameworks}{self._launch_text(cells[0])}")

    def ordered(self, cell: Cell, message: Order) -> None:
        """A worker was told what to do."""
        with self._lock:
            step = _STEPS.get(type(message))
            if step is None:
                return
            if self._time_left is not None:
                self._time_left.order(cell, step, self._clock())
            if step != "load":
                self._pass(cell, self._doing(cell, step))

    def answered(self, cell: Cell, answer: Answer) -> None:
        """A worker has done what it was told."""
        with self._lock:
            seconds = answer.seconds if isinstance(answer, Sample) else None
            if self._time_left is not None:
                self._time_left.answer(cell, self._clock(), seconds)
            if isinstance(answer, Sample):
                self._rounds[cell.id] = self._rounds.get(cell.id, 0) + 1
                if answer.epoch is not None:
                    self._epoch(cell, answer.epoch)

    def ended(self, cell: Cell, record: CellRecord) -> None:
        """A cell has ended."""
        with self._lock:
            if self._time_left is not None:
                self._time_left.end(cell, self._clock())
            if cell.skip_reason is None:
                self._line(cell, _result(cell, record))

    def launched(self, cell: Cell, record: CellRecord) -> None:
        """A cell has ended a launch, and may have more of them to come."""
        with self._lock:
            if self._time_left is not None:
                self._time_left.end_launch(cell, self._clock())
            self._rounds.pop(cell.id, None)

    def _launch_text(self, cell: Cell) -> str:
        """``, launch 2 of 3``; nothing where a group has one, or for a training, whose runs are cells.

        Of a group that goes in pairs, or alone, also the part: ``, launch 2 of 3, part 1 of 6``.
        """
        number, (part, parts) = self._launched.get(cell.group, 0), self._parts.get(cell.group, (0, 1))
        told = f", part {part} of {parts}" if parts > 1 else ""
        if cell.recipe is not None or self._launches == 1:
            return told
        return f", launch {number} of {max(number, self._launches)}{told}"

    def group_ended(self, cells: Sequence[Cell]) -> None:
        """A group has ended and its workers are dealt with; nothing is being measured."""
        with self._lock:
            if self._time_left is not None:
                self._time_left.end_group(cells[0].group, self._clock())
            self._clear()
            if self._width is None and (launch := self._launch_text(cells[0])):
                left = self._left()
                told = f"{_group_name(cells[0])}{launch}: measured{f'; {left}' if left else ''}"
                self._write(self._fitted(told) + "\n")

    def tick(self) -> None:
        """Time goes by while a worker works."""
        with self._lock:
            self._show()

    def say(self, text: str) -> None:
        """Write a line of its own."""
        with self._lock:
            self._clear()
            self._write(self._fitted(text) + "\n")

    def _doing(self, cell: Cell, step: Step) -> str:
        name = cell.entry.name
        if step == "prepare":
            return f"preparing {name}"
        if step == "sustain":
            return f"loading {cell.device} with {name}"
        if step == "finish":
            return f"checking {name} once more"
        number = self._rounds.get(cell.id, 0) + 1
        if cell.recipe is None:
            return f"{name}, round {number}{self._launch_text(cell)}"
        return f"{name}, epoch {number} of {cell.recipe.epochs}"

    def _epoch(self, cell: Cell, epoch: dict[str, float | None]) -> None:
        assert cell.recipe is not None
        figures = [
            f"epoch {epoch['epoch']} of {cell.recipe.epochs}: {format_seconds(epoch['train_seconds'] or 0)}"
        ]
        if epoch["loss"] is not None:
            figures.append(f"loss {epoch['loss']:.3f}")
        if epoch["val_accuracy"] is not None:
            figures.append(f"validation accuracy {epoch['val_accuracy']:.3f}")
        self._line(cell, ", ".join(figures))

    def _line(self, cell: Cell, text: str) -> None:
        """Write a line that stays; where none can be written over it holds the time left as well."""
        self._clear()
        line = f"{self._count(cell)} {cell.id}: {text}"
        if self._width is None and (left := self._left()):
            line = f"{line}; {left}"
        self._write(self._fitted(line, " " * (len(self._count(cell)) + 1)) + "\n")
        self._show(at_once=True)

    def _pass(self, cell: Cell, doing: str) -> None:
        self._passing = f"{self._count(cell)} {_group_name(cell)}: {doing}"
        self._show()

    def _show(self, at_once: bool = False) -> None:
        """Write the passing line over the last one, never longer than the terminal is wide."""
        now = self._clock()
        if (
            self._width is None
            or not self._passing
            or (now - self._last_line < _LINE_SECONDS and not at_once)
        ):
            return
        self._last_line = now
        left = self._left()
        room = self._width - 1 - (len(left) + 2 if left else 0)
        text = self._passing if len(self._passing) <= room else self._passing[: max(0, room - 1)] + "…"
        self._write("\r\x1b[K" + (f"{text}  {left}" if left else text)[: self._width - 1])
        self._is_open = True

    def _clear(self) -> None:
        if self._is_open:
            self._write("\r\x1b[K")
            self._is_open = False

    def _fitted(self, text: str, indent: str = "  ") -> str:
        return text if self._width is None else wrap_text(text, self._width, indent)

    def _count(self, cell: Cell) -> str:
        total = len(self._numbers)
        return f"[{self._numbers.get(cell.id, total):>{len(str(total))}}/{total}]"

    def _left(self) -> str:
        return "" if self._time_left is None else left_text(self._time_left.seconds(self._clock()))


def _group_name(cell: Cell) -> str:
    """The comparison group; the first repetition of one is not called run 0."""
    return cell.group.removesuffix(" run 0")


def left_text(seconds: float) -> str:
    """``about 18 s left``, ``about 2 min 30 s left``, ``about 1 h 10 min left``; nothing below a second."""
    if seconds < _SHOWN_SECONDS:
        return ""
    if seconds < 99.5:
        return f"about {seconds:.0f} s left"
    if seconds < 600:
        minutes, rest = divmod(10 * round(seconds / 10), 60)
        return f"about {minutes} min {rest} s left" if rest else f"about {minutes} min left"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"about {hours} h {minutes} min left" if hours else f"about {minutes} min left"


def _result(cell: Cell, record: CellRecord) -> str:
    if record.outcome != MEASURED:
        return f"{record.outcome}: {record.reason}"
    if not record.seconds:
        return "called once"
    count = len(record.seconds)
    what = "round" if cell.recipe is None else "warm epoch"
    middle = statistics.median(record.seconds)
    return f"{format_seconds(middle)}, median of {count} {what}{'' if count == 1 else 's'}"
