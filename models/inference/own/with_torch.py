"""A brought ``nn.Module`` in evaluation mode: eagerly, and compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.frameworks import on_torch
from likeforlike.models.inference.own.rows import Question, asked


def eager(question: Problem) -> Kernel:
    """As PyTorch has it."""
    return _kernel(question, module_of(question))


def compiled(question: Problem) -> Kernel:
    """Through ``torch.compile``. Raises RuntimeError on a CPU without a C++ compiler."""
    return _kernel(question, on_torch.compiled(module_of(question), question.device))


def module_of(question: Problem) -> torch.nn.Module:
    """The module on its device, with its starting weights; what no name stands for stays as it was built."""
    assert isinstance(question, Question)
    found = question.network()
    module: torch.nn.Module = found.build(MATCHED)
    _make_lazy_parts(module, question)
    state = module.state_dict()
    with torch.no_grad():
        for match in found.matches:
            state[match.own].copy_(torch.from_numpy(match.to_own(question.weights[match.name])))
    return module.to("cuda" if question.device.startswith("gpu") else "cpu").eval()


def _make_lazy_parts(module: torch.nn.Module, question: Problem) -> None:
    if any(isinstance(weight, torch.nn.parameter.UninitializedParameter) for weight in module.parameters()):
        with torch.no_grad():
            module.eval()(torch.from_numpy(question.operands[0][:1]))


def _kernel(question: Problem, module: Callable[[Any], Any]) -> Kernel:
    """TF32 of convolutions by cuDNN has a switch of its own, on unless it is set."""
    torch.backends.cudnn.allow_tf32 = False

    def outputs(inputs: Any) -> Any:
        with torch.inference_mode():
            return module(inputs)

    return asked(on_torch.kernel, question, outputs)
