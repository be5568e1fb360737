"""Looks at one trainer from outside and prints what it found as JSON: ``examine.py NAME TARGET NETWORK FOLDER``."""

from __future__ import annotations

import importlib
import json
import sys
import time
import types
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from likeforlike.bench.worker.measure_trainer import Trains
from likeforlike.models.contract.training.recipe import MATCHED, Recipe, RecipeRefused
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Parameters, Run, Trainer
from likeforlike.models.tasks.mlp.loops.numpy_loop import NumpyLoop
from likeforlike.models.tasks.mlp.proof import initial_parameters

SEVERAL = 5 * 64 + 32
"""Five batches and a half."""
QUIET = replace(MATCHED, dropout_rate=0.0, shuffle="none", epochs=30)
CHANGES: dict[str, Any] = {
    "batch_size": 32,
    "bias": False,
    "dropout_rate": 0.5,
    "dropout_at_evaluation": True,
    "learning_rate": 5e-3,
    "beta_1": 0.5,
    "beta_2": 0.9,
    "epsilon": 1e-3,
    "epochs": 3,
    "shuffle": "every-epoch",
    "remainder": "drop",
    "seed": 7,
    "precision": "float64",
    "optimizer": "sgd",
    "optimizer momentum": {"optimizer": "sgd", "momentum": 0.9},
    "optimizer weight_decay": {"optimizer": "adamw", "weight_decay": 0.5},
    "clip_norm": 0.01,
    "schedule": "cosine",
    "warmup_steps": 2,
}
"""What each field is changed to; where a field has an effect with another one alone, both."""


def factory_of(target: str, network: str) -> Callable[[Run], Trainer]:
    """An entry's trainer, with the network that it is given, if any."""

    def found(name: str) -> Any:
        module, _, attribute = name.partition(":")
        return getattr(importlib.import_module(module), attribute)

    return Trains(found(target), found(network)) if network else found(target)


def images(count: int, validation: int = 16, seed: int = 5) -> Dataset:
    draw = np.random.default_rng(seed)
    pixels = draw.random((count + validation, 784), dtype=np.float32)
    labels = draw.integers(10, size=count + validation).astype(np.int32)
    return Dataset("test", "test", pixels[:count], labels[:count], pixels[count:], labels[count:])


def train(
    factory: Callable[[Run], Trainer], recipe: Recipe, data: Dataset, start: Recipe | None = None, **more: Any
) -> tuple[Trainer, list[Epoch]]:
    trainer = factory(Run(recipe, data, initial_parameters(start or recipe), "cpu:0", **more))
    epochs: list[Epoch] = []

    def between(epoch: Epoch) -> bool:
        epochs.append(epoch)
        return True

    trainer.train(between)
    return trainer, epochs


def relative(found: np.ndarray, exact: np.ndarray) -> float:
    """Norm of the difference over the norm."""
    found, exact = np.asarray(found, np.float64), np.asarray(exact, np.float64)
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def follow(
    factory: Callable[[Run], Trainer], recipe: Recipe, data: Dataset
) -> tuple[list[float], list[float], int]:
    """Relative errors of each epoch's loss and of each weight array against the oracle; the number of weights."""
    trainer, epochs = train(factory, recipe, data)
    oracle, truth = train(NumpyLoop, replace(recipe, precision="float64"), data)
    losses = [abs(e.loss - t.loss) / t.loss for e, t in zip(epochs, truth, strict=True)]  # type: ignore[operator]
    mine, theirs = trainer.parameters().named(), oracle.parameters().named()
    assert mine.keys() == theirs.keys()
    count = sum(array.size for array in mine.values())
    return losses, [relative(mine[name], theirs[name]) for name in mine], count


def gates(recipe: Recipe) -> Parameters:
    """Weights with which class 0's logit counts the hidden units that dropout kept, each scaled."""
    start = initial_parameters(replace(recipe, bias=False))
    hidden, output = np.zeros_like(start.hidden_kernel), np.zeros_like(start.output_kernel)
    hidden[0] = 1.0
    output[:, 0] = 1.0 / 512
    return Parameters(hidden, None, output, None)


def dropout(factory: Callable[[Run], Trainer], recipe: Recipe, training: bool) -> tuple[float, float]:
    """Mean of kept x scale over units, and the scale of one unit alone that was kept."""
    recipe = replace(recipe, bias=False)
    pixels = np.zeros((64, 784), np.float32)
    pixels[:, 0] = 1.0
    data = Dataset("test", "test", pixels, np.zeros(64, np.int32), pixels, np.zeros(64, np.int32))
    trainer = factory(Run(recipe, data, gates(recipe), "cpu:0"))
    shares = logit_of_class_0(trainer.forward(pixels, training))
    single = gates(recipe)
    output = np.zeros_like(single.output_kernel)
    output[3, 0] = 1.0
    lone = factory(Run(recipe, data, replace(single, output_kernel=output), "cpu:0"))
    units = logit_of_class_0(lone.forward(pixels, training))
    kept = units[units > 0.5]
    return float(shares.mean()), float(kept.mean())


