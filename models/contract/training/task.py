"""The contract of a task: what is trained, whatever the framework, and how a training of it is proven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from likeforlike.models.contract.problem import Verification
from likeforlike.models.contract.training.data import DataAsked, DataChoice, Located
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Run, Trainer, Weights

Factory = Callable[[Run], Trainer]


@dataclass(frozen=True)
class Told:
    """An epoch as the trainer tells it, and what the harness saw of it."""

    epoch: Epoch
    passed_seconds: float
    """By the harness's own clock, from the order to the report."""


class EpochWatch(Protocol):
    """Holds each timed epoch of a trainer against its weights."""

    @property
    def proven(self) -> str:
        """``proven``, or ``not proven:`` and why."""
        ...

    def fault(self, told: Told) -> str | None:
        """Why the epoch can't be what the recipe asks for, in one line; None if nothing speaks against it."""
        ...


@dataclass(frozen=True)
class Task:
    """What is trained: data, starting weights, counts, and the proof. Imports no framework."""

    name: str
    load_data: Callable[[DataAsked], Dataset]
    initial: Callable[[Recipe], Weights]
    """The starting weights of a recipe, drawn from its seed."""
    verify: Callable[[Factory, Recipe, str], Verification]
    """``verify(factory, recipe, device)``: the proof on small problems that a trainer does what it should."""
    watch: Callable[[Trainer, Recipe, Dataset, Weights], EpochWatch]
    parameter_count: Callable[[Recipe], int]
    """Trainable parameters."""
    flop: Callable[[Recipe, int], float | None]
    """Operations of products and convolutions in one epoch of training over that many samples, forward and
    backward, two for each product of two numbers; None where nobody counted."""
    unproven: str = ""
    """Why nothing can be proven of it; empty: it can."""
    facts: Callable[[], dict[str, Any]] = dict
    """What a result file says of it beside its name."""
    sample_bytes: int = 0
    """Of one sample's inputs as a loop holds them; 0: nobody said."""
    target_accuracy: float | None = None
    """The accuracy that trainings of it are usually held to; None: nobody can say of these data."""
    locate: Callable[[DataChoice], Located] | None = None
    """Finds its data and checks them before anything runs; raises DataError. None: nothing is to be found."""
