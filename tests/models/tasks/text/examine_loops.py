"""Proves loops on the network of characters: ``examine_loops.py LOOP ...`` prints errors over tolerance, as JSON.

In steps of eight samples, without XLA where a loop has the choice: compiling takes longest.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace

from likeforlike.bench.worker.measure_trainer import Trains
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.registry import load_registry
from likeforlike.models.tasks.text.task import TEXT

IN_GRAPH = ("keras-fit-tuned", "tf-epoch-split")


def strayed(name: str) -> float:
    """The proof's error over its tolerance."""
    entry = load_registry().find("text", name)
    network = replace(entry, target=entry.network).load()
    recipe = replace(MATCHED, batch_size=8, execution="graph" if name in IN_GRAPH else "default")
    found = TEXT.verify(Trains(entry.load(), network), recipe, "cpu:0")
    return found.error / found.tolerance


if __name__ == "__main__":
    print(json.dumps({name: strayed(name) for name in sys.argv[1:]}))
