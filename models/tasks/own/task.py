"""A brought model as a task: its data, its starting weights, and its proof, all found in one folder."""

from __future__ import annotations

from typing import Any

from likeforlike.models.contract.problem import Verification
from likeforlike.models.contract.training.data import DataAsked
from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.task import EpochWatch, Factory, Task
from likeforlike.models.contract.training.trainer import Dataset, Trainer, Weights
from likeforlike.models.tasks.own.data import load_kept
from likeforlike.models.tasks.own.given import Brought, arrays_of, start_file


def task_of(brought: Brought, number: int, name: str) -> Task:
    """The task whose entrants train one of the models; imports no framework."""
    told = brought.models[number]

    def load(asked: DataAsked) -> Dataset:
        return load_kept(brought.folder, brought.data.name)

    def initial(recipe: Recipe) -> Weights:
        return NamedWeights(arrays_of(brought.folder / start_file(number, recipe.seed)))

    def verify(factory: Factory, recipe: Recipe, device: str) -> Verification:
        from likeforlike.models.tasks.own import proof

        return proof.verify(brought, number, factory, recipe, device)

    def watch(trainer: Trainer, recipe: Recipe, data: Dataset, start: Weights) -> EpochWatch:
        from likeforlike.models.tasks.own.timed_epochs import OwnEpochs

        return OwnEpochs(brought, number, trainer, recipe, data, start)

    def flop(recipe: Recipe, samples: int) -> float | None:
        if told.flop is None or not brought.one_network:
            return None
        of_step, of_sample = told.flop
        return recipe.steps(samples) * of_step + recipe.trained_samples(samples) * of_sample

    def facts() -> dict[str, Any]:
        return {"brought": facts_of(brought, number)}

    return Task(
        name=name,
        load_data=load,
        initial=initial,
        verify=verify,
        watch=watch,
        parameter_count=lambda recipe: told.parameters,
        flop=flop,
        sample_bytes=brought.data.input_bytes,
        unproven=told.unproven,
        facts=facts,
    )


def facts_of(brought: Brought, number: int) -> dict[str, Any]:
    """What a result file says of a brought model."""
    told = brought.models[number]
    return {
        "model": told.target,
        "family": told.family,
        "loss": told.loss,
        "starting_weights": told.starts[0],
        "matched": told.found,
        "matches": [
            f"{match.name} = {match.own}" + (f" {list(match.axes)}" if match.axes else "")
            for match in told.matches
        ],
        "remarks": list(told.remarks),
    }
