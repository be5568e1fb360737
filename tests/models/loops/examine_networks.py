"""Trains small networks by every loop of TensorFlow and Keras and prints what came of it as JSON.

``examine_networks.py`` examines all loops on TensorFlow, ``examine_networks.py keras-fit-jax`` that one alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from examine import orders
from small_network import PLAIN, Trained, images, train
from small_tensorflow_network import NETWORKS, functional, plainly

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.training.trainer import Dataset, Run, Trainer
from likeforlike.models.loops.keras_fit import KerasFit, KerasFitJax, KerasFitTorch
from likeforlike.models.loops.keras_fit_tuned import KerasFitTuned
from likeforlike.models.loops.tensorflow_epoch import TensorFlowEpoch
from likeforlike.models.loops.tensorflow_loop import NOTEBOOK, EagerLoop, GraphLoop
from likeforlike.models.loops.train_on_batch import TrainOnBatch

KERAS = (KerasFit, TrainOnBatch, KerasFitTuned)
BY_HAND = (EagerLoop, GraphLoop, TensorFlowEpoch)
SGD = replace(
    PLAIN,
    optimizer="sgd",
    momentum=0.9,
    clip_norm=0.5,
    schedule="cosine",
    warmup_steps=3,
    learning_rate=0.05,
)
ADAMW = replace(
    PLAIN,
    optimizer="adamw",
    weight_decay=0.1,
    clip_norm=0.5,
    warmup_steps=3,
    remainder="drop",
    batch_size=5,
    execution="graph",
)
SINGLE = replace(PLAIN, precision="float32", epochs=1)


def in_graph(loop: Any) -> dict[str, str]:
    """For loops that would try XLA as well, which takes long to compile."""
    return {"execution": "graph"} if loop in (KerasFitTuned, TensorFlowEpoch) else {"execution": "default"}


def error(found: Trained, truth: dict[str, Any]) -> float:
    """The farthest that a weight, a loss or an accuracy is off; infinite where steps were left out."""
    if found.trainer.steps_taken() != truth["steps"]:  # type: ignore[attr-defined]
        return float("inf")
    assert found.arrays.keys() == truth["weights"].keys()
    off = [np.abs(found.arrays[name] - array).max() for name, array in truth["weights"].items()]
    for epoch, figures in zip(found.epochs, truth["epochs"], strict=True):
        told = (epoch.loss, epoch.accuracy, epoch.val_loss, epoch.val_accuracy)
        off += [abs(mine - right) for mine, right in zip(told, figures, strict=True)]  # type: ignore[operator]
    return float(max(off))


def agreement() -> dict[str, float]:
    """Every loop on the networks of its family, in float64, against plain tapes and the reference's updates."""
    found: dict[str, float] = {}
    cases = (
        ("functional", SGD, KERAS + BY_HAND),
        ("functional", ADAMW, (KerasFit, TrainOnBatch, KerasFitTuned, TensorFlowEpoch)),
        ("subclassed", PLAIN, (KerasFit, GraphLoop)),
        ("by hand", SGD, BY_HAND),
    )
    for name, recipe, loops in cases:
        truth = plainly(recipe, NETWORKS[name])
        for loop in loops:
            asked = replace(recipe, **in_graph(loop))  # type: ignore[arg-type]
            found[f"{loop.name} {name} {recipe.optimizer}"] = error(train(loop, NETWORKS[name], asked), truth)
    xla = replace(SGD, execution="xla")
    truth = plainly(xla, NETWORKS["functional"])
    found["tf-epoch in XLA"] = error(train(TensorFlowEpoch, NETWORKS["functional"], xla), truth)
    return found


def refused(loop: Callable[[Run], Trainer], network: Network, recipe: Recipe) -> str:
    try:
        train(loop, network, recipe)
    except RecipeRefused as refusal:
        return refusal.field
    return "taken"


