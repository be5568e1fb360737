"""What launches and twins show, computed by hand from launches of two rounds."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import report_samples as samples
from report_launched import cell, document, steady
from report_studies import study_of
from scipy import special

from likeforlike.reports.judge.grounds import Grounds, kind_of, run_spread, runs_shown
from likeforlike.reports.statistics.moderated_variance import pooled_spread

WRONG = {"verified": {"error": 1.0, "tolerance": 0.1}}


def moving(*logs, error=0.0):
    """A launch for each log, its rounds so far above and below it: of two the squared error is ``error**2``."""
    return [[math.exp(log + sign * error) for sign in (1.0, -1.0)] for log in logs]


def of(*cells, **header):
    """Grounds of one file, and its measurements by name and size."""
    study = study_of(document(*cells, **header))
    return Grounds(study), {(i.key.implementation, i.key.axis.get("size")): i for i in study.measurements}


class TestRatioSpread:
    PAIR = (cell("a", moving(0.0, 0.0, 0.0)), cell("b", moving(0.0, 0.1, 0.2, error=0.2)))

    def test_of_two_it_is_the_variance_of_their_log_ratios(self):
        """Rounds say 0.2² of a variance of 0.01; of two degrees of freedom that is e^-γ too large."""
        grounds, items = of(*self.PAIR)
        spread = grounds.ratio_spread(items["a", 500])
        assert spread.variance == pytest.approx(0.01)
        assert (spread.freedom, spread.most, spread.assumed) == (0.0, 2.0, False)
        assert spread.overstated == pytest.approx(4.0 * math.exp(-np.euler_gamma))
        assert grounds.ratio_spread(items["b", 500]) == spread

    def test_where_rounds_say_less_nothing_is_overstated(self):
        grounds, items = of(cell("a", moving(0.0, 0.0)), cell("b", moving(0.0, 0.1, error=0.001)))
        spread = grounds.ratio_spread(items["a", 500])
        assert (spread.variance, spread.most, spread.overstated) == (pytest.approx(0.005), 1.0, 1.0)

    def test_of_three_each_is_held_against_the_middle_of_the_others(self):
        """Of two others the median has half a ratio's variance: 2 / (1 + 1 / 2) brings it to that of a ratio."""
        logs = np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 0.1, -0.1, 0.05], [0.02, -0.04, 0.06, 0.0]])
        errors = (0.0, 0.3, 0.5)
        cells = [cell(n, moving(*row, error=e)) for n, row, e in zip("abc", logs, errors, strict=True)]
        grounds, items = of(*cells)
        apart = [logs[n] - np.median(np.delete(logs, n, axis=0), axis=0) for n in range(3)]
        variances = [4.0 / 3.0 * np.var(values, ddof=1) for values in apart]
        expected = pooled_spread(variances, [3.0] * 3, 6.0)
        spread = grounds.ratio_spread(items["b", 500])
        assert (spread.variance, spread.freedom) == pytest.approx((expected.variance, expected.freedom))
        assert spread.most == 6.0
        told = [(0.3**2 + 0.5**2) / 2, 0.3**2, 0.5**2]
        right = np.log(variances) - special.digamma(1.5) + np.log(1.5)
        assert spread.overstated == pytest.approx(math.exp(np.mean(np.log(told) - right)))

    def test_who_was_launched_once_or_is_wrong_does_not_count(self):
        expected = of(*self.PAIR)[0].ratio_spread(of(*self.PAIR)[1]["a", 500])
        once = cell("once", steady(1.0, rounds=6))
        wrong = cell("wrong", moving(0.0, 3.0, -2.0), **WRONG)
        for more in ((once,), (wrong,), (once, wrong)):
            grounds, items = of(*self.PAIR, *more)
            assert grounds.ratio_spread(items["a", 500]) == expected

    def test_without_a_ratio_between_launches_there_is_none(self):
        grounds, items = of(cell("a", steady(1.0)), cell("b", steady(1.0)))
        assert grounds.ratio_spread(items["a", 500]) is None
        alone, items = of(cell("a", moving(0.0, 0.1)))
        assert alone.ratio_spread(items["a", 500]) is None

    def test_a_group_of_one_or_with_one_launch_in_common_goes_by_the_others(self):
        alone = cell("x", moving(0.0, 1.0, 2.0), 900)
        parts = [
            cell("p", moving(0.0, 1.0), 700),
            cell("q", moving(3.0, 1.0), 700, round_numbers=[2, 3, 4, 5], launch_numbers=[1, 1, 2, 2]),
        ]
        grounds, items = of(*self.PAIR, alone, *parts)
        for where in (("x", 900), ("p", 700), ("a", 500)):
            spread = grounds.ratio_spread(items[where])
            assert (spread.variance, spread.most) == (pytest.approx(0.01), 2.0)

    @staticmethod
    def group(seed, entrants, launches, effect, size):
        draw = np.random.default_rng(seed)
        return [cell(f"e{n}", moving(*draw.normal(0.0, effect, launches)), size) for n in range(entrants)]

    def test_from_eight_degrees_of_freedom_on_a_group_goes_by_its_own(self):
        small, large = self.group(1, 3, 5, 0.2, 500), self.group(2, 3, 5, 0.01, 900)
        grounds, items = of(*small, *large)
        for cells, size in ((small, 500), (large, 900)):
            alone, own = of(*cells)
            expected = alone.ratio_spread(own["e1", size])
            assert expected.most == 8.0
            assert grounds.ratio_spread(items["e1", size]) == expected
            assert grounds.ratio_spread(items["e1", size]) == expected  # and again when asked once more

    def test_of_seven_it_goes_by_all(self):
        small, large = self.group(1, 2, 8, 0.2, 500), self.group(2, 2, 8, 0.01, 900)
        grounds, items = of(*small, *large)
        spread = grounds.ratio_spread(items["e1", 500])
        assert spread.most == 14.0
        assert grounds.ratio_spread(items["e0", 900]) == spread


