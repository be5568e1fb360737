"""The data-parallel trainers that the registry lists; importing this imports no framework."""

from __future__ import annotations

from likeforlike.models.contract.implementation import Implementation

IMPLEMENTATIONS = (
    Implementation(
        "keras-fit-distributed",
        "distributed",
        "tensorflow",
        "Model.fit under tf.distribute, each batch divided among the workers",
        "likeforlike.models.distributed.keras_fit:KerasFitDistributed",
        needs=("tensorflow", "keras"),
        environment=(("KERAS_BACKEND", "tensorflow"),),
    ),
)
