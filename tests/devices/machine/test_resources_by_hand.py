"""Cores and memory that may be used, at their bounds."""

from __future__ import annotations

import os

import pytest

from likeforlike.devices.machine import resources
from likeforlike.devices.machine.resources import (
    FreeMemory,
    allowed_nodes,
    available_on,
    free_memory_bytes,
    processors,
    usable_cores,
)


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture
def group(tmp_path):
    """The files of a group ``/a/b`` of version 2, and of version 1's ``/a``."""

    def made(**files):
        (tmp_path / "cgroup").write_text("5:memory:/a\n3:cpu:/a\n0::/a/b\n")
        write(tmp_path / "root", files)
        return tmp_path / "cgroup", tmp_path / "root"

    return made


class TestCores:
    @pytest.mark.parametrize(
        ("files", "cores"),
        [
            ({}, 8),
            ({"a/b/cpu.max": "299999 100000"}, 2),
            ({"a/b/cpu.max": "300000 100000"}, 3),
            ({"a/b/cpu.max": "90000 100000"}, 1),
            ({"a/b/cpu.max": "900000 100000"}, 8),
            ({"a/b/cpu.max": "700000 100000", "a/cpu.max": "500000 100000", "cpu.max": "600000 100000"}, 5),
            ({"cpu/a/cpu.cfs_quota_us": "400000", "cpu/a/cpu.cfs_period_us": "100000"}, 4),
        ],
    )
    def test_the_least_of_affinity_and_quotas_rounded_down_and_one_at_least(self, group, files, cores):
        assert usable_cores(8, *group(**files)) == cores

    def test_one_even_where_the_system_tells_of_none(self, group):
        assert usable_cores(0, *group()) == 1

    def test_those_of_this_process_unless_a_number_is_told(self, group, monkeypatch):
        monkeypatch.setattr(resources, "processors", lambda: 5)
        assert usable_cores(None, *group()) == 5
        assert usable_cores(2, *group()) == 2

    def test_processors_by_affinity_else_all(self, monkeypatch):
        asked = []
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: asked.append(pid) or {1, 4, 6})
        assert (processors(), asked) == (3, [0])
        monkeypatch.delattr(os, "sched_getaffinity")
        monkeypatch.setattr(os, "cpu_count", lambda: 7)
        assert processors() == 7
        monkeypatch.setattr(os, "cpu_count", lambda: None)
        assert processors() == 1


class TestMemory:
    @pytest.mark.parametrize(
        ("files", "free"),
        [
            ({}, 64),
            ({"a/b/memory.max": "30", "a/b/memory.current": "12"}, 18),
            ({"a/b/memory.max": "12", "a/b/memory.current": "12"}, 0),
            ({"a/b/memory.max": "12", "a/b/memory.current": "30"}, 0),
            ({"a/b/memory.max": "100", "a/b/memory.current": "12"}, 64),
            ({"a/b/memory.max": "30"}, 64),
            ({"a/b/memory.current": "30"}, 64),
            ({"a/b/memory.max": "30", "a/b/memory.current": "x"}, 64),
            ({"a/b/memory.max": "max", "a/b/memory.limit_in_bytes": "30", "a/b/memory.current": "12"}, 64),
            ({"a/b/memory.max": "30 B", "a/b/memory.current": "12 B"}, 18),
            ({"memory/a/memory.limit_in_bytes": "30", "memory/a/memory.usage_in_bytes": "12"}, 18),
            (
                {
                    "a/b/memory.max": "60",
                    "a/b/memory.current": "0",
                    "memory.max": "20",
                    "memory.current": "1",
                },
                19,
            ),
        ],
    )
    def test_what_the_machine_has_and_limits_leave(self, group, files, free):
        assert free_memory_bytes(64, *group(**files)) == free

    @pytest.mark.parametrize(
        ("stat", "free"),
        [
            # of version 1, whose first figure leaves out the groups below: 30 - 12 + 9
            ("anon 5\ninactive_file 3\ntotal_inactive_file 9\n", 27),
            ("total_inactive_file 9\n", 27),
            ("inactive_file 3\n", 21),
            ("inactive_file x\n", 18),
            ("active_file 3\n", 21),
            ("active_file 3\ninactive_file 4\n", 25),
            # 30 - 12 + 5 + 6
            ("active_file 1\ninactive_file 2\ntotal_active_file 5\ntotal_inactive_file 6\n", 29),
            ("file 7\nshmem 3\nactive_anon 2\n", 18),
        ],
    )
    def test_and_what_the_kernel_would_give_back(self, group, stat, free):
        files = {"a/b/memory.max": "30", "a/b/memory.current": "12", "a/b/memory.stat": stat}
        assert free_memory_bytes(64, *group(**files)) == free

    def test_what_the_machine_has_by_itself(self, group, monkeypatch):
        monkeypatch.setattr(resources, "available_memory_bytes", lambda: 40)
        assert free_memory_bytes(None, *group()) == 40
        assert free_memory_bytes(0, *group()) == 0


