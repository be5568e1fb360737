"""``Model.fit`` as a user writes it, on any Keras backend, its phases timed from inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from likeforlike.models.contract.implementation import missing
from likeforlike.models.contract.training.network import NETWORK_FIELDS, SPARSE_CROSSENTROPY, Network
from likeforlike.models.contract.training.recipe import (
    Recipe,
    RecipeRefused,
    refuse_dropped,
    refuse_precision,
)
from likeforlike.models.contract.training.trainer import Between, Run, Weights
from likeforlike.models.loops.on_keras.backends import device_name, seed_orders, set_floats, set_tf32
from likeforlike.models.loops.on_keras.logs import own_way, refuse_logs_unread, with_logs_read
from likeforlike.models.loops.on_keras.network import (
    BuiltModel,
    built,
    dropout_of,
    inputs_of,
    keras_loss,
    tells_classes,
)
from likeforlike.models.loops.on_keras.notebook import MATCHES, dropout_layer, notebook
from likeforlike.models.loops.on_keras.optimizers import keras_optimizer, refuse_lost_moments, told
from likeforlike.models.loops.on_keras.phases import PhaseClock, TimedTensorBoard, Turns, time_evaluation
from likeforlike.models.loops.parts.tensorboard import log_folder

PLAIN = ("float32", "float64", "tf32")
ALL = (*PLAIN, "bfloat16", "mixed")
"""Precisions of the notebook's network, which has no proof in fewer bits, and of any other."""
FED = {
    "arrays-untuned": "Keras's dataset of the arrays, not autotuned",
    "tf.data": "tf.data from tensors on the host",
    "gathered": "tf.data, gathered once an epoch, not autotuned",
}
"""Where batches come from, by a recipe's feeding."""
NOT_AUTOTUNED = ("arrays-untuned", "gathered")


