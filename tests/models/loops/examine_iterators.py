"""Trains by ``fit`` and prints how many iterators of tf.data there are between two epochs, as JSON."""

from __future__ import annotations

import gc
import json
from dataclasses import replace

from small_network import PLAIN, images, weights
from small_tensorflow_network import NETWORKS
from tensorflow.python.data.ops.iterator_ops import OwnedIterator

from likeforlike.models.contract.training.trainer import Epoch, Run
from likeforlike.models.loops.keras_fit import KerasFit
from likeforlike.models.loops.keras_fit_tuned import KerasFitTuned

found: dict[str, list[int]] = {}


def between(epoch: Epoch) -> bool:
    gc.collect()
    every = [one for one in gc.get_objects() if isinstance(one, OwnedIterator)]
    counts.append(sum(getattr(one, "_iterator_resource", None) is not None for one in every))
    return True


for loop in (KerasFit, KerasFitTuned):
    for logs_read in ("each-step", "each-epoch"):
        counts: list[int] = []
        recipe = replace(PLAIN, epochs=3, execution="graph", logs_read=logs_read)
        trainer = loop(Run(recipe, images(), weights(), "cpu:0", network=NETWORKS["functional"]))
        trainer.train(between)
        found[f"{loop.name} {logs_read}"] = counts
        del trainer
        gc.collect()
print(json.dumps(found))
