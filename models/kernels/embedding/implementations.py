"""The look-ups and sums on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.kernels.usual_implementations import usual_implementations

IMPLEMENTATIONS = usual_implementations(
    "embedding",
    "likeforlike.models.kernels.embedding",
    numpy="numpy.take, numpy.add.at",
    tensorflow="tf.gather, tf.math.unsorted_segment_sum",
    torch="torch.nn.functional.embedding, Tensor.index_add_",
    jax="jax.numpy.take, .at[].add",
)
