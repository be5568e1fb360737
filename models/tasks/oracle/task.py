"""A task whose network has an oracle; on Fashion-MNIST unless it says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from likeforlike.models.contract.training.data import DataAsked, DataChoice, Located
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.task import Task
from likeforlike.models.contract.training.trainer import Dataset, Weights
from likeforlike.models.tasks import fashion_mnist
from likeforlike.models.tasks.oracle import proof
from likeforlike.models.tasks.oracle.network import Oracle
from likeforlike.models.tasks.oracle.timed_epochs import TimedEpochs

TARGET_ACCURACY = 0.88
"""Of Fashion-MNIST's validation images, where nobody asks for another."""
COUNTS = ("train_samples", "validation_samples")


def images_located(choice: DataChoice) -> Located:
    """Where Fashion-MNIST lies. Raises DataError."""
    return fashion_mnist.locate(choice.name, choice.folder)


def flat_images(asked: DataAsked) -> Dataset:
    """Fashion-MNIST, or generated images, as rows of 784 pixels.

    A folder that is named was found and checked before the run; each worker would take half a second for it.
    """
    samples = {} if asked.samples is None else dict(zip(COUNTS, asked.samples, strict=True))
    if asked.path is None:
        return fashion_mnist.load_data(asked.name, None, **samples)
    return fashion_mnist.read(Located(asked.name, asked.path, Path(asked.path)), **samples)


def proven_task(
    name: str,
    oracle: Oracle,
    flop_of_a_sample: int,
    locate: Callable[[DataChoice], Located] = images_located,
    load: Callable[[DataAsked], Dataset] = flat_images,
    target_accuracy: float | None = TARGET_ACCURACY,
    sample_bytes: int = 784 * 4,
) -> Task:
    """The task, proven by its oracle.

    ``flop_of_a_sample``: two for each product of two numbers in matrix products and convolutions, forward
    and backward, without the gradient by the images, which nobody needs.
    """

    def flop(recipe: Recipe, samples: int) -> int:
        return recipe.trained_samples(samples) * flop_of_a_sample

    return Task(
        name=name,
        load_data=load,
        initial=oracle.initial,
        verify=partial(proof.verify, oracle),
        watch=partial(TimedEpochs, oracle),
        parameter_count=partial(parameter_count, oracle.initial),
        flop=flop,
        sample_bytes=sample_bytes,
        target_accuracy=target_accuracy,
        locate=locate,
    )


def parameter_count(initial: Callable[[Recipe], Weights], recipe: Recipe) -> int:
    """Trainable parameters of a recipe's network."""
    return sum(array.size for array in initial(recipe).named().values())
