"""What was brought and what is known of it, as it stands in the folder that a run's processes share.

The folder is written by the processes of :mod:`likeforlike.models.tasks.own.bringing` before anything is
measured; a worker finds it, and which of the models it is to train, by variables.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from likeforlike.models.contract.training.network import SPARSE_CROSSENTROPY, Family, Match

FOLDER_VARIABLE = "LIKEFORLIKE_MODELS"
"""Where a worker finds what was brought."""
MODEL_VARIABLE = "LIKEFORLIKE_MODEL"
"""Which of the models it is to train, from 0."""
WORKLOAD_VARIABLE = "LIKEFORLIKE_WORKLOAD"
"""What the workload is called in which it does so."""
POINTERS = (FOLDER_VARIABLE, MODEL_VARIABLE, WORKLOAD_VARIABLE)
"""They shape no training: another run's folder is another one."""


class Refused(Exception):
    """Why something can't be taken, in one line: which, what it is, what was expected, what to do."""


@dataclass(frozen=True)
class Asked:
    """What was asked for."""

    models: tuple[str, ...]
    """``module:function`` each."""
    data: str
    """``module:function``."""
    samples: tuple[int, int]
    """Training and validation samples at most."""
    seeds: tuple[int, ...]
    """Of the runs, one each."""
    recipes: tuple[dict[str, Any], ...]
    """Those of the proof, the plain one first."""
    weights: str = ""
    """``module:attribute`` of the mapping; empty: found by shape and order."""
    losses: tuple[str, ...] = (SPARSE_CROSSENTROPY,)
    """A name or ``module:function``, one for all models or one each."""
    answers: bool = False
    """Whether models will be asked for outputs, too, so that theirs are to be laid down."""

    @property
    def names(self) -> tuple[str, ...]:
        """What each model is called: its function, with as much of the module as tells it from the others."""
        paths = [target.replace(":", ".").split(".") for target in self.models]
        longest = max(map(len, paths))
        for parts in range(1, longest + 1):
            names = tuple("-".join(path[-parts:]) for path in paths)
            if len(set(names)) == len(names):
                return names
        raise Refused(f"--model: {self.models[0]} is named twice, expected different functions")

    def loss_of(self, number: int) -> str:
        """The loss of one of the models."""
        return self.losses[number if len(self.losses) > 1 else 0]


@dataclass(frozen=True)
class WeightTold:
    """One weight, in its model's own terms."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    trained: bool


INITIALISER = "kernel_initializer"
"""The setting of a layer that says how its kernel starts."""


@dataclass(frozen=True)
class LayerTold:
    """A layer, and those of its settings that frameworks have other defaults for."""

    name: str
    kind: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class MatchTold:
    """One weight's canonical name and its own; see ``contract.training.network.Match``."""

    name: str
    own: str
    axes: tuple[int, ...] = ()


@dataclass(frozen=True)
class ModelTold:
    """A model, as the process that built it tells."""

    name: str
    target: str
    family: Family
    loss: str
    weights: tuple[WeightTold, ...]
    layers: tuple[LayerTold, ...]
    outputs: tuple[int, ...]
    """Shape of one sample's outputs."""
    starts: tuple[str, ...]
    """Digest of the starting weights of each seed."""
    matches: tuple[MatchTold, ...] = ()
    """Of a further model; those of the first are its own names."""
    found: str = ""
    """How the matches were found; empty: there are none."""
    modes: tuple[str, ...] = ("training",)
    """In which ways of computing its training is proven."""
    unproven: str = ""
    """Why it can't be proven to be trained as it should; empty: it can."""
    backend: str = ""
    """Of Keras, on which it was built; empty for other frameworks."""
    undecided: tuple[str, ...] = ()
    """Of each recipe of the proof why training by it can't be proven; empty: it can."""
    idle: tuple[str, ...] = ()
    """Canonical names of trained weights on which the outputs don't depend."""
    remarks: tuple[str, ...] = ()
    """What a reader should know of it, a sentence each."""
    flop: tuple[float, float] | None = None
    """Operations of products and convolutions, forward and backward: of a training step, whatever its batch,
    and of each sample in it; None where nobody could count them."""
    inference_flop: tuple[float, float] | None = None
    """The same of outputs alone, as in inference."""
    smoothing: float | None = 0.0
    """By how much its loss smooths labels; None: a function that doesn't tell."""

    @property
    def parameters(self) -> int:
        """Trained parameters."""
        return sum(int(np.prod(weight.shape)) for weight in self.weights if weight.trained)

    @property
    def network_matches(self) -> tuple[Match, ...]:
        """As loops take them."""
        if not self.matches:
            return tuple(Match(weight.name, weight.name) for weight in self.weights)
        return tuple(Match(told.name, told.own, told.axes) for told in self.matches)


