"""Trains small networks with batches split among three threads and prints what came of it as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf
from small_network import CHANNELS, CLASSES, EPSILON, PLAIN, SIDE, Trained, images, train, weights
from small_tensorflow_network import NETWORKS, plainly

from likeforlike.models.contract.training.network import NamedWeights, Network
from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.training.trainer import Dataset, Run
from likeforlike.models.loops.tensorflow_loop import GraphLoop
from likeforlike.models.loops.tensorflow_split_epoch import TensorFlowSplitEpoch

THREADS = 3
SGD = replace(PLAIN, optimizer="sgd", momentum=0.9, clip_norm=0.5, learning_rate=0.05, batch_size=13)
"""Batches of 13, 13 and 11: in thirds of 4, 4 and 5, and two parts of the last."""
SINGLE = replace(PLAIN, precision="float32", epochs=1, batch_size=13)


def with_norm_at_inference(recipe: Recipe) -> Any:
    """The small network, its statistics as they are; scale and shift are trained."""
    import keras

    class Fixed(keras.layers.BatchNormalization):
        def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
            return super().call(inputs, training=False)

    inputs = keras.Input((SIDE, SIDE, 1))
    maps = keras.layers.Conv2D(CHANNELS, 3, padding="same", use_bias=False, name="conv")(inputs)
    maps = Fixed(epsilon=EPSILON, name="norm")(maps)
    maps = keras.layers.MaxPooling2D()(keras.layers.ReLU()(maps))
    units = keras.layers.Dropout(recipe.dropout_rate)(keras.layers.Flatten()(maps))
    return keras.Model(inputs, keras.layers.Dense(CLASSES, name="dense")(units), name="small")


class LessMean:
    """Dense units less their mean over the batch: samples meet, and no state tells of it."""

    def __init__(self, recipe: Recipe) -> None:
        self.kernel = tf.Variable(tf.ones([SIDE * SIDE, CLASSES], recipe.precision), name="kernel")
        self.trainable_variables = [self.kernel]

    def __call__(self, inputs: Any, training: bool) -> Any:
        units = tf.reshape(inputs, [-1, SIDE * SIDE]) @ self.kernel
        return units - tf.reduce_mean(units, axis=0)


class LookedUp:
    """Rows of a table by whole numbers: its gradients are slices, and a second weight has none."""

    def __init__(self, recipe: Recipe) -> None:
        draw = np.random.default_rng(5).normal(size=(7, CLASSES))
        self.table = tf.Variable(tf.constant(draw, recipe.precision), name="table")
        self.unused = tf.Variable(tf.ones([2], recipe.precision), name="unused")
        self.trainable_variables = [self.table, self.unused]

    def __call__(self, inputs: Any, training: bool) -> Any:
        return tf.reduce_sum(tf.gather(self.table, inputs), axis=1)


FROZEN = replace(NETWORKS["functional"], build=with_norm_at_inference)


def far(found: Trained, truth: dict[str, Any]) -> float:
    """The farthest that a weight, a loss or an accuracy is off."""
    off = [np.abs(found.arrays[name] - array).max() for name, array in truth["weights"].items()]
    for epoch, figures in zip(found.epochs, truth["epochs"], strict=True):
        told = (epoch.loss, epoch.accuracy, epoch.val_loss, epoch.val_accuracy)
        off += [abs(float(mine or 0) - right) for mine, right in zip(told, figures, strict=True)]
    return float(max(off)) if found.trainer.steps_taken() == truth["steps"] else float("inf")  # type: ignore[attr-defined]


def refused(network: Network, recipe: Recipe = SINGLE) -> str:
    data, start = images(), weights()
    if network.name == "less-mean":
        start = NamedWeights({"kernel": np.random.default_rng(7).normal(size=(SIDE * SIDE, CLASSES))})
    try:
        TensorFlowSplitEpoch(Run(recipe, data, start, "cpu:0", network=network))
    except RecipeRefused as refusal:
        return str(refusal)
    return "taken"


def slices() -> dict[str, float]:
    """How far a table's rows lie apart from those of whole batches, and by how much they moved."""
    drawn = np.random.default_rng(6)
    numbers = drawn.integers(7, size=(37, 3)).astype(np.int32)
    labels = drawn.integers(CLASSES, size=37).astype(np.int32)
    data = Dataset("numbers", "test", numbers, labels, numbers[:9], labels[:9])
    network = Network("table", "tensorflow", LookedUp, takes=("dropout_rate",))
    start = {"table": LookedUp(SGD).table.numpy(), "unused": np.ones(2)}
    run = Run(SGD, data, NamedWeights(start), "cpu:0", network=network)
    trained = {}
    for loop in (GraphLoop, TensorFlowSplitEpoch):
        trainer = loop(run)
        trainer.train(lambda epoch: True)
        trained[loop.name] = trainer.parameters().named()
    whole, split = trained["graph-loop"], trained["tf-epoch-split"]
    return {
        "off": float(max(np.abs(whole[name] - split[name]).max() for name in start)),
        "moved": float(np.abs(split["table"] - start["table"]).max()),
        "unused": float(np.abs(split["unused"] - 1).max()),
    }


def calls() -> list[int]:
    """Samples that the network is given at once, in a traced step of 13 and in the evaluation of 11."""
    seen: list[int] = []
    trainer = train(TensorFlowSplitEpoch, FROZEN, SINGLE).trainer
    network = trainer.network  # type: ignore[attr-defined]
    outputs = network.outputs

    def noted(inputs: Any, training: bool) -> Any:
        seen.append(int(inputs.shape[0]))
        return outputs(inputs, training)

    network.outputs = noted
    data = images()
    trainer._train_step(tf.constant(data.train_images[:13]), tf.constant(data.train_labels[:13]))  # type: ignore[attr-defined]
    trainer._evaluation_step(tf.constant(data.train_images[:11]), tf.constant(data.train_labels[:11]))  # type: ignore[attr-defined]
    return seen


def main() -> None:
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    tf.config.threading.set_intra_op_parallelism_threads(1)

    def in_a_batch(targets: Any, outputs: Any) -> Any:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(targets, tf.int32), outputs)
        return losses / tf.reduce_max(losses)

    adam = replace(PLAIN, batch_size=13)
    found = {
        "agreement": {
            recipe.optimizer: far(train(TensorFlowSplitEpoch, FROZEN, recipe), plainly(recipe, FROZEN))
            for recipe in (SGD, adam)
        },
        "calls": calls(),
        "parts": {
            size: train(TensorFlowSplitEpoch, FROZEN, replace(SINGLE, batch_size=size)).trainer.terms[
                "parts_of_a_batch"
            ]
            for size in (3, 9, 13)
        },
        "slices": slices(),
        "refused": {
            "normalised": refused(NETWORKS["functional"]),
            "normalised by hand": refused(NETWORKS["by hand"]),
            "less its mean": refused(Network("less-mean", "tensorflow", LessMean, takes=("dropout_rate",))),
            "loss of a batch": refused(replace(FROZEN, loss=in_a_batch)),
            "dropout": refused(FROZEN, replace(SINGLE, dropout_rate=0.5)),
            "dropout left on": refused(FROZEN, replace(SINGLE, dropout_rate=0.5, dropout_at_evaluation=True)),
            "xla": refused(FROZEN, replace(SINGLE, execution="xla")),
        },
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
