"""Feeding: every pipeline's epochs hold every sample once, with its label, in a fresh order; others are refused."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from likeforlike.bench.worker.calls.timed_calls import PROVEN, timed_calls
from likeforlike.models.contract.problem import WrongAnswer
from likeforlike.models.feeding.epoch import as_arrays, fed, taken
from likeforlike.models.feeding.workload import WORKLOAD
from likeforlike.models.registry import load_registry

AXES = {"samples": 300, "batch": 64}
ENTRIES = load_registry().of("feeding")


def problem():
    return WORKLOAD.problem(AXES, "cpu:0")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_pipeline_s_timed_epochs_are_proven(entry):
    for needed in entry.needs:
        pytest.importorskip(needed)
    if entry.environment and sys.modules["keras"].backend.backend() != "tensorflow":
        pytest.skip("this process has loaded Keras on another backend")
    given = problem()
    kernel = entry.load()(given)
    assert WORKLOAD.verify(AXES, given, kernel.to_numpy(kernel.call())).ok
    calls = timed_calls(WORKLOAD, AXES, given, kernel)
    for _ in range(3):
        calls.before_waking()()
        calls.after(kernel.call(), 1e-3, 1e-3)
    assert calls.facts()["timed_calls"] == PROVEN
    calls.restore()
    assert WORKLOAD.verify(AXES, given, kernel.to_numpy(kernel.call())).ok


def epochs_of(spoil, images, labels, batch, draw):
    """A pipeline by NumPy, spoilt in one way."""
    rows = np.array_split(draw.permutation(len(labels)), range(batch, len(labels), batch))
    return [spoil(images, labels, part) for part in rows]


def right(images, labels, rows):
    return images[rows], labels[rows]


def one_dropped(images, labels, rows):
    return right(images, labels, rows[1:] if 7 in rows else rows)


def one_twice(images, labels, rows):
    return right(images, labels, np.where(rows == 7, 8, rows))


def labels_shifted(images, labels, rows):
    return images[rows], np.roll(labels, 1)[rows]


def two_labels_swapped(images, labels, rows):
    own = labels[rows]
    own[[0, 1]] = own[[1, 0]]
    return images[rows], own


def image_of_one_pixel(images, labels, rows):
    """The drawn column is right by chance in one of 784; the whole batch is not."""
    return np.broadcast_to(images[rows][:, :1], (len(rows), images.shape[1])), labels[rows]


def last_of_each_batch_blank(images, labels, rows):
    taken_rows = images[rows]
    taken_rows[-1] = 0
    return taken_rows, labels[rows]


REFUSALS = {
    one_dropped: r"an epoch came as 5 batches with 299 samples, expected 5 with 300, all but the last of 64",
    one_twice: r"sample 7 came 0 times in an epoch, expected once",
    labels_shifted: r"label \d+ came with the row of another sample",
    two_labels_swapped: r"label \d+ came with the row of another sample",
    image_of_one_pixel: r"label \d+ came with|the images of batch \d are not those of their labels",
    last_of_each_batch_blank: r"label \d+ came with the row of another sample",
}


def checked(kernel, given, times=2):
    assert WORKLOAD.verify(AXES, given, kernel.to_numpy(kernel.call())).ok
    probe = WORKLOAD.probe(AXES, given, np.random.default_rng(1))
    for _ in range(times):
        probe(kernel, kernel.call(), np.ones(AXES["samples"]))


def spoilt(spoil, given):
    draw = np.random.default_rng(5)
    return fed(given, lambda *arrays: lambda: epochs_of(spoil, *arrays, draw), np.asarray)


def test_the_right_one_passes():
    given = problem()
    checked(spoilt(right, given), given)


@pytest.mark.parametrize("spoil", REFUSALS, ids=lambda spoil: spoil.__name__)
def test_a_wrong_epoch_is_refused_with_what_is_wrong(spoil):
    given = problem()
    with pytest.raises(WrongAnswer, match=REFUSALS[spoil]):
        checked(spoilt(spoil, given), given)


def batched(orders, given):
    """A pipeline with these orders, one after the other."""
    orders = iter(orders)

    def pipeline(images, labels, batch):
        def epoch():
            order = next(orders)
            return [right(images, labels, order[at : at + batch]) for at in range(0, len(order), batch)]

        return epoch

    return fed(given, pipeline, np.asarray)


def windowed(draw, width):
    """tf.data's shuffle with a buffer of that width."""
    waiting, order = [], []
    for number in range(AXES["samples"]):
        waiting.append(number)
        if len(waiting) == width:
            order.append(waiting.pop(draw.integers(width)))
    draw.shuffle(waiting)
    return np.array(order + waiting)


