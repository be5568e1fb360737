"""The implementations on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.kernels.usual_implementations import usual_implementations

IMPLEMENTATIONS = usual_implementations(
    "fft",
    "likeforlike.models.kernels.fft",
    numpy="numpy.fft.rfft, by one thread",
    tensorflow="tf.signal.rfft",
    torch="torch.fft.rfft",
    jax="jax.numpy.fft.rfft",
)
