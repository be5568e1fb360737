"""TensorFlow's products: call by call and in one graph, or in one graph compiled by XLA."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import tensorflow as tf

from likeforlike.models.tasks.mlp.floors.floor import Floor, Job, Pass, Way, every_layout
from likeforlike.models.tasks.mlp.floors.layouts import Layout


class Operations:
    """``tf.matmul``."""

    @staticmethod
    def product(
        left: tf.Tensor,
        right: tf.Tensor,
        *,
        left_transposed: bool = False,
        right_transposed: bool = False,
    ) -> tf.Tensor:
        """``left @ right``."""
        return tf.matmul(left, right, transpose_a=left_transposed, transpose_b=right_transposed)

    @staticmethod
    def add_product(total: tf.Tensor, left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
        """``total + left @ right``."""
        return total + tf.matmul(left, right)


class FloorTensorFlow(Floor):
    """Without XLA: one graph for the whole epoch, and eager calls."""

    name = "floor-tf"
    library = "TensorFlow"

    @classmethod
    def ways_of(cls, job: Job) -> tuple[Way, ...]:
        """Every layout, in a graph and eager."""
        place, images = _placed(job)
        with tf.device(place):  # copies, since a slice of a tensor is one and would be timed
            batches = [images[i * job.batch_size : (i + 1) * job.batch_size] for i in range(job.whole)]
            if job.rest is not None:
                batches.append(images[job.rest])
        graph = every_layout(partial(_graph_pass, place, images, False), job, "graph")
        return (*graph, *every_layout(partial(_eager_pass, place, batches), job, "eager"))


class FloorXla(Floor):
    """The whole epoch's products in one function that XLA compiles."""

    name = "floor-tf-xla"
    library = "TensorFlow with XLA"

    @classmethod
    def ways_of(cls, job: Job) -> tuple[Way, ...]:
        """Every layout."""
        return every_layout(partial(_graph_pass, *_placed(job), True), job)


def _placed(job: Job) -> tuple[str, tf.Tensor]:
    """The device's name, and the images on it."""
    tf.config.experimental.enable_tensor_float_32_execution(job.tf32)
    kind, _, index = job.device.partition(":")
    place = f"/{kind.upper()}:{index or 0}"
    with tf.device(place):
        return place, tf.constant(job.images)


def _eager_pass(place: str, batches: Sequence[tf.Tensor], job: Job, layout: Layout) -> Pass:
    with tf.device(place):
        kernels = [tf.constant(array) for array in job.laid_out(layout)]

    def once() -> Sequence[Any]:
        gradients: Sequence[Any] = ()
        with tf.device(place):
            for batch in batches:
                gradients = layout.products(Operations(), batch, kernels)
        tf.test.experimental.sync_devices()
        return gradients

    return once


def _graph_pass(place: str, images: tf.Tensor, jit_compile: bool, job: Job, layout: Layout) -> Pass:
    with tf.device(place):
        kernels = [tf.constant(array) for array in job.laid_out(layout)]

    def epoch(images: tf.Tensor, kernels: list[tf.Tensor]) -> tuple[tf.Tensor, ...]:
        size = job.batch_size
        batches = tf.reshape(images[: job.whole * size], (job.whole, size, images.shape[1]))
        _, *last = tf.while_loop(
            lambda i, *_: i < job.whole,
            lambda i, *_: (i + 1, *layout.products(Operations(), batches[i], kernels)),
            (tf.constant(0), *map(tf.zeros_like, kernels)),
            parallel_iterations=1,
            maximum_iterations=job.whole,
        )
        if job.rest is None:
            return tuple(last)
        with tf.control_dependencies(last):
            # a compiler leaves out what is not returned, a whole loop too
            return (*layout.products(Operations(), images[job.rest], kernels), *last)

    function = tf.function(epoch, autograph=False, jit_compile=jit_compile)

    def once() -> Sequence[Any]:
        with tf.device(place):
            found = function(images, kernels)
        tf.test.experimental.sync_devices()
        return found[: len(kernels)]

    return once
