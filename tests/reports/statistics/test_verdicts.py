"""Verdicts: against SciPy, against hand computation, and against simulation with fixed seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.ratios import LEAST_PAIRS, RatioEstimate, paired_ratio, unpaired_ratio
from likeforlike.reports.statistics.verdicts import adjusted_p_values, verdict, with_false_discovery_rate


def noisy_pairs(rng, rounds, slow_down=0.0, drift=0.3, spread=0.03):
    """Times of two cells measured in turns: a machine that drifts under both, spikes that hit one."""
    machine = np.exp(np.cumsum(rng.normal(0.0, drift / math.sqrt(rounds), rounds)))

    def one(factor):
        spikes = np.where(rng.random(rounds) < 0.08, rng.uniform(1.1, 2.0, rounds), 1.0)
        return 0.010 * factor * machine * spikes * np.exp(rng.normal(0.0, spread, rounds))

    return one(1.0), one(1.0 + slow_down)


def words(rounds, slow_down, trials=200, seed=1):
    rng = np.random.default_rng(seed)
    return [verdict(paired_ratio(*noisy_pairs(rng, rounds, slow_down))).word for _ in range(trials)]


def threshold_at(log):
    """The threshold of which this is the logarithm, to the last bit."""
    near = math.expm1(log)
    return next(
        value for value in (near + n * math.ulp(near) for n in range(-9, 10)) if math.log1p(value) == log
    )


def of(ratio, low, high, pairs=25, p_value=0.001, **more):
    return RatioEstimate(ratio, low, high, pairs, True, p_value, **more)


class TestBounds:
    """Where one word ends and the next begins, to the last bit."""

    HOLDS, SPANS = "the interval holds 1", "the interval spans the threshold"
    COPIES = "copies of one implementation differed by up to 100 % here"

    @pytest.mark.parametrize(
        ("figures", "reason"),
        [
            ((1.1, 0.99, 1.2), HOLDS),
            ((1.1, 1.0, 1.2), HOLDS),
            ((0.9, 0.8, 1.0), HOLDS),
            ((1.015, 1.005, 1.03), SPANS),
            ((0.985, 0.97, 0.995), SPANS),
        ],
    )
    def test_an_interval_that_touches_1_holds_it(self, figures, reason):
        judged = verdict(of(*figures))
        assert (judged.word, judged.reason) == ("unclear", reason)

    def test_on_the_threshold_is_not_beyond_it(self):
        judged = verdict(of(1.05, 1.01, 1.2), threshold=threshold_at(math.log(1.05)))
        assert (judged.word, judged.reason, judged.more_rounds) == ("unclear", self.SPANS, None)

    def test_an_interval_that_touches_the_threshold_lies_within(self):
        assert verdict(of(1.0, 1.0, 1.05), threshold=threshold_at(math.log(1.05))).word == "same"
        assert verdict(of(1.0, 0.95, 1.0), threshold=threshold_at(-math.log(0.95))).word == "same"

    def test_a_tenth_is_the_most_that_is_called_the_same(self):
        assert verdict(of(1.0, 1 / 1.099, 1.099), threshold=1.0).word == "same"
        assert verdict(of(1.0, 1 / 1.099, 1.101), threshold=1.0).word == "unclear"
        assert verdict(of(1.0, 1 / 1.101, 1.099), threshold=1.0).word == "unclear"

    @pytest.mark.parametrize(
        ("figures", "reason"),
        [
            ((2.0, 1.9, 2.1), COPIES),
            ((1.5, 1.2, 3.0), COPIES),
            ((1.0, 0.6, 1.5), COPIES),
            ((1.0, 0.5, 1.9), COPIES),
            ((1.0, 0.6, 2.0), COPIES),
            ((1.0, 0.6, 3.0), HOLDS),
            ((1.0, 0.4, 1.5), HOLDS),
        ],
    )
    def test_copies_are_in_the_way_of_what_lies_within_their_noise(self, figures, reason):
        judged = verdict(of(*figures), threshold=1.0)
        assert (judged.word, judged.reason) == ("unclear", reason)

    def test_a_noise_that_is_no_ratio_raises_nothing(self):
        assert verdict(of(1.1, 1.05, 1.2), noise_interval=(0.0, math.inf)).threshold == 0.02
        assert verdict(of(1.1, 1.05, 1.2), noise_interval=(math.nan, 1.25)).threshold == pytest.approx(0.25)
        assert verdict(of(1.1, 1.05, 1.2), noise_interval=(0.8, 0.0)).threshold == pytest.approx(0.25)

    def test_more_rounds_are_as_many_as_narrow_it_enough(self):
        """By hand: half a width of 0.04 must come down to 0.02 - 0.01, a quarter: 16 times the rounds; one of
        0.05 to 0.02: 6.25 times.
        """
        threshold = math.expm1(0.02)
        wide = of(math.exp(0.01), math.exp(-0.03), math.exp(0.05))
        assert verdict(wide, threshold=threshold).more_rounds == 15 * 25
        assert verdict(of(1.0, math.exp(-0.05), math.exp(0.05)), threshold=threshold).more_rounds == 132

    def test_a_hundred_thousand_rounds_are_the_most_that_are_named(self):
        """The arm is as long as the ratio is far: the interval ends at 1, and one round more would do."""
        assert verdict(of(2.0, 1.0, 4.0, 100_000)).more_rounds == 1
        assert verdict(of(2.0, 1.0, 4.0, 100_001)).more_rounds is None

    def test_more_launches_where_these_are_counted(self):
        judged = verdict(of(1.0, math.exp(-0.04), math.exp(0.04), launches=4, freedom=3.0))
        error = 0.04 / stats.t.ppf(0.975, 3) * math.sqrt(4)
        arms = {n: stats.t.ppf(0.975, n - 1) * error / math.sqrt(n) for n in range(5, 99)}
        wanted = next(n for n, arm in arms.items() if arm <= math.log(1.02))
        assert (judged.more_launches, judged.more_rounds) == (wanted - 4, None)

    def test_what_is_taken_back_asks_for_as_many_again(self):
        rounds = verdict(of(1.1, 1.01, 1.2, 30, p_value=0.06))
        launches = verdict(of(1.1, 1.01, 1.2, 30, p_value=0.06, launches=3, freedom=2.0))
        taken = with_false_discovery_rate([rounds, launches])
        assert [(item.word, item.more_rounds, item.more_launches) for item in taken] == [
            ("unclear", 30, None),
            ("unclear", None, 3),
        ]


class TestPairedRatio:
    def test_is_the_median_of_the_ratios_not_the_ratio_of_the_medians(self):
        base = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]
        other = [1.1, 2.2, 4.4, 8.8, 17.6, 35.2, 640.0]
        estimate = paired_ratio(base, other)
        assert estimate.ratio == pytest.approx(1.1)
        assert (estimate.pairs, estimate.paired) == (7, True)

    def test_swapped_it_is_the_inverse(self):
        base, other = noisy_pairs(np.random.default_rng(4), 41, 0.1)
        there, back = paired_ratio(base, other), paired_ratio(other, base)
        assert there.ratio == pytest.approx(1.0 / back.ratio)
        assert there.low == pytest.approx(1.0 / back.high)
        assert there.p_value == pytest.approx(back.p_value)

    @pytest.mark.parametrize("pairs", range(1, LEAST_PAIRS))
    def test_fewer_than_six_pairs_have_no_interval(self, pairs):
        estimate = paired_ratio([1.0] * pairs, [2.0] * pairs)
        assert (estimate.ratio, estimate.low, estimate.high, estimate.p_value) == (2.0, 0.0, math.inf, 1.0)
        judged = verdict(estimate)
        assert (judged.word, judged.more_rounds) == ("unclear", LEAST_PAIRS - pairs)

    def test_equal_ratios_are_a_sure_figure(self):
        estimate = paired_ratio([1.0] * 8, [1.5] * 8)
        assert (estimate.low, estimate.ratio, estimate.high) == pytest.approx((1.5, 1.5, 1.5))
        assert estimate.p_value == 2.0**-7
        assert verdict(paired_ratio([1.0] * 8, [1.0] * 8)).word == "same"

    def test_pairs_with_a_zero_are_left_out(self):
        assert paired_ratio([0.0, 1.0, 1.0], [1.0, 0.0, 3.0]).pairs == 1
        with pytest.raises(ValueError, match="above 0"):
            paired_ratio([0.0], [1.0])

    def test_unequal_lengths_are_refused(self):
        with pytest.raises(ValueError, match="got 2 and 1"):
            paired_ratio([1.0, 1.0], [1.0])


class TestUnpairedRatio:
    def test_from_six_a_side_it_is_the_ratio_of_the_medians(self):
        estimate = unpaired_ratio([1.0, 1.0, 2.0, 3.0, 9.0, 9.0, 9.0], [8.0, 8.0, 8.0, 4.0, 4.0, 4.0])
        assert estimate.ratio == pytest.approx(math.sqrt(32.0) / 3.0)
        assert (estimate.pairs, estimate.paired) == (6, False)

    def test_interval_is_about_scipys_bootstrap_of_both(self):
        rng = np.random.default_rng(11)
        base, other = rng.lognormal(0.0, 0.1, 60), rng.lognormal(0.2, 0.2, 50)
        reference = stats.bootstrap(
            (np.log(base), np.log(other)),
            lambda a, b, axis: np.median(b, axis=axis) - np.median(a, axis=axis),
            n_resamples=5000,
            method="percentile",
            rng=rng,
        ).confidence_interval
        estimate = unpaired_ratio(base, other)
        assert math.log(estimate.low) == pytest.approx(reference.low, abs=0.02)
        assert math.log(estimate.high) == pytest.approx(reference.high, abs=0.02)

    def test_p_value_meets_the_interval(self):
        rng = np.random.default_rng(2)
        decided = []
        for _ in range(300):
            base, other = rng.lognormal(0.0, 0.1, 8), rng.lognormal(0.12, 0.1, 9)
            estimate = unpaired_ratio(base, other)
            decided.append(estimate.low > 1.0 or estimate.high < 1.0)
            assert decided[-1] == (estimate.p_value < 0.05)
        assert {True, False} == set(decided)

    def test_unequal_spread_is_no_difference(self):
        rng = np.random.default_rng(4)
        found = [unpaired_ratio(rng.lognormal(0, 0.3, 6), rng.lognormal(0, 0.02, 40)) for _ in range(1000)]
        assert np.mean([item.low > 1.0 or item.high < 1.0 for item in found]) <= 0.065

    def test_constant_sides(self):
        assert unpaired_ratio([1.0] * 6, [2.0] * 6).p_value < 1e-50
        assert unpaired_ratio([1.0] * 6, [1.0] * 6).p_value == 1.0
        assert verdict(unpaired_ratio([1.0] * 5, [1.0] * 5)).word == "same"

    def test_five_against_five_wholly_apart(self):
        # What pytest-benchmark measures by default, x2.5: the 1 of 252 orders on either side.
        estimate = unpaired_ratio([1.0, 1.01, 1.02, 1.01, 1.0], [2.5, 2.52, 2.51, 2.55, 2.49])
        assert estimate.p_value == pytest.approx(2 / 252)
        assert (estimate.low, estimate.high) == (
            pytest.approx(2.49 / 1.01, rel=0.01),
            pytest.approx(2.55 / 1.0, rel=0.02),
        )
        assert verdict(estimate).word == "slower"

    def test_one_round_each_is_never_a_verdict(self):
        judged = verdict(unpaired_ratio([1.0], [7.0]))
        assert (judged.word, judged.reason, judged.more_rounds) == ("unclear", "one round each", 3)
        assert judged.estimate.ratio == pytest.approx(7.0)

    @pytest.mark.parametrize(
        ("base", "other", "reason", "more"),
        [
            (1, 60, "1 round against 60, too few", 3),
            (60, 1, "60 rounds against 1, too few", 3),
            (2, 2, "2 rounds each, too few", 2),
            (3, 3, "3 rounds each, too few", 1),
        ],
    )
    def test_too_few_say_what_would_settle_it(self, base, other, reason, more):
        judged = verdict(unpaired_ratio([1.0] * base, [3.0] * other))
        assert (judged.word, judged.reason, judged.more_rounds) == ("unclear", reason, more)
        assert verdict(unpaired_ratio([1.0] * (base + more), [3.0] * (other + more))).word == "slower"


class TestVerdict:
    def estimate(self, ratio, low, high, pairs=60):
        return RatioEstimate(ratio, low, high, pairs, True, 0.001)

    @pytest.mark.parametrize(
        ("figures", "word"),
        [
            ((1.10, 1.05, 1.15), "slower"),
            ((0.90, 0.85, 0.95), "faster"),
            ((1.10, 0.99, 1.15), "unclear"),
            ((1.015, 1.01, 1.019), "same"),
            ((1.00, 0.985, 1.015), "same"),
            ((1.00, 0.97, 1.03), "unclear"),
            ((1.015, 1.005, 1.03), "unclear"),
            ((1 / 1.021, 0.97, 0.99), "faster"),
        ],
    )
    def test_words(self, figures, word):
        assert verdict(self.estimate(*figures)).word == word

    def test_the_machines_noise_raises_the_threshold(self):
        estimate = self.estimate(1.05, 1.03, 1.07)
        assert verdict(estimate, noise_interval=(0.99, 1.01)).word == "slower"
        noisy = verdict(estimate, noise_interval=(0.92, 1.01))
        assert noisy.threshold == pytest.approx(1 / 0.92 - 1)
        assert noisy.word == "same"

    def test_noise_never_makes_two_alike_that_differ_plainly(self):
        # Copies of one product between x0.76 and x3.0 of each other, as a busy machine gave them.
        noisy = verdict(self.estimate(1.84, 1.76, 1.85), noise_interval=(0.76, 2.997))
        assert (noisy.word, noisy.more_rounds) == ("unclear", None)
        assert noisy.reason == "copies of one implementation differed by up to 200 % here"
        assert verdict(self.estimate(1.05, 1.01, 1.09), noise_interval=(0.76, 2.997)).word == "same"

    def test_no_rounds_are_promised_where_the_machines_noise_is_in_the_way(self):
        # Within what copies differ by, but beyond 10 %: neither different nor the same, however narrow.
        noisy = verdict(self.estimate(1.37, 1.13, 143.0, 6), noise_interval=(0.62, 1.95))
        assert (noisy.word, noisy.more_rounds) == ("unclear", None)
        assert noisy.reason == "copies of one implementation differed by up to 95 % here"
        narrow = verdict(self.estimate(1.37, 1.3699, 1.3701, 6_000_000), noise_interval=(0.62, 1.95))
        assert (narrow.word, narrow.reason) == (noisy.word, noisy.reason)

    def test_promised_rounds_bring_the_same_within_a_large_noise(self):
        def at(half, rounds):
            figures = 1.0, math.exp(-half), math.exp(half), rounds
            return verdict(self.estimate(*figures), noise_interval=(0.62, 1.95))

        promised = at(0.4, 25).more_rounds
        assert at(0.4 * math.sqrt(25 / (25 + promised)), 25 + promised).word == "same"

    def test_more_rounds_by_hand(self):
        # Half the width is 0.04 on the log scale, and 0.02 - 0 is needed: four times the rounds.
        wide = self.estimate(1.0, math.exp(-0.04), math.exp(0.04), 25)
        assert verdict(wide, threshold=math.expm1(0.02)).more_rounds == 75
        # The ratio lies beyond the threshold, 0.05 from 1; an interval of half 0.10 must shrink to that.
        beyond = self.estimate(math.exp(0.05), math.exp(-0.05), math.exp(0.15), 25)
        assert verdict(beyond).more_rounds == 75

    def test_on_the_threshold_no_number_of_rounds_settles_it(self):
        on_it = self.estimate(1.0199, 0.9, 1.2)
        assert verdict(on_it).more_rounds is None


class TestProperties:
    """What the design promises, on simulated noise heavier than most machines'."""

    def test_the_same_thing_twice_is_not_called_different(self):
        wrong = sum(word in ("faster", "slower") for word in words(60, 0.0))
        assert wrong <= 0.02 * 200

    def test_a_slow_down_of_5_percent_is_found(self):
        assert words(60, 0.05).count("slower") >= 0.95 * 200

    def test_with_200_pairs_2_5_percent_is_found_in_nine_of_ten(self):
        rng = np.random.default_rng(2)
        found = [
            verdict(paired_ratio(*noisy_pairs(rng, 200, 0.025, spread=0.02))).word for _ in range(100)
        ].count("slower")
        assert found >= 85

    def test_the_ratio_of_medians_finds_it_less_often(self):
        rng = np.random.default_rng(1)
        trials = [noisy_pairs(rng, 60, 0.05) for _ in range(200)]
        unpaired = sum(verdict(unpaired_ratio(*pair)).word == "slower" for pair in trials)
        paired = sum(verdict(paired_ratio(*pair)).word == "slower" for pair in trials)
        assert unpaired < 0.5 * paired


