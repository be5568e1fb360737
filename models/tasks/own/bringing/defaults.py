"""Differences of defaults that bite: what two models' layers are set to, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from likeforlike.models.tasks.own.bringing.matching import is_variance, layer_of
from likeforlike.models.tasks.own.given import INITIALISER, LayerTold, MatchTold, ModelTold

_EPSILON = ("epsilon", "eps")
_MOST = 4
_OF_LAYERS: dict[str, dict[str, tuple[str, ...]]] = {
    "Pool": {
        "the size of a pool": ("pool_size", "kernel_size"),
        "the stride of a pool": ("strides", "stride"),
        "the padding of a pool": ("padding",),
        "counting what is padded": ("count_include_pad",),
        "ceil_mode": ("ceil_mode",),
    },
    "LeakyRe": {"the negative slope": ("negative_slope",)},
    "GELU": {"approximating GELU": ("approximate",)},
}
"""Of layers without weights, by a part of their kind, what bites where it differs, and what it is called."""
_INITIAL_OF_TORCH = {
    **dict.fromkeys(("Linear", "Conv1d", "Conv2d", "Conv3d"), "kaiming_uniform(a=sqrt(5))"),
    "Embedding": "normal",
}
"""PyTorch's defaults by kind: a module doesn't tell how its weights were drawn."""
_WORDS = {"valid": 0, "none": False, "tanh": True}
"""Keras's word for no padding; PyTorch's for an exact and an approximate GELU."""


def differences(first: ModelTold, further: ModelTold, matches: tuple[MatchTold, ...]) -> tuple[str, ...]:
    """Settings in which layers with the same weights differ, a phrase each, those alike told once."""
    mine = {layer.name: layer for layer in first.layers}
    theirs = {layer.name: layer for layer in further.layers}
    found: dict[str, tuple[str, int]] = {}
    seen = set()
    for match in matches:
        names = _last(layer_of(match.name), mine), _last(layer_of(match.own), theirs)
        if None in names or names in seen:
            continue
        seen.add(names)
        one, other = mine[names[0] or ""], theirs[names[1] or ""]
        for kind, told in _between(first, one, further, other):
            known = found.get(kind)
            found[kind] = (known[0], known[1] + 1) if known else (told, 0)
    for kind, told in _without_weights(first, further):
        found.setdefault(kind, (told, 0))
    return tuple(told + (f" (and in {more} more)" if more else "") for told, more in found.values())


def _without_weights(first: ModelTold, further: ModelTold) -> Iterator[tuple[str, str]]:
    """Settings of layers that have none, by their order among their like; None where the counts differ."""
    for kind, settings in _OF_LAYERS.items():
        sides = [[layer for layer in model.layers if kind in layer.kind] for model in (first, further)]
        if len(sides[0]) != len(sides[1]):
            continue
        for one, other in zip(*sides, strict=True):
            for setting, names in settings.items():
                values = [_alike(layer, names) for layer in (one, other)]
                if None not in values and values[0] != values[1]:
                    mine, theirs = map(_shown, values)
                    yield (
                        f"{setting} of {kind}",
                        f"{setting} is {mine} in {one.name} and {theirs} in {other.name}",
                    )


def _alike(layer: LayerTold, names: tuple[str, ...]) -> Any:
    """A setting in the words of both frameworks: one number for all axes, no padding as 0."""
    value = next((layer.settings[name] for name in names if name in layer.settings), None)
    if isinstance(value, (list, tuple)) and len(set(value)) == 1:
        value = value[0]
    return _WORDS.get(value, value) if isinstance(value, str) else value


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def _last(path: str, layers: dict[str, LayerTold]) -> str | None:
    """The layer that a path ends in: Keras's paths begin with the layers around it."""
    if path in layers:
        return path
    name = path.rpartition("/")[2]
    return name if name in layers else None


