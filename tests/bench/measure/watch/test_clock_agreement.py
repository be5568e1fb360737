"""Two clocks of a cell's turns: what lies between them by nature passes, what doesn't is refused."""

from __future__ import annotations

import pytest

from likeforlike.bench.measure.watch.clock_agreement import TwoClocks
from likeforlike.bench.worker.messages import Sample
from likeforlike.bench.worker.outcomes import CellFailed


def clocks(*turns: tuple[float, float | None, float]) -> TwoClocks:
    """Turns of which the harness, the worker, and the sample itself say how long they took."""
    both = TwoClocks()
    for ours, workers, sample in turns:
        both.add(Sample(sample, turn_seconds=workers), ours)
    return both


@pytest.mark.parametrize("workers", [9.0, 100.0, 103.0])
def test_what_lies_between_the_clocks_passes(workers: float) -> None:
    """Of 100 s by the harness's: from a tenth less 1 s to 102 s and 1 s more, both still allowed."""
    clocks((60.0, 5.0, 1.0), (40.0, workers - 5.0, 1.0)).refuse_disagreement()


@pytest.mark.parametrize(("workers", "told"), [(8.9, "8.9"), (103.1, "103")])
def test_what_lies_beyond_is_refused_with_both_sums(workers: float, told: str) -> None:
    with pytest.raises(CellFailed) as failed:
        clocks((60.0, 5.0, 1.0), (40.0, workers - 5.0, 1.0)).refuse_disagreement()
    text = f"two clocks disagree: 2 turns took {told} s by the worker's clock, 100 s by the harness's"
    assert (failed.value.outcome, failed.value.reason) == ("wrong-answer", text)


def test_a_sample_is_no_longer_than_its_turn() -> None:
    """A turn of 50 s by both clocks, in which a sample of 60 s is said to have been: 51 + 1 s may be."""
    with pytest.raises(CellFailed, match="1 turns took 60 s"):
        clocks((50.0, 50.0, 60.0)).refuse_disagreement()
    clocks((50.0, 50.0, 40.0)).refuse_disagreement()


def test_a_sample_without_a_clock_of_its_own_is_left_out() -> None:
    both = clocks((50.0, None, 1.0), (100.0, 103.0, 1.0))
    both.refuse_disagreement()
    assert both.turns == 1


def test_no_turn_yet_is_no_disagreement() -> None:
    TwoClocks().refuse_disagreement()
