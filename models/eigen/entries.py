"""The eigensolvers on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from models.entry import Entry

ENTRIES = (
    Entry(
        name="numpy-eigh",
        workload="eigen",
        framework="numpy",
        summary="numpy.linalg.eigh",
        target="models.eigen.with_numpy:eigh",
        device_kinds=("cpu",),
    ),
    Entry(
        name="tf-eigh",
        workload="eigen",
        framework="tensorflow",
        summary="tf.linalg.eigh, called eagerly",
        target="models.eigen.with_tensorflow:eigh",
        needs=("tensorflow",),
    ),
    Entry(
        name="torch-eigh",
        workload="eigen",
        framework="torch",
        summary="torch.linalg.eigh, called eagerly",
        target="models.eigen.with_torch:eigh",
        needs=("torch",),
    ),
    Entry(
        name="jax-eigh",
        workload="eigen",
        framework="jax",
        summary="jax.numpy.linalg.eigh under jax.jit",
        target="models.eigen.with_jax:eigh",
        needs=("jax",),
    ),
)
