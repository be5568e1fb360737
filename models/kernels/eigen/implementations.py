"""The eigensolvers on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.contract.implementation import Implementation

IMPLEMENTATIONS = (
    Implementation(
        name="numpy-eigh",
        workload="eigen",
        framework="numpy",
        summary="numpy.linalg.eigh",
        target="likeforlike.models.kernels.eigen.with_numpy:eigh",
        device_kinds=("cpu",),
    ),
    Implementation(
        name="tf-eigh",
        workload="eigen",
        framework="tensorflow",
        summary="tf.linalg.eigh, called eagerly",
        target="likeforlike.models.kernels.eigen.with_tensorflow:eigh",
        needs=("tensorflow",),
    ),
    Implementation(
        name="torch-eigh",
        workload="eigen",
        framework="torch",
        summary="torch.linalg.eigh, called eagerly",
        target="likeforlike.models.kernels.eigen.with_torch:eigh",
        needs=("torch",),
    ),
    Implementation(
        name="jax-eigh",
        workload="eigen",
        framework="jax",
        summary="jax.numpy.linalg.eigh under jax.jit",
        target="likeforlike.models.kernels.eigen.with_jax:eigh",
        needs=("jax",),
    ),
)
