"""The machine's state from files and a stand-in for NVML, and what counts as a disturbance."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace

import psutil
import pytest

from likeforlike.devices.machine import state
from likeforlike.devices.machine.state import (
    Probe,
    StealMeter,
    busy,
    disturbance,
    read_ticks,
    snapshot,
    stolen_fraction,
)
from likeforlike.devices.vendors import nvidia
from likeforlike.devices.vendors.device import Device
from likeforlike.devices.vendors.nvidia import throttled

CPU = Device("cpu", 0, "a processor")
GPU = Device("gpu", 0, "a GPU", uuid="GPU-11111111-aaaa", nvml_index=0)
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


def test_governor_and_frequency_where_there_are_any(proc):
    folder = proc.path / "sys" / "cpu0" / "cpufreq"
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


def test_when_a_worker_ended_in_between_others_are_not_accused(proc):
    before = take(proc(0, 0, 0, 0, 0, 0, 0, 0), own=100.0)
    assert disturbance(before, take(proc(100, 0, 0, 0, 0, 0, 0, 0), own=1.0)) == []


def test_the_state_of_a_gpu(make_nvml, board):
    nvml = make_nvml(board(throttle=0x4 | 0x40, pids=[Own.pid, NOBODY]))
    gpu = snapshot(GPU, nvml=nvml, process=Own(0))["gpu"]
    assert gpu == {
        "sm_clock_hertz": 1.38e9,
        "memory_clock_hertz": 1.593e9,
        "temperature_celsius": 61,
        "power_watts": 250.5,
        "energy_joules": 5.0,
        "throttle_bits": 0x44,
        "throttle_reasons": ["power limit", "too hot, held back by the hardware"],
        "other_processes": [NOBODY],
    }
    assert nvml.open == 0


def test_a_gpu_that_refuses_readings_has_none(make_nvml, board):
    gpu = snapshot(GPU, nvml=make_nvml(board(throttle=None, millijoules=None)))["gpu"]
    assert (gpu["throttle_reasons"], gpu["energy_joules"]) == (None, None)
    assert snapshot(GPU, nvml=make_nvml(board(), driver=False))["gpu"] is None
    assert snapshot(GPU, nvml=make_nvml(board(uuid="GPU-gone")))["gpu"] is None


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
    with Probe(GPU, nvml, proc=state.PROC / "none") as probe:
        reasons = probe.read()
    assert bool(reasons) is (words is not None)
    still = snapshot(GPU, nvml=nvml, process=Own(0))
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
    probe = Probe(GPU, nvml)
    probe.read()
    gpu.throttle = 0x40
    assert "GPU throttled: too hot, held back by the hardware" in probe.read()
    probe.close()
    assert (nvml.opened, nvml.open) == (1, 0)


def test_a_probe_of_a_processor_tells_of_stolen_time(proc):
    probe = Probe(CPU, proc=proc.path)
    proc(80, 0, 0, 0, 0, 0, 0, 20)
    assert probe.read() == ["20 % of processor time stolen"]
    assert probe.read() == []


def test_a_gpu_others_compute_on_is_busy(make_nvml, board):
    assert busy(GPU, make_nvml(board(pids=[Own.pid])), process=Own(0)) is None
    assert (
        busy(GPU, make_nvml(board(pids=[NOBODY])), process=Own(0))
        == "gpu:0 is busy: 1 other process on the GPU"
    )
    before = snapshot(GPU, nvml=make_nvml(board(pids=[NOBODY, NOBODY + 1])), process=Own(0))
    assert "2 other processes on the GPU" in disturbance(before, before)


def test_in_a_container_our_workers_are_not_taken_for_strangers(make_nvml, board):
    class Child(Own):
        pid = 8

    class Parent(Own):
        def children(self, recursive):
            return [Child(0)]

    assert busy(GPU, make_nvml(board(pids=[NOBODY])), process=Parent(0)) is None
    # not our parent, which lies outside a container's process ids where the tests are its first process
    stranger = next(pid for pid in psutil.pids() if pid not in (Parent.pid, Child.pid))
    assert busy(GPU, make_nvml(board(pids=[NOBODY, stranger])), process=Parent(0)) is not None


@pytest.mark.parametrize(
    ("load", "cores", "said"), [(0.9, 2, False), (1.0, 2, True), (7.0, 16, False), (None, 2, False)]
)
def test_a_processor_is_busy_by_its_load(load, cores, said):
    assert (busy(CPU, load=lambda: load, cores=cores) is not None) is said


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
    before = snapshot(GPU, nvml=nvml, proc=tmp_path, sys_cpu=tmp_path)
    after = snapshot(GPU, nvml=nvml, proc=tmp_path, sys_cpu=tmp_path, previous=before)
    for name in ("load_1m", "stolen_fraction", "own_processor_seconds", "gpu", "governor"):
        assert after[name] is None
    assert disturbance(before, after) == []
    assert busy(GPU, nvml=nvml) is None
    with Probe(GPU, nvml=nvml, proc=tmp_path) as probe:
        assert probe.read() == []
    assert nvml.open == 0
