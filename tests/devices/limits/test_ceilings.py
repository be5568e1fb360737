"""Ceilings against figures worked out by hand and printed in datasheets."""

from __future__ import annotations

import subprocess
import sys

import pytest

from likeforlike.devices.limits import ceilings
from likeforlike.devices.limits.ceilings import (
    PRECISIONS,
    Ceiling,
    device_ceiling,
    find_peaks,
    highest_known,
    positive,
)
from likeforlike.devices.limits.peaks import GPU_PEAKS, HIGHEST_PEAKS, GpuPeaks


def gpu(name, capability=None, cores=None, hertz=None, **more):
    described = {"name": name, "compute_capability": capability, "cores": cores, "sm_clock_max_hertz": hertz}
    return {"gpus": [{**described, **more}], "precision_mode": "ieee"}


def cpu(vector="avx512f", cores=2, hertz=2.0e9, max_hertz=None, amx=(), half=(), **more):
    described = {"vector": vector, "usable_cores": cores, "hertz": hertz, "max_hertz": max_hertz}
    return {"cpu": {**described, "amx": list(amx), "half": list(half)}, "precision_mode": "ieee", **more}


def tera(machine, precision, device="gpu:0"):
    return device_ceiling(machine, device, precision).flop_per_second / 1e12


@pytest.mark.parametrize(
    ("machine", "printed"),
    [
        # float64, float32, tf32, bfloat16, float16: dense TFLOP/s, as printed.
        (gpu("NVIDIA A100-SXM4-80GB", [8, 0], 6912, 1.41e9), (19.5, 19.5, 156, 312, 312)),
        (gpu("NVIDIA A100 80GB PCIe", [8, 0], 6912, 1.41e9), (19.5, 19.5, 156, 312, 312)),
        (gpu("NVIDIA H100 80GB HBM3", [9, 0], 16896, 1.83e9), (67, 67, 495, 990, 990)),
        (gpu("NVIDIA H100 PCIe", [9, 0], 14592, 1.62e9), (51, 51, 378, 756, 756)),
        (gpu("NVIDIA H100 NVL", [9, 0], 16896, 1.5e9), (60, 60, 417.5, 835, 835)),
        (gpu("NVIDIA H200", [9, 0], 16896, 1.83e9), (67, 67, 495, 990, 990)),
        (gpu("NVIDIA B200", [10, 0], 18944, 1.85e9), (37, 75, 1125, 2250, 2250)),
        (gpu("Tesla T4", [7, 5], 2560, 1.59e9), (0.254, 8.1, 8.1, 8.1, 65)),
        (gpu("Tesla V100-SXM2-16GB", [7, 0], 5120, 1.53e9), (7.8, 15.7, 15.7, 15.7, 125)),
        (gpu("NVIDIA L4", [8, 9], 7424, 2.04e9), (0.49, 30.3, 60, 121, 121)),
        (gpu("NVIDIA L40S", [8, 9], 18176, 2.52e9), (1.43, 91.6, 183, 366, 366)),
        (gpu("NVIDIA A10", [8, 6], 9216, 1.695e9), (0.49, 31.2, 62.5, 125, 125)),
        (gpu("NVIDIA A40", [8, 6], 10752, 1.74e9), (0.585, 37.4, 74.8, 149.7, 149.7)),
        (gpu("NVIDIA RTX A6000", [8, 6], 10752, 1.8e9), (0.61, 38.7, 77.4, 154.8, 154.8)),
        (gpu("NVIDIA GeForce RTX 4090", [8, 9], 16384, 2.52e9), (1.29, 82.6, 165, 330, 330)),
        (gpu("NVIDIA GeForce RTX 2080 Ti", [7, 5], 4352, 1.635e9), (0.45, 14.2, 14.2, 14.2, 114)),
        (gpu("Tesla P100-SXM2-16GB", [6, 0], 3584, 1.48e9), (5.3, 10.6, 10.6, 21.2, 21.2)),
    ],
    ids=lambda value: value["gpus"][0]["name"] if isinstance(value, dict) else "",
)
def test_datasheets(machine, printed):
    assert [tera(machine, precision) for precision in PRECISIONS] == pytest.approx(printed, rel=0.025)


