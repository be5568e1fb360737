"""The convolution by PyTorch, channels first: eagerly, and compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks import on_torch
from likeforlike.models.kernels.layouts import answering, arranged

_IMAGES = (0, 3, 1, 2)
_KERNEL = (3, 2, 0, 1)
_BACK = (0, 2, 3, 1)


def eager(problem: Problem) -> Kernel:
    """``torch.nn.functional.conv2d``."""
    return _kernel(problem, _convolution)


def compiled(problem: Problem) -> Kernel:
    """The same through ``torch.compile``. Raises RuntimeError on a CPU without a C++ compiler."""
    return _kernel(problem, on_torch.compiled(_convolution, problem.device))


def _kernel(problem: Problem, work: Callable[..., Any]) -> Kernel:
    """TF32 of convolutions by cuDNN has a switch of its own, on unless it is set."""
    torch.backends.cudnn.allow_tf32 = problem.dtype == "tf32"
    return answering(on_torch.kernel(arranged(problem, (_IMAGES, _KERNEL)), work), _BACK)


def _convolution(images: Any, weights: Any) -> Any:
    return torch.nn.functional.conv2d(images, weights, padding=1)
