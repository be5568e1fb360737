"""The sample documents of the report's tests, for tests of verdicts."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

PATH = Path(__file__).parents[1] / "reports" / "samples.py"
if "compared_samples" not in sys.modules:
    spec = importlib.util.spec_from_file_location("compared_samples", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
