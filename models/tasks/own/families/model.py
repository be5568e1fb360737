"""The one face of a built model, whatever its framework, and which framework it is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from likeforlike.models.contract.training.network import Family
from likeforlike.models.tasks.own.given import LayerTold, Refused

SETTINGS = (
    "epsilon",
    "eps",
    "momentum",
    "padding",
    "padding_mode",
    "pool_size",
    "kernel_size",
    "strides",
    "stride",
    "dilation_rate",
    "dilation",
    "groups",
    "data_format",
    "ceil_mode",
    "count_include_pad",
    "rate",
    "p",
    "negative_slope",
    "approximate",
)
"""Settings of layers that bite where they differ: told as they are."""


@dataclass(frozen=True)
class Step:
    """What one batch gives, before anything is updated."""

    losses: np.ndarray
    """Each sample's, [n]."""
    further: float
    """What the model adds to their mean: penalties of its layers."""
    outputs: np.ndarray
    gradients: Mapping[str, np.ndarray]
    """Of the trained weights, by own name."""


class Model(Protocol):
    """A built model; its weights by their own names, in its own layout."""

    family: Family

    def weights(self) -> dict[str, np.ndarray]:
        """All weights that are numbers with a fraction, in the model's order."""
        ...

    def trained(self) -> frozenset[str]:
        """The names of those that gradients move."""
        ...

    def assign(self, weights: Mapping[str, np.ndarray]) -> None:
        """Set weights by name; others stay."""
        ...

    def restart(self, weights: Mapping[str, np.ndarray]) -> None:
        """Set weights by name, and state in whole numbers, such as a count of batches, as it was built."""
        ...

    def confine(self) -> None:
        """Bring weights that an update has moved back to where the model's layers keep them, if they do."""
        ...

    def outputs(self, inputs: np.ndarray, training: bool = False) -> np.ndarray:
        """Outputs [n, ...] by the current weights, as in inference or as in training; state stays."""
        ...

    def step(self, inputs: np.ndarray, targets: np.ndarray, training: bool) -> Step:
        """Losses and gradients of a batch, computed as in training or as in inference.

        As in training, state that no gradient moves (means and variances of normalisations) is moved.
        """
        ...

    def evaluated(self, inputs: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean loss as in inference, penalties included, and the outputs."""
        ...

    def judged(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """Mean loss of outputs that the model has given, penalties included."""
        ...

    def layers(self) -> tuple[LayerTold, ...]:
        """The layers, and those of their settings that :data:`SETTINGS` names."""
        ...


Builder = Callable[[], Any]
"""Calls the user's function."""


def family_of(target: str, offer: Any) -> Family:
    """Of which framework a built model is. Raises Refused for what is none."""
    roots = [kind.__module__.partition(".")[0] for kind in type(offer).__mro__]
    if "keras" in roots and hasattr(offer, "trainable_variables") and hasattr(offer, "weights"):
        return "keras"
    if "tf_keras" in roots:
        raise Refused(f"--model: {target} returns a model of tf_keras, Keras 2; expected one of Keras 3")
    if "torch" in roots and hasattr(offer, "state_dict"):
        return "torch"
    if isinstance(offer, (tuple, list)) and len(offer) == 2 and all(map(callable, offer)):
        return "jax"
    told = f"a {type(offer).__name__}"
    if isinstance(offer, (tuple, list)):
        told = f"{told} of {len(offer)}"
    raise Refused(
        f"--model: {target} returns {told}, expected a Keras model, an nn.Module, or for JAX a pair "
        "(init, apply)"
    )


def settings_of(layer: Any) -> dict[str, Any]:
    """The settings that a layer has, in plain types."""
    found = {name: getattr(layer, name) for name in SETTINGS if hasattr(layer, name)}
    return {name: plain for name, value in found.items() if (plain := _plain(value)) is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        parts = [_plain(part) for part in value]
        return None if None in parts else parts
    return value if isinstance(value, (bool, int, float, str)) else None
