"""Moderated variances: Smyth's formulas by hand and by solving them with SciPy; Satterthwaite's by hand."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from scipy import optimize, special, stats

from likeforlike.reports.statistics.moderated_variance import (
    Spread,
    joint_freedom,
    moderated,
    pooled_spread,
    seed_scatter,
    times_larger,
    trigamma_inverse,
)


def right_in_the_mean(variances, freedoms):
    """Smyth 2004: log s² - ψ(d/2) + log(d/2)."""
    halves = np.array(freedoms) / 2
    return np.log(variances) - special.digamma(halves) + np.log(halves)


class TestSpread:
    def test_of_itself_it_is_shown_by_launches_and_by_as_many_as_need_be(self):
        spread = Spread(0.1, 3.0)
        assert (spread.most, spread.assumed, spread.overstated) == (math.inf, False, 1.0)

    @pytest.mark.parametrize(
        ("freedom", "most", "worth"),
        [(4.0, 10.0, 4.0), (12.0, 10.0, 10.0), (math.inf, 10.0, 10.0), (0.0, 7.0, 7.0)],
    )
    def test_what_it_is_worth_alone(self, freedom, most, worth):
        assert Spread(0.1, freedom, most).worth == worth

    def test_the_largest_is_exceeded_by_one_entrant_in_twenty(self):
        assert Spread(0.1, 4.0).largest == pytest.approx(0.4 / stats.chi2.ppf(0.05, 4))
        assert Spread(0.1, math.inf).largest == 0.1
        assert Spread(0.1, 0.0).largest == math.inf


class TestTrigammaInverse:
    @pytest.mark.parametrize(
        "value", [1e-6, 2e-6, 1e-3, 0.05, 0.1, 0.3, 1.0, math.pi**2 / 6, 3.0, 30.0, 5e6, 1e7]
    )
    def test_trigamma_of_it_is_the_value(self, value):
        assert float(special.polygamma(1, trigamma_inverse(value))) == pytest.approx(value, rel=1e-9)

    def test_at_the_ends_it_is_what_the_paper_takes_for_it(self):
        assert trigamma_inverse(5e-7) == pytest.approx(2e6, rel=1e-12)
        assert trigamma_inverse(2e7) == pytest.approx(1.0 / math.sqrt(2e7), rel=1e-12)


class TestPooledSpread:
    VARIANCES, FREEDOMS = (0.5, 1.0, 2.0, 8.0), (2.0, 4.0, 5.0, 1.0)

    @pytest.mark.parametrize("most", [None, 7.0])
    def test_of_unequal_freedom_it_is_the_papers(self, most):
        logs = right_in_the_mean(self.VARIANCES, self.FREEDOMS)
        wanted = logs.var(ddof=1) - special.polygamma(1, np.array(self.FREEDOMS) / 2).mean()
        half = optimize.brentq(lambda x: special.polygamma(1, x) - wanted, 1e-3, 1e3)
        assert 0.0 < wanted < 1.0
        found = pooled_spread(self.VARIANCES, self.FREEDOMS, most)
        variance = math.exp(logs.mean() + special.digamma(half) - math.log(half))
        assert (found.variance, found.freedom) == pytest.approx((variance, 2 * half))
        assert found.most == (most or 12.0)

    def test_alike_beyond_chance_they_are_one(self):
        variances, freedoms = [1.0, 1.01, 0.99], [8.0] * 3
        found = pooled_spread(variances, freedoms)
        assert found.variance == pytest.approx(math.exp(right_in_the_mean(variances, freedoms).mean()))
        assert (found.freedom, found.most) == (math.inf, 24.0)

    def test_what_is_no_variance_does_not_count(self):
        told = pooled_spread([*self.VARIANCES, 3.0, math.inf, math.nan], [*self.FREEDOMS, 0.0, 4.0, 4.0])
        assert told == pooled_spread(self.VARIANCES, self.FREEDOMS)

    def test_one_of_0_is_a_hundred_thousandth_of_the_median_of_the_others(self):
        for scale in (1.0, 0.01):
            known = pooled_spread([2.5e-5 * scale, scale, 4.0 * scale], [2.0, 4.0, 6.0])
            found = pooled_spread([0.0, scale, 4.0 * scale], [2.0, 4.0, 6.0])
            assert (found.variance, found.freedom) == pytest.approx((known.variance, known.freedom))

    def test_one_alone_says_nothing_of_how_alike_others_are(self):
        assert pooled_spread([3.0], [4.0]) == Spread(3.0, 0.0, 4.0)
        assert pooled_spread([3.0], [4.0], 2.0) == Spread(3.0, 0.0, 2.0)

    def test_of_none_there_is_none(self):
        assert pooled_spread([], []) is None
        assert pooled_spread([0.0, 0.0], [2.0, 2.0]) is None
        assert pooled_spread([1.0], [0.0]) is None


def test_times_larger_by_hand():
    """Of two degrees of freedom log s² is too small by γ in the mean; of four by γ - 1 + log 2."""
    assert times_larger([0.3], [0.2], [2.0]) == pytest.approx(1.5 * math.exp(-np.euler_gamma))
    both = 1.5 * math.exp(-np.euler_gamma), 4.0 * math.exp(1.0 - math.log(2.0) - np.euler_gamma)
    assert times_larger([0.3, 0.4], [0.2, 0.1], [2.0, 4.0]) == pytest.approx(math.sqrt(math.prod(both)))
    untold = [0.3, 0.0, 0.3, 0.3], [0.2, 0.2, 0.0, 0.2], [2.0, 2.0, 2.0, 0.0]
    assert times_larger(*untold) == times_larger([0.3], [0.2], [2.0])
    assert times_larger([0.0], [0.2], [2.0]) == 1.0


class TestModerated:
    @pytest.mark.parametrize(("most", "freedom"), [(math.inf, 7.0), (7.5, 7.0), (6.0, 6.0), (2.0, 4.0)])
    def test_by_hand(self, most, freedom):
        assert moderated(8.0, 4.0, Spread(1.0, 3.0, most)) == (pytest.approx(35.0 / 7.0), freedom)

    @pytest.mark.parametrize(("most", "freedom"), [(math.inf, math.inf), (9.0, 9.0), (2.0, 4.0)])
    def test_where_all_have_the_same_it_is_theirs(self, most, freedom):
        assert moderated(8.0, 4.0, Spread(1.0, math.inf, most)) == (1.0, freedom)

    def test_towards_what_is_worth_one_degree_of_freedom(self):
        assert moderated(8.0, 1.0, Spread(2.0, 1.0)) == (pytest.approx(5.0), 2.0)

    def test_towards_nothing(self):
        assert moderated(8.0, 4.0, None) == (8.0, 4.0)
        assert moderated(8.0, 4.0, Spread(1.0, 0.0)) == (8.0, 4.0)
        assert moderated(8.0, 0.0, Spread(1.0, 0.0)) == (8.0, 0.0)


class TestJointFreedom:
    def test_is_welchs(self):
        one, other = [1.0, 2.0, 4.0], [1.0, 9.0, 3.0, 4.0]
        parts = [(statistics.variance(side) / len(side), len(side) - 1.0) for side in (one, other)]
        expected = stats.ttest_ind(one, other, equal_var=False).df
        assert joint_freedom(parts) == pytest.approx(expected)
        assert joint_freedom([(1e-6 * square, freedom) for square, freedom in parts]) == pytest.approx(
            expected
        )

    def test_what_adds_nothing_takes_nothing(self):
        assert joint_freedom([(0.0, 0.0), (0.5, 4.0)]) == 4.0
        assert joint_freedom([(0.5, math.inf), (0.25, math.inf)]) == math.inf
        assert joint_freedom([(0.0, 5.0), (0.0, 3.0)]) == 3.0


ONE = {1: 0.80, 2: 0.82, 3: 0.85}
TWO = {2: 0.82, 3: 0.83, 5: 0.90}
THREE = {1: 0.79, 3: 0.80}
ALONE = {4: 0.50}


class TestSeedScatter:
    def test_of_three_by_the_seeds_that_two_share(self):
        """The first two differ by 0 and -0.02, the first and the third by -0.01 and -0.05, and the other two share
        one seed. Two, two and one degrees of freedom of each make three of differences: K - 1 of each seed.
        """
        found = seed_scatter([ONE, TWO, THREE, ALONE])
        own = [statistics.variance(values.values()) for values in (ONE, TWO, THREE)]
        assert found.alone.most == 5.0
        known = pooled_spread(own, [2.0, 2.0, 1.0])
        assert (found.alone.variance, found.alone.freedom) == pytest.approx((known.variance, known.freedom))
        known = pooled_spread([0.02**2 / 2, 0.04**2 / 2], [1.0, 1.0])
        assert (found.paired.variance, found.paired.freedom) == pytest.approx((known.variance, known.freedom))
        assert found.paired.most == 3.0

    def test_of_three_seeds_shared_there_are_two_degrees_of_freedom(self):
        changes = np.array([0.0, 0.01, -0.02])
        trainers = [dict(zip((1, 2, 3), 0.8 + part * changes, strict=True)) for part in (0.0, 1.0, 4.0)]
        known = pooled_spread([changes.var(ddof=1) * part**2 for part in (1.0, 4.0, 3.0)], [2.0] * 3, 4.0)
        found = seed_scatter(trainers).paired
        assert (found.variance, found.freedom) == pytest.approx((known.variance, known.freedom))
        assert found.most == 4.0

    def test_who_has_one_seed_is_not_the_third(self):
        for trainers in ([ONE, TWO], [ONE, TWO, ALONE]):
            found = seed_scatter(trainers)
            assert (found.alone.freedom, found.alone.most, found.paired) == (0.0, 4.0, None)

    def test_of_one_seed_each_there_is_none(self):
        assert seed_scatter([ALONE] * 3) is None
        assert seed_scatter([]) is None
        assert seed_scatter([{1: 0.8, 2: 0.8}]) is None
