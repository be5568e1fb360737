"""A device's pace: NVML's by its stand-in, a processor's from trees of files."""

from __future__ import annotations

import pytest

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


def test_a_processor_s_clock_is_the_median_and_its_heat_the_highest(tmp_path):
    cpus, classes = tmp_path / "cpu", tmp_path / "class"
    for number, kilohertz in enumerate((2_000_000, 3_000_000, 3_400_000)):
        write(cpus / f"cpu{number}/cpufreq", scaling_cur_freq=kilohertz)
    write(classes / "hwmon/hwmon0", name="nvme", temp1_input=90_000)
    write(classes / "hwmon/hwmon1", name="coretemp", temp1_input=55_000, temp2_input=61_000)
    write(classes / "thermal/thermal_zone0", type="x86_pkg_temp", temp=60_000)
    write(classes / "thermal/thermal_zone1", type="acpitz", temp=99_000)
    assert CpuReadings(classes, cpus).pace() == Pace(3.0e9, 61.0, None)


def test_a_core_that_was_too_hot_since_the_last_reading_holds_it_back(tmp_path):
    cpus = tmp_path / "cpu"
    write(cpus / "cpu0/thermal_throttle", core_throttle_count=7)
    readings = CpuReadings(tmp_path, cpus)
    assert readings.pace().held_back == ()
    write(cpus / "cpu0/thermal_throttle", core_throttle_count=8)
    assert readings.pace().held_back == ("a core was too hot",)
    assert readings.pace().held_back == ()


def test_a_virtual_machine_tells_nothing(tmp_path):
    pace = CpuReadings(tmp_path, tmp_path).pace()
    assert pace == Pace()
    assert not pace.known
