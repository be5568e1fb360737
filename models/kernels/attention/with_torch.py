"""Attention by PyTorch: its fused operation, and two products with a softmax, eagerly and compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks import on_torch
from likeforlike.models.kernels.attention.workload import CAUSAL, scale, with_mask


def fused(problem: Problem) -> Kernel:
    """``torch.nn.functional.scaled_dot_product_attention``, which chooses among its kernels by itself."""
    causal = problem.axes["mask"] == CAUSAL

    def attention(values: Any, queries: Any, keys: Any) -> Any:
        return torch.nn.functional.scaled_dot_product_attention(queries, keys, values, is_causal=causal)

    return on_torch.kernel(problem, attention)


def eager(problem: Problem) -> Kernel:
    """``torch.matmul`` twice, and ``torch.softmax`` between."""
    return on_torch.kernel(with_mask(problem), _plain(problem))


def compiled(problem: Problem) -> Kernel:
    """The plain one through ``torch.compile``, which may find the fused operation in it.

    Raises RuntimeError on a CPU without a C++ compiler.
    """
    return on_torch.kernel(with_mask(problem), on_torch.compiled(_plain(problem), problem.device))


def _plain(problem: Problem) -> Callable[..., Any]:
    factor = scale(problem)

    def attention(values: Any, queries: Any, keys: Any, mask: Any = None) -> Any:
        scores = torch.matmul(queries, keys.transpose(-2, -1))
        wide = torch.float64 if scores.dtype == torch.float64 else torch.float32
        scores = scores.to(wide) * factor
        if mask is not None:
            scores = torch.where(mask, scores, float("-inf"))
        return torch.matmul(torch.softmax(scores, dim=-1).to(values.dtype), values)

    return attention