class TestTimeSpread:
    def test_is_the_mean_of_a_group_with_the_fewest_degrees_of_freedom_of_any(self):
        """Logs 0, 0.2 have the variance 0.02 and logs 0, 0.2, 0.4 that of 0.04."""
        a, b = cell("a", moving(0.0, 0.2)), cell("b", moving(0.0, 0.2, 0.4))
        for cells, variance, most in (((a, b), 0.03, 1.0), ((b,), 0.04, 2.0)):
            grounds, items = of(*cells)
            for _ in range(2):
                spread = grounds.time_spread(items["b", 500])
                assert (spread.variance, spread.most) == (pytest.approx(variance), most)

    def test_who_has_times_in_one_launch_alone_tells_nothing(self):
        half = cell("half", [[1.0] * 4, [0.0] * 4])
        grounds, items = of(cell("a", moving(0.0, 0.2)), half)
        assert grounds.time_spread(items["half", 500]).variance == pytest.approx(0.02)
        alone, items = of(half)
        assert alone.time_spread(items["half", 500]) is None

    def test_launched_once_there_is_none(self):
        grounds, items = of(cell("a", steady(1.0)))
        assert grounds.time_spread(items["a", 500]) is None


class TestOneLaunch:
    def test_goes_by_other_cells_there_or_by_what_is_assumed(self):
        """2 % of kernels, 5 % of trainings, worth eight degrees of freedom."""
        grounds, items = of(*TestRatioSpread.PAIR, cell("x", steady(1.0), 900))
        assert grounds.one_launch_spread(items["x", 900]).variance == pytest.approx(0.01)
        training = samples.training("keras-fit", samples.RECIPE, 0, samples.Noise(1), 5.0, 4)
        grounds, items = of(cell("x", steady(1.0)), training)
        for where, share in ((("x", 500), 0.02), (("keras-fit", None), 0.05)):
            spread = grounds.one_launch_spread(items[where])
            assert spread.variance == pytest.approx(share**2)
            assert (spread.freedom, spread.assumed) == (8.0, True)


def twin(name, launches, of_="a", size=500, **extra):
    return cell(name, launches, size, **{"role": "twin", "twin_of": of_} | extra)


