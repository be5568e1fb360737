from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# helpers beside the tests that use them
for folder in ("bench", "bench/plugins", "devices/process", "devices/check", "bench/fleet", "machines"):
    sys.path.append(str(Path(__file__).parent / folder))


@pytest.fixture(autouse=True)
def _runs_are_not_of_xdist(monkeypatch: pytest.MonkeyPatch) -> None:
    """In xdist's processes pytest-benchmark disables itself, and text is folded for xdist's own terminal."""
    for name in ("PYTEST_XDIST_WORKER", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_variable_is_left_behind() -> Iterator[None]:
    """PyTorch's compiler sets some in this process; a run that a later test starts would be warned of them."""
    before = set(os.environ)
    yield
    for name in set(os.environ) - before:
        del os.environ[name]
