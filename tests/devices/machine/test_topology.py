"""Hyperthreads and NUMA nodes of machines written into a folder: how many threads, held where."""

from __future__ import annotations

import subprocess
import sys

import pytest

from likeforlike.devices.machine.topology import (
    nodes_of,
    physical_cores,
    pinned_processors,
    pinning_text,
    usable_physical_cores,
)
from likeforlike.devices.process.pinning import PINNED, pin, pinned_to, pinning
from likeforlike.devices.process.placement import worker_environment
from likeforlike.devices.vendors.device import Device


@pytest.fixture
def machine(tmp_path):
    """A machine of some cores a node; hyperthread ``h`` of core ``c`` is processor ``c + h * cores``."""

    def write(cores, threads_a_core=2, nodes=1, name="core_cpus_list"):
        for core in range(cores):
            siblings = [core + thread * cores for thread in range(threads_a_core)]
            for processor in siblings:
                folder = tmp_path / f"devices/system/cpu/cpu{processor}/topology"
                folder.mkdir(parents=True)
                (folder / name).write_text(",".join(map(str, siblings)) + "\n")
        for node in range(nodes):
            members = [
                core + thread * cores
                for core in range(node * cores // nodes, (node + 1) * cores // nodes)
                for thread in range(threads_a_core)
            ]
            folder = tmp_path / f"devices/system/node/node{node}"
            folder.mkdir(parents=True)
            (folder / "cpulist").write_text(",".join(map(str, members)) + "\n")
        return tmp_path

    return write


def cpus(sys):
    return sys / "devices/system/cpu"


@pytest.mark.parametrize("name", ["core_cpus_list", "thread_siblings_list"])
def test_hyperthreads_share_a_core(machine, name):
    folder = cpus(machine(4, name=name))
    assert physical_cores(range(8), folder) == [(0, 4), (1, 5), (2, 6), (3, 7)]
    # of a core of which one hyperthread may be used, that one
    assert physical_cores([1, 4, 5, 7], folder) == [(1, 5), (4,), (7,)]


@pytest.mark.parametrize(
    ("cores", "threads_a_core", "usable", "most", "threads"),
    [
        (4, 2, range(8), 8, 4),
        (4, 1, range(4), 4, 4),
        (2, 4, range(8), 8, 2),
        (128, 2, range(256), 256, 128),
        (4, 2, [0, 4], 2, 1),
        # a quota of two cores on sixteen hyperthreads
        (8, 2, range(16), 2, 2),
        (1, 2, range(2), 2, 1),
    ],
)
def test_a_thread_for_each_usable_physical_core(machine, cores, threads_a_core, usable, most, threads):
    assert usable_physical_cores(usable, cpus(machine(cores, threads_a_core)), most) == threads


def test_where_nobody_tells_of_siblings_each_processor_is_a_core(tmp_path):
    assert usable_physical_cores(range(6), tmp_path, 6) == 6


def test_a_thread_is_held_to_a_core_before_any_core_has_two(machine):
    sys = machine(4)
    assert pinned_processors(4, range(8), sys) == (0, 1, 2, 3)
    assert pinned_processors(6, range(8), sys) == (0, 1, 2, 3, 4, 5)
    assert pinned_processors(9, range(8), sys) == tuple(range(8))


def test_as_few_nodes_as_hold_them(machine):
    sys = machine(8, nodes=2)
    assert pinned_processors(4, range(16), sys) == (0, 1, 2, 3)
    # three cores of node 0 may be used, all of node 1
    assert pinned_processors(4, [0, 1, 2, *range(4, 8)], sys) == (4, 5, 6, 7)
    assert nodes_of(pinned_processors(6, range(16), sys), sys) == (0, 1)
    assert pinning_text(pinned_processors(2, range(16), sys), sys) == "2 processors (0, 1) of NUMA node 0"
    assert pinning_text((0, 5), sys) == "2 processors (0, 5) of NUMA nodes 0, 1"


def test_workers_that_run_at_the_same_time_have_cores_of_their_own(machine):
    """Eight cores, of which three workers of three threads need nine: hyperthread 8 is that of core 0."""
    sys = machine(8)
    lanes = [pinned_processors(3, range(16), sys, lane) for lane in range(3)]
    assert lanes == [(0, 1, 2), (3, 4, 5), (6, 7, 8)]
    # for a fourth of five there are too few: 15 are taken, one is left
    assert pinned_processors(5, range(16), sys, 2) == (10, 11, 12, 13, 14)
    assert pinned_processors(5, range(16), sys, 3) == (0, 1, 2, 3, 4)
    assert pinned_processors(16, range(16), sys, 1) == tuple(range(16))


def test_without_nodes_none_is_named(tmp_path):
    assert pinning_text((3,), tmp_path) == "1 processor (3)"


def test_a_worker_is_told_what_it_is_held_to():
    device = Device("cpu", 0, "", maker="cpu")
    assert worker_environment(device, 2, pinned=(0, 2))[PINNED] == "0,2"
    assert PINNED not in worker_environment(device, 2)
    assert pinned_to(pinning((0, 2, 9))) == {0, 2, 9}


def test_every_thread_of_it_is_held(tmp_path):
    held = []
    for task in ("17", "23"):
        (tmp_path / task).mkdir()

    def hold(task, processors):
        if task == 23:
            raise ProcessLookupError(3, "No such process")
        held.append((task, set(processors)))

    pin({PINNED: "1,3"}, tmp_path, hold)
    assert held == [(0, {1, 3}), (17, {1, 3})]
    pin({}, tmp_path, hold)
    assert len(held) == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone holds a process to processors")
def test_a_pool_made_at_import_is_held_too():
    asks = (
        "import os, pathlib, numpy\n"
        "from likeforlike.devices.process.pinning import pin\n"
        "first = min(os.sched_getaffinity(0))\n"
        "pin({'LIKEFORLIKE_PINNED': str(first)})\n"
        "tasks = [int(task.name) for task in pathlib.Path('/proc/self/task').iterdir()]\n"
        "print({tuple(os.sched_getaffinity(task)) for task in tasks} == {(first,)})\n"
    )
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
