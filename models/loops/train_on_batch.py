"""A user's own loop over Keras's ``train_on_batch``: batches gathered from arrays, metrics read each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from likeforlike.models.contract.training.trainer import Between, Run, Score
from likeforlike.models.loops.keras_fit import KerasFit
from likeforlike.models.loops.on_keras.backends import device_name, synchronise
from likeforlike.models.loops.on_keras.network import inputs_of
from likeforlike.models.loops.parts.epoch_loop import run_epochs


class TrainOnBatch(KerasFit):
    """``train_on_batch`` and ``test_on_batch``, batch by batch."""

    name = "train-on-batch"

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        data, precision = run.data, run.recipe.precision
        self.generator = np.random.default_rng(run.recipe.seed)
        self.training = inputs_of(data.train_images, precision), data.train_labels
        self.validating = inputs_of(data.validation_images, precision), data.validation_labels

    @property
    def terms(self) -> Mapping[str, object]:
        """What Keras resolved by itself."""
        shuffled = self.run.recipe.shuffle == "every-epoch"
        return {
            **super().terms,
            "shuffle": "one permutation an epoch" if shuffled else "none",
            "residence": "NumPy arrays, batches gathered each step",
            "logs_read": "each-step",
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        with keras.device(device_name(self.run.device)):
            run_epochs(self.run, self, between)

    def train_epoch(self) -> Score:
        """One pass over the training samples."""
        recipe, samples = self.run.recipe, len(self.run.data.train_labels)
        shuffled = recipe.shuffle == "every-epoch"
        order = self.generator.permutation(samples) if shuffled else np.arange(samples)
        return self._pass(self.model.train_on_batch, self.training, order[: recipe.trained_samples(samples)])

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation samples."""
        samples = len(self.run.data.validation_labels)
        return self._pass(self.model.test_on_batch, self.validating, np.arange(samples))

    def _pass(self, step: Any, arrays: tuple[np.ndarray, np.ndarray], order: np.ndarray) -> Score:
        inputs, targets = arrays
        loss, right, classes = 0.0, 0.0, True
        for start in range(0, len(order), self.run.recipe.batch_size):
            rows = order[start : start + self.run.recipe.batch_size]
            told = step(inputs[rows], targets[rows], return_dict=True)
            loss += len(rows) * float(told["loss"])
            classes = "accuracy" in told
            right += len(rows) * float(told.get("accuracy", 0.0))
        synchronise(self.model)
        return loss / len(order), right / len(order) if classes else None
