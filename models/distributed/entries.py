"""The data-parallel trainers that the registry lists; importing this imports no framework."""

from __future__ import annotations

from models.entry import Entry

ENTRIES = (
    Entry(
        "keras-fit-distributed",
        "distributed",
        "tensorflow",
        "Model.fit under tf.distribute, each batch divided among the workers",
        "models.distributed.with_keras:KerasFitDistributed",
        needs=("tensorflow", "keras"),
        install="pip install tensorflow",
        environment=(("KERAS_BACKEND", "tensorflow"),),
    ),
)
