"""Verdicts on accuracies: against SciPy's intervals, by hand, and by simulation; and who may be called faster."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.moderated_variance import seed_scatter
from likeforlike.reports.statistics.training.accuracy import (
    accuracies_with_false_discovery_rate,
    accuracy_verdict,
    may_be_called_faster,
    mean_accuracy,
)


def by_seed(*values, start=0):
    return {start + seed: value for seed, value in enumerate(values)}


def test_paired_interval_is_students_on_the_differences():
    base, other = by_seed(0.884, 0.880, 0.887), by_seed(0.889, 0.884, 0.893)
    judged = accuracy_verdict(base, other, 10_000)
    reference = stats.ttest_rel(list(other.values()), list(base.values()))
    interval = reference.confidence_interval(0.95)
    assert (judged.low, judged.high) == pytest.approx((interval.low, interval.high))
    assert judged.p_value == pytest.approx(reference.pvalue)
    assert judged.difference == pytest.approx(0.005)
    assert (judged.paired, judged.seeds) == (True, 3)


ALIKE = [by_seed(0.82, 0.84), by_seed(0.835, 0.825), by_seed(0.83, 0.81), by_seed(0.845, 0.835)]
"""Variances 2, 0.5, 2 and 0.5, in ten-thousandths: no more unlike than chance makes them."""


def test_two_seeds_of_one_lean_on_those_of_all():
    """Smyth's prior of equal variances, by hand: log s0² is the mean of log s² + γ + log 2, of one each."""
    prior = math.exp(np.mean(np.log([2e-4, 5e-5, 2e-4, 5e-5])) + np.euler_gamma + math.log(2.0))
    scatter = seed_scatter(ALIKE)
    assert scatter.alone.variance == pytest.approx(prior)
    told = mean_accuracy(ALIKE[0], 10_000, scatter=scatter)
    arm = stats.t.ppf(0.975, 4) * math.sqrt(prior / 2)  # all four have four degrees of freedom
    assert (told.low, told.high) == pytest.approx((0.83 - arm, 0.83 + arm))
    assert arm < mean_accuracy(ALIKE[0], 10_000).high - 0.83


def test_two_trainers_are_too_few_to_lean_on():
    scatter = seed_scatter(ALIKE[:2])
    assert mean_accuracy(ALIKE[0], 10_000, scatter=scatter) == mean_accuracy(ALIKE[0], 10_000)
    assert seed_scatter([by_seed(0.8), by_seed(0.9)]) is None


def test_two_pairs_lean_on_those_of_all():
    """By hand: six pairs of one degree of freedom each, no more unlike than chance makes them, so that all have
    Smyth's prior, worth the (4 - 1) (2 - 1) degrees that four trainers of two seeds show.
    """
    trainers = [by_seed(0.82, 0.83), by_seed(0.83, 0.841), by_seed(0.80, 0.82), by_seed(0.81, 0.814)]
    changes = [0.001, 0.01, -0.006, 0.009, -0.007, -0.016]
    prior = math.exp(np.mean(np.log(np.square(changes) / 2)) + np.euler_gamma + math.log(2.0))
    judged = accuracy_verdict(*trainers[:2], 10_000, scatter=seed_scatter(trainers))
    arm = stats.t.ppf(0.975, 3) * math.sqrt(prior / 2)
    assert (judged.low, judged.high) == pytest.approx((0.0105 - arm, 0.0105 + arm))


def test_two_pairs_that_agree_to_the_last_image_are_not_known_to_it():
    trainers = [by_seed(0.82, 0.83), by_seed(0.83, 0.8401), by_seed(0.80, 0.82), by_seed(0.81, 0.814)]
    leant, alone = (
        accuracy_verdict(*trainers[:2], 10_000, scatter=s) for s in (seed_scatter(trainers), None)
    )
    assert alone.high - alone.low < 0.002
    assert leant.high - leant.low > 0.01


def test_who_computes_the_same_tells_nothing_of_the_scatter():
    """By hand: of one, its copy and another, the two pairs that differ have the same variance."""
    one, other = by_seed(0.82, 0.83), by_seed(0.83, 0.842)
    scatter = seed_scatter([one, other, one]).paired
    assert scatter.freedom == math.inf
    assert scatter.variance == pytest.approx(2e-6 * math.exp(np.euler_gamma + math.log(2.0)))
    assert seed_scatter([one] * 3).paired is None


