"""The implementations on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.kernels.usual_implementations import usual_implementations

IMPLEMENTATIONS = usual_implementations(
    "layernorm",
    "likeforlike.models.kernels.layernorm",
    numpy="mean, variance and the rest, one pass each",
    tensorflow="tf.nn.moments and tf.nn.batch_normalization",
    torch="torch.nn.functional.layer_norm",
    jax="mean and variance by jax.numpy",
)