def test_orders_that_are_not_drawn_from_all_are_refused():
    draw, given = np.random.default_rng(3), problem()
    ordered = np.arange(AXES["samples"])
    batches_drawn = np.concatenate(draw.permuted(ordered.reshape(-1, 50), axis=0))
    for order, why in (
        (ordered, "299 of 300 samples follow the one before them"),
        (batches_drawn, "not shuffled singly"),
        (windowed(draw, 30), "expected 100: the order is not drawn from all"),
    ):
        with pytest.raises(WrongAnswer, match=why):
            checked(batched([order], given), given)


def test_the_same_order_twice_is_refused():
    draw, given = np.random.default_rng(3), problem()
    first, second = (draw.permutation(AXES["samples"]) for _ in range(2))
    checked(batched([first, first, second], given), given)  # the first epoch is no timed one
    with pytest.raises(WrongAnswer, match="the order of an earlier one"):
        checked(batched([first, second, second], given), given)


def test_batches_prepared_before_a_call_are_refused():
    """A pipeline that keeps copies of the images doesn't see that they changed."""
    given = problem()

    def ahead(images, labels, batch):
        copies = images.copy()
        return lambda: epochs_of(right, copies, labels, batch, np.random.default_rng())

    kernel = fed(given, ahead, np.asarray)
    calls = timed_calls(WORKLOAD, AXES, given, kernel)
    calls.before_waking()()
    with pytest.raises(WrongAnswer, match="or with one prepared earlier"):
        calls.after(kernel.call(), 1e-3, 1e-3)


def test_what_is_kept_of_an_epoch():
    images, labels = np.arange(12.0, dtype=np.float32).reshape(6, 2), np.arange(6)
    draw = np.random.default_rng(1)
    batches = [(images[:4], labels[:4]), (images[4:], labels[4:])]
    kept = taken(lambda: batches, np.asarray, draw, 2, 2)
    order, sizes, column, pixels, number, whole, targets = as_arrays(kept)
    np.testing.assert_array_equal(order, labels)
    np.testing.assert_array_equal(sizes, [4, 2])
    np.testing.assert_array_equal(pixels, images[:, int(column)])
    np.testing.assert_array_equal(whole, batches[int(number)][0])
    np.testing.assert_array_equal(targets, batches[int(number)][1])


def test_an_epoch_without_batches_is_refused():
    given = problem()
    with pytest.raises(WrongAnswer, match="an epoch came as 0 batches with 0 samples"):
        checked(fed(given, lambda *arrays: list, np.asarray), given)


def test_uniform_orders_pass_the_footrule():
    """Of 2000 none may be refused: the bound is six deviations."""
    draw, given = np.random.default_rng(8), problem()
    orders = [draw.permutation(AXES["samples"]) for _ in range(2000)]
    footrules = [np.abs(order - np.arange(300)).sum() for order in orders]
    assert np.mean(footrules) == pytest.approx((300**2 - 1) / 3, rel=0.01)
    assert np.var(footrules) == pytest.approx(301 * (2 * 300**2 + 7) / 45, rel=0.1)
    kernel = batched(orders, given)
    for _ in orders:
        assert WORKLOAD.verify(AXES, given, kernel.to_numpy(kernel.call())).ok