@pytest.mark.parametrize("seeds", [2, 3])
def test_leant_intervals_hold_the_true_difference_and_are_never_far_too_narrow(seeds):
    """Six trainers, which share each seed's own effect as their pairs do: the interval of the first two."""
    rng = np.random.default_rng(seeds)
    missed, arms = 0, []
    for _ in range(600):
        common = 0.004 * rng.normal(size=seeds)
        drawn = 0.885 + common + 0.003 * rng.normal(size=(6, seeds))
        trainers = [by_seed(*values) for values in rng.binomial(10_000, drawn) / 10_000]
        judged = accuracy_verdict(*trainers[:2], 10_000, scatter=seed_scatter(trainers))
        missed += not judged.low <= 0.0 <= judged.high
        arms.append(judged.high - judged.difference)
    assert missed / 600 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 600)
    assert np.quantile(arms, 0.01) > 0.25 * np.median(arms)


def test_a_gap_that_seeds_alone_make_is_not_beyond_chance():
    """1.6 points: two binomial errors of 20,000 images and the margin are 1.25, two of the seeds' 3.6."""
    pair = by_seed(0.846, 0.838), by_seed(0.83, 0.822, start=9)
    assert accuracy_verdict(*pair, 10_000).beyond_chance
    assert not accuracy_verdict(*pair, 10_000, scatter=seed_scatter(ALIKE)).beyond_chance
    fault = by_seed(0.846, 0.838), by_seed(0.70, 0.78, start=9)  # scatters itself: no excuse
    assert accuracy_verdict(*fault, 10_000, scatter=seed_scatter(ALIKE)).beyond_chance


def test_unpaired_interval_is_welchs():
    base, other = by_seed(0.884, 0.880, 0.887), by_seed(0.869, 0.864, 0.873, 0.871, start=7)
    judged = accuracy_verdict(base, other, 10_000)
    reference = stats.ttest_ind(list(other.values()), list(base.values()), equal_var=False)
    interval = reference.confidence_interval(0.95)
    assert (judged.low, judged.high) == pytest.approx((interval.low, interval.high))
    assert judged.p_value == pytest.approx(reference.pvalue)
    assert (judged.word, judged.paired, judged.seeds) == ("lower", False, 3)


def test_pairs_where_all_seeds_of_one_side_are_the_others_too():
    base = by_seed(0.80, 0.90, 0.85, 0.70)
    assert accuracy_verdict(base, {1: 0.91, 2: 0.86}).base == pytest.approx(0.875)
    assert not accuracy_verdict(base, {1: 0.91, 9: 0.86}).paired
    assert not accuracy_verdict(base, {1: 0.91}).paired


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ((0.894, 0.8945, 0.8935), "higher"),
        ((0.874, 0.8745, 0.8735), "lower"),
        ((0.885, 0.8855, 0.8845), "same"),
        ((0.887, 0.8875, 0.8865), "same"),  # surely higher, and by less than the margin
        ((0.889, 0.8905, 0.8875), "unclear"),
        ((0.894, 0.874, 0.884), "unclear"),
    ],
)
def test_words(other, word):
    assert accuracy_verdict(by_seed(0.884, 0.884, 0.884), by_seed(*other)).word == word


def test_swapped_it_is_the_opposite():
    base, other = by_seed(0.884, 0.880, 0.887), by_seed(0.899, 0.894, 0.903)
    there, back = accuracy_verdict(base, other), accuracy_verdict(other, base)
    assert (there.word, back.word) == ("higher", "lower")
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_from_one_seed_nothing_is_concluded():
    judged = accuracy_verdict({0: 0.998}, {0: 0.846}, 10_000)
    assert (judged.word, judged.reason, judged.further_seeds) == ("unclear", "one seed each", 1)
    assert (judged.low, judged.high, judged.p_value) == (-math.inf, math.inf, 1.0)
    assert accuracy_verdict({0: 0.9}, by_seed(0.8, 0.8)).reason == "one seed against 2"


