"""A network of PyTorch as its loops train it: a module with the run's starting weights, and its loss."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch.nn.parameter import UninitializedParameter

from likeforlike.models.contract.training.network import SPARSE_CROSSENTROPY, NamedWeights
from likeforlike.models.contract.training.recipe import RecipeRefused, refuse_precision
from likeforlike.models.contract.training.trainer import Run, Score
from likeforlike.models.loops.parts.naming import Naming, are_classes, network_of

PRECISIONS = ("float32", "float64", "tf32", "bfloat16", "mixed")


class TorchNetwork:
    """The module on the run's device; state (statistics of a normalisation) is its buffers."""

    def __init__(self, loop: str, run: Run, channels_last: bool = False) -> None:
        """Raises ValueError for weights that don't match or an absent device.

        ``channels_last``: kernels of 2-d convolutions lie so in memory, and what they make, too.
        """
        self.run, self.loop = run, loop
        self.network = network_of(loop, run.network)
        self.device, self.dtype = place(run)
        mixed = run.recipe.precision == "mixed"
        self.compute_dtype = torch.bfloat16 if mixed else None
        self.loss_dtype = torch.float64 if self.dtype == torch.float64 else torch.float32
        torch.manual_seed(run.recipe.seed)
        module: torch.nn.Module = self.network.build(run.recipe)
        self.module = module.to(self.device, self.dtype)
        if any(isinstance(weight, UninitializedParameter) for weight in module.parameters()):
            with torch.no_grad():
                self.module.eval()(self.inputs(run.data.train_images[:2]))
        self._set_weights()
        self.classes = run.recipe.metrics != "none" and self._are_classes(run.data.train_labels)
        if channels_last:
            laid_out: Any = self.module
            laid_out.to(memory_format=torch.channels_last)

    def _are_classes(self, targets: np.ndarray) -> bool:
        """Whether targets are class numbers, and there is an output for each class."""
        if not are_classes(targets) or self.network.loss == SPARSE_CROSSENTROPY:
            return are_classes(targets)
        with torch.no_grad():
            shape = self.module.eval()(self.inputs(self.run.data.train_images[:2])).shape
        return len(shape) == targets.ndim + 1 and shape[-1] > 1

    @property
    def trained(self) -> list[torch.nn.Parameter]:
        """The weights that gradients move."""
        return [weight for weight in self.module.parameters() if weight.requires_grad]

    def outputs(self, inputs: torch.Tensor) -> torch.Tensor:
        """What the loss takes, in the loss's precision; in the module's mode of now."""
        with self._computing():
            return self.module(inputs).to(self.loss_dtype)

    def losses(self, targets: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        """Each sample's loss [n]; of several predictions a sample, as of tokens, their mean."""
        if self.network.loss != SPARSE_CROSSENTROPY:
            if not callable(self.network.loss):
                raise ValueError(f"{self.loop} knows no loss {self.network.loss!r}: give a function")
            return self.network.loss(targets, outputs)
        if outputs.dim() == 2:
            return torch.nn.functional.cross_entropy(outputs, targets, reduction="none")
        flat = outputs.reshape(-1, outputs.shape[-1])
        losses = torch.nn.functional.cross_entropy(flat, targets.reshape(-1), reduction="none")
        return losses.reshape(len(targets), -1).mean(1)

    def sums(self, losses: torch.Tensor, targets: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        """Sum of losses and sum of each sample's share of right answers, [2]."""
        right = torch.zeros((), dtype=losses.dtype, device=losses.device)
        if self.classes:
            hits = (outputs.argmax(-1) == targets).to(losses.dtype)
            right = hits.reshape(len(hits), -1).mean(1).sum()
        return torch.stack([losses.detach().sum(), right])

    def no_sums(self) -> torch.Tensor:
        """Before the first batch."""
        return torch.zeros(2, dtype=self.loss_dtype, device=self.device)

    def score(self, sums: torch.Tensor, samples: int) -> Score:
        """Mean loss and accuracy; waits for the device."""
        loss, accuracy = score(sums, samples)
        return loss, accuracy if self.classes else None

    def host_inputs(self, inputs: np.ndarray) -> torch.Tensor:
        """Numbers in the run's precision; whole numbers, as of tokens, as they are."""
        tensor = torch.from_numpy(np.ascontiguousarray(inputs))
        return tensor.to(self.dtype) if tensor.is_floating_point() else tensor

    def inputs(self, inputs: np.ndarray) -> torch.Tensor:
        """The same on the device."""
        return self.host_inputs(inputs).to(self.device)

    def host_targets(self, targets: np.ndarray) -> torch.Tensor:
        """Class numbers as int64, which PyTorch's losses take; others in the loss's precision."""
        tensor = torch.from_numpy(np.ascontiguousarray(targets))
        return tensor.to(torch.int64 if are_classes(targets) else self.loss_dtype)

    def probabilities(self, inputs: np.ndarray, training: bool) -> np.ndarray:
        """Softmax where the loss is crossentropy, else the outputs; changes no state."""
        kept = {name: buffer.clone() for name, buffer in self.module.named_buffers()} if training else {}
        self.module.train(training)
        with torch.no_grad():
            outputs = self.outputs(self.inputs(inputs))
            for name, buffer in self.module.named_buffers():
                if name in kept:
                    buffer.copy_(kept[name])
        if self.network.loss == SPARSE_CROSSENTROPY:
            outputs = torch.softmax(outputs, dim=-1)
        return outputs.cpu().numpy()

    def parameters(self) -> NamedWeights:
        """Copies on the host, by canonical name; bfloat16 as float32, which NumPy knows."""
        own = {}
        for name, array in self.module.state_dict().items():
            host = array.detach().cpu()
            own[name] = (host.float() if host.dtype == torch.bfloat16 else host).numpy().copy()
        return self.naming.canonical(own)

    def _set_weights(self) -> None:
        state = self.module.state_dict()
        trained = [name for name, weight in self.module.named_parameters() if weight.requires_grad]
        shapes = {name: tuple(array.shape) for name, array in state.items()}
        self.naming = Naming(self.network, self.run.initial, shapes, trained)
        with torch.no_grad():
            for name, array in self.naming.initial.items():
                state[name].copy_(torch.from_numpy(np.array(array)))

    def _computing(self) -> AbstractContextManager[object]:
        if self.compute_dtype is None:
            return nullcontext()
        return torch.autocast(self.device.type, self.compute_dtype)


def score(sums: torch.Tensor, samples: int) -> tuple[float, float]:
    """Mean loss and share of right answers; reading them waits for the device."""
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
    return device, {"float64": torch.float64, "bfloat16": torch.bfloat16}.get(precision, torch.float32)


def refuse(
    name: str, run: Run, executions: tuple[str, ...], precisions: tuple[str, ...] = PRECISIONS
) -> None:
    """Raise :class:`RecipeRefused` for an execution or a precision that the trainer can't do."""
    recipe = run.recipe
    if recipe.execution not in ("default", *executions):
        raise RecipeRefused(name, "execution", recipe.execution, f"it runs as {' or '.join(executions)}")
    refuse_precision(name, recipe, run.device, precisions)
