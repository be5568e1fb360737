"""Timed calls of a kernel that draws its own operands."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from likeforlike.bench.worker import measure_kernel
from likeforlike.bench.worker.calls.timed_calls import PROVEN, timed_calls
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem, Verification
from likeforlike.models.contract.workload import Workload


class Supply:
    def __init__(self):
        self.drawn, self.used, self.further = 0, 0, 0

    def draw(self):
        self.drawn += 1
        return self.use

    def use(self):
        self.used = self.drawn

    def draw_further(self):
        self.further += 1
        self.used = -self.further

    def restore(self):
        self.used = 0


def calls_of(supply, calls=1):
    workload = Workload(
        "own",
        "",
        flop=lambda axes: None,
        memory_bytes=lambda axes: 0,
        problem=lambda axes, device: None,
        verify=lambda axes, problem, answer: Verification(0.0, 0.0),
        probe=lambda axes, problem, random: lambda kernel, result, factors: Verification(0.0, 0.0),
    )
    problem = Problem((np.ones(1),), "float64", "cpu:0")
    return timed_calls(workload, {}, problem, Kernel(lambda: None, supply=supply, calls=lambda: calls))


def test_operands_are_drawn_before_waking_and_used_right_before_the_call():
    supply = Supply()
    calls = calls_of(supply)
    for number in range(1, 4):
        switch = calls.before_waking()
        assert (supply.drawn, supply.used) == (number, number - 1)
        switch()
        assert supply.used == number
        calls.after(None, 1.0, 1.0)
        assert supply.used == number
    assert calls.facts()["timed_calls"] == PROVEN
    calls.restore()
    assert supply.used == 0


def test_several_calls_with_the_same_operands_prove_less():
    calls = calls_of(Supply(), calls=2)
    calls.after(None, 1.0, 1.0)
    assert "a kept answer would pass" in calls.facts()["timed_calls"]


def test_a_short_call_is_timed_several_times_with_operands_of_their_own():
    """Ten calls of 5 ms fit into 50 ms; 8 are the most, and up to two fewer are drawn."""
    supply = Supply()
    calls = calls_of(supply)
    calls.clock = lambda: 0.0  # drawing takes no time
    assert calls.further_in_a_turn() == 0, "nothing is known of the first call"
    calls.before_waking()()
    calls.after(None, 0.005, 0.005)
    assert {calls.further_in_a_turn() for _ in range(100)} == {6, 7, 8}
    calls.seconds[:] = [0.03]
    assert {calls.further_in_a_turn() for _ in range(100)} == {0, 1}, "nobody can foresee which is probed"
    calls.seconds[:] = [0.06]
    assert calls.further_in_a_turn() == 0
    seen = []
    switch = calls.before_waking()
    assert calls.further(lambda: (seen.append(supply.used), (0.004, 0.0041))[1]) == 0.004
    assert seen == [-1]
    switch()
    assert (supply.used, calls.seconds[-1], calls.witnessed[-1]) == (2, 0.004, 0.0041)


class Clock:
    """A second passes with every reading."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


@pytest.mark.parametrize("take", [measure_kernel.synchronised, measure_kernel.queued])
def test_the_time_of_several_calls_in_a_row_is_divided_among_them(take):
    clock = Clock()
    kernel = Kernel(lambda: clock(), calls=lambda: 4)
    spec = SimpleNamespace(timing="synchronised", transfer=False, sustained=False)
    placed = measure_kernel.Placed(spec, None, None, kernel, None, clock, clock)
    timed = take(placed)
    assert (timed.seconds, timed.witnessed) == (2.0 / 4, 4.0 / 4)
    sample = measure_kernel.take_sample(placed)
    assert sample.seconds == 2.0 / 4
    assert sample.calls == 4 * 2  # one untimed, which was longer than what wakes threads, and the timed one
