"""Fixtures of the report tests; its helper modules are ``report_*``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


def _helper(name):
    """Import a module of this folder: the suite is collected without touching ``sys.path``."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"report_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


samples = _helper("samples")
_helper("browser")
_helper("by_hand")
_helper("frames")
_helper("histories")
_helper("hostile")
_helper("ladders")
_helper("launched")
_helper("plain")
_helper("sides")
_helper("studies")
_helper("trainings")
_helper("claims")
_helper("claim_reader")
_helper("contradictions")


@pytest.fixture
def write(tmp_path):
    """A function that writes a document below ``tmp_path`` and returns its path as text."""

    def write(name, document):
        return str(samples.write(tmp_path / name, document))

    return write
