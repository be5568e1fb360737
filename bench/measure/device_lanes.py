"""Lanes: with ``--concurrent`` each device has one, and their groups are measured at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from likeforlike.bench.measure.pool import Pool
from likeforlike.bench.measure.worker_process import MemoryLimits
from likeforlike.bench.plan.cells import Cell

Measure = Callable[[Sequence[Cell], Pool], None]


@dataclass
class Lane:
    """A device's workers, and the one thread that orders them.

    One thread for the whole run: the kernel kills a worker when the thread that started it ends.
    """

    pool: Pool
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=1))


class Lanes:
    """The lanes of a run, one for each device."""

    def __init__(
        self, devices: Sequence[str], cell_memory_bytes: int | None, clean_environment: bool = False
    ) -> None:
        self.number = len(devices)
        """How many share the host's memory, be there groups left for all of them or not."""
        limits = MemoryLimits.of_machine(cell_memory_bytes, self.number)
        self._lanes = {device: Lane(Pool(limits, clean_environment)) for device in devices}

    def measure(self, groups: Sequence[Sequence[Cell]], measure: Measure, stop: Callable[[], None]) -> None:
        """Measure groups of different devices side by side, and wait for all.

        When this is interrupted ``stop`` is called, the workers are killed and nothing more is kept.
        """
        futures: list[Future[None]] = []
        for cells in groups:
            lane = self._lanes[cells[0].device]
            futures.append(lane.thread.submit(measure, cells, lane.pool))
        try:
            for future in futures:
                future.result()
        except BaseException:
            stop()
            for lane in self._lanes.values():
                lane.pool.kill()
            wait(futures)
            raise

    def end(self) -> None:
        """End all workers and threads."""
        for lane in self._lanes.values():
            lane.pool.end()
            lane.thread.shutdown()


def side_by_side(cell: Cell, unreached: Sequence[Cell]) -> list[list[Cell]]:
    """The cell's group and, of every other device, the next group that may be measured beside it."""
    chosen = {cell.device: cell.group}
    if cell.concurrent:
        for other in unreached:
            if other.concurrent:
                chosen.setdefault(other.device, other.group)
    return [[other for other in unreached if other.group == group] for group in chosen.values()]
