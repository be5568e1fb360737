"""Kernels on PyTorch: operands placed, results waited for, located and fetched. Loaded by workers only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from likeforlike.models.contract.kernel import Kernel, each, place_of, widened
from likeforlike.models.contract.workload import Problem


def kernel(problem: Problem, work: Callable[..., Any]) -> Kernel:
    """Place the operands in their precision mode and make a kernel of ``work(*operands)``.

    TF32 is a switch of the whole process: it is set here for every kernel, on or off. Raises ValueError
    for a further logical CPU, which PyTorch doesn't have.
    """
    torch.set_float32_matmul_precision("high" if problem.dtype == "tf32" else "highest")
    dtype = torch.float32 if problem.dtype == "tf32" else getattr(torch, problem.dtype)
    device = _device(problem.device)
    host = [torch.from_numpy(operand).to(dtype) for operand in problem.operands]
    call = partial(work, *_upload(host, device))
    locate = partial(place_of, _device_of)
    transfer = partial(_upload, host, device)
    if device.type == "cpu":  # done when it returns
        return Kernel(call, to_numpy=_to_numpy, device_of=locate, upload=transfer, download=_to_numpy)
    return Kernel(call, partial(_wait, device), _to_numpy, locate, transfer, _to_numpy)


def _device(name: str) -> torch.device:
    kind, _, number = name.partition(":")
    if kind == "gpu":
        return torch.device("cuda", int(number))
    if name != "cpu:0":
        raise ValueError(f"torch can't split the processor: it has cpu:0 only, not {name}")
    return torch.device("cpu")


def _upload(host: Sequence[torch.Tensor], device: torch.device) -> list[torch.Tensor]:
    """Copy to the device and wait; operands on the CPU are there already and are not copied."""
    placed = [operand.to(device) for operand in host]
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return placed


def _wait(device: torch.device, _: Any) -> None:
    torch.cuda.synchronize(device)


def _device_of(tensor: torch.Tensor) -> str:
    """``cpu`` is ``cpu:0``, ``cuda:0`` is ``gpu:0``."""
    kind = "gpu" if tensor.device.type == "cuda" else tensor.device.type
    return f"{kind}:{tensor.device.index or 0}"


def _to_numpy(result: Any) -> Any:
    """NumPy has no bfloat16: 16-bit floats become float32 on the host."""
    return each(_array, result)


def _array(tensor: torch.Tensor) -> Any:
    host = tensor.detach().cpu()
    return widened((host.float() if host.dtype == torch.bfloat16 else host).numpy())
