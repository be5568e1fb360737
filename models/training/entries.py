"""The trainers that the registry lists; importing this imports no framework."""

from __future__ import annotations

from models.entry import Entry

TORCH = "pip install 'likeforlike[torch]'"
JAX = "pip install 'likeforlike[jax]'"
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
)