def test_an_a100_by_hand_from_cores_and_clock_alone():
    unnamed = gpu("a board nobody tabulated", [8, 0], 6912, 1.41e9)
    multiprocessors = 6912 / 64
    assert tera(unnamed, "float32") == pytest.approx(2 * 6912 * 1.41e9 / 1e12)
    assert tera(unnamed, "tf32") == pytest.approx(multiprocessors * 1024 * 1.41e9 / 1e12)
    assert tera(unnamed, "bfloat16") == pytest.approx(multiprocessors * 2048 * 1.41e9 / 1e12)
    assert "6912 cores x 1.41 GHz" in device_ceiling(unnamed, "gpu:0", "float32").source


def test_a_board_that_boosts_past_its_datasheet_is_believed():
    assert tera(gpu("NVIDIA H100 80GB HBM3", [9, 0], 16896, 1.98e9), "bfloat16") == pytest.approx(
        1070.5, rel=1e-3
    )


def test_without_cores_the_datasheet_counts():
    assert tera(gpu("Tesla T4"), "float16") == 65.0


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    ("machine", "device"),
    [
        (None, "gpu:0"),
        (None, "cpu:0"),
        ({}, "gpu:0"),
        (gpu("NVIDIA T4"), "gpu:1"),
        (gpu("of the future"), "gpu:0"),
        (gpu("of the future", "?", "many", float("nan")), "gpu:0"),
        ({"gpus": "none"}, "gpu:0"),
        ({"cpu": "fast"}, "cpu:0"),
        (cpu(vector="rvv"), "cpu:0"),
        (cpu(cores=None), "cpu:0"),
        ({}, "tpu:0"),
    ],
)
def test_what_is_not_known_gets_the_highest_known_peak(machine, device, precision):
    assert device_ceiling(machine, device, precision) == highest_known(precision)


def test_the_highest_known_peaks_are_at_least_every_row():
    for row in GPU_PEAKS:
        for precision in PRECISIONS:
            assert (row.teraflop(precision) or 0) <= HIGHEST_PEAKS[precision][0], row.words


def test_no_row_is_hidden_by_one_above_it():
    for row in GPU_PEAKS:
        assert find_peaks("NVIDIA " + "-".join(row.words).upper()) is row


def test_no_row_counts_sparsity():
    # Tensor cores do 16-bit products at twice the rate of tf32; a sparse figure beside a dense one breaks that.
    for row in GPU_PEAKS:
        if row.tf32 is not None and row.bfloat16 is not None:
            assert row.bfloat16 / row.tf32 == pytest.approx(2, rel=0.02), row.words
            assert row.float16 / row.bfloat16 == pytest.approx(1, rel=1e-6) or row.words[0] == "rtx", (
                row.words
            )


def test_a_gpu_is_found_by_its_index_before_its_position():
    machine = {"gpus": [{"index": 1, "name": "Tesla T4"}, {"index": 0, "name": "NVIDIA A100-PCIE-40GB"}]}
    assert tera(machine, "float16", "gpu:0") == 312.0
    assert tera(machine, "float16", "gpu:1") == 65.0


def test_float32_is_tf32_on_a_machine_that_ran_so():
    machine = gpu("NVIDIA A100-SXM4-80GB") | {"precision_mode": "tf32"}
    assert tera(machine, "float32") == 156.0


def test_a_precision_nobody_tabulates_has_no_ceiling():
    assert device_ceiling(None, "gpu:0", "int4") is None


