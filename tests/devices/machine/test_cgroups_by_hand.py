"""Control groups of both versions, file by file: folders, quotas, what was used and what was held back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from likeforlike.devices.machine.cgroups import (
    cgroup_folders,
    file_words,
    keyed_numbers,
    processor_folders,
    quota_cores,
    throttled_seconds,
    used_seconds,
)


def told(folder: Path, **files: str) -> Path:
    """A folder with these files; ``_`` in a name stands for a point."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(text)
    return folder


class TestFolders:
    def folders(self, tmp_path, text, controller="cpu", further=()):
        (tmp_path / "cgroup").write_text(text)
        found = cgroup_folders(tmp_path / "cgroup", tmp_path / "root", controller, further)
        return [str(folder.relative_to(tmp_path)) for folder in found]

    def test_of_version_2_the_own_group_and_those_above_it(self, tmp_path):
        assert self.folders(tmp_path, "0::/a:b/c\n") == ["root/a:b/c", "root/a:b", "root"]
        assert self.folders(tmp_path, "0::/\n") == ["root"]
        assert self.folders(tmp_path, "0::/../../x\n") == ["root/x", "root"]

    def test_of_version_1_each_place_where_the_controller_may_be_mounted(self, tmp_path):
        text = "4:memory:/m\n3:cpu,cpuacct:/d//e\n1:name=systemd:/s\n"
        assert self.folders(tmp_path, text) == [
            *("root/cpu,cpuacct/d/e", "root/cpu,cpuacct/d", "root/cpu,cpuacct"),
            *("root/cpu/d/e", "root/cpu/d", "root/cpu"),
        ]
        assert self.folders(tmp_path, text, "memory", ("elsewhere",)) == [
            *("root/memory/m", "root/memory", "root/memory/m", "root/memory"),
            *("root/elsewhere/m", "root/elsewhere"),
        ]

    def test_lines_that_are_none_and_a_file_that_is_missing(self, tmp_path):
        assert self.folders(tmp_path, "nonsense\n3:cpu\n\n0::/a\n") == ["root/a", "root"]
        assert cgroup_folders(tmp_path / "none", tmp_path, "cpu") == []

    def test_a_group_whose_name_is_no_utf_8_is_found(self, tmp_path):
        (tmp_path / "cgroup").write_bytes(b"0::/a\xff\n")
        root = tmp_path / "root"
        own = root / os.fsdecode(b"a\xff")
        assert cgroup_folders(tmp_path / "cgroup", root, "cpu") == [own, root]

    def test_of_processor_time_each_folder_once_whatever_link_leads_to_it(self, tmp_path):
        """As systemd mounts version 1: one mount of two controllers, and a link of each one's name."""
        (tmp_path / "cgroup").write_text("3:cpu,cpuacct:/d\n")
        root = tmp_path / "root"
        told(root / "cpu,cpuacct" / "d", cpu_stat="nr_throttled 3\nthrottled_time 2500000000\n")
        for name in ("cpu", "cpuacct"):
            (root / name).symlink_to("cpu,cpuacct")
        folders = processor_folders(tmp_path / "cgroup", root)
        assert folders == [root / "cpu,cpuacct" / "d", root / "cpu,cpuacct"]
        assert throttled_seconds(folders) == 2.5

    def test_of_processor_time_every_mount_that_is_one_of_its_own(self, tmp_path):
        (tmp_path / "cgroup").write_text("4:cpuacct:/a\n3:cpu:/b\n")
        root = tmp_path / "root"
        found = processor_folders(tmp_path / "cgroup", root)
        names = ["cpu/b", "cpu", "cpu,cpuacct/b", "cpu,cpuacct", "cpuacct/a", "cpuacct", "cpu,cpuacct/a"]
        assert found == [root / name for name in names]


class TestQuota:
    @pytest.mark.parametrize(
        ("text", "cores"),
        [
            ("250000 100000", 2.5),
            ("max 100000", None),
            ("100000 x", None),
            ("100000 0", None),
            ("0 100000", 0.0),
            ("100000", None),
            ("200000 100000 1", None),
            ("", None),
        ],
    )
    def test_of_version_2(self, tmp_path, text, cores):
        assert quota_cores(told(tmp_path, cpu_max=text)) == cores

    @pytest.mark.parametrize(
        ("quota", "period", "cores"),
        [
            ("50000", "100000", 0.5),
            ("50000 us", "100000 us", 0.5),
            ("-1", "100000", None),
            ("50000", "", None),
            ("", "100000", None),
            ("50000", "0", None),
        ],
    )
    def test_of_version_1(self, tmp_path, quota, period, cores):
        assert quota_cores(told(tmp_path, cpu_cfs_quota_us=quota, cpu_cfs_period_us=period)) == cores

    def test_of_both_the_newer_where_it_has_one(self, tmp_path):
        told(tmp_path, cpu_cfs_quota_us="300000", cpu_cfs_period_us="100000")
        assert quota_cores(told(tmp_path, cpu_max="max 100000")) == 3.0
        assert quota_cores(told(tmp_path, cpu_max="200000 100000")) == 2.0
        assert quota_cores(tmp_path / "none") is None


class TestThrottling:
    def test_microseconds_of_version_2_and_nanoseconds_of_version_1_added_up(self, tmp_path):
        new = told(tmp_path / "new", cpu_stat="usage_usec 5\nthrottled_usec 1500000\nthrottled_time 7\n")
        old = told(tmp_path / "old", cpu_stat="throttled_time 250000000\n")
        silent = told(tmp_path / "silent", cpu_stat="usage_usec 5\n")
        assert throttled_seconds([new]) == 1.5
        assert throttled_seconds([old]) == 0.25
        assert throttled_seconds([new, silent, old, new]) == 1.75
        assert throttled_seconds([silent, tmp_path / "none"]) is None
        assert throttled_seconds([]) is None
        assert throttled_seconds([told(tmp_path / "never", cpu_stat="throttled_usec 0")]) == 0.0


class TestUse:
    @pytest.mark.parametrize(
        ("files", "seconds"),
        [
            ({"cpu_stat": "usage_usec 2500000\nuser_usec 1\n", "cpuacct_usage": "1"}, 2.5),
            ({"cpu_stat": "throttled_time 7\n", "cpuacct_usage": "1500000000"}, 1.5),
            ({"cpuacct_usage": "1500000000 ns"}, 1.5),
            ({"cpuacct_usage": ""}, None),
            ({"cpuacct_usage": "much"}, None),
            ({}, None),
        ],
    )
    def test_microseconds_of_version_2_else_nanoseconds_of_version_1(self, tmp_path, files, seconds):
        assert used_seconds(told(tmp_path, **files)) == seconds


def test_names_and_whole_numbers(tmp_path):
    told(tmp_path, some_stat="a 1\nb x\nc 3\nd")
    assert keyed_numbers(tmp_path / "some.stat") == {"a": 1, "c": 3}
    assert keyed_numbers(tmp_path / "none") == {}


def test_words_of_a_file_that_can_be_read(tmp_path):
    told(tmp_path, a_txt="one two\nthree\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert file_words(tmp_path / "a.txt") == ["one", "two", "three"]
    assert file_words(tmp_path / "binary") == file_words(tmp_path / "none") == file_words(tmp_path) == []