def test_seeds_that_agree_by_chance_are_not_known_exactly():
    base, other = by_seed(0.90, 0.91), by_seed(0.92, 0.93)
    assert accuracy_verdict(base, other, 100).word == "unclear"  # two points are two images
    assert accuracy_verdict(base, other, 100).high > 0.04
    assert accuracy_verdict(by_seed(1.0, 1.0, 1.0), by_seed(1.0, 1.0, 1.0), 10_000).word == "same"
    assert accuracy_verdict(by_seed(1.0, 1.0, 1.0), by_seed(1.0, 1.0, 1.0), 50).word == "unclear"


@pytest.mark.parametrize("seeds", [3, 5, 10, 20])
@pytest.mark.parametrize("paired", [True, False])
def test_intervals_hold_the_true_difference(seeds, paired):
    rng = np.random.default_rng(seeds)
    missed = 0
    for _ in range(1000):
        base, other = (
            rng.binomial(10_000, 0.885 + 0.003 * rng.normal(size=seeds)) / 10_000 for _ in range(2)
        )
        judged = accuracy_verdict(by_seed(*base), by_seed(*other, start=0 if paired else seeds), 10_000)
        assert judged.paired == paired
        missed += not judged.low <= 0.0 <= judged.high
    assert missed / 1000 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 1000)


def test_further_seeds_are_the_fewest_that_narrow_the_interval_enough():
    base, other = by_seed(0.880, 0.884, 0.888), by_seed(0.889, 0.880, 0.897)
    judged = accuracy_verdict(base, other)
    differences = np.array([0.009, -0.004, 0.009])
    assert judged.difference == pytest.approx(differences.mean())

    def arm(further):
        count = 3 + further
        return stats.t(count - 1).ppf(0.975) * differences.std(ddof=1) / math.sqrt(count)

    wanted = 0.005 - differences.mean()  # nearer to the margin than to 0: "same" would need this
    by_hand = next((n for n in range(1, 1001) if arm(n) < wanted), None)
    assert judged.further_seeds == by_hand
    beyond = accuracy_verdict(base, by_seed(0.892, 0.890, 0.903))
    differences = np.array([0.012, 0.006, 0.015])
    assert beyond.word == "unclear"
    assert beyond.further_seeds == next(n for n in range(1, 1001) if arm(n) < differences.mean())


def test_on_the_margin_no_number_of_seeds_is_named():
    judged = accuracy_verdict(by_seed(0.5, 0.5, 0.5), by_seed(0.4, 0.6, 0.515))
    assert (judged.word, judged.further_seeds) == ("unclear", None)


def test_bad_figures_are_refused():
    with pytest.raises(ValueError, match="accuracy 88.4 of seed 3: expected a share from 0 to 1"):
        accuracy_verdict({3: 88.4}, {3: 0.884})
    with pytest.raises(ValueError, match="nan"):
        accuracy_verdict({3: math.nan}, {3: 0.884})
    with pytest.raises(ValueError, match="no seed"):
        accuracy_verdict({}, {3: 0.884})
    with pytest.raises(ValueError, match="images 0"):
        accuracy_verdict({3: 0.884}, {3: 0.884}, 0)


def test_chance_finds_among_many_are_taken_back():
    sure = accuracy_verdict(by_seed(0.884, 0.880, 0.887), by_seed(0.899, 0.895, 0.902))
    chance = replace(sure, p_value=0.04)
    one = accuracy_verdict({0: 0.9}, {0: 0.8})
    kept = accuracies_with_false_discovery_rate(
        [chance, sure, one, *[replace(sure, word="same", p_value=0.5)] * 9]
    )
    assert [item.word for item in kept[:3]] == ["unclear", "higher", "unclear"]
    assert (kept[0].reason, kept[0].further_seeds) == (
        "may be chance among 11 comparisons (adjusted p 0.220)",
        3,
    )


