"""The input pipelines on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from functools import partial

from likeforlike.models.contract.implementation import Implementation

_PACKAGE = "likeforlike.models.feeding"
_of = partial(Implementation, workload="feeding", device_kinds=("cpu",))
_tensorflow = partial(_of, framework="tensorflow", needs=("tensorflow",))

IMPLEMENTATIONS = (
    _of(
        name="arrays",
        framework="numpy",
        summary="NumPy: a permutation, and each batch indexed by its part of it",
        target=f"{_PACKAGE}.with_numpy:arrays",
    ),
    _tensorflow(
        name="tf-data",
        summary="tf.data from tensor slices, shuffled in a buffer of all samples, batched",
        target=f"{_PACKAGE}.with_tensorflow:plain",
    ),
    _tensorflow(
        name="tf-data-prefetch",
        summary="the same with prefetch(AUTOTUNE)",
        target=f"{_PACKAGE}.with_tensorflow:prefetched",
    ),
    _tensorflow(
        name="keras-arrays",
        needs=("tensorflow", "keras"),
        environment=(("KERAS_BACKEND", "tensorflow"),),
        summary="what Model.fit makes of arrays on TensorFlow",
        target=f"{_PACKAGE}.with_keras:arrays",
    ),
    _of(
        name="torch-loader",
        framework="torch",
        needs=("torch",),
        summary="PyTorch's DataLoader of a TensorDataset, without workers",
        target=f"{_PACKAGE}.with_torch:without_workers",
    ),
    _of(
        name="torch-loader-2",
        framework="torch",
        needs=("torch",),
        summary="the same with two workers, which are started anew each epoch, as it comes",
        target=f"{_PACKAGE}.with_torch:two_workers",
    ),
    _of(
        name="grain",
        framework="numpy",
        needs=("grain",),
        summary="grain's MapDataset, shuffled and batched, read by its own threads",
        target=f"{_PACKAGE}.with_grain:dataset",
    ),
)
