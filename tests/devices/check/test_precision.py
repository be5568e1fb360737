"""Precisions told apart by their errors, rounded here bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from pretended_gpu import BITS, Gpu, rounded

from likeforlike.devices.check.probes.precision import ERRORS, INNER, ROWS, observe, rows
from likeforlike.devices.check.rows import Place

PLACE = Place("gpu:0", "torch")


def checked(gpu, capability=(8, 0), place=PLACE):
    found = observe(gpu.operations(), gpu.configure)
    return {row.what: row for row in rows(place, found, capability)}


def test_rounding_is_that_of_numpy_s_own_types():
    drawn = np.random.default_rng(0).standard_normal(1000)
    np.testing.assert_array_equal(rounded(drawn, 24), drawn.astype(np.float32))
    np.testing.assert_array_equal(rounded(drawn, 11), drawn.astype(np.float16).astype(float))


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("precision", ["tf32", "float32", "bfloat16"])
def test_each_precision_lies_in_its_own_band_alone(precision, cut):
    generator = np.random.default_rng(3)
    left, right = generator.standard_normal((ROWS, INNER)), generator.standard_normal((INNER, ROWS))
    operands = (rounded(matrix, BITS[precision], cut).astype(np.float32) for matrix in (left, right))
    product = np.matmul(*operands)
    result = rounded(product, 8) if precision == "bfloat16" else product
    error = np.linalg.norm(result - left @ right) / np.linalg.norm(left @ right)
    within = [name for name, (least, most) in ERRORS.items() if least <= error <= most]
    assert within == [precision]


def test_switches_that_switch_are_good():
    found = checked(Gpu())
    assert {what: row.verdict for what, row in found.items()} == dict.fromkeys(
        ("TF32", "ieee float32", "bfloat16", "float64"), "good"
    )


def test_tf32_where_ieee_was_asked_is_bad():
    row = checked(Gpu(stuck_at="tf32"))["ieee float32"]
    assert row.verdict == "bad"
    assert row.found.endswith(", at most 1e-05 expected, as of TF32")
    assert "NVIDIA_TF32_OVERRIDE" in row.remedy


def test_float32_where_others_were_asked():
    found = checked(Gpu(stuck_at="float32"))
    assert {what: row.verdict for what, row in found.items()} == {
        "TF32": "warn",
        "ieee float32": "good",
        "bfloat16": "bad",
        "float64": "bad",
    }
    assert found["float64"].found.endswith("expected, as of ieee float32")


def test_an_old_gpu_has_neither_tf32_nor_bfloat16():
    found = checked(Gpu(stuck_at="float32"), (7, 5))
    assert [found[what].verdict for what in ("TF32", "bfloat16")] == ["not measurable"] * 2


def test_a_wrong_answer_and_no_number_are_bad():
    errors = {"float32": 0.7, "float64": float("nan")}
    wrong, nan = rows(PLACE, errors, None)
    assert (wrong.verdict, nan.verdict) == ("bad", "bad")
    assert wrong.found.endswith("a wrong answer")


def test_a_precision_that_raises_costs_the_others_nothing():
    gpu = Gpu()
    multiply = gpu.multiply

    def picky(left, right):
        if gpu.switch == "bfloat16":
            raise TypeError("no such\nproduct")
        return multiply(left, right)

    gpu.multiply = picky
    found = checked(gpu)
    assert found["bfloat16"].verdict == "not measurable"
    assert found["bfloat16"].found == "refused: no such product"
    assert found["float64"].verdict == "good"
    assert gpu.switch == "float32"
