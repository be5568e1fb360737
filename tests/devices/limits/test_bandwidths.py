"""Memory's ceilings, and figures that claim to move more."""

from __future__ import annotations

import pytest

from likeforlike.devices.limits.bandwidths import (
    GPU_MEMORIES,
    MEBIBYTE,
    MemoryCeiling,
    ReachedBandwidth,
    memory_ceiling,
)
from likeforlike.devices.limits.ceilings import Ceiling, Reached
from likeforlike.devices.limits.peaks import GPU_PEAKS
from likeforlike.devices.limits.plausibility import beyond_caches, judge, suspicion
from likeforlike.devices.limits.units import format_bandwidth

CPU = {"usable_cores": 2, "vector": "avx512f", "max_hertz": 4e9, "cache_bytes": 34 * MEBIBYTE}
MEMORY = MemoryCeiling(1e12, "a memory", cache_bytes=50 * MEBIBYTE)
COMPUTE = Ceiling(20e12, "a device")


@pytest.mark.parametrize(
    ("name", "gigabytes", "cache"),
    [
        ("NVIDIA H100 80GB HBM3", 3360, 60),
        ("NVIDIA H100 PCIe", 2040, 60),
        ("NVIDIA A100-SXM4-80GB", 2040, 48),
        ("NVIDIA GeForce RTX 4090", 1008, 72),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", 576, 64),
        ("Tesla T4", 321, 4),
    ],
)
def test_a_gpu_s_memory_is_its_data_sheet_s(name, gigabytes, cache):
    ceiling = memory_ceiling({"gpus": [{"name": name}]}, "gpu:0")
    assert (ceiling.bytes_per_second, ceiling.cache_bytes) == (gigabytes * 1e9, cache * MEBIBYTE)
    assert ceiling.of_device
    assert "datasheet" in ceiling.source or "NVIDIA" in ceiling.source


def test_every_gpu_with_a_peak_has_a_bandwidth():
    """Or its name's first row has: the variants of one board may share its memory."""
    for row in GPU_PEAKS:
        assert memory_ceiling({"gpus": [{"name": " ".join(row.words)}]}, "gpu:0").of_device, row.words
    for row in GPU_MEMORIES:
        assert 100 < row.gigabytes_per_second <= 8000


def test_an_unknown_memory_is_taken_for_the_fastest():
    for fingerprint, device in (({}, "gpu:0"), ({"gpus": [{"name": "Other"}]}, "gpu:0"), (None, "cpu:0")):
        ceiling = memory_ceiling(fingerprint, device)
        assert ceiling.bytes_per_second == 8e12
        assert not ceiling.of_device
    assert memory_ceiling({}, "cpu:0").cache_bytes is None


def test_a_mig_slice_has_at_most_its_board_s_memory():
    ceiling = memory_ceiling(
        {"gpus": [{"name": "NVIDIA A100-SXM4-80GB MIG 1g.10gb", "mig": {"multiprocessors": 14}}]}, "gpu:0"
    )
    assert ceiling.bytes_per_second == 2.04e12
    assert not ceiling.of_device


def test_a_processor_s_own_caches_let_through_what_its_ports_do():
    """2 cores x 4 GHz x 192 bytes."""
    ceiling = memory_ceiling({"cpu": CPU, "threads": 2}, "cpu:1")
    assert ceiling.cached_bytes_per_second == 1.536e12
    assert ceiling.cached_source == "2 cores x 4 GHz x 192 bytes a cycle (avx512f)"
    assert ceiling.cache_bytes == 34 * MEBIBYTE
    assert memory_ceiling({"cpu": {**CPU, "vector": "rvv"}}, "cpu:0").cached_bytes_per_second is None


