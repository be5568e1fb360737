"""The machine's state from files and a stand-in for NVML, and what counts as a disturbance."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace

import psutil
import pytest

from likeforlike.devices.machine import state
from likeforlike.devices.machine.state import (
    BUSY_SECONDS,
    Probe,
    StealMeter,
    busy,
    disturbance,
    drew_as_well,
    read_ticks,
    snapshot,
    stolen_fraction,
)
from likeforlike.devices.vendors.device import Device
from likeforlike.devices.vendors.makers import known_makers
from likeforlike.devices.vendors.nvidia import nvml as nvidia
from likeforlike.devices.vendors.nvidia.nvml import throttled

CPU = Device("cpu", 0, "a processor")
GPU = Device("gpu", 0, "a GPU", uuid="GPU-11111111-aaaa", nvml_index=0, maker="nvidia")
NOBODY = 2**22 + 1
"""A process id beyond the kernel's largest."""


@pytest.fixture
def proc(tmp_path):
    """A /proc whose first line of stat the test writes: user nice system idle iowait irq softirq steal."""

    def write(*ticks):
        (tmp_path / "stat").write_text(
            f"cpu  {' '.join(map(str, ticks))} 0 0\ncpu0 9 9 9 9 9 9 9 9 0 0\nintr 1 2 3\n"
        )
        return tmp_path

    write(0, 0, 0, 0, 0, 0, 0, 0)
    write.path = tmp_path
    return write


class Own:
    """A process without children that has used so many seconds."""

    pid = 7

    def __init__(self, seconds):
        self.seconds = seconds

    def children(self, recursive):
        return []

    def cpu_times(self):
        return SimpleNamespace(user=self.seconds, system=0.0)


def test_stolen_time_is_a_share_of_the_time_wanted(proc):
    before = read_ticks(proc(100, 0, 100, 1000, 50, 0, 0, 0))
    after = read_ticks(proc(150, 10, 120, 9000, 60, 5, 5, 10))
    # Wanted: 50 + 10 + 20 + 5 + 5 used and 10 stolen; the 8,010 idle ticks don't dilute it.
    assert stolen_fraction(before, after) == pytest.approx(10 / 100)
    assert stolen_fraction(after, after) == 0.0
    assert stolen_fraction(None, after) is None


def test_a_kernel_that_does_not_count_is_no_thief(tmp_path):
    assert read_ticks(tmp_path) is None
    (tmp_path / "stat").write_text("cpu  1 2 3\n")
    assert read_ticks(tmp_path) is None
    assert StealMeter(tmp_path).read() == 0.0


def test_the_meter_reads_since_its_last_reading(proc):
    meter = StealMeter(proc(100, 0, 0, 0, 0, 0, 0, 0))
    proc(190, 0, 0, 0, 0, 0, 0, 10)
    assert meter.read() == pytest.approx(0.1)
    proc(290, 0, 0, 0, 0, 0, 0, 10)
    assert meter.read() == 0.0


def take(proc, own=0.0, previous=None, **more):
    return snapshot(CPU, lambda: 5.0, Own(own), proc=proc, sys_cpu=proc / "sys", previous=previous, **more)


def test_a_snapshot_is_plain_json_and_has_what_a_result_file_promises(proc):
    first = take(proc(0, 0, 0, 0, 0, 0, 0, 0))
    taken = take(proc(95, 0, 0, 0, 0, 0, 0, 5), previous=first)
    assert json.loads(json.dumps(taken, allow_nan=False)) == taken
    assert (first["stolen_fraction"], taken["stolen_fraction"]) == (None, pytest.approx(0.05))
    assert (taken["governor"], taken["gpu"], taken["clock_seconds"]) == (None, None, 5.0)
    assert isinstance(taken["load_1m"], float)


def test_governor_and_frequency_are_those_of_the_first_processor_that_may_be_used(proc, monkeypatch):
    monkeypatch.setattr(state, "usable", lambda: {67, 5, 64})
    (proc.path / "sys" / "cpu0" / "cpufreq").mkdir(parents=True)
    (proc.path / "sys" / "cpu0" / "cpufreq" / "scaling_governor").write_text("performance\n")
    folder = proc.path / "sys" / "cpu5" / "cpufreq"
    folder.mkdir(parents=True)
    (folder / "scaling_governor").write_text("powersave\n")
    (folder / "scaling_cur_freq").write_text("2400000\n")
    taken = take(proc.path)
    assert (taken["governor"], taken["frequency_hertz"]) == ("powersave", 2.4e9)


