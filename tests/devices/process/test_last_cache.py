"""What caches hold, and a buffer written on every processor."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from likeforlike.devices.process import last_cache
from likeforlike.devices.process.last_cache import (
    ASSUMED_BYTES,
    MIB,
    gpu_cache,
    on_each,
    processor_caches,
    usable_processors,
    write_through_caches,
)


def make_caches(sys_cpu: Path, processors: int, last_shared_by: int) -> Path:
    """Each processor with its own first two levels, the third shared by so many neighbours."""
    for number in range(processors):
        first = number // last_shared_by * last_shared_by
        levels = [
            ("1", "Data", "32K", str(number)),
            ("1", "Instruction", "32K", str(number)),
            ("2", "Unified", "1024K", str(number)),
            ("3", "Unified", "32M", f"{first}-{first + last_shared_by - 1}"),
        ]
        for index, (level, kind, size, shared) in enumerate(levels):
            folder = sys_cpu / f"cpu{number}" / "cache" / f"index{index}"
            folder.mkdir(parents=True)
            for name, text in zip(
                ("level", "type", "size", "shared_cpu_list"), (level, kind, size, shared), strict=True
            ):
                (folder / name).write_text(f"{text}\n")
    return sys_cpu


@pytest.mark.parametrize(
    ("processors", "size"),
    [((0,), 33), ((0, 1), 34), ((0, 1, 2, 3), 68), (range(8), 136)],
)
def test_each_cache_counts_once_whoever_shares_it(tmp_path, processors, size):
    found = processor_caches(processors, make_caches(tmp_path, 8, 2))
    assert found.size_bytes == size * MIB
    assert found.written_bytes > found.size_bytes
    assert "levels 2 to 3" in found.source


def test_where_nobody_tells_more_is_taken_than_any_has(tmp_path):
    found = processor_caches((0,), tmp_path)
    assert found.size_bytes == ASSUMED_BYTES
    assert "assumed" in found.source


class Cuda:
    """CUDA's driver, as far as it is asked."""

    def __init__(self, size: int, status: int = 0) -> None:
        self.size, self.status = size, status

    def cuInit(self, flags):  # noqa: N802
        return self.status

    def cuDeviceGet(self, device, number):  # noqa: N802
        assert number == 0
        return 0

    def cuDeviceGetAttribute(self, value, attribute, device):  # noqa: N802
        assert attribute == 38
        value._obj.value = self.size
        return 0


def test_a_gpu_s_second_level_is_its_driver_s(monkeypatch):
    assert gpu_cache(Cuda(50 * MIB)).size_bytes == 50 * MIB
    assert gpu_cache(Cuda(50 * MIB, status=100)).size_bytes == ASSUMED_BYTES
    monkeypatch.setattr(last_cache.ctypes, "CDLL", lambda name: (_ for _ in ()).throw(OSError(name)))
    assert gpu_cache().size_bytes == ASSUMED_BYTES


def test_every_processor_works_in_a_thread_that_is_held_to_it():
    places, own = usable_processors(), os.sched_getaffinity(0)

    def here():
        return os.sched_getaffinity(0), threading.get_ident()

    found = on_each(places, [here] * len(places))
    assert [held for held, _ in found] == [{place} for place in places]
    assert threading.get_ident() not in {thread for _, thread in found}
    assert os.sched_getaffinity(0) == own


def test_all_of_the_buffer_is_written_in_parts(monkeypatch):
    written: list[int] = []
    add = last_cache.np.add

    def noted(left, right, out):
        written.append(left.nbytes)
        return add(left, right, out=out)

    monkeypatch.setattr(last_cache, "_add_one", lambda part: noted(part, 1, part))
    write_through_caches(800_000, (0, 0, 0))
    assert len(written) == 3
    assert sum(written) == 800_000
