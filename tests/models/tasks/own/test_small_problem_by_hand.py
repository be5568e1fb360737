"""The small problem of a proof: so many samples, and a last batch that is never of one alone."""

from __future__ import annotations

import numpy as np
import pytest

from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.own.small_problem import BATCH_SIZE, proof_data, proof_epochs


def data(samples: int, validation: int = 60) -> Dataset:
    """Samples that are their own numbers."""
    arrays = [np.arange(count) for count in (samples, samples, validation, validation)]
    return Dataset("numbers", "test", *arrays)


def sizes(found: Dataset) -> tuple[int, int, int, int]:
    parts = found.train_images, found.train_labels, found.validation_images, found.validation_labels
    assert all(part.tolist() == list(range(len(part))) for part in parts), "the first ones, in order"
    return len(parts[0]), len(parts[1]), len(parts[2]), len(parts[3])


@pytest.mark.parametrize(
    ("samples", "taken"),
    [
        *((200, 72), (73, 72), (72, 72), (71, 71), (66, 66), (64, 64), (50, 50), (34, 34), (32, 32)),
        *((18, 18), (16, 16), (15, 15), (2, 2), (1, 1)),
    ],
)
def test_four_batches_and_a_half_or_all_there_are(samples: int, taken: int) -> None:
    assert sizes(proof_data(data(samples))) == (taken, taken, 19, 19)


@pytest.mark.parametrize(("samples", "taken"), [(65, 56), (49, 40), (33, 24), (17, 16)])
def test_half_a_batch_takes_the_place_of_a_last_one_of_one_sample(samples: int, taken: int) -> None:
    """3, 2 and 1 whole batches and 8 samples; of 17 one whole batch alone."""
    assert sizes(proof_data(data(samples))) == (taken, taken, 19, 19)


@pytest.mark.parametrize(
    ("batch_size", "samples", "taken"),
    [
        (1, 200, 5),
        (2, 200, 8),
        (2, 3, 2),
        (3, 200, 14),
        (3, 7, 6),
        (3, 4, 3),
        (4, 9, 6),
        (4, 5, 4),
        (5, 11, 7),
    ],
)
def test_of_batches_of_another_size(batch_size: int, samples: int, taken: int) -> None:
    """Of 2 and 3 half a batch is 1 sample, so that whole ones are left; of 4 and of 5 it is 2."""
    assert sizes(proof_data(data(samples), batch_size))[0] == taken


def test_no_size_ends_in_a_batch_of_one() -> None:
    for samples in range(2, 100):
        taken = sizes(proof_data(data(samples)))[0]
        assert taken % BATCH_SIZE != 1, samples
        assert taken >= 2


@pytest.mark.parametrize(("validation", "taken"), [(60, 19), (19, 19), (18, 18), (1, 1)])
def test_a_batch_and_three_more_are_validated(validation: int, taken: int) -> None:
    assert sizes(proof_data(data(40, validation)))[2:] == (taken, taken)


@pytest.mark.parametrize(("samples", "epochs"), [(72, 2), (64, 3), (56, 3), (24, 5), (16, 10), (1, 10)])
def test_epochs_come_to_ten_steps_at_least(samples: int, epochs: int) -> None:
    """5, 4, 4, 2, 1 and 1 batches an epoch."""
    assert proof_epochs(samples) == epochs
