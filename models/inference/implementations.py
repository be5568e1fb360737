"""The ways to ask a network for its logits. Nothing is imported until one of them runs."""

from __future__ import annotations

from functools import partial

from likeforlike.models.contract.implementation import Implementation

_PACKAGE = "likeforlike.models.inference"
_KERAS = f"{_PACKAGE}.with_keras"


def _backend(name: str) -> tuple[tuple[str, str], ...]:
    return (("KERAS_BACKEND", name),)


_of = partial(Implementation, workload="inference")
_tensorflow = partial(
    _of, framework="tensorflow", needs=("tensorflow", "keras"), environment=_backend("tensorflow")
)

IMPLEMENTATIONS = (
    _of(
        name="numpy",
        framework="numpy",
        summary="NumPy, layer by layer",
        target=f"{_PACKAGE}.with_numpy:plain",
        device_kinds=("cpu",),
        dtypes=("float32",),
        dtypes_reason="NumPy has no bfloat16",
    ),
    _tensorflow(
        name="keras-predict",
        summary="Model.predict of a NumPy array, the whole batch in one step",
        target=f"{_KERAS}:predict",
    ),
    _of(
        name="keras-predict-jax",
        framework="jax",
        needs=("jax", "keras"),
        environment=_backend("jax"),
        summary="Model.predict on Keras's JAX backend",
        target=f"{_KERAS}:predict",
    ),
    _of(
        name="keras-predict-torch",
        framework="torch",
        needs=("torch", "keras"),
        environment=_backend("torch"),
        summary="Model.predict on Keras's PyTorch backend",
        target=f"{_KERAS}:predict",
    ),
    _tensorflow(
        name="keras-predict-on-batch",
        summary="Model.predict_on_batch of a NumPy array",
        target=f"{_KERAS}:predict_on_batch",
    ),
    _tensorflow(
        name="keras-call",
        summary="the Keras model called on a tensor, eagerly",
        target=f"{_PACKAGE}.with_tensorflow:eager",
    ),
    _tensorflow(
        name="tf-function",
        summary="the Keras model in a tf.function",
        target=f"{_PACKAGE}.with_tensorflow:graph",
    ),
    _tensorflow(
        name="tf-xla",
        summary="the Keras model in a tf.function compiled by XLA",
        target=f"{_PACKAGE}.with_tensorflow:xla",
        division="tuned",
    ),
    _of(
        name="torch",
        framework="torch",
        needs=("torch",),
        summary="the nn.Module in evaluation mode under torch.inference_mode",
        target=f"{_PACKAGE}.with_torch:eager",
    ),
    _of(
        name="torch-compiled",
        framework="torch",
        needs=("torch",),
        summary="the same through torch.compile; needs a C++ compiler on a CPU",
        target=f"{_PACKAGE}.with_torch:compiled",
        division="tuned",
    ),
    _of(
        name="jax",
        framework="jax",
        needs=("jax",),
        summary="the function of weights and images under jax.jit, JAX's ordinary way",
        target=f"{_PACKAGE}.with_jax:jitted",
    ),
)
