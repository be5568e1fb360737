"""One small network with convolution, batch normalisation and dropout, in JAX and PyTorch, and its problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from likeforlike.models.contract.training.network import Match, NamedWeights, Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Run, Trainer

SIDE, CHANNELS, CLASSES = 6, 3, 4
MOMENTUM, EPSILON = 0.1, 1e-3
PLAIN = Recipe("plain", batch_size=8, dropout_rate=0.0, shuffle="none", epochs=2, precision="float64")
SAMPLES = 4 * 8 + 5
"""Four batches and a smaller one: ten steps in two epochs."""


def images(samples: int = SAMPLES) -> Dataset:
    draw = np.random.default_rng(3)
    pixels = draw.normal(size=(samples + 11, SIDE, SIDE, 1)).astype(np.float32)
    labels = draw.integers(CLASSES, size=samples + 11).astype(np.int32)
    return Dataset("small", "test", pixels[:samples], labels[:samples], pixels[samples:], labels[samples:])


def weights() -> NamedWeights:
    draw = np.random.default_rng(4)
    units = (SIDE // 2) ** 2 * CHANNELS
    shapes = {
        "conv_kernel": (3, 3, 1, CHANNELS),
        "norm_scale": (CHANNELS,),
        "norm_shift": (CHANNELS,),
        "norm_mean": (CHANNELS,),
        "norm_variance": (CHANNELS,),
        "dense_kernel": (units, CLASSES),
        "dense_bias": (CLASSES,),
    }
    arrays = {name: draw.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    return NamedWeights(arrays | {"norm_variance": np.full(CHANNELS, 0.9, np.float32)})


def jax_pair(recipe: Recipe) -> tuple[Callable[..., Any], Callable[..., Any]]:
    import jax
    import jax.numpy as jnp
    from jax import lax

    def init(key: Any) -> Any:
        norm = {name: jnp.ones(CHANNELS) for name in ("scale", "shift", "mean", "variance")}
        units = (SIDE // 2) ** 2 * CHANNELS
        dense = [jax.random.normal(key, (units, CLASSES)), jnp.zeros(CLASSES)]
        return {"conv": jnp.zeros((3, 3, 1, CHANNELS)), "norm": norm, "dense": dense}

    def apply(tree: Any, inputs: Any, training: bool, key: Any) -> Any:
        maps = lax.conv_general_dilated(
            inputs, tree["conv"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        norm, changed = tree["norm"], {}
        mean, variance = norm["mean"], norm["variance"]
        if training:
            mean, variance = maps.mean((0, 1, 2)), maps.var((0, 1, 2))
            count = maps.size / maps.shape[-1]
            unbiased = variance * count / (count - 1)
            changed = {
                "mean": (1 - MOMENTUM) * norm["mean"] + MOMENTUM * mean,
                "variance": (1 - MOMENTUM) * norm["variance"] + MOMENTUM * unbiased,
            }
        maps = (maps - mean) * lax.rsqrt(variance + EPSILON) * norm["scale"] + norm["shift"]
        maps = lax.reduce_window(jax.nn.relu(maps), -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        units = maps.reshape(len(inputs), -1)
        if recipe.dropout_rate and (training or recipe.dropout_at_evaluation):
            kept = jax.random.bernoulli(key, 1 - recipe.dropout_rate, units.shape)
            units = jnp.where(kept, units / (1 - recipe.dropout_rate), 0)
        logits = units @ tree["dense"][0] + tree["dense"][1]
        return (logits, {"norm": changed}) if training else logits

    return init, apply


def torch_module(recipe: Recipe) -> Any:
    import torch

    class Small(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(1, CHANNELS, 3, padding=1, bias=False)
            self.norm = torch.nn.BatchNorm2d(CHANNELS, EPSILON, MOMENTUM)
            self.dense = torch.nn.Linear((SIDE // 2) ** 2 * CHANNELS, CLASSES)

        def forward(self, inputs: Any) -> Any:
            maps = torch.relu(self.norm(self.conv(inputs.permute(0, 3, 1, 2))))
            units = torch.nn.functional.max_pool2d(maps, 2).permute(0, 2, 3, 1).flatten(1)
            on = self.training or recipe.dropout_at_evaluation
            return self.dense(torch.nn.functional.dropout(units, recipe.dropout_rate, on))

    return Small()


def jax_dense(recipe: Recipe) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """One dense layer after dropout: what compiles in no time, and has no state."""
    import jax
    import jax.numpy as jnp

    def apply(tree: Any, inputs: Any, training: bool, key: Any) -> Any:
        units = inputs.reshape(len(inputs), -1)
        if recipe.dropout_rate and (training or recipe.dropout_at_evaluation):
            kept = jax.random.bernoulli(key, 1 - recipe.dropout_rate, units.shape)
            units = jnp.where(kept, units / (1 - recipe.dropout_rate), 0)
        return units @ tree["kernel"]

    return lambda key: {"kernel": np.zeros((SIDE * SIDE, CLASSES))}, apply


_TAKES = ("dropout_rate", "dropout_at_evaluation")
JAX = Network(
    "small",
    "jax",
    jax_pair,
    (
        Match("conv_kernel", "conv"),
        *(Match(f"norm_{name}", f"norm/{name}") for name in ("scale", "shift", "mean", "variance")),
        Match("dense_kernel", "dense/0"),
        Match("dense_bias", "dense/1"),
    ),
    _TAKES,
)
TORCH = Network(
    "small",
    "torch",
    torch_module,
    (
        Match("conv_kernel", "conv.weight", (3, 2, 0, 1)),
        Match("norm_scale", "norm.weight"),
        Match("norm_shift", "norm.bias"),
        Match("norm_mean", "norm.running_mean"),
        Match("norm_variance", "norm.running_var"),
        Match("dense_kernel", "dense.weight", (1, 0)),
        Match("dense_bias", "dense.bias"),
    ),
    _TAKES,
)
DENSE = Network("dense", "jax", jax_dense, takes=_TAKES)
KERNEL = NamedWeights(
    {"kernel": np.random.default_rng(8).normal(0, 0.3, (SIDE * SIDE, CLASSES)).astype(np.float32)}
)
NETWORKS = {"jax": JAX, "torch": TORCH}


@dataclass(frozen=True)
class Trained:
    """What came of a training."""

    epochs: list[Epoch]
    arrays: dict[str, np.ndarray]
    trainer: Trainer


def train(
    factory: Callable[[Run], Trainer], network: Network, recipe: Recipe = PLAIN, **more: Any
) -> Trained:
    """To the recipe's end."""
    start = KERNEL if network is DENSE else weights()
    run = Run(recipe, more.pop("data", None) or images(), start, "cpu:0", network=network, **more)
    trainer, epochs = factory(run), []

    def between(epoch: Epoch) -> bool:
        epochs.append(epoch)
        return True

    trainer.train(between)
    return Trained(epochs, trainer.parameters().named(), trainer)
