"""Bandwidths of memory held against lines and their rates; what is taken where something isn't known."""

from __future__ import annotations

import pytest

from likeforlike.devices.limits.bandwidths import (
    CPU_BYTES_PER_CYCLE,
    GPU_MEMORIES,
    MemoryCeiling,
    memory_ceiling,
)

HBM = 1024
"""Lines of a stack."""
BOARDS = {
    # lines, their Gbit/s, and MiB of the second-level cache, as the makers list them
    "b300": (8 * HBM, 7.8, 126),
    "gb300": (8 * HBM, 7.8, 126),
    "gb200": (8 * HBM, 7.8, 126),
    "b200": (8 * HBM, 7.8, 126),
    "b100": (8 * HBM, 7.8, 126),
    "gh200": (6 * HBM, 6.4, 50),
    "h200": (6 * HBM, 6.25, 50),
    "h100 pcie": (5 * HBM, 3.19, 50),
    "h100 nvl": (6 * HBM, 5.13, 50),
    "h100": (5 * HBM, 5.25, 50),
    "a100": (5 * HBM, 3.19, 40),
    "a30": (3 * HBM, 2.43, 24),
    "a40": (384, 14.5, 6),
    "a10g": (384, 12.5, 6),
    "a10": (384, 12.5, 6),
    "rtx a6000": (384, 16, 6),
    "l40s": (384, 18, 96),
    "l40": (384, 18, 96),
    "l4": (192, 12.5, 48),
    "t4": (256, 10, 4),
    "v100s": (4 * HBM, 2.21, 6),
    "v100": (4 * HBM, 1.75, 6),
    "rtx 4090 laptop": (256, 18, 64),
    "rtx 4080 laptop": (192, 18, 48),
    "rtx 4070 laptop": (128, 16, 32),
    "rtx 4060 laptop": (128, 16, 32),
    "rtx 4050 laptop": (96, 18, 12),
    "rtx 5090": (512, 28, 96),
    "rtx 4090": (384, 21, 72),
    "rtx 3090 ti": (384, 21, 6),
    "rtx 3090": (384, 19.5, 6),
    "rtx 2080 ti": (352, 14, 5.5),
    "p100": (4 * HBM, 1.43, 4),
    "k80": (384, 5, 1.5),
}
CPU = {"usable_cores": 2, "vector": "avx512f", "max_hertz": 4e9, "cache_bytes": 1000}


def test_every_board_is_checked():
    assert [" ".join(row.words) for row in GPU_MEMORIES] == list(BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_a_bandwidth_is_lines_times_their_rate_and_caches_are_not_below_the_board_s(name):
    """Within a fiftieth; of a cache the whole chip's is taken, of which a board may lack up to a half."""
    lines, gigabits, cache = BOARDS[name]
    found = memory_ceiling({"gpus": [{"name": name}]}, "gpu:0")
    assert found.bytes_per_second == pytest.approx(lines * gigabits / 8 * 1e9, rel=0.02)
    assert cache * 1_048_576 <= found.cache_bytes <= 2 * cache * 1_048_576
    assert found.of_device
    assert (found.cached_bytes_per_second, found.cached_source) == (None, "")


def test_a_cached_load_and_store_by_vector_extension():
    """Loads and stores a cycle, times their bytes."""
    assert CPU_BYTES_PER_CYCLE == {
        "avx512f": (2 + 1) * 64,
        "avx2": (3 + 2) * 32,
        "avx": (3 + 2) * 32,
        "sse2": (3 + 2) * 16,
        "sve2": (2 + 1) * 64,
        "sve": (2 + 1) * 64,
        "asimd": 8 * 16,
    }


def test_of_a_gpu_that_is_not_known_the_fastest_memory_and_the_largest_cache():
    for machine in (None, {}, {"gpus": [{"name": "Other"}]}, {"gpus": [{"name": None}]}):
        found = memory_ceiling(machine, "gpu:0")
        assert (found.bytes_per_second, found.of_device) == (8e12, False)
        assert found.cache_bytes == 256 * 1_048_576
        assert found.cached_bytes_per_second is None
        assert "NVIDIA B200 and AMD Instinct MI355X" in found.source


def test_a_slice_has_its_board_s_and_says_so():
    machine = {"gpus": [{"name": "NVIDIA A30", "mig": {"multiprocessors": 14}}]}
    found, whole = (
        memory_ceiling(machine, "gpu:0"),
        memory_ceiling({"gpus": [{"name": "NVIDIA A30"}]}, "gpu:0"),
    )
    assert found.source == "a MIG slice: its whole board's, 933.1 GB/s, NVIDIA A30 datasheet"
    assert whole.source == "933.1 GB/s, NVIDIA A30 datasheet"
    assert (found.of_device, whole.of_device) == (False, True)
    assert found.bytes_per_second == whole.bytes_per_second == pytest.approx(933.1e9)
    assert found.cache_bytes == whole.cache_bytes == 24 * 1_048_576


@pytest.mark.parametrize(("usable", "threads", "cores"), [(2, 4, 4), (4, 2, 4), (None, 3, 3), (3, None, 3)])
def test_ports_of_all_cores_that_may_work(usable, threads, cores):
    machine = {"cpu": {**CPU, "usable_cores": usable}, "threads": threads}
    found = memory_ceiling(machine, "cpu:0")
    assert found.cached_bytes_per_second == cores * 4e9 * 192
    assert (found.bytes_per_second, found.of_device, found.cache_bytes) == (8e12, False, 1000)
    assert found.cached_source == f"{cores} cores x 4 GHz x 192 bytes a cycle (avx512f)"


@pytest.mark.parametrize(
    "machine",
    [
        {"cpu": {**CPU, "usable_cores": None}},
        {"cpu": {**CPU, "vector": "rvv"}, "threads": 2},
        {"cpu": {**CPU, "vector": None}, "threads": 2},
    ],
)
def test_ports_are_not_known_without_cores_or_with_another_extension(machine):
    found = memory_ceiling(machine, "cpu:0")
    assert (found.cached_bytes_per_second, found.cached_source, found.cache_bytes) == (None, "", 1000)


@pytest.mark.parametrize(
    ("machine", "device"), [({"cpu": "x"}, "cpu:0"), ({"cpu": CPU, "threads": 2}, "tpu:0")]
)
def test_what_is_no_processor_or_not_described_has_no_caches(machine, device):
    found = memory_ceiling(machine, device)
    assert (found.cache_bytes, found.cached_bytes_per_second, found.cached_source) == (None, None, "")
    assert (found.bytes_per_second, found.of_device) == (8e12, False)


def test_a_ceiling_is_a_device_s_own_unless_it_says_otherwise():
    assert MemoryCeiling(1.0, "") == MemoryCeiling(1.0, "", True, None, None, "")
