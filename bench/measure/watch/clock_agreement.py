"""A worker's clock against the harness's: a sample's turn took as long on either side of the socket."""

from __future__ import annotations

from dataclasses import dataclass

from likeforlike.bench.worker.messages import Sample
from likeforlike.bench.worker.outcomes import CellFailed

LEAST_SHARE = 0.1
"""Of a cell's turns by the harness's clock, what the worker's must show: the rest goes to thawing, freezing
and the message, a few milliseconds a turn, many more where other load holds it up."""
MOST_SHARE = 1.02
SLACK_SECONDS = 1.0


@dataclass
class TwoClocks:
    """The turns of one cell, summed by both clocks."""

    ours: float = 0.0
    workers: float = 0.0
    turns: int = 0

    def add(self, sample: Sample, turn_seconds: float) -> None:
        """One turn; ``turn_seconds`` by the harness's clock. A sample that tells none of its own is left out.

        Its own seconds can't be more than its turn's either.
        """
        if sample.turn_seconds is None:
            return
        self.turns += 1
        self.ours += turn_seconds
        self.workers += max(sample.turn_seconds, sample.seconds)

    def refuse_disagreement(self) -> None:
        """Raise CellFailed where the sums differ beyond what lies between the two clocks."""
        least = LEAST_SHARE * self.ours - SLACK_SECONDS
        most = MOST_SHARE * self.ours + SLACK_SECONDS
        if not least <= self.workers <= most:
            told = f"{self.workers:.3g} s by the worker's clock, {self.ours:.3g} s by the harness's"
            raise CellFailed("wrong-answer", f"two clocks disagree: {self.turns} turns took {told}")
