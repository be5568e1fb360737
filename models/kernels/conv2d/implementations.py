"""The convolutions on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.contract.implementation import Division, Implementation


def _entry(
    name: str, module: str, factory: str, summary: str, division: Division = "default"
) -> Implementation:
    return Implementation(
        name=name,
        workload="conv2d",
        framework=module,
        summary=summary,
        target=f"likeforlike.models.kernels.conv2d.with_{module}:{factory}",
        division=division,
        needs=(module,),
    )


IMPLEMENTATIONS = (
    Implementation(
        name="numpy",
        workload="conv2d",
        framework="numpy",
        summary="nine products by NumPy's BLAS, one for each place in the kernel",
        target="likeforlike.models.kernels.conv2d.with_numpy:convolution",
        device_kinds=("cpu",),
        dtypes=("float64", "float32"),
        dtypes_reason="NumPy's BLAS multiplies these two; its 16-bit products are scalar loops",
    ),
    _entry("tf-eager", "tensorflow", "eager", "tf.nn.conv2d, channels last, called eagerly"),
    _entry("tf-graph", "tensorflow", "graph", "tf.nn.conv2d, channels last, in a tf.function"),
    _entry("tf-xla", "tensorflow", "xla", "tf.nn.conv2d in a tf.function compiled by XLA", "tuned"),
    _entry("torch", "torch", "eager", "torch.nn.functional.conv2d, channels first, called eagerly"),
    _entry(
        "torch-compiled", "torch", "compiled", "torch.nn.functional.conv2d through torch.compile", "tuned"
    ),
    _entry("jax", "jax", "jitted", "jax.lax.conv_general_dilated, channels last, under jax.jit"),
)