class WholeBatches(keras.utils.PyDataset):
    """Whole batches in a fresh order each epoch, what is left over dropped.

    ``fit`` has no switch for that: from arrays it always trains on the remainder.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, recipe: Recipe) -> None:
        super().__init__()
        self._images, self._labels = images, labels
        self._batch_size = recipe.batch_size
        self._generator = np.random.default_rng(recipe.seed) if recipe.shuffle == "every-epoch" else None
        self._order = np.arange(len(labels))

    def __len__(self) -> int:
        """Batches in an epoch."""
        return len(self._labels) // self._batch_size

    def on_epoch_begin(self) -> None:
        """Draw the epoch's order."""
        if self._generator is not None:
            self._order = self._generator.permutation(len(self._labels))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch number ``index`` of the epoch."""
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return self._images[rows], self._labels[rows]


class KerasFit:
    """``Model.fit`` with arrays in memory and the options that Keras sets by itself.

    It trains the run's network, or the notebook's where it is given none.
    """

    name = "keras-fit"
    backend = "tensorflow"
    wait: Callable[[], None] | None = None
    """How to wait for the device, where the backend's own way won't do."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._refuse(run)
        seed_orders(run.recipe.seed)
        set_tf32(run.recipe.precision == "tf32")
        self.policy = set_floats(run.recipe.precision)
        self.network = run.network or Network("784-512-10", "keras", self.notebook, MATCHES, NETWORK_FIELDS)
        with keras.device(device_name(run.device)):
            self.built = self.build()
        self.model = self.built.model

    @property
    def terms(self) -> Mapping[str, object]:
        """What Keras resolved by itself."""
        recipe, model = self.run.recipe, self.model
        scaling = {"loss_scaling": "none: bfloat16 has float32's exponents"}
        return {
            "execution": "eager"
            if model.run_eagerly
            else "xla"
            if model.jit_compile
            else self.compiled_form(),
            "jit_compile": bool(model.jit_compile),
            "steps_per_execution": model.steps_per_execution,
            "optimizer": told(model.optimizer),
            "gradients": "automatic",
            "shuffle": self.order_drawn() if recipe.shuffle == "every-epoch" else "none",
            "dropout": dropout_of(model),
            "residence": self.residence(),
            "logs_read": own_way() if recipe.logs_read == "default" else recipe.logs_read,
            "remainder": recipe.remainder,
            "keras_backend": keras.backend.backend(),
            "validation_batch_size": recipe.batch_size,
            **(scaling if recipe.precision == "mixed" else {}),
        }

    def order_drawn(self) -> str:
        """Who draws an epoch's order, and whether the recipe's seed does."""
        recipe = self.run.recipe
        if recipe.feeding not in ("default", "arrays"):
            return f"tf.data, every epoch{', unseeded' if recipe.feeding == 'arrays-untuned' else ''}"
        whole = recipe.remainder == "drop"
        seeded = whole or self.backend != "tensorflow"
        return (
            "a PyDataset, every epoch" if whole else f"Model.fit, every epoch{'' if seeded else ', unseeded'}"
        )

    def residence(self) -> str:
        """Where the batches come from."""
        recipe = self.run.recipe
        if recipe.feeding in FED:
            return FED[recipe.feeding]
        return "NumPy arrays" if recipe.remainder == "keep" else "NumPy arrays through a PyDataset"

    def compiled_form(self) -> str:
        """What neither eager nor XLA means on this backend."""
        return "eager" if self.backend == "torch" else "graph"

    def build(self) -> BuiltModel:
        """The network, compiled, with the run's weights."""
        run = self.run
        made = built(self.name, run, self.network)
        classes = run.recipe.metrics != "none" and (
            self.network.loss == SPARSE_CROSSENTROPY or tells_classes(made.model, run)
        )
        made.model.compile(
            optimizer=keras_optimizer(run.recipe, len(run.data.train_labels)),
            loss=keras_loss(self.network, run),
            metrics=["accuracy"] if classes else [],
            **self.compile_options(run.recipe),
        )
        return made

    def notebook(self, recipe: Recipe) -> Any:
        """784-512-dropout-10, untrained."""
        return notebook(recipe, self.policy, self.dropout)

    def dropout(self, recipe: Recipe, options: Mapping[str, str]) -> Any:
        """The dropout layer."""
        return dropout_layer(recipe, options)

    def compile_options(self, recipe: Recipe) -> dict[str, Any]:
        """How ``Model.compile`` is told to run; nothing by default."""
        modes = {
            "eager": {"run_eagerly": True},
            "graph": {"jit_compile": False},
            "xla": {"jit_compile": True},
        }
        options: dict[str, Any] = dict(modes.get(recipe.execution, {}))
        if recipe.steps_per_call not in ("default", "1"):
            options["steps_per_execution"] = recipe.steps_in_call(len(self.run.data.train_labels))
        return options

    def inputs(self) -> dict[str, Any]:
        """What ``fit`` is given to train on."""
        recipe, data = self.run.recipe, self.run.data
        images = inputs_of(data.train_images, recipe.precision)
        if recipe.feeding in FED:
            from likeforlike.models.loops.on_tensorflow.feeding import batches  # Keras may run on another

            made = batches(self.name, recipe.feeding, images, data.train_labels, recipe)
            of_arrays = {"validation_batch_size": recipe.batch_size}
            known = {} if recipe.feeding in NOT_AUTOTUNED else of_arrays
            return {"x": made, "shuffle": False, **known}
        if recipe.remainder == "drop":
            whole = WholeBatches(images, data.train_labels, recipe)
            return {"x": whole, "shuffle": False, "validation_batch_size": recipe.batch_size}
        return {
            "x": images,
            "y": data.train_labels,
            "batch_size": recipe.batch_size,
            "shuffle": recipe.shuffle == "every-epoch",
        }

    def validation(self) -> Any:
        """What ``fit`` is given to evaluate on; not autotuned where the training isn't."""
        recipe = self.run.recipe
        if recipe.feeding not in NOT_AUTOTUNED:
            return self.held_out()
        from likeforlike.models.loops.on_tensorflow.feeding import untuned  # Keras may run on another

        return untuned(*self.held_out(), recipe.batch_size, False)

    def held_out(self) -> tuple[Any, Any]:
        """Inputs and targets that are not trained on."""
        data = self.run.data
        return inputs_of(data.validation_images, self.run.recipe.precision), data.validation_labels

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run, clock = self.run, PhaseClock(self.run.clock)
        folder = log_folder(run)
        callbacks: list[Any] = []
        if folder is not None:
            board = TimedTensorBoard(str(folder), histogram_freq=int(run.recipe.logging == "histograms"))
            board.phase_clock = clock
            callbacks.append(board)
        callbacks.append(Turns(clock, between))
        inputs, validation = self.inputs(), self.validation()
        called = with_logs_read(run.recipe, self.model, callbacks)
        time_evaluation(self.model, clock, self.wait)
        with keras.device(device_name(run.device)):
            clock.switch("train")
            self.model.fit(
                **inputs, epochs=run.recipe.epochs, validation_data=validation, callbacks=called, verbose=0
            )
            clock.switch(None)

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, classes]; where the loss is another one, the outputs as they are."""
        with keras.device(device_name(self.run.device)):
            outputs = self.model(inputs_of(images, self.run.recipe.precision), training=training)
            outputs = keras.ops.cast(outputs, keras.config.floatx())
            classes = self.network.loss == SPARSE_CROSSENTROPY
            return keras.ops.convert_to_numpy(keras.ops.softmax(outputs) if classes else outputs)

    def parameters(self) -> Weights:
        """The current weights, copied to the host."""
        return self.built.parameters()

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))

    def _refuse(self, run: Run) -> None:
        recipe = run.recipe
        if keras.backend.backend() != self.backend:
            raise RuntimeError(
                f"{self.name} needs KERAS_BACKEND={self.backend}, Keras has loaded {keras.backend.backend()}"
            )
        refuse_precision(self.name, recipe, run.device, PLAIN if run.network is None else ALL)
        refuse_lost_moments(self.name, recipe)
        if recipe.logging != "none" and (lacking := missing(("tensorflow",))):
            why = f"Keras's TensorBoard callback writes through TensorFlow: {lacking}"
            raise RecipeRefused(self.name, "logging", recipe.logging, why)
        refuse_logs_unread(self.name, recipe)
        if recipe.feeding == "arrays-untuned":
            refuse_dropped(self.name, recipe)
        if recipe.steps_per_call not in ("default", "1") and recipe.execution == "eager":
            why = "run eagerly each step is a call of its own"
            raise RecipeRefused(self.name, "steps_per_call", recipe.steps_per_call, why)
        refused = REFUSED.get(self.backend, {})
        for field, whys in refused.items():
            value = getattr(recipe, field)
            if value in whys:
                raise RecipeRefused(self.name, field, value, whys[value])


REFUSED: dict[str, dict[str, dict[str, str]]] = {
    "jax": {
        "execution": {"graph": "Keras on JAX runs eagerly or compiled by XLA"},
        "precision": {"float64": "JAX's x64 switch must be set before Keras starts"},
    },
    "torch": {
        "execution": {
            "graph": "Keras on PyTorch runs eagerly by default; PyTorch's graphs are torch-compiled's",
            "xla": "Keras on PyTorch has no XLA",
        },
    },
}


class KerasFitJax(KerasFit):
    """``Model.fit`` on the JAX backend."""

    name = "keras-fit-jax"
    backend = "jax"


class KerasFitTorch(KerasFit):
    """``Model.fit`` on the PyTorch backend."""

    name = "keras-fit-torch"
    backend = "torch"
