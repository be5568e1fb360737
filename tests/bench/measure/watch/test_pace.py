"""Clock, temperature and throttle reasons of each sample, through the makers' seam."""

from __future__ import annotations

from contextlib import contextmanager

from likeforlike.bench.measure.watch.pace import PaceWatch, pace_facts
from likeforlike.bench.plan.cells import Cell
from likeforlike.devices.vendors.device import Device, Pace
from likeforlike.models.contract.implementation import Implementation

CELL = Cell(Implementation("torch", "matmul", "torch", "a product", "operator:add"), "gpu:0", (), "g")
GPU = Device("gpu", 0, "a GPU", maker="made up")


class MadeUp:
    """A maker whose device tells what it is told to tell."""

    name = "made up"

    def __init__(self, *paces) -> None:
        self.paces, self.closed = iter(paces), 0

    def pace(self) -> Pace:
        told = next(self.paces)
        if isinstance(told, Exception):
            raise told
        return told

    @contextmanager
    def opened(self, device):
        yield self
        self.closed += 1


def test_each_reading_is_the_device_s_own_and_one_that_fails_is_not_known() -> None:
    maker = MadeUp(Pace(1.4e9, 61.0, ()), RuntimeError("driver gone"), Pace(1.3e9, 70.0, ("power limit",)))
    watch = PaceWatch({"gpu:0": GPU}, [maker])  # type: ignore[list-item]
    watch.begin([CELL, CELL])
    paces = [watch.read(CELL) for _ in range(3)]
    watch.end()
    assert maker.closed == 1
    assert pace_facts(paces) == {
        "clock_hertz": [1.4e9, None, 1.3e9],
        "celsius": [61.0, None, 70.0],
        "held_back": [[], None, ["power limit"]],
    }


def test_a_device_that_nobody_reads_tells_nothing() -> None:
    watch = PaceWatch({"gpu:0": GPU}, [])
    watch.begin([CELL])
    assert watch.read(CELL) is None
    assert pace_facts([None, None]) is None


def test_once_they_are_given_back_nothing_is_read() -> None:
    maker = MadeUp(Pace(1.4e9), Pace(1.3e9))
    watch = PaceWatch({"gpu:0": GPU}, [maker])  # type: ignore[list-item]
    watch.begin([CELL])
    assert watch.read(CELL) == Pace(1.4e9)
    watch.end()
    assert watch.read(CELL) is None
