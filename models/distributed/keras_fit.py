"""``Model.fit`` with each batch divided among replicas; the mathematics is the undivided batch's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from likeforlike.models.contract.training.recipe import RecipeRefused
from likeforlike.models.contract.training.trainer import Run
from likeforlike.models.distributed.assignment import Assignment
from likeforlike.models.distributed.strategies import begin, synchronise
from likeforlike.models.loops.keras_fit import KerasFit
from likeforlike.models.loops.on_keras.network import BuiltModel


class KerasFitDistributed(KerasFit):
    """``keras-fit`` under ``tf.distribute``: the recipe's batch is the global one, whatever the workers."""

    name = "keras-fit-distributed"

    def __init__(self, run: Run, assignment: Assignment) -> None:
        self.assignment = assignment
        self.strategy = begin(assignment)
        if run.recipe.remainder == "drop":
            why = "a PyDataset, which drops the remainder, can't be divided by tf.distribute"
            raise RecipeRefused(self.name, "remainder", "drop", why)
        self.wait = synchronise if assignment.strategy == "multi-worker" else None
        super().__init__(run)

    def build(self) -> BuiltModel:
        """The network, its weights mirrored on every replica."""
        with self.strategy.scope():
            return super().build()

    def inputs(self) -> dict[str, Any]:
        """Batches in a fresh order each epoch, drawn alike in every process: each takes its share of them."""
        given = super().inputs()
        if not given["shuffle"]:
            return given
        images, labels, size = tf.constant(given["x"]), tf.constant(given["y"]), given["batch_size"]
        seed, samples = self.run.recipe.seed, len(given["y"])

        def epoch(drawn: tf.Tensor) -> tf.data.Dataset:
            order = tf.random.experimental.stateless_shuffle(tf.range(samples), [seed, drawn])
            return tf.data.Dataset.from_tensor_slices(order).batch(size)

        rows = tf.data.Dataset.random(seed, rerandomize_each_iteration=True).take(1).flat_map(epoch)
        batches = rows.map(lambda row: (tf.gather(images, row), tf.gather(labels, row)))
        batches = batches.apply(tf.data.experimental.assert_cardinality(self.run.recipe.steps(samples)))
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
        return {"x": batches.with_options(options), "shuffle": False, "validation_batch_size": size}

    def order_drawn(self) -> str:
        """The same in every process, by the recipe's seed."""
        return "one permutation an epoch, alike in every process"

    @property
    def terms(self) -> Mapping[str, object]:
        """What Keras resolved, and among whom the batch is divided."""
        replicas = self.strategy.num_replicas_in_sync
        return {
            **super().terms,
            "strategy": self.assignment.strategy,
            "replicas": replicas,
            "replica_batch_size": self.run.recipe.batch_size / replicas,
            "threads_per_process": self.assignment.threads,
        }
