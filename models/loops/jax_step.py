"""JAX as a user writes it: one jitted step a call, its batch from NumPy arrays on the host."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import jax
import numpy as np

from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.contract.training.recipe import RecipeRefused
from likeforlike.models.contract.training.trainer import Between, Run, Score
from likeforlike.models.loops.on_jax.network import EVALUATED_AT_ONCE, JaxNetwork
from likeforlike.models.loops.on_jax.training import evaluation_sums, start_state, step_rates, train_step
from likeforlike.models.loops.parts.epoch_loop import run_epochs


class JaxStep:
    """``jax.grad`` and the update in one jitted function, its state donated; metrics read once an epoch."""

    name = "jax-step"

    def __init__(self, run: Run) -> None:
        self.run = run
        refuse_execution(self.name, run)
        self.network = JaxNetwork(self.name, run)
        self.state = start_state(self.network, run.recipe)
        self.key = jax.device_put(jax.random.key(run.recipe.seed), self.network.device)
        self.order = np.random.default_rng(run.recipe.seed)
        self.inputs = self.network.host_inputs(run.data.train_images)
        self.targets = self.network.host_targets(run.data.train_labels)
        self.evaluator = Evaluator(self.network)
        self.step = jax.jit(partial(train_step, self.network), donate_argnums=0)

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        return {
            **common_terms(self.run),
            "execution": "xla",
            "jit_compile": True,
            "steps_per_execution": 1,
            "shuffle": "one permutation an epoch, on the host"
            if self.run.recipe.shuffle == "every-epoch"
            else "none",
            "residence": "host memory, batches indexed by NumPy",
            "logs_read": "each-step" if self.run.recipe.logs_read == "each-step" else "each-epoch",
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between)

    def train_epoch(self) -> Score:
        """One pass over the training samples; the sums stay on the device until the end."""
        recipe, samples = self.run.recipe, len(self.targets)
        rows = np.arange(samples)
        if recipe.shuffle == "every-epoch":
            rows = self.order.permutation(samples)
        rates = step_rates(recipe, samples, self.steps_taken(), self.network.loss_dtype)
        sums = jax.device_put(np.zeros(2, self.network.loss_dtype), self.network.device)
        state, read = self.state._replace(sums=sums), recipe.logs_read == "each-step"
        for number, rate in enumerate(rates):
            batch = rows[number * recipe.batch_size : (number + 1) * recipe.batch_size]
            state = self.step(state, self.key, self.inputs[batch], self.targets[batch], rate)
            if read:
                read_back(state.sums)
        self.state = state
        return self.network.score(state.sums, recipe.trained_samples(samples))

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation samples."""
        return self.evaluator.score(self.state.weights, self.state.state)

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, classes]."""
        return self.evaluator.probabilities(self.state.weights, self.state.state, images, training)

    def parameters(self) -> NamedWeights:
        """The current weights, copied to the host."""
        return self.network.parameters(self.state.weights, self.state.state)

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return int(self.state.step)


def read_back(sums: jax.Array) -> np.ndarray:
    """Sums on the host; waits for the step that makes them."""
    return np.asarray(sums)


class Evaluator:
    """Evaluation and prediction, some hundred samples a call; the validation samples on the device."""

    def __init__(self, network: JaxNetwork) -> None:
        data = network.run.data
        self.network, self.passes = network, 0
        inputs, targets = (
            network.host_inputs(data.validation_images),
            network.host_targets(data.validation_labels),
        )
        cuts = range(EVALUATED_AT_ONCE, len(targets), EVALUATED_AT_ONCE)
        parts = zip(np.split(inputs, cuts), np.split(targets, cuts), strict=True)
        self.parts = [jax.device_put(part, network.device) for part in parts]
        self.sums = jax.jit(partial(evaluation_sums, network))
        self.outputs = jax.jit(network.outputs, static_argnums=3)

    def score(self, weights: dict[str, jax.Array], state: dict[str, jax.Array]) -> Score:
        """Mean loss and accuracy over the validation samples, read once."""
        key, samples = self._fresh_key(), sum(len(targets) for _, targets in self.parts)
        found = [
            self.sums(weights, state, jax.random.fold_in(key, number), *part)
            for number, part in enumerate(self.parts)
        ]
        return self.network.score(sum(found[1:], found[0]), samples)

    def probabilities(
        self, weights: dict[str, jax.Array], state: dict[str, jax.Array], inputs: np.ndarray, training: bool
    ) -> np.ndarray:
        """Of inputs [n, ...] in one call; changes no state."""
        batch = jax.device_put(self.network.host_inputs(inputs), self.network.device)
        outputs, _ = self.outputs(weights, state, batch, training, self._fresh_key())
        return self.network.probabilities(outputs)

    def _fresh_key(self) -> jax.Array:
        """Of no training step: those fold numbers from 0 into the seed's key."""
        self.passes += 1
        seed = jax.random.key(self.network.run.recipe.seed)
        return jax.device_put(jax.random.fold_in(seed, np.uint32(2**32 - self.passes)), self.network.device)


def common_terms(run: Run) -> dict[str, object]:
    """What all of JAX's loops tell alike."""
    recipe = run.recipe
    update = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}[recipe.optimizer]
    return {
        "optimizer": f"{update} by hand, fused by XLA",
        "gradients": "jax.grad",
        "dropout": "the network's own, jax.random",
        "remainder": recipe.remainder,
        "validation_batch_size": EVALUATED_AT_ONCE,
    }


def refuse_execution(name: str, run: Run) -> None:
    """Raise :class:`RecipeRefused` for any way to run but XLA."""
    if run.recipe.execution not in ("default", "xla"):
        raise RecipeRefused(name, "execution", run.recipe.execution, "it runs compiled by XLA")
