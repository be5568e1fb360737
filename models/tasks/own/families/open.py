"""Open a model: call the user's function, see of which framework it is, and give it the one face."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np

from likeforlike.models.contract.training.network import Family
from likeforlike.models.tasks.own.families.losses import loss_in
from likeforlike.models.tasks.own.families.model import Model, family_of
from likeforlike.models.tasks.own.functions import called, one_line
from likeforlike.models.tasks.own.given import Refused

_ROOM = "likeforlike.models.tasks.own.families"


def tools_of(family: Family) -> ModuleType:
    """The module that knows a family."""
    return importlib.import_module(f"{_ROOM}.with_{'keras' if family == 'tensorflow' else family}")


def backend_of(family: Family) -> str:
    """Keras's backend in this process; empty for other frameworks."""
    if family != "keras":
        return ""
    import keras

    return str(keras.backend.backend())


def seeded(seed: int) -> None:
    """Seed whatever framework the user's module has imported."""
    import sys

    np.random.seed(seed % 2**32)
    families: tuple[Family, ...] = ("keras", "torch")
    for family in families:
        if family in sys.modules:
            tools_of(family).seed(seed)


def offered(target: str, seed: int | None = None) -> Any:
    """What the user's function returns. Raises Refused."""
    if seed is not None:
        seeded(seed)
    return called("--model", target)


def opened(
    target: str,
    family: Family,
    loss: str,
    inputs: np.ndarray,
    precision: str = "float32",
    seed: int | None = None,
) -> Model:
    """A model built anew, with the weights that it starts from for a seed. Raises Refused."""
    tools = tools_of(family)
    model = tools.built(lambda: offered(target, seed), precision)
    return faced(target, model, family, loss, inputs, precision, seed)


def faced(
    target: str,
    model: Any,
    family: Family,
    loss: str,
    inputs: np.ndarray,
    precision: str = "float32",
    seed: int | None = None,
) -> Model:
    """A built model under the one face. Raises Refused where it doesn't take the inputs."""
    if family_of(target, model) != family:
        raise Refused(f"--model: {target} returns models of several frameworks, expected one")
    tools, own_loss = tools_of(family), loss_in(family, loss)
    try:
        if family == "jax":
            opened_model: Model = tools.JaxModel(model, own_loss, inputs, seed or 0, precision)
        elif family == "torch":
            opened_model = tools.TorchModel(tools.in_precision(model, precision), own_loss, inputs)
        else:
            opened_model = tools.KerasModel(model, own_loss, inputs)
    except Refused:
        raise
    except Exception as error:  # whatever a stranger's model raises
        shape = tuple(inputs.shape)
        raise Refused(
            f"--model: {target} can't compute inputs of shape {shape}: {one_line(error)}"
        ) from error
    return opened_model