@dataclass(frozen=True)
class DataTold:
    """The data, as the process that read them tells."""

    name: str
    train_samples: int
    validation_samples: int
    of_samples: int
    """Training samples that there were, before some were taken."""
    input_shape: tuple[int, ...]
    input_dtype: str = "float32"
    target_shape: tuple[int, ...] = ()
    target_dtype: str = "int32"

    @property
    def input_bytes(self) -> int:
        """Of one sample."""
        return math.prod(self.input_shape) * np.dtype(self.input_dtype).itemsize


@dataclass(frozen=True)
class Brought:
    """The folder, read."""

    folder: Path
    asked: Asked
    models: tuple[ModelTold, ...]
    data: DataTold

    @property
    def first(self) -> ModelTold:
        """The model whose names are canonical."""
        return self.models[0]

    @property
    def one_network(self) -> bool:
        """Whether all models are matched with the first, so that its counts are those of all."""
        return all(model.matches for model in self.models[1:])


ASKED_FILE, DATA_FILE = "asked.json", "data.json"
ARRAYS = ("train_inputs", "train_targets", "validation_inputs", "validation_targets")


def model_file(number: int) -> str:
    """What is told of a model."""
    return f"model-{number}.json"


def start_file(number: int, seed: int) -> str:
    """The starting weights of a model for a seed, by canonical name."""
    return f"start-{number}-{seed}.npz"


def reference_file(number: int, mode: str, recipe: int) -> str:
    """Ten steps of a model's plain training in float64, by one of the recipes."""
    return f"reference-{number}-{mode}-{recipe}.npz"


ANSWERED = 256
"""Samples of which a model's own outputs are laid down, if there are so many."""


def answers_file(number: int) -> str:
    """A model's own outputs for the first samples, by the starting weights of the first seed."""
    return f"answers-{number}.npz"


def write(path: Path, told: Any) -> None:
    """Write a record as JSON."""
    path.write_bytes(msgspec.json.encode(told))


def read_asked(folder: Path) -> Asked:
    """What was asked for."""
    return msgspec.json.decode((folder / ASKED_FILE).read_bytes(), type=Asked)


def read_model(folder: Path, number: int) -> ModelTold:
    """What is told of a model."""
    return msgspec.json.decode((folder / model_file(number)).read_bytes(), type=ModelTold)


def read_brought(folder: Path) -> Brought:
    """All that is told in a folder."""
    asked = read_asked(folder)
    models = tuple(read_model(folder, number) for number in range(len(asked.models)))
    data = msgspec.json.decode((folder / DATA_FILE).read_bytes(), type=DataTold)
    return Brought(folder, asked, models, data)


@cache
def _read_once(folder: str) -> Brought:
    return read_brought(Path(folder))


def here() -> tuple[Brought, int]:
    """What the environment says was brought, and which of the models is to be trained."""
    return _read_once(os.environ[FOLDER_VARIABLE]), int(os.environ[MODEL_VARIABLE])


def workload_here() -> str:
    """What the environment says the workload is called."""
    return os.environ[WORKLOAD_VARIABLE]


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    """Named arrays of a file, in order."""
    with np.load(path) as file:
        return {str(name): file[f"array{number}"] for number, name in enumerate(file["names"])}


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Named arrays, whatever their names."""
    numbered = {f"array{number}": array for number, array in enumerate(arrays.values())}
    with open(path, "wb") as file:
        np.savez(file, **{"names": np.array(list(arrays), dtype=np.str_), **numbered})  # type: ignore[arg-type]
