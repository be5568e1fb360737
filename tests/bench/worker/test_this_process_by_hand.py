"""A worker that is this very process, told what a group tells its workers; no process and no clock."""

from __future__ import annotations

import pytest
from kernel_by_hand import READY, Hand, placed

from likeforlike.bench.worker.messages import Answer, Order, Sustain, Sustained
from likeforlike.bench.worker.this_process import ThisProcess


def answered(hand: Hand, order: Order, calls: int) -> Answer:
    """What comes of an order to a process that has a kernel on its device already."""
    process = ThisProcess({})
    process._placed = placed(hand, hand.kernel(calls=lambda: calls))
    process._ready = READY
    try:
        process.order(order)
        return process.answer(1.0)
    finally:
        process.end()


@pytest.mark.parametrize(("in_a_row", "calls"), [(1, 4), (3, 12)])
def test_it_loads_the_device_as_a_process_of_its_own_does(in_a_row: int, calls: int) -> None:
    """Calls of a quarter of a second: after four of them the second is over, each of so many in a row.

    Who weighs a short kernel's energy asks for that; without an answer every function was lost.
    """
    hand = Hand(seconds=(0.25,))
    assert answered(hand, Sustain(1.0), in_a_row) == Sustained(calls)
    assert hand.log == ["call", "wait"] * 4
