"""What ``import likeforlike`` hands on, and that it touches nothing."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import likeforlike

ROOT = Path(__file__).resolve().parents[1]
FRAMEWORKS = ("tensorflow", "keras", "torch", "jax")

WATCH = """
import json, logging, os, sys, threading, warnings
def state():
    return [dict(os.environ), [thread.name for thread in threading.enumerate()], os.getcwd(), list(sys.path),
            [str(handler) for handler in logging.getLogger().handlers], [str(one) for one in warnings.filters]]
before, tasks = state(), len(os.listdir("/proc/self/task"))
import likeforlike
likeforlike.read
likeforlike.compare
likeforlike.__version__
handed = {"unchanged": state() == before, "tasks": len(os.listdir("/proc/self/task")) - tasks,
          "modules": sorted({name.partition(".")[0] for name in sys.modules})}
import pandas, scipy.special  # these set filters of warnings
settled = state()
frame = likeforlike.read("notebook-2020")
read = {"unchanged": state() == settled, "rows": len(frame),
        "modules": sorted({name.partition(".")[0] for name in sys.modules})}
json.dump([handed, read], open(sys.argv[1], "w"))
"""


WITHOUT_PANDAS = (
    "import sys; sys.modules['pandas'] = None; import likeforlike; likeforlike.read('notebook-2020')"
)


@pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="pandas is not installed")
def test_imports_in_a_notebook_without_side_effects(tmp_path):
    """No output, no variable, no thread (not even NumPy's), no framework, and nothing slow for the import."""
    run = subprocess.run(
        [sys.executable, "-c", WATCH, str(tmp_path / "seen.json")],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (run.stdout, run.stderr) == ("", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["seen.json"]
    handed, read = json.loads((tmp_path / "seen.json").read_text())
    assert handed["unchanged"]
    assert handed["tasks"] == 0
    assert not {*FRAMEWORKS, "pandas", "numpy", "matplotlib", "msgspec", "pytest"} & set(handed["modules"])
    assert read["unchanged"]
    assert read["rows"] == 2 * 69 + 16
    assert not {*FRAMEWORKS, "matplotlib", "pytest"} & set(read["modules"])


def test_only_what_is_public_is_handed_on():
    assert likeforlike.__all__ == ["__version__", "compare", "read"]
    assert "one row a sample" in likeforlike.read.__doc__


def test_without_pandas_it_says_how_to_install_it():
    variables = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_PANDAS], env=variables, capture_output=True, text=True
    )
    last = run.stderr.splitlines()[-1]
    assert last == "ModuleNotFoundError: likeforlike.read needs pandas: pip install 'likeforlike[pandas]'"
