"""``--concurrent``: groups of different devices at the same time, each device's by its own thread."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from command import read, run_bench

from likeforlike.bench.measure.device_lanes import Lanes, side_by_side
from likeforlike.bench.plan.cells import Cell
from likeforlike.models.contract.implementation import Implementation, missing

ENTRY = Implementation("numpy", "matmul", "numpy", "", "nowhere:nothing")


def cell(device: str, size: int, concurrent: bool = True) -> Cell:
    return Cell(ENTRY, device, (("size", size),), f"matmul {device} {size}", concurrent=concurrent)


GRID = [cell(device, size) for device in ("gpu:0", "gpu:1") for size in (1, 2)]


def test_one_group_of_each_device() -> None:
    groups = side_by_side(GRID[0], GRID)
    assert [[c.id for c in group] for group in groups] == [
        ["matmul-numpy-gpu:0-1"],
        ["matmul-numpy-gpu:1-1"],
    ]
    assert side_by_side(GRID[1], GRID[1:3]) == [[GRID[1]], [GRID[2]]]


def test_a_cell_that_is_not_concurrent_is_measured_alone() -> None:
    alone = cell("cpu:0", 1, concurrent=False)
    assert side_by_side(alone, [alone, *GRID]) == [[alone]]


def test_groups_run_at_the_same_time_and_each_device_keeps_its_thread() -> None:
    lanes = Lanes(["gpu:0", "gpu:1"], None)
    both = threading.Barrier(2, timeout=60)  # passed only if two are inside at once
    threads: dict[str, set[int]] = {}

    def measure(cells: Any, pool: Any) -> None:
        both.wait()
        threads.setdefault(cells[0].device, set()).add(threading.get_ident())

    for size in (0, 1):
        lanes.measure([[GRID[size]], [GRID[size + 2]]], measure, lambda: None)
    lanes.end()
    assert {device: len(idents) for device, idents in threads.items()} == {"gpu:0": 1, "gpu:1": 1}


def test_what_goes_wrong_in_a_lane_comes_out_after_all_have_stopped() -> None:
    lanes = Lanes(["gpu:0", "gpu:1"], None)
    stopped, other = threading.Event(), threading.Event()

    def measure(cells: Any, pool: Any) -> None:
        if cells[0].device == "gpu:0":
            raise KeyboardInterrupt
        stopped.wait(60)
        other.set()

    with pytest.raises(KeyboardInterrupt):
        lanes.measure([[GRID[0]], [GRID[2]]], measure, stopped.set)
    assert other.is_set()
    lanes.end()


@pytest.mark.skipif(bool(missing(("tensorflow",))), reason=str(missing(("tensorflow",))))
def test_a_run_on_two_logical_cpus_is_complete_and_marked(tmp_path: Any) -> None:
    options = ("--preset=smoke", "--workloads=matmul", "--implementations=tf-eager", "--sizes=32")
    options += ("-k", "matmul or nothing")
    done = run_bench(tmp_path, *options, "--devices=cpu:0,cpu:1", "--concurrent", "--benchmark-json=r.json")
    assert done.returncode == 0, done.stdout + done.stderr
    cells = {b["extra_info"]["cell"]: b["extra_info"] for b in read(tmp_path / "r.json")["benchmarks"]}
    products = {name: info for name, info in cells.items() if info["workload"] == "matmul"}
    assert set(products) == {f"matmul-tf-eager-cpu:{d}-32-float32" for d in (0, 1)}
    assert all(info["concurrent"] for info in products.values())
    assert not cells["noise-nothing-cpu:0"]["concurrent"]