def orders(factory: Callable[[Run], Trainer]) -> dict[str, bool]:
    """Whether the first epoch leaves the data's own order, and whether the second leaves the first's.

    Each image lights a pixel of its own, so that its row of weights tells how many steps ago it was trained on:
    images of one batch move alike, those of different batches by other lengths.
    """
    recipe = replace(MATCHED, dropout_rate=0.0, batch_size=8, epochs=2)
    pixels, labels = np.eye(64, 784, dtype=np.float32), np.zeros(64, np.int32)
    start = initial_parameters(recipe)
    hidden = np.full_like(start.hidden_kernel, 0.05)
    data = Dataset("test", "test", pixels, labels, pixels[:8], labels[:8])
    run = Run(recipe, data, replace(start, hidden_kernel=hidden), "cpu:0")
    kernels = [hidden]

    def between(_: Epoch) -> bool:
        kernels.append(np.array(trainer.parameters().named()["hidden_kernel"]))
        return True

    trainer = factory(run)
    trainer.train(between)
    first, second = (
        np.linalg.norm((after - before)[:64].astype(np.float64), axis=1)
        for before, after in pairwise(kernels)
    )
    batches = np.argsort(first).reshape(8, 8)
    assert spread(first[batches]) < 1e-3, "images of a batch do not move alike"
    return {"shuffled": spread(first.reshape(8, 8)) > 1e-2, "fresh": spread(second[batches]) > 1e-2}


def spread(groups: np.ndarray) -> float:
    """The widest relative range within a group."""
    return float(((groups.max(axis=1) - groups.min(axis=1)) / groups.mean(axis=1)).max())


def logit_of_class_0(probabilities: np.ndarray) -> np.ndarray:
    """All other logits are 0: p0 / p1 = exp(z0)."""
    return np.log(np.asarray(probabilities, np.float64)[:, 0] / np.asarray(probabilities, np.float64)[:, 1])


def fields(factory: Callable[[Run], Trainer]) -> dict[str, str]:
    """What becomes of a change of each field, seen in the weights and the losses, from the same weights.

    Without shuffling, since an order that nobody seeded would hide what a change did. Whole batches alone, which
    compile once, but where the remainder is changed.
    """
    base = replace(MATCHED, epochs=2, shuffle="none")
    whole, ragged = images(2 * 64, seed=9), images(160 + 16, seed=9)
    before = outcome(factory, base, whole, base)
    found = {"nothing": "ignored" if same(outcome(factory, base, whole, base), before) else "takes effect"}
    for name, value in CHANGES.items():
        changed = replace(base, **(value if isinstance(value, dict) else {name: value}))
        start = changed if name == "bias" else base
        data = ragged if name == "remainder" else whole
        try:
            after = outcome(factory, changed, data, start)
        except RecipeRefused as refusal:
            found[name] = "refused" if refusal.field in name.split() else f"refused for {refusal.field}"
            continue
        if name == "precision":
            found[name] = "takes effect" if after[1].dtype == np.float64 else "ignored"
        elif name == "remainder":
            found[name] = "ignored" if same(after, outcome(factory, base, ragged, base)) else "takes effect"
        else:
            found[name] = "ignored" if same(after, before) else "takes effect"
    found |= {f"precision {mode}": precision(factory, base, data, mode) for mode in ("bfloat16", "mixed")}
    return found | {
        f"execution {way}": execution(factory, base, whole, way) for way in ("eager", "graph", "xla")
    }


def execution(factory: Callable[[Run], Trainer], base: Recipe, data: Dataset, way: str) -> str:
    """Whether a trainer runs as it is told to, by its own terms."""
    try:
        told = outcome(factory, replace(base, execution=way), data, base)[2]
    except RecipeRefused as refusal:
        return "refused" if refusal.field == "execution" else f"refused for {refusal.field}"
    return "takes effect" if told == way else "ignored"


def precision(factory: Callable[[Run], Trainer], base: Recipe, data: Dataset, mode: str) -> str:
    """Whether a precision moves what comes out by as much as seven bits less do, or is refused."""
    try:
        after = outcome(factory, replace(base, precision=mode), data, base)[1]
    except RecipeRefused as refusal:
        return "refused" if refusal.field == "precision" else f"refused for {refusal.field}"
    return "takes effect" if relative(after, outcome(factory, base, data, base)[1]) > 1e-4 else "ignored"


