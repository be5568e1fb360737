"""Which weight of one model is which of another: as a user says, else by order and shape, layer by layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from likeforlike.models.contract.training.network import Family
from likeforlike.models.tasks.own.functions import attribute_of, one_line
from likeforlike.models.tasks.own.given import MatchTold, ModelTold, Refused, WeightTold

ROLES = {
    "kernel": "main",
    "weight": "main",
    "w": "main",
    "gamma": "main",
    "scale": "main",
    "embeddings": "main",
    "embedding": "main",
    "depthwise_kernel": "main",
    "bias": "shift",
    "beta": "shift",
    "b": "shift",
    "moving_mean": "mean",
    "running_mean": "mean",
    "mean": "mean",
    "moving_variance": "variance",
    "running_var": "variance",
    "var": "variance",
}
"""What a weight is to its layer, by the last word of its name."""
BY_ORDER = "by order and shape, layer by layer"
_FLAX_COLLECTIONS = ("params", "batch_stats")
_TABLES = ("embeddings", "embedding")
_TO_TORCH: dict[int, tuple[tuple[int, ...], ...]] = {
    2: ((1, 0),),
    3: ((2, 1, 0), (1, 2, 0)),
    4: ((3, 2, 0, 1), (2, 3, 0, 1)),
    5: ((4, 3, 0, 1, 2), (3, 4, 0, 1, 2)),
}
"""Keras's (and JAX's) kernels as PyTorch has them, by rank: dense [out, in], convolutions [out, in, places];
the second of each rank is a depthwise one."""


class NotFound(Exception):
    """Why no mapping is found, in one line."""


def layer_of(name: str) -> str:
    """The layer that a weight is of, by the weight's name."""
    for mark in ("/", "."):
        if mark in name:
            return name.rpartition(mark)[0]
    return ""


def word_of(name: str) -> str:
    """What a weight is called within its layer."""
    return name[len(layer_of(name)) :].lstrip("/.")


def is_variance(name: str) -> bool:
    """Whether a weight is the running variance of a normalisation."""
    return ROLES.get(word_of(name)) == "variance"


def matches_for(
    asked: str, first: ModelTold, family: Family, own_name: str, weights: Sequence[WeightTold]
) -> tuple[tuple[MatchTold, ...], str]:
    """The matches of a further model and how they were found. Raises Refused, NotFound."""
    if asked:
        return given_matches(asked, first, own_name, weights), f"by {asked}"
    return found_matches(first, family, weights), BY_ORDER


def found_matches(first: ModelTold, family: Family, weights: Sequence[WeightTold]) -> tuple[MatchTold, ...]:
    """Layer after layer in the order of both, each with the next that fits it. Raises NotFound."""
    left = _layers(family, weights)
    found: list[MatchTold] = []
    for name, members in _layers(first.family, first.weights).items():
        for own_layer, own in left.items():
            pairs = _pairs(first.family, members, family, own)
            if pairs is not None:
                found += pairs
                del left[own_layer]
                break
        else:
            shapes = ", ".join(f"{w.name} {_shape(w)}" for w in members)
            raise NotFound(f"no layer of it fits {name or first.name} ({shapes})")
    if left:
        over = next(iter(left.values()))[0]
        raise NotFound(f"{first.name} has nothing for {over.name} {_shape(over)}")
    return tuple(found)


def _layers(family: Family, weights: Sequence[WeightTold]) -> dict[str, list[WeightTold]]:
    """Weights by layer, in the model's order.

    JAX's trees are sorted by letters, in which Conv_10 stands before Conv_2; and Flax keeps a normalisation's
    state apart from what is trained of it, under the same name.
    """
    layers: dict[str, list[WeightTold]] = {}
    for weight in weights:
        layer = layer_of(weight.name)
        if family == "jax":
            collection, _, below = layer.partition("/")
            layer = below if collection in _FLAX_COLLECTIONS else layer
        layers.setdefault(layer, []).append(weight)
    if family != "jax":
        return layers
    return {name: layers[name] for name in sorted(layers, key=_by_number)}


