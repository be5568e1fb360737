"""What a worker waited for, at the edges, and whose work it was; readings are made up."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from likeforlike.devices.machine.load import waits
from likeforlike.devices.machine.load.waits import (
    ThreadTimes,
    WaitMeter,
    Waits,
    busy_seconds,
    kept_waiting_seconds,
    pressure_seconds,
    ran_seconds,
    thread_times,
    waiting_reasons,
    working_threads,
)

TICK = os.sysconf("SC_CLK_TCK")
ONE = (7, 8)
NOTHING = Waits(None, 0.0, 0.0, 0.0)


def test_a_new_thread_counts_from_nothing() -> None:
    after = {ONE: ThreadTimes(0.5, 0.25)}
    assert ran_seconds({}, after) == 0.5
    assert kept_waiting_seconds({}, after, 1.0, 2) == 0.25
    assert kept_waiting_seconds({}, {ONE: ThreadTimes(0.5, 1.5)}, 2.0, 2) == 1.5


@pytest.mark.parametrize(
    ("ran", "cores", "kept"), [(0.5, 1, 0.5), (0.9, 1, pytest.approx(0.1)), (1.2, 1, 0.0), (1.2, 2, 0.7)]
)
def test_others_had_no_more_than_the_worker_left(ran: float, cores: int, kept: float) -> None:
    after = {ONE: ThreadTimes(ran, 0.7)}
    assert kept_waiting_seconds({}, after, 1.0, cores) == kept
    assert kept_waiting_seconds({}, {}, 1.0, cores) == 0.0


@pytest.mark.parametrize(("ran", "works"), [(0.01, 0), (0.02, 0), (0.03, 1), (0.5, 1)])
def test_who_ran_for_a_fiftieth_or_less_wants_no_core(ran: float, works: int) -> None:
    assert working_threads({}, {ONE: ThreadTimes(ran, 9.0)}, 1.0) == works
    assert working_threads({}, {ONE: ThreadTimes(2 * ran, 0.0)}, 2.0) == works
    assert working_threads({ONE: ThreadTimes(ran, 0.0)}, {ONE: ThreadTimes(ran, 9.0)}, 1.0) == 0


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("processor_pressure_seconds", "waited {} % of its time for a processor"),
        ("memory_pressure_seconds", "memory was short for {} % of its time"),
        ("throttled_seconds", "the container's processor quota held it back for 0.{} s"),
    ],
)
def test_a_tenth_of_the_time_disturbs_nothing_and_more_does(field: str, told: str) -> None:
    assert waiting_reasons(NOTHING, replace(NOTHING, **{field: 0.1}), 1.0) == []
    assert waiting_reasons(NOTHING, replace(NOTHING, **{field: 0.11}), 1.0) == [told.format(11)]
    for unread in (None, 0.0):
        before, after = replace(NOTHING, **{field: unread}), replace(NOTHING, **{field: 0.5})
        assert (waiting_reasons(before, after, 1.0) == []) == (unread is None)
        assert waiting_reasons(after, replace(NOTHING, **{field: None}), 1.0) == []


def test_what_nobody_else_can_have_caused_is_not_told() -> None:
    after = replace(NOTHING, processor_pressure_seconds=0.5)
    assert waiting_reasons(NOTHING, after, 1.0, others_worked=False) == []
    assert waiting_reasons(NOTHING, after, 0.0) == []


def test_stolen_ticks_were_nobody_s_work(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu  1 2 4 8 16 32 64 128 0 0\n")
    assert busy_seconds(tmp_path) == 103 / TICK
    assert busy_seconds(tmp_path / "elsewhere") is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("some avg10=0.00 total=1500000\nfull avg10=0.00 total=7\n", 1.5),
        ("some avg10=0.00 total=2\n", 2e-6),
        ("nothing\n", None),
        ("", None),
    ],
)
def test_pressure_is_that_of_some_tasks(tmp_path: Path, text: str, seconds: float | None) -> None:
    path = tmp_path / "cpu"
    assert pressure_seconds(path) is None
    path.write_text(text)
    assert pressure_seconds(path) == seconds
    assert pressure_seconds(None) is None


def test_threads_that_have_ended_are_passed_over(tmp_path: Path) -> None:
    """Of process 4 nothing is there, of 5 one thread is gone, another tells no numbers, the last tells them."""
    for name, text in {"1": None, "2": "a b c", "3": "", "4": "1500000000 250000000 3\n"}.items():
        folder = tmp_path / "5" / "task" / name
        folder.mkdir(parents=True)
        if text is not None:
            (folder / "schedstat").write_text(text)
    assert thread_times([4, 5], tmp_path) == {(5, 4): ThreadTimes(1.5, 0.25)}
    assert thread_times([4], tmp_path) is None
    open_files = len(os.listdir("/proc/self/fd"))
    thread_times([5] * 9, tmp_path)
    assert len(os.listdir("/proc/self/fd")) == open_files


WAITED = "waited 50 % of its time for a processor"


class Readings:
    """A reader and a clock of turns that are told: their seconds, and those that others worked in each."""

    def __init__(self, turns: Sequence[tuple[float, float]]) -> None:
        self.moment, self.asked = 5.0, 0
        at, ran, waited, busy = 5.0, 1.0, 1.0, 1.0
        self.readings: list[tuple[float, Waits]] = []
        for seconds, others in turns:
            for _ in range(2):  # the one before the turn, and the one after it
                threads = {ONE: ThreadTimes(ran, waited)}
                self.readings.append((at, Waits(threads, None, None, None, busy)))
                if len(self.readings) % 2:
                    at, ran, waited = at + seconds, ran + seconds / 8, waited + seconds / 2
                    busy += seconds / 8 + others

    def read(self, pids: Sequence[int]) -> Waits:
        assert pids == (7,)
        self.moment, waits = self.readings.pop(0)
        return waits

    def clock(self) -> float:
        """Read after the first reading of a turn, and before the second."""
        self.asked += 1
        return self.moment if self.asked % 2 else self.readings[0][0]


def accused(*turns: tuple[float, float]) -> list[bool]:
    """Whether others are told to have kept the worker waiting, turn by turn, on one core."""
    readings: Any = Readings(turns)
    meter = WaitMeter(readings, readings.clock, cores=1, affinity=lambda pid: ())
    found = []
    for seconds, _ in turns:
        meter.start([7])
        reasons = meter.stop()
        found.append(bool(reasons))
        assert all(reason.startswith(WAITED) for reason in reasons)
        assert meter.kept_waiting_seconds == pytest.approx(seconds / 2)
    return found


@pytest.mark.parametrize(("others", "told"), [(0.125, True), (0.2, True), (0.0625, False), (0.0, False)])
def test_others_that_used_a_tenth_of_a_core_are_accused(others: float, told: bool) -> None:
    assert accused((1.0, others)) == [told]


def test_turns_of_the_last_half_second_count_and_no_earlier_ones() -> None:
    assert accused((0.25, 0.25), (0.125, 0.0)) == [True, True]
    assert accused((0.25, 0.75), (0.5, 0.0)) == [True, False]
    assert accused((0.5, 0.5), (0.25, 0.0), (0.25, 0.0)) == [True, True, False]
    assert accused((0.25, 0.25), (0.25, 0.0)) == [True, True]


@pytest.mark.parametrize(
    ("turns", "used"),
    [
        ([(1.0, 0.25)], "25 %"),  # a second, of which others worked a quarter
        ([(2.0, 0.25)], "12 %"),  # 0.125 of a core; a half is rounded to the even
        ([(1.0, 1.5)], "150 %"),
        ([(0.25, 0.25), (0.125, 0.0)], "67 %"),  # 0.25 s in 0.375 s of turns
        ([(0.25, 0.75), (0.5, 0.25)], "50 %"),  # of the last turn alone
    ],
)
def test_beside_a_wait_stands_what_others_used(turns: list[tuple[float, float]], used: str) -> None:
    """More of it they can't have caused: own threads wait for one another, too."""
    readings: Any = Readings(turns)
    meter = WaitMeter(readings, readings.clock, cores=1, affinity=lambda pid: ())
    for _ in turns:
        meter.start([7])
        reasons = meter.stop()
    assert reasons == [f"{WAITED}, while others used {used} of a core"]


def test_where_nobody_knows_what_others_used_the_wait_stands_alone() -> None:
    before, after = (Waits({ONE: ThreadTimes(1.0, seconds)}, None, None, None) for seconds in (1.0, 1.5))
    assert waiting_reasons(before, after, 1.0, 1) == [WAITED]
    assert waiting_reasons(before, after, 1.0, 1, True, 0.3) == [
        f"{WAITED}, while others used 30 % of a core"
    ]
    assert waiting_reasons(before, after, 1.0, 1, False, 0.3) == []


def test_a_system_that_holds_no_process_to_processors_loads_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As macOS, where ``likeforlike devices`` lists the chip and its GPU."""
    monkeypatch.delattr(os, "sched_getaffinity")
    spec = importlib.util.spec_from_file_location("waits_on_another_system", waits.__file__)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, loaded)  # where its dataclasses look
    spec.loader.exec_module(loaded)
    readings: Any = None
    meter = loaded.WaitMeter(readings, readings, cores=3)
    meter._pids = (7,)
    assert meter._cores_of_the_worker() == 3
