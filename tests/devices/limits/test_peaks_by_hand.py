"""Tables of peaks held against what they follow from: cores and clocks, and each architecture's rates."""

from __future__ import annotations

import pytest

from likeforlike.devices.limits.ceilings import find_peaks
from likeforlike.devices.limits.peaks import (
    CORES_PER_MULTIPROCESSOR,
    CPU_FLOP_PER_CYCLE,
    EMULATED_FLOAT32_PRODUCTS,
    FLOAT64_SHARE,
    GPU_PEAKS,
    HIGHEST_CLOCK_HERTZ,
    HIGHEST_PEAKS,
    TENSOR_FLOP_PER_CYCLE,
    GpuPeaks,
)

# Times float32's rate: float64, tf32, bfloat16, float16; dense. None: not tabulated.
BLACKWELL, ULTRA = (1 / 2, 16, 32, 32), (1 / 64, 16, 32, 32)
HOPPER = AMPERE = (1, 8, 16, 16)
WORKSTATION, GEFORCE = (1 / 64, 2, 4, 4), (1 / 64, 1, 2, 4)
VOLTA, TURING = (1 / 2, None, None, 8), (1 / 32, None, None, 8)

BOARDS = {
    # FP32 cores and highest clock in GHz, as the makers list them
    "b300": (18_944, 2.03, ULTRA),
    "gb300": (18_944, 2.1, ULTRA),
    "gb200": (18_944, 2.1, BLACKWELL),
    "b200": (18_944, 1.97, BLACKWELL),
    "b100": (18_944, 1.6, BLACKWELL),
    "gh200": (16_896, 1.98, HOPPER),
    "h200 nvl": (16_896, 1.785, HOPPER),
    "h200": (16_896, 1.98, HOPPER),
    "h100 pcie": (14_592, 1.755, HOPPER),
    "h100 nvl": (16_896, 1.785, HOPPER),
    "h100": (16_896, 1.98, HOPPER),
    "a100": (6_912, 1.41, AMPERE),
    "a30": (3_584, 1.44, AMPERE),
    "a40": (10_752, 1.74, WORKSTATION),
    "a10g": (9_216, 1.8, WORKSTATION),
    "a10": (9_216, 1.695, WORKSTATION),
    "rtx a6000": (10_752, 1.8, WORKSTATION),
    "l40s": (18_176, 2.52, WORKSTATION),
    "l40": (18_176, 2.49, (1 / 64, 1, 2, 2)),
    "l4": (7_424, 2.04, WORKSTATION),
    "t4": (2_560, 1.59, TURING),
    "v100s": (5_120, 1.6, VOLTA),
    "v100": (5_120, 1.53, VOLTA),
    "rtx 4090 laptop": (9_728, 2.04, GEFORCE),
    "rtx 4080 laptop": (7_424, 2.28, GEFORCE),
    "rtx 4070 laptop": (4_608, 2.175, GEFORCE),
    "rtx 4060 laptop": (3_072, 2.37, GEFORCE),
    "rtx 4050 laptop": (2_560, 2.37, GEFORCE),
    "rtx 5090": (21_760, 2.407, GEFORCE),
    "rtx 4090": (16_384, 2.52, GEFORCE),
    "rtx 3090 ti": (10_752, 1.86, GEFORCE),
    "rtx 3090": (10_496, 1.695, GEFORCE),
    "rtx 2080 ti": (4_352, 1.635, TURING),
    "p100": (3_584, 1.48, (1 / 2, None, 1, 2)),
    "k80": (2_496, 0.875, (1 / 3, None, None, 1)),
}