def test_a_calm_machine_disturbs_nothing(proc):
    before = take(proc(0, 0, 0, 0, 0, 0, 0, 0), own=0.0)
    after = take(proc(500, 0, 0, 500, 0, 0, 0, 1), own=5.0)
    assert disturbance(before, after) == []


def test_stolen_time_disturbs(proc):
    before = take(proc(0, 0, 0, 0, 0, 0, 0, 0))
    after = take(proc(87, 0, 0, 900, 0, 0, 0, 13), own=0.87)
    assert disturbance(before, after) == ["13 % of processor time stolen"]


def test_the_load_of_others_disturbs_and_our_own_does_not(proc):
    tick = os.sysconf("SC_CLK_TCK")
    before = take(proc(0, 0, 0, 0, 0, 0, 0, 0), own=0.0)
    after = proc(8 * tick, 0, 0, 2 * tick, 0, 0, 0, 0)
    assert disturbance(before, take(after, own=8.0)) == []
    assert disturbance(before, take(after, own=5.0)) == ["other programs used 30 % of the processor"]


def test_a_tenth_of_the_processor_is_the_bound(proc):
    before = take(proc(0, 0, 0, 0, 0, 0, 0, 0))
    assert disturbance(before, take(proc(100, 0, 0, 900, 0, 0, 0, 0))) == []
    assert disturbance(before, take(proc(110, 0, 0, 890, 0, 0, 0, 0))) == [
        "other programs used 11 % of the processor"
    ]


def test_want_of_memory_and_a_quota_disturb_a_launch(proc, tmp_path):
    (tmp_path / "pressure").mkdir()
    group = tmp_path / "cgroup"
    group.mkdir()
    (tmp_path / "self").write_text("0::/\n")

    def look(now, pressed, throttled):
        (tmp_path / "pressure" / "memory").write_text(f"some avg10=0.00 total={pressed}\nfull total=0\n")
        (group / "cpu.stat").write_text(f"usage_usec 0\nthrottled_usec {throttled}\n")
        places = {"cgroup_file": tmp_path / "self", "cgroup_root": group}
        return snapshot(CPU, lambda: now, Own(0), proc=tmp_path, sys_cpu=tmp_path / "sys", **places)

    before = look(10.0, 5_000_000, 1_000_000)
    assert disturbance(before, look(20.0, 6_000_000, 2_000_000)) == []
    assert disturbance(before, look(20.0, 6_500_000, 3_000_000)) == [
        "memory was short for 15 % of the time",
        "the container's processor quota held it back for 2 s",
    ]


def test_when_a_worker_ended_in_between_others_are_not_accused(proc):
    before = take(proc(0, 0, 0, 0, 0, 0, 0, 0), own=100.0)
    assert disturbance(before, take(proc(100, 0, 0, 0, 0, 0, 0, 0), own=1.0)) == []


def test_the_state_of_a_gpu(make_nvml, board):
    nvml = make_nvml(board(throttle=0x4 | 0x40, pids=[Own.pid, NOBODY]))
    gpu = snapshot(GPU, makers=known_makers(nvidia=nvml), process=Own(0))["gpu"]
    assert gpu == {
        "sm_clock_hertz": 1.38e9,
        "memory_clock_hertz": 1.593e9,
        "temperature_celsius": 61,
        "power_watts": 250.5,
        "energy_joules": 5.0,
        "throttle_bits": 0x44,
        "throttle_reasons": ["power limit", "too hot, held back by the hardware"],
        "held_back": ["too hot, held back by the hardware"],
        "other_processes": [NOBODY],
    }
    assert nvml.open == 0


