"""Loss and accuracy of a pass, as a hand-written loop keeps them: sums by hand, or Keras's metric objects."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from likeforlike.models.contract.training.trainer import Score
from likeforlike.models.loops.on_tensorflow.network import LoadedNetwork, Sums, class_numbers


class SumsByHand:
    """Sums over each batch, added up on the device and divided at the end."""

    told = "sums by hand"

    def __init__(self, network: LoadedNetwork) -> None:
        self.network = network
        self.begin()

    def begin(self) -> None:
        """Forget the last pass."""
        zero = tf.zeros([], self.network.loss_dtype)
        self.noted: Sums = (zero, zero)

    def of_batch(self, losses: tf.Tensor, outputs: tf.Tensor, targets: tf.Tensor) -> Sums:
        """What a compiled step gives back of its batch."""
        return self.network.sums(losses, outputs, targets)

    def joined(self, before: Sums, found: Sums) -> Sums:
        """Of two calls, one after the other, together."""
        return before[0] + found[0], before[1] + found[1]

    def add(self, found: Sums, read: bool) -> None:
        """Note what a call gave back; ``read``: and bring it to the host, which waits for the device."""
        self.noted = self.joined(self.noted, found)
        if read:
            _ = float(found[0]), float(found[1])

    def score(self, samples: int) -> Score:
        """Means over so many samples; no accuracy where none is computed."""
        loss, right = (float(value) for value in self.noted)
        return loss / samples, right / samples if self.network.classes else None


class KerasMetrics(SumsByHand):
    """``keras.metrics``, updated and asked for their results in each step, as Keras's guide has it."""

    told = "keras.metrics"

    def __init__(self, network: LoadedNetwork) -> None:
        self.loss = keras.metrics.Mean("loss")
        self.accuracy = keras.metrics.SparseCategoricalAccuracy("accuracy") if network.classes else None
        super().__init__(network)

    def begin(self) -> None:
        """Forget the last pass."""
        super().begin()
        self.loss.reset_state()
        if self.accuracy is not None:
            self.accuracy.reset_state()

    def of_batch(self, losses: tf.Tensor, outputs: tf.Tensor, targets: tf.Tensor) -> Sums:
        """Results of the pass so far."""
        self.loss.update_state(tf.reduce_mean(losses), sample_weight=tf.shape(losses)[0])
        if self.accuracy is not None:
            self.accuracy.update_state(class_numbers(targets), outputs)
        return self._result(self.loss), self._result(self.accuracy)

    def joined(self, before: Sums, found: Sums) -> Sums:
        """The later ones hold the earlier ones."""
        return found

    def score(self, samples: int) -> Score:
        """The last results."""
        loss, accuracy = (float(value) for value in self.noted)
        return loss, accuracy if self.network.classes else None

    def _result(self, metric: Any) -> tf.Tensor:
        dtype = self.network.loss_dtype
        return tf.zeros([], dtype) if metric is None else tf.cast(metric.result(), dtype)
