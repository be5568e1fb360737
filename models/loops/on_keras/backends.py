"""Switches of Keras's backend, each set for every trainer: device, orders, TF32, floating point."""

from __future__ import annotations

from typing import Any

import keras

POLICIES = {"float64": "float64", "bfloat16": "bfloat16", "mixed": "mixed_bfloat16"}
"""Keras's name for a recipe's precision; float32 for all others."""


def device_name(device: str) -> str:
    """The backend's name of a device. Raises ValueError for a further logical CPU on PyTorch.

    Keras on PyTorch takes ``cpu:0`` for another place than ``cpu`` and copies every weight there.
    """
    if keras.backend.backend() != "torch" or not device.startswith("cpu"):
        return device
    if device != "cpu:0":
        raise ValueError(f"PyTorch sees no device {device}")
    return "cpu"


def seed_orders(seed: int) -> None:
    """Seed what ``fit`` draws its orders from, where that leaves it a fresh one each epoch.

    On TensorFlow it does not: a seeded operation inside a dataset starts anew with each iterator, of which
    ``fit`` makes one an epoch, so that with a global seed every epoch has the order of the first.
    """
    if keras.backend.backend() != "tensorflow":
        keras.utils.set_random_seed(seed)
        return
    import tensorflow as tf

    tf.random.set_seed(None)


def synchronise(model: Any) -> None:
    """Wait until the device has done what the training queued, without copying it."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tf.test.experimental.sync_devices()
    elif backend == "jax":
        import jax

        jax.block_until_ready([variable.value for variable in model.variables])
    elif backend == "torch":
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()


def set_tf32(allowed: bool) -> None:
    """Let products round float32 to TF32, or not, where the device can; each backend's default differs."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(allowed)
    elif backend == "torch":
        import torch

        torch.set_float32_matmul_precision("high" if allowed else "highest")
    elif backend == "jax":
        import jax

        jax.config.update("jax_default_matmul_precision", "tensorfloat32" if allowed else "highest")


def set_floats(precision: str) -> str:
    """Let layers, losses and optimizers made from now on compute at a recipe's precision; Keras's policy."""
    policy = POLICIES.get(precision, "float32")
    keras.config.set_floatx("float64" if precision == "float64" else "float32")
    keras.config.set_dtype_policy(policy)
    return policy
