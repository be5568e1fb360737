"""Every loop of a framework as an entrant, for each brought model of it; imports no framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.network import Family
from likeforlike.models.tasks.oracle.trainers import HUGE_PAGES, trainers
from likeforlike.models.tasks.own import networks
from likeforlike.models.tasks.own.given import (
    FOLDER_VARIABLE,
    MODEL_VARIABLE,
    WORKLOAD_VARIABLE,
    Brought,
)

_FAMILIES: Mapping[str, Family] = {"keras": "keras", "tensorflow": "keras", "torch": "torch", "jax": "jax"}
"""Whose models a loop of the built-in tasks takes, by the network that it trains there: TensorFlow's own take
Keras's models, too."""


_of_keras = partial(Implementation, workload="", network="with_keras", role="floor")
_FLOORS_OF_KERAS = (
    _of_keras(
        name="floor-tf",
        framework="tensorflow",
        needs=("tensorflow", "keras"),
        environment=(("KERAS_BACKEND", "tensorflow"), HUGE_PAGES),
        summary="no trainer: products and convolutions of a recorded step alone, by TensorFlow",
        target="likeforlike.models.loops.floors.with_tensorflow:FloorTensorFlow",
    ),
    _of_keras(
        name="floor-keras-jax",
        framework="jax",
        needs=("jax", "keras"),
        environment=(("KERAS_BACKEND", "jax"), HUGE_PAGES),
        summary="no trainer: products and convolutions of a traced step alone, by JAX",
        target="likeforlike.models.loops.floors.with_keras:FloorKerasJax",
    ),
)
"""A built-in task has its network in PyTorch and JAX, too, whose floors serve; a brought model may be Keras's
alone."""


def entries_of(brought: Brought, workload: str) -> Iterator[Implementation]:
    """Each loop with each model of its family; those of one family are told apart by the model's name."""
    floors = tuple(replace(floor, workload=workload) for floor in _FLOORS_OF_KERAS)
    loops = (*trainers(workload, ""), *floors)
    for number, model in enumerate(brought.models):
        for loop in loops:
            if _family_of(loop) == model.family:
                ours = replace(loop, network=networks.TARGET, keras_network="", ways=_ways(loop))
                yield brought_entry(brought, number, ours, suffix_of(brought, number))


def suffix_of(brought: Brought, number: int) -> str:
    """What tells the entrants of a model from those of others of its framework; empty where there is none."""
    model = brought.models[number]
    alike = sum(other.family == model.family for other in brought.models) > 1
    return f"-{model.name}" if alike else ""


def _family_of(loop: Implementation) -> Family | None:
    """By the module of its network, ``with_keras`` and the like."""
    return _FAMILIES.get(loop.network.partition(":")[0].rpartition("with_")[2])


def _ways(loop: Implementation) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What the loop can do; of a brought model the layers are those that it was made of."""
    return tuple((field, ("keras",) if field == "layers" else values) for field, values in loop.ways)


def brought_entry(brought: Brought, number: int, entry: Implementation, suffix: str) -> Implementation:
    """An entrant that is told where to find which of the models, and whose modules a resumed run looks at."""
    model = brought.models[number]
    told = {
        FOLDER_VARIABLE: str(brought.folder),
        MODEL_VARIABLE: str(number),
        WORKLOAD_VARIABLE: entry.workload,
    }
    modules = [model.target, brought.asked.data, *([model.loss] if ":" in model.loss else [])]
    return replace(
        entry,
        name=f"{entry.name}{suffix}",
        summary=f"{entry.name} on {model.target}",
        environment=(*entry.environment, *told.items()),
        modules=tuple(dict.fromkeys(target.partition(":")[0] for target in modules)),
    )
