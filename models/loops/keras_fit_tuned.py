"""``Model.fit`` at its best on TensorFlow: one execution an epoch, data gathered once, XLA where it pays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.training.trainer import Run
from likeforlike.models.loops.keras_fit import KerasFit
from likeforlike.models.loops.on_keras.network import inputs_of
from likeforlike.models.loops.on_tensorflow.feeding import gathered, untuned
from likeforlike.models.loops.parts.trials import in_milliseconds, try_executions
from likeforlike.models.loops.tensorflow_epoch import EVALUATION_BATCH


class KerasFitTuned(KerasFit):
    """``fit`` from batches gathered once an epoch; whether XLA compiles the step is decided by a trial."""

    name = "keras-fit-tuned"

    def __init__(self, run: Run) -> None:
        recipe = run.recipe
        if recipe.execution == "eager":
            raise RecipeRefused(self.name, "execution", recipe.execution, "it runs as graph or xla")
        self._refuse(run)
        self.trial = try_executions(type(self), run) if recipe.execution == "default" else {}
        self.jit = self.trial["xla"] < self.trial["graph"] if self.trial else recipe.execution == "xla"
        super().__init__(run)

    @property
    def terms(self) -> Mapping[str, object]:
        """What was resolved, the trial's milliseconds a step among it."""
        recipe = self.run.recipe
        return {
            **super().terms,
            "jit_trial": in_milliseconds(self.trial),
            "shuffle": "one permutation an epoch" if recipe.shuffle == "every-epoch" else "none",
            "residence": "tf.data, gathered once an epoch, not autotuned",
            "validation_batch_size": min(EVALUATION_BATCH, len(self.run.data.validation_labels)),
        }

    def compile_options(self, recipe: Recipe) -> dict[str, Any]:
        """All steps of an epoch in one execution: ``fit`` then reads its logs once an epoch."""
        steps = recipe.steps(len(self.run.data.train_labels))
        return {"jit_compile": self.jit, "steps_per_execution": steps}

    def inputs(self) -> dict[str, Any]:
        """Batches sliced from inputs that were put in the epoch's order at once."""
        recipe, data = self.run.recipe, self.run.data
        known = gathered(inputs_of(data.train_images, recipe.precision), data.train_labels, recipe)
        return {"x": known, "shuffle": False}

    def validation(self) -> Any:
        """Large batches, not autotuned either: in those that it trains with, evaluating takes longer."""
        return untuned(*self.held_out(), EVALUATION_BATCH, False)
