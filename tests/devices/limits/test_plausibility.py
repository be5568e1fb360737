"""What can't be true is named; what can, however slow or flat, is left alone."""

from __future__ import annotations

import math

import pytest

from likeforlike.devices.limits import plausibility
from likeforlike.devices.limits.ceilings import PRECISIONS, Ceiling, Reached, device_ceiling, highest_known
from likeforlike.devices.limits.plausibility import (
    SUSPICIOUS_MARGIN,
    flat_span,
    judge,
    judge_series,
    suspicion,
)
from likeforlike.devices.limits.units import format_rate, format_seconds

A100 = Ceiling(19.5e12, "an A100")
XEON = Ceiling(0.8e12, "two cores")

# Milliseconds the 2020 notebook printed for products of these sizes, its two tables.
SIZES = (500, 1000, 5000, 10000)
NOTEBOOK_CPU = ((8.90463819996512, 31.14645260029647, 3473.367635300201, 28565.83050890004),
                (9.760756099922219, 32.54002580001725, 3449.983324600135, 28675.065360599954))  # fmt: skip
NOTEBOOK_GPU = ((0.1385243000186165, 0.2542460002587177, 0.3389669003809104, 0.3881196995280334),
                (0.15373470009762968, 0.24147199987964996, 0.3366110000115441, 0.38258300000961754))  # fmt: skip


def product(size):
    return 2.0 * size**3


def column(milliseconds):
    return [(product(size), time / 1e3) for size, time in zip(SIZES, milliseconds, strict=True)]


def test_a_rate_above_the_ceiling_says_figure_and_ceiling():
    (reason,) = judge(product(10000), 0.388e-3, A100)
    assert "5.155 PFLOP/s" in reason
    assert "19.5 TFLOP/s (an A100)" in reason
    assert "\n" not in reason


def test_a_rate_at_the_ceiling_is_possible_and_just_above_is_not():
    assert judge(19.5e12, 1.0, A100) == ()
    assert len(judge(19.5e12 * 1.001, 1.0, A100)) == 1


def test_without_a_count_or_a_ceiling_nothing_is_claimed():
    assert judge(None, 1e-9, A100) == ()
    assert judge(1e15, 1e-9, None) == ()
    assert judge(0.0, 0.0, A100) == ()


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -1.0])
def test_what_is_no_duration_is_said(seconds):
    assert "no duration" in judge(1.0, seconds, A100)[0]


def test_work_in_no_time_is_impossible():
    assert "no time at all" in judge(1e9, 0.0, None)[0]


@pytest.mark.parametrize(
    ("seconds", "synchronised", "flagged"),
    [
        (0.5e-3, 1.08, True),
        (0.15e-3, 2.2e-3, True),
        (1.0, 1.1, False),
        (1.0, 1.94, False),
        (10e-6, 60e-6, False),
        (2.0, 1.0, False),
        (0.5, math.nan, False),
        (0.5, math.inf, False),
    ],
)
def test_the_gap_between_queued_and_waited_for(seconds, synchronised, flagged):
    reasons = judge(None, seconds, None, synchronised)
    assert bool(reasons) is flagged
    assert all("queueing time" in reason for reason in reasons)


@pytest.mark.parametrize("milliseconds", NOTEBOOK_GPU)
def test_the_notebook_s_gpu_column_is_impossible_on_any_device(milliseconds):
    points = column(milliseconds)
    ceiling = device_ceiling(None, "gpu:0", "float32")
    assert [bool(judge(*point, ceiling)) for point in points] == [False, False, True, True]
    reason = judge_series(points, ceiling)
    assert reason is not None
    assert "nearly flat" in reason
    assert "8,000-fold" in reason
    # All four sizes lie in the flat span, 500 and 1000 too.
    small, large = flat_span(points, ceiling)
    assert (small[0], large[0]) == (product(500), product(10000))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("milliseconds", NOTEBOOK_GPU)
def test_it_stays_impossible_against_the_highest_peak_at_any_precision(milliseconds, precision):
    assert judge_series(column(milliseconds), highest_known(precision))


@pytest.mark.parametrize("milliseconds", NOTEBOOK_CPU)
def test_the_notebook_s_cpu_column_is_possible(milliseconds):
    points = column(milliseconds)
    for ceiling in (None, device_ceiling(None, "cpu:0", "float32")):
        assert [judge(*point, ceiling) for point in points] == [()] * 4
        assert judge_series(points, ceiling) is None


def test_asynchronous_products_on_a_cpu_are_flat():
    points = [(product(size), 0.5e-3) for size in (500, 1000, 2000, 5000)]
    assert [bool(judge(*point, XEON)) for point in points] == [False, True, True, True]
    assert flat_span(points, XEON) == (points[0], points[-1])