def test_more_through_memory_than_it_carries_is_impossible_beyond_the_caches_alone():
    """2 GiB less 50 MiB of caches at 1 TB/s take 2.095 ms."""
    moved = 2048.0 * MEBIBYTE
    least = (moved - 50 * MEBIBYTE) / 1e12
    assert judge(None, least * 1.0001, None, moved=moved, memory=MEMORY) == ()
    (reason,) = judge(None, least / 2, None, moved=moved, memory=MEMORY)
    assert reason == (
        "implies 2 TB/s through memory beside the 50 MiB that its caches may hold, above the memory's ceiling of "
        "1 TB/s (a memory)"
    )


def test_what_the_caches_hold_may_move_as_fast_as_it_likes():
    assert judge(None, 1e-9, None, moved=50.0 * MEBIBYTE, memory=MEMORY) == ()
    assert judge(None, 1e-9, None, moved=1e12, memory=MemoryCeiling(1e12, "m")) == (), "caches not known"


def test_but_not_faster_than_the_cores_ports():
    memory = memory_ceiling({"cpu": CPU, "threads": 2}, "cpu:0")
    assert judge(None, 1e6 / 1.5e12, None, moved=1e6, memory=memory) == ()
    (reason,) = judge(None, 1e6 / 1.6e12, None, moved=1e6, memory=memory)
    assert reason.startswith("implies 1.6 TB/s, above the 1.54 TB/s between the cores and their own caches")


def test_the_nearer_roof_is_the_one_that_is_told():
    """At 1 ms: 40 TFLOP/s of 20, twice too fast, and 10 TB/s of 1, ten times; then the other way round."""
    (reason,) = judge(4e10, 1e-3, COMPUTE, moved=1e10 + 50 * MEBIBYTE, memory=MEMORY)
    assert "through memory" in reason
    (reason,) = judge(4e11, 1e-3, COMPUTE, moved=2e9 + 50 * MEBIBYTE, memory=MEMORY)
    assert "above the device's ceiling of 20 TFLOP/s" in reason


def test_nothing_moves_in_no_time():
    assert judge(None, 0.0, None, moved=8.0, memory=MEMORY) == ("8 bytes in no time at all",)


def test_what_memory_was_measured_to_carry_makes_more_suspicious():
    widest = ReachedBandwidth(5e11, "a = b")
    moved = 1e9 + 50 * MEBIBYTE
    told = suspicion(None, 1.6e-3, None, None, moved, MEMORY, widest)
    assert told.endswith("25 % above the best measured here, 500 GB/s (a = b)")
    assert suspicion(None, 1.9e-3, None, None, moved, MEMORY, widest) is None  # 5 % above
    assert suspicion(None, 0.9e-3, None, None, moved, MEMORY, widest) is None, "impossible, which says more"
    # of two measured roofs the nearer is told
    both = suspicion(1e9, 1.6e-3, COMPUTE, Reached(1e11, "torch"), moved, MEMORY, widest)
    assert both.startswith("implies 625 GFLOP/s, 525 % above")


def test_bandwidths_for_readers():
    assert [format_bandwidth(b) for b in (3.36e12, 20.44e9, 5e6, 10.0)] == [
        "3.36 TB/s",
        "20.4 GB/s",
        "5 MB/s",
        "10 B/s",
    ]


def test_only_what_exceeds_the_caches_must_pass_through_memory():
    assert beyond_caches(3e6, 1e6) == 2e6
    assert beyond_caches(1e6, 3e6) == 0.0
    assert beyond_caches(None, 1e6) == 0.0
    assert beyond_caches(3e6, None) == 0.0, "caches that nobody knows may hold all of it"


def test_without_a_time_a_count_or_a_roof_nothing_is_suspicious():
    widest = ReachedBandwidth(5e11, "a = b")
    assert suspicion(None, 0.0, None, None, None, MEMORY, widest) is None
    assert suspicion(None, 1e-9, None, None, 1e6, MEMORY) is None
    assert suspicion(None, 1e-9, None, None, 1e6, None, widest) is None
    assert judge(-0.5, 0.0, None, moved=-0.5, memory=MEMORY) == ()
