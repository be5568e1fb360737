"""A further process of a data-parallel training: does what the chief does, and reports nothing."""

from __future__ import annotations

import importlib
import json
import os
import sys
from functools import partial

from likeforlike.devices.process.lifetime import end_with_parent
from likeforlike.devices.process.runtime import runtime
from likeforlike.models.contract.training.data import DataAsked
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.trainer import Run
from likeforlike.models.distributed.assignment import Assignment
from likeforlike.models.tasks.mlp.task import MLP


def main() -> None:
    """Started by the chief only, as a module, with PARENT_PID INDEX PORTS ASSIGNMENT."""
    end_with_parent(int(sys.argv[1]))
    index, ports, assignment = int(sys.argv[2]), json.loads(sys.argv[3]), Assignment.from_json(sys.argv[4])
    recipe = Recipe(**assignment.recipe)
    runtime("tensorflow").configure(assignment.device, assignment.threads, recipe.precision)
    from likeforlike.models.distributed.strategies import join

    join(assignment, index, ports)
    module, _, attribute = assignment.target.partition(":")
    factory = partial(getattr(importlib.import_module(module), attribute), assignment=assignment)
    data = MLP.load_data(DataAsked(assignment.data, assignment.data_dir, assignment.samples))
    MLP.verify(factory, recipe, assignment.device)
    run = Run(recipe, data, MLP.initial(recipe), assignment.device)
    factory(run).train(lambda epoch: True)
    os._exit(0)  # TensorFlow's exit handlers wait for peers that have left


if __name__ == "__main__":
    main()
