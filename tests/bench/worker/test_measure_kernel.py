"""What the two timings hold, with asynchronous execution on; nothing depends on how busy the machine is."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from command import environment

pytest.importorskip("tensorflow")

SCRIPT = """
import json, statistics, sys
from likeforlike.bench.worker.measure_kernel import prepare, take_sample
from likeforlike.bench.worker.messages import CellSpec

def spec(target, size, timing):
    return CellSpec("cell", target, "matmul", "tensorflow", {"size": size, "dtype": "float32"}, "cpu:0", 2,
                    "float32", timing, True, False, True, False, "time:perf_counter")
"""

PRODUCTS_DONE = """
from dataclasses import replace
import gated
found = {}
for timing in ("unsynchronised", "synchronised"):
    placed, _ = prepare(spec("gated:product", 64, timing))
    counting = replace(placed, clock=lambda: float(len(gated.DONE)))
    found[timing] = [take_sample(counting).seconds for _ in range(3)]
"""

SECONDS = """
placed, _ = prepare(spec("likeforlike.models.kernels.matmul.with_tensorflow:eager", 1000, "synchronised"))
found["seconds"] = statistics.median(take_sample(placed).seconds for _ in range(7))
json.dump(found, sys.stdout)
"""


@pytest.fixture(scope="module")
def told() -> Any:
    """What both programs found, in one process."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + PRODUCTS_DONE + SECONDS],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_unsynchronised_is_a_queueing_time_and_the_default_holds_the_work(told: Any) -> None:
    """The notebook's fault, on a clock that counts products done instead of seconds."""
    assert told["unsynchronised"] == [0.0] * 3
    assert told["synchronised"] == [1.0] * 3


def test_the_default_implies_a_rate_that_a_processor_can_have(told: Any) -> None:
    assert 2 * 1000**3 / told["seconds"] < 5e12
