"""The ``nn.Module`` asked for one character after the other: eagerly, and its step compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.frameworks import on_torch
from likeforlike.models.inference.generation.workload import CONTEXT, SCALE, SUBJECT, weight_names
from likeforlike.models.inference.with_torch import module_with

Step = Callable[[Any], tuple[Any, Any]]
"""From a window [batch, context] to the next one and the logits of its last character."""


def eager(problem: Problem) -> Kernel:
    """As PyTorch has it."""
    return _kernel(problem, _step_of(problem))


def compiled(problem: Problem) -> Kernel:
    """Through ``torch.compile``. Raises RuntimeError on a CPU without a C++ compiler."""
    return _kernel(problem, on_torch.compiled(_step_of(problem), problem.device))


def _step_of(problem: Problem) -> Step:
    weights = dict(zip(weight_names(), problem.operands[1:], strict=True))
    module = module_with(SUBJECT.network("torch"), weights, problem)

    def step(window: Any) -> tuple[Any, Any]:
        logits = module(window)[:, -1]
        return torch.cat([window[:, 1:], logits.argmax(1, keepdim=True)], dim=1), logits

    return step


def _kernel(problem: Problem, step: Step) -> Kernel:
    def generate(prompt: Any) -> tuple[Any, Any]:
        with torch.inference_mode():
            window = (prompt.float() * SCALE).long()
            for _ in range(CONTEXT):
                window, logits = step(window)
            return window, logits

    return on_torch.kernel(replace(problem, operands=problem.operands[:1]), generate)
