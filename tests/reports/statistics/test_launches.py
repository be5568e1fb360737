"""Ratios over launches: against SciPy, against Smyth's formulas, and against simulated launches."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, special, stats

from likeforlike.reports.statistics.between_runs import apart
from likeforlike.reports.statistics.launches import (
    Unit,
    entrants_variances,
    further_launches,
    launch_weights,
    mean_p_value,
    over_launches,
    together,
    unit_of,
    widened,
)
from likeforlike.reports.statistics.moderated_variance import (
    Spread,
    moderated,
    pooled_spread,
    times_larger,
    trigamma_inverse,
)
from likeforlike.reports.statistics.ratios import paired_ratio, unpaired_ratio
from likeforlike.reports.statistics.verdicts import verdict, with_false_discovery_rate

NOISE, ROUNDS = 0.02, 7


def units(*logs, squared_error=0.0):
    return [Unit(log, squared_error, ROUNDS) for log in logs]


class TestUnit:
    @pytest.mark.parametrize("rounds", [2, 3, 4, 5, 6, 7, 12, 40])
    def test_its_error_is_that_of_a_median(self, rounds):
        rng = np.random.default_rng(rounds)
        drawn = rng.normal(0.0, 1.0, (4_000, rounds))
        true = float(np.median(drawn, axis=1).var())
        told = np.mean([unit_of(values).squared_error for values in drawn[:800]])
        assert 0.9 * true < told < 1.8 * true  # of six the interval is the whole range, which is too wide

    def test_one_round_says_nothing_of_its_error(self):
        assert unit_of(np.array([0.3])) == Unit(0.3, 0.0, 1)


class TestOverLaunches:
    def test_three_runs_of_the_shipped_ladder(self):
        # ×5.94, ×5.43 and ×5.81: pooled rounds said 5.46 to 6.01.
        estimate = over_launches(units(*map(math.log, (5.94, 5.43, 5.81)), squared_error=1e-5))
        assert (estimate.ratio, estimate.low, estimate.high) == pytest.approx((5.72, 5.09, 6.43), abs=0.01)
        assert (estimate.launches, estimate.freedom, estimate.assumed) == (3, 2.0, False)
        assert estimate.between_share > 0.9

    def test_logging_scalars_to_none_is_not_sure(self):
        estimate = over_launches(units(*map(math.log, (0.55, 0.77, 0.98)), squared_error=1e-4))
        assert (estimate.ratio, estimate.low, estimate.high) == pytest.approx((0.746, 0.36, 1.53), abs=0.02)
        assert verdict(estimate).word == "unclear"

    def test_without_moderation_it_is_scipys(self):
        logs = np.random.default_rng(1).normal(0.05, 0.02, 6)
        estimate = over_launches(units(*logs))
        reference = stats.ttest_1samp(logs, 0.0)
        low, high = reference.confidence_interval(0.95)
        assert (math.log(estimate.low), math.log(estimate.high)) == pytest.approx((low, high))
        assert estimate.p_value == pytest.approx(reference.pvalue) == pytest.approx(mean_p_value(logs))

    def test_rounds_bound_it_from_below(self):
        alike = over_launches(units(0.1, 0.1, 0.1, squared_error=0.01))
        error = math.log(alike.high / alike.low) / 2.0 / stats.t.ppf(0.975, 2)
        assert error == pytest.approx(0.1 / math.sqrt(3))

    def test_it_is_its_own_inverse(self):
        there, back = over_launches(units(0.1, 0.2, 0.4)), over_launches(units(-0.1, -0.2, -0.4))
        assert there.ratio == pytest.approx(1.0 / back.ratio)
        assert (there.low, there.p_value) == pytest.approx((1.0 / back.high, back.p_value))

    def test_one_launch_is_refused(self):
        with pytest.raises(ValueError, match="expected at least 2"):
            over_launches(units(0.1))


class TestWeights:
    def drawn(self, rng, rounds, between, noise=0.05):
        """Launches of one pair of copies, of so many rounds each."""
        return [unit_of(rng.normal(rng.normal(0.0, between), noise, count)) for count in rounds]

    def test_alike_launches_count_alike(self):
        assert launch_weights(units(0.1, 0.2, 0.3, squared_error=1e-4), 1e-3) == pytest.approx([1.0] * 3)

    def test_where_rounds_are_all_that_is_unsure_launches_count_by_them(self):
        found = [Unit(0.1, 0.04 / count, count) for count in (2, 4, 12)]
        assert launch_weights(found, 0.0) == pytest.approx([2 / 6, 4 / 6, 12 / 6])

    def test_where_launches_differ_by_far_more_all_count_alike(self):
        found = [Unit(0.1, 1e-6 / count, count) for count in (2, 4, 12)]
        assert launch_weights(found, 1.0) == pytest.approx([1.0] * 3, abs=1e-5)

    def test_without_a_variance_or_without_rounds_all_count_alike(self):
        found = [Unit(0.1, 0.04 / count, count) for count in (2, 4, 12)]
        assert list(launch_weights(found)) == [1.0] * 3
        assert list(launch_weights([Unit(0.1, 0.0, 1), Unit(0.2, 0.0, 1)], 0.1)) == [1.0] * 2
        assert list(launch_weights(units(0.1, 0.2), 0.0)) == [1.0] * 2

    @pytest.mark.parametrize("between", [0.0, 0.02])
    def test_unequal_launches_hold_the_truth_and_are_nearer_to_it(self, between):
        rng = np.random.default_rng(5)
        rounds, trials = (3, 4, 13), 600
        spread = Spread(between**2 + 0.05**2 * 1.4 * float(np.mean([1 / n for n in rounds])), 18.0)
        held, errors, plain = 0, [], []
        for _ in range(trials):
            drawn = self.drawn(rng, rounds, between)
            estimate = over_launches(drawn, spread)
            held += estimate.low <= 1.0 <= estimate.high
            errors.append(math.log(estimate.ratio))
            plain.append(np.mean([unit.log for unit in drawn]))
        assert held / trials > 0.94
        assert np.std(errors) < (0.9 if between == 0.0 else 1.0) * np.std(plain)


class TestModeration:
    """Smyth 2004, section 6.2, by hand and by solving for d0 numerically."""

    VARIANCES, FREEDOM = (0.5, 1.0, 2.0, 8.0), 4.0

    def test_d0_and_s0_are_the_papers(self):
        e = np.log(self.VARIANCES) - special.digamma(2.0) + math.log(2.0)
        wanted = np.sum((e - e.mean()) ** 2) / 3 - special.polygamma(1, 2.0)
        d0 = 2 * optimize.brentq(lambda half: special.polygamma(1, half) - wanted, 1e-3, 1e3)
        s0 = math.exp(e.mean() + special.digamma(d0 / 2) - math.log(d0 / 2))
        spread = pooled_spread(self.VARIANCES, [self.FREEDOM] * 4)
        assert (spread.freedom, spread.variance) == pytest.approx((d0, s0))
        moved, freedom = moderated(8.0, 4.0, spread)
        assert moved == pytest.approx((d0 * s0 + 4.0 * 8.0) / (d0 + 4.0))
        assert freedom == pytest.approx(min(d0 + 4.0, 16.0))

    def test_alike_beyond_chance_all_have_one_variance(self):
        spread = pooled_spread([1.0, 1.01, 0.99], [2.0] * 3)
        e = np.log([1.0, 1.01, 0.99]) - special.digamma(1.0)
        assert math.isinf(spread.freedom)
        assert spread.variance == pytest.approx(math.exp(e.mean()))
        assert moderated(5.0, 2.0, spread) == (spread.variance, 6.0)

    def test_one_variance_moderates_nothing(self):
        assert moderated(3.0, 2.0, pooled_spread([1.0], [2.0])) == (3.0, 2.0)
        assert pooled_spread([], []) is None
        assert pooled_spread([0.0, 0.0], [2.0, 2.0]) is None

    @pytest.mark.parametrize("value", [1e-9, 1e-3, 0.1, 1.0, 1.6449340668482264, 30.0, 1e9])
    def test_trigamma_inverse(self, value):
        assert float(special.polygamma(1, trigamma_inverse(value))) == pytest.approx(value, rel=1e-3)

    @pytest.mark.parametrize("entrants", [2, 3, 4, 6, 9])
    def test_entrants_show_the_variance_of_a_ratio(self, entrants):
        rng = np.random.default_rng(entrants)
        levels = rng.normal(0.0, 2.0, entrants)  # who is fast plays no part
        figures = levels + rng.normal(0.0, 0.1, (400, 3, entrants))
        found = [np.mean(entrants_variances(one - one[:, :1])[0]) for one in figures]
        assert np.mean(found) == pytest.approx(2 * 0.01, rel=0.08)

    def test_one_restless_entrant_does_not_make_the_others_so(self):
        rng = np.random.default_rng(2)
        figures = rng.normal(0.0, 0.02, (3, 9))
        figures[0, 0] += 1.1  # the ladder's first rung: 15.3 s in one run, 5 s in the others
        variances, _, most = entrants_variances(figures - figures[:, :1])
        assert variances[0] > 0.1
        assert max(variances[1:]) < 0.01
        assert most == 16

    def test_a_launch_of_ten_that_a_burst_spoiled_is_none_of_it(self):
        rng = np.random.default_rng(4)
        figures = rng.normal(0.0, 0.01, (10, 5))
        calm, freedoms, _ = entrants_variances(figures - figures[:, :1])
        figures[3, 2] += 0.4
        variances, left, most = entrants_variances(figures - figures[:, :1])
        assert variances == pytest.approx(calm, rel=0.5)
        assert (freedoms, left, most) == ([9.0] * 5, [9.0, 9.0, 8.0, 9.0, 9.0], 36.0)
        figures[6:9, 2] += 0.4  # four of ten: that is how it is
        assert entrants_variances(figures - figures[:, :1])[0][2] > 0.02

    def test_who_is_restless_stays_so(self):
        rng = np.random.default_rng(5)
        found = []
        for _ in range(300):
            figures = rng.normal(0.0, [0.1, *[0.01] * 6], (10, 7))
            found.append(entrants_variances(figures - figures[:, :1])[0][0])
        # brought to a ratio's: the median of six others has 1.45 / 6 of one's variance
        assert np.mean(found) == pytest.approx(2.0 / (1.0 + 1.45 / 6) * 0.01, rel=0.15)


def groups(rng, effect, launches, entrants=4, amount=2, ratios=None):
    """Comparisons with the first entrant of each group, launch effects and noise normal on the log scale."""
    every, variances, freedoms, most = [], [], [], 0.0
    for _ in range(amount):
        own = rng.normal(0.0, effect, (launches, 1, entrants))
        logs = (
            own + rng.normal(0.0, NOISE, (launches, ROUNDS, entrants)) + (0.0 if ratios is None else ratios)
        )
        shown = [[unit_of(logs[n, :, e] - logs[n, :, 0]) for e in range(entrants)] for n in range(launches)]
        figures = np.array([[unit.log for unit in row] for row in shown])
        part = entrants_variances(figures)
        variances, freedoms, most = variances + part[0], freedoms + part[1], most + part[2]
        every += [[row[e] for row in shown] for e in range(1, entrants)]
    return every, pooled_spread(variances, freedoms, most)


class TestSimulatedLaunches:
    @pytest.mark.parametrize("effect", [0.005, 0.01, 0.02, 0.05])
    @pytest.mark.parametrize("launches", [3, 5, 10])
    def test_intervals_hold_the_truth_and_copies_are_not_different(self, effect, launches):
        rng = np.random.default_rng([int(1000 * effect), launches])
        held, false = [], []
        for _ in range(200):
            compared, spread = groups(rng, effect, launches)
            estimates = [over_launches(one, spread) for one in compared]
            held += [item.low <= 1.0 <= item.high for item in estimates]
            false += [item.different for item in with_false_discovery_rate(list(map(verdict, estimates)))]
        assert np.mean(held) >= 0.93
        assert np.mean(false) <= 0.05

    @pytest.mark.parametrize("effect", [0.005, 0.01, 0.02, 0.05])
    def test_of_one_launch_with_a_known_spread(self, effect):
        rng = np.random.default_rng(int(1000 * effect))
        spread = Spread(2 * effect**2, 20.0)
        held = []
        for _ in range(600):
            own = rng.normal(0.0, effect, 2)
            sides = np.exp(rng.normal(0.0, NOISE, (2, ROUNDS)) + own[:, None])
            estimate = widened(paired_ratio(*sides), spread)
            held.append(estimate.low <= 1.0 <= estimate.high)
        assert np.mean(held) >= 0.93

    def test_rounds_alone_hold_it_far_less_often(self):
        rng = np.random.default_rng(7)
        held = []
        for _ in range(300):
            sides = np.exp(rng.normal(0.0, NOISE, (2, 40)) + rng.normal(0.0, 0.02, 2)[:, None])
            estimate = paired_ratio(*sides)
            held.append(estimate.low <= 1.0 <= estimate.high)
        assert np.mean(held) < 0.5

    def test_a_tenth_is_found(self):
        rng = np.random.default_rng(3)
        true = np.array([0.0, math.log(1.1), math.log(1.1), math.log(1.1)])
        found = []
        for _ in range(60):
            compared, spread = groups(rng, 0.01, 5, ratios=true)
            found += [verdict(over_launches(one, spread)).word == "slower" for one in compared]
        assert np.mean(found) >= 0.9

    @pytest.mark.parametrize("launches", [3, 5])
    def test_two_runs_of_one_code_at_two_times(self, launches):
        """Launches of either run scatter, and the runs have effects of their own."""
        rng = np.random.default_rng(launches)
        held, false = [], []
        runs = Spread(0.025**2, 8.0, assumed=True)
        for _ in range(400):
            sides = [
                [[Unit(log, 0.0, ROUNDS) for log in rng.normal(rng.normal(0, 0.025), 0.03, launches)]]
                for _ in range(2)
            ]
            estimate = apart(*sides, (None, None), runs)
            held.append(estimate.low <= 1.0 <= estimate.high)
            false.append(verdict(estimate).word == "slower" and estimate.ratio > 1.05)
        assert np.mean(held) >= 0.93
        assert np.mean(false) <= 0.03


class TestLaunchesThatABurstSpoiled:
    """Shown by all entrants: a standard deviation of 0.01; apart is what lies beyond 0.025."""

    SHOWN = Spread(0.01**2, math.inf, most=60.0)

    def test_one_in_five_at_most_is_left_out(self):
        calm = [0.0, 0.01, -0.01, 0.0]
        for far in (0.5, -0.5, 0.026):
            assert [unit.log for unit in together(units(*calm, far), 0.01**2)] == calm
        for every in ([*calm, 0.024], [0.0, 0.01, -0.01, 0.5], [*calm, 0.5, 0.5], [0.0, 0.0, 0.5]):
            assert [unit.log for unit in together(units(*every), 0.01**2)] == every

    @pytest.mark.parametrize("burst", [1.6, 1.06])
    def test_five_per_cent_are_found_though_a_launch_in_ten_was_held_up(self, burst):
        rng = np.random.default_rng(8)
        found, held = [], []
        for _ in range(300):
            logs = math.log(1.05) + rng.normal(0.0, 0.01, 10)
            logs[rng.integers(10)] += math.log(burst)
            estimate = over_launches(units(*logs), Spread(0.01**2, 20.0, most=60.0))
            found.append(verdict(estimate).word == "slower")
            held.append(estimate.low <= 1.05 <= estimate.high)
            assert estimate.launches + estimate.left_out == 10
        assert np.mean(found) >= 0.95
        assert np.mean(held) >= 0.93

    def test_where_entrants_differ_much_none_is_left_out(self):
        """Four degrees of freedom: one entrant in twenty has 5.6 times that variance, as they are."""
        shown = Spread(0.01**2, 4.0, most=60.0)
        assert shown.largest == pytest.approx(0.01**2 * 4.0 / stats.chi2.ppf(0.05, 4))
        logs = [0.0, 0.01, -0.01, 0.0, 0.055]
        assert over_launches(units(*logs), shown).left_out == 0
        assert over_launches(units(*logs), self.SHOWN).left_out == 1
        assert over_launches(units(*logs), Spread(0.01**2, math.inf, most=7.0)).left_out == 0
        assert Spread(1.0, 0.0).largest == math.inf

    def test_who_is_of_two_minds_is_not_made_one(self):
        logs = [0.0, 0.3] * 5
        assert over_launches(units(*logs), self.SHOWN).ratio == pytest.approx(math.exp(0.15))

    def test_errors_of_rounds_count_for_no_more_than_launches_show_of_all_entrants(self):
        """Of rounds of which a burst took a third the error of a median is told at ten times what it is."""
        logs = [0.0, 0.005, -0.005]
        overstated = replace(self.SHOWN, overstated=100.0)
        told, slow = (over_launches(units(*logs, squared_error=e), overstated) for e in (0.0, 0.1**2))
        assert (told.low, told.high) == pytest.approx((slow.low, slow.high), rel=1e-3)
        restless = over_launches(units(*logs, squared_error=0.4**2), overstated)
        assert restless.high > 1.04 > slow.high
        for spread in (self.SHOWN, replace(overstated, most=4.0), None):  # all rounds right, too few launches
            assert over_launches(units(*logs, squared_error=0.1**2), spread).high > 1.1


@pytest.mark.parametrize(("launches", "rounds"), [(3, 12), (10, 4)])
@pytest.mark.parametrize("bursts", [0.0, 0.35])
def test_one_entrant_noisier_than_the_others_and_bursts_are_both_told_right(launches, rounds, bursts):
    """Six alike, the last with ten times their noise: its interval must be wider than theirs."""
    rng = np.random.default_rng(launches)
    held, arms = [], []
    for _ in range(300):
        noise = rng.normal(0.0, 0.003, (6, launches, rounds))
        noise[5] *= 10.0
        hit = rng.random(noise.shape) < bursts
        noise += hit * np.abs(rng.normal(0.0, 0.2, noise.shape))
        entrants = [[unit_of(row - base) for row, base in zip(e, noise[0], strict=True)] for e in noise]
        figures = np.array([[unit.log for unit in entrant] for entrant in entrants]).T
        variances, freedoms, most = entrants_variances(figures)
        told = [float(np.mean([unit.squared_error for unit in entrant])) for entrant in entrants]
        told[0] = float(np.mean(told[1:]))
        spread = replace(
            pooled_spread(variances, freedoms, most),
            overstated=max(1.0, times_larger(told, variances, freedoms)),
        )
        found = [over_launches(entrants[number], spread) for number in (1, 5)]
        held.append([estimate.low <= 1.0 <= estimate.high for estimate in found])
        arms.append([math.log(estimate.high / estimate.low) / 2 for estimate in found])
    assert np.mean(held, axis=0).min() >= (0.88 if bursts else 0.93)
    plain, restless = np.mean(arms, axis=0)
    assert plain < (0.6 if not bursts else 1.1) * restless


def test_what_was_told_of_variances_is_held_against_them_in_the_geometric_mean():
    rng = np.random.default_rng(4)
    shown = [float(rng.normal(0.0, 2.0, 3).var(ddof=1)) for _ in range(4_000)]
    assert times_larger([16.0] * 4_000, shown, [2.0] * 4_000) == pytest.approx(4.0, rel=0.08)
    assert times_larger([16.0, 0.0, 3.0], [4.0, 4.0, 0.0], [1e9] * 3) == pytest.approx(4.0)
    assert times_larger([], [], []) == times_larger([0.0], [4.0], [2.0]) == 1.0


def test_each_side_without_pairs_has_its_own_spread():
    """A processor whose launches differ by 4 % beside a GPU whose launches hardly do."""
    rng = np.random.default_rng(9)
    spreads = Spread(0.04**2, 20.0, most=30.0), Spread(0.005**2, 20.0, most=30.0)
    held, mistaken = [], []
    for _ in range(400):
        sides = [[units(*rng.normal(0.0, math.sqrt(s.variance), 3))] for s in spreads]
        estimate = apart(*sides, spreads, None)
        held.append(estimate.low <= 1.0 <= estimate.high)
        estimate = apart(*sides, (spreads[1], spreads[1]), None)
        mistaken.append(estimate.low <= 1.0 <= estimate.high)
    assert np.mean(held) >= 0.93
    assert np.mean(mistaken) < 0.8


class TestOneLaunch:
    ASSUMED = Spread(0.05**2, 8.0, assumed=True)

    def test_six_pairs_far_apart_are_found_among_many(self):
        # Seven epochs: by ranks their least p-value is 0.031, which a second comparison takes back.
        rng = np.random.default_rng(4)
        base = rng.lognormal(0.0, 0.1, (41, 6))
        plain = widened(paired_ratio(base[0], 4.6 * base[1]), self.ASSUMED)
        others = [widened(paired_ratio(base[0], base[n]), self.ASSUMED) for n in range(2, 41)]
        judged = with_false_discovery_rate([verdict(item) for item in (plain, *others)])
        assert judged[0].word == "slower"
        assert plain.p_value < 1e-4
        assert not any(item.different for item in judged[1:])

    def test_three_identical_trainers_and_one_three_times_slower(self):
        words = []
        for seed in range(40):
            rng = np.random.default_rng(seed)
            own = rng.normal(0.0, 0.03, 5)[:, None]
            times = np.exp(rng.normal(0.0, 0.03, (5, 6)) + own) * np.array([1, 1, 1, 1, 3.0])[:, None]
            items = [verdict(widened(paired_ratio(times[0], other), self.ASSUMED)) for other in times[1:]]
            words.append([item.word for item in with_false_discovery_rate(items)])
        assert all(told[3] == "slower" for told in words)
        assert np.mean([word in ("same", "unclear") for told in words for word in told[:3]]) >= 0.97

    def test_it_is_wider_and_says_so(self):
        rng = np.random.default_rng(5)
        rounds = paired_ratio(rng.lognormal(0.0, 0.01, 40), rng.lognormal(0.1, 0.01, 40))
        estimate = widened(rounds, self.ASSUMED)
        assert estimate.assumed
        assert (estimate.spread, estimate.spread_assumed) == (pytest.approx(0.05), True)
        assert math.log(estimate.high / estimate.low) / 2 == pytest.approx(
            0.05 * stats.t.ppf(0.975, 8), rel=0.03
        )
        assert widened(paired_ratio([1.0], [2.0]), self.ASSUMED).has_interval is False

    def test_two_sides_of_five_rounds(self):
        estimate = widened(unpaired_ratio([1.0] * 5, [2.5] * 5), self.ASSUMED)
        assert estimate.apart_p_value is None
        assert estimate.p_value == pytest.approx(2 * stats.t.sf(math.log(2.5) / 0.05, 8), rel=1e-6)


class TestFurtherLaunches:
    def test_so_many_settle_it_if_the_spread_stays(self):
        estimate = over_launches(units(-0.01, 0.05, 0.14))
        more = verdict(estimate).more_launches
        error = math.log(estimate.high / estimate.low) / 2 / stats.t.ppf(0.975, 2) * math.sqrt(3)
        centre = math.log(estimate.ratio)

        def arm(count):
            return stats.t.ppf(0.975, count - 1) * error / math.sqrt(count)

        assert arm(3 + more) <= centre < arm(2 + more)
        assert verdict(estimate).more_rounds is None

    def test_none_where_runs_differ_by_more(self):
        sides = [[[Unit(log, 0.0, 5) for log in (shift, shift + 0.01, shift)]] for shift in (0.0, 0.03)]
        estimate = apart(*sides, (None, None), Spread(0.05**2, 8.0, assumed=True))
        assert further_launches(estimate, math.log(estimate.ratio)) is None
        assert verdict(estimate).word == "unclear"
        assert (verdict(estimate).more_launches, verdict(estimate).more_rounds) == (None, None)

    def test_what_the_control_takes_back_asks_for_twice_the_launches(self):
        few = over_launches(units(0.10, 0.13, 0.19))
        assert verdict(few).word == "slower"
        (taken, *_) = with_false_discovery_rate(
            [verdict(few), *[verdict(over_launches(units(0.01, -0.01)))] * 9]
        )
        assert (taken.word, taken.more_launches, taken.more_rounds) == ("unclear", 3, None)
