"""What a worker waited for, from a made-up /proc and made-up control groups; time is what the test says."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from likeforlike.devices.machine.load.waits import (
    ThreadTimes,
    WaitMeter,
    WaitReader,
    Waits,
    kept_waiting_seconds,
    thread_times,
    waiting_reasons,
)
from likeforlike.devices.machine.state import Probe
from likeforlike.devices.vendors.device import Device

PID = 71
MS = 1_000_000


class Machine:
    """A /proc, a file that names the groups, and a tree of groups; and the time."""

    def __init__(self, folder: Path, groups: str = "0::/\n") -> None:
        self.proc, self.groups, self.root = folder / "proc", folder / "cgroup", folder / "groups"
        self.proc.mkdir()
        self.root.mkdir()
        self.groups.write_text(groups)
        self.now = 100.0

    def thread(self, number: int, ran_ms: float, waited_ms: float, pid: int = PID) -> None:
        folder = self.proc / str(pid) / "task" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "schedstat").write_text(f"{int(ran_ms * MS)} {int(waited_ms * MS)} 12\n")

    def ends(self, number: int) -> None:
        shutil.rmtree(self.proc / str(PID) / "task" / str(number))

    def pressure(self, name: str, some_ms: float, group: str | None = None) -> None:
        folder = self.proc / "pressure" if group is None else self.root / group
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / (name if group is None else f"{name}.pressure")
        path.write_text(
            f"some avg10=9.99 avg60=9.99 avg300=9.99 total={int(some_ms * 1000)}\n"
            f"full avg10=9.99 avg60=9.99 avg300=9.99 total=99999999\n"
        )

    def stat(self, group: str, text: str) -> None:
        (self.root / group).mkdir(parents=True, exist_ok=True)
        (self.root / group / "cpu.stat").write_text(text)

    def meter(self, cores: int = 2, held_to: int | None = None) -> WaitMeter:
        reader = WaitReader(self.proc, self.groups, self.root)
        return WaitMeter(reader, lambda: self.now, cores, lambda pid: range(held_to or cores))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("waited_ms", "said"),
    [(0, []), (9.9, []), (10.1, ["waited 10 % of its time for a processor"])],
)
def test_a_sample_that_waited_a_tenth_of_its_time_is_disturbed(
    machine: Machine, waited_ms: float, said: list[str]
) -> None:
    machine.thread(1, ran_ms=5000, waited_ms=7000)
    meter = machine.meter()
    meter.start([PID])
    machine.now += 0.1
    machine.thread(1, ran_ms=5080, waited_ms=7000 + waited_ms)
    assert meter.stop() == said


def test_what_a_sample_waited_is_told_of_each_disturbed_or_not(machine: Machine) -> None:
    machine.thread(1, ran_ms=10, waited_ms=7)
    meter = machine.meter()
    meter.start([PID])
    assert meter.kept_waiting_seconds is None
    machine.now += 0.1
    machine.thread(1, ran_ms=90, waited_ms=9.5)
    assert meter.stop() == []
    assert meter.kept_waiting_seconds == pytest.approx(2.5e-3)
    machine.ends(1)
    meter.start([PID])
    machine.now += 0.1
    assert meter.stop() == []
    assert meter.kept_waiting_seconds is None


def test_the_thread_that_waited_longest_counts_and_not_their_sum(machine: Machine) -> None:
    """Twenty threads that are woken at once wait a little each; one that waits long holds all up."""
    for number in range(20):
        machine.thread(number, 0, 0)
    machine.thread(0, 1, 0)
    meter = machine.meter()
    meter.start([PID])
    machine.now += 0.1
    for number in range(20):
        machine.thread(number, 2, 4)
    assert meter.stop() == []
    meter.start([PID])
    machine.now += 0.1
    machine.thread(19, 3, 34)
    assert meter.stop() == ["waited 30 % of its time for a processor"]


def test_threads_that_wait_for_one_another_are_not_disturbed_by_others(machine: Machine) -> None:
    """Four threads on two cores, which they use up: each waits half of the time, and nobody else was there."""
    for number in range(4):
        machine.thread(number, 1, 0)
    meter = machine.meter(cores=2)
    meter.start([PID])
    machine.now += 0.1
    for number in range(4):
        machine.thread(number, 1 + 49, 50)
    assert meter.stop() == []
    # the same waits where others took a quarter of the cores' time
    meter.start([PID])
    machine.now += 0.1
    for number in range(4):
        machine.thread(number, 50 + 37, 100)
    assert meter.stop() == ["waited 50 % of its time for a processor"]


def test_threads_that_begin_and_end_in_between(machine: Machine) -> None:
    machine.thread(1, 900, 900)
    machine.thread(2, 1, 0)
    meter = machine.meter()
    meter.start([PID])
    machine.now += 0.1
    machine.ends(1)
    machine.thread(3, 5, 8)
    assert meter.stop() == []
    meter.start([PID])
    machine.now += 0.1
    machine.thread(4, 50, 20)  # all of a new thread's waiting lies in between
    assert meter.stop() == ["waited 20 % of its time for a processor"]


def test_a_number_that_is_given_again_is_another_thread() -> None:
    before = {(1, 1): ThreadTimes(9.0, 8.0)}
    assert kept_waiting_seconds(before, {(1, 1): ThreadTimes(0.1, 0.5)}, 1.0, 2) == 0.5


def test_all_processes_of_a_worker_count_and_no_other(machine: Machine) -> None:
    for pid in (71, 72, 73):
        machine.thread(pid, 1, 0, pid)
    meter = machine.meter()
    meter.start([71, 72])
    machine.now += 0.1
    machine.thread(73, 50, 50, 73)
    assert meter.stop() == []
    meter.start([71, 72])
    machine.now += 0.1
    machine.thread(72, 50, 50, 72)
    assert meter.stop() == ["waited 50 % of its time for a processor"]


def test_where_threads_are_not_told_the_pressure_is(machine: Machine) -> None:
    machine.thread(1, 0, 0)  # a kernel that doesn't count says nothing but zeros
    machine.pressure("cpu", 1000)
    meter = machine.meter()
    meter.start([PID])
    machine.now += 0.1
    machine.pressure("cpu", 1020)
    assert meter.stop() == ["waited 20 % of its time for a processor"]


def test_where_threads_are_told_the_pressure_of_others_is_not_asked(machine: Machine) -> None:
    machine.thread(1, 1, 0)
    machine.pressure("cpu", 1000)
    meter = machine.meter()
    meter.start([PID])
    machine.now += 0.1
    machine.pressure("cpu", 1090)
    machine.thread(1, 99, 0)
    assert meter.stop() == []


def test_memory_of_the_own_group_comes_before_the_machine_s(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "4:memory:/jobs\n0::/jobs/mine\n")
    machine.pressure("memory", 0)
    machine.pressure("memory", 0, "jobs/mine")
    meter = machine.meter()
    meter.start([])
    machine.now += 0.1
    machine.pressure("memory", 90)
    assert meter.stop() == []
    meter.start([])
    machine.now += 0.1
    machine.pressure("memory", 30, "jobs/mine")
    assert meter.stop() == ["memory was short for 30 % of its time"]


@pytest.mark.parametrize(
    ("groups", "folder", "before", "after"),
    [
        ("0::/a/b\n", "a", "usage_usec 1\nthrottled_usec 500\n", "usage_usec 1\nthrottled_usec 20500\n"),
        ("0::/\n", ".", "usage_usec 1\nthrottled_usec 500\n", "usage_usec 1\nthrottled_usec 20500\n"),
        ("2:cpu:/a\n", "cpu/a", "throttled_time 500\n", "throttled_time 20000500\n"),
        ("2:cpu,cpuacct:/a\n", "cpu,cpuacct/a", "throttled_time 500\n", "throttled_time 20000500\n"),
    ],
    ids=["version 2, of a group above", "version 2, a container's root", "version 1", "version 1, together"],
)
def test_a_quota_that_held_back_disturbs(
    tmp_path: Path, groups: str, folder: str, before: str, after: str
) -> None:
    machine = Machine(tmp_path, groups)
    machine.stat(folder, "nr_throttled 3\n" + before)
    meter = machine.meter()
    meter.start([])
    machine.now += 0.1
    assert meter.stop() == []
    meter.start([])
    machine.now += 0.1
    machine.stat(folder, "nr_throttled 4\n" + after)
    assert meter.stop() == ["the container's processor quota held it back for 0.02 s"]


def test_what_cannot_be_read_disturbs_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "")
    machine.groups.unlink()
    meter = machine.meter()
    assert meter.stop() == [], "never started"
    meter.start([PID, 1])
    machine.now += 0.1
    assert meter.stop() == []
    assert machine.meter()._reader.read([PID]) == Waits(None, None, None, None)


@pytest.mark.parametrize("text", ["", "some\n", "some avg10=0.0 total=many\n", "\x00"])
def test_a_file_that_says_something_else_disturbs_nothing(machine: Machine, text: str) -> None:
    machine.thread(1, 1, 0)
    (machine.proc / str(PID) / "task" / "1" / "schedstat").write_text(text)
    machine.pressure("cpu", 0)
    (machine.proc / "pressure" / "cpu").write_text(text)
    machine.stat(".", text)
    meter = machine.meter()
    meter.start([PID])
    machine.now += 0.1
    assert meter.stop() == []


def test_readings_that_come_or_go_in_between_disturb_nothing(machine: Machine) -> None:
    meter = machine.meter()
    meter.start([PID])
    machine.thread(1, 50, 90)
    machine.now += 0.1
    assert meter.stop() == [], "nobody knows since when it waited"
    meter.start([PID])
    machine.ends(1)
    machine.now += 0.1
    assert meter.stop() == []


def test_no_time_is_no_share() -> None:
    full = Waits({(1, 1): ThreadTimes(1.0, 1.0)}, None, 1.0, 1.0)
    assert waiting_reasons(Waits({}, None, 0.0, 0.0), full, 0.0, 2) == []


def test_a_probe_tells_of_the_waiting_of_the_worker_it_was_given(machine: Machine) -> None:
    machine.thread(1, 1, 0)
    places = {"cgroup_file": machine.groups, "cgroup_root": machine.root}
    with Probe(Device("cpu", 0, ""), proc=machine.proc, clock=lambda: machine.now, **places) as probe:
        probe.start([PID])
        machine.now += 0.05
        machine.thread(1, 1, 25)
        assert probe.read() == ["waited 50 % of its time for a processor"]
        assert probe.read() == []


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="reads /proc")
def test_the_kernel_s_own_files_read_as_ours_do() -> None:
    """All threads of this process are found, and those that exist have run."""

    release = threading.Event()
    threads = [threading.Thread(target=release.wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    times = thread_times([os.getpid()], Path("/proc"))
    release.set()
    for thread in threads:
        thread.join()
    if times is not None:  # a kernel may keep no such count
        assert {(os.getpid(), thread.native_id) for thread in threads} <= set(times)
        assert times[os.getpid(), os.getpid()].run_seconds > 0


def _turn(machine: Machine, meter: WaitMeter, count: int, others_ms: int, threads: int = 1) -> list[str]:
    """A turn of 50 ms: each of the worker's threads runs 20 ms of it and waits 25; others work meanwhile."""
    meter.start([PID])
    machine.now += 0.05
    for thread in range(1, threads + 1):
        machine.thread(thread, 20 * (count + 1), 25 * (count + 1))
    for woken in range(100, 120):  # with the worker, to sleep on at once
        machine.thread(woken, 0.1 * (count + 1), 0)
    busy = (count + 1) * (20 * threads + 2 + others_ms) * os.sysconf("SC_CLK_TCK") // 1000
    (machine.proc / "stat").write_text(f"cpu  {busy} 0 0 1000000 0 0 0 0\ncpu0 {busy} 0 0 1000000 0 0 0 0\n")
    return meter.stop()