def test_a_gpu_that_refuses_readings_has_none(make_nvml, board):
    gpu = snapshot(GPU, makers=known_makers(nvidia=make_nvml(board(throttle=None, millijoules=None))))["gpu"]
    assert (gpu["throttle_reasons"], gpu["energy_joules"]) == (None, None)
    assert snapshot(GPU, makers=known_makers(nvidia=make_nvml(board(), driver=False)))["gpu"] is None
    assert snapshot(GPU, makers=known_makers(nvidia=make_nvml(board(uuid="GPU-gone"))))["gpu"] is None


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (0x000, None),
        (0x001, None),
        (0x002 | 0x004 | 0x100, None),
        (0x008, "hardware slowdown"),
        (0x020, "too hot, held back by the driver"),
        (0x040 | 0x080, "too hot, held back by the hardware, power brake"),
    ],
)
def test_reasons_that_matter(make_nvml, board, bits, words):
    nvml = make_nvml(board(throttle=bits))
    assert throttled(GPU, nvml) == words
    with Probe(GPU, known_makers(nvidia=nvml), proc=state.PROC / "none") as probe:
        reasons = probe.read()
    assert bool(reasons) is (words is not None)
    still = snapshot(GPU, makers=known_makers(nvidia=nvml), process=Own(0))
    assert len([reason for reason in disturbance(still, still) if "throttled" in reason]) == len(reasons)
    assert nvml.open == 0


def test_every_bit_nvml_defines_has_a_word():
    import pynvml

    defined = {
        value
        for name, value in vars(pynvml).items()
        if name.startswith(("nvmlClocksThrottleReason", "nvmlClocksEventReason"))
        and not name.endswith(("All", "None"))
    }
    assert defined <= set(nvidia.REASONS)


def test_a_probe_opens_nvml_once(make_nvml, board):
    gpu = board()
    nvml = make_nvml(gpu)
    probe = Probe(GPU, known_makers(nvidia=nvml))
    probe.read()
    gpu.throttle = 0x40
    assert "GPU throttled: too hot, held back by the hardware" in probe.read()
    probe.close()
    assert (nvml.opened, nvml.open) == (1, 0)


def test_a_probe_of_a_processor_tells_of_stolen_time(proc):
    probe = Probe(CPU, proc=proc.path)
    probe.start()
    proc(80, 0, 0, 0, 0, 0, 0, 20)
    assert probe.read() == ["20 % of processor time stolen"]
    assert probe.read() == []


def test_a_gpu_others_compute_on_is_busy(make_nvml, board):
    assert busy(GPU, known_makers(nvidia=make_nvml(board(pids=[Own.pid]))), process=Own(0)) is None
    assert (
        busy(GPU, known_makers(nvidia=make_nvml(board(pids=[NOBODY]))), process=Own(0))
        == "gpu:0 is busy: 1 other process on the GPU"
    )
    before = snapshot(
        GPU, makers=known_makers(nvidia=make_nvml(board(pids=[NOBODY, NOBODY + 1]))), process=Own(0)
    )
    assert "2 other processes on the GPU" in disturbance(before, before)


def test_in_a_container_our_workers_are_not_taken_for_strangers(make_nvml, board):
    class Child(Own):
        pid = 8

    class Parent(Own):
        def children(self, recursive):
            return [Child(0)]

    assert busy(GPU, known_makers(nvidia=make_nvml(board(pids=[NOBODY]))), process=Parent(0)) is None
    # not our parent, which lies outside a container's process ids where the tests are its first process
    stranger = next(pid for pid in psutil.pids() if pid not in (Parent.pid, Child.pid))
    assert (
        busy(GPU, known_makers(nvidia=make_nvml(board(pids=[NOBODY, stranger]))), process=Parent(0))
        is not None
    )


def looks(*readings):
    """Readings of the processors' use, one after the other; nobody sleeps."""
    left = iter(readings)
    return lambda: next(left)


def use(others_ticks, all_ticks, own_seconds=0.0, cores=2, there=2, container=None):
    ticks = {"wanted": others_ticks, "stolen": 0, "all": all_ticks, "processors": there}
    return {
        "processor_ticks": ticks,
        "own_processor_seconds": own_seconds,
        "usable_cores": cores,
        "container": container,
    }


@pytest.mark.parametrize(
    ("others", "said"),
    [(0, None), (10, None), (11, "cpu:0 is busy: other programs use 11 % of the usable cores")],
)
def test_a_processor_is_busy_by_what_runs_now(monkeypatch, others, said):
    """Not by the last minute's load: our own run that has just ended would make the next one "busy"."""
    monkeypatch.setattr(os, "getloadavg", lambda: (64.0, 64.0, 64.0))
    waited = []
    assert busy(CPU, look=looks(use(500, 1000), use(500 + others, 1100)), wait=waited.append) == said
    assert waited == [BUSY_SECONDS]


def test_our_own_processes_make_no_processor_busy():
    tick = os.sysconf("SC_CLK_TCK")
    look = looks(use(0, 0), use(tick, tick, own_seconds=1.0))
    assert busy(CPU, look=look, wait=lambda _: None) is None