def _by_number(name: str) -> list[tuple[int, str]]:
    """For sorting: digits count as the number that they are."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _pairs(
    family: Family, members: Sequence[WeightTold], own_family: Family, own: Sequence[WeightTold]
) -> list[MatchTold] | None:
    """Each member with the own weight of its role; None where they are not alike."""
    if len(members) != len(own):
        return None
    by_role = {_role(weight): weight for weight in own}
    if len(by_role) < len(own) or len({_role(weight) for weight in members}) < len(members):
        by_role = {}  # several of one role: in order
    pairs = []
    for number, weight in enumerate(members):
        other = by_role.get(_role(weight)) if by_role else own[number]
        if other is None or other.trained != weight.trained:
            return None
        axes = next(_axes(family, weight, own_family, other), None)
        if axes is None:
            return None
        pairs.append(MatchTold(weight.name, other.name, axes))
    return pairs


def _role(weight: WeightTold) -> str:
    word = word_of(weight.name)
    return ROLES.get(word, word)


def _axes(
    family: Family, weight: WeightTold, own_family: Family, other: WeightTold
) -> Iterator[tuple[int, ...]]:
    """The orders of axes in which the own weight can be the canonical one."""
    rank = len(weight.shape)
    tables = word_of(weight.name) in _TABLES or word_of(other.name) in _TABLES
    choices: list[tuple[int, ...]] = [()]
    if (family == "torch") != (own_family == "torch") and rank in _TO_TORCH and not tables:
        to_torch = list(_TO_TORCH[rank])
        choices = to_torch if own_family == "torch" else [_inverse(axes) for axes in to_torch]
    for axes in choices:
        if _transposed(weight.shape, axes) == other.shape:
            yield axes


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(axes.index(place) for place in range(len(axes)))


def _transposed(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape in that order of axes; None for the axes of another number of dimensions."""
    if len(axes) not in (0, len(shape)):
        return None
    return tuple(shape[axis] for axis in axes) if axes else shape


def given_matches(
    target: str, first: ModelTold, own_name: str, weights: Sequence[WeightTold]
) -> tuple[MatchTold, ...]:
    """What the user says: a dict, or a function of both lists that returns one. Raises Refused."""
    offer = attribute_of("--weights", target)
    if callable(offer):
        lists = [[(w.name, w.shape) for w in some] for some in (first.weights, weights)]
        try:
            offer = offer(*lists)
        except Exception as error:  # whatever a stranger's function raises
            raise Refused(f"--weights: {target} failed: {one_line(error)}") from error
    if isinstance(offer, Mapping) and own_name in offer and isinstance(offer[own_name], Mapping):
        offer = offer[own_name]  # one mapping for each further model
    if not isinstance(offer, Mapping):
        kind = type(offer).__name__
        raise Refused(f"--weights: {target} is of type {kind}, expected a dict of own names: canonical names")
    known = {weight.name: weight for weight in first.weights}
    own = {weight.name: weight for weight in weights}
    found: dict[str, MatchTold] = {}
    for name, value in offer.items():
        match = _match(target, name, value)
        if match.own not in own:
            raise Refused(f"--weights: {target}: {own_name} has no weight {match.own!r}; it has {_some(own)}")
        if match.name not in known:
            told = f"{first.name} has no weight {match.name!r}; it has {_some(known)}"
            raise Refused(f"--weights: {target}: {told}")
        if match.name in found:
            raise Refused(f"--weights: {target}: {match.name} is given twice")
        fits = _transposed(known[match.name].shape, match.axes)
        if fits != own[match.own].shape:
            told = f"{match.name} {_shape(known[match.name])} in the order of axes {match.axes or 'as it is'}"
            raise Refused(f"--weights: {target}: {told} is no {match.own} {_shape(own[match.own])}")
        pair = known[match.name], own[match.own]
        if pair[0].trained != pair[1].trained:
            kinds = " and ".join(f"{w.name} is {'trained' if w.trained else 'state'}" for w in pair)
            raise Refused(f"--weights: {target}: {kinds}; each is matched with its like")
        found[match.name] = match
    lacking = [name for name in known if name not in found]
    over = [name for name in own if name not in {match.own for match in found.values()}]
    if lacking or over:
        told = f"{lacking[0]} of {first.name}" if lacking else f"{over[0]} of {own_name}"
        raise Refused(f"--weights: {target} leaves out {told}; each weight needs one of the other model")
    return tuple(found[weight.name] for weight in first.weights)


def _match(target: str, own: Any, value: Any) -> MatchTold:
    name, axes = value if isinstance(value, (tuple, list)) and len(value) == 2 else (value, ())
    fits = isinstance(own, str) and isinstance(name, str) and isinstance(axes, (tuple, list))
    if not fits or (axes and sorted(axes) != list(range(len(axes)))):
        raise Refused(f"--weights: {target}: {own!r}: {value!r} is neither a name nor (name, order of axes)")
    return MatchTold(name, own, tuple(axes))


def _shape(weight: WeightTold) -> str:
    return f"[{', '.join(map(str, weight.shape))}]"


def _some(names: Mapping[str, Any]) -> str:
    shown = list(names)[:4]
    return ", ".join(shown) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
