"""Verdicts on accuracies field by field, and where one word ends and the next begins: by hand and from SciPy."""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict

import pytest
from scipy import stats

from likeforlike.reports.statistics.moderated_variance import SeedScatter, Spread
from likeforlike.reports.statistics.training import accuracy
from likeforlike.reports.statistics.training.accuracy import (
    AccuracyVerdict,
    accuracy_verdict,
    may_be_called_faster,
    mean_accuracy,
)


def by_seed(*values, start=0):
    return {start + seed: value for seed, value in enumerate(values)}


class TestFields:
    BASE, OTHER = (0.884, 0.880, 0.887), (0.869, 0.864, 0.873, 0.871)
    SCATTER = SeedScatter(Spread(4e-6, 0.0), Spread(9e-6, 0.0))
    """Worth nothing to an entrant: it moves no interval and is told beside it."""

    @pytest.mark.parametrize("confidence", [0.9, 0.95])
    @pytest.mark.parametrize(
        ("scatter", "usual"), [(None, 0.0), (SCATTER, math.sqrt(4e-6 * (1 / 3 + 1 / 4)))]
    )
    def test_unpaired(self, confidence, scatter, usual):
        welch = stats.ttest_ind(self.OTHER, self.BASE, equal_var=False)
        low, high = welch.confidence_interval(confidence)
        expected = AccuracyVerdict(
            "lower",
            *(statistics.fmean(self.BASE), statistics.fmean(self.OTHER), low, high, welch.pvalue),
            *(3, 4, False, 0.004, 20_000, "the interval excludes 0", None, usual),
        )
        sides = by_seed(*self.BASE), by_seed(*self.OTHER, start=7)
        found = accuracy_verdict(*sides, 20_000, 0.004, confidence, scatter)
        assert asdict(found) == pytest.approx(asdict(expected))

    def test_paired(self):
        other = self.OTHER[:3]
        student = stats.ttest_rel(other, self.BASE)
        low, high = student.confidence_interval(0.95)
        expected = AccuracyVerdict(
            "lower",
            *(statistics.fmean(self.BASE), statistics.fmean(other), low, high, student.pvalue),
            *(3, 3, True, 0.005, 10_000, "the interval excludes 0", None, math.sqrt(4e-6 * 2 / 3)),
        )
        found = accuracy_verdict(by_seed(*self.BASE), by_seed(*other), scatter=self.SCATTER)
        assert asdict(found) == pytest.approx(asdict(expected))

    def test_of_one_seed(self):
        expected = AccuracyVerdict(
            *("unclear", 0.9, 0.8, -math.inf, math.inf, 1.0, 1, 1, False, 0.005, 10_000, "one seed each", 1)
        )
        found = accuracy_verdict({0: 0.9}, {0: 0.8}, scatter=self.SCATTER)
        assert asdict(found) == asdict(expected)
        assert (found.usual_error, found.has_interval) == (0.0, False)

    def test_pairs_that_agree_are_known_to_an_image_of_either_side(self):
        """By hand: Student's factor of one degree of freedom, 12.706, times √(2 / 12) / 100 / √2."""
        found = accuracy_verdict(by_seed(0.5, 0.5), by_seed(0.6, 0.6), 100)
        assert found.high - found.difference == pytest.approx(12.7062 / math.sqrt(12) / 100, rel=1e-4)

    def test_sides_that_share_two_seeds_of_more_are_no_pairs(self):
        assert not accuracy_verdict(by_seed(0.8, 0.9, 0.85, 0.7), {0: 0.8, 1: 0.91, 9: 0.86}).paired

    def test_a_p_value_is_never_0(self):
        judged = accuracy_verdict(by_seed(*[0.5] * 200), by_seed(*[0.9] * 200))
        assert judged.p_value == 1e-300

    @pytest.mark.parametrize("value", [-0.1, 1.5])
    def test_what_is_no_share_is_refused(self, value):
        for sides in (({3: value}, {3: 0.9}), ({3: 0.9}, {3: value})):
            with pytest.raises(ValueError, match="of seed 3: expected a share from 0 to 1"):
                accuracy_verdict(*sides)

    def test_whom_nothing_is_known_of_is_not_announced(self):
        assert not may_be_called_faster("faster", None).allowed
        announced = may_be_called_faster("unclear", accuracy_verdict({0: 0.9}, {0: 0.9}))
        assert (announced.allowed, announced.reason) == (False, "the times don't differ for sure")


