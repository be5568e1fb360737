"""A brought model as a network: when its module is imported. Without a framework."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from likeforlike.models.tasks.own.given import ModelTold
from likeforlike.models.tasks.own.networks import network_of


def told(target: str) -> ModelTold:
    return ModelTold("net", target, "torch", "sparse-crossentropy", (), (), (3,), ())


def test_a_model_s_module_is_imported_before_a_loop_has_set_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an import switches for the whole process would else hold for the first build alone."""
    (tmp_path / "switches_at_import.py").write_text("def net():\n    raise AssertionError('not built yet')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    network = network_of(told("switches_at_import:net"))
    assert "switches_at_import" in sys.modules
    del sys.modules["switches_at_import"]
    assert (network.name, network.family, network.matches) == ("net", "torch", ())


def test_why_a_module_cannot_be_imported_the_build_tells() -> None:
    assert network_of(told("there_is_no_such_module:net")).name == "net"
