"""The implementations on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.kernels.usual_implementations import usual_implementations

IMPLEMENTATIONS = usual_implementations(
    "softmax",
    "likeforlike.models.kernels.softmax",
    numpy="the exponentials of what is left of the maximum, over their sum",
    tensorflow="tf.nn.softmax",
    torch="torch.softmax",
    jax="jax.nn.softmax",
)
