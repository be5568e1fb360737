"""The weights' names in each framework. Imports none."""

from __future__ import annotations

from likeforlike.models.contract.training.network import Match

LAYERS = ("conv1", "conv2", "hidden", "output")
TAKES = ("bias", "dropout_rate", "dropout_at_evaluation")
_TORCH_AXES = {"conv1": (3, 2, 0, 1), "conv2": (3, 2, 0, 1), "hidden": (1, 0), "output": (1, 0)}

KERAS = tuple(Match(f"{layer}_{part}", f"{layer}/{part}") for layer in LAYERS for part in ("kernel", "bias"))
"""In Keras's functional model, and in Flax below ``params``."""

FLAX = tuple(Match(match.name, f"params/{match.own}") for match in KERAS)

TORCH = tuple(
    match
    for layer in LAYERS
    for match in (
        Match(f"{layer}_kernel", f"{layer}.weight", _TORCH_AXES[layer]),
        Match(f"{layer}_bias", f"{layer}.bias"),
    )
)
"""PyTorch has [outputs, inputs, height, width] and [outputs, inputs]."""
