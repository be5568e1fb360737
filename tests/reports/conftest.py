"""Fixtures of the report tests; ``samples`` makes result files."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("report_samples", Path(__file__).with_name("samples.py"))
samples = importlib.util.module_from_spec(_SPEC)
sys.modules["report_samples"] = samples
_SPEC.loader.exec_module(samples)


@pytest.fixture
def write(tmp_path):
    """A function that writes a document below ``tmp_path`` and returns its path as text."""

    def write(name, document):
        return str(samples.write(tmp_path / name, document))

    return write