class TestFaster:
    def test_one_seed_with_a_gap_that_nothing_explains(self):
        announced = may_be_called_faster(
            "faster", accuracy_verdict({0: 0.998}, {0: 0.846}, 10_000), "keras-fit"
        )
        assert not announced.allowed
        assert announced.reason == "trained to 84.6 % against keras-fit's 99.8 % (one seed each)"

    def test_a_slower_one_makes_the_base_the_one_that_must_not_miss(self):
        accuracy = accuracy_verdict({0: 0.846}, {0: 0.998}, 10_000)
        assert not may_be_called_faster("slower", accuracy).allowed
        assert may_be_called_faster("faster", accuracy).allowed

    def test_one_seed_within_margin_and_chance(self):
        announced = may_be_called_faster("faster", accuracy_verdict({0: 0.884}, {0: 0.876}, 10_000))
        assert announced.allowed
        assert announced.reason == "trained to 87.6 % against 88.4 % (one seed each: nothing is concluded)"
        # A few hundred images say less, so that the same gap of 3 points is chance there.
        assert not may_be_called_faster("faster", accuracy_verdict({0: 0.884}, {0: 0.854}, 10_000)).allowed
        assert may_be_called_faster("faster", accuracy_verdict({0: 0.884}, {0: 0.854}, 500)).allowed

    def test_lower_over_seeds_is_never_announced(self):
        base, other = by_seed(0.884, 0.885, 0.884), by_seed(0.874, 0.875, 0.874)
        announced = may_be_called_faster("faster", accuracy_verdict(base, other, 10_000))
        assert (announced.allowed, announced.reason) == (
            False,
            "trained to 87.4 % against 88.4 % (3 seeds each: lower)",
        )
        assert may_be_called_faster("slower", accuracy_verdict(base, other, 10_000)).allowed

    def test_seeds_of_which_one_failed(self):
        base, other = by_seed(0.884, 0.885, 0.884), by_seed(0.884, 0.885, 0.1)
        judged = accuracy_verdict(base, other, 10_000)
        assert judged.word == "unclear"
        assert not may_be_called_faster("faster", judged).allowed

    @pytest.mark.parametrize("word", ["same", "unclear"])
    def test_nobody_is_faster_where_times_do_not_differ(self, word):
        assert not may_be_called_faster(word, accuracy_verdict({0: 0.9}, {0: 0.9})).allowed

    def test_an_accuracy_that_is_not_known(self):
        assert may_be_called_faster("faster", None).reason == "its accuracy isn't known"


def test_the_mean_of_one_trainer_has_students_interval():
    values = [0.884, 0.880, 0.887]
    told = mean_accuracy(by_seed(*values), 10_000)
    reference = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (told.low, told.high) == pytest.approx((reference.low, reference.high))
    assert (told.mean, told.seeds) == (pytest.approx(np.mean(values)), 3)


def test_a_mean_is_no_more_precise_than_its_images_and_a_share():
    """By hand: two alike of 100 images, 12.706 times 1 / (100 √12 √2)."""
    told = mean_accuracy(by_seed(0.5, 0.5), 100)
    assert told.high - told.mean == pytest.approx(12.7062 / (100 * math.sqrt(24)), rel=1e-4)
    assert mean_accuracy(by_seed(1.0, 0.99), 100).high == 1.0
    assert mean_accuracy(by_seed(0.9)) == mean_accuracy(by_seed(0.9), 50)
    assert (mean_accuracy(by_seed(0.9)).low, mean_accuracy(by_seed(0.9)).high) == (0.9, 0.9)


def test_a_gap_is_beyond_chance_in_either_direction():
    """By hand: 0.5 points of margin and two binomial errors, 2 √(0.88 · 0.12 / 10,000 + …) = 0.92 points."""
    assert accuracy_verdict({0: 0.88}, {0: 0.865}, 10_000).beyond_chance
    assert accuracy_verdict({0: 0.865}, {0: 0.88}, 10_000).beyond_chance
    assert not accuracy_verdict({0: 0.88}, {0: 0.867}, 10_000).beyond_chance


def test_exactly_the_margin_is_not_beyond_it():
    assert accuracy_verdict(by_seed(0.88, 0.88, 0.88), by_seed(0.885, 0.885, 0.885)).word == "unclear"


@pytest.mark.parametrize(
    ("p_values", "found"), [([0.05], 1), ([0.0501], 0), ([0.02, 0.8], 1), ([0.026, 0.8], 0)]
)
def test_one_in_twenty_of_those_found_may_be_chance(p_values, found):
    """By hand: alone a p-value is itself; the smaller of two counts twice."""
    sure = accuracy_verdict(by_seed(0.884, 0.880, 0.887), by_seed(0.899, 0.895, 0.902))
    judged = [replace(sure, p_value=p_value) for p_value in p_values]
    words = [item.word for item in accuracies_with_false_discovery_rate(judged)]
    assert words.count("higher") == found
