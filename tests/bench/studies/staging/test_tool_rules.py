"""The rules of other tools, against their own code, their formulas or cases by hand; and ours."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pytest_benchmark.utils import parse_compare_fail
from scipy import stats

from likeforlike.bench.studies.staging import tool_rules as rules


def pairs_of_samples(count=300, seed=7):
    """Pairs of sets of 5 to 80 times, from equal to 30 % apart, of several spreads."""
    draw = np.random.default_rng(seed)
    for _ in range(count):
        size, effect = int(draw.integers(5, 80)), draw.choice([0.0, 0.02, 0.05, 0.1, 0.3])
        spread = draw.choice([0.005, 0.05, 0.3])
        base = np.exp(draw.normal(0, spread, size)) * 0.01
        yield list(base), list(np.exp(draw.normal(0, spread, size)) * 0.01 * (1 + effect))


def both_words_were_seen(words):
    return {"slower", "not different"} <= set(words)


def test_pytest_benchmarks_rule_is_that_of_its_own_check():
    check = parse_compare_fail("mean:5%")
    words = []
    for base, other in pairs_of_samples():
        words.append(rules.pytest_benchmark(base, other))
        fails = check.fails({"mean": np.mean(other)}, {"mean": np.mean(base)})
        assert (words[-1] == "slower") == bool(fails)
        exchanged = check.fails({"mean": np.mean(base)}, {"mean": np.mean(other)})
        assert (words[-1] == "faster") == bool(exchanged)
    assert both_words_were_seen(words)


def test_pyperfs_rule_is_students_t_with_pooled_variance():
    words = []
    for base, other in pairs_of_samples():
        words.append(rules.pyperf(base, other))
        count = len(base)
        pooled = (np.var(base, ddof=1) + np.var(other, ddof=1)) / 2
        score = (np.mean(base) - np.mean(other)) / math.sqrt(pooled / count * 2)
        significant = abs(score) >= stats.t.ppf(0.975, 2 * count - 2)
        expected = ("slower" if score < 0 else "faster") if significant else "not different"
        assert words[-1] == expected
    assert both_words_were_seen(words)


def test_googles_rule_counts_the_pairs_in_which_the_other_is_above():
    words = []
    for base, other in pairs_of_samples():
        if len(base) < 10:  # the normal approximation below is for more
            continue
        words.append(rules.google_benchmark(base, other))
        count = len(base)
        above = sum(second > first for first in base for second in other)
        deviation = math.sqrt(count * count * (2 * count + 1) / 12)
        score = (abs(above - count * count / 2) - 0.5) / deviation
        assert (words[-1] != "not different") == (score > 1.959964)
    assert both_words_were_seen(words)


@pytest.mark.parametrize(
    ("base", "other", "word"),
    [
        # means 10 and 13, deviations 1 and 1: 1.3 ± 1.3 · √(0.01 + 0.00592) = 1.3 ± 0.164
        ([9, 10, 11], [12, 13, 14], "slower"),
        ([12, 13, 14], [9, 10, 11], "faster"),
        # means 10 and 11: 1.1 ± 1.1 · √(0.01 + 0.00826) = 1.1 ± 0.149
        ([9, 10, 11], [10, 11, 12], "not different"),
    ],
)
def test_hyperfines_rule_by_hand(base, other, word):
    assert rules.hyperfine(base, other) == word


@pytest.mark.parametrize(
    ("base", "other", "word"),
    [
        # five against five: 1 / C(10, 5) = 0.004 is no p-value below 0.002, however far apart
        ([10, 11, 12, 13, 14], [20, 21, 22, 23, 24], "not different"),
        # six against six, all apart: p = 2 / 924 = 0.00216, not below 0.002
        ([10, 11, 12, 13, 14, 15], [20, 21, 22, 23, 24, 25], "not different"),
        # seven against seven, all apart: p = 2 / 3432
        ([10, 11, 12, 13, 14, 15, 16], [20, 21, 22, 23, 24, 25, 26], "slower"),
        ([20, 21, 22, 23, 24, 25, 26], [10, 11, 12, 13, 14, 15, 16], "faster"),
        # as significant, but medians 13 and 14.2 are within a factor of 1.1
        ([13 + n / 100 for n in range(7)], [14.2 + n / 100 for n in range(7)], "not different"),
        # twenty-one a side, all apart: z = (0 - 220.5) / √(441 · 43 / 12) = -5.55
        (list(range(100, 121)), list(range(200, 221)), "slower"),
    ],
)
def test_asvs_rule_by_hand(base, other, word):
    assert rules.asv(base, other) == word


@pytest.mark.parametrize(
    ("base", "other", "word"),
    [
        # five samples: the third quartile is of rank (75 · 4 + 50) // 100 = 3, so 1 to 4, whatever the fifth
        ([1, 2, 3, 4, 99], [4.1, 5, 6, 7, 8], "slower"),
        ([4.1, 5, 6, 7, 99], [1, 2, 3, 4, 98], "faster"),
        # from 400 to 402: a gap of just 0.5 %; and one of less
        ([100, 200, 300, 400, 999], [402, 500, 600, 700, 800], "slower"),
        ([100, 200, 300, 400, 999], [401.9, 500, 600, 700, 800], "not different"),
        # the least sample of the other lies below the base's third quartile
        ([1, 2, 3, 4, 5], [3.9, 50, 60, 70, 80], "not different"),
        # four samples: of rank (225 + 50) // 100 = 2, the third; six: (375 + 50) // 100 = 4, the fifth
        ([1, 2, 3, 9], [4, 5, 6, 7], "slower"),
        ([1, 2, 3, 4, 9, 99], [8, 10, 10, 10, 10, 10], "not different"),
    ],
)
def test_nvbenchs_rule_by_hand(base, other, word):
    assert rules.nvbench(base, other) == word


def test_our_rule_pairs_the_samples():
    """A drift that dwarfs a 5 % slow-down, common to the pairs, hides it from all but the paired rule."""
    drift = np.linspace(1, 3, 60)
    jitter = np.random.default_rng(1).normal(1, 0.01, (2, 60))
    base, other = drift * jitter[0], drift * jitter[1] * 1.05
    assert rules.likeforlike(base, other) == "slower"
    assert rules.likeforlike(other, base) == "faster"
    assert rules.likeforlike(base, drift * jitter[1]) == "not different"
    shuffled = np.random.default_rng(2).permutation(other)
    assert rules.likeforlike(base, shuffled) == "not different"