def precisions() -> dict[str, Any]:
    """How far the weights lie from float32's, relative to their movement, and who refuses."""
    found: dict[str, Any] = {}
    for name, loops in (("functional", (KerasFit, EagerLoop)), ("by hand", (GraphLoop,))):
        for loop in loops:
            for precision in ("bfloat16", "mixed"):
                asked = replace(SINGLE, precision=precision, optimizer="sgd", learning_rate=0.1)
                other = train(loop, NETWORKS[name], asked)
                plain = train(loop, NETWORKS[name], replace(asked, precision="float32")).arrays
                off = max(
                    float(np.abs(other.arrays[n] - plain[n]).max()) for n in ("conv_kernel", "dense_kernel")
                )
                scaling = other.trainer.terms.get("loss_scaling", "")
                found[f"{loop.name} {precision}"] = [off, scaling]

    def rigid(recipe: Recipe, policy: str = "float32") -> Any:
        import keras

        model = functional(recipe)
        config = model.get_config()
        for layer in config["layers"]:
            layer["config"]["dtype"] = "float32" if layer["class_name"] == "InputLayer" else policy
        return keras.Model.from_config({**config, "name": "small"})

    class Unmoved(type(NETWORKS["by hand"].build(PLAIN))):  # type: ignore[misc]
        def __call__(self, inputs: Any, training: bool) -> Any:
            import tensorflow as tf

            return super().__call__(tf.cast(inputs, tf.float32), training)

    stubborn = replace(NETWORKS["functional"], build=rigid)
    by_hand = replace(NETWORKS["by hand"], build=Unmoved)
    found["rigid"] = {
        precision: refused(loop, stubborn, replace(SINGLE, precision=precision))
        for loop, precision in ((KerasFit, "bfloat16"), (EagerLoop, "mixed"), (KerasFit, "float64"))
    }
    found["rigid"]["by hand"] = refused(EagerLoop, by_hand, replace(SINGLE, precision="mixed"))
    lowered = replace(NETWORKS["functional"], build=partial(rigid, policy="mixed_bfloat16"))
    found["rigid"]["float32"] = refused(KerasFit, lowered, SINGLE)
    return found


def losses() -> dict[str, Any]:
    """Losses of a network's own, and what layers add to them: each loop's epochs."""
    import tensorflow as tf

    def squares(targets: Any, outputs: Any) -> Any:
        return tf.reduce_mean(tf.square(tf.cast(targets, outputs.dtype) - outputs), axis=-1)

    def smoothed(targets: Any, outputs: Any) -> Any:
        return 2.0 * tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(targets, tf.int32), outputs)

    def regularised(recipe: Recipe) -> Any:
        import keras

        return functional(recipe, keras.regularizers.L2(0.01))

    data = images()
    real = np.random.default_rng(1).normal(size=(len(data.train_labels) + 11, 4)).astype(np.float32)
    numbers = Dataset("real", "test", data.train_images, real[:-11], data.validation_images, real[-11:])
    plain = NETWORKS["functional"]
    cases = {
        "squares": (replace(plain, loss=squares), numbers),
        "doubled": (replace(plain, loss=smoothed), data),
        "bytes": (
            plain,
            replace(
                data,
                **{
                    name: getattr(data, name).astype(np.uint8)
                    for name in ("train_labels", "validation_labels")
                },
            ),
        ),
        "regularised": (replace(plain, build=regularised), data),
        "plain": (plain, data),
    }
    recipe = replace(PLAIN, epochs=1)
    return {
        name: {
            loop.name: [epoch.loss, epoch.accuracy, epoch.val_loss, epoch.val_accuracy]
            for loop in (KerasFit, TrainOnBatch, EagerLoop, GraphLoop)
            for epoch in train(loop, network, recipe, data=given).epochs
        }
        for name, (network, given) in cases.items()
    }


def fresh_orders() -> dict[str, dict[str, bool]]:
    def epoch(run: Run) -> Trainer:
        return TensorFlowEpoch(replace(run, network=NOTEBOOK, recipe=replace(run.recipe, execution="graph")))

    return {"tf-epoch": orders(epoch), "train-on-batch": orders(TrainOnBatch)}


def main() -> None:
    if len(sys.argv) > 1:
        loop = {each.name: each for each in (KerasFitJax, KerasFitTorch)}[sys.argv[1]]
        truth = plainly(SGD, NETWORKS["by hand"])
        found = train(loop, NETWORKS["functional"], replace(SGD, precision="float32"))
        print(json.dumps(error(found, truth)))
        return
    fitted = train(KerasFit, NETWORKS["functional"], SINGLE)
    dropped = replace(SINGLE, dropout_rate=0.5)
    found = {
        "agreement": agreement(),
        "precisions": precisions(),
        "losses": losses(),
        "orders": fresh_orders(),
        "phases": [[e.train_seconds, e.evaluation_seconds] for e in fitted.epochs],
        "class": type(fitted.trainer.model).__name__,  # type: ignore[attr-defined]
        "untaken": refused(KerasFit, NETWORKS["functional"], replace(SINGLE, bias=False)),
        "dropout": [
            train(loop, NETWORKS["functional"], dropped).trainer.terms["dropout"]
            for loop in (KerasFit, EagerLoop)
        ],
        "probabilities": float(fitted.trainer.forward(images().train_images[:3], False).sum()),
        "dtypes": sorted({array.dtype.name for array in fitted.arrays.values()}),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
