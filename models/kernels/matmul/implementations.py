"""The products on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.contract.implementation import Implementation

IMPLEMENTATIONS = (
    Implementation(
        name="numpy",
        workload="matmul",
        framework="numpy",
        summary="numpy.matmul: the BLAS that NumPy was built with",
        target="likeforlike.models.kernels.matmul.with_numpy:product",
        device_kinds=("cpu",),
        dtypes=("float64", "float32"),
        dtypes_reason="NumPy's BLAS multiplies these two; its 16-bit products are scalar loops",
    ),
    Implementation(
        name="tf-eager",
        workload="matmul",
        framework="tensorflow",
        summary="tf.matmul, called eagerly",
        target="likeforlike.models.kernels.matmul.with_tensorflow:eager",
        needs=("tensorflow",),
    ),
    Implementation(
        name="tf-graph",
        workload="matmul",
        framework="tensorflow",
        summary="tf.matmul in a tf.function",
        target="likeforlike.models.kernels.matmul.with_tensorflow:graph",
        needs=("tensorflow",),
    ),
    Implementation(
        name="tf-xla",
        workload="matmul",
        framework="tensorflow",
        summary="tf.matmul in a tf.function compiled by XLA",
        target="likeforlike.models.kernels.matmul.with_tensorflow:xla",
        division="tuned",
        needs=("tensorflow",),
    ),
    Implementation(
        name="torch",
        workload="matmul",
        framework="torch",
        summary="torch.matmul, called eagerly",
        target="likeforlike.models.kernels.matmul.with_torch:eager",
        needs=("torch",),
    ),
    Implementation(
        name="torch-compiled",
        workload="matmul",
        framework="torch",
        summary="torch.matmul through torch.compile; on a CPU this needs a C++ compiler",
        target="likeforlike.models.kernels.matmul.with_torch:compiled",
        division="tuned",
        needs=("torch",),
    ),
    Implementation(
        name="jax",
        workload="matmul",
        framework="jax",
        summary="jax.numpy.matmul under jax.jit, JAX's ordinary way",
        target="likeforlike.models.kernels.matmul.with_jax:jitted",
        needs=("jax",),
    ),
)
