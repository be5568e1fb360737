"""Brought models as the networks that loops train, as they are and in the quiet forms of the proof."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from likeforlike.models.contract.training.network import SPARSE_CROSSENTROPY, Network
from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused
from likeforlike.models.tasks.own.families.losses import loss_in
from likeforlike.models.tasks.own.families.open import backend_of, offered, tools_of
from likeforlike.models.tasks.own.functions import function_of
from likeforlike.models.tasks.own.given import ModelTold, Refused, here

TARGET = f"{__name__}:network"


def __getattr__(name: str) -> Network:
    """The network of the model that the environment names; looked up when a worker imports, untimed."""
    if name != "network":
        raise AttributeError(f"module {__name__} has no attribute {name!r}")
    brought, number = here()
    return network_of(brought.models[number])


def network_of(told: ModelTold) -> Network:
    """A brought model, as loops take it.

    Its module is imported at once: what that switches for the whole process, as Keras's policy or TF32, a
    loop then sets as its recipe has it. Imported by the first build alone it would hold for one training.
    """
    with suppress(Refused):  # the build tells why
        function_of("--model", told.target)
    loss: Any = told.loss if told.loss == SPARSE_CROSSENTROPY else loss_in(told.family, told.loss)
    return Network(told.name, told.family, _builder(told), told.network_matches, loss=loss)


def _builder(told: ModelTold) -> Callable[[Recipe], Any]:
    def build(recipe: Recipe) -> Any:
        """Raises RecipeRefused where it is a model of one backend of Keras alone, and this is another one."""
        lower = recipe.precision in ("bfloat16", "mixed")  # as the loop has set its framework
        precision = "" if lower else "float64" if recipe.precision == "float64" else "float32"
        try:
            return tools_of(told.family).built(lambda: offered(told.target), precision)
        except Refused as refusal:
            backend = backend_of(told.family)
            if backend == told.backend:
                raise
            why = f"on {told.backend} it can be built, here not: {refusal}"
            raise RecipeRefused(told.name, "keras_backend", backend, why) from refusal

    return build


def quiet(network: Network, mode: str) -> Network:
    """The network as a proof trains it: nothing is dropped; in one mode all layers are as in inference."""

    def build(recipe: Recipe) -> Any:
        model, tools = network.build(recipe), tools_of(network.family)
        tools.without_dropout(model)
        return tools.as_in_inference(model) if mode == "inference" else model

    return replace(network, build=build)
