"""The sample documents of the report's tests, for tests of what commits did."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

for name in ("samples", "hostile", "sides"):
    if f"report_{name}" not in sys.modules:
        path = Path(__file__).parents[1] / "reports" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"report_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
