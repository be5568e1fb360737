"""The blocks' weights, and what stands around them, by their names in each framework. Imports none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from likeforlike.models.contract.training.network import Match
from likeforlike.models.tasks.blocks.by_hand import BLOCKS

TAKES = ("bias", "dropout_rate", "dropout_at_evaluation")
PROJECTIONS = ("query", "key", "value", "attended")
_NORMS = (*(f"{block}_{name}" for block in BLOCKS for name in ("norm1", "norm2")), "norm")
_TOGETHER, _APART, _AFTER = (64, 64), (64, 4, 16), (4, 16, 64)

Parts = Sequence[tuple[str, str]]
"""Layer and part of each weight, in canonical order."""


def _after_embedding() -> Iterator[tuple[str, str]]:
    yield "positions", ""
    for block in BLOCKS:
        yield from ((f"{block}_norm1", part) for part in ("scale", "bias"))
        yield from ((f"{block}_{name}", "kernel") for name in PROJECTIONS)
        yield from ((f"{block}_norm2", part) for part in ("scale", "bias"))
        yield from ((f"{block}_{name}", part) for name in ("inner", "outer") for part in ("kernel", "bias"))
    yield from (("norm", "scale"), ("norm", "bias"), ("output", "kernel"), ("output", "bias"))


AFTER_EMBEDDING: Parts = tuple(_after_embedding())
"""Positions, blocks, the last normalisation, the last layer."""


def keras(parts: Parts) -> tuple[Match, ...]:
    """Keras keeps heads apart: [64, 4, 16], and [4, 16, 64] after them; so does Flax."""
    return tuple(_apart(layer, part) for layer, part in parts)


def flax(parts: Parts) -> tuple[Match, ...]:
    """Flax's Linen, below ``params``."""
    found = (_apart(layer, part, "bias", "scale", "out") for layer, part in parts)
    return tuple(Match(match.name, f"params/{match.own}", match.axes, match.shapes) for match in found)


def torch(parts: Parts) -> tuple[Match, ...]:
    """PyTorch has [outputs, inputs]."""
    return tuple(_of_modules(layer, part) for layer, part in parts)


def _apart(
    layer: str, part: str, beta: str = "beta", gamma: str = "gamma", out: str = "attention_output"
) -> Match:
    name = f"{layer}_{part}" if part else layer
    if layer == "positions":
        return Match(name, "positions/positions")
    block, _, projection = layer.partition("_")
    if projection in PROJECTIONS:
        own = out if projection == "attended" else projection
        shapes = (_TOGETHER, _AFTER if projection == "attended" else _APART)
        return Match(name, f"{block}_attention/{own}/{part}", shapes=shapes)
    if layer in _NORMS:
        return Match(name, f"{layer}/{gamma if part == 'scale' else beta}")
    return Match(name, f"{layer}/{part}")


def _of_modules(layer: str, part: str) -> Match:
    name, own = (f"{layer}_{part}" if part else layer), layer.replace("_", ".")
    if part == "kernel":
        return Match(name, f"{own}.weight", (1, 0))
    return Match(name, {"": own, "scale": f"{own}.weight", "bias": f"{own}.bias"}[part])
