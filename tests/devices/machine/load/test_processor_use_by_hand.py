"""Counts of processors in which every term is another number: shares worked out by hand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from likeforlike.devices.machine.load.processor_use import (
    competing_fraction,
    container_fraction,
    others_cores,
    read_ticks,
    read_use,
    stolen_fraction,
    tree,
    tree_seconds,
)

TICK = os.sysconf("SC_CLK_TCK")
OWN = SimpleNamespace(user=1.0, system=2.0, children_user=4.0, children_system=8.0)


def stat(folder: Path, *lines: str) -> Path:
    (folder / "stat").write_text("\n".join([*lines, "intr 7"]) + "\n")
    return folder


def test_every_kind_of_use_is_wanted_and_what_waits_is_not(tmp_path: Path) -> None:
    """user nice system idle iowait irq softirq steal: 1 + 2 + 4 + 32 + 64 used, 128 stolen, 8 + 16 idle."""
    read = read_ticks(stat(tmp_path, "cpu  1 2 4 8 16 32 64 128 0 0"))
    assert read == {"wanted": 231, "stolen": 128, "all": 255, "processors": 1}


def test_of_some_processors_their_own_lines_are_added_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"cpu{n} {3**n} 0 0 {5**n} 0 0 0 0 0 0" for n in range(4)]
    stat(tmp_path, "cpu  40 0 0 156 0 0 0 0 0 0", *lines)
    some = {"wanted": 4, "stolen": 0, "all": 10, "processors": 2}
    whole = {"wanted": 40, "stolen": 0, "all": 196, "processors": 4}
    assert read_ticks(tmp_path, frozenset({0, 1})) == some
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 0} if pid == 0 else {2, 3})
    assert read_ticks(tmp_path) == some
    monkeypatch.delattr(os, "sched_getaffinity")
    assert read_ticks(tmp_path) == whole
    assert read_ticks(tmp_path / "elsewhere") is None


def test_lines_that_a_container_numbers_anew_are_all_its_own(tmp_path: Path) -> None:
    """LXD's file system for /proc calls processors 2, 3, 6 and 7 cpu0 to cpu3: none is told from another."""
    lines = [f"cpu{n} {3**n} 0 0 {5**n} 0 0 0 0 0 0" for n in range(4)]
    stat(tmp_path, "cpu  40 0 0 156 0 0 0 0 0 0", *lines)
    whole = {"wanted": 40, "stolen": 0, "all": 196, "processors": 4}
    assert read_ticks(tmp_path, frozenset({2, 3, 6, 7})) == whole
    # of the second and third alone: 3 + 9 used, 5 + 25 idle
    some = {"wanted": 12, "stolen": 0, "all": 42, "processors": 2}
    assert read_ticks(tmp_path, frozenset({1, 2})) == some


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ((100, 10), (150, 30), 0.4),
        ((100, 10), (101, 11), 1.0),
        ((100, 10), (100, 10), 0.0),
        ((100, 10), (90, 20), 0.0),
        ((100, 10), (150, 5), 0.0),
    ],
)
def test_stolen_is_a_share_of_what_was_wanted_meanwhile(
    before: tuple[int, int], after: tuple[int, int], share: float
) -> None:
    first, last = ({"wanted": wanted, "stolen": stolen} for wanted, stolen in (before, after))
    assert stolen_fraction(first, last) == pytest.approx(share)
    assert stolen_fraction(None, last) is None
    assert stolen_fraction(first, None) is None


def reading(wanted: int, stolen: int, everything: int, own: float, **more: Any) -> dict[str, Any]:
    ticks = {"wanted": wanted, "stolen": stolen, "all": everything, **more}
    return {"processor_ticks": ticks, "own_processor_seconds": own, "usable_cores": 1}


def test_neither_stolen_ticks_nor_those_before_count_as_others_use() -> None:
    """Of 400 ticks 300 were wanted, 50 of them stolen and 100 our own: 150 by others, of one processor."""
    before, after = reading(100, 10, 1000, 3.0), reading(400, 60, 1400, 3.0 + 100 / TICK)
    assert competing_fraction(before, after) == pytest.approx(150 / 400)
    assert competing_fraction(before | {"processor_ticks": None}, after) is None
    assert competing_fraction(before, after | {"processor_ticks": None}) is None
    assert competing_fraction({}, after) is None
    soon = reading(110, 10, 1010, 3.0)
    assert competing_fraction(before, soon) is None, "ten ticks say nothing, whatever was counted before them"