class TestCopies:
    A = cell("a", moving(0.0, 0.0, 0.0))

    def test_their_ratio_is_the_median_over_launches(self):
        grounds, items = of(self.A, cell("b", steady(1.0)), twin("a-twin", moving(0.5, 0.0, 0.1)))
        a = items["a", 500]
        (copies,) = grounds.copies(a.machine, "cpu:0", "matmul")
        assert (copies.original.key, copies.twin.key.implementation) == (a.key, "a-twin")
        assert copies.ratio == pytest.approx(math.exp(0.1))
        assert (copies.launches, copies.pairs) == (3, 6)
        assert grounds.noise(items["b", 500]) == pytest.approx((1.0, math.exp(0.1)))
        assert grounds.copies(a.machine, "gpu:0", "matmul") == ()

    def test_of_several_the_widest_counts_with_1_among_them(self):
        faster = twin("a-twin", moving(-0.1, -0.1, -0.1))
        grounds, items = of(self.A, faster)
        assert grounds.noise(items["a", 500]) == pytest.approx((math.exp(-0.1), 1.0))
        other = [cell("a", moving(0.0, 0.0), 900), twin("a-twin", moving(0.3, 0.3), size=900)]
        grounds, items = of(self.A, faster, *other)
        assert grounds.noise(items["a", 500]) == pytest.approx((math.exp(-0.1), math.exp(0.3)))

    def test_without_any_the_interval_of_the_machine_counts(self):
        grounds, items = of(self.A, noise={"aa_interval": [0.9, 1.2], "aa_ratio": 1.0, "aa_pairs": 9})
        assert grounds.noise(items["a", 500]) == (0.9, 1.2)
        grounds, items = of(self.A)
        assert grounds.noise(items["a", 500]) is None

    @pytest.mark.parametrize(
        "cells",
        [
            (A, twin("b-twin", moving(0.1, 0.1, 0.1), of_="b")),
            (A, twin("a-twin", moving(0.1, 0.1, 0.1), group="another")),
            (A, twin("a-twin", moving(0.1, 0.1, 0.1), **WRONG)),
            (cell("a", moving(0.0, 0.0, 0.0), **WRONG), twin("a-twin", moving(0.1, 0.1, 0.1))),
        ],
    )
    def test_no_copies_are_those_of_what_was_not_measured_in_turns_or_is_wrong(self, cells):
        grounds, items = of(*cells)
        assert grounds.noise(items["a", 500]) is None


class TestRuns:
    KERNEL = SimpleNamespace(extra=SimpleNamespace(recipe=None))
    TRAINING = SimpleNamespace(extra=SimpleNamespace(recipe={}))

    def test_kinds(self):
        assert (kind_of(self.KERNEL), kind_of(self.TRAINING)) == ("kernels", "trainings")

    def test_what_is_assumed(self):
        for item, share in ((self.KERNEL, 0.025), (self.TRAINING, 0.05)):
            spread = run_spread(item)
            assert spread.variance == pytest.approx(share**2)
            assert (spread.freedom, spread.assumed) == (8.0, True)

    def test_what_cells_show_is_drawn_towards_it(self):
        """The median distance is 0.02: 1.4826 times that is a deviation, of which either run has half."""
        logs = [0.02, -0.02, 0.01, -0.03, 0.02, 0.5]
        spread = runs_shown([self.KERNEL] * 6, logs)
        assert spread.freedom == 14.0
        assert spread.variance == pytest.approx((8 * 0.025**2 + 6 * (1.4826 * 0.02) ** 2 / 2) / 14)
        assert not spread.assumed
        wide = runs_shown([self.TRAINING] * 6, [0.08, -0.08] * 3)
        assert wide is None  # 0.12 / √2 a run, more than the 0.05 assumed
        assert runs_shown([self.TRAINING] * 6, [0.04, -0.04] * 3) is not None

    def test_of_fewer_than_six_nothing_is_learnt(self):
        assert runs_shown([self.KERNEL] * 5, [0.0] * 5) is None
        assert runs_shown([self.KERNEL] * 6, [0.0] * 6) is not None
        assert runs_shown([self.KERNEL] * 7, [0.0] * 7) is not None
        assert runs_shown([], []) is None
