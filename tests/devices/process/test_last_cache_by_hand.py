"""Caches counted byte by byte, CUDA's driver call by call, and how a buffer is divided and written."""

from __future__ import annotations

import os

import numpy as np
import pytest

from likeforlike.devices.process import last_cache
from likeforlike.devices.process.last_cache import (
    LastCache,
    cache_of,
    gpu_cache,
    on_each,
    processor_caches,
    usable_processors,
    write_through_caches,
)
from likeforlike.devices.vendors.device import Device

MIB = 1_048_576


def cache(sys_cpu, processor, index, level, size, kind="Unified", shared=""):
    folder = sys_cpu / f"cpu{processor}" / "cache" / f"index{index}"
    folder.mkdir(parents=True)
    for name, text in (("level", level), ("size", size), ("type", kind), ("shared_cpu_list", shared)):
        if text:
            (folder / name).write_text(text + "\n")


def test_levels_from_the_second_on_that_hold_data_each_once(tmp_path):
    """1 KiB of each processor's own, though no list says so; 3 MiB shared; 5 bytes without a unit; 1 GiB."""
    for processor in (0, 1):
        cache(tmp_path, processor, 0, "1", "32K", "Data")
        cache(tmp_path, processor, 1, "2", "64K", "Instruction")
        cache(tmp_path, processor, 2, "2", "1K")
        cache(tmp_path, processor, 3, "3", "3M", shared="0-1")
    cache(tmp_path, 1, 4, "4", "5", shared="1")
    cache(tmp_path, 1, 5, "5", "1G", "Data", shared="1")
    cache(tmp_path, 2, 0, "2", "7M")
    found = processor_caches((0, 1), tmp_path)
    assert found == LastCache(
        2 * 1024 + 3 * MIB + 5 + 1024 * MIB, "the kernel: caches of levels 2 to 5 of the usable processors"
    )
    assert found.written_bytes == 2 * found.size_bytes
    assert processor_caches((2,), tmp_path).size_bytes == 7 * MIB


@pytest.mark.parametrize(
    ("level", "size"), [("1", "1M"), ("", "1M"), ("x", "1M"), ("2", ""), ("2", "0K"), ("2", "1T"), ("2", "M")]
)
def test_what_tells_nothing_is_assumed(tmp_path, level, size):
    """Twice the 256 MiB of the largest that is known."""
    cache(tmp_path, 0, 0, level, size)
    assumed = LastCache(2 * 256 * MIB, "assumed, since nothing tells: more than any device known has")
    assert processor_caches((0,), tmp_path) == assumed
    assert processor_caches((1,), tmp_path) == assumed


class Cuda:
    """CUDA's driver: each call with its status, and what it was asked."""

    def __init__(self, *statuses, size=50 * MIB):
        self.statuses, self.size, self.calls = list(statuses), size, []

    def cuInit(self, flags):  # noqa: N802
        self.calls.append(("init", flags))
        return self.statuses[0]

    def cuDeviceGet(self, device, number):  # noqa: N802
        self.calls.append(("get", number))
        device._obj.value = 7
        return self.statuses[1]

    def cuDeviceGetAttribute(self, value, attribute, device):  # noqa: N802
        self.calls.append(("attribute", attribute, device.value))
        value._obj.value = self.size
        return self.statuses[2]


def test_the_driver_is_asked_for_the_second_level_of_the_first_gpu():
    cuda = Cuda(0, 0, 0)
    assert gpu_cache(cuda) == LastCache(50 * MIB, "CUDA's driver: the GPU's second-level cache")
    assert cuda.calls == [("init", 0), ("get", 0), ("attribute", 38, 7)]


@pytest.mark.parametrize(("statuses", "calls"), [((1, 0, 0), 1), ((0, 1, 0), 2), ((0, 0, 1), 3)])
def test_a_call_that_fails_is_the_last_and_tells_nothing(statuses, calls):
    cuda = Cuda(*statuses)
    assert gpu_cache(cuda).size_bytes == 512 * MIB
    assert len(cuda.calls) == calls


