"""PyTorch as a user writes it: modules, a data loader, an optimizer, autograd."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.contract.training.trainer import Between, Run, Score
from likeforlike.models.loops.on_torch.network import TorchNetwork, refuse
from likeforlike.models.loops.on_torch.updates import Stepper
from likeforlike.models.loops.parts.epoch_loop import run_epochs

WORKERS = 2
"""Processes beside the training's that collate batches, where the recipe is fed by workers."""
BESIDE = f" by {WORKERS} processes beside"


class TorchLoop:
    """The ordinary loop: ``nn.Module``, ``DataLoader``, ``torch.optim``, one step after the other."""

    name = "torch-loop"

    def __init__(self, run: Run) -> None:
        self.run = run
        refuse(self.name, run, ("eager",))
        self.network = TorchNetwork(self.name, run)
        self.optimizer = Stepper(run.recipe, len(run.data.train_labels), self.network.trained)
        self.training, self.validation = self._loaders()

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        recipe = self.run.recipe
        return {
            "execution": "eager",
            "jit_compile": False,
            "steps_per_execution": 1,
            "optimizer": self.optimizer.told,
            "gradients": "autograd",
            "shuffle": "DataLoader" if recipe.shuffle == "every-epoch" else "none",
            "dropout": "the module's own",
            "residence": f"host memory, batches collated each step{BESIDE if self.beside else ''}",
            "logs_read": "each-step" if recipe.logs_read == "each-step" else "each-epoch",
            "remainder": recipe.remainder,
            "validation_batch_size": recipe.batch_size,
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between)

    def train_epoch(self) -> Score:
        """One pass over the training samples, metrics summed on the device and read once."""
        network = self.network
        network.module.train()
        total, samples = network.no_sums(), 0
        read = self.run.recipe.logs_read == "each-step"
        for inputs, targets in self.training:
            inputs, targets = inputs.to(network.device), targets.to(network.device)
            self.optimizer.optimizer.zero_grad()
            outputs = network.outputs(inputs)
            losses = network.losses(targets, outputs)
            losses.mean().backward()
            self.optimizer.step()
            sums = network.sums(losses, targets, outputs)
            total, samples = total + sums, samples + len(targets)
            if read:
                sums.tolist()
        return network.score(total, samples)

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation samples."""
        network = self.network
        network.module.eval()
        total, samples = network.no_sums(), 0
        with torch.no_grad():
            for inputs, targets in self.validation:
                inputs, targets = inputs.to(network.device), targets.to(network.device)
                outputs = network.outputs(inputs)
                total = total + network.sums(network.losses(targets, outputs), targets, outputs)
                samples += len(targets)
        return network.score(total, samples)

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, classes]."""
        return self.network.probabilities(images, training)

    def parameters(self) -> NamedWeights:
        """The current weights, copied to the host."""
        return self.network.parameters()

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return self.optimizer.steps_taken()

    def _loaders(self) -> tuple[DataLoader, DataLoader]:
        recipe, data, network = self.run.recipe, self.run.data, self.network
        self.beside = WORKERS if recipe.feeding == "workers" else 0
        order = torch.Generator().manual_seed(recipe.seed)
        training = DataLoader(
            TensorDataset(network.host_inputs(data.train_images), network.host_targets(data.train_labels)),
            recipe.batch_size,
            shuffle=recipe.shuffle == "every-epoch",
            drop_last=recipe.remainder == "drop",
            generator=order,
            num_workers=self.beside,
            persistent_workers=self.beside > 0,
        )
        held_out = TensorDataset(
            network.host_inputs(data.validation_images), network.host_targets(data.validation_labels)
        )
        return training, DataLoader(held_out, recipe.batch_size)
