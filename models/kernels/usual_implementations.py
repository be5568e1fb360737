"""The seven usual ways to do a kernel: NumPy; TensorFlow eagerly, in a graph, by XLA; PyTorch twice; JAX."""

from __future__ import annotations

from likeforlike.models.contract.implementation import Division, Implementation

_WAYS: tuple[tuple[str, str, str, str, Division], ...] = (
    ("tf-eager", "tensorflow", "eager", ", called eagerly", "default"),
    ("tf-graph", "tensorflow", "graph", " in a tf.function", "default"),
    ("tf-xla", "tensorflow", "xla", " in a tf.function compiled by XLA", "tuned"),
    ("torch", "torch", "eager", ", called eagerly", "default"),
    (
        "torch-compiled",
        "torch",
        "compiled",
        " through torch.compile; needs a C++ compiler on a CPU",
        "tuned",
    ),
    ("jax", "jax", "jitted", " under jax.jit, JAX's ordinary way", "default"),
)
_NUMPY_REASON = "NumPy has no bfloat16, and its float16 is computed number by number"


def usual_implementations(
    workload: str, package: str, numpy: str, tensorflow: str, torch: str, jax: str
) -> tuple[Implementation, ...]:
    """An implementation for each way; the texts say which call does the work, such as ``tf.nn.softmax``.

    ``package`` holds ``with_numpy`` (with ``plain``), ``with_tensorflow`` (``eager``, ``graph``, ``xla``),
    ``with_torch`` (``eager``, ``compiled``) and ``with_jax`` (``jitted``).
    """
    own = Implementation(
        name="numpy",
        workload=workload,
        framework="numpy",
        summary=numpy,
        target=f"{package}.with_numpy:plain",
        device_kinds=("cpu",),
        dtypes=("float64", "float32"),
        dtypes_reason=_NUMPY_REASON,
    )
    calls = {"tensorflow": tensorflow, "torch": torch, "jax": jax}
    others = [
        Implementation(
            name=name,
            workload=workload,
            framework=framework,
            summary=calls[framework] + how,
            target=f"{package}.with_{framework}:{factory}",
            division=division,
            needs=(framework,),
        )
        for name, framework, factory, how, division in _WAYS
    ]
    return own, *others
