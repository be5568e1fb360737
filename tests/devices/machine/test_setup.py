"""The state of a machine's set-up, read from folders that stand in for /sys."""

from __future__ import annotations

import pytest

from likeforlike.devices.machine.setup import governor, kernels_remark, numa_nodes, parse_cores, read_setup


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


@pytest.fixture
def sys_folder(tmp_path):
    system = tmp_path / "devices" / "system"
    write(tmp_path / "kernel" / "mm" / "transparent_hugepage" / "enabled", "always [madvise] never")
    write(system / "cpu" / "smt" / "active", "1")
    for core, word in enumerate(["performance", "performance", "powersave"]):
        write(system / "cpu" / f"cpu{core}" / "cpufreq" / "scaling_governor", word)
    write(system / "node" / "node0" / "cpulist", "0-3,8-11")
    write(system / "node" / "node1" / "cpulist", "4-7,12-15")
    write(system / "node" / "node2" / "cpulist", "")
    return tmp_path


def test_it_reads_what_is_there(sys_folder):
    assert read_setup(["openblas 0.3.31 SkylakeX"], "avx512f", sys_folder, [2, 3, 4]) == {
        "blas": "openblas 0.3.31 SkylakeX",
        "blas_remark": None,
        "transparent_huge_pages": "madvise",
        "governor": "performance, powersave",
        "smt_active": True,
        "numa_nodes": 2,
        "numa_nodes_used": 2,
    }
    assert read_setup([], None, sys_folder, [0, 9])["numa_nodes_used"] == 1


def test_what_cannot_be_read_is_not_known(tmp_path):
    assert set(read_setup([], None, tmp_path, [0]).values()) == {None}
    assert governor(tmp_path) is None
    assert numa_nodes(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "cores"), [("0", {0}), ("0-2,5", {0, 1, 2, 5}), ("", set()), ("none", set()), ("3-1", set())]
)
def test_lists_of_cores(text, cores):
    assert parse_cores(text) == cores


@pytest.mark.parametrize(
    ("blas", "vector", "told"),
    [
        ("openblas 0.3.29 Haswell", "avx512f", "for Haswell (AVX2), this processor supports AVX-512"),
        ("openblas 0.3.31.188.0 Katmai", "avx512f", "for Katmai (SSE), this processor supports AVX-512"),
        ("openblas 0.3.29 Prescott", "avx2", "for Prescott (SSE), this processor supports AVX2"),
        ("openblas 0.3.21 Zen", "avx512f", "for Zen (AVX2), this processor supports AVX-512"),
        ("openblas 0.3.29 SkylakeX", "avx512f", None),
        ("openblas 0.3.29 Cooperlake", "avx512f", None),
        ("openblas 0.3.29 Zen", "avx2", None),
        ("openblas 0.3.29 Haswell", "avx2", None),
        ("openblas 0.3.29 SkylakeX", "avx2", None),
        ("openblas 0.3.40 SomethingNew", "avx512f", None),
        ("openblas 0.3.29 neoversen1", "sve", None),
        ("openblas 0.3.29 Haswell", None, None),
        ("openblas", "avx512f", None),
        ("mkl 2024.2-Product", "avx512f", None),
        ("", "avx512f", None),
    ],
)
def test_kernels_below_the_processor_are_told_and_nothing_that_is_not_known(blas, vector, told):
    remark = kernels_remark([blas], vector)
    assert (remark is None) if told is None else (remark is not None and remark.endswith(told))