@pytest.mark.parametrize(
    ("machine", "precision", "gigaflop"),
    [
        # cores x GHz x FLOP a cycle, by hand.
        (cpu(cores=2, max_hertz=3.8e9), "float32", 2 * 3.8 * (2 * 16 * 2)),
        (cpu(cores=2, max_hertz=3.8e9), "float64", 2 * 3.8 * (2 * 8 * 2)),
        (cpu(cores=2, max_hertz=3.8e9, amx=["bf16"]), "float32", 2 * 3.8 * 64),
        (cpu(cores=2, max_hertz=3.8e9, amx=["bf16"]), "bfloat16", 2 * 3.8 * (16 * 16 * 32 * 2 / 16)),
        (cpu(cores=2, max_hertz=3.8e9, half=["avx512_fp16"]), "float16", 2 * 3.8 * (2 * 32 * 2)),
        (cpu("avx2", 64, max_hertz=3.5e9), "float32", 64 * 3.5 * (2 * 8 * 2)),
        (cpu("avx", 4, max_hertz=3.0e9), "float64", 4 * 3.0 * (4 + 4)),
        (cpu("asimd", 4, max_hertz=3.0e9), "float32", 4 * 3.0 * (4 * 4 * 2)),
        (cpu(cores=2), "float32", 2 * 6.2 * 64),
        (cpu(cores=2, threads=4), "float32", 4 * 6.2 * 64),
        (cpu(cores=2, hertz=7e9), "float32", 2 * 7.0 * 64),
    ],
)
def test_processors_by_hand(machine, precision, gigaflop):
    assert device_ceiling(machine, "cpu:0", precision).flop_per_second == pytest.approx(gigaflop * 1e9)


def test_a_logical_cpu_has_the_whole_processor():
    assert device_ceiling(cpu(), "cpu:1", "float32") == device_ceiling(cpu(), "cpu:0", "float32")


def test_the_source_says_when_turbo_is_a_guess():
    assert "turbo not known" in device_ceiling(cpu(), "cpu:0", "float32").source
    assert "turbo" not in device_ceiling(cpu(max_hertz=3e9), "cpu:0", "float32").source


def test_figures_measured_on_real_devices_lie_below():
    # Two cores of a Xeon with AVX-512 and AMX (measured here), an A100 and an H100 (published by their makers).
    machine = cpu(cores=2, hertz=2.0e9, amx=["bf16"])
    assert device_ceiling(machine, "cpu:0", "float32").flop_per_second > 2.5e11
    assert tera(gpu("NVIDIA A100-SXM4-80GB"), "bfloat16") > 290
    assert tera(gpu("NVIDIA H100 80GB HBM3"), "bfloat16") > 800


