"""Who misses a validation loss, at the very edges: margin, gap, Student's and Welch's intervals."""

from __future__ import annotations

import math
import warnings

import pytest
from scipy import stats

from likeforlike.reports.statistics.training.validation_loss import may_be_called_faster_by_loss, mean_loss


def by_seed(*losses, first=0):
    return {str(seed): loss for seed, loss in enumerate(losses, first)}


def allowed(base, other):
    return may_be_called_faster_by_loss("faster", base, other).allowed


@pytest.mark.parametrize("losses", [(0.2, 0.4), (0.2, 0.3, 0.7)])
def test_the_interval_begins_with_two_seeds(losses):
    mean, error = sum(losses) / len(losses), stats.sem(losses)
    arm = stats.t.ppf(0.975, len(losses) - 1) * error
    assert mean_loss(by_seed(*losses)) == pytest.approx((mean, mean - arm, mean + arm))


@pytest.mark.parametrize(
    ("base", "other", "may"),
    [
        ((50.0, 50.0), (51.0, 51.0), True),  # surely, by 2 % and no more
        ((50.0, 50.0), (51.1, 51.1), False),
        ((10.0,), (11.0,), True),  # of one seed each, by 10 % and no more
        ((10.0,), (11.1,), False),
        ((0.0,), (0.05,), True),  # of a loss of 0 the difference itself counts
        ((0.0,), (0.15,), False),
        ((-10.0,), (-9.0,), True),
        ((-10.0,), (-8.9,), False),
    ],
)
def test_margin_and_gap_are_shares_of_the_loss_to_be_reached(base, other, may):
    assert allowed(by_seed(*base), by_seed(*other)) is may


@pytest.mark.parametrize(("factor", "may"), [(0.999, True), (1.001, False)])
@pytest.mark.parametrize("sides", [(-1.0, 0.0, 1.0), (-1.0, 1.0)])
def test_shared_seeds_have_students_interval_of_their_differences(sides, factor, may):
    """Differences around 5 %, scattered so that their interval just holds 0."""
    scatter = 0.05 / (stats.t.ppf(0.975, len(sides) - 1) * stats.sem(sides))
    base = by_seed(0.9, 1.1, 1.0) if len(sides) == 3 else by_seed(0.9, 1.1)
    other = {
        seed: loss + factor * 0.05 + scatter * side
        for (seed, loss), side in zip(base.items(), sides, strict=True)
    }
    assert allowed(base, other) is may
    assert allowed(base | {"more": 1.0}, other | {"others": 1.0 + factor * 0.05}) is may


@pytest.mark.parametrize(("factor", "may"), [(0.999, True), (1.001, False)])
def test_other_seeds_have_welchs(factor, may):
    """Variances of 0.02² and of 0.01² · 5 / 3."""
    mine, theirs = [0.02 * side for side in (-1, 0, 1)], [0.01 * side for side in (-1.5, -0.5, 0.5, 1.5)]
    squares = 0.02**2 / 3, 0.01**2 * 5 / 3 / 4
    freedom = sum(squares) ** 2 / (squares[0] ** 2 / 2 + squares[1] ** 2 / 3)
    reach = stats.t.ppf(0.975, freedom) * math.sqrt(sum(squares))
    assert 0.02 < reach < 0.1
    base, other = by_seed(*(1.0 + one for one in theirs)), [1.0 + factor * reach + one for one in mine]
    assert allowed(base, by_seed(*other, first=7)) is may
    assert allowed(base, by_seed(*other[:1], first=0) | by_seed(*other[1:], first=7)) is may


def test_seeds_without_scatter_differ_or_not_by_themselves():
    assert not allowed(by_seed(0.30, 0.30), by_seed(0.31, 0.31, first=7))
    assert allowed(by_seed(0.20, 0.40), by_seed(0.31, 0.31, first=7))


@pytest.mark.parametrize(("base", "other"), [((1.0,), (1.05, 1.06, 1.07)), ((1.0, 1.01, 1.02), (1.06,))])
def test_from_a_single_seed_on_either_side_nothing_is_sure(base, other):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert allowed(by_seed(*base), by_seed(*other, first=7))


def test_the_slower_one_is_held_to_the_loss_of_the_faster():
    near, far = by_seed(1.0), by_seed(1.2)
    for word, base, other, may in (
        ("faster", near, far, False),
        ("faster", far, near, True),
        ("slower", near, far, True),
        ("slower", far, near, False),
        ("same", far, near, False),
        ("unclear", far, near, False),
    ):
        assert may_be_called_faster_by_loss(word, base, other).allowed is may
    told = may_be_called_faster_by_loss("slower", far, near, "keras-fit").reason
    assert told == "trained to a validation loss of 1.2 against keras-fit's 1"
    told = may_be_called_faster_by_loss("faster", near, far).reason
    assert told == "trained to a validation loss of 1.2 against 1"
    assert may_be_called_faster_by_loss("same", far, near).reason == "the times don't differ for sure"