def test_tiny_products_may_be_flat():
    points = [(product(size), 12e-6) for size in (8, 16, 32, 64)]
    assert judge_series(points, A100) is None
    assert judge_series(points, XEON) is None


def test_overhead_before_growth_is_possible():
    # 20 microseconds to launch, 80% of the ceiling reached: an honest GPU from 8 to 8192.
    points = [(product(2**n), 20e-6 + product(2**n) / (0.8 * 19.5e12)) for n in range(3, 14)]
    assert judge_series(points, A100) is None


@pytest.mark.parametrize("overhead", [1e-6, 5e-5, 1e-3, 1.9e-2])
@pytest.mark.parametrize("efficiency", [0.05, 0.5, 1.0])
@pytest.mark.parametrize("noise", [0.8, 1.0, 1.25])
def test_no_honest_series_is_flagged_whatever_the_overhead(overhead, efficiency, noise):
    points = [(product(2**n), overhead + product(2**n) / (efficiency * 19.5e12)) for n in range(2, 15)]
    # The smaller half of the sizes measured in a slower or a quicker quarter of an hour.
    shaken = [(flop, time * noise if flop < product(512) else time) for flop, time in points]
    assert judge_series(shaken, A100) is None


def test_slow_calls_with_little_work_may_be_flat():
    # A traced Jacobian takes 80 ms to set up, however small the vector.
    assert judge_series([(1e3, 0.080), (1e6, 0.081)], XEON) is None


def test_a_flat_time_no_overhead_explains_is_judged():
    points = [(product(500), 0.050), (product(5000), 0.060)]
    assert "1,000-fold" in judge_series(points, Ceiling(163.4e12, "unknown"))


def test_a_slow_start_and_fourfold_growth_over_a_wide_span_is_possible():
    assert judge_series([(1e5, 0.060), (1e11, 0.240)], A100) is None


def test_time_that_grows_with_work_is_no_flat_series():
    points = [(1e9, 0.050), (1e12, 0.400)]
    assert judge_series(points, Ceiling(50e12, "a device")) is None


def test_less_than_a_hundredfold_is_not_compared():
    assert judge_series([(1e11, 0.1e-3), (9.9e12, 0.1e-3)], A100) is None
    assert judge_series([(1e11, 0.1e-3), (1.01e13, 0.1e-3)], A100) is not None


def test_the_order_of_the_points_does_not_matter():
    points = column(NOTEBOOK_GPU[0])
    assert judge_series(points[::-1], A100) == judge_series(points, A100)


@pytest.mark.parametrize(
    "points", [[], [(1e9, 1.0)], [(0.0, 1.0), (1e12, 1.0)], [(math.nan, 1.0), (1e15, math.nan)]]
)
def test_too_little_to_compare(points):
    assert judge_series(points, A100) is None


def test_units_for_readers():
    assert (format_rate(19.5e12), format_rate(5.153e15), format_rate(2.5e8)) == (
        "19.5 TFLOP/s",
        "5.153 PFLOP/s",
        "250 MFLOP/s",
    )
    assert [format_seconds(s) for s in (28.6, 0.388e-3, 12e-6, 3e-9)] == ["28.6 s", "388 µs", "12 µs", "3 ns"]


REACHED = Reached(200e9, "2048 x 2048 x 2048 by torch")


def test_a_figure_between_the_best_measured_and_the_data_sheet_is_suspicious():
    told = suspicion(300e9, 1.0, XEON, REACHED)
    assert told == (
        "implies 300 GFLOP/s, 50 % above the best measured here, 200 GFLOP/s (2048 x 2048 x 2048 by torch)"
    )


@pytest.mark.parametrize(
    ("flop", "seconds"),
    [
        (200e9, 1.0),
        (200e9 * (1 + SUSPICIOUS_MARGIN) * 0.999, 1.0),  # within what a short search misses
        (0.81e12, 1.0),  # above the data sheet: implausible, and that is told already
        (None, 1.0),
        (300e9, 0.0),
        (300e9, math.nan),
        (math.inf, 1.0),
    ],
)
def test_no_other_figure_is_suspicious(flop, seconds):
    assert suspicion(flop, seconds, XEON, REACHED) is None


def test_just_beyond_the_margin_is_suspicious_and_without_a_measured_best_nothing_is():
    assert suspicion(200e9 * (1 + SUSPICIOUS_MARGIN) + 1e9, 1.0, XEON, REACHED)
    assert suspicion(300e9, 1.0, None, REACHED)
    assert suspicion(300e9, 1.0, XEON, None) is None


