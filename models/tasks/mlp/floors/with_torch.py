"""PyTorch's products (oneDNN or MKL on a CPU, cuBLAS on a GPU), into buffers that are used again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from likeforlike.models.frameworks.on_torch import captured
from likeforlike.models.tasks.mlp.floors.floor import Floor, Job, Pass, Way, every_layout
from likeforlike.models.tasks.mlp.floors.layouts import Layout


class Buffered:
    """Products into one buffer for each place in a batch, made in the first batch."""

    def __init__(self) -> None:
        self.buffers: list[torch.Tensor] = []
        self.place = 0

    def begin(self) -> Buffered:
        """The next product is a batch's first."""
        self.place = 0
        return self

    def product(
        self,
        left: torch.Tensor,
        right: torch.Tensor,
        *,
        left_transposed: bool = False,
        right_transposed: bool = False,
    ) -> torch.Tensor:
        """``left @ right``."""
        left, right = left.T if left_transposed else left, right.T if right_transposed else right
        if self.place == len(self.buffers):
            size = (left.shape[0], right.shape[1])
            self.buffers.append(torch.empty(size, dtype=left.dtype, device=left.device))
        self.place += 1
        return torch.mm(left, right, out=self.buffers[self.place - 1])

    def add_product(self, total: torch.Tensor, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """``total += left @ right``, in one call."""
        return total.addmm_(left, right)


class FloorTorch(Floor):
    """One call after the other, as PyTorch's loops make them; on a GPU captured graphs of an epoch, too."""

    name = "floor-torch"
    library = "PyTorch"

    @classmethod
    def ways_of(cls, job: Job) -> tuple[Way, ...]:
        """Every layout."""
        torch.set_float32_matmul_precision("high" if job.tf32 else "highest")
        device = job.device.replace("gpu", "cuda") if job.device.startswith("gpu") else "cpu"
        images = torch.tensor(job.images, device=device)
        called = every_layout(partial(_pass, images), job)
        if images.device.type == "cpu":
            return called
        return (*called, *every_layout(partial(_captured_pass, images), job, "captured"))


def _pass(images: torch.Tensor, job: Job, layout: Layout) -> Pass:
    return _waited_for(images.device, _epoch(images, job, layout))


def _captured_pass(images: torch.Tensor, job: Job, layout: Layout) -> Pass:
    """Without the host's time to call, which is longer than the small products themselves."""
    with torch.no_grad():
        return _waited_for(images.device, captured(images.device, _epoch(images, job, layout)))


def _epoch(images: torch.Tensor, job: Job, layout: Layout) -> Pass:
    kernels = [torch.tensor(array, device=images.device) for array in job.laid_out(layout)]
    batches = images[: job.whole * job.batch_size].split(job.batch_size) if job.whole else ()
    buffered, last = Buffered(), Buffered()

    @torch.no_grad()
    def once() -> Sequence[Any]:
        gradients: Sequence[Any] = ()
        for batch in batches:
            gradients = layout.products(buffered.begin(), batch, kernels)
        if job.rest is not None:
            gradients = layout.products(last.begin(), images[job.rest], kernels)
        return gradients

    return once


def _waited_for(device: torch.device, epoch: Pass) -> Pass:
    def once() -> Sequence[Any]:
        gradients = epoch()
        if device.type != "cpu":
            torch.cuda.synchronize(device)
        return gradients

    return once
