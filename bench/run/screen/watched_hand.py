"""A worker between the one who orders it about and the person who watches: every order and answer is told."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.bench.measure.rounds import Hand
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.run.screen.progress import Progress
from likeforlike.bench.worker.messages import Answer, Failed, Order


class WatchedHand:
    """A hand that tells a cell's progress."""

    def __init__(self, hand: Hand, cell: Cell, progress: Progress) -> None:
        self._hand = hand
        self._cell = cell
        self._progress = progress

    @property
    def pids(self) -> Sequence[int]:
        """The worker's processes."""
        return self._hand.pids

    def order(self, message: Order) -> None:
        """Thaw and tell."""
        self._progress.ordered(self._cell, message)
        self._hand.order(message)

    def answer(self, timeout_seconds: float) -> Answer:
        """Wait for the answer; meanwhile the time left goes down."""
        answer = self._hand.answer(timeout_seconds)
        if not isinstance(answer, Failed):
            self._progress.answered(self._cell, answer)
        return answer

    def freeze(self) -> None:
        """Stop all threads."""
        self._hand.freeze()

    def kill(self) -> None:
        """End it at once."""
        self._hand.kill()
