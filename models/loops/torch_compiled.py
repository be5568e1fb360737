"""PyTorch at its best: data resident, forward, backward and update one function of ``torch.compile``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch

from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.contract.training.trainer import Between, Run, Score
from likeforlike.models.loops.on_torch.network import TorchNetwork, refuse
from likeforlike.models.loops.on_torch.updates import step_rates, update, zeros
from likeforlike.models.loops.parts.epoch_loop import run_epochs

EVALUATED_AT_ONCE = 500
"""Samples of one evaluation step: their activations fit a processor's caches better than all at once."""
_TRACES_GRADIENTS = hasattr(torch._dynamo.config, "trace_autograd_ops")
"""Whether ``torch.compile`` can take ``torch.autograd.grad`` into the graph; it must be told to."""

Step = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], None]


class TorchCompiled:
    """One permutation, one gather and one read an epoch; a smaller last batch is compiled apart."""

    name = "torch-compiled"

    def __init__(self, run: Run) -> None:
        self.run = run
        refuse(self.name, run, ("graph",))
        # means that fade to denormals slow a step fourfold; TensorFlow flushes them too
        torch.set_flush_denormal(True)
        self.network = network = TorchNetwork(self.name, run, channels_last=True)
        self.weights = network.trained
        self.first, self.second = zeros(run.recipe, self.weights)
        data = run.data
        self.inputs, self.targets = network.inputs(data.train_images), network.host_targets(data.train_labels)
        self.targets = self.targets.to(network.device)
        # a fresh buffer each epoch would cost as much in page faults as the gather itself
        self.shuffled = torch.empty_like(self.inputs)
        held_out = network.inputs(data.validation_images), network.host_targets(data.validation_labels)
        self.validation = [tensor.to(network.device).split(EVALUATED_AT_ONCE) for tensor in held_out]
        self.random = torch.Generator(network.device).manual_seed(run.recipe.seed)
        self.steps = 0
        torch.compiler.reset()  # after eight recompilations for other recipes it would run eagerly, unasked
        self.whole = _TRACES_GRADIENTS
        self.step: Step = torch.compile(self._whole_step, dynamic=False, fullgraph=True)
        if not self.whole:
            self._compile_apart()

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        recipe = self.run.recipe
        apart = "forward and backward, and the update, compiled apart"
        update_of = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}[recipe.optimizer]
        return {
            "execution": "graph",
            "jit_compile": "torch.compile",
            "steps_per_execution": 1,
            "compiled": "the whole step at once" if self.whole else apart,
            "optimizer": f"{update_of} by hand, fused by torch.compile",
            "gradients": "autograd",
            "shuffle": "one permutation an epoch" if recipe.shuffle == "every-epoch" else "none",
            "dropout": "the module's own",
            "residence": "on the device, gathered once an epoch",
            "memory_format": "channels last",
            "remainder": recipe.remainder,
            "validation_batch_size": EVALUATED_AT_ONCE,
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between)

    def train_epoch(self) -> Score:
        """One pass over the training samples; the sums stay on the device until the end."""
        recipe, samples, network = self.run.recipe, len(self.targets), self.network
        inputs, targets = self.inputs, self.targets
        if recipe.shuffle == "every-epoch":
            order = torch.randperm(samples, generator=self.random, device=network.device)
            inputs = torch.index_select(inputs, 0, order, out=self.shuffled)
            targets = targets[order]
        used = recipe.trained_samples(samples)
        total = network.no_sums()
        rates = step_rates(recipe, samples, self.steps).to(network.device, network.loss_dtype)
        network.module.train()
        batches = (tensor[:used].split(recipe.batch_size) for tensor in (inputs, targets))
        for batch, classes, rate in zip(*batches, rates, strict=True):
            self._take(batch, classes, rate, total)
        return network.score(total, used)

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation samples, not compiled."""
        network, total = self.network, self.network.no_sums()
        network.module.eval()
        with torch.no_grad():
            for inputs, targets in zip(*self.validation, strict=True):
                outputs = network.outputs(inputs)
                total += network.sums(network.losses(targets, outputs), targets, outputs)
        return network.score(total, sum(map(len, self.validation[1])))

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, classes]."""
        return self.network.probabilities(images, training)

    def parameters(self) -> NamedWeights:
        """The current weights, copied to the host."""
        return self.network.parameters()

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return self.steps

    def _take(
        self, inputs: torch.Tensor, targets: torch.Tensor, rates: torch.Tensor, total: torch.Tensor
    ) -> None:
        """One step; whether a module can be compiled whole, the first finds out before it does anything."""
        with _gradients_traced() if self.whole else nullcontext():
            try:
                self.step(inputs, targets, rates, total)
            except torch._dynamo.exc.TorchDynamoException:
                if not self.whole or self.steps:
                    raise
                self._compile_apart()
                self.step(inputs, targets, rates, total)
        self.steps += 1

    def _compile_apart(self) -> None:
        torch.compiler.reset()
        self.whole = False
        predict = torch.compile(self._predicted, dynamic=False)
        move = torch.compile(update, dynamic=False)

        def step(
            inputs: torch.Tensor, targets: torch.Tensor, rates: torch.Tensor, total: torch.Tensor
        ) -> None:
            losses, sums = predict(inputs, targets)
            gradients = torch.autograd.grad(losses.mean(), self.weights, materialize_grads=True)
            with torch.no_grad():
                move(self.run.recipe, self.weights, gradients, self.first, self.second, rates)
                total += sums

        self.step = step

    def _predicted(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        outputs = self.network.outputs(inputs)
        losses = self.network.losses(targets, outputs)
        return losses, self.network.sums(losses, targets, outputs).detach()

    def _whole_step(
        self, inputs: torch.Tensor, targets: torch.Tensor, rates: torch.Tensor, total: torch.Tensor
    ) -> None:
        losses, sums = self._predicted(inputs, targets)
        gradients = torch.autograd.grad(losses.mean(), self.weights, materialize_grads=True)
        with torch.no_grad():
            update(self.run.recipe, self.weights, gradients, self.first, self.second, rates)
            total += sums


def _gradients_traced() -> AbstractContextManager[object]:
    return torch._dynamo.config.patch(trace_autograd_ops=True)
