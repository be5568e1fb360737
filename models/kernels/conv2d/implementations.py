"""The convolutions on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.kernels.usual_implementations import usual_implementations

IMPLEMENTATIONS = usual_implementations(
    "conv2d",
    "likeforlike.models.kernels.conv2d",
    numpy="nine products by NumPy's BLAS, one for each place in the kernel",
    tensorflow="tf.nn.conv2d, channels last",
    torch="torch.nn.functional.conv2d, channels first",
    jax="jax.lax.conv_general_dilated, channels last",
)
