"""Which caches are emptied, by whom and by how many bytes; nothing is written."""

from __future__ import annotations

from typing import Any

import pytest
from worker_line import spec

from likeforlike.bench.worker.calls.cold_cache import emptying
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.devices.process.last_cache import LastCache
from likeforlike.models.contract.kernel import Kernel, OnGpu

PROCESSOR, GPU = LastCache(100, "the kernel"), LastCache(30, "the driver")
"""Twice what they hold is written."""


class Written:
    """What was written where."""

    def __init__(self) -> None:
        self.log: list[tuple[str, int]] = []

    def emptying(self, device: str, cache: str, can: bool = True) -> Any:
        on_gpu = OnGpu(lambda size: self.log.append(("gpu", size))) if can else None
        kernel = Kernel(lambda: None, on_gpu=on_gpu)

        def write(size: int) -> None:
            self.log.append(("cpu", size))

        return emptying(spec(device=device, cache=cache), kernel, lambda: PROCESSOR, lambda: GPU, write)


@pytest.mark.parametrize("device", ["cpu:0", "gpu:0"])
@pytest.mark.parametrize("can", [True, False])
def test_warm_caches_are_left_alone(device, can):
    assert Written().emptying(device, "warm", can) is None


@pytest.mark.parametrize("can", [True, False])
def test_a_processor_s_are_emptied_by_us(can):
    written = Written()
    found = written.emptying("cpu:0", "cold", can)
    assert written.log == []
    found.empty()
    found.empty()
    assert written.log == [("cpu", 200)] * 2
    told = {"written_bytes": 200, "cache_bytes": 100, "source": "the kernel"}
    assert found.facts() == {"cold_cache": told}


def test_a_gpu_s_by_the_kernel():
    written = Written()
    found = written.emptying("gpu:0", "cold")
    found.empty()
    assert written.log == [("gpu", 60)]
    assert found.facts() == {"cold_cache": {"written_bytes": 60, "cache_bytes": 30, "source": "the driver"}}


def test_where_the_kernel_can_not_the_cell_is_skipped():
    with pytest.raises(CellFailed) as failure:
        Written().emptying("gpu:0", "cold", can=False)
    assert failure.value.outcome == "skipped"
    assert failure.value.reason.startswith("its kernel has no way to write on the GPU")
