from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest

from likeforlike.bench.measure.watch.patience import Patience

TICKS = os.sysconf("SC_CLK_TCK")


class Machine:
    """Two cores on which others take these shares, window after window, and we nothing."""

    def __init__(self, shares: Sequence[float]) -> None:
        self.now = 0.0
        self.used = 0.0
        self.shares = list(shares)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        share = self.shares.pop(0) if len(self.shares) > 1 else self.shares[0]
        self.now += seconds
        self.used += share * 2 * seconds

    def read(self) -> dict[str, Any]:
        ticks = {"wanted": self.used * TICKS, "stolen": 0, "all": 2 * self.now * TICKS, "processors": 2}
        return {"processor_ticks": ticks, "own_processor_seconds": 0.0, "usable_cores": 2}

    def patience(self, first_seconds: float = 60.0) -> Patience:
        return Patience(first_seconds, self.read, self.clock, self.sleep)


def test_on_a_quiet_machine_nobody_waits_but_for_one_look() -> None:
    machine = Machine([0.05])
    patience = machine.patience()
    assert patience.wait()
    assert (machine.now, patience.waited_seconds) == (0.25, 0.0)


def test_a_burst_is_waited_for() -> None:
    machine = Machine([0.5] * 20 + [0.0])
    patience = machine.patience()
    assert patience.wait()
    assert patience.waited_seconds == pytest.approx(5.0)


def test_who_is_there_to_stay_is_not() -> None:
    machine = Machine([0.5])
    assert not machine.patience().wait()
    assert machine.now == 15.0


def test_a_run_waits_a_minute_and_half_of_its_time() -> None:
    machine = Machine([0.5])
    patience = machine.patience()
    for _ in range(100):
        patience.wait()
    assert patience.waited_seconds == pytest.approx(60 + machine.now / 2, rel=0.2)
    waited = patience.waited_seconds
    machine.now += 400.0
    patience.wait()
    assert patience.waited_seconds - waited == pytest.approx(15.0, abs=0.5)


def test_what_can_not_be_read_keeps_nobody_waiting() -> None:
    machine = Machine([0.5])
    patience = Patience(60.0, lambda: {"processor_ticks": None}, machine.clock, machine.sleep)
    assert patience.wait()


def test_without_patience_nobody_even_looks() -> None:
    machine = Machine([0.5])
    assert machine.patience(0.0).wait()
    assert machine.now == 0.0


class Container(Machine):
    """The same use, of two of 64 cores that a container may use: others outside it take nothing."""

    def read(self) -> dict[str, Any]:
        told = super().read()
        of_all = {**told["processor_ticks"], "all": 64 * self.now * TICKS, "processors": 64}
        inside = {"used_seconds": self.used, "quota_cores": 2.0}
        return {**told, "processor_ticks": of_all, "usable_cores": 2, "container": inside}


def test_a_neighbour_within_the_container_is_waited_for() -> None:
    machine = Container([0.5] * 8 + [0.0])
    patience = machine.patience()
    assert patience.wait()
    assert patience.waited_seconds == pytest.approx(2.0)


@pytest.mark.parametrize("wanted", [5, 10])
def test_others_disturb_from_a_tenth_on(wanted: int) -> None:
    """In whole ticks of 50 a window: a tenth to the last bit, and two; then a window of theirs is empty."""
    readings = iter([(0, 0), (wanted, 50), (wanted, 50), (wanted, 100)])

    def read() -> dict[str, Any]:
        wanted, whole = next(readings)
        ticks = {"wanted": wanted, "stolen": 0, "all": whole, "processors": 2}
        return {"processor_ticks": ticks, "own_processor_seconds": 0.0, "usable_cores": 2}

    machine = Machine([0.0])
    patience = Patience(60.0, read, machine.clock, machine.sleep)
    assert patience.wait()
    assert patience.waited_seconds == 0.25


def test_what_may_be_waited_is_what_is_left_of_half_the_run_s_time() -> None:
    """A second at first and half of the 8 s since: 5 s. Then 1 + 13/2 - 5 = 2.5, and 1 + 15.5/2 - 7.5 = 1.25."""
    machine = Machine([0.5])
    machine.now = 100.0
    patience = machine.patience(1.0)
    machine.now += 8.0
    for left in (5.0, 2.5, 1.25):
        before = machine.now
        assert not patience.wait()
        assert machine.now - before == left
    assert patience.waited_seconds == 8.75
