"""A data-parallel trainer that is none: it trains on half of each batch."""

from __future__ import annotations

from dataclasses import replace

from models.entry import Entry


def halved(run, assignment):
    from models.distributed.with_keras import KerasFitDistributed

    return KerasFitDistributed(replace(run, recipe=replace(run.recipe, batch_size=32)), assignment)


IMPLEMENTATIONS = [
    Entry(
        "halved",
        "distributed",
        "tensorflow",
        "",
        f"{__name__}:halved",
        needs=("tensorflow",),
        environment=(("KERAS_BACKEND", "tensorflow"),),
    )
]
