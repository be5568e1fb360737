"""The bandwidth of memory: sizes by hand, ways on a clock that is made up, NumPy's own on small vectors."""

from __future__ import annotations

import pytest

from likeforlike.devices.process import memory_rates
from likeforlike.devices.process.memory_rates import (
    ADDING,
    GPU_BYTES,
    LEAST_BYTES,
    MOST_BYTES,
    MOVING,
    READING,
    best_bandwidth,
    vector_bytes,
)

GIB = 2**30


@pytest.mark.parametrize(
    ("caches", "free", "expected"),
    [
        (34 * 2**20, 64 * GIB, 68 * 2**20),  # twice the caches
        (2 * 2**20, 64 * GIB, LEAST_BYTES),
        (None, 64 * GIB, LEAST_BYTES),
        (3 * GIB // 2, 64 * GIB, MOST_BYTES),
        (100 * 2**20, GIB, 128 * 2**20),  # an eighth of what is free, still beyond the caches
        (100 * 2**20, GIB // 2, None),  # 64 MiB would fit into them
        (None, GIB // 4, None),
        (4 * GIB, 1024 * GIB, None),
    ],
)
def test_vectors_are_beyond_the_caches_and_a_small_part_of_memory(caches, free, expected):
    assert vector_bytes("cpu:0", caches, free) == expected


def test_a_gpu_s_are_beyond_the_caches_of_any():
    assert vector_bytes("gpu:0", None, GIB) == GPU_BYTES


class Machine:
    """Work takes what it is made up to take."""

    def __init__(self):
        self.now = 0.0

    def clock(self):
        return self.now

    def taking(self, seconds):
        def call():
            self.now += seconds

        return call


def test_three_vectors_or_two_are_counted_and_the_best_way_is_told():
    """Of 1 GB each: 3 GB in 0.2 s, 2 GB in 0.1 s, 2 GB in 0.5 s."""
    machine = Machine()
    ways = [(ADDING, machine.taking(0.2)), (MOVING, machine.taking(0.1)), (READING, machine.taking(0.5))]
    found = best_bandwidth(iter(ways), 10**9, 0.5, machine.clock)
    assert found == (pytest.approx(2e10), MOVING)
    assert best_bandwidth(iter(ways[:1]), 10**9, 0.5, machine.clock) == (pytest.approx(1.5e10), ADDING)


def test_a_way_that_fails_leaves_what_was_found():
    machine = Machine()

    def fails():
        raise MemoryError

    ways = [(ADDING, machine.taking(0.2)), (MOVING, fails)]
    assert best_bandwidth(iter(ways), 10**9, 0.5, machine.clock) == (pytest.approx(1.5e10), ADDING)
    assert best_bandwidth(iter([(ADDING, fails)]), 10**9, 0.5, machine.clock) is None


def test_numpy_s_ways_do_what_they_say_in_every_part(monkeypatch):
    monkeypatch.setattr(memory_rates, "_BLOCK", 7)  # shorter than a part, and no divisor of it
    ways = memory_rates._numpy("cpu:0", 3, 100)
    made = {}
    for what, call in ways:
        call()
        made[what] = call
    assert list(made) == [ADDING, MOVING, READING]
    assert made[READING]() == 100 * 1.0 * 2.0


def test_numpy_adds_and_moves_all_numbers(monkeypatch):
    """b is 1 and c is 2: b + 3 c is 7, and a after b is moved is 1."""
    arrays = []
    empty = memory_rates.np.empty

    def seen(count, dtype):
        arrays.append(empty(count, dtype))
        return arrays[-1]

    monkeypatch.setattr(memory_rates, "_BLOCK", 7)
    monkeypatch.setattr(memory_rates.np, "empty", seen)
    ways = memory_rates._numpy("cpu:0", 3, 100)
    for expected in (7.0, 1.0):
        _, call = next(ways)
        call()
        assert (arrays[0] == expected).all()


def test_a_framework_that_nobody_knows_has_none():
    assert memory_rates.bandwidth("mxnet", "cpu:0", 1, 0.1) is None
    assert memory_rates.bandwidth("numpy", "gpu:0", 1, 0.1) is None
