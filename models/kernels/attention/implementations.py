"""The attentions on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from dataclasses import replace

from likeforlike.models.contract.implementation import Division, Implementation


def _entry(
    name: str, module: str, factory: str, summary: str, division: Division = "default"
) -> Implementation:
    return Implementation(
        name=name,
        workload="attention",
        framework=module,
        summary=summary,
        target=f"likeforlike.models.kernels.attention.with_{module}:{factory}",
        division=division,
        needs=(module,),
    )


_PLAIN = "two products and a softmax"
_BELOW_FLOAT64 = ("float32", "tf32", "bfloat16", "float16")

IMPLEMENTATIONS = (
    Implementation(
        name="numpy",
        workload="attention",
        framework="numpy",
        summary=f"{_PLAIN}, by NumPy",
        target="likeforlike.models.kernels.attention.with_numpy:plain",
        device_kinds=("cpu",),
        dtypes=("float64", "float32"),
        dtypes_reason="NumPy's BLAS multiplies these two; its 16-bit products are scalar loops",
    ),
    _entry("tf-eager", "tensorflow", "eager", f"{_PLAIN}, called eagerly"),
    _entry("tf-graph", "tensorflow", "graph", f"{_PLAIN}, in a tf.function"),
    _entry("tf-xla", "tensorflow", "xla", f"{_PLAIN}, in a tf.function compiled by XLA", "tuned"),
    replace(
        _entry(
            "keras", "tensorflow", "keras_operation", "keras.ops.dot_product_attention on TensorFlow, eagerly"
        ),
        needs=("tensorflow", "keras"),
        environment=(("KERAS_BACKEND", "tensorflow"),),
        dtypes=_BELOW_FLOAT64,
        dtypes_reason="its scale is a float32 number",
    ),
    _entry("torch-fused", "torch", "fused", "torch's scaled_dot_product_attention, called eagerly"),
    _entry("torch", "torch", "plain", f"{_PLAIN}, called eagerly"),
    _entry("torch-compiled", "torch", "compiled", f"{_PLAIN}, through torch.compile", "tuned"),
    replace(
        _entry("jax-fused", "jax", "own", "jax.nn.dot_product_attention under jax.jit"),
        dtypes=_BELOW_FLOAT64,
        dtypes_reason="its softmax is one of float32 numbers",
    ),
    _entry("jax", "jax", "plain", f"{_PLAIN}, under jax.jit"),
)
