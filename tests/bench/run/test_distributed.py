"""Data-parallel training on logical CPUs and over processes: the undivided batch's mathematics, or no figure."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from command import REPOSITORY, environment, read, run_bench

from likeforlike.models.contract.implementation import missing

if lacking := missing(("tensorflow", "keras")):
    pytest.skip(lacking, allow_module_level=True)
OPTIONS = ("--preset=smoke", "--workloads=distributed", "--epochs=2", "--benchmark-json=r.json")
# beside busy neighbours an epoch of replicas that wait for one another takes half a minute
OPTIONS += ("--cell-timeout=1000", "-k", "distributed", "--threads=2")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("distributed")
    done = run_bench(folder, *OPTIONS, "--workers=2", "--plugin=halved")
    assert done.returncode == 1, done.stdout + done.stderr
    return read(folder / "r.json")


def test_every_division_follows_the_oracle(document: Any) -> None:
    scaled = {
        info["axes"]["strategy"]: info
        for info in (b["extra_info"] for b in document["benchmarks"])
        if info["workload"] == "distributed"
    }
    assert set(scaled) == {"mirrored", "multi-worker"}
    for strategy, info in scaled.items():
        assert info["verified"]["error"] <= info["verified"]["tolerance"]
        assert info["terms"]["replicas"] == 2
        assert info["terms"]["KERAS_BACKEND"] == "tensorflow"  # set for the worker, told as a term
        assert info["terms"]["replica_batch_size"] == 32
        assert len(info["epochs"]) == 2
        threads = info["threads"]["asked"]
        assert info["terms"]["threads_per_process"] == threads
        if strategy == "multi-worker":  # two processes share what one has
            assert threads == max(1, scaled["mirrored"]["threads"]["asked"] // 2)
    # their orders are not the same: the oracle is what both are held against; here that both learn
    for info in scaled.values():
        first, last = (epoch["loss"] for epoch in info["epochs"])
        assert last < first


def test_one_that_divides_wrongly_is_a_failed_cell(document: Any) -> None:
    lost = {item["cell"]: item["outcome"] for item in document["likeforlike"]["unmeasured"]}
    assert lost["distributed-halved-cpu:0-matched-mirrored-2"] == "wrong-answer"
    assert set(lost.values()) == {"wrong-answer"}


ORDERS = """
import sys
from functools import partial
sys.path.append(sys.argv[1])
from examine import orders
from likeforlike.models.distributed.assignment import Assignment
from likeforlike.models.distributed.keras_fit import KerasFitDistributed
target = "likeforlike.models.distributed.keras_fit:KerasFitDistributed"
alone = Assignment(target, "mirrored", 1, "cpu:0", 1, {}, "synthetic", None, (64, 8))
print(orders(partial(KerasFitDistributed, assignment=alone)))
"""


def test_its_orders_are_fresh() -> None:
    folder = str(REPOSITORY / "tests" / "models" / "loops")
    variables = environment() | {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [sys.executable, "-c", ORDERS, folder], env=variables, capture_output=True, text=True, timeout=1500
    )
    assert done.stdout.splitlines()[-1:] == ["{'shuffled': True, 'fresh': True}"], done.stderr[-3000:]