class TestWatch:
    """A floor of 10 bytes: a group's page cache is counted where less than those are left without it."""

    @pytest.fixture
    def watch(self, group, monkeypatch):
        """A watch of a group of 100 bytes, and how often its page cache has been counted."""
        counted = []
        count = resources._reclaimable
        monkeypatch.setattr(resources, "_reclaimable", lambda folder: counted.append(1) or count(folder))
        self.now, self.available = 50.0, 1000

        def made(limit="100"):
            self.files = group(**{"a/b/memory.max": limit})
            watched = FreeMemory(lambda: self.now, lambda: self.available, *self.files)
            return watched, counted

        return made

    def use(self, used, cache=0):
        """Bytes that the group uses, and how many of them are page cache."""
        write(self.files[1], {"a/b/memory.current": str(used), "a/b/memory.stat": f"inactive_file {cache}\n"})

    @pytest.mark.parametrize("limit", ["100", "max"])
    def test_far_from_the_limit_no_cache_is_counted(self, watch, limit):
        watched, counted = watch(limit)
        self.use(90)  # 10 are left, or nobody limits it
        assert watched.below(10, 0) is None
        self.available = 10
        assert watched.below(10, 0) is None
        self.available = 9
        assert watched.below(10, 0) == 9
        assert counted == []

    def test_near_it_what_the_kernel_would_give_back_is_free(self, watch):
        watched, counted = watch()
        self.use(91, cache=1)
        assert (watched.below(10, 0), counted) == (None, [1])

    @pytest.mark.parametrize(("used", "cache", "left"), [(91, 0, 9), (100, 5, 5), (120, 5, 0)])
    def test_too_little_is_told_as_what_is_left(self, watch, used, cache, left):
        watched, _ = watch()
        self.use(used, cache)
        assert watched.below(10, 0) == left
        self.available = 3
        assert watched.below(10, 0) == min(3, left)

    def test_a_count_holds_for_a_second(self, watch):
        watched, counted = watch()
        self.use(100, cache=30)
        assert (watched.below(10, 5), counted) == (None, [1])
        self.use(100, cache=0)  # others have taken all
        self.now += 0.75
        assert (watched.below(10, 5), counted) == (None, [1])
        self.now += 0.25
        assert (watched.below(10, 5), counted) == (0, [1, 1])

    def test_or_until_those_that_are_watched_have_taken_half_of_what_was_to_spare(self, watch):
        """30 of page cache and a floor of 10: 20 were to spare."""
        watched, counted = watch()
        self.use(100, cache=30)
        assert watched.below(10, 5) is None
        self.use(100, cache=21)
        assert (watched.below(10, 14), counted) == (None, [1])
        self.use(100, cache=20)
        assert (watched.below(10, 15), counted) == (None, [1, 1])
        # 10 are to spare, of which they take 5
        self.use(100, cache=16)
        assert (watched.below(10, 19), counted) == (None, [1, 1])
        self.use(100, cache=15)
        assert (watched.below(10, 20), counted) == (None, [1, 1, 1])
        # 5 are to spare: with 8 more there are 7 left
        self.use(100, cache=7)
        assert (watched.below(10, 28), counted) == (7, [1, 1, 1, 1])

    @pytest.mark.parametrize("cache", [9, 10])
    def test_where_nothing_is_to_spare_it_is_counted_each_time(self, watch, cache):
        watched, counted = watch()
        self.use(100, cache)
        for times in (1, 2, 3):
            assert watched.below(10, 5) == (None if cache == 10 else 9)
            assert counted == [1] * times

    def test_each_group_is_counted_for_itself(self, watch):
        watched, counted = watch()
        write(self.files[1], {"a/memory.max": "200", "a/memory.current": "195"})
        self.use(100, cache=30)
        assert (watched.below(10, 0), counted) == (5, [1, 1])
        write(self.files[1], {"a/memory.current": "190"})
        assert (watched.below(10, 0), counted) == (None, [1, 1])

    def test_memory_that_is_freed_is_no_cause_to_count(self, watch):
        watched, counted = watch()
        self.use(100, cache=30)
        assert watched.below(10, 50) is None
        assert (watched.below(10, 5), counted) == (None, [1])


