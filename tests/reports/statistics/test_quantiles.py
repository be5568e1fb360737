"""Quantiles of calls: against SciPy's binomial and quantile tests, by hand, and by enumeration of every outcome."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.launches import Unit, over_launches
from likeforlike.reports.statistics.median_intervals import median_interval
from likeforlike.reports.statistics.quantiles import (
    FINEST,
    MOST_KEPT,
    QUANTILES,
    Calls,
    as_told,
    difference,
    interval_ranks,
    joined,
    kept,
    mean_unit,
    needed_calls,
    one_launch_ratio,
    quantile_of,
    ratio_unit,
    time_unit,
    too_few_calls,
)
from likeforlike.reports.statistics.rank_tests import LEAST_P_VALUE


def ranks_by_definition(calls, quantile, confidence):
    """Every rank tried, with SciPy's binomial distribution."""
    below, error = stats.binom(calls, quantile), (1 - confidence) / 2 + 1e-12
    low = max((rank for rank in range(1, calls + 1) if below.cdf(rank - 1) <= error), default=0)
    high = min((rank for rank in range(1, calls + 1) if below.sf(rank - 1) <= error), default=calls + 1)
    return low, high


class TestRanks:
    @pytest.mark.parametrize("calls", [1, 5, 6, 7, 71, 72, 100, 367, 368, 1000])
    @pytest.mark.parametrize("quantile", [0.5, 0.95, 0.99, 0.1, 0.01])
    @pytest.mark.parametrize("confidence", [0.9, 0.95])
    def test_are_those_of_the_definition(self, calls, quantile, confidence):
        assert interval_ranks(calls, quantile, confidence) == ranks_by_definition(calls, quantile, confidence)

    @pytest.mark.parametrize("quantile", [0.5, 0.95, 0.99])
    def test_agree_with_scipys_quantile_test(self, quantile):
        samples = np.sort(np.random.default_rng(3).lognormal(size=900))
        told = stats.quantile_test(samples, q=1.0, p=quantile).confidence_interval(0.95)
        low, high = interval_ranks(900, quantile)
        assert (samples[low - 1], samples[high - 1]) == (told.low, told.high)

    @pytest.mark.parametrize("count", [6, 7, 25, 60, 101])
    def test_of_the_median_are_the_medians_own(self, count):
        samples = np.random.default_rng(count).lognormal(size=count)
        found = quantile_of(Calls(tuple(sorted(samples))), 0.5)
        assert (found.low, found.high) == median_interval(samples)


class TestCoverage:
    def test_of_three_values_over_every_outcome(self):
        """Seven calls of a distribution with ties: 3**7 outcomes, each with its probability; the median is 2."""
        shares = {1.0: 0.2, 2.0: 0.5, 3.0: 0.3}
        held = 0.0
        for outcome in itertools.product(shares, repeat=7):
            found = quantile_of(Calls(tuple(sorted(outcome))), 0.5)
            held += math.prod(shares[value] for value in outcome) * (found.low <= 2.0 <= found.high)
        assert held >= 0.95

    @pytest.mark.parametrize(("quantile", "calls"), [(0.95, 72), (0.95, 90), (0.99, 368)])
    def test_of_a_far_quantile_over_every_number_of_slow_calls(self, quantile, calls):
        """A call is fast or, with probability 1 - q, slow: B fast ones out of n, of either kind all unlike.

        The true quantile lies between the two kinds. So the interval holds it if it reaches from one to the
        other; that is the least that it may hold for any continuous distribution.
        """
        held = 0.0
        for fast in range(calls + 1):
            every = [1.0 + n / calls for n in range(fast)] + [3.0 + n / calls for n in range(calls - fast)]
            found = quantile_of(Calls(tuple(every)), quantile)
            held += stats.binom.pmf(fast, calls, quantile) * (found.low < 2.5 < found.high)
        assert 0.95 <= held <= 0.98

    @pytest.mark.parametrize(("shift", "least"), [(1, False), (0, True)])
    def test_one_rank_narrower_on_either_side_would_miss_too_often(self, shift, least):
        low, high = interval_ranks(500, 0.99)
        below = stats.binom(500, 0.99)
        misses = below.cdf(low + shift - 1), below.sf(high - shift - 1)
        assert all(bool(miss <= 0.025) is least for miss in misses)