def test_the_bounds_of_a_queueing_time():
    assert judge(None, 0.5, None, 2.0) == (
        "queueing time: 500 ms unsynchronised, 2 s synchronised; 75 % of the work was not waited for",
    )
    assert judge(None, 0.0, None, 1e-4) == ()
    assert judge(None, 0.0, None, 1.01e-4)
    assert judge(None, 4e-5, None, 9e-5) == ()
    assert judge(None, 1.0, None, 2.0) == ()
    assert judge(None, 1.0, None, 2.001)


def test_the_bounds_of_suspicion(monkeypatch):
    assert suspicion(219e9, 1.0, XEON, REACHED) is None
    assert suspicion(221e9, 1.0, XEON, REACHED) is not None
    assert suspicion(442e9, 2.0, XEON, REACHED).startswith("implies 221 GFLOP/s, 10 % above")
    for flop, seconds in (
        (math.inf, 1.0),
        (300e9, math.nan),
        (300e9, 0.0),
        (0.0, 1.0),
        (-1.0, 1.0),
        (300e9, -1.0),
    ):
        assert suspicion(flop, seconds, None, REACHED) is None
    monkeypatch.setattr(plausibility, "SUSPICIOUS_MARGIN", 0.125)
    assert suspicion(225e9, 1.0, XEON, REACHED) is None


def test_less_than_one_operation_in_no_time_is_impossible_too():
    assert judge(0.5, 0.0, None)


def test_a_flat_series_is_told_with_its_own_figures():
    assert judge_series([(1e10, 1e-3), (1e13, 1e-3)], Ceiling(1e16, "a device")) == (
        "time is nearly flat: 1 ms to 1 ms while work grows 1,000-fold, "
        "which at the ceiling of 10 PFLOP/s takes 999 µs more"
    )


def flat(small, large, bound):
    return flat_span([small, large], Ceiling(bound, "a device")) == (small, large)


def test_flat_is_less_than_threefold_or_the_power():
    assert flat((1e10, 1e-3), (1e13, 2.99e-3), 1e15)
    assert not flat((1e10, 1e-3), (1e13, 3e-3), 1e15)
    # the 0.15th power of a million is 7.94
    assert flat((1e7, 1e-3), (1e13, 7.9e-3), 5e14)
    assert not flat((1e7, 1e-3), (1e13, 8.0e-3), 5e14)
    assert flat((1e11, 1e-4), (1e13, 1e-4), 1e17)


def test_a_power_that_is_just_reached_is_not_flat(monkeypatch):
    monkeypatch.setattr(plausibility, "FLAT_EXPONENT", 0.5)
    assert not flat((1e9, 1e-5), (1e13, 1e-3), 1e15)
    assert flat((1e9, 1e-5), (1e13, 0.99e-3), 1e15)


def test_the_extra_time_must_be_less_than_half_of_what_the_extra_work_needs():
    """2²⁰ operations more at 2²⁵ a second need 2⁻⁵ s, of which half is 2⁻⁶."""
    small, large = 2.0**10, 2.0**20 + 2.0**10
    assert not flat((small, 2**-6), (large, 2**-5), 2.0**25)
    assert flat((small, 2**-6), (large, 2**-5 - 2**-20), 2.0**25)


def test_the_larger_work_must_need_half_of_its_time():
    assert flat((2.0**10, 2**-5 - 2**-8), (2.0**20, 2**-5), 2.0**26)
    assert not flat((2.0**10, 2**-5 - 2**-9), (2.0**20, 2**-5), 2.0**26 * 1.01)


def test_the_bounds_of_what_no_overhead_explains():
    """A hundredth of the ceiling, from 50 ms on, less than threefold."""
    assert flat((0.0005, 0.05), (0.0625, 0.0625), 100.0)
    assert not flat((0.0005, 0.05), (0.0625, 0.0625), 101.0)
    assert not flat((0.0005, 0.0499), (0.0625, 0.0625), 100.0)
    assert flat((1.0, 0.0625), (1e6, 0.1874), 5e7)
    assert not flat((1.0, 0.0625), (1e6, 0.1875), 5e7)


def test_the_widest_pair_is_the_one_whose_work_grows_most():
    points = [(1e9, 1.3e-4), (1e11, 1.2e-4), (1e13, 1.1e-4)]
    assert flat_span(points, Ceiling(1e15, "a device")) == (points[0], points[2])


def test_a_point_without_a_time_is_left_out():
    assert flat_span([(1e9, 0.0), (1e12, 1e-3), (1e14, 0.0)], A100) is None
