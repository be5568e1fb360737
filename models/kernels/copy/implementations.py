"""The implementations on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.kernels.usual_implementations import usual_implementations

IMPLEMENTATIONS = usual_implementations(
    "copy",
    "likeforlike.models.kernels.copy",
    numpy="numpy.copyto, by one thread",
    tensorflow="tf.raw_ops.Snapshot",
    torch="Tensor.copy_",
    jax="jax.numpy.copy, into the donated array of the last call,",
)
