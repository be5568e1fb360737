"""The product by PyTorch: eagerly, and compiled."""

from __future__ import annotations

import os
import shutil

import torch

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_torch import kernel


def eager(problem: Problem) -> Kernel:
    """``torch.matmul``."""
    return kernel(problem, torch.matmul)


def compiled(problem: Problem) -> Kernel:
    """``torch.compile``; on a GPU with its search among kernels.

    On a CPU the search took 19 s for a 2000² product and gained nothing (100 ms with it, 100 ms by
    ``torch.matmul``), so it is left out there. Raises RuntimeError on a CPU without a C++ compiler.
    """
    on_gpu = problem.device.startswith("gpu")
    if not on_gpu and not any(map(shutil.which, (os.environ.get("CXX", "g++"), "g++", "clang++"))):
        raise RuntimeError("no C++ compiler, which torch.compile needs on a CPU: install g++ or set CXX")
    mode = "max-autotune-no-cudagraphs" if on_gpu else "default"
    return kernel(problem, torch.compile(torch.matmul, fullgraph=True, dynamic=False, mode=mode))
