"""A captured graph of PyTorch's, on a stand-in for CUDA: what a real one does is seen in ``tests/gpu``."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from likeforlike.models.frameworks.on_torch import captured  # noqa: E402


class Work:
    """Counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        return self.calls


def test_a_graph_keeps_what_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operands that nothing else kept were given away: a floor's products were wrong by ten million."""
    launched: list[str] = []

    @contextmanager
    def within(_: Any) -> Iterator[None]:
        yield

    stream = SimpleNamespace(wait_stream=lambda other: None)
    cuda = {
        "Stream": lambda device: stream,
        "current_stream": lambda device: stream,
        "stream": within,
        "graph": within,
        "CUDAGraph": lambda: SimpleNamespace(replay=lambda: launched.append("replayed")),
    }
    for name, stand_in in cuda.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)
    work = Work()
    alive = weakref.ref(work)
    replay = captured(torch.device("cuda"), work)
    del work
    gc.collect()
    assert alive() is not None
    assert (replay(), replay()) == (2, 2), "what the capture gave, after the call that sets libraries up"
    assert launched == ["replayed"] * 2
    del replay
    gc.collect()
    assert alive() is None
