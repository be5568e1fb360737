"""The network as an ``nn.Module`` in evaluation mode: eagerly, and compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.frameworks import on_torch
from likeforlike.models.inference.subjects import SUBJECTS, Named, weight_names


def eager(problem: Problem) -> Kernel:
    """As PyTorch has it."""
    return _kernel(problem, module_of(problem))


def compiled(problem: Problem) -> Kernel:
    """Through ``torch.compile``. Raises RuntimeError on a CPU without a C++ compiler."""
    return _kernel(problem, on_torch.compiled(module_of(problem), problem.device))


def module_of(problem: Problem) -> torch.nn.Module:
    """The module on the problem's device, in its precision, with its weights."""
    network = problem.axes["network"]
    weights = dict(zip(weight_names(network), problem.operands[1:], strict=True))
    return module_with(SUBJECTS[network].network("torch"), weights, problem)


def module_with(found: Network, weights: Named, problem: Problem) -> torch.nn.Module:
    """The network's module on the problem's device, in its precision, with weights by canonical name."""
    module = found.build(MATCHED)
    own = {match.own: torch.from_numpy(match.to_own(weights[match.name])) for match in found.matches}
    module.load_state_dict(own)
    place = "cuda" if problem.device.startswith("gpu") else "cpu"
    return module.to(place, getattr(torch, problem.dtype)).eval()


def _kernel(problem: Problem, module: Callable[[Any], Any]) -> Kernel:
    """TF32 of convolutions by cuDNN has a switch of its own, on unless it is set."""
    torch.backends.cudnn.allow_tf32 = False

    def logits(images: Any) -> Any:
        with torch.inference_mode():
            return module(images)

    return on_torch.kernel(replace(problem, operands=problem.operands[:1]), logits)
