"""The weights' names in each framework. Imports none."""

from __future__ import annotations

from likeforlike.models.contract.network import Match

TAKES = ("bias", "dropout_rate", "dropout_at_evaluation")
BLOCKS = ("block1", "block2")
PROJECTIONS = ("query", "key", "value", "attended")
_NORMS = (*(f"{block}_{name}" for block in BLOCKS for name in ("norm1", "norm2")), "norm")
_TOGETHER, _APART, _AFTER = (64, 64), (64, 4, 16), (4, 16, 64)


def _names() -> list[tuple[str, str]]:
    """Layer and part of each weight in canonical order."""
    dense, norm = ("kernel", "bias"), ("scale", "bias")
    layers: list[tuple[str, tuple[str, ...]]] = [("embedding", dense), ("positions", ("",))]
    for block in BLOCKS:
        layers.append((f"{block}_norm1", norm))
        layers += [(f"{block}_{name}", ("kernel",)) for name in PROJECTIONS]
        layers += [(f"{block}_norm2", norm), (f"{block}_inner", dense), (f"{block}_outer", dense)]
    layers += [("norm", norm), ("output", dense)]
    return [(layer, part) for layer, parts in layers for part in parts]


def _keras(
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


def _torch(layer: str, part: str) -> Match:
    name, own = (f"{layer}_{part}" if part else layer), layer.replace("_", ".")
    if part == "kernel":
        return Match(name, f"{own}.weight", (1, 0))
    return Match(name, {"": own, "scale": f"{own}.weight", "bias": f"{own}.bias"}[part])


KERAS = tuple(_keras(layer, part) for layer, part in _names())
"""Keras keeps heads apart: [64, 4, 16], and [4, 16, 64] after them; so does Flax."""

FLAX = tuple(
    Match(match.name, f"params/{match.own}", match.axes, match.shapes)
    for match in (_keras(layer, part, "bias", "scale", "out") for layer, part in _names())
)

TORCH = tuple(_torch(layer, part) for layer, part in _names())
"""PyTorch has [outputs, inputs]."""
