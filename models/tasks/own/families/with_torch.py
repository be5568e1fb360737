"""An ``nn.Module``: built anew, and stepped plainly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from likeforlike.models.contract.training.network import Family
from likeforlike.models.tasks.own.families.model import Builder, Step, settings_of
from likeforlike.models.tasks.own.given import LayerTold

_BLOCK = 256


def seed(number: int) -> None:
    """Seed what initialisers draw from."""
    import random

    torch.manual_seed(number)
    np.random.seed(number % 2**32)
    random.seed(number)


def built(build: Builder, precision: str) -> torch.nn.Module:
    """What the user's function returns; in float64 or float32 if asked."""
    return in_precision(build(), precision)


def in_precision(module: torch.nn.Module, precision: str) -> torch.nn.Module:
    """The module in float64 or float32 if asked, whatever it was loaded in: so loops train it."""
    if precision == "float64":
        return module.double()
    return module.float() if precision == "float32" else module


def without_dropout(module: torch.nn.Module) -> None:
    """Set the rates of all modules that drop to 0."""
    for part in module.modules():
        drops = "drop" in type(part).__name__.lower()  # of others ``p`` may be an exponent
        for name in ("dropout", "drop_prob", *(("p",) if drops else ())):
            value = getattr(part, name, None)
            if isinstance(value, float) and value:
                setattr(part, name, 0.0)


def as_in_inference(module: torch.nn.Module) -> torch.nn.Module:
    """The module, every part of it computing as in inference, whatever mode it is put into."""
    for part in module.modules():
        part.eval()
    for part in module.modules():
        setattr(part, "train", _stay(part))  # noqa: B010 - of this part alone
    return module


def _stay(part: torch.nn.Module) -> Callable[..., torch.nn.Module]:
    def train(mode: bool = True) -> torch.nn.Module:
        return part

    return train


class TorchModel:
    """A built module, on the CPU."""

    family: Family = "torch"

    def __init__(self, module: torch.nn.Module, loss: Callable[[Any, Any], Any], inputs: np.ndarray) -> None:
        """``inputs``: a batch on which lazy modules are made."""
        self.module, self.loss = module, loss
        with torch.no_grad():
            module.eval()
            module(self._tensor(inputs))
        self._counts = self._counted()

    def weights(self) -> dict[str, np.ndarray]:
        """Weights by their name in ``state_dict``."""
        return {name: array.detach().cpu().numpy().copy() for name, array in self._state().items()}

    def _state(self) -> dict[str, torch.Tensor]:
        """By the first of its names each: weights that are tied are one."""
        state = self.module.state_dict(keep_vars=True)
        own = {id(array): (name, array) for name, array in reversed(state.items())}
        firsts = {name for name, array in own.values() if array.is_floating_point()}
        return {name: array for name, array in state.items() if name in firsts}

    def trained(self) -> frozenset[str]:
        """Names of the parameters that have gradients."""
        return frozenset(name for name, array in self._state().items() if array.requires_grad)

    def assign(self, weights: Mapping[str, np.ndarray]) -> None:
        """Set weights by name."""
        state = self._state()
        with torch.no_grad():
            for name, array in weights.items():
                state[name].copy_(torch.as_tensor(np.ascontiguousarray(array)))

    def restart(self, weights: Mapping[str, np.ndarray]) -> None:
        """Set weights by name; what counts batches, as some means do, counts anew."""
        self.assign(weights)
        self._count_on(self._counts)

    def confine(self) -> None:
        """Nothing: a module has no constraints that an optimizer knows."""

    def _counted(self) -> dict[str, torch.Tensor]:
        """State in whole numbers."""
        state = self.module.state_dict()
        return {name: array.clone() for name, array in state.items() if not array.is_floating_point()}

    def _count_on(self, counts: Mapping[str, torch.Tensor]) -> None:
        state = self.module.state_dict()
        for name, array in counts.items():
            state[name].copy_(array)

    def outputs(self, inputs: np.ndarray, training: bool = False) -> np.ndarray:
        """Outputs, batch by batch as in inference; as in training of all at once."""
        before, counts = self.weights() if training else {}, self._counted()
        self.module.train(training)
        size = len(inputs) if training else _BLOCK
        with torch.no_grad():
            starts = range(0, len(inputs), size)
            parts = [self._called(inputs[start : start + size]).cpu().numpy() for start in starts]
        self.assign(before)
        self._count_on(counts)
        return np.concatenate(parts)

    def step(self, inputs: np.ndarray, targets: np.ndarray, training: bool) -> Step:
        """Losses and gradients of a batch, eagerly."""
        self.module.train(training)
        self.module.zero_grad()
        outputs = self._called(inputs)
        losses = self.loss(self._targets(targets), outputs)
        losses.mean().backward()
        state = self._state()
        trained = self.trained()
        gradients = {
            name: np.zeros(tuple(array.shape)) if array.grad is None else array.grad.cpu().numpy().copy()
            for name, array in state.items()
            if name in trained
        }
        return Step(losses.detach().cpu().numpy(), 0.0, outputs.detach().cpu().numpy(), gradients)

    def evaluated(self, inputs: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean loss as in inference, and the outputs."""
        outputs = self.outputs(inputs)
        return self.judged(outputs, targets), outputs

    def judged(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """Mean loss of outputs."""
        with torch.no_grad():
            return float(self.loss(self._targets(targets), torch.from_numpy(outputs)).double().mean())

    def layers(self) -> tuple[LayerTold, ...]:
        """Modules that hold no others."""
        return tuple(
            LayerTold(name, type(part).__name__, settings_of(part))
            for name, part in self.module.named_modules()
            if name and not any(True for _ in part.children())
        )

    def _called(self, inputs: np.ndarray) -> torch.Tensor:
        """Outputs in the weights' precision, whatever the last part computes in: so loops judge them."""
        outputs: torch.Tensor = self.module(self._tensor(inputs))
        own = self._own_dtype()
        return outputs if own is None else outputs.to(own)

    def _own_dtype(self) -> torch.dtype | None:
        """The weights'; None where none has a fraction."""
        return next((part.dtype for part in self.module.parameters() if part.is_floating_point()), None)

    def _targets(self, array: np.ndarray) -> torch.Tensor:
        """Class numbers as int64, as the loops have them and PyTorch's losses take them."""
        tensor = self._tensor(array)
        return tensor if tensor.is_floating_point() else tensor.to(torch.int64)

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        kept = torch.from_numpy(np.ascontiguousarray(array))
        if array.dtype.kind != "f":
            return kept
        own = self._own_dtype()
        return kept if own is None else kept.to(own)
