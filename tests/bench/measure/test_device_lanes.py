"""``--concurrent``: groups of different devices at the same time, each device's by its own thread."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from command import read, run_bench

from likeforlike.bench.functions.asked import Asked, cells_of, entrants_of
from likeforlike.bench.functions.measuring import _plan
from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.measure import worker_process
from likeforlike.bench.measure.device_lanes import Lanes, side_by_side
from likeforlike.bench.measure.memory_shares import expected_bytes
from likeforlike.bench.measure.worker_process import MemoryLimits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.run import campaign as campaigns
from likeforlike.bench.run.screen.progress import Progress
from likeforlike.devices.vendors.device import Device
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


@pytest.mark.parametrize(
    ("asked", "bytes_of_each"), [(None, 300), (100, 100), (300, 300), (301, 300), (10**9, 300)]
)
def test_no_cell_may_have_more_of_the_memory_than_its_lane_s_part(
    monkeypatch: pytest.MonkeyPatch, asked: int | None, bytes_of_each: int
) -> None:
    """Of 1000 bytes 900 may be used, by three; each lane once had as much as it asked for."""
    monkeypatch.setattr(worker_process, "free_memory_bytes", lambda: 1000)
    devices = ["gpu:0", "gpu:1", "gpu:2"]
    lanes = Lanes(devices, asked)
    limits: list[MemoryLimits] = []
    groups = [[cell(device, 1)] for device in devices]
    lanes.measure(groups, lambda _, pool: limits.append(pool.limits), lambda: None)
    lanes.end()
    assert limits == [MemoryLimits(bytes_of_each, 50)] * 3
    alone = MemoryLimits.of_machine(asked)
    assert alone.worker_bytes == (900 if asked is None else asked)


@pytest.mark.parametrize(("concurrent", "largest"), [(False, 3), (True, 2)])
def test_groups_beside_each_other_go_in_pairs_where_one_alone_would_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, concurrent: bool, largest: int
) -> None:
    """Memory for four entrants. Three of one device fit; of two devices at once each may hold two."""
    asked = Asked(dict.fromkeys(("a", "b", "c"), len))
    devices = {device.id: device for device in (Device("cpu", 0, "a CPU"), Device("cpu", 1, "another"))}
    plan = _plan(asked, devices, tmp_path, one_process=False)
    cells = [
        replace(found, concurrent=concurrent, group=f"{found.group} {device}")
        for device in devices
        for found in cells_of(asked, entrants_of(asked), "where", device)
    ]
    each = expected_bytes(cells[0], plan)
    begun: list[list[str]] = []

    def free() -> int:
        """Less once a lane has begun: the part of the other is no smaller for that."""
        return (4 if not begun or not concurrent else 2) * each * 10 // 9 + 9

    def together(fit: Any, pool: Any, part: int, keep: Any) -> None:
        begun.append([found.entry.name for found in fit])
        for found in fit:
            keep(found, CellRecord(found.id, "crashed", "as made up"))

    for module in (campaigns, worker_process):
        monkeypatch.setattr(module, "free_memory_bytes", free)
    campaign = campaigns.Campaign(plan, None, Progress(lambda text: None, None))
    monkeypatch.setattr(campaign, "_measure_together", together)
    campaign.choose(cells)
    assert {campaign.record(found).outcome for found in cells} == {"crashed"}
    campaign.end()
    assert [len(names) for names in begun].count(largest) == 2
    assert max(map(len, begun)) == largest


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
