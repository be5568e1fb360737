"""The bandwidth of memory: sizes at their bounds, the bytes of each way, and its parts, block by block."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from likeforlike.devices.machine import resources
from likeforlike.devices.process import memory_rates
from likeforlike.devices.process.memory_rates import (
    ADDING,
    MOVING,
    READING,
    bandwidth,
    best_bandwidth,
    numpy_rates,
    vector_bytes,
)

MIB = 1_048_576


@pytest.mark.parametrize(
    ("caches", "free", "expected"),
    [
        (None, 512 * MIB, 64),  # an eighth is just enough
        (None, 512 * MIB - 8, None),
        (0, 10_000 * MIB, 64),
        (32 * MIB, 10_000 * MIB, 64),
        (33 * MIB, 10_000 * MIB, 66),  # twice the caches
        (1024 * MIB, 100_000 * MIB, 2048),
        (1025 * MIB, 100_000 * MIB, 2048),  # never more than 2 GiB
        (100 * MIB, 808 * MIB, 101),  # an eighth, larger than the caches
        (100 * MIB, 800 * MIB, None),  # as large as they are
        (2048 * MIB, 100_000 * MIB, None),
    ],
)
def test_vectors_are_beyond_the_caches_and_an_eighth_of_memory_at_most(caches, free, expected):
    found = vector_bytes("cpu:0", caches, free)
    assert found == (None if expected is None else expected * MIB)
    assert vector_bytes("gpu:0", caches, free) == 512 * MIB


class Clock:
    def __init__(self):
        self.now = 50.0

    def __call__(self):
        return self.now

    def way(self, what, seconds, calls):
        """Work that takes so long and tells of each call."""

        def call():
            calls.append(what)
            self.now += seconds

        return what, call


class TestRates:
    def test_three_vectors_or_two_in_a_third_of_the_time_each(self):
        """Of 1000 bytes: 3000 in 1/2 s, 2000 in 1/4 s, 2000 in 1/2 s; in 2 s each, after one call more."""
        clock, calls = Clock(), []
        ways = [clock.way(*told, calls) for told in ((ADDING, 0.5), (MOVING, 0.25), (READING, 0.5))]
        assert list(memory_rates._rates(iter(ways), 1000, 6.0, clock)) == [
            (ADDING, 6000.0),
            (MOVING, 8000.0),
            (READING, 4000.0),
        ]
        assert {what: calls.count(what) for what in calls} == {ADDING: 5, MOVING: 9, READING: 5}

    def test_a_way_in_no_time_has_no_rate(self):
        clock = Clock()
        ways = [clock.way(ADDING, 0.0, []), clock.way(MOVING, 0.25, [])]
        assert list(memory_rates._rates(iter(ways), 1000, 0.0, clock)) == [(MOVING, 8000.0)]

    def test_the_best_way_is_told_and_of_two_as_good_the_first(self):
        clock = Clock()
        told = ((MOVING, 0.5), (READING, 0.25), (MOVING, 0.25), (ADDING, 4.0))
        ways = [clock.way(*way, []) for way in told]
        assert best_bandwidth(iter(ways), 1000, 0.0, clock) == (8000.0, READING)
        assert best_bandwidth(iter(()), 1000, 0.0, clock) is None

    def test_what_was_found_before_a_way_raised_stands(self):
        def raises():
            raise MemoryError

        clock = Clock()
        ways = [clock.way(MOVING, 0.5, []), (READING, raises), clock.way(MOVING, 0.25, [])]
        assert best_bandwidth(iter(ways), 1000, 0.0, clock) == (4000.0, MOVING)


class Pool:
    """Threads that are none; notes how many there were to be, and what each part of the work was."""

    def __init__(self, threads):
        self.threads = threads
        self.parts = []

    def __enter__(self):
        Pool.last = self
        return self

    def __exit__(self, *error):
        pass

    def map(self, work, parts):
        self.parts.append([(part.start, part.stop) for part in parts])
        return [work(part) for part in parts]


class TestNumpy:
    def test_each_thread_has_its_part_and_every_number_is_worked_on(self, monkeypatch):
        """b is 1 and c is 2, so that b + 3 c is 7; blocks of 7 numbers are no divisor of a part."""
        arrays, empty = [], np.empty

        def seen(count, dtype):
            arrays.append(empty(count, dtype))
            return arrays[-1]

        monkeypatch.setattr(memory_rates, "_BLOCK", 7)
        monkeypatch.setattr(memory_rates, "ThreadPoolExecutor", Pool)
        monkeypatch.setattr(memory_rates.np, "empty", seen)
        ways = memory_rates._numpy("cpu:0", 3, 100)
        what, call = next(ways)
        assert what == ADDING
        a, b, c = arrays
        assert [set(array.tolist()) for array in (a, b, c)] == [{0.0}, {1.0}, {2.0}]
        assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
        call()
        assert set(a.tolist()) == {7.0}
        assert {len(block) for block in arrays[3:]} == {7}
        what, call = next(ways)
        assert what == MOVING
        call()
        assert set(a.tolist()) == {1.0}
        what, call = next(ways)
        assert (what, call()) == (READING, 200.0)
        assert list(ways) == []
        assert Pool.last.threads == 3
        assert Pool.last.parts == [[(0, 33), (33, 66), (66, 100)]] * 3

    def test_numbers_added_at_once(self):
        assert memory_rates._BLOCK == 32_768

    def test_rates_of_all_ways_in_vectors_of_4_bytes_a_number(self, monkeypatch):
        clock, asked = Clock(), []

        def ways(*told):
            asked.append(told)
            return iter([clock.way(MOVING, 0.5, []), clock.way(READING, 0.25, [])])

        monkeypatch.setattr(memory_rates, "cache_bytes", lambda: 33 * MIB)
        monkeypatch.setattr(memory_rates, "free_memory_bytes", lambda: 10_000 * MIB)
        monkeypatch.setattr(memory_rates, "_numpy", ways)
        size = 66 * MIB
        assert numpy_rates(2, 0.0, clock) == ({MOVING: 4.0 * size, READING: 8.0 * size}, size)
        assert asked == [("cpu:0", 2, size // 4)]
        monkeypatch.setattr(memory_rates, "free_memory_bytes", lambda: 100 * MIB)
        with pytest.raises(MemoryError, match="too little memory is free"):
            numpy_rates(2, 0.0, clock)

    def test_what_a_container_may_still_take_counts_not_what_its_host_has(self, tmp_path, monkeypatch):
        """An eighth of 512 - 12 MiB is less than the shortest vector, of 524 - 12 it is as long."""
        monkeypatch.setattr(resources, "available_memory_bytes", lambda: 10_000 * MIB)
        monkeypatch.setattr(resources, "cgroup_folders", lambda *told: [tmp_path])
        monkeypatch.setattr(memory_rates, "cache_bytes", lambda: None)
        monkeypatch.setattr(memory_rates, "_numpy", lambda *told: iter(()))
        (tmp_path / "memory.current").write_text(str(12 * MIB))
        (tmp_path / "memory.max").write_text(str(512 * MIB))
        with pytest.raises(MemoryError, match="too little memory is free"):
            numpy_rates(1, 0.0, Clock())
        (tmp_path / "memory.max").write_text(str(524 * MIB))
        assert numpy_rates(1, 0.0, Clock()) == ({}, 64 * MIB)


class TestBandwidth:
    @pytest.fixture(autouse=True)
    def _a_machine(self, monkeypatch):
        monkeypatch.setattr(memory_rates, "cache_bytes", lambda: 33 * MIB)
        monkeypatch.setattr(memory_rates, "free_memory_bytes", lambda: self.free)

    free = 10_000 * MIB

    @pytest.mark.parametrize("framework", ["numpy", "torch", "jax", "tensorflow"])
    def test_the_best_of_a_framework_s_ways(self, framework, monkeypatch):
        asked = []

        def best(ways, size, seconds):
            asked.append((list(ways), size, seconds))
            return 5e9, MOVING

        monkeypatch.setattr(memory_rates, f"_{framework}", lambda *told: iter([told]))
        monkeypatch.setattr(memory_rates, "best_bandwidth", best)
        size = 66 * MIB
        found = bandwidth(framework, "cpu:1", 3, 0.5)
        assert found == {"bytes_per_second": 5e9, "what": MOVING, "vector_bytes": size}
        assert asked == [([("cpu:1", 3, size // 4)], size, 0.5)]
        on_gpu = bandwidth(framework, "gpu:0", 3, 0.5)
        assert on_gpu == (None if framework == "numpy" else {**found, "vector_bytes": 512 * MIB})

    def test_none_where_there_is_no_way_no_memory_or_no_rate(self, monkeypatch):
        monkeypatch.setattr(memory_rates, "best_bandwidth", lambda *told: None)
        assert bandwidth("plug-in", "cpu:0", 1, 0.5) is None
        assert bandwidth("numpy", "cpu:0", 1, 0.5) is None
        monkeypatch.setattr(memory_rates, "best_bandwidth", lambda *told: (5e9, MOVING))
        assert bandwidth("numpy", "cpu:0", 1, 0.5) is not None
        self.free = 100 * MIB
        assert bandwidth("numpy", "cpu:0", 1, 0.5) is None


class Vector:
    def __init__(self, count, value, device=None):
        self.told = count, value, device


def test_torch_s_ways_wait_for_a_gpu(monkeypatch):
    log = []
    torch = SimpleNamespace(
        device=lambda kind, number=None: (kind, number),
        full=lambda shape, value, device: Vector(*shape, value, device),
        add=lambda b, c, alpha, out: log.append((b.told, c.told, alpha, out.told)),
        dot=lambda b, c: log.append((b.told, c.told)),
        cuda=SimpleNamespace(synchronize=lambda device: log.append(("waited", device))),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(
        Vector, "copy_", lambda mine, other: log.append((mine.told, other.told)), raising=False
    )
    for place, device in (("gpu:2", ("cuda", 2)), ("cpu:0", ("cpu", None))):
        ways = dict(memory_rates._torch(place, 1, 10))
        a, b, c = ((10, value, device) for value in (0.0, 1.0, 2.0))
        waited = [("waited", device)] if place == "gpu:2" else []
        for what, work in ((ADDING, (b, c, 3.0, a)), (MOVING, (a, b)), (READING, (b, c))):
            ways[what]()
            assert log == [work, *waited]
            log.clear()


def test_jax_s_ways_wait_for_their_results(monkeypatch):
    log = []
    numpy = SimpleNamespace(
        float32=np.float32,
        sum=np.sum,
        full=lambda shape, value, dtype, device: log.append(device) or np.full(shape, value, dtype),
    )
    jax = SimpleNamespace(
        devices=lambda kind: [f"{kind} {number}" for number in range(3)],
        jit=lambda work: work,
        block_until_ready=lambda result: log.append(np.asarray(result).tolist()),
        numpy=numpy,
    )
    monkeypatch.setitem(sys.modules, "jax", jax)
    monkeypatch.setitem(sys.modules, "jax.numpy", numpy)
    ways = dict(memory_rates._jax("gpu:1", 1, 5))
    assert log == ["gpu 1", "gpu 1"]
    ways[ADDING]()
    ways[READING]()
    assert log[2:] == [[7.0] * 5, 10.0]
    assert list(ways) == [ADDING, READING]


def test_tensorflow_s_ways_are_compiled_and_wait_for_a_gpu(monkeypatch):
    log = []

    class Device:
        def __init__(self, name):
            log.append(name)

        def __enter__(self):
            pass

        def __exit__(self, *error):
            pass

    def function(work, jit_compile):
        return lambda *given: log.append((jit_compile, np.asarray(work(*given)).tolist()))

    tensorflow = SimpleNamespace(
        device=Device,
        fill=lambda shape, value: np.full(shape, value),
        reduce_sum=np.sum,
        function=function,
        test=SimpleNamespace(experimental=SimpleNamespace(sync_devices=lambda: log.append("waited"))),
    )
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    for place in ("gpu:0", "cpu:0"):
        ways = dict(memory_rates._tensorflow(place, 1, 5))
        assert log == [place.upper()]
        log.clear()
        for what, result in ((ADDING, [7.0] * 5), (READING, 10.0)):
            ways[what]()
            assert log == [(True, result), *(["waited"] if place == "gpu:0" else [])]
            log.clear()
        assert list(ways) == [ADDING, READING]
