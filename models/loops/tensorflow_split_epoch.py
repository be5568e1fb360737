"""The compiled epoch with each batch split among the threads of a processor, as among devices.

TensorFlow's operations on small batches keep two threads busy for part of the time: what is too small to be
divided runs on one, and between operations all wait. Whole branches of the graph, one a thread, do not wait.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import tensorflow as tf

from likeforlike.models.contract.training.recipe import RecipeRefused
from likeforlike.models.contract.training.trainer import Run
from likeforlike.models.loops.on_tensorflow.network import Sums
from likeforlike.models.loops.on_tensorflow.sample_independence import why_samples_meet
from likeforlike.models.loops.tensorflow_epoch import TensorFlowEpoch

LEAST_SAMPLES = 4
"""Of a part: in fewer the work is all overhead."""


class TensorFlowSplitEpoch(TensorFlowEpoch):
    """A batch's parts in branches of their own, their gradients added before the one update.

    For networks in which no sample meets another: a normalisation over the batch would be one over its
    parts, which is another training.
    """

    name = "tf-epoch-split"
    executions = ("graph",)

    def __init__(self, run: Run) -> None:
        """Raises RecipeRefused for a network in which samples meet."""
        super().__init__(run)
        self.threads = tf.config.threading.get_inter_op_parallelism_threads() or len(os.sched_getaffinity(0))
        with tf.device(self.device):
            why = why_samples_meet(self.network, run.data, run.recipe.seed)
        if why is not None:
            name = self.network.network.name
            raise RecipeRefused(self.name, "network", name, f"it splits batches, and {why}")

    @property
    def terms(self) -> Mapping[str, object]:
        """Also: into how many parts a batch is split, each on a thread of its own."""
        parts = len(self._parts(self.run.recipe.batch_size))
        return {**super().terms, "parts_of_a_batch": parts, "threads": "one an operation"}

    def _update(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One step; each sample's loss, and the outputs."""
        network, samples = self.network, images.shape[0]
        gradients, losses, outputs = [], [], []
        for part in self._parts(samples):
            with tf.GradientTape() as tape:
                outputs.append(network.outputs(images[part], training=True))
                losses.append(network.losses(labels[part], outputs[-1]))
                share = tf.reduce_sum(losses[-1]) / samples  # of the batch's mean
            gradients.append(tape.gradient(share, network.trainable))
        self._apply([added(of_a_weight) for of_a_weight in zip(*gradients, strict=True)])
        return tf.concat(losses, axis=0), tf.concat(outputs, axis=0)

    def _evaluation_step(self, images: tf.Tensor, labels: tf.Tensor) -> Sums:
        parts = self._parts(images.shape[0])
        sums = [super(TensorFlowSplitEpoch, self)._evaluation_step(images[p], labels[p]) for p in parts]
        losses, right = zip(*sums, strict=True)
        return tf.add_n(losses), tf.add_n(right)

    def _parts(self, samples: int) -> list[slice]:
        """One for each thread, as alike as can be; fewer where they would be too small."""
        count = max(1, min(self.threads, samples // LEAST_SAMPLES))
        ends = [samples * part // count for part in range(count + 1)]
        return [slice(begin, end) for begin, end in pairwise(ends)]


def added(gradients: Sequence[Any]) -> Any:
    """The sum of one weight's gradients; slices stay slices, and a weight that has none has none."""
    if any(gradient is None for gradient in gradients):
        return None
    if isinstance(gradients[0], tf.IndexedSlices):
        values = tf.concat([gradient.values for gradient in gradients], axis=0)
        indices = tf.concat([gradient.indices for gradient in gradients], axis=0)
        return tf.IndexedSlices(values, indices, gradients[0].dense_shape)
    return tf.add_n(list(gradients))