def test_a_container_is_busy_by_its_own_quota_not_by_a_large_host():
    def quiet_host(used):
        return use(0, 0, container={"quota_cores": 2.0, "used_seconds": used}, cores=2, there=64)

    after = use(640, 6400, container={"quota_cores": 2.0, "used_seconds": 5.0}, cores=2, there=64)
    assert busy(CPU, look=looks(quiet_host(5.0), after), wait=lambda _: None) is None
    after["container"] = {"quota_cores": 2.0, "used_seconds": 5.0 + 0.25 * 2.0 * BUSY_SECONDS}
    told = busy(CPU, look=looks(quiet_host(5.0), after), wait=lambda _: None)
    assert told == "cpu:0 is busy: other programs use 25 % of the container's quota"


def test_where_nothing_is_counted_nothing_is_waited_for():
    def never(seconds):
        raise AssertionError("waited for nothing")

    def fails():
        raise OSError

    assert busy(CPU, look=fails, wait=never) is None
    assert busy(CPU, look=looks({"own_processor_seconds": None}), wait=never) is None
    blind = {"processor_ticks": None, "own_processor_seconds": 1.0, "container": None}
    assert busy(CPU, look=looks(blind, blind), wait=lambda _: None) is None


def test_our_own_time_counts_our_children_s():
    times = psutil.Process().cpu_times()
    assert snapshot(CPU)["own_processor_seconds"] >= times.user + times.system


def test_a_cpu_is_never_throttled_by_nvml(make_nvml, board):
    assert throttled(CPU, make_nvml(board(throttle=0x40))) is None


def test_nothing_that_is_only_read_can_raise(make_nvml, board, monkeypatch, tmp_path):
    """A driver's library without half of its functions, and a system that tells of no process."""

    class Old(make_nvml):
        def __getattribute__(self, name):
            if name.startswith("nvmlDeviceGetC") or name == "nvmlDeviceGetTemperature":
                raise AttributeError(f"function not found: {name}")
            return super().__getattribute__(name)

    def nobody(*_):
        raise FileNotFoundError(2, "No such file or directory", "/proc/self/stat")

    monkeypatch.setattr(psutil, "Process", nobody)
    monkeypatch.setattr(os, "getloadavg", nobody)
    nvml = Old(board())
    before = snapshot(GPU, makers=known_makers(nvidia=nvml), proc=tmp_path, sys_cpu=tmp_path)
    after = snapshot(GPU, makers=known_makers(nvidia=nvml), proc=tmp_path, sys_cpu=tmp_path, previous=before)
    for name in ("load_1m", "stolen_fraction", "own_processor_seconds", "gpu", "governor"):
        assert after[name] is None
    assert disturbance(before, after) == []
    assert busy(GPU, makers=known_makers(nvidia=nvml)) is None
    assert busy(CPU) is None
    nowhere = {"cgroup_file": tmp_path / "none", "cgroup_root": tmp_path / "none"}
    with Probe(GPU, makers=known_makers(nvidia=nvml), proc=tmp_path, **nowhere) as probe:
        probe.start([1, 2])
        assert probe.read() == []
    assert nvml.open == 0


def test_work_on_cores_that_are_not_ours_to_use_draws_energy_that_is_counted():
    """In a job that was given some cores of a large machine: 150 of 400 ticks of four are 1.5 processors."""

    def look(wanted, everything, own, **more):
        ticks = {"wanted": wanted, "stolen": 0, "all": everything, "processors": 4}
        return {"machine_ticks": ticks, "own_processor_seconds": own} | more

    seconds = 100 / os.sysconf("SC_CLK_TCK")
    before, after = look(100, 1000, 0.0), look(350, 1400, seconds)
    told = ["other programs kept 1.5 of the machine's processors busy"]
    assert drew_as_well("cpu", before, after | {"usable_cores": 14}) == told
    assert drew_as_well("cpu", before, after | {"usable_cores": 16}) == []
    assert drew_as_well("cpu", before, after) == told
    assert drew_as_well("gpu", before, after) == []
    assert drew_as_well("cpu", {}, {}) == []
    # those who took our own processors from us are told once
    ours = [state | {"processor_ticks": state["machine_ticks"]} for state in (before, after)]
    assert drew_as_well("cpu", *ours) == ["other programs used 38 % of the processor"]
