"""The look-ups and sums on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.contract.implementation import Division, Implementation


def _entry(
    name: str, module: str, factory: str, summary: str, division: Division = "default"
) -> Implementation:
    return Implementation(
        name=name,
        workload="embedding",
        framework=module,
        summary=summary,
        target=f"likeforlike.models.kernels.embedding.with_{module}:{factory}",
        division=division,
        needs=(module,),
    )


_TF = "tf.gather, tf.math.unsorted_segment_sum"
_TORCH = "torch.nn.functional.embedding, Tensor.index_add_"

IMPLEMENTATIONS = (
    Implementation(
        name="numpy",
        workload="embedding",
        framework="numpy",
        summary="numpy.take, numpy.add.at",
        target="likeforlike.models.kernels.embedding.with_numpy:rows",
        device_kinds=("cpu",),
        dtypes=("float64", "float32"),
        dtypes_reason="NumPy has no bfloat16, and its float16 is a scalar loop",
    ),
    _entry("tf-eager", "tensorflow", "eager", f"{_TF}, called eagerly"),
    _entry("tf-graph", "tensorflow", "graph", f"{_TF}, in a tf.function"),
    _entry("tf-xla", "tensorflow", "xla", f"{_TF}, in a tf.function compiled by XLA", "tuned"),
    _entry("torch", "torch", "eager", f"{_TORCH}, called eagerly"),
    _entry("torch-compiled", "torch", "compiled", f"{_TORCH}, through torch.compile", "tuned"),
    _entry("jax", "jax", "jitted", "jax.numpy.take, .at[].add, under jax.jit"),
)
