"""A GPU that NVML lists and an installed framework can't use: cells skipped, status 0, a result and a report."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from command import REPOSITORY, command, environment, read

NVML = """
import importlib.util
import sys

_spec = importlib.util.spec_from_file_location("nvml_stand_in", {path!r})
_module = sys.modules["nvml_stand_in"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
_nvml = _module.StandIn(_module.Gpu(uuid="GPU-of-no-machine"))
NVMLError = _module.NVMLError


def __getattr__(name):
    return getattr(_nvml, name)
"""
KNOWN = {"torch": "torch", "jax": "jax", "tensorflow": "tf-eager"}


def test_its_cells_are_skipped_with_what_to_install(tmp_path: Path) -> None:
    frameworks = {name: entry for name, entry in KNOWN.items() if importlib.util.find_spec(name)}
    if not frameworks:
        pytest.skip("no framework is installed")
    path = str(REPOSITORY / "tests" / "machines" / "stand_in_nvml.py")
    stand_ins = tmp_path / "stand-ins"
    stand_ins.mkdir()
    (stand_ins / "pynvml.py").write_text(NVML.format(path=path))
    variables = {k: v for k, v in environment(stand_ins).items() if not k.startswith("CUDA_")}
    variables["PYTHONPATH"] = f"{stand_ins}:{variables['PYTHONPATH']}"
    options = [
        *("--preset=smoke", "--workloads=matmul", "--sizes=8,9", "--devices=all"),
        *("-k", "gpu or cpu:0-8-"),  # on the processor they are measured all the same
        *(f"--implementations=numpy,{','.join(frameworks.values())}", "--benchmark-json=r.json"),
    ]
    done = subprocess.run(
        command(*options), cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lost = [
        cell
        for cell in read(tmp_path / "r.json")["likeforlike"]["unmeasured"]
        if cell["implementation"] != "numpy"
    ]
    # two sizes of each: the second is skipped by what the first one's worker found
    assert len(lost) == 2 * len(frameworks)
    for cell in lost:
        assert (cell["device"], cell["outcome"]) == ("gpu:0", "skipped")
        assert " sees no GPU where the driver lists gpu:0" in cell["reason"]
        assert ": pip install " in cell["reason"]
    told = subprocess.run(
        [sys.executable, "-m", "likeforlike", "report", "r.json"],
        cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "sees no GPU" in told.stdout
