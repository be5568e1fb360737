"""Inside a worker: caches emptied before a timed call, so that operands come from memory (``--cache``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from likeforlike.bench.worker.messages import CellSpec
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.devices.process.last_cache import (
    LastCache,
    gpu_cache,
    processor_caches,
    write_through_caches,
)
from likeforlike.models.contract.kernel import Kernel


@dataclass(frozen=True)
class Emptying:
    """How the caches of a cell's device are emptied."""

    cache: LastCache
    empty: Callable[[], None]

    def facts(self) -> dict[str, Any]:
        """What the result file says of it."""
        written, held = self.cache.written_bytes, self.cache.size_bytes
        return {"cold_cache": {"written_bytes": written, "cache_bytes": held, "source": self.cache.source}}


def emptying(
    spec: CellSpec,
    kernel: Kernel,
    of_processor: Callable[[], LastCache] = processor_caches,
    of_gpu: Callable[[], LastCache] = gpu_cache,
    write: Callable[[int], None] = write_through_caches,
) -> Emptying | None:
    """What is to be done before each timed call of a cell; None where its caches are left as they are.

    Raises CellFailed for a kernel on a GPU that offers no way to write there.
    """
    if spec.cache != "cold":
        return None
    if not spec.device.startswith("gpu"):
        cache = of_processor()
        return Emptying(cache, partial(write, cache.written_bytes))
    if kernel.on_gpu is None:
        raise CellFailed("skipped", "its kernel has no way to write on the GPU, and so to empty its caches")
    cache = of_gpu()
    return Emptying(cache, partial(kernel.on_gpu.write, cache.written_bytes))
