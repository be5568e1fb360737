"""The attentions on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.kernels.usual_implementations import usual_implementations

_PACKAGE = "likeforlike.models.kernels.attention"
_PLAIN = "two products and a softmax"
_BELOW_FLOAT64 = ("float32", "tf32", "bfloat16", "float16")

IMPLEMENTATIONS = (
    *usual_implementations("attention", _PACKAGE, numpy=_PLAIN, tensorflow=_PLAIN, torch=_PLAIN, jax=_PLAIN),
    Implementation(
        name="keras",
        workload="attention",
        framework="tensorflow",
        summary="keras.ops.dot_product_attention on TensorFlow, called eagerly",
        target=f"{_PACKAGE}.with_tensorflow:keras_operation",
        needs=("tensorflow", "keras"),
        environment=(("KERAS_BACKEND", "tensorflow"),),
        dtypes=_BELOW_FLOAT64,
        dtypes_reason="its scale is a float32 number",
    ),
    Implementation(
        name="torch-fused",
        workload="attention",
        framework="torch",
        summary="torch.nn.functional.scaled_dot_product_attention, called eagerly",
        target=f"{_PACKAGE}.with_torch:fused",
        needs=("torch",),
    ),
    Implementation(
        name="jax-fused",
        workload="attention",
        framework="jax",
        summary="jax.nn.dot_product_attention under jax.jit",
        target=f"{_PACKAGE}.with_jax:fused",
        needs=("jax",),
        dtypes=_BELOW_FLOAT64,
        dtypes_reason="its softmax is one of float32 numbers",
    ),
)
