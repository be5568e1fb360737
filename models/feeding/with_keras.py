"""What ``Model.fit`` makes of arrays, on Keras's TensorFlow backend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

# Keras has no public name for it
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.feeding.epoch import Batches, fed
from likeforlike.models.feeding.with_tensorflow import in_place
from likeforlike.models.frameworks.on_tensorflow import sharing
from likeforlike.models.loops.on_keras.backends import seed_orders


def arrays(problem: Problem) -> Kernel:
    """Keras's own data adapter of arrays, made once as by one ``fit``, gone through each epoch."""
    return fed(problem, _pipeline, in_place)


def _pipeline(images: np.ndarray, labels: np.ndarray, batch: int) -> Batches:
    seed_orders(0)  # whatever was seeded before in this process
    with tf.device("/CPU:0"):
        adapter = ArrayDataAdapter(sharing(images), tf.constant(labels), batch_size=batch, shuffle=True)
        dataset = adapter.get_tf_dataset()

    def epoch() -> Iterable[tuple[Any, Any]]:
        return iter(dataset)

    return epoch