@pytest.mark.parametrize(("others_ms", "disturbed"), [(0, False), (3, False), (25, True)])
def test_waits_are_laid_at_the_door_of_others_only_where_they_worked(
    machine: Machine, others_ms: int, disturbed: bool
) -> None:
    """Twenty turns, of which the last ten are what counts: ticks say little of one alone."""
    machine.thread(1, 0, 0)
    (machine.proc / "stat").write_text("cpu  0 0 0 1000000 0 0 0 0\ncpu0 0 0 0 1000000 0 0 0 0\n")
    meter = machine.meter()
    told = [_turn(machine, meter, n, others_ms) for n in range(20)]
    assert all(bool(reasons) == disturbed for reasons in told[10:])


@pytest.mark.parametrize(
    ("threads", "others_ms", "held_to", "disturbed"),
    [
        (1, 25, 16, False),  # a GPU's cell, half a core of others: fourteen cores are free
        (4, 490, 16, False),
        (4, 590, 16, True),
        (15, 25, 16, True),  # a product on all cores, of which one must be shared
        (14, 25, 16, False),
        (2, 25, 2, True),  # held to two cores by --pin
    ],
)
def test_on_many_cores_others_keep_nobody_waiting_while_one_is_free(
    machine: Machine, threads: int, others_ms: int, held_to: int, disturbed: bool
) -> None:
    for thread in range(1, threads + 1):
        machine.thread(thread, 0, 0)
    (machine.proc / "stat").write_text("cpu  0 0 0 1000000 0 0 0 0\ncpu0 0 0 0 1000000 0 0 0 0\n")
    meter = machine.meter(16, held_to)
    told = [_turn(machine, meter, n, others_ms, threads) for n in range(20)]
    assert all(bool(reasons) == disturbed for reasons in told[10:])
