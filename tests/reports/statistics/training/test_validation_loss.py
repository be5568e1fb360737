"""Who misses a validation loss, by numbers whose intervals scipy gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.training.validation_loss import may_be_called_faster_by_loss, mean_loss


def by_seed(*losses, first=0):
    return {str(seed): loss for seed, loss in enumerate(losses, first)}


def test_the_mean_has_student_s_interval():
    losses = [0.30, 0.33, 0.31, 0.34]
    low, high = stats.t.interval(0.95, 3, np.mean(losses), stats.sem(losses))
    assert mean_loss(by_seed(*losses)) == pytest.approx((np.mean(losses), low, high))
    assert mean_loss({"a": 0.25}) == (0.25, 0.25, 0.25)
    with pytest.raises(ValueError, match="no seed"):
        mean_loss({})


@pytest.mark.parametrize(
    ("base", "other", "allowed"),
    [
        ((0.30, 0.31, 0.32), (0.3055, 0.3155, 0.3255), True),  # surely higher, by less than 2 %
        ((0.30, 0.31, 0.32), (0.3105, 0.3205, 0.3305), False),  # surely, by 3.4 %
        ((0.30, 0.31, 0.32), (0.30, 0.34, 0.32), True),  # by 3 %, and the seeds don't say so
        ((0.30, 0.31, 0.32), (0.30, 0.41, 0.32), False),  # by 11 %
        ((0.30, 0.31, 0.32), (0.20, 0.21, 0.22), True),  # lower
        ((0.30,), (0.32,), True),  # one seed: nothing is concluded
        ((0.30,), (0.34,), False),  # but of 13 %
        ((-0.90, -0.91, -0.92), (-0.80, -0.81, -0.82), False),  # a negative loss: higher is nearer to 0
        ((-0.90, -0.91, -0.92), (-0.99, -1.0, -1.01), True),
        ((0.0, 0.0), (0.0, 0.0), True),
    ],
)
def test_who_reaches_the_loss_may_be_called_faster(base, other, allowed):
    announced = may_be_called_faster_by_loss("faster", by_seed(*base), by_seed(*other), "keras-fit")
    assert announced.allowed is allowed
    turned = may_be_called_faster_by_loss("slower", by_seed(*other), by_seed(*base), "keras-fit")
    assert turned.allowed is allowed
    means = [f"{np.mean(side):.4g}" for side in (other, base)]
    assert announced.reason == f"trained to a validation loss of {means[0]} against keras-fit's {means[1]}"


def test_other_seeds_are_compared_by_welch_s_test():
    base, near, far = by_seed(0.30, 0.31, 0.32), (0.311, 0.321, 0.331), (0.345, 0.346, 0.347)
    for other, allowed in ((near, True), (far, False)):
        p = stats.ttest_ind(list(base.values()), other, equal_var=False).pvalue
        assert bool(p > 0.05) is allowed
        told = may_be_called_faster_by_loss("faster", base, by_seed(*other, first=7))
        assert told.allowed is allowed
    assert "against 0.31" in may_be_called_faster_by_loss("faster", base, by_seed(0.3, first=9)).reason
    still = may_be_called_faster_by_loss("faster", by_seed(0.30, 0.30), by_seed(0.31, 0.31, first=7))
    assert not still.allowed


def test_nobody_is_faster_where_times_don_t_differ():
    assert not may_be_called_faster_by_loss("unclear", by_seed(0.3), by_seed(0.3)).allowed
    with pytest.raises(ValueError, match="no seed"):
        may_be_called_faster_by_loss("faster", {}, by_seed(0.3))
