"""PyTorch as a user writes it: modules, a data loader, an optimizer, autograd."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from likeforlike.models.contract.recipe import OPTIMIZING, RecipeRefused, refuse_changed, refuse_precision
from likeforlike.models.contract.trainer import Between, Parameters, Run, Score
from likeforlike.models.loops.epoch_loop import run_epochs


class TorchLoop:
    """The ordinary loop: ``nn.Linear``, ``DataLoader``, ``torch.optim.Adam``, one step after the other."""

    name = "torch-loop"

    def __init__(self, run: Run) -> None:
        self.run = run
        refuse(self.name, run, ("eager",))
        recipe = run.recipe
        self.device, self.dtype = place(run)
        torch.manual_seed(recipe.seed)
        self.network = torch.nn.Sequential(
            torch.nn.Linear(784, 512, bias=recipe.bias),
            torch.nn.ReLU(),
            torch.nn.Dropout(recipe.dropout_rate),
            torch.nn.Linear(512, 10, bias=recipe.bias),
        ).to(self.device, self.dtype)
        self._set_weights(run.initial)
        self.optimizer = torch.optim.Adam(
            self.network.parameters(),
            lr=recipe.learning_rate,
            betas=(recipe.beta_1, recipe.beta_2),
            eps=recipe.epsilon,
        )
        self.steps = 0
        self.loss = torch.nn.CrossEntropyLoss(reduction="none")
        self.training, self.validation = self._loaders()

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        recipe = self.run.recipe
        return {
            "execution": "eager",
            "jit_compile": False,
            "steps_per_execution": 1,
            "optimizer": "torch.optim.Adam, eps set each step to meet the uncorrected variance",
            "gradients": "autograd",
            "shuffle": "DataLoader" if recipe.shuffle == "every-epoch" else "none",
            "dropout": "nn.Dropout" if recipe.dropout_rate else "none",
            "residence": "host memory, batches collated each step",
            "remainder": recipe.remainder,
            "validation_batch_size": recipe.batch_size,
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between)

    def train_epoch(self) -> Score:
        """One pass over the training images, metrics summed on the device and read once."""
        self.network.train()
        total, samples = torch.zeros(2, dtype=self.dtype, device=self.device), 0
        for images, labels in self.training:
            images, labels = images.to(self.device), labels.to(self.device)
            self.optimizer.zero_grad()
            logits = self.network(images)
            losses = self.loss(logits, labels)
            losses.mean().backward()
            self._step()
            total, samples = total + self._sums(losses, logits, labels), samples + len(labels)
        return score(total, samples)

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation images."""
        self.network.train(self.run.recipe.dropout_at_evaluation)
        total, samples = torch.zeros(2, dtype=self.dtype, device=self.device), 0
        with torch.no_grad():
            for images, labels in self.validation:
                images, labels = images.to(self.device), labels.to(self.device)
                logits = self.network(images)
                total = total + self._sums(self.loss(logits, labels), logits, labels)
                samples += len(labels)
        return score(total, samples)

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, 10]."""
        self.network.train(training or self.run.recipe.dropout_at_evaluation)
        with torch.no_grad():
            logits = self.network(torch.as_tensor(images, dtype=self.dtype, device=self.device))
            return torch.softmax(logits, dim=1).cpu().numpy()

    def parameters(self) -> Parameters:
        """The current weights, copied to the host; PyTorch keeps kernels transposed."""
        arrays = (p.detach().cpu().numpy().T.copy() for p in self.network.parameters())  # a bias is its own
        return Parameters.of(dict(zip(self.run.initial.named(), arrays, strict=True)))

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return int(self.optimizer.state[next(self.network.parameters())]["step"])

    def _set_weights(self, initial: Parameters) -> None:
        with torch.no_grad():
            for parameter, array in zip(self.network.parameters(), initial.named().values(), strict=True):
                parameter.copy_(torch.from_numpy(array.T))

    def _loaders(self) -> tuple[DataLoader, DataLoader]:
        recipe, data = self.run.recipe, self.run.data
        order = torch.Generator().manual_seed(recipe.seed)
        training = DataLoader(
            tensors(data.train_images, data.train_labels, self.dtype),
            recipe.batch_size,
            shuffle=recipe.shuffle == "every-epoch",
            drop_last=recipe.remainder == "drop",
            generator=order,
        )
        validation = DataLoader(
            tensors(data.validation_images, data.validation_labels, self.dtype), recipe.batch_size
        )
        return training, validation

    def _step(self) -> None:
        """One step of Adam as Keras has it: PyTorch adds eps to the corrected root, sqrt(v / (1 - b2^t))."""
        self.steps += 1
        recipe = self.run.recipe
        for group in self.optimizer.param_groups:
            group["eps"] = recipe.epsilon / math.sqrt(1 - recipe.beta_2**self.steps)
        self.optimizer.step()

    @staticmethod
    def _sums(losses: torch.Tensor, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        right = (logits.argmax(dim=1) == labels).sum()
        return torch.stack([losses.detach().sum(), right.to(losses.dtype)])


def tensors(images: np.ndarray, labels: np.ndarray, dtype: torch.dtype) -> TensorDataset:
    """Images and labels as a data set on the host."""
    return TensorDataset(torch.from_numpy(images).to(dtype), torch.from_numpy(labels).to(torch.int64))


def score(sums: torch.Tensor, samples: int) -> Score:
    """Mean loss and accuracy; reading them waits for the device."""
    if sums.is_cuda:
        torch.cuda.synchronize(sums.device)
    loss, right = sums.tolist()
    return loss / samples, right / samples


def place(run: Run) -> tuple[torch.device, torch.dtype]:
    """PyTorch's device and dtype, TF32 set as the recipe has it. Raises ValueError for an absent device."""
    kind, _, index = run.device.partition(":")
    present = torch.cuda.device_count() if kind == "gpu" else 1
    if int(index or 0) >= present:
        raise ValueError(f"PyTorch sees no device {run.device}")
    precision = run.recipe.precision
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    device = torch.device("cpu") if kind == "cpu" else torch.device("cuda", int(index or 0))
    return device, torch.float64 if precision == "float64" else torch.float32


def refuse(name: str, run: Run, executions: tuple[str, ...]) -> None:
    """Raise :class:`RecipeRefused` for an execution or a precision that the trainer can't do."""
    recipe = run.recipe
    if recipe.execution not in ("default", *executions):
        raise RecipeRefused(name, "execution", recipe.execution, f"it runs as {' or '.join(executions)}")
    refuse_precision(name, recipe, run.device)
    refuse_changed(name, recipe, OPTIMIZING, "it takes Adam's steps at one rate")
