"""``--cache cold`` inside a worker: caches are emptied last of all before the timed call, and only then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from worker_line import spec

from likeforlike.bench.worker import measure_kernel
from likeforlike.bench.worker.calls.cold_cache import emptying
from likeforlike.bench.worker.calls.timed_calls import timed_calls
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.devices.process.last_cache import LastCache
from likeforlike.devices.process.runtime import runtime
from likeforlike.models.contract.kernel import Kernel, OnGpu
from likeforlike.models.contract.workload import Problem
from likeforlike.models.registry import kernel_workloads

HELD = LastCache(32 * 2**20, "told")
BANDWIDTH = 20e9


class Machine:
    """A clock that work alone moves: operands in the cache cost nothing, in memory their bytes by the bandwidth."""

    def __init__(self, product_seconds: float, operand_bytes: float) -> None:
        self.now, self.cached, self.log = 0.0, False, []
        self.product_seconds, self.operand_bytes = product_seconds, operand_bytes

    def clock(self) -> float:
        return self.now

    def call(self) -> None:
        self.log.append("call")
        self.now += self.product_seconds + (0.0 if self.cached else self.operand_bytes / BANDWIDTH)
        self.cached = True

    def change(self, rows: slice, factors: np.ndarray) -> None:
        self.log.append("change")
        self.cached = True

    def write(self, size: int) -> None:
        self.log.append("write")
        self.now += size / BANDWIDTH
        if size > HELD.size_bytes:
            self.cached = False


def placed(machine: Machine, **changes: Any) -> measure_kernel.Placed:
    asked = spec(**changes)
    workload = replace(kernel_workloads()["matmul"], probe=None)
    problem = workload.problem(asked.axes, "cpu:0")
    kernel = Kernel(call=machine.call, change=machine.change)
    made = measure_kernel.Placed(
        asked, workload, problem, kernel, runtime("numpy"), machine.clock, machine.clock
    )
    calls = timed_calls(workload, asked.axes, problem, kernel)
    return replace(made, calls=calls, emptying=emptying(asked, kernel, lambda: HELD, write=machine.write))


def test_a_cold_product_is_slower_by_what_the_bandwidth_says() -> None:
    """500² in float32, operands and result: 3 MB at 20 GB/s are 150 µs."""
    samples = {}
    for cache in ("warm", "cold"):
        machine = Machine(product_seconds=1.25e-3, operand_bytes=3 * 500**2 * 4)
        samples[cache] = [measure_kernel.take_sample(placed(machine, cache=cache)).seconds for _ in range(3)]
    assert samples["warm"] == pytest.approx([1.25e-3] * 3)
    assert samples["cold"] == pytest.approx([1.25e-3 + 150e-6] * 3)


def test_nothing_touches_operands_between_emptying_and_the_timed_call() -> None:
    machine = Machine(0.05, 0.0)
    measure_kernel.take_sample(placed(machine, cache="cold"))
    timed = machine.log.index("write")
    assert machine.log[timed - 1] == "change"
    assert machine.log[timed : timed + 2] == ["write", "call"]
    assert machine.log.count("write") == 1


def test_a_warm_cell_s_caches_are_left_alone() -> None:
    machine = Machine(0.05, 0.0)
    measure_kernel.take_sample(placed(machine))
    assert "write" not in machine.log


def on_gpu(write: Callable[[int], None]) -> Kernel:
    return Kernel(call=lambda: None, on_gpu=OnGpu(write))


def test_on_a_gpu_its_own_memory_is_written_by_its_own_cache_s_size() -> None:
    written: list[int] = []
    found = emptying(spec(device="gpu:0", cache="cold"), on_gpu(written.append), of_gpu=lambda: HELD)
    assert found is not None
    found.empty()
    assert written == [HELD.written_bytes]
    assert found.facts()["cold_cache"] == {
        "written_bytes": HELD.written_bytes,
        "cache_bytes": HELD.size_bytes,
        "source": "told",
    }


def test_a_kernel_that_cannot_write_there_is_skipped() -> None:
    with pytest.raises(CellFailed, match="no way to write on the GPU") as failure:
        emptying(spec(device="gpu:0", cache="cold"), Kernel(call=lambda: None))
    assert failure.value.outcome == "skipped"


def test_zeros_are_never_measured() -> None:
    drawn, zeros = np.ones((8, 8), np.float32), np.zeros((8, 8), np.float32)
    measure_kernel.refuse_zeros(Problem((drawn, drawn), "float32", "cpu:0"))
    with pytest.raises(CellFailed, match="nothing but zeros"):
        measure_kernel.refuse_zeros(Problem((drawn, zeros), "float32", "cpu:0"))