def _between(
    first: ModelTold, one: LayerTold, further: ModelTold, other: LayerTold
) -> Iterator[tuple[str, str]]:
    values = [
        next((layer.settings[n] for n in _EPSILON if n in layer.settings), None) for layer in (one, other)
    ]
    if None not in values and values[0] != values[1]:
        yield "epsilon", f"epsilon is {values[0]:g} in {one.name} and {values[1]:g} in {other.name}"
    values = [_kept(model, layer) for model, layer in ((first, one), (further, other))]
    if None not in values and abs((values[0] or 0.0) - (values[1] or 0.0)) > 1e-12:
        yield (
            "momentum",
            f"running statistics keep {values[0]:g} of themselves a step in {one.name} and {values[1]:g} in "
            f"{other.name} (PyTorch's momentum is what they take, Keras's what they keep)",
        )
    padded = [layer.settings.get("padding") for layer in (one, other)]
    strides = [layer.settings.get("strides", layer.settings.get("stride", 1)) for layer in (one, other)]
    if "same" in padded and padded[0] != padded[1] and any(_beyond_one(stride) for stride in strides):
        yield (
            "padding",
            f"padding 'same' with strides pads the far side alone in Keras: {one.name} has {padded[0]!r}, "
            f"{other.name} {padded[1]!r}",
        )


def dropout_rates(first: ModelTold, further: ModelTold) -> str:
    """In what the rates of two models' layers that drop differ; empty where they don't, or one tells none."""
    rates = [_rates(model) for model in (first, further)]
    if not all(rates) or rates[0] == rates[1]:
        return ""
    told = [", ".join(f"{rate:g}" for rate in found) for found in rates]
    return f"dropout takes {told[0]} in {first.name} and {told[1]} in {further.name}"


def _rates(model: ModelTold) -> tuple[float, ...]:
    layers = [layer.settings for layer in model.layers if "drop" in layer.kind.lower()]
    found = [settings.get("rate", settings.get("p")) for settings in layers]
    return tuple(float(rate) for rate in found if isinstance(rate, (int, float)) and rate)


def initial_weights(first: ModelTold, further: ModelTold) -> str:
    """How kernels of two models start where nobody copies them; empty if alike, or if one doesn't tell."""
    words = [_initialisers(model) for model in (first, further)]
    if not all(words) or set(words[0]) == set(words[1]):
        return ""
    told = ", ".join(_whose(model, own) for model, own in zip((first, further), words, strict=True))
    return f"initial weights: {told}: both start from the first model's here"


def _initialisers(model: ModelTold) -> dict[str, list[str]]:
    """By word, the kinds of the layers that start so."""
    found: dict[str, list[str]] = {}
    for layer in model.layers:
        defaults = _INITIAL_OF_TORCH if model.family == "torch" else {}
        word = layer.settings.get(INITIALISER, defaults.get(layer.kind))
        if word is not None:
            kinds = found.setdefault(str(word), [])
            kinds += [layer.kind] if layer.kind not in kinds else []
    return found


def _whose(model: ModelTold, words: dict[str, list[str]]) -> str:
    whose = "Keras"
    if model.family == "torch":
        whose = f"PyTorch's default of {' and '.join(kind for kinds in words.values() for kind in kinds)}"
    return f"{' and '.join(words)} ({whose})"


def smoothed_labels(first: ModelTold, further: ModelTold) -> str:
    """In what two models' losses smooth labels otherwise; empty where they don't, or none is known to."""
    values = first.smoothing, further.smoothing
    if values[0] == values[1] or not any(values):
        return ""
    mine, theirs = ("not told" if value is None else f"{value:g}" for value in values)
    return f"label smoothing is {mine} in the loss of {first.name} and {theirs} in that of {further.name}"


def _kept(model: ModelTold, layer: LayerTold) -> float | None:
    """The share of itself that a running statistic keeps in a step."""
    momentum = layer.settings.get("momentum")
    if not isinstance(momentum, (int, float)):
        return None
    return 1.0 - momentum if model.family == "torch" else float(momentum)


def _beyond_one(stride: object) -> bool:
    return any(part != 1 for part in (stride if isinstance(stride, (list, tuple)) else [stride]))


def in_general(first: ModelTold, further: ModelTold) -> tuple[str, ...]:
    """What differs between the frameworks of two models whatever their settings."""
    told = []
    normalised = any(is_variance(weight.name) for model in (first, further) for weight in model.weights)
    if normalised and (first.family == "torch") != (further.family == "torch"):
        told.append(
            "PyTorch's normalisations keep the variance with n - 1 in the denominator, the others with n: "
            "running variances differ by one part in n"
        )
    return tuple(told)


def layers_that_bite(model: ModelTold) -> str:
    """Layers in which frameworks differ without a setting that says so."""
    words = ("Flatten", "Reshape", "Pool", "GELU", "LeakyRe", "Resizing", "Upsample")
    kinds = dict.fromkeys(layer.kind for layer in model.layers if any(word in layer.kind for word in words))
    return ", ".join(list(kinds)[:_MOST])