def test_a_cache_of_nothing_is_none():
    assert gpu_cache(Cuda(0, 0, 0, size=0)).size_bytes == 512 * MIB


def test_processors_that_may_be_used(monkeypatch):
    asked = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: asked.append(pid) or {3, 1})
    assert usable_processors() == (1, 3)
    assert asked == [0]
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert usable_processors() == (0, 1, 2)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_processors() == (0,)


class TestWriting:
    @pytest.fixture
    def written(self, monkeypatch):
        """What each processor is given to do, done here."""
        told = []

        def each(processors, work):
            for processor, job in zip(processors, work, strict=True):
                part = job.args[0]
                assert set(part.tolist()) <= {0}
                job()
                told.append((processor, part.nbytes, set(part.tolist())))

        monkeypatch.setattr(last_cache, "on_each", each)
        return told

    def test_each_processor_reads_and_writes_an_equal_part(self, written):
        write_through_caches(240, (5, 6, 9))
        assert written == [(5, 80, {1}), (6, 80, {1}), (9, 80, {1})]

    def test_a_small_buffer_has_a_number_for_each(self, written):
        write_through_caches(8, (5, 6))
        assert written == [(5, 8, {1}), (6, 8, {1})]

    def test_on_all_that_may_be_used_unless_others_are_told(self, written, monkeypatch):
        monkeypatch.setattr(last_cache, "usable_processors", lambda: (2, 4))
        write_through_caches(32)
        assert written == [(2, 16, {1}), (4, 16, {1})]


def test_work_is_done_on_its_own_processor_by_as_many_threads(monkeypatch):
    held, made = [], []
    threads = last_cache.ThreadPoolExecutor
    monkeypatch.setattr(last_cache, "ThreadPoolExecutor", lambda count: made.append(count) or threads(count))
    monkeypatch.setattr(os, "sched_setaffinity", lambda thread, places: held.append((thread, places)))
    assert on_each((3, 8), [lambda: "three", lambda: "eight"]) == ["three", "eight"]
    assert sorted(held, key=str) == [(0, {3}), (0, {8})]
    assert made == [2]
    monkeypatch.delattr(os, "sched_setaffinity")
    assert on_each((3,), [lambda: np.int64(3)]) == [3]


class TestBeforeAnythingRuns:
    """No driver is asked: by the data sheet, rounded up."""

    BY_NAME = "the data sheet, rounded up, or that of the largest known"

    def test_a_processor_s_are_looked_up_once(self):
        asked = []

        def of_processor():
            asked.append(1)
            return LastCache(3, "the kernel")

        cpu = Device("cpu", 0, "a processor", maker="cpu")
        assert [cache_of(cpu, of_processor) for _ in range(2)] == [LastCache(3, "the kernel")] * 2
        assert asked == [1]

    @pytest.mark.parametrize(
        ("name", "mebibytes"),
        [
            ("NVIDIA H100 80GB HBM3", 60),
            ("NVIDIA A100-SXM4-80GB MIG 1g.10gb", 48),
            ("NVIDIA GeForce RTX 2080 Ti", 5.5),
            # the largest of all, 256 MiB
            ("NVIDIA of next year", 256),
        ],
    )
    def test_an_nvidia_gpu_s_by_its_name(self, name, mebibytes):
        found = cache_of(Device("gpu", 0, name, maker="nvidia"))
        assert found == LastCache(int(mebibytes * MIB), self.BY_NAME)
        assert isinstance(found.size_bytes, int)

    def test_of_a_gpu_that_cuda_does_not_know_what_its_worker_will_assume(self):
        assert cache_of(Device("gpu", 0, "NVIDIA H100", maker="amd")) == gpu_cache(Cuda(1, 1, 1))
