"""Every loop of a framework as an entrant, for each brought model of it; imports no framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.network import Family
from likeforlike.models.tasks.oracle.trainers import HUGE_PAGES, trainers
from likeforlike.models.tasks.own import networks
from likeforlike.models.tasks.own.given import FOLDER_VARIABLE, MODEL_VARIABLE, Brought, ModelTold

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
        alike = sum(other.family == model.family for other in brought.models) > 1
        for loop in loops:
            if _family_of(loop) == model.family:
                yield _entry(brought, number, model, loop, f"-{model.name}" if alike else "")


def _family_of(loop: Implementation) -> Family | None:
    """By the module of its network, ``with_keras`` and the like."""
    return _FAMILIES.get(loop.network.partition(":")[0].rpartition("with_")[2])


def _ways(loop: Implementation) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What the loop can do; of a brought model the layers are those that it was made of."""
    return tuple((field, ("keras",) if field == "layers" else values) for field, values in loop.ways)


def _entry(
    brought: Brought, number: int, model: ModelTold, loop: Implementation, suffix: str
) -> Implementation:
    found = ((FOLDER_VARIABLE, str(brought.folder)), (MODEL_VARIABLE, str(number)))
    modules = [model.target, brought.asked.data, *([model.loss] if ":" in model.loss else [])]
    return replace(
        loop,
        name=f"{loop.name}{suffix}",
        summary=f"{loop.name} on {model.target}",
        network=networks.TARGET,
        keras_network="",
        ways=_ways(loop),
        environment=(*loop.environment, *found),
        modules=tuple(dict.fromkeys(target.partition(":")[0] for target in modules)),
    )
