"""A device's pace: NVML's by its stand-in, a processor's from trees of files."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from likeforlike.devices.vendors import cpu_pace
from likeforlike.devices.vendors.amd import Amd
from likeforlike.devices.vendors.cpu_maker import CpuReadings
from likeforlike.devices.vendors.device import Device, Pace
from likeforlike.devices.vendors.makers import known_makers, opened


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(f"{text}\n")


@pytest.mark.parametrize("bits, words", [(0, ()), (0x004, ("power limit",)), (0x024, None)])  # noqa: PT006
def test_a_board_s_clock_heat_and_every_reason_that_nvml_gives(make_nvml, board, bits, words):
    nvml = make_nvml(board(throttle=bits))
    device = Device("gpu", 0, "a board", uuid=board().uuid, maker="nvidia")
    with opened(device, known_makers(nvidia=nvml)) as readings:
        pace = readings.pace()
    both = ("power limit", "too hot, held back by the driver")
    assert pace == Pace(1.38e9, 61, both if words is None else words)


def test_a_board_that_refuses_tells_nothing(make_nvml, board):
    device = Device("gpu", 0, "a board", uuid=board().uuid, maker="nvidia")
    with opened(device, known_makers(nvidia=make_nvml(board(throttle=None)))) as readings:
        assert readings.pace().held_back is None


def test_a_processor_s_clock_is_the_median_and_its_heat_the_highest(tmp_path, monkeypatch):
    monkeypatch.setattr(cpu_pace, "usable", lambda: {0, 1, 2})
    cpus, classes = tmp_path / "cpu", tmp_path / "class"
    for number, kilohertz in enumerate((2_000_000, 3_000_000, 3_400_000)):
        write(cpus / f"cpu{number}/cpufreq", scaling_cur_freq=kilohertz)
    write(classes / "hwmon/hwmon0", name="nvme", temp1_input=90_000)
    write(classes / "hwmon/hwmon1", name="coretemp", temp1_input=55_000, temp2_input=61_000)
    write(classes / "thermal/thermal_zone0", type="x86_pkg_temp", temp=60_000)
    write(classes / "thermal/thermal_zone1", type="acpitz", temp=99_000)
    assert CpuReadings(classes, cpus).pace() == Pace(3.0e9, 61.0, None)


def test_a_core_that_was_too_hot_since_the_last_reading_holds_it_back(tmp_path, monkeypatch):
    monkeypatch.setattr(cpu_pace, "usable", lambda: {0, 1})
    cpus = tmp_path / "cpu"
    write(cpus / "cpu0/thermal_throttle", core_throttle_count=7)
    readings = CpuReadings(tmp_path, cpus)
    assert readings.pace().held_back == ()
    write(cpus / "cpu0/thermal_throttle", core_throttle_count=8)
    assert readings.pace().held_back == ("a core was too hot",)
    assert readings.pace().held_back == ()


def test_of_many_processors_the_clock_is_that_of_the_first_that_may_be_used(tmp_path, monkeypatch):
    """In a job that was given 9 and 64 to 80: sixteen are read, 9 at 9 GHz and 64 to 78 at 2; others at 5."""
    for number in range(100):
        usual = 2_000_000 if number > 63 else 5_000_000
        kilohertz = {9: 9_000_000, 79: 8_000_000, 80: 8_000_000}.get(number, usual)
        write(tmp_path / f"cpu{number}/cpufreq", scaling_cur_freq=kilohertz)
    monkeypatch.setattr(cpu_pace, "usable", lambda: {9, *range(64, 81)})
    assert CpuReadings(tmp_path / "class", tmp_path).pace().clock_hertz == 2e9
    monkeypatch.setattr(cpu_pace, "usable", lambda: {79, 9, 10})
    assert CpuReadings(tmp_path / "class", tmp_path).pace().clock_hertz == 8e9
    # of 17 the last is not read: eight at 5 GHz and eight at 2
    monkeypatch.setattr(cpu_pace, "usable", lambda: {*range(8), *range(64, 72), 79})
    assert CpuReadings(tmp_path / "class", tmp_path).pace().clock_hertz == 3.5e9


def test_cores_that_others_use_hold_nothing_back(tmp_path, monkeypatch):
    monkeypatch.setattr(cpu_pace, "usable", lambda: {2})
    write(tmp_path / "cpu1/thermal_throttle", core_throttle_count=7)
    readings = CpuReadings(tmp_path, tmp_path)
    assert readings.pace().held_back is None
    write(tmp_path / "cpu2/thermal_throttle", core_throttle_count=0)
    readings = CpuReadings(tmp_path, tmp_path)
    write(tmp_path / "cpu1/thermal_throttle", core_throttle_count=8)
    assert readings.pace().held_back == ()


def test_processors_that_may_be_used_are_those_of_the_affinity_else_all(monkeypatch):
    asked = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: asked.append(pid) or {3, 5})
    assert (set(cpu_pace.usable()), asked) == ({3, 5}, [0])
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert set(cpu_pace.usable()) == {0, 1, 2}
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert set(cpu_pace.usable()) == {0}


def test_a_virtual_machine_tells_nothing(tmp_path):
    pace = CpuReadings(tmp_path, tmp_path).pace()
    assert pace == Pace()
    assert not pace.known


CARD = {
    "hwmon/hwmon4/name": "amdgpu",
    "hwmon/hwmon4/freq1_label": "sclk",
    "hwmon/hwmon4/freq1_input": 1_700_000_000,
    "hwmon/hwmon4/freq2_label": "mclk",
    "hwmon/hwmon4/freq2_input": 1_000_000_000,
    "hwmon/hwmon4/temp1_label": "edge",
    "hwmon/hwmon4/temp1_input": 55_000,
    "hwmon/hwmon4/temp2_label": "junction",
    "hwmon/hwmon4/temp2_input": 68_500,
    "gpu_busy_percent": 97,
    "pp_dpm_sclk": "0: 500Mhz\n1: 1650Mhz *\n2: 2100Mhz",
}
"""Of a GPU, as the kernel's documentation has them."""


