"""Long epochs in words: told where a sum says something else than a median, by hand."""

from __future__ import annotations

import pytest

from likeforlike.reports.tell.wording.long_epochs_text import by_sums

NAMES = ("Keras", "hand-written")


def test_a_few_long_epochs_of_the_base():
    """Sums of 30 and 50 s over medians of 4 and 10 s."""
    told = by_sums([4.0, 4.0, 4.0, 9.0, 9.0], [10.0] * 5, 2.5, NAMES)
    assert told == (
        "By the sum of the epochs it is ×1.67: Keras has epochs of up to 9 s beside a median of 4 s."
    )


def test_a_few_long_epochs_of_the_other():
    told = by_sums([10.0] * 5, [4.0, 4.0, 4.0, 9.0, 9.0], 0.4, NAMES)
    assert told == (
        "By the sum of the epochs it is ×0.600: hand-written has epochs of up to 9 s beside a median of 4 s."
    )


@pytest.mark.parametrize(("longest", "is_told"), [(5.9, False), (6.1, True)])
def test_it_is_told_from_a_tenth_on(longest, is_told):
    """Four epochs of 4 s and a longer one: 21.9 / 20 is 1.095, 22.1 / 20 is 1.105."""
    assert bool(by_sums([4.0] * 5, [4.0] * 4 + [longest], 1.0, NAMES)) == is_told
    assert bool(by_sums([4.0] * 4 + [longest], [4.0] * 5, 1.0, NAMES)) == is_told


@pytest.mark.parametrize(
    ("base", "other", "ratio"), [([], [1.0], 1.0), ([0.0], [1.0], 1.0), ([1.0], [9.0], 0.0)]
)
def test_of_nothing_nothing_is_said(base, other, ratio):
    assert by_sums(base, other, ratio, NAMES) == ""
