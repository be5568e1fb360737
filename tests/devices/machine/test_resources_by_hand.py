"""Cores and memory that may be used, at their bounds."""

from __future__ import annotations

import os

import pytest

from likeforlike.devices.machine import resources
from likeforlike.devices.machine.resources import free_memory_bytes, processors, usable_cores


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
