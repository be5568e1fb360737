"""JAX at its best: the whole epoch in one ``lax.scan``, data and weights on the device throughout."""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.contract.training.trainer import Between, Run, Score
from likeforlike.models.loops.jax_step import Evaluator, common_terms, refuse_execution
from likeforlike.models.loops.on_jax.network import JaxNetwork
from likeforlike.models.loops.on_jax.products import as_products
from likeforlike.models.loops.on_jax.training import State, start_state, step_rates, train_step
from likeforlike.models.loops.parts.epoch_loop import run_epochs


class JaxScan:
    """One compiled call and one read an epoch; a smaller last batch follows the scan in that call."""

    name = "jax-scan"

    def __init__(self, run: Run) -> None:
        self.run = run
        refuse_execution(self.name, run)
        self.rewrites = run.device.startswith("cpu")
        self.network = JaxNetwork(self.name, run, as_products if self.rewrites else None)
        self.state = start_state(self.network, run.recipe)
        self.key = jax.device_put(jax.random.key(run.recipe.seed), self.network.device)
        inputs = self.network.host_inputs(run.data.train_images)
        targets = self.network.host_targets(run.data.train_labels)
        self.data = jax.device_put((inputs, targets), self.network.device)
        self.order = np.random.default_rng(run.recipe.seed)
        self.evaluator = Evaluator(self.network)
        self.epoch = jax.jit(self._epoch, donate_argnums=0)

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        recipe = self.run.recipe
        as_written = "as the network has them"
        return {
            **common_terms(self.run),
            "execution": "xla",
            "jit_compile": True,
            "steps_per_execution": recipe.steps(len(self.run.data.train_labels)),
            "shuffle": "one permutation an epoch" if recipe.shuffle == "every-epoch" else "none",
            "residence": "on the device, gathered once an epoch",
            "convolutions": "as products of patches, pooling by reshaping" if self.rewrites else as_written,
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between)

    def train_epoch(self) -> Score:
        """One pass over the training samples in one call."""
        recipe, samples = self.run.recipe, len(self.run.data.train_labels)
        order = None
        if recipe.shuffle == "every-epoch":
            order = self.order.permutation(samples).astype(np.int32)
        rates = step_rates(recipe, samples, self.steps_taken(), self.network.loss_dtype)
        self.state = self.epoch(self.state, self.key, order, rates, *self.data)
        return self.network.score(self.state.sums, recipe.trained_samples(samples))

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

    def _epoch(
        self,
        state: State,
        key: jax.Array,
        order: jax.Array | None,
        rates: jax.Array,
        inputs: jax.Array,
        targets: jax.Array,
    ) -> State:
        """All steps of an epoch, the samples in that order; the sums are the epoch's."""
        if order is not None:
            inputs, targets = inputs[order], targets[order]
        size = self.run.recipe.batch_size
        whole = len(targets) // size
        rows = whole * size
        state = state._replace(sums=jnp.zeros_like(state.sums))

        def body(state: State, batch: tuple[jax.Array, ...]) -> tuple[State, None]:
            return train_step(self.network, state, key, *batch), None

        if whole:
            batches = [array[:rows].reshape(whole, size, *array.shape[1:]) for array in (inputs, targets)]
            state, _ = lax.scan(body, state, (*batches, rates[:whole]))
        if rows < len(targets) and self.run.recipe.remainder == "keep":
            state, _ = body(state, (inputs[rows:], targets[rows:], rates[whole]))
        return state
