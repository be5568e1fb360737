"""Figures as readers see them."""

from __future__ import annotations

import pytest

from likeforlike.reports.statistics.ratios import RatioEstimate
from likeforlike.reports.tell.document import row
from likeforlike.reports.tell.formatting import (
    count_text,
    duration_text,
    epoch_entry,
    interval_entry,
    listed,
    percent,
    ratio_text,
    significant,
)


def test_durations_never_have_sixty_seconds():
    assert [duration_text(s) for s in (59.94, 59.96, 119.7, 3599.8)] == [
        "59.9 s",
        "1 m 0 s",
        "2 m 0 s",
        "1 h 0 m",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9.996, "10.0"),
        (0.9996, "1.00"),
        (99.96, "100"),
        (1.305, "1.30"),
        (0.388, "0.388"),
        (1.23e-5, "0.0000123"),
        (1e-20, "<0.000000000001"),
        (1e300, ">1,000,000,000,000,000"),
        (123456789.0, "123,456,789"),
        (0.0, "0"),
    ],
)
def test_figures_have_three_digits_and_no_exponent(value, text):
    assert significant(value) == text


def test_things_are_counted():
    assert [count_text(n, "cell") for n in (0, 1, 4000)] == ["0 cells", "1 cell", "4,000 cells"]
    assert count_text(["a"], "cell") == "1 cell"


def test_an_interval_is_in_the_unit_of_its_figure():
    assert interval_entry(2.68e-7, 2.73e-7, 2.7e-7).text == "268 to 273 ns"
    assert interval_entry(-float("inf"), float("inf"), 0.1).text == "not known"


def test_a_phase_of_almost_no_time_is_told_in_seconds():
    assert [epoch_entry(s).text for s in (0.0, 7.24e-6, 0.0006, 2.5)] == [
        "0 s",
        "<0.001 s",
        "0.000600 s",
        "2.50 s",
    ]


def test_small_shares_and_large_counts_have_no_exponent():
    assert [percent(share) for share in (0.0, 3e-7, 0.12345, 12.0)] == [
        "0 %",
        "0.00003 %",
        "12.3 %",
        "1,200 %",
    ]
    assert row(1_000_000, 2.5).entries[0].text == "1,000,000"


@pytest.mark.parametrize(
    ("parts", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_things_listed_as_people_do(parts, text):
    assert listed(parts) == text


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (1.9, 2.1, "×2.00 (1.90 to 2.10)"),
        (0.002, 2000.0, "×2.00 (0.00200 to 2,000)"),
        (0.0019, 2.1, "×2.00 (unsure by more than ×1,000)"),
        (1.9, 2001.0, "×2.00 (unsure by more than ×1,000)"),
        (0.0, 2.1, "×2.00"),
    ],
)
def test_an_interval_that_tells_nothing_is_told_as_that(low, high, told):
    assert ratio_text(RatioEstimate(2.0, low, high, 3, True, 0.5)) == told
