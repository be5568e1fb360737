"""A data-parallel trainer that is none: it trains on half of each batch."""

from __future__ import annotations

from dataclasses import replace

from likeforlike.models.contract.implementation import Implementation


def halved(run, assignment):
    from likeforlike.models.distributed.keras_fit import KerasFitDistributed

    return KerasFitDistributed(replace(run, recipe=replace(run.recipe, batch_size=32)), assignment)


IMPLEMENTATIONS = [
    Implementation(
        "halved",
        "distributed",
        "tensorflow",
        "",
        f"{__name__}:halved",
        needs=("tensorflow",),
        environment=(("KERAS_BACKEND", "tensorflow"),),
    )
]
