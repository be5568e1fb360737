"""The network as an ``nn.Module`` in evaluation mode: eagerly, and compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.parameter import UninitializedParameter

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.frameworks import on_torch
from likeforlike.models.inference.own.rows import asked
from likeforlike.models.inference.subjects import Named, network_in


def eager(problem: Problem) -> Kernel:
    """As PyTorch has it."""
    return _kernel(problem, module_of(problem))


def compiled(problem: Problem) -> Kernel:
    """Through ``torch.compile``. Raises RuntimeError on a CPU without a C++ compiler."""
    return _kernel(problem, on_torch.compiled(module_of(problem), problem.device))


def module_of(problem: Problem) -> torch.nn.Module:
    """The module on the problem's device, in its precision, with its weights."""
    return module_with(*network_in(problem, "torch"), problem)


def module_with(found: Network, weights: Named, problem: Problem) -> torch.nn.Module:
    """The network's module on the problem's device, in its precision, with weights by canonical name.

    What no match stands for, as a count of batches, stays as it was built.
    """
    module: torch.nn.Module = found.build(MATCHED)
    if any(isinstance(weight, UninitializedParameter) for weight in module.parameters()):
        with torch.no_grad():
            module.eval()(torch.from_numpy(problem.operands[0][:1]))
    state = module.state_dict()
    with torch.no_grad():
        for match in found.matches:
            state[match.own].copy_(torch.from_numpy(match.to_own(weights[match.name])))
    place = "cuda" if problem.device.startswith("gpu") else "cpu"
    return module.to(place, getattr(torch, problem.dtype)).eval()


def _kernel(problem: Problem, module: Callable[[Any], Any]) -> Kernel:
    """TF32 of convolutions by cuDNN has a switch of its own, on unless it is set."""
    torch.backends.cudnn.allow_tf32 = False

    def logits(images: Any) -> Any:
        with torch.inference_mode():
            return module(images)

    return asked(on_torch.kernel, problem, logits)
