"""Bytes a second of triad and copy, on a clock that is handed in."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from likeforlike.devices.process.last_cache import LastCache
from likeforlike.devices.process.memory_bandwidth import (
    BLOCK,
    SCALE,
    STREAM_TIMES,
    _Share,
    measure_bandwidth,
)

CACHE = LastCache(BLOCK * 8, "told")


def test_bytes_are_those_the_program_asks_for():
    clock = itertools.count(0.0, 0.5).__next__
    found = measure_bandwidth((0,), CACHE, clock, passes=3, free_bytes=2**40)
    assert found.array_bytes == STREAM_TIMES * CACHE.size_bytes
    assert found.scaled_sum_bytes_per_second == 3 * found.array_bytes / 0.5
    assert found.copy_bytes_per_second == 2 * found.array_bytes / 0.5
    assert found.best == found.scaled_sum_bytes_per_second
    assert found.enough


def test_with_little_memory_the_arrays_are_smaller_which_is_told():
    clock = itertools.count(0.0, 0.5).__next__
    found = measure_bandwidth((0,), CACHE, clock, passes=1, free_bytes=8 * CACHE.size_bytes)
    assert found.array_bytes < STREAM_TIMES * CACHE.size_bytes
    assert not found.enough


def test_the_best_pass_counts():
    steps = iter([2.0, 1.0, 4.0] * 2)
    now = [0.0]
    readings = itertools.cycle((0, 1))

    def clock():
        if next(readings):
            now[0] += next(steps)
        return now[0]

    found = measure_bandwidth((0,), CACHE, clock, passes=3, free_bytes=2**40)
    assert found.scaled_sum_bytes_per_second == 3 * found.array_bytes / 1.0


def test_triad_and_copy_are_what_they_say():
    b, c = np.random.default_rng(1).random((2, 3, 5))
    share = _Share(np.zeros((3, 5)), b, c, np.zeros(5))
    share.scaled_sum()
    assert share.a == pytest.approx(b + SCALE * c)
    share.copy()
    assert (share.a == b).all()