def amd_readings(make_amdsmi, amd_gpu, folder, files):
    for name, text in files.items():
        write((folder / "0000:c1:00.0" / name).parent, **{name.rpartition("/")[2]: text})
    maker = Amd(make_amdsmi(amd_gpu(violations={"active_hbm_thrm": True})), folder)
    return maker.opened(SimpleNamespace(uuid=amd_gpu().uuid))


def test_an_amd_gpu_s_clocks_heat_and_load_are_the_kernel_s(make_amdsmi, amd_gpu, tmp_path):
    with amd_readings(make_amdsmi, amd_gpu, tmp_path, CARD) as readings:
        assert readings.pace() == Pace(1.7e9, 55.0, ("too hot, held back by its memory",))
        state = readings.state()
    told = ("clock_hertz", "memory_clock_hertz", "temperature_celsius", "busy_share")
    assert [state[name] for name in told] == [1.7e9, 1.0e9, 55.0, 0.97]


@pytest.mark.parametrize(
    ("left_out", "pace"),
    [
        (("freq1_label", "freq1_input"), (1.65e9, 55.0)),  # the level in use
        (("temp1_label", "temp1_input"), (1.7e9, 68.5)),  # a data centre's GPU has no sensor at its edge
        (("temp1_label", "temp2_label"), (1.7e9, 55.0)),  # drivers that name no sensor
        (("freq1_label", "freq1_input", "pp_dpm_sclk"), (None, 55.0)),
        (("hwmon4", "pp_dpm_sclk"), (None, None)),
    ],
)
def test_what_an_amd_gpu_s_driver_leaves_out(make_amdsmi, amd_gpu, tmp_path, left_out, pace):
    files = {name: text for name, text in CARD.items() if not set(name.split("/")) & set(left_out)}
    with amd_readings(make_amdsmi, amd_gpu, tmp_path, files) as readings:
        assert (readings.pace().clock_hertz, readings.pace().celsius) == pace


@pytest.mark.parametrize("address", ["N/A", None, "", "0000:ff:00.0"])
def test_an_amd_gpu_without_files_tells_its_violations_alone(make_amdsmi, amd_gpu, tmp_path, address):
    with Amd(make_amdsmi(amd_gpu(address=address)), tmp_path).opened(
        SimpleNamespace(uuid="GPU-aaaa")
    ) as read:
        assert read.pace() == Pace(None, None, ())
