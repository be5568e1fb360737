"""The study of cold caches: what is done before each timed call, and what is predicted."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest

from likeforlike.bench.studies import cold_cache as study


class Machine:
    """A clock, caches that are cold or not, and a product that takes longer from memory."""

    def __init__(self):
        self.now, self.operands_cached, self.others_cached, self.log = 0.0, True, True, []

    def empty(self):
        self.operands_cached = self.others_cached = False
        self.now += 1.0

    def read(self):
        self.operands_cached = True
        self.now += 0.25

    def call(self):
        self.now += 0.004 + 0.002 * (not self.operands_cached) + 0.001 * (not self.others_cached)
        self.operands_cached = self.others_cached = True

    def clock(self):
        return self.now


def times_of(machine, rounds=5):
    kernel = SimpleNamespace(call=machine.call, wait=lambda result: None)
    return study.measure(kernel, machine.empty, machine.read, rounds, random.Random(1), machine.clock)


def test_cold_and_read_again_differ_by_the_operands_alone():
    times = times_of(Machine())
    assert times.seconds[study.WARM] == pytest.approx([0.004] * 5)
    assert times.seconds[study.AGAIN] == pytest.approx([0.005] * 5)
    assert times.seconds[study.COLD] == pytest.approx([0.007] * 5)
    assert times.difference(study.COLD, study.AGAIN)[0] == pytest.approx(0.002)
    assert times.difference(study.AGAIN, study.WARM)[0] == pytest.approx(0.001)


def test_predicted_is_the_operands_way_from_memory():
    operands = [np.zeros((500, 500), np.float32)] * 2
    assert study.predicted_seconds(operands, 20e9) == 2 * 500 * 500 * 4 / 20e9 == 1e-4
    times = times_of(Machine(), rounds=9)
    text = "\n".join(study.lines_of(500, operands, times, times, [12e9, 10e9, 20e9]))
    assert "the operands, 2.0 MB, take 100 µs by all cores to 200 µs by one" in text
    assert "cold less read again: 2000 µs (2000 to 2000)" in text
    assert "1.750" in text