class TestBounds:
    def test_a_billionth_beyond_the_margin_is_rounding(self):
        for excess, word in ((0.5e-9, "unclear"), (2e-9, "higher")):
            other = by_seed(*[0.505 + excess] * 3)
            assert accuracy_verdict(by_seed(0.5, 0.5, 0.5), other).word == word

    def test_an_interval_that_touches_0_holds_it(self):
        assert accuracy._word(0.25, 0.25, 0.005) == ("unclear", "the interval holds 0")
        assert accuracy._word(-0.25, 0.125, 0.005) == ("lower", "the interval excludes 0")
        assert accuracy._word(0.25, 0.125, 0.3) == ("unclear", "the interval spans the margin")

    def test_an_interval_that_touches_the_margin_is_within(self):
        assert accuracy._word(0.125, 0.125 + accuracy.ROUNDING, 0.25)[0] == "same"
        assert accuracy._word(0.125, 0.126, 0.25)[0] == "unclear"

    def test_on_the_margin_the_same_would_need_an_interval_of_no_width(self):
        class Spread:
            def half_width(self, further, confidence):
                return 1.0 / further

        assert accuracy._further(Spread(), 0.25, 0.25, 0.95) is None
        assert accuracy._further(Spread(), -0.25 - accuracy.ROUNDING, 0.25, 0.95) is None
        assert accuracy._further(Spread(), -0.26, 0.25, 0.95) == 4

    def test_a_thousand_further_seeds_are_named_and_no_more(self):
        class Spread:
            def half_width(self, further, confidence):
                return 1.0 / further

        assert accuracy._further(Spread(), 1.0 / 999.5, 0.0, 0.95) == 1000
        assert accuracy._further(Spread(), 1.0 / 1000.5, 0.0, 0.95) is None
        assert accuracy._further(Spread(), 0.9, 0.0, 0.95) == 2
        assert accuracy._further(Spread(), 0.0, 0.9, 0.95) == 2
        assert accuracy._further(Spread(), 1.1, 0.0, 0.95) == 1

    def test_ten_thousand_images_are_supposed(self):
        assert accuracy_verdict({0: 0.9}, {0: 0.8}).images == 10_000
        assert accuracy_verdict({0: 0.9}, {0: 0.8}, 1).images == 1

    def test_a_mean_s_interval_is_of_shares(self):
        assert mean_accuracy(by_seed(0.0, 0.01), 100).low == 0.0
        assert mean_accuracy(by_seed(0.5, 0.6)).seeds == 2
        alike = mean_accuracy(by_seed(0.5, 0.5))
        assert alike.high - 0.5 == pytest.approx(12.7062 / (10_000 * math.sqrt(24)), rel=1e-4)

    def test_no_gap_is_beyond_no_margin(self):
        assert not accuracy_verdict({0: 1.0}, {0: 1.0}, margin=0.0).beyond_chance

    def test_a_tenth_of_a_point_is_told_with_one_digit_and_less_with_two(self):
        def told(base, other):
            return may_be_called_faster("faster", accuracy_verdict({0: base}, {0: other})).reason

        assert told(0.0, 0.001).startswith("trained to 0.1 % against 0.0 %")
        assert told(0.884, 0.8844).startswith("trained to 88.44 % against 88.40 %")

    def test_numbers_of_seeds_are_told(self):
        def told(base, other):
            return may_be_called_faster(
                "faster", accuracy_verdict(by_seed(*base), by_seed(*other, start=9))
            ).reason

        assert "(one seed against 2: nothing is concluded)" in told([0.5], [0.5, 0.5])
        assert "(2 seeds against 3: same)" in told([0.5, 0.5, 0.5], [0.5, 0.5])
        assert "(2 seeds each: same)" in told([0.5, 0.5], [0.5, 0.5])


@pytest.mark.parametrize(
    ("accuracies", "images", "told"),
    [
        ({}, None, "no seed"),
        ({0: 0.5, 1: 1.5}, None, "accuracy 1.5 of seed 1"),
        ({0: 0.5, 1: 0.6}, 0, "images 0"),
    ],
)
def test_a_mean_is_of_shares_of_some_images(accuracies, images, told):
    with pytest.raises(ValueError, match=told):
        mean_accuracy(accuracies, images)
