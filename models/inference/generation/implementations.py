"""The ways to let a network continue a text. Nothing is imported until one of them runs."""

from __future__ import annotations

from functools import partial

from likeforlike.models.contract.implementation import Implementation

_PACKAGE = "likeforlike.models.inference.generation"


def _backend(name: str) -> tuple[tuple[str, str], ...]:
    return (("KERAS_BACKEND", name),)


_of = partial(Implementation, workload="generation")
_tensorflow = partial(
    _of, framework="tensorflow", needs=("tensorflow", "keras"), environment=_backend("tensorflow")
)
_torch = partial(_of, framework="torch", needs=("torch",))
_jax = partial(_of, framework="jax", needs=("jax",))

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
        summary="Model.predict of a NumPy array for each character",
        target=f"{_PACKAGE}.with_keras:predict",
    ),
    _jax(
        name="keras-predict-jax",
        needs=("jax", "keras"),
        environment=_backend("jax"),
        summary="Model.predict on Keras's JAX backend for each character",
        target=f"{_PACKAGE}.with_keras:predict",
    ),
    _torch(
        name="keras-predict-torch",
        needs=("torch", "keras"),
        environment=_backend("torch"),
        summary="Model.predict on Keras's PyTorch backend for each character",
        target=f"{_PACKAGE}.with_keras:predict",
    ),
    _tensorflow(
        name="keras-call",
        summary="the Keras model called on a tensor for each character, eagerly",
        target=f"{_PACKAGE}.with_tensorflow:eager",
    ),
    _tensorflow(
        name="tf-function",
        summary="all characters in one tf.function, a loop in its graph",
        target=f"{_PACKAGE}.with_tensorflow:graph",
    ),
    _tensorflow(
        name="tf-xla",
        summary="the same compiled by XLA",
        target=f"{_PACKAGE}.with_tensorflow:xla",
        division="tuned",
    ),
    _torch(
        name="torch",
        summary="the nn.Module in evaluation mode under torch.inference_mode, character by character",
        target=f"{_PACKAGE}.with_torch:eager",
    ),
    _torch(
        name="torch-compiled",
        summary="the same, the step of a character through torch.compile; needs a C++ compiler on a CPU",
        target=f"{_PACKAGE}.with_torch:compiled",
        division="tuned",
    ),
    _jax(
        name="jax-step",
        summary="the step of a character under jax.jit, character by character",
        target=f"{_PACKAGE}.with_jax:step_by_step",
    ),
    _jax(
        name="jax-loop",
        summary="all characters in one lax.fori_loop under jax.jit",
        target=f"{_PACKAGE}.with_jax:looped",
        division="tuned",
    ),
)
