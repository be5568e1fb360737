"""Do the samples of a batch meet in a network, so that it can't be split? Seen by exchanging neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.loops.on_keras.network import on_host
from likeforlike.models.loops.on_tensorflow.network import LoadedNetwork

_WATCHED = 4
"""Samples that keep their place while as many others beside them are exchanged."""
_SAME = {tf.float64: 1e-9, tf.float32: 1e-2}
"""How far answers may lie apart by rounding, relative to the largest, by the losses' type; bfloat16's are
float32."""


def why_samples_meet(network: LoadedNetwork, data: Dataset, seed: int) -> str | None:
    """In what it shows that a sample's training depends on the others of its batch; None if it doesn't.

    The same units are dropped beside either neighbours. State is put back, TensorFlow's seed set to ``seed``.
    """
    last = len(data.train_labels) - 1
    rows = np.arange(2 * _WATCHED) % (last + 1)
    exchanged = np.concatenate([rows[:_WATCHED], last - rows[_WATCHED:]])
    before = _state(network)
    answers = _answers(network, data, rows, seed)
    after = _state(network)
    _restore(network, before)
    beside_others = _answers(network, data, exchanged, seed)
    _restore(network, before)
    tf.random.set_seed(seed)
    if any(_is_moved(array, then) for array, then in zip(before, after, strict=True)):
        return "training changes its state, as statistics of a batch do"
    for answer, other in zip(answers, beside_others, strict=True):
        if np.abs(answer - other).max() > _SAME[network.loss_dtype] * np.abs(answer).max():
            return "a sample's answer depends on the others of its batch"
    return None


def _answers(
    network: LoadedNetwork, data: Dataset, rows: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs and losses in training of the watched samples."""
    tf.random.set_seed(seed)
    outputs = network.outputs(network.as_inputs(data.train_images[rows]), training=True)
    losses = network.losses(tf.constant(data.train_labels[rows]), outputs)
    return outputs.numpy()[:_WATCHED], losses.numpy()[:_WATCHED]


def _is_moved(array: np.ndarray, then: np.ndarray) -> bool:
    """Whether real numbers changed; whole ones count draws of dropout."""
    return array.dtype.kind == "f" and not np.array_equal(array, then)


def _kept(network: LoadedNetwork) -> Sequence[Any]:
    """Variables that no gradient moves."""
    kept: Sequence[Any] = getattr(network.call, "non_trainable_variables", ())
    return kept


def _state(network: LoadedNetwork) -> list[np.ndarray]:
    return [on_host(variable) for variable in _kept(network)]


def _restore(network: LoadedNetwork, arrays: Sequence[np.ndarray]) -> None:
    for variable, array in zip(_kept(network), arrays, strict=True):
        variable.assign(array)