class TestNeededCalls:
    @pytest.mark.parametrize(
        ("quantile", "sides", "expected"),
        [(0.99, 2, 368), (0.99, 1, 299), (0.95, 2, 72), (0.95, 1, 59), (0.5, 2, 6), (0.5, 1, 5)],
    )
    def test_by_hand(self, quantile, sides, expected):
        """0.99**299 = 0.0495 and 0.99**298 = 0.0500(3); with both sides 0.99**368 = 0.0248, **367 = 0.0250(2)."""
        assert needed_calls(quantile, sides=sides) == expected
        assert quantile**expected <= 0.05 / sides < quantile ** (expected - 1)

    @pytest.mark.parametrize("quantile", [0.5, 0.95, 0.99, 0.05])
    @pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
    def test_are_the_fewest_with_both_bounds(self, quantile, confidence):
        needed = needed_calls(quantile, confidence)

        def bounded(calls):
            low, high = interval_ranks(calls, quantile, confidence)
            return low >= 1 and high <= calls

        assert bounded(needed)
        assert not bounded(needed - 1)

    def test_an_error_that_so_many_calls_meet_exactly_is_met(self):
        """0.5**5 on either side, 0.5**4 on one."""
        assert needed_calls(0.5, 1 - 2 * 0.5**5) == 5
        assert interval_ranks(5, 0.5, 1 - 2 * 0.5**5) == (1, 5)
        assert needed_calls(0.5, 1 - 0.5**4, sides=1) == 4

    @pytest.mark.parametrize(("quantile", "rank"), [(0.5, 200), (0.95, 380), (0.99, 396), (0.991, 397)])
    def test_the_quantile_is_the_call_that_so_many_of_all_do_not_exceed(self, quantile, rank):
        assert quantile_of(Calls(tuple(range(1, 401))), quantile, 0.5).seconds == rank

    def test_with_fewer_there_is_no_figure_at_all(self):
        assert quantile_of(Calls(tuple(range(1, 368))), 0.99) is None
        assert quantile_of(Calls(tuple(range(1, 369))), 0.99).calls == 368
        assert quantile_of(Calls(()), 0.5) is None
        assert Calls(()).number == 0

    def test_what_is_missing_is_said(self):
        assert too_few_calls("p99", 40) == "p99 needs 368 calls a launch, 40 were timed"
        assert too_few_calls("p50", 1) == "p50 needs 6 calls a launch, 1 was timed"