Outcome = tuple[list[tuple[float | None, float | None]], np.ndarray, object]


def same(one: Outcome, other: Outcome) -> bool:
    """Losses and weights alike, bit by bit."""
    return one[0] == other[0] and one[1].shape == other[1].shape and bool((one[1] == other[1]).all())


def outcome(factory: Callable[[Run], Trainer], recipe: Recipe, data: Dataset, start: Recipe) -> Outcome:
    """Losses, final weights and execution of a training from the weights of ``start``."""
    trainer, epochs = train(factory, recipe, data, start)
    weights = np.concatenate([array.ravel() for array in trainer.parameters().named().values()])
    return [(e.loss, e.val_loss) for e in epochs], weights, trainer.terms.get("execution")


def events(factory: Callable[[Run], Trainer], folder: Path) -> dict[str, Any]:
    if "tensorflow" not in sys.modules:  # TensorBoard would read with it, and reads as well without
        sys.modules["tensorboard.compat.notf"] = types.ModuleType("tensorboard.compat.notf")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def written(logging: str) -> Path | None:
        recipe = replace(MATCHED, epochs=2, logging=logging)
        try:
            train(factory, recipe, images(64), log_dir=folder / logging)
        except RecipeRefused:
            return None
        return folder / logging

    scalars = written("scalars")
    assert scalars is not None
    tags: dict[str, list[str]] = {}
    steps: list[int] = []
    for part in ("train", "validation"):
        read = EventAccumulator(str(scalars / part))
        read.Reload()
        names = read.Tags()
        tags[part] = sorted(
            {t for t in [*names["scalars"], *names["tensors"]] if t.startswith("epoch_")}
            - {"epoch_learning_rate"}
        )
        rows = read.Scalars("epoch_loss") if "epoch_loss" in names["scalars"] else read.Tensors("epoch_loss")
        steps = [row.step for row in rows]
    histograms: object = "refused"
    folder_of_all = written("histograms")
    if folder_of_all is not None:
        read = EventAccumulator(str(folder_of_all / "train"))
        read.Reload()
        others = [
            t
            for t in [*read.Tags()["histograms"], *read.Tags()["tensors"]]
            if not t.startswith(("epoch_", "keras"))
        ]
        histograms = len(others) >= 4
    return {"scalar_tags": tags, "scalar_steps": steps, "histograms": histograms}


def waiting(factory: Callable[[Run], Trainer]) -> dict[str, Any]:
    """Between epochs an hour goes by on the trainer's clock."""
    late = {"seconds": 0.0}
    seen: list[Epoch] = []

    def between(epoch: Epoch) -> bool:
        seen.append(epoch)
        late["seconds"] += 3600.0
        return len(seen) < 2

    clock = lambda: time.perf_counter() + late["seconds"]  # noqa: E731
    recipe = replace(MATCHED, epochs=5)
    trainer = factory(Run(recipe, images(64), initial_parameters(recipe), "cpu:0", None, clock))
    trainer.train(between)
    seconds = sum(e.train_seconds + e.evaluation_seconds + e.logging_seconds for e in seen)
    return {"epochs_until_stopped": len(seen), "seconds_seen": seconds, "seconds_waited": late["seconds"]}


def main() -> None:
    factory, folder = factory_of(sys.argv[2], sys.argv[3]), Path(sys.argv[4])
    losses, errors, with_bias = follow(factory, QUIET, images(64))
    batches, moved, _ = follow(factory, replace(QUIET, epochs=6), images(SEVERAL))
    _, no_bias, without_bias = follow(factory, replace(QUIET, bias=False, epochs=5), images(64))
    recipe = replace(MATCHED, epochs=1)
    share, scale = dropout(factory, recipe, training=True)
    evaluated, _ = dropout(factory, recipe, training=False)
    try:
        left_on: object = (
            dropout(factory, replace(recipe, dropout_at_evaluation=True), training=False)[0] / 1.25
        )
    except RecipeRefused:
        left_on = "refused"
    found = {
        "step_loss_errors": losses,
        "parameter_errors": errors,
        "several_batches_errors": batches + moved,
        "no_bias_error": max(no_bias),
        "parameters": {"bias": with_bias, "no bias": without_bias},
        "kept_fraction": share / 1.25,
        "scale": scale,
        "evaluation_kept_fraction": round(evaluated, 5),
        "evaluation_with_dropout_kept_fraction": left_on,
        "orders": orders(factory),
        "fields": fields(factory),
        **events(factory, folder),
        **waiting(factory),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
