"""The trainers that the registry lists; importing this imports no framework."""

from __future__ import annotations

from models.entry import Entry

HERE = "models.training"

ENTRIES = (
    Entry(
        "keras-fit",
        "training",
        "tensorflow",
        "Model.fit as Keras comes, with its TensorBoard callback",
        f"{HERE}.with_keras:KerasFit",
        needs=("tensorflow", "keras"),
        environment=(("KERAS_BACKEND", "tensorflow"),),
    ),
    Entry(
        "eager-loop",
        "training",
        "tensorflow",
        "hand-written layers and metrics, GradientTape and tf.data, step by step",
        f"{HERE}.with_tensorflow:EagerLoop",
        needs=("tensorflow", "keras"),
        environment=(("KERAS_BACKEND", "tensorflow"),),
    ),
    Entry(
        "graph-loop",
        "training",
        "tensorflow",
        "the same loop with its step in a tf.function",
        f"{HERE}.with_tensorflow:GraphLoop",
        needs=("tensorflow", "keras"),
        environment=(("KERAS_BACKEND", "tensorflow"),),
    ),
    Entry(
        "numpy-loop",
        "training",
        "numpy",
        "plain NumPy, backward by hand; in float64 the oracle",
        f"{HERE}.with_numpy:NumpyLoop",
        device_kinds=("cpu",),
    ),
    Entry(
        "torch-loop",
        "training",
        "torch",
        "an ordinary PyTorch loop over a DataLoader",
        f"{HERE}.with_torch:TorchLoop",
        needs=("torch",),
    ),
    Entry(
        "jax-scan",
        "training",
        "jax",
        "a whole epoch in one lax.scan under jax.jit",
        f"{HERE}.jax_scan:JaxScan",
        division="tuned",
        needs=("jax",),
    ),
)
