"""The products on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from models.entry import Entry

ENTRIES = (
    Entry(
        name="numpy",
        workload="matmul",
        framework="numpy",
        summary="numpy.matmul: the BLAS that NumPy was built with",
        target="models.matmul.with_numpy:product",
        device_kinds=("cpu",),
        dtypes=("float64", "float32"),
        dtypes_reason="NumPy's BLAS multiplies these two; its 16-bit products are scalar loops",
    ),
    Entry(
        name="tf-eager",
        workload="matmul",
        framework="tensorflow",
        summary="tf.matmul, called eagerly",
        target="models.matmul.with_tensorflow:eager",
        needs=("tensorflow",),
    ),
    Entry(
        name="tf-graph",
        workload="matmul",
        framework="tensorflow",
        summary="tf.matmul in a tf.function",
        target="models.matmul.with_tensorflow:graph",
        needs=("tensorflow",),
    ),
    Entry(
        name="tf-xla",
        workload="matmul",
        framework="tensorflow",
        summary="tf.matmul in a tf.function compiled by XLA",
        target="models.matmul.with_tensorflow:xla",
        division="tuned",
        needs=("tensorflow",),
    ),
    Entry(
        name="torch",
        workload="matmul",
        framework="torch",
        summary="torch.matmul, called eagerly",
        target="models.matmul.with_torch:eager",
        needs=("torch",),
    ),
    Entry(
        name="torch-compiled",
        workload="matmul",
        framework="torch",
        summary="torch.matmul through torch.compile; on a CPU this needs a C++ compiler",
        target="models.matmul.with_torch:compiled",
        division="tuned",
        needs=("torch",),
    ),
    Entry(
        name="jax",
        workload="matmul",
        framework="jax",
        summary="jax.numpy.matmul under jax.jit, JAX's ordinary way",
        target="models.matmul.with_jax:jitted",
        needs=("jax",),
    ),
)
