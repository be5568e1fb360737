"""Bookkeeping around a cell: whatever a library or a driver answers, the cell goes on without the figure."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import msgspec
import pytest

from likeforlike.bench.worker import cell_setup
from likeforlike.bench.worker.messages import CellSpec
from likeforlike.devices.process import runtime as runtimes

SPEC = CellSpec(
    "cell", "operator:add", "matmul", "torch", {"size": 2, "dtype": "float32"}, "gpu:0", 3,
    "float32", "synchronised", False, False, False, False, "time:perf_counter",
)  # fmt: skip


def pretended_torch(initialised: bool) -> SimpleNamespace:
    """PyTorch as it is on a GPU before (``initialised`` False) and after its first work there."""

    def marked(device: int) -> int:
        if not initialised:
            raise RuntimeError("Invalid device argument 0: did you call init?")
        return 4096

    cuda = SimpleNamespace(
        is_initialized=lambda: initialised,
        is_available=lambda: True,
        device_count=lambda: 1,
        reset_peak_memory_stats=marked,
        max_memory_allocated=marked,
    )
    return SimpleNamespace(
        cuda=cuda,
        version=SimpleNamespace(cuda="12.4"),
        set_num_threads=lambda count: None,
        set_num_interop_threads=lambda count: None,
        get_num_threads=lambda: 3,
        set_float32_matmul_precision=lambda name: None,
        backends=SimpleNamespace(cudnn=SimpleNamespace(allow_tf32=True)),
    )


@pytest.mark.parametrize(("initialised", "peak"), [(False, None), (True, 4096)])
def test_a_mark_that_pytorch_refuses_fails_no_cell(
    monkeypatch: pytest.MonkeyPatch, initialised: bool, peak: int | None
) -> None:
    monkeypatch.setitem(sys.modules, "torch", pretended_torch(initialised))
    chosen, facts = cell_setup.settled_runtime(SPEC)
    assert facts["threads"]["framework"] == 3
    assert cell_setup.memory_facts(chosen, "gpu:0")["device_peak_memory_bytes"] == peak


def test_before_cuda_is_initialised_there_is_no_mark_to_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked too early PyTorch calls the device invalid: it isn't asked."""
    monkeypatch.setitem(sys.modules, "torch", pretended_torch(initialised=False))
    runtimes.runtime("torch").reset_device_peak("gpu:0")


@pytest.mark.parametrize("threading", ["intra-op", "inter-op"])
def test_threads_between_operations_are_told(monkeypatch: pytest.MonkeyPatch, threading: str) -> None:
    """The usual is not: files from before don't tell it, and are like those of today."""
    monkeypatch.setitem(sys.modules, "torch", pretended_torch(initialised=False))
    chosen, facts = cell_setup.settled_runtime(msgspec.structs.replace(SPEC, threading=threading))
    assert chosen.threading == threading
    assert facts["threads"].get("threading") == (None if threading == "intra-op" else threading)


@pytest.mark.parametrize(
    "error", [RuntimeError("no"), OSError(2, "no /proc"), KeyError("peak"), ValueError()]
)
def test_no_reading_fails_a_cell(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Every reading of the runtime and of the process raises; what was not read is None."""

    class Broken(runtimes.Runtime):
        def configure(self, local_device: str, threads: int, precision: str) -> None: ...

        def refuse(self, *_: object) -> None:
            raise error

        threads = version = reset_device_peak = device_peak_bytes = refuse

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(cell_setup, "runtime", lambda framework, threading: Broken(framework))
    monkeypatch.setattr(cell_setup, "blas_threads", refuse)
    monkeypatch.setattr(cell_setup, "resident_peak_bytes", refuse)
    monkeypatch.setattr(runtimes, "libraries_of", refuse)
    chosen, facts = cell_setup.settled_runtime(SPEC)
    assert facts == {"threads": {"asked": 3, "framework": None, "blas": None}, "framework_version": None}
    told = cell_setup.memory_facts(chosen, "gpu:0")
    assert told == {"peak_memory_bytes": None, "device_peak_memory_bytes": None}
