"""GPUs that tell less than others, as virtual ones, consumers' boards, older drivers: nothing is made up."""

from __future__ import annotations

import pytest

from likeforlike.devices.machine.state import disturbance, snapshot
from likeforlike.devices.vendors.amd import Amd
from likeforlike.devices.vendors.device import Device, EnergyCounter, NotMeasurable
from likeforlike.devices.vendors.makers import known_makers, opened


def gpu(capability=(8, 0)):
    return Device("gpu", 0, "a GPU", uuid="GPU-11111111-aaaa", compute_capability=capability, maker="nvidia")


def test_a_board_that_tells_no_reasons_is_not_said_to_be_at_full_speed(make_nvml, board):
    silent, free = (known_makers(nvidia=make_nvml(board(throttle=bits))) for bits in (None, 0))
    states = [snapshot(gpu(), makers=makers) for makers in (silent, free)]
    assert [state["gpu"]["held_back"] for state in states] == [None, []]
    assert [reason for reason in disturbance(*states) if "throttled" in reason] == []
    with opened(gpu(), silent) as readings:
        assert (readings.held_back(), readings.pace().held_back) == ([], None)


def test_an_amd_gpu_whose_library_tells_no_violations_neither(make_amdsmi, amd_gpu, tmp_path):
    class Older(make_amdsmi):
        amdsmi_get_violation_status = None

    device = Device("gpu", 0, "a GPU", uuid=amd_gpu().uuid, maker="amd")
    for library, held in ((Older, None), (make_amdsmi, [])):
        with Amd(library(amd_gpu()), tmp_path).opened(device) as readings:
            assert readings.state()["held_back"] == held
            assert readings.pace().held_back == (None if held is None else ())
            assert readings.held_back() == []


MEAN = NotMeasurable("NVML counts no energy of this board, and tells its power as a mean over a second")


@pytest.mark.parametrize(
    ("capability", "at_once"),
    [((7, 5), True), ((8, 0), True), ((8, 6), False), ((9, 0), False), (None, False)],
)
def test_power_is_integrated_where_it_is_that_of_the_moment(make_nvml, board, capability, at_once):
    makers = known_makers(nvidia=make_nvml(board(millijoules=None)))
    with opened(gpu(capability), makers) as readings:
        found = readings.energy()
        if at_once:
            assert isinstance(found, EnergyCounter)
            found.close()
            assert found.source == "the board's power by NVML, integrated (the host's energy is not in it)"
        else:
            assert found == MEAN
    with opened(gpu(capability), known_makers(nvidia=make_nvml(board(millijoules=0)))) as readings:
        assert readings.energy().step_joules == 1e-3


def test_without_energy_and_power_there_is_none(make_nvml, board):
    nvml = make_nvml(board(millijoules=None))
    nvml.nvmlDeviceGetPowerUsage = lambda handle: nvml._read(None)
    with opened(gpu(), known_makers(nvidia=nvml)) as readings:
        found = readings.energy()
    assert found == NotMeasurable("NVML gives neither the energy nor the power of this board")


def test_a_pynvml_newer_than_the_driver_takes_none_of_the_other_readings(make_nvml, board):
    """It raises what is no NVMLError where the driver lacks the newest list of processes."""

    class Mismatch(Exception):
        pass

    class Newer(make_nvml):
        NVMLLibraryMismatchError = Mismatch

        def nvmlDeviceGetComputeRunningProcesses(self, handle):  # noqa: N802
            raise Mismatch

    class WithOlder(Newer):
        def nvmlDeviceGetComputeRunningProcesses_v2(self, handle):  # noqa: N802
            return make_nvml.nvmlDeviceGetComputeRunningProcesses(self, handle)

    for library, processes in ((Newer, None), (WithOlder, [7, 9])):
        with opened(gpu(), known_makers(nvidia=library(board(pids=[9, 7, 9])))) as readings:
            state = readings.state()
        assert (state["processes"], state["temperature_celsius"]) == (processes, 61)