class TestNodes:
    """Three NUMA nodes; a job may take memory of those that its cpuset names."""

    @pytest.fixture
    def machine(self, tmp_path, monkeypatch):
        """Nodes with 4, 8 and 16 KiB free, and 1 and 2 of page cache each; the whole machine has 64 KiB."""
        monkeypatch.setattr(resources, "available_memory_bytes", lambda: 64 * 1024)

        def made(allowed, **meminfo):
            for number, free in enumerate((4, 8, 16)):
                told = f"Node {number} MemTotal: 99 kB\nNode {number} MemFree: {free} kB\n"
                told += f"Node {number} Active(file): 1 kB\nNode {number} Inactive(file): 2 kB\n"
                told += f"Node {number} Inactive(anon): 32 kB\n"
                write(tmp_path, {f"nodes/node{number}/meminfo": meminfo.get(f"node{number}", told)})
            write(tmp_path, {"status": f"Name:\tpython\nMems_allowed:\t7\n{allowed}"})
            return allowed_nodes(tmp_path / "status", tmp_path / "nodes")

        return made

    @pytest.mark.parametrize(
        ("allowed", "numbers"),
        [
            ("Mems_allowed_list:\t0-2\nvoluntary_ctxt_switches:\t1\n", []),
            ("Mems_allowed_list:\t0-63\n", []),
            ("Mems_allowed_list:\t1\n", [1]),
            ("Mems_allowed_list:\t0,2\nvoluntary_ctxt_switches:\t1\n", [0, 2]),
            ("Mems_allowed_list:\t1-63\n", [1, 2]),
            ("Mems_allowed_list:\n", []),
            ("", []),
        ],
    )
    def test_a_cpuset_s_nodes_where_it_leaves_any_out(self, machine, allowed, numbers):
        assert [node.name for node in machine(allowed)] == [f"node{number}" for number in numbers]

    def test_nobody_tells(self, tmp_path):
        assert allowed_nodes(tmp_path / "none", tmp_path) == ()
        write(tmp_path, {"status": "Mems_allowed_list:\t0\n"})
        assert allowed_nodes(tmp_path / "status", tmp_path / "none") == ()

    def test_what_is_free_there_is_free(self, machine):
        """Of the first and the third 4 + 1 + 2 and 16 + 1 + 2 KiB."""
        assert available_on(machine("Mems_allowed_list:\t0,2\n")) == 26 * 1024
        assert available_on(machine("Mems_allowed_list:\t0-2\n")) == 64 * 1024

    def test_but_no_more_than_the_machine_has(self, machine, monkeypatch):
        nodes = machine("Mems_allowed_list:\t1-2\n")
        assert available_on(nodes) == 30 * 1024
        monkeypatch.setattr(resources, "available_memory_bytes", lambda: 29 * 1024)
        assert available_on(nodes) == 29 * 1024

    @pytest.mark.parametrize("told", ["", "Node 1 MemTotal: 99 kB\n", "Node 1 MemFree: many kB\n"])
    def test_a_node_that_tells_nothing_leaves_what_the_machine_has(self, machine, told):
        assert available_on(machine("Mems_allowed_list:\t0-1\n", node1=told)) == 64 * 1024

    def test_both_ways_of_asking_know_of_them(self, machine, tmp_path, monkeypatch):
        nodes = machine("Mems_allowed_list:\t0\n")
        monkeypatch.setattr(resources, "allowed_nodes", lambda: nodes)
        nowhere = (tmp_path / "no file", tmp_path)
        assert free_memory_bytes(None, *nowhere) == 7 * 1024
        watched = FreeMemory(cgroup_file=nowhere[0], cgroup_root=nowhere[1])
        assert (watched.below(7 * 1024, 0), watched.below(7 * 1024 + 1, 0)) == (None, 7 * 1024)
