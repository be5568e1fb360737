"""What every process of a data-parallel training must know; plain types, passed on as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

DISTRIBUTED = "distributed"
"""The workload's name; here, where no network is loaded for it."""
Strategy = Literal["mirrored", "multi-worker"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)


@dataclass(frozen=True)
class Assignment:
    """One training: who takes part, and on what.

    ``mirrored``: ``workers`` devices of this process. ``multi-worker``: as many processes on the loopback
    interface, each with one device and ``threads`` threads.
    """

    target: str
    """``module:attribute`` of the trainer's factory: every process runs the same."""
    strategy: Strategy
    workers: int
    device: str
    """The first device, as the process sees it."""
    threads: int
    recipe: Mapping[str, Any]
    data: str
    data_dir: str | None
    samples: tuple[int, int]

    @property
    def last_logical_cpu(self) -> str:
        """The device up to which TensorFlow must split the processor: the first, but for mirrored CPUs."""
        split = self.strategy == "mirrored" and self.device.startswith("cpu")
        return f"cpu:{self.workers - 1}" if split else self.device

    def to_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Assignment:
        """The reverse."""
        fields = json.loads(text)
        return cls(**fields | {"samples": tuple(fields["samples"])})


_SHOWN = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")


def own_gpu(device: str, index: int, environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that show a further process of a training one of the GPUs that the first one sees.

    None for a training on processors. Raises ValueError where there is no GPU of its own for it: it would
    share one with another, and nobody would know.
    """
    if not device.startswith("gpu"):
        return {}
    shown = {name: environ.get(name, "").split(",") for name in _SHOWN}
    own = {name: gpus[index] for name, gpus in shown.items() if index < len(gpus)}
    if not own:
        raise ValueError(f"worker {index} of the training has no GPU of its own among {shown[_SHOWN[0]]}")
    return own
