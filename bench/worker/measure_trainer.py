"""Inside a worker: a trainer's proof, and its epochs one turn at a time."""

from __future__ import annotations

import math
from dataclasses import asdict
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from likeforlike.bench.worker.cell_setup import (
    assignment_of,
    load_factory,
    memory_facts,
    named_clock,
    settled_runtime,
)
from likeforlike.bench.worker.messages import CellSpec, Finished, Go, Ready, Sample, receive_order, send
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.models.contract.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.trainer import Dataset, Epoch, Run, Trainer
from likeforlike.models.tasks.fashion_mnist import load_data
from likeforlike.models.tasks.mlp.proof import initial_parameters, verify


def measure(spec: CellSpec, connection: Connection) -> None:
    """Prepare the trainer, then train an epoch whenever told to, until the recipe or the harness ends it."""
    recipe = Recipe(**(spec.recipe or {}))
    clock = named_clock(spec.timer)
    runtime, facts = settled_runtime(spec)
    factory = load_factory(spec.target)
    shared = assignment_of(spec)
    if shared is not None:
        factory = partial(factory, assignment=shared)
    data = load_data(
        spec.data,
        Path(spec.data_dir) if spec.data_dir else None,
        train_samples=spec.samples[0],
        validation_samples=spec.samples[1],
    )
    try:
        verification = verify(factory, recipe, spec.device)
        start = clock()
        log_dir = Path(spec.log_dir) if spec.log_dir else None
        trainer: Trainer = factory(Run(recipe, data, initial_parameters(recipe), spec.device, log_dir, clock))
        setup_seconds = clock() - start
    except RecipeRefused as refusal:
        raise CellFailed("skipped", str(refusal)) from refusal
    if not verification.ok:
        raise CellFailed("wrong-answer", wrong_answer(verification.error, verification.tolerance))
    facts |= {"data": data_facts(data), "parameters": recipe.parameter_count()}
    send(connection, Ready(setup_seconds, None, verification.error, verification.tolerance, 0, facts))
    take_turns(connection, trainer, data, recipe)
    send(connection, Finished({"terms": dict(trainer.terms), **memory_facts(runtime, spec.device)}))


def wrong_answer(error: float, tolerance: float) -> str:
    """Say how far a trainer strays from the oracle."""
    return f"strays from the float64 oracle by {error:.3g}, tolerance {tolerance:.3g}"


def take_turns(connection: Connection, trainer: Trainer, data: Dataset, recipe: Recipe) -> None:
    """Hold the trainer between epochs until the harness says go."""
    few_images = data.validation_images[: recipe.batch_size]

    def wait_for_turn() -> bool:
        if not isinstance(receive_order(connection), Go):
            return False
        trainer.forward(few_images, training=False)  # untimed: wakes the thread pool after the freeze
        return True

    def between(epoch: Epoch) -> bool:
        check_finite(epoch)
        send(connection, Sample(epoch.train_seconds, epoch=asdict(epoch)))
        return wait_for_turn()

    if wait_for_turn():
        trainer.train(between)


def check_finite(epoch: Epoch) -> None:
    """A loss that is no number ends the cell. Raises CellFailed."""
    for name in ("loss", "val_loss"):
        value = getattr(epoch, name)
        if value is not None and not math.isfinite(value):
            raise CellFailed("non-finite", f"{name} is {value} in epoch {epoch.epoch}")


def data_facts(data: Dataset) -> dict[str, Any]:
    """What the result file says of the data."""
    return {
        "name": data.name,
        "source": data.source,
        "train_samples": len(data.train_images),
        "validation_samples": len(data.validation_images),
    }