def test_on_the_whole_machine_others_are_counted_in_processors() -> None:
    """As above 150 of 400 ticks are others', of four processors: one and a half."""

    def reading(wanted: int, stolen: int, everything: int, own: float) -> dict[str, Any]:
        ticks = {"wanted": wanted, "stolen": stolen, "all": everything, "processors": 4}
        return {"machine_ticks": ticks, "own_processor_seconds": own}

    before, after = reading(100, 10, 1000, 0.0), reading(400, 60, 1400, 100 / TICK)
    assert others_cores(before, after) == pytest.approx(1.5)
    assert others_cores(before, reading(400, 60, 1400, 300 / TICK)) == 0.0
    assert others_cores(before, reading(110, 10, 1019, 0.0)) is None
    assert others_cores(before, reading(110, 10, 1020, 0.0)) == pytest.approx(2.0)
    assert others_cores(before, after | {"own_processor_seconds": None}) is None
    assert others_cores(before | {"machine_ticks": None}, after) is None
    assert others_cores(before, {}) is None


def test_both_our_processors_and_the_whole_machine_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"cpu{n} {3**n} 0 0 {5**n} 0 0 0 0 0 0" for n in range(4)]
    stat(tmp_path, "cpu  40 0 0 156 0 0 0 0 0 0", *lines)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    found = read_use(None, tmp_path, tmp_path / "none", tmp_path / "none")
    assert found["processor_ticks"] == {"wanted": 4, "stolen": 0, "all": 10, "processors": 2}
    assert found["machine_ticks"] == {"wanted": 40, "stolen": 0, "all": 196, "processors": 4}


def test_a_share_of_a_quota_is_of_its_cores_and_its_seconds() -> None:
    def container(used: float, own: float) -> dict[str, Any]:
        return {"container": {"quota_cores": 4.0, "used_seconds": used}, "own_processor_seconds": own}

    before = container(10.0, 1.0)
    assert container_fraction(before, container(13.0, 2.0), 0.5) == pytest.approx(2.0 / 0.5 / 4.0)
    assert container_fraction(before, container(10.5, 2.0), 0.5) == 0.0
    without = {"container": None, "own_processor_seconds": 2.0}
    assert container_fraction(before, without, 0.5) is None
    assert container_fraction(without, container(13.0, 3.0), 0.5) is None
    assert container_fraction(before, container(13.0, 0.5), 0.5) is None


def test_the_use_is_told_by_the_group_that_has_the_quota(tmp_path: Path) -> None:
    """Version 1 with both controllers under one mount and accounting under another as well: the first counts."""
    files = {
        "cpu/box/cpu.cfs_quota_us": "200000",
        "cpu/box/cpu.cfs_period_us": "100000",
        "cpu/box/cpuacct.usage": "5000000000",
        "cpuacct/box/cpuacct.usage": "7000000000",
    }
    for name, text in files.items():
        path = tmp_path / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    own = tmp_path / "own"
    own.write_text("3:cpuacct:/box\n2:cpu:/box\n")
    found = read_use(None, tmp_path, own, tmp_path / "groups")["container"]
    assert found == {"quota_cores": 2.0, "used_seconds": 5.0}
    (tmp_path / "groups" / "cpu/box/cpu.cfs_quota_us").write_text("-1")
    assert read_use(None, tmp_path, own, tmp_path / "groups")["container"] is None


class Process:
    """One with descendants; either of its answers may be refused."""

    def __init__(self, times: Any, descendants: Sequence[Any] = (), refuses: bool = False) -> None:
        self.times, self.descendants, self.refuses = times, descendants, refuses

    def children(self, recursive: bool = False) -> list[Any]:
        if self.refuses:
            raise psutil.AccessDenied(1)
        return list(self.descendants) if recursive else list(self.descendants[:1])

    def cpu_times(self) -> Any:
        if isinstance(self.times, Exception):
            raise self.times
        return self.times


def test_seconds_are_of_the_whole_tree_and_of_what_has_ended() -> None:
    child, gone = Process(OWN), Process(psutil.NoSuchProcess(2))
    plain = Process(SimpleNamespace(user=16.0, system=32.0))
    parent = Process(OWN, [child, gone, plain])
    assert tree_seconds(parent) == 15.0 + 15.0 + 48.0  # type: ignore[arg-type]
    assert tree_seconds(Process(SimpleNamespace(user=0.25, system=0.5))) == 0.75  # type: ignore[arg-type]


def test_what_may_not_be_asked_stands_for_itself() -> None:
    alone = Process(OWN, [Process(OWN)], refuses=True)
    assert tree(alone) == [alone]  # type: ignore[arg-type, comparison-overlap]
