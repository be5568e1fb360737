"""``Model.fit`` as a user writes it, on any Keras backend, its phases timed from inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from likeforlike.models.contract.implementation import missing
from likeforlike.models.contract.recipe import Recipe, RecipeRefused, refuse_precision
from likeforlike.models.contract.trainer import Between, Epoch, Parameters, Phases, Run
from likeforlike.models.loops.keras_optimizers import keras_optimizer, told
from likeforlike.models.loops.tensorboard import log_folder

HOOKS = ("set_model", "on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_test_begin")
BATCH_HOOKS = ("on_test_end", "on_train_batch_begin", "on_train_batch_end", "on_test_batch_begin")


class PhaseClock:
    """Which phase the time goes to now; with none it goes nowhere, as while waiting for a turn."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._phase: str | None = None
        self._since = 0.0
        self.phases = Phases(clock)

    def switch(self, phase: str | None) -> str | None:
        """Let time go to ``phase`` from now on; the one before."""
        now, before = self._clock(), self._phase
        if before is not None:
            self.phases.seconds[before] += now - self._since
        self._phase, self._since = phase, now
        return before

    @contextmanager
    def inside(self, phase: str) -> Iterator[None]:
        """Let the time of the block go to ``phase`` instead of the one around it."""
        before = self.switch(phase)
        try:
            yield
        finally:
            self.switch(before)

    def end_epoch(self) -> Phases:
        """Stop the clock and start the next epoch's sums; this epoch's."""
        self.switch(None)
        ended, self.phases = self.phases, Phases(self._clock)
        return ended


class TimedModel(keras.Sequential):
    """A sequential model that says when ``fit`` evaluates."""

    phase_clock: PhaseClock | None = None
    wait_for_device: Callable[[], None] | None = None
    """How to wait, where the backend's own way won't do."""

    def evaluate(self, *arguments: Any, **options: Any) -> Any:
        """``Model.evaluate``, its time apart from the training's."""
        if self.phase_clock is None:
            return super().evaluate(*arguments, **options)
        if self.wait_for_device is None:
            synchronise(self)
        else:
            self.wait_for_device()
        with self.phase_clock.inside("evaluation"):
            return super().evaluate(*arguments, **options)


class TimedTensorBoard(keras.callbacks.TensorBoard):
    """Keras's own callback, the time inside its hooks counted as logging."""

    phase_clock: PhaseClock


def _timed(name: str) -> Callable[..., None]:
    original = getattr(keras.callbacks.TensorBoard, name)

    def hook(self: TimedTensorBoard, *arguments: Any, **options: Any) -> None:
        with self.phase_clock.inside("logging"):
            original(self, *arguments, **options)

    return hook


for _name in HOOKS + BATCH_HOOKS:
    # only hooks that TensorBoard has: a further batch hook would make fit call it at every step
    if _name in vars(keras.callbacks.TensorBoard):
        setattr(TimedTensorBoard, _name, _timed(_name))


class Turns(keras.callbacks.Callback):
    """Ends an epoch: tells the harness, waits for the word to go on. Must be the last callback."""

    def __init__(self, clock: PhaseClock, between: Between) -> None:
        super().__init__()
        self._clock = clock
        self._between = between

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Hand the epoch over; stop the training if told to."""
        phases, logs = self._clock.end_epoch(), logs or {}
        training = (float(logs["loss"]), float(logs["accuracy"]))
        validation = (float(logs["val_loss"]), float(logs["val_accuracy"]))
        ended: Epoch = phases.epoch(epoch + 1, training, validation)
        if not self._between(ended):
            self.model.stop_training = True
        self._clock.switch("train")


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


class AlwaysOnDropout(keras.layers.Dropout):
    """Dropout that stays on at evaluation."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Drop whatever ``training`` says."""
        return super().call(inputs, training=True)