def test_every_board_is_checked():
    assert [" ".join(row.words) for row in GPU_PEAKS] == list(BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_a_peak_is_two_operations_a_core_and_cycle_and_never_counts_sparsity(name):
    """Within a sixth: tensor cores are printed at a lower clock. With sparsity it were twice as much."""
    cores, gigahertz, (float64, tf32, bfloat16, float16) = BOARDS[name]
    row = find_peaks(name)
    assert " ".join(row.words) == name
    float32 = 2 * cores * gigahertz / 1000
    assert row.float32 == pytest.approx(float32, rel=1 / 6)
    others = (row.float64, row.tf32, row.bfloat16, row.float16)
    for found, times in zip(others, (float64, tf32, bfloat16, float16), strict=True):
        assert found == (None if times is None else pytest.approx(times * float32, rel=1 / 6))


def test_a_laptop_s_row_by_hand():
    """2 · 7424 · 2.28 / 1000 = 33.85344, a 64th 0.5289, and twice and four times."""
    row = find_peaks("NVIDIA GeForce RTX 4080 Laptop GPU")
    by_hand = (0.529, 33.85, 33.85, 67.7, 135.4)
    assert row == GpuPeaks(("rtx", "4080", "laptop"), row.source, *by_hand)
    float32 = {"4090": 39.69, "4070": 20.04, "4060": 14.56, "4050": 12.13}
    assert {name: find_peaks(f"RTX {name} Laptop").float32 for name in float32} == float32


def test_what_tensor_cores_lack_falls_to_float32():
    row = GpuPeaks(("x",), "", None, 10.0, None, None, None)
    found = {name: row.teraflop(name) for name in ("float64", "float32", "tf32", "bfloat16", "float16")}
    assert found == {"float64": None, "float32": 10.0, "tf32": 10.0, "bfloat16": 10.0, "float16": None}
    full = GpuPeaks(("x",), "", 1.0, 2.0, 3.0, 4.0, 5.0)
    assert [full.teraflop(name) for name in found] == [1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize(
    ("capability", "cores", "multiprocessors"),
    [
        ((7, 0), 5_120, 80),  # V100
        ((7, 2), 512, 8),  # Jetson Xavier
        ((7, 5), 2_560, 40),  # T4
        ((8, 0), 6_912, 108),  # A100
        ((8, 6), 10_752, 84),  # A40
        ((8, 7), 2_048, 16),  # Jetson Orin
        ((8, 9), 16_384, 128),  # RTX 4090
        ((9, 0), 16_896, 132),  # H100
        ((10, 0), 18_944, 148),  # B200
        ((10, 3), 18_944, 148),  # B300
        ((12, 0), 21_760, 170),  # RTX 5090
        ((12, 1), 6_144, 48),  # GB10
    ],
)
def test_multiprocessors_have_the_cores_of_known_boards(capability, cores, multiprocessors):
    assert CORES_PER_MULTIPROCESSOR[capability] * multiprocessors == cores
    assert len(CORES_PER_MULTIPROCESSOR) == 12


def test_tensor_cores_rates_a_core_and_cycle():
    """Plain float32 is 2 of these; an A100 does 16 times that in 16 bits, a GeForce four times."""
    small = {"float16": 8, "bfloat16": 8, "tf32": 4}
    old = {"float16": 16, "bfloat16": 2, "tf32": 2}
    expected = {
        (7, 0): old,
        (7, 2): old,
        (7, 5): old,
        (8, 0): {"float16": 32, "bfloat16": 32, "tf32": 16, "float64": 2},
        (8, 6): small,
        (8, 7): {"float16": 16, "bfloat16": 16, "tf32": 8},
        (8, 9): small,
        (9, 0): {"float16": 32, "bfloat16": 32, "tf32": 16, "float64": 2},
        (10, 0): {"float16": 64, "bfloat16": 64, "tf32": 32, "float64": 1},
        (10, 3): {"float16": 64, "bfloat16": 64, "tf32": 32},
        (12, 0): small,
        (12, 1): small,
    }
    cores = {capability: 64 if capability < (8, 6) else 128 for capability in expected}
    found = {
        c: {p: rate / cores[c] for p, rate in rates.items()} for c, rates in TENSOR_FLOP_PER_CYCLE.items()
    }
    assert found == expected


def test_double_precision_s_share_of_the_cores():
    """Boards for computing have a half or a third, all others a 32nd or, since Ampere, a 64th."""
    parts = {(3, 5): 3, (3, 7): 3, **dict.fromkeys([(6, 0), (7, 0), (8, 0), (9, 0), (10, 0)], 2)}
    parts |= dict.fromkeys([(5, 0), (5, 2), (6, 1), (7, 5)], 32)
    parts |= dict.fromkeys([(8, 6), (8, 7), (8, 9), (10, 3), (12, 0), (12, 1)], 64)
    assert {capability: 1 / share for capability, share in FLOAT64_SHARE.items()} == pytest.approx(parts)


def test_the_highest_peaks_are_units_times_clock_and_above_all_others():
    """MI300X: 304 units of 256 operations at 2.1 GHz; MI355X: 256 of 4096 at 2.4 GHz."""
    found = {name: peak for name, (peak, _) in HIGHEST_PEAKS.items()}
    assert found == pytest.approx(
        {
            **dict.fromkeys(["float64", "float32"], 304 * 256 * 2.1 / 1000),
            "tf32": 1250.0,
            **dict.fromkeys(["bfloat16", "float16"], 256 * 4096 * 2.4 / 1000),
        },
        rel=1e-3,
    )
    for row in GPU_PEAKS:
        for name, peak in found.items():
            assert (row.teraflop(name) or 0) <= peak


def test_processors_operations_a_cycle():
    """Units x numbers of 32 bits x 2; before fused operations a multiplication and an addition."""
    assert CPU_FLOP_PER_CYCLE == {
        "avx512f": 2 * 16 * 2,
        "avx2": 2 * 8 * 2,
        "avx": 8 + 8,
        "sse2": 4 + 4,
        "sve2": 2 * 16 * 2,
        "sve": 2 * 16 * 2,
        "asimd": 4 * 4 * 2,
        "sme": 16 * 16 * 2,
        "amx": 16 * 16 * 32 * 2 / 16,
    }
    assert HIGHEST_CLOCK_HERTZ == 6.2e9


def test_a_product_of_float32_is_emulated_by_nine_of_three_parts_each():
    assert EMULATED_FLOAT32_PRODUCTS == 3 * 3
