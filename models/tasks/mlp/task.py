"""The notebook's network on Fashion-MNIST as a task: 784 inputs, 512 ReLU units, dropout, 10 classes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from likeforlike.models.contract.task import DataAsked, Task
from likeforlike.models.contract.trainer import Dataset
from likeforlike.models.tasks.fashion_mnist import load_data
from likeforlike.models.tasks.mlp.counts import flop, parameter_count
from likeforlike.models.tasks.mlp.numpy_loop import ORACLE
from likeforlike.models.tasks.mlp.proof import initial_parameters, verify
from likeforlike.models.tasks.oracle.timed_epochs import TimedEpochs


def flat_images(asked: DataAsked) -> Dataset:
    """Fashion-MNIST, or generated images, as rows of 784 pixels."""
    samples = {} if asked.samples is None else dict(zip(_COUNTS, asked.samples, strict=True))
    return load_data(asked.name, Path(asked.folder) if asked.folder else None, **samples)


_COUNTS = ("train_samples", "validation_samples")

MLP = Task(
    name="mlp",
    load_data=flat_images,
    initial=initial_parameters,
    verify=verify,
    watch=partial(TimedEpochs, ORACLE),
    parameter_count=parameter_count,
    flop=flop,
)