class KerasFit:
    """``Model.fit`` with arrays in memory and the options that Keras sets by itself."""

    name = "keras-fit"
    backend = "tensorflow"

    def __init__(self, run: Run) -> None:
        self.run = run
        self._refuse(run)
        seed_orders(run.recipe.seed)
        set_tf32(run.recipe.precision == "tf32")
        self.dtype = "float64" if run.recipe.precision == "float64" else "float32"
        with keras.device(device_name(run.device)):
            self.model = self.build(run.recipe, run.initial)

    @property
    def terms(self) -> Mapping[str, object]:
        """What Keras resolved by itself."""
        recipe, model = self.run.recipe, self.model
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
            "dropout": type(self.model.layers[1]).__name__ if recipe.dropout_rate else "none",
            "residence": "NumPy arrays" if recipe.remainder == "keep" else "NumPy arrays through a PyDataset",
            "remainder": recipe.remainder,
            "keras_backend": keras.backend.backend(),
            "validation_batch_size": recipe.batch_size,
        }

    def order_drawn(self) -> str:
        """Who draws an epoch's order, and whether the recipe's seed does."""
        whole = self.run.recipe.remainder == "drop"
        seeded = whole or self.backend != "tensorflow"
        return (
            "a PyDataset, every epoch" if whole else f"Model.fit, every epoch{'' if seeded else ', unseeded'}"
        )

    def compiled_form(self) -> str:
        """What neither eager nor XLA means on this backend."""
        return "eager" if self.backend == "torch" else "graph"

    def build(self, recipe: Recipe, initial: Parameters) -> TimedModel:
        """The network, compiled, with the given weights."""
        layers = keras.layers
        options = {"dtype": self.dtype}
        model = TimedModel(
            [
                keras.Input((784,), dtype=self.dtype),
                layers.Dense(512, "relu", use_bias=recipe.bias, name="hidden", **options),
                self.dropout(recipe, options),
                layers.Dense(10, use_bias=recipe.bias, name="output", **options),
            ]
        )
        model.set_weights(list(initial.named().values()))
        model.compile(
            optimizer=keras_optimizer(recipe, len(self.run.data.train_labels)),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=self.dtype),
            metrics=["accuracy"],
            **self.compile_options(recipe),
        )
        return model

    def dropout(self, recipe: Recipe, options: Mapping[str, str]) -> Any:
        """The dropout layer, on at evaluation where the recipe says so."""
        layer = AlwaysOnDropout if recipe.dropout_at_evaluation else keras.layers.Dropout
        return layer(recipe.dropout_rate, seed=recipe.seed, name="dropout", **options)

    def compile_options(self, recipe: Recipe) -> dict[str, Any]:
        """How ``Model.compile`` is told to run; nothing by default."""
        modes = {
            "eager": {"run_eagerly": True},
            "graph": {"jit_compile": False},
            "xla": {"jit_compile": True},
        }
        return dict(modes.get(recipe.execution, {}))

    def inputs(self) -> dict[str, Any]:
        """What ``fit`` is given to train on."""
        recipe, data = self.run.recipe, self.run.data
        images = data.train_images.astype(self.dtype, copy=False)
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
        """What ``fit`` is given to evaluate on."""
        data = self.run.data
        return data.validation_images.astype(self.dtype, copy=False), data.validation_labels

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
        self.model.phase_clock = clock
        with keras.device(device_name(run.device)):
            clock.switch("train")
            self.model.fit(
                **inputs, epochs=run.recipe.epochs, validation_data=validation, callbacks=callbacks, verbose=0
            )
            clock.switch(None)

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, 10]."""
        with keras.device(device_name(self.run.device)):
            logits = self.model(images.astype(self.dtype, copy=False), training=training)
            return keras.ops.convert_to_numpy(keras.ops.softmax(logits))

    def parameters(self) -> Parameters:
        """The current weights, copied to the host."""
        names = self.run.initial.named()
        return Parameters.of(dict(zip(names, self.model.get_weights(), strict=True)))

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))

    def _refuse(self, run: Run) -> None:
        recipe = run.recipe
        if keras.backend.backend() != self.backend:
            raise RuntimeError(
                f"{self.name} needs KERAS_BACKEND={self.backend}, Keras has loaded {keras.backend.backend()}"
            )
        refuse_precision(self.name, recipe, run.device)
        if recipe.logging != "none" and (lacking := missing(("tensorflow",))):
            why = f"Keras's TensorBoard callback writes through TensorFlow: {lacking}"
            raise RecipeRefused(self.name, "logging", recipe.logging, why)
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


def device_name(device: str) -> str:
    """The backend's name of a device. Raises ValueError for a further logical CPU on PyTorch.

    Keras on PyTorch takes ``cpu:0`` for another place than ``cpu`` and copies every weight there.
    """
    if keras.backend.backend() != "torch" or not device.startswith("cpu"):
        return device
    if device != "cpu:0":
        raise ValueError(f"PyTorch sees no device {device}")
    return "cpu"


def seed_orders(seed: int) -> None:
    """Seed what ``fit`` draws its orders from, where that leaves it a fresh one each epoch.

    On TensorFlow it does not: a seeded operation inside a dataset starts anew with each iterator, of which
    ``fit`` makes one an epoch, so that with a global seed every epoch has the order of the first.
    """
    if keras.backend.backend() != "tensorflow":
        keras.utils.set_random_seed(seed)
        return
    import tensorflow as tf

    tf.random.set_seed(None)


def synchronise(model: Any) -> None:
    """Wait until the device has done what the training queued, without copying it."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tf.test.experimental.sync_devices()
    elif backend == "jax":
        import jax

        jax.block_until_ready([variable.value for variable in model.variables])
    elif backend == "torch":
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()


def set_tf32(allowed: bool) -> None:
    """Let products round float32 to TF32, or not, where the device can; each backend's default differs."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(allowed)
    elif backend == "torch":
        import torch

        torch.set_float32_matmul_precision("high" if allowed else "highest")
    elif backend == "jax":
        import jax

        jax.config.update("jax_default_matmul_precision", "tensorfloat32" if allowed else "highest")
