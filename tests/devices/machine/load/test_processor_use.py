"""Who used the processors between two readings: made-up counts, shares worked out by hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from likeforlike.devices.machine.load.processor_use import (
    competing_fraction,
    container_fraction,
    read_ticks,
    read_use,
)

TICK = os.sysconf("SC_CLK_TCK")


def reading(used: int, everything: int, own: float = 0.0, there: int = 4, usable: int = 4) -> dict:
    ticks = {"wanted": used, "stolen": 0, "all": everything, "processors": there}
    return {"processor_ticks": ticks, "own_processor_seconds": own, "usable_cores": usable}


def test_only_processors_that_we_may_run_on_count(tmp_path: Path) -> None:
    lines = ["cpu  60 0 0 240 0 0 0 3 0 0", *(f"cpu{n} {10 * n} 0 0 60 0 0 0 {n % 2} 0 0" for n in range(4))]
    (tmp_path / "stat").write_text("\n".join([*lines, "intr 5 6 7", "cpufreq 1"]) + "\n")
    assert read_ticks(tmp_path, frozenset({0, 1, 2, 3})) == {
        "wanted": 63,
        "stolen": 3,
        "all": 303,
        "processors": 4,
    }
    assert read_ticks(tmp_path, frozenset({1, 2})) == {
        "wanted": 31,
        "stolen": 1,
        "all": 151,
        "processors": 2,
    }
    assert read_ticks(tmp_path, frozenset({64})) == read_ticks(tmp_path, frozenset({0, 1, 2, 3}))


@pytest.mark.parametrize("text", ["", "cpu\n", "cpu  1 2 3\n", "cpu  a b c d e f g h\n", "ctxt 12\n"])
def test_lines_of_another_kind_are_no_count(tmp_path: Path, text: str) -> None:
    (tmp_path / "stat").write_text(text)
    assert read_ticks(tmp_path) is None


def test_what_we_used_is_not_others_use() -> None:
    # 4 processors for 1 s; 3 s used, 2 of them by us
    after = reading(3 * TICK, 4 * TICK, own=2.0)
    assert competing_fraction(reading(0, 0), after) == pytest.approx(0.25)
    assert competing_fraction(reading(0, 0), reading(2 * TICK, 4 * TICK, own=2.3)) == 0.0


@pytest.mark.parametrize(("others", "fraction"), [(60, 0.0), (62, 0.0), (63, 0.5), (64, 1.0)])
def test_with_a_quota_others_hurt_once_too_few_cores_are_left(others: int, fraction: float) -> None:
    """64 processors, two of which a quota allows us: others take from us what they use beyond 62."""
    after = reading(others * TICK, 64 * TICK, there=64, usable=2)
    assert competing_fraction(reading(0, 0, there=64, usable=2), after) == pytest.approx(fraction)


def test_a_few_ticks_say_nothing() -> None:
    assert competing_fraction(reading(0, 0), reading(10, 19)) is None
    assert competing_fraction(reading(0, 0), reading(10, 20)) == pytest.approx(0.5)


def test_seconds_that_were_lost_accuse_nobody() -> None:
    assert competing_fraction(reading(0, 0, own=5.0), reading(400, 400, own=4.0)) is None
    unknown = reading(400, 400) | {"own_processor_seconds": None}
    assert competing_fraction(reading(0, 0), unknown) is None


def groups(folder: Path, version: int, used_seconds: float, quota: str) -> dict[str, Path]:
    """A container with a quota: its group is the root that it sees, or lies where the host has put it."""
    root = folder / "groups"
    if version == 2:
        files = {"box/cpu.max": f"{quota} 100000", "box/cpu.stat": f"usage_usec {int(used_seconds * 1e6)}\n"}
        line = "0::/box/deeper\n"
        files |= {"box/deeper/cpu.max": "max 100000", "box/deeper/cpu.stat": "usage_usec 7\n"}
    else:
        files = {
            "cpu/box/cpu.cfs_quota_us": "-1" if quota == "max" else quota,
            "cpu/box/cpu.cfs_period_us": "100000",
            "cpu/cpu.cfs_quota_us": "-1",
            "cpu/cpu.cfs_period_us": "100000",
            "cpuacct/box/cpuacct.usage": str(int(used_seconds * 1e9)),
            "cpuacct/cpuacct.usage": "999999999999999",
        }
        line = "3:cpuacct:/box\n2:cpu:/box\n"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "own").write_text(line)
    return {"cgroup_file": folder / "own", "cgroup_root": root}


class Own:
    """A process without children that has used so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.user, self.system = seconds, 0.0

    def children(self, recursive: bool) -> list:
        return []

    def cpu_times(self) -> Own:
        return self


@pytest.mark.parametrize("version", [1, 2])
def test_the_neighbours_in_a_container_are_counted_by_its_quota(tmp_path: Path, version: int) -> None:
    before = read_use(Own(10.0), tmp_path, **groups(tmp_path, version, 100.0, "200000"))
    after = read_use(Own(13.0), tmp_path, **groups(tmp_path, version, 105.0, "200000"))
    # of 2 cores x 4 s, 5 s were used in the container, 3 of them by us
    assert container_fraction(before, after, 4.0) == pytest.approx(2 / 8)
    assert competing_fraction(before, after) is None, "no /proc/stat"
    assert container_fraction(before, after, 0.0) is None


def test_the_tightest_of_several_quotas_is_the_container(tmp_path: Path) -> None:
    places = groups(tmp_path, 2, 100.0, "200000")
    (places["cgroup_root"] / "box" / "deeper" / "cpu.max").write_text("50000 100000")
    container = read_use(Own(0), tmp_path, **places)["container"]
    assert container == {"quota_cores": 0.5, "used_seconds": 7e-6}


@pytest.mark.parametrize("version", [1, 2])
def test_without_a_quota_there_is_no_container(tmp_path: Path, version: int) -> None:
    assert read_use(Own(0), tmp_path, **groups(tmp_path, version, 100.0, "max"))["container"] is None
    nowhere = {"cgroup_file": tmp_path / "none", "cgroup_root": tmp_path / "none"}
    assert read_use(Own(0), tmp_path, **nowhere)["container"] is None
