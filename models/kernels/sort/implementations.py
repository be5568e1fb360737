"""The implementations on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.kernels.usual_implementations import usual_implementations

IMPLEMENTATIONS = usual_implementations(
    "sort",
    "likeforlike.models.kernels.sort",
    numpy="numpy.sort, by one thread",
    tensorflow="tf.sort",
    torch="torch.sort",
    jax="jax.numpy.sort",
)
