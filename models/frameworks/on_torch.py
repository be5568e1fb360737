"""Kernels on PyTorch: operands placed, results waited for, located and fetched. Loaded by workers only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from likeforlike.models.contract.change import SharedBuffer, as_column
from likeforlike.models.contract.kernel import SKETCHED_ROWS, Kernel, OnGpu, each, place_of, widened
from likeforlike.models.contract.workload import Problem

HELD_BACK_SECONDS = (2e-4, 2e-3, 2e-2, 0.1)
"""How long the device spins while the host launches a call: the least that lets the host be first."""
FAST_CLOCK_HERTZ = 2.0e9
"""Its spinning is counted in cycles of this clock; at a lower one it lasts longer, which does no harm."""


def kernel(problem: Problem, work: Callable[..., Any]) -> Kernel:
    """Place the operands in their precision mode and make a kernel of ``work(*operands)``.

    TF32 is a switch of the whole process: it is set here for every kernel, on or off. Raises ValueError
    for a further logical CPU, which PyTorch doesn't have.
    """
    torch.set_float32_matmul_precision("high" if problem.dtype == "tf32" else "highest")
    dtype = torch.float32 if problem.dtype == "tf32" else getattr(torch, problem.dtype)
    device = _device(problem.device)
    tensors = [torch.from_numpy(operand) for operand in problem.operands]
    # numbers of rows and masks stay what they are
    host = [tensor.to(dtype) if tensor.is_floating_point() else tensor for tensor in tensors]
    operands = _upload(host, device)

    def call() -> Any:
        return work(*operands)

    made = Kernel(
        call,
        to_numpy=_to_numpy,
        device_of=partial(place_of, _device_of),
        upload=partial(_upload, host, device),
        download=_to_numpy,
        change=_changer(operands),
    )
    if device.type == "cpu":  # done when it returns
        return made
    return replace(made, wait=partial(_wait, device), sketch=_sketch, on_gpu=_on_gpu(device))


def _on_gpu(device: torch.device) -> OnGpu:
    """Events and captured graphs of the current stream (PyTorch's documentation, CUDA semantics)."""

    def write(count: int) -> None:
        torch.empty(count, dtype=torch.uint8, device=device).fill_(1)
        torch.cuda.synchronize(device)

    return OnGpu(write, partial(_seconds_by_events, device), partial(captured, device))


def captured(device: torch.device, work: Callable[[], Any]) -> Callable[[], Any]:
    """The work's kernels as one graph, launched by each call; what is returned is written anew by each.

    What the work refers to is kept as long as the graph, which reads and writes the places it had then.
    """
    aside = torch.cuda.Stream(device)
    aside.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(aside):  # libraries set themselves up before a capture, as documented
        work()
    torch.cuda.current_stream(device).wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = work()

    def replay(kept: Callable[[], Any] = work) -> Any:
        graph.replay()
        return result

    return replay


def _seconds_by_events(device: torch.device, work: Callable[[], Any]) -> float:
    """The device's own time of ``work``, by events that the host records while the device is held back.

    Without that the first event passes at once, and between the two lies the host's time to launch. It is
    held back longer until both are recorded before the first passes. Raises RuntimeError if they never are.
    """
    for held_seconds in HELD_BACK_SECONDS:
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        stream = torch.cuda.current_stream(device)
        torch.cuda._sleep(round(held_seconds * FAST_CLOCK_HERTZ))  # a kernel that spins for so many cycles
        begin.record(stream)
        work()
        end.record(stream)
        host_was_first = not begin.query()
        torch.cuda.synchronize(device)
        if host_was_first:
            return float(begin.elapsed_time(end)) / 1e3  # milliseconds, by the documentation
    raise RuntimeError("the call waits for the device, so that time by events would hold the host's, too")


def compiled(work: Callable[..., Any], device: str) -> Callable[..., Any]:
    """The work through ``torch.compile``; on a GPU with its search among kernels.

    On a CPU the search took 19 s for a 2000² product and gained nothing (100 ms with it, 100 ms by
    ``torch.matmul``), so it is left out there. Raises RuntimeError on a CPU without a C++ compiler.
    """
    on_gpu = device.startswith("gpu")
    if not on_gpu and not any(map(shutil.which, (os.environ.get("CXX", "g++"), "g++", "clang++"))):
        raise RuntimeError("no C++ compiler, which torch.compile needs on a CPU: install g++ or set CXX")
    mode = "max-autotune-no-cudagraphs" if on_gpu else "default"
    return torch.compile(work, fullgraph=True, dynamic=False, mode=mode)


def _changer(operands: list[torch.Tensor]) -> Callable[[slice, np.ndarray], None]:
    """How the first operand is changed in place: by NumPy on the CPU, 2 microseconds a row, or by PyTorch."""
    own = operands[0]
    buffers: list[SharedBuffer] = []

    def change_shared(rows: slice, factors: np.ndarray) -> None:
        if not buffers:
            buffers.append(SharedBuffer(own.numpy()))
            operands[0] = torch.from_numpy(buffers[0].array)
        buffers[0].change(rows, factors)

    def change_placed(rows: slice, factors: np.ndarray) -> None:
        if operands[0] is own:
            operands[0] = own.clone()
        column = torch.from_numpy(as_column(factors, own.dim())).to(own.device, own.dtype)
        torch.mul(own[rows], column, out=operands[0][rows])
        if own.is_cuda:
            torch.cuda.synchronize(own.device)

    # NumPy has no bfloat16
    return change_placed if own.is_cuda or own.dtype == torch.bfloat16 else change_shared


def _sketch(result: torch.Tensor, columns: np.ndarray) -> np.ndarray:
    """Sums of products by blocks of rows, elementwise: no product of matrices, which might round to TF32."""
    wide = torch.float64 if result.dtype == torch.float64 else torch.float32
    right = torch.from_numpy(columns.T.copy()).to(result.device, wide)
    blocks = [
        torch.stack([(block.to(wide) * column).sum(dim=1) for column in right], dim=1)
        for block in result.split(SKETCHED_ROWS)
    ]
    return torch.cat(blocks).cpu().numpy()


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