def test_the_judgement_is_pure():
    code = (
        "import sys; import likeforlike.devices.limits.ceilings, likeforlike.devices.limits.plausibility;"
        "print([m for m in ('numpy', 'psutil', 'pynvml', 'tensorflow', 'threadpoolctl') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_ceiling_is_frozen():
    with pytest.raises(AttributeError):
        Ceiling(1.0, "x").flop_per_second = 2.0


@pytest.mark.parametrize(
    ("name", "float32"),
    [
        ("NVIDIA GeForce RTX 4090 Laptop GPU", 39.69),
        ("NVIDIA GeForce RTX 4080 Laptop GPU", 33.85),
        ("NVIDIA GeForce RTX 4050 Laptop GPU", 12.13),
        ("NVIDIA GeForce RTX 4090", 82.6),
    ],
)
def test_a_laptop_s_gpu_has_a_row_of_its_own(name, float32):
    """By hand: 9728 cores x 2.04 GHz x 2, as NVIDIA lists the laptop's."""
    assert tera(gpu(name), "float32") == pytest.approx(float32, abs=0.005)


def test_a_laptop_s_gpu_without_a_row_has_no_desktop_s():
    assert find_peaks("NVIDIA GeForce RTX 5090 Laptop GPU") is None
    assert find_peaks("NVIDIA GeForce RTX 3090 Mobile") is None
    laptop = gpu("NVIDIA GeForce RTX 5090 Laptop GPU", [12, 0], 10496, 2.16e9)
    assert tera(laptop, "float32") == pytest.approx(45.34, abs=0.005)


def test_emulated_float32_is_a_ninth_of_bfloat16_where_that_is_more():
    switched = {"CUBLAS_EMULATE_SINGLE_PRECISION": "1"}
    b200 = gpu("NVIDIA B200", [10, 0])
    assert device_ceiling(b200, "gpu:0", "float32").flop_per_second == 75e12
    ceiling = device_ceiling(b200, "gpu:0", "float32", switched)
    assert ceiling.flop_per_second == 2250e12 / 9
    assert "cuBLAS's emulation: a 9th of 2250 TFLOP/s dense bfloat16" in ceiling.source
    assert device_ceiling(
        b200, "gpu:0", "float32", {"CUBLAS_EMULATE_SINGLE_PRECISION": "0"}
    ) == device_ceiling(b200, "gpu:0", "float32")
    a100 = gpu("NVIDIA A100-SXM4-80GB")
    assert device_ceiling(a100, "gpu:0", "float32", switched).flop_per_second == 312e12 / 9
    t4 = gpu("Tesla T4")
    assert device_ceiling(t4, "gpu:0", "float32", switched).flop_per_second == 8.1e12
    assert device_ceiling(None, "gpu:0", "float32", switched).flop_per_second == pytest.approx(2516.6e12 / 9)
    assert device_ceiling(cpu(), "cpu:0", "float32", switched) == device_ceiling(cpu(), "cpu:0", "float32")


def test_of_emulated_float64_nobody_can_say_what_is_too_fast():
    switched = {"CUBLAS_EMULATE_DOUBLE_PRECISION": "1"}
    assert device_ceiling(gpu("NVIDIA B200"), "gpu:0", "float64", switched) is None
    assert device_ceiling(gpu("NVIDIA B200"), "gpu:0", "float32", switched).flop_per_second == 75e12


@pytest.mark.parametrize(
    ("precision", "per_cycle"), [("float64", 128), ("float32", 512), ("bfloat16", 1024), ("float16", 1024)]
)
def test_arm_s_matrix_extension_by_hand(precision, per_cycle):
    """An outer product of 512-bit vectors a cycle: 16 x 16 multiply-adds of float32, 8 x 8 of float64."""
    machine = cpu(vector="sve2", cores=4, max_hertz=4e9)
    machine["cpu"]["sme"] = True
    assert device_ceiling(machine, "cpu:0", precision).flop_per_second == 4 * 4e9 * per_cycle


@pytest.mark.parametrize("nothing", [0, -1, 1e30, True, "6912"])
def test_a_number_that_can_t_be_one_of_cores_is_not_known(nothing):
    assert device_ceiling(gpu("unnamed", [8, 0], nothing, 1.4e9), "gpu:0", "float32") == highest_known(
        "float32"
    )
    assert device_ceiling(cpu(cores=nothing), "cpu:0", "float32") == highest_known("float32")


def test_a_name_of_no_more_than_the_row_s_words():
    assert find_peaks("T4").words == ("t4",)
    assert find_peaks("T4000") is None


def test_double_precision_without_tensor_cores_by_hand():
    """Ampere's gaming boards do a sixty-fourth of float32's rate."""
    assert tera(gpu("unnamed", [8, 6], 10_752, 1.74e9), "float64") == pytest.approx(
        2 / 64 * 10_752 * 1.74e9 / 1e12
    )


def test_of_an_unknown_device_the_ceiling_is_not_its_own():
    """163.4 TFLOP/s, as AMD prints for the MI300X."""
    ceiling = device_ceiling(None, "gpu:0", "float32")
    assert (ceiling.flop_per_second, ceiling.of_device) == (pytest.approx(163.4e12), False)
    assert device_ceiling(gpu("Tesla T4"), "gpu:0", "float32").of_device


def test_a_gpu_is_found_by_a_number_alone():
    for device in ("gpu:x", "gpu:", "gpu"):
        assert device_ceiling(gpu("Tesla T4"), device, "float16") == highest_known("float16")


@pytest.mark.parametrize(
    ("precision", "a_core_and_cycle"),
    [("float64", 2 / 32), ("float32", 2), ("tf32", 2), ("bfloat16", 4), ("float16", 4)],
)
def test_a_board_before_tensor_cores_by_hand(precision, a_core_and_cycle):
    """Pascal's for gaming: a 32nd of float32's rate in float64, at most twice that rate in 16 bits."""
    unnamed = gpu("unnamed", [6, 1], 3584, 1.48e9)
    assert tera(unnamed, precision) == pytest.approx(a_core_and_cycle * 3584 * 1.48e9 / 1e12)


def test_double_precision_by_tensor_cores_counts_where_it_is_faster():
    """An A100's do 128 operations a cycle for 64 cores, twice what the cores do by themselves."""
    assert tera(gpu("unnamed", [8, 0], 6912, 1.41e9), "float64") == pytest.approx(2 * 6912 * 1.41e9 / 1e12)


def test_a_rate_that_an_architecture_is_not_known_for_is_not_guessed():
    jetson = gpu("unnamed", [7, 2], 512, 1.377e9)
    assert device_ceiling(jetson, "gpu:0", "float64") == highest_known("float64")
    assert tera(jetson, "float32") == pytest.approx(2 * 512 * 1.377e9 / 1e12)


@pytest.mark.parametrize(
    "capability", [None, True, 6, "61", [6], [6, 1, 0], [6, "1"], ["6", 1], [6.0, 1.0], [6, True]]
)
def test_what_is_no_compute_capability_tells_no_architecture(capability):
    unnamed = gpu("unnamed", capability, 1000, 1e9)
    assert device_ceiling(unnamed, "gpu:0", "float16") == highest_known("float16")
    assert tera(unnamed, "float32") == pytest.approx(2.0)


def test_a_row_may_lack_a_precision(monkeypatch):
    row = GpuPeaks(("new",), "a datasheet", None, 10.0, None, None, None)
    monkeypatch.setattr(ceilings, "GPU_PEAKS", (row,))
    assert tera(gpu("NEW"), "tf32") == 10.0
    assert device_ceiling(gpu("NEW"), "gpu:0", "float16") == highest_known("float16")


def mig(name="NVIDIA A100-SXM4-80GB MIG 1g.10gb", capability=(8, 0), count=14, board_cores=6912):
    """A slice of an A100: 108 multiprocessors of 64 cores, 312 TFLOP/s in 16 bits."""
    return gpu(
        name, list(capability), None, 1.41e9, mig={"multiprocessors": count, "board_cores": board_cores}
    )


def test_a_slice_has_its_share_of_the_board():
    ceiling = device_ceiling(mig(), "gpu:0", "float16")
    assert ceiling.flop_per_second == pytest.approx(312e12 * 14 / 108)
    assert ceiling.of_device
    assert ceiling.source.startswith("MIG slice, 896 of 6912 cores: 13.0% of ")


def test_a_slice_is_never_more_than_its_board():
    assert tera(mig(count=1000), "float16") == 312.0


@pytest.mark.parametrize(
    "machine",
    [
        mig(capability=()),
        mig(capability=(6, 1)),
        mig(count=None),
        mig(board_cores=None),
        gpu("NVIDIA A100", mig=True),
    ],
)
def test_of_a_slice_of_unknown_size_the_whole_board_s_ceiling_is_told(machine):
    ceiling = device_ceiling(machine, "gpu:0", "float16")
    assert (ceiling.flop_per_second, ceiling.of_device) == (312e12, False)
    assert ceiling.source.startswith("a MIG slice of unknown size: its whole board's ceiling, ")


def test_a_slice_of_an_unknown_board_is_not_known():
    unknown = mig("a board nobody tabulated", capability=())
    assert device_ceiling(unknown, "gpu:0", "float16") == highest_known("float16")


@pytest.mark.parametrize(
    ("machine", "precision", "gigaflop"),
    [
        # BFMMLA: four times the products of float32's FMLA; two 512-bit units (A64FX), four of 128 bits.
        (cpu("asimd", 4, max_hertz=3.0e9), "bfloat16", 4 * 3.0 * 4 * (4 * 4 * 2)),
        (cpu("sve", 4, max_hertz=3.0e9), "bfloat16", 4 * 3.0 * 4 * (2 * 16 * 2)),
        (cpu("sve2", 4, max_hertz=3.0e9), "tf32", 4 * 3.0 * 4 * (2 * 16 * 2)),
        (cpu("avx2", 4, max_hertz=3.0e9), "float16", 4 * 3.0 * 2 * (2 * 8 * 2)),
        (cpu(cores=1, max_hertz=3.0e9), "float32", 3.0 * 64),
        (cpu(cores=None, max_hertz=3.0e9, threads=4), "float32", 4 * 3.0 * 64),
    ],
)
def test_further_processors_by_hand(machine, precision, gigaflop):
    assert device_ceiling(machine, "cpu:0", precision).flop_per_second == pytest.approx(gigaflop * 1e9)


def test_positive_numbers():
    assert [positive(value) for value in (1, 0.5, 9e29)] == [1.0, 0.5, 9e29]
    assert [positive(value) for value in (0, 0.0, -1, 1e30, float("nan"), True, "1", None)] == [None] * 8