def test_what_is_asked_for_and_kept_is_as_documented():
    assert QUANTILES == {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    assert (MOST_KEPT, FINEST) == (2048, 0.001)
    assert as_told(Calls((0.0123456789,)))["seconds"] == [0.01234568]


class TestKeptCalls:
    def test_few_are_kept_as_they_are(self):
        assert kept([3.0, 1.0, 2.0]) == Calls((1.0, 2.0, 3.0))

    def test_as_many_as_may_be_kept_are(self):
        calls = [1.0 + n / 10 for n in range(20)]
        assert kept(calls, most=20).seconds == tuple(calls)
        counted = kept(calls, most=19)
        assert counted.counts
        classes = len(counted.seconds)
        assert kept(calls, most=classes) == counted

    def test_many_are_kept_in_at_most_so_many_classes(self):
        calls = np.random.default_rng(1).lognormal(-9, 1.0, 50_000)
        made = kept(calls)
        assert len(made.seconds) <= MOST_KEPT
        assert len(made.seconds) == len(made.counts)
        assert made.number == 50_000
        assert list(made.seconds) == sorted(made.seconds)

    def test_the_classes_are_the_finest_of_which_no_more_are_occupied(self):
        """2**n times the finest: on e**0 to e**1 so many classes are occupied as their width goes into 1."""
        calls = np.exp(np.linspace(0.0, 1.0, 30_000))
        for doublings, most in ((0, 1001), (1, 600), (2, 300), (3, 130)):
            assert kept(calls, most=most).resolution == FINEST * 2**doublings

    def test_the_resolution_is_what_it_says(self):
        calls = np.sort(np.random.default_rng(2).lognormal(-9, 0.1, 20_000))
        made = kept(calls)
        half = math.sqrt(1 + made.resolution)
        assert made.resolution == FINEST
        for rank in (1, 200, 10_000, 19_800, 20_000):
            assert made.ranked(rank) / half <= calls[rank - 1] * (1 + 1e-12)
            assert calls[rank - 1] <= made.ranked(rank) * half * (1 + 1e-12)

    def test_an_interval_of_classes_holds_that_of_the_calls(self):
        calls = np.sort(np.random.default_rng(4).lognormal(-9, 0.5, 9_000))
        exact, coarse = (quantile_of(made, 0.99) for made in (Calls(tuple(calls)), kept(calls, most=200)))
        assert coarse.low <= exact.low
        assert exact.high <= coarse.high

    def test_times_of_nothing_have_a_class_of_their_own(self):
        made = kept([0.0] * 30 + [1.0, 2.0, 3.0] * 30, most=4)
        assert made.seconds[0] == 0.0
        assert made.counts[0] == 30
        assert made.number == 120

    def test_launches_are_put_together(self):
        one, two = Calls((1.0, 4.0)), Calls((2.0, 4.0), (3, 1), 0.002)
        assert joined([one, two]) == Calls((1.0, 2.0, 4.0, 4.0), (1, 3, 1, 1), 0.002)
        assert joined([one]) is one
        assert joined([]) == Calls((), (), 0.0)
        assert [joined([one, two]).ranked(rank) for rank in range(1, 7)] == [1, 2, 2, 2, 4, 4]

    def test_what_the_file_is_told_is_short_and_sorted(self):
        told = as_told(kept(np.random.default_rng(5).lognormal(-9, 0.3, 500)))
        assert told["calls"] == len(told["seconds"]) == 500
        assert told["seconds"] == sorted(told["seconds"])
        assert max(len(repr(value)) for value in told["seconds"]) <= 14
        assert "counts" not in told
        many = as_told(kept(np.random.default_rng(5).lognormal(-9, 0.3, 5000)))
        assert sum(many["counts"]) == many["calls"] == 5000
        assert many["resolution"] == FINEST


class TestRatios:
    def test_a_launch_shows_the_ratio_of_the_two_quantiles(self):
        base = tuple(float(n) for n in range(1, 1001))
        unit = ratio_unit(Calls(base), Calls(tuple(3 * n for n in base)), 0.99)
        low, high = interval_ranks(1000, 0.99)
        error = math.log(high / low) / (2 * stats.norm.ppf(0.975))
        assert unit.log == pytest.approx(math.log(3))
        assert unit.squared_error == pytest.approx(2 * error**2)
        assert unit.rounds == 1000

    def test_none_of_too_few_calls_or_of_times_of_nothing(self):
        enough, few = Calls(tuple(range(1, 400))), Calls(tuple(range(1, 300)))
        assert ratio_unit(enough, few, 0.99) is None
        assert ratio_unit(few, enough, 0.99) is None
        assert ratio_unit(enough, Calls((0.0,) * 400), 0.99) is None

    def test_of_one_launch_the_interval_is_by_its_own_error(self):
        estimate = one_launch_ratio(Unit(math.log(2), 0.01, 400), paired=True)
        assert estimate.ratio == pytest.approx(2)
        assert math.log(estimate.high / 2) == pytest.approx(0.1 * stats.norm.ppf(0.975))
        assert math.log(2 / estimate.low) == pytest.approx(0.1 * stats.norm.ppf(0.975))
        assert (estimate.pairs, estimate.paired, estimate.confidence) == (400, True, 0.95)
        assert math.log(one_launch_ratio(Unit(0.0, 0.01, 9), True, 0.9).high) == pytest.approx(
            0.1 * stats.norm.ppf(0.95)
        )
        assert estimate.p_value == pytest.approx(2 * stats.norm.sf(math.log(2) / 0.1))
        assert one_launch_ratio(Unit(0.0, 0.0, 400), paired=True).p_value == 1.0
        assert one_launch_ratio(Unit(0.1, 0.0, 400), paired=False).p_value == LEAST_P_VALUE

    def test_errors_add_up_and_means_lessen_them(self):
        one, two = Unit(0.0, 0.04, 400), Unit(0.5, 0.08, 300)
        assert difference(one, two) == Unit(0.5, 0.12, 300)
        assert mean_unit([one, two]) == Unit(0.25, pytest.approx(0.03), 700)


class TestOverLaunches:
    """Simulated launches of two entrants, of which a launch moves all calls, and each entrant's apart."""

    @staticmethod
    def launch(draw, calls, own):
        moved = draw.normal(0, own)
        slow = draw.random(calls) < 0.02
        return kept(
            np.exp(moved + np.where(slow, draw.gamma(2.0, 0.2, calls) + 0.3, draw.normal(0, 0.02, calls)))
        )

    @pytest.mark.parametrize(
        ("launches", "own"), [(2, 0.0), (2, 0.1), (3, 0.0), (3, 0.02), (3, 0.3), (5, 0.0), (5, 0.05)]
    )
    def test_the_interval_of_a_p99_ratio_holds_the_truth_as_often_as_it_says(self, launches, own):
        draw, held, runs = np.random.default_rng(launches), 0, 250
        for _ in range(runs):
            units = []
            for _ in range(launches):
                base, other = (self.launch(draw, 400, own) for _ in range(2))
                units.append(ratio_unit(base, other, 0.99))
            estimate = over_launches(units, of_calls=True)
            held += estimate.low <= 1.0 <= estimate.high
        assert held / runs >= 0.93

    def test_a_tail_twice_as_long_is_found(self):
        draw, found = np.random.default_rng(9), 0
        for _ in range(40):
            units = []
            for _ in range(5):
                base = self.launch(draw, 1000, 0.01)
                other = kept([time if time < 1.2 else 2.0 * time for time in base.seconds])
                units.append(ratio_unit(base, other, 0.99))
            found += over_launches(units, of_calls=True).low > 1.0
        assert found == 40

    def test_two_launches_with_one_slow_call_each_still_tell_what_is_many_times_slower(self):
        """By hand: of a hundred calls each the upper end is the slowest one, thirty times as slow as all others."""
        calls = kept([*np.full(99, 1.0), 30.0])
        unit = time_unit(calls, 0.95)
        assert unit.squared_error == pytest.approx((math.log(30.0) / (2 * stats.norm.ppf(0.975))) ** 2)
        units = [difference(unit, replace(unit, log=log)) for log in (4.1, 4.2)]
        found = over_launches(units, of_calls=True)
        arm = stats.norm.ppf(0.975) * math.sqrt(2 * unit.squared_error / 2)
        assert (found.low, found.high) == pytest.approx((math.exp(4.15 - arm), math.exp(4.15 + arm)))
        assert found.p_value == pytest.approx(2 * stats.t.sf(4.15 / 0.05, 1))
        assert found.between_share == 0.0
        assert over_launches(units).low < 1.0 < found.low
