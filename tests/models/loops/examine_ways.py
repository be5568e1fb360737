"""Trains by the ways that loops of Keras and TensorFlow declare and prints as JSON what was seen of each.

What is seen is what the loop does, not what it says: which dataset was made, how often the training was called,
which thread read the logs. ``examine_ways.py`` examines those on TensorFlow, ``examine_ways.py jax`` and ``torch``
``fit`` on that backend.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import keras
from examine import orders

from likeforlike.models.contract.training.recipe import MATCHED, RecipeRefused
from likeforlike.models.contract.training.trainer import Run, Trainer
from likeforlike.models.loops.keras_fit import KerasFit, KerasFitJax, KerasFitTorch
from likeforlike.models.loops.on_keras import logs
from likeforlike.models.tasks.mlp.loops.numpy_loop import ORACLE
from likeforlike.models.tasks.oracle.proof import parity_error

RECIPE = replace(MATCHED, batch_size=16, dropout_rate=0.0)
"""Of the proof's problem: four steps an epoch, the last one of half a batch, and two epochs."""
Changes = dict[str, str]


def trained_by(loop: type[Any], changes: Changes) -> Callable[[Run], Trainer]:
    """A factory that is asked for these ways whatever the run's recipe."""
    return lambda run: loop(replace(run, recipe=replace(run.recipe, **changes)))  # type: ignore[arg-type]


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """An attribute changed for a while."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def seen_of_fit(loop: type[Any], changes: Changes) -> dict[str, Any]:
    """The error against the oracle, and what ``fit`` was seen to do in the two epochs."""
    found: Counter[str] = Counter()
    made: list[Any] = []
    readers: list[str] = []  # threads may append at once
    main = threading.main_thread()

    def begun(self: Any, batch: int, logs: Any = None) -> None:
        found["calls"] += 1

    def ended(self: Any, batch: int, logs: Any = None) -> None:
        readers.append("read by the loop" if threading.current_thread() is main else "read beside")
        called(self, batch, logs)

    def factory(run: Run) -> Trainer:
        trainer = loop(replace(run, recipe=replace(run.recipe, **changes)))  # type: ignore[arg-type]
        made.append(trainer)
        return trainer  # type: ignore[no-any-return]

    callbacks = keras.callbacks.CallbackList
    called = callbacks._on_train_batch_end
    with (
        replaced(callbacks, "on_train_batch_begin", begun),
        replaced(logs.ReadOnceAnEpoch, "on_train_batch_begin", begun),
        replaced(callbacks, "_on_train_batch_end", ended),
    ):
        error = parity_error(ORACLE, factory, replace(RECIPE, **changes), "cpu:0")  # type: ignore[arg-type]
    found.update(readers)
    names = sorted(made[0].model.get_metrics_result())
    fed = made[0].inputs()["x"]
    tuned = fed.options().autotune.enabled if hasattr(fed, "options") else "arrays"
    return {"error": error, **found, "metrics": names, "dataset": type(fed).__name__, "autotuned": tuned}


def seen_of_loop(loop: type[Any], changes: Changes) -> dict[str, Any]:
    """The error against the oracle, and what a loop by hand was seen to do."""
    from likeforlike.models.loops.on_tensorflow import feeding, metrics

    found: Counter[str] = Counter()
    made: list[Any] = []

    def add(self: Any, noted: Any, read: bool) -> None:
        found["calls"] += made[0].training_now
        plainly(self, noted, read)

    def number(value: Any) -> float:
        found["numbers read"] += made[0].training_now
        return float(value)

    def updated(self: Any, *arguments: Any, **options: Any) -> Any:
        found["metric objects traced"] += 1
        return update(self, *arguments, **options)

    class Watched(loop):  # type: ignore[misc]
        training_now = 0

        def train_epoch(self) -> Any:
            self.training_now = 1
            try:
                return super().train_epoch()
            finally:
                self.training_now = 0

    def factory(run: Run) -> Trainer:
        made.append(Watched(replace(run, recipe=replace(run.recipe, **changes))))  # type: ignore[arg-type]
        return made[-1]  # type: ignore[no-any-return]

    def noted(name: str, build: Any, *arguments: Any) -> Any:
        found[f"fed by {name}"] += 1
        return build(*arguments)

    datasets = {name: partial(noted, name, build) for name, build in feeding.DATASETS.items()}
    metrics.float = float  # type: ignore[attr-defined]
    plainly, update = metrics.SumsByHand.add, keras.metrics.SparseCategoricalAccuracy.update_state
    with (
        replaced(metrics, "float", number),
        replaced(metrics.SumsByHand, "add", add),
        replaced(keras.metrics.SparseCategoricalAccuracy, "update_state", updated),
        replaced(feeding, "DATASETS", datasets),
    ):
        error = parity_error(ORACLE, factory, replace(RECIPE, **changes), "cpu:0")  # type: ignore[arg-type]
    traced = found.pop("metric objects traced", 0) > 0
    return {"error": error, **found, "metric objects": traced, "family": made[0].network.network.family}


def refused(loop: type[Any], changes: Changes) -> str:
    """The field that is refused, or nothing."""
    try:
        parity_error(ORACLE, trained_by(loop, changes), replace(RECIPE, **changes), "cpu:0")  # type: ignore[arg-type]
    except RecipeRefused as refusal:
        return refusal.field
    return ""


def on_tensorflow() -> dict[str, Any]:
    from likeforlike.models.loops.tensorflow_loop import EagerLoop, GraphLoop

    fit, graph, eager = (
        partial(seen_of_fit, KerasFit),
        partial(seen_of_loop, GraphLoop),
        partial(seen_of_loop, EagerLoop),
    )
    dropped = {"remainder": "drop"}
    return {
        "fit": fit({}),
        "fit untuned": fit({"feeding": "arrays-untuned", "steps_per_call": "3"}),
        "fit tf.data": fit({"feeding": "tf.data", "logs_read": "each-step"}),
        "fit gathered": fit({"feeding": "gathered", "steps_per_call": "epoch", "logs_read": "each-epoch"}),
        "fit without metrics": fit({"metrics": "none", "logs_read": "each-epoch"}),
        "graph": graph({}),
        "graph arrays": graph({"feeding": "arrays", "metrics": "keras", "steps_per_call": "3"}),
        "graph untuned": graph({"feeding": "arrays-untuned", "layers": "keras", "logs_read": "each-step"}),
        "graph gathered": graph({"feeding": "gathered", "metrics": "none", "steps_per_call": "epoch"}),
        "eager": eager(
            {"feeding": "arrays", "metrics": "keras", "layers": "keras", "logs_read": "each-step"}
        ),
        "orders": {
            f"{loop.name} {feeding}": orders(trained_by(loop, {"feeding": feeding}))
            for loop, feedings in (
                (KerasFit, ("arrays-untuned", "tf.data", "gathered")),
                (GraphLoop, ("arrays", "gathered")),
            )
            for feeding in feedings
        },
        "refused": {
            "fit untuned": refused(KerasFit, {"feeding": "arrays-untuned", **dropped}),
            "graph arrays": refused(GraphLoop, {"feeding": "arrays", **dropped}),
            "fit eager": refused(KerasFit, {"steps_per_call": "2", "execution": "eager"}),
        },
    }


def elsewhere(loop: type[Any]) -> dict[str, Any]:
    changes = ({}, {"logs_read": "each-step"}, {"logs_read": "each-epoch", "metrics": "none"})
    return {"-".join(made.values()) or "itself": seen_of_fit(loop, made) for made in changes}


def with_workers() -> dict[str, Any]:
    """PyTorch's own loop, its batches collated in the process and by two beside it."""
    from likeforlike.bench.worker.measure_trainer import Trains
    from likeforlike.models.loops.torch_loop import TorchLoop
    from likeforlike.models.tasks.mlp.networks.with_torch import NETWORK

    made: list[Any] = []

    def loop(run: Run) -> Trainer:
        made.append(TorchLoop(run))
        return made[-1]  # type: ignore[no-any-return]

    errors = {
        feeding: parity_error(ORACLE, Trains(loop, NETWORK), replace(RECIPE, feeding=feeding), "cpu:0")  # type: ignore[arg-type]
        for feeding in ("default", "loader", "workers")
    }
    return {"errors": errors, "processes": [trainer.training.num_workers for trainer in made]}


if __name__ == "__main__":
    backend = sys.argv[1] if len(sys.argv) > 1 else "tensorflow"
    if backend == "tensorflow":
        print(json.dumps(on_tensorflow()))
    else:
        loader = with_workers() if backend == "torch" else {}  # first: threads and forks don't go together
        fit = elsewhere({"jax": KerasFitJax, "torch": KerasFitTorch}[backend])
        print(json.dumps({"fit": fit, "loader": loader}))
