"""The implementations on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.kernels.usual_implementations import usual_implementations

IMPLEMENTATIONS = usual_implementations(
    "triad",
    "likeforlike.models.kernels.triad",
    numpy="the product, then the sum, into an array that is there already, by one thread",
    tensorflow="b + 3 c",
    torch="torch.add with alpha, into an array that is there already",
    jax="b + 3 c, into the donated array of the last call,",
)