class TestFalseDiscoveryRate:
    def test_adjusts_as_scipy_does(self):
        for count in (1, 2, 7, 100):
            p_values = np.random.default_rng(count).random(count) ** 3
            assert adjusted_p_values(p_values) == pytest.approx(stats.false_discovery_control(p_values))

    def test_none_at_all(self):
        assert adjusted_p_values([]).size == 0
        assert with_false_discovery_rate([]) == []

    def test_chance_finds_are_taken_back_and_real_ones_stay(self):
        def judged(p_value):
            return verdict(RatioEstimate(1.1, 1.01, 1.2, 30, True, p_value))

        result = with_false_discovery_rate(
            [
                judged(1e-6),
                *(judged(0.04) for _ in range(3)),
                verdict(RatioEstimate(1.0, 0.99, 1.01, 30, True, 0.9)),
            ]
            + [judged(0.6)] * 20
        )
        assert [item.word for item in result[:5]] == ["slower", "unclear", "unclear", "unclear", "same"]
        assert "may be chance among 25 comparisons" in result[1].reason
        assert result[1].more_rounds > 0

    @pytest.mark.parametrize(
        ("p_values", "found"), [([0.05], 1), ([0.0501], 0), ([0.02, 0.8], 1), ([0.026, 0.8], 0)]
    )
    def test_one_in_twenty_of_those_found_may_be_chance(self, p_values, found):
        """By hand: alone a p-value is itself; the smaller of two counts twice."""
        judged = [verdict(RatioEstimate(1.1, 1.01, 1.2, 30, True, p_value)) for p_value in p_values]
        assert [item.word for item in with_false_discovery_rate(judged)].count("slower") == found

    def test_too_few_pairs_are_not_counted_among_the_tests(self):
        sure = verdict(RatioEstimate(1.1, 1.01, 1.2, 30, True, 0.04))
        few = verdict(paired_ratio([1.0] * 3, [1.1] * 3))
        assert with_false_discovery_rate([sure, *[few] * 50])[0].word == "slower"

    def test_one_of_twenty_cells_of_five_rounds_is_found(self):
        # By its rank test alone it never could: 20 x 0.008 is above 0.05.
        rng = np.random.default_rng(8)
        cells = [verdict(unpaired_ratio(*rng.lognormal(0.0, 0.01, (2, 5)))) for _ in range(19)]
        slower = verdict(unpaired_ratio(rng.lognormal(0.0, 0.01, 5), 2.5 * rng.lognormal(0.0, 0.01, 5)))
        assert slower.estimate.p_value * 20 > 0.05
        kept = with_false_discovery_rate([slower, *cells])
        assert [item.word for item in kept].count("slower") == 1
        assert kept[0].word == "slower"

    def test_a_hundred_comparisons_of_the_same_thing(self):
        rng = np.random.default_rng(5)
        judged = [verdict(paired_ratio(*noisy_pairs(rng, 20, spread=0.1))) for _ in range(300)]
        kept = with_false_discovery_rate(judged)
        assert sum(item.different for item in judged) > 5
        assert sum(item.different for item in kept) <= 1
