"""Brings a Keras model that looks rows up, holds loops right and wrong against it, and prints what was found as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from likeforlike.bench.worker.measure_trainer import Trains
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.loops.tensorflow_loop import EagerLoop
from likeforlike.models.tasks.own.bringing.__main__ import bring
from likeforlike.models.tasks.own.given import ASKED_FILE, Asked, read_brought, write
from likeforlike.models.tasks.own.networks import network_of
from likeforlike.models.tasks.own.proof import verify


class TwiceAsFast(EagerLoop):
    """With Adam its rows stray anyhow."""

    def __init__(self, run):
        faster = replace(run.recipe, learning_rate=2 * run.recipe.learning_rate)
        super().__init__(replace(run, recipe=faster))


def main(folder: Path) -> None:
    """Adam and, by its schedule, another one."""
    schedule = replace(MATCHED, name="schedule", schedule="cosine", warmup_steps=2)
    recipes = (MATCHED, schedule)
    asked = Asked(
        ("never_seen:lookup_keras",),
        "never_seen:tokens",
        (100, 30),
        (2020,),
        tuple(asdict(recipe) for recipe in recipes),
    )
    write(folder / ASKED_FILE, asked)
    bring(folder, 0)
    brought = read_brought(folder)
    told = brought.models[0]
    found = {"undecided": told.undecided, "unproven": told.unproven}
    for loop in (EagerLoop, TwiceAsFast):
        for recipe in recipes:
            held = verify(brought, 0, Trains(loop, network_of(told)), recipe, "cpu:0")
            found[f"{loop.__name__} {recipe.name}"] = [held.ok, held.what, held.unproven]
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
