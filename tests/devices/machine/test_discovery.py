"""Devices found through a stand-in for NVML, and the names a person may give them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from likeforlike.devices.machine.discovery import DeviceError, find_devices, parse_devices
from likeforlike.devices.process.placement import worker_environment
from likeforlike.devices.vendors.device import Device
from likeforlike.devices.vendors.makers import known_makers

CPU = Device("cpu", 0, "a processor", cores=8)
GPUS = (Device("gpu", 0, "NVIDIA T4", uuid="GPU-a"), Device("gpu", 1, "NVIDIA T4", uuid="GPU-b"))


def test_a_gpu_is_described(make_nvml, board):
    cpu, gpu = find_devices(known_makers(nvidia=make_nvml(board())), environ={})
    assert (cpu.id, cpu.kind, gpu.id) == ("cpu:0", "cpu", "gpu:0")
    assert (gpu.name, gpu.uuid, gpu.memory_bytes) == (
        "NVIDIA A100-SXM4-80GB",
        "GPU-11111111-aaaa",
        85899345920,
    )
    assert (gpu.compute_capability, gpu.cores, gpu.sm_clock_max_hertz) == ((8, 0), 6912, 1.41e9)
    assert (gpu.driver, gpu.cuda) == ("550.54.15", "12.4")


@pytest.mark.parametrize(("mode", "exclusive"), [(0, False), (2, False), (3, True), (None, False)])
def test_a_gpu_that_takes_one_process_at_a_time_is_known(make_nvml, board, mode, exclusive):
    """NVML's modes: default, exclusive thread (gone), prohibited, exclusive process."""
    _, gpu = find_devices(known_makers(nvidia=make_nvml(board(compute_mode=mode))), environ={})
    assert gpu.exclusive is exclusive


def test_nvml_is_closed_again(make_nvml, board):
    nvml = make_nvml(board())
    find_devices(known_makers(nvidia=nvml), environ={})
    assert (nvml.opened, nvml.open) == (1, 0)


def test_without_a_driver_there_is_just_the_cpu(make_nvml):
    assert [
        device.id for device in find_devices(known_makers(nvidia=make_nvml(driver=False)), environ={})
    ] == ["cpu:0"]


def test_readings_an_old_driver_refuses_are_none(make_nvml, board):
    gpu = find_devices(
        known_makers(nvidia=make_nvml(board(cores=None, megahertz=None, capability=None))), environ={}
    )[1]
    assert (gpu.cores, gpu.sm_clock_max_hertz, gpu.compute_capability) == (None, None, None)


@pytest.mark.parametrize(
    ("variable", "uuids"),
    [
        (None, ["GPU-aa", "GPU-bb", "GPU-cc"]),
        ("2,0", ["GPU-cc", "GPU-aa"]),
        ("GPU-b", ["GPU-bb"]),
        ("1,-1,0", ["GPU-bb"]),
        ("-1", []),
        ("", []),
        ("0,0,1", ["GPU-aa"]),
        ("7", []),
        ("GPU-", []),
    ],
)
def test_a_scheduler_s_choice_of_gpus_is_kept(make_nvml, board, variable, uuids):
    nvml = make_nvml(*(board(uuid=uuid) for uuid in ("GPU-aa", "GPU-bb", "GPU-cc")))
    environ = {} if variable is None else {"CUDA_VISIBLE_DEVICES": variable}
    gpus = find_devices(known_makers(nvidia=nvml), environ)[1:]
    assert [gpu.uuid for gpu in gpus] == uuids
    assert [gpu.id for gpu in gpus] == [f"gpu:{index}" for index in range(len(uuids))]


def test_a_gpu_keeps_nvml_s_own_number(make_nvml, board):
    nvml = make_nvml(board(uuid="GPU-aa"), board(uuid="GPU-bb"))
    assert find_devices(known_makers(nvidia=nvml), {"CUDA_VISIBLE_DEVICES": "1"})[1].nvml_index == 1


def test_without_uuids_nvml_s_numbers_are_cuda_s_while_every_board_can_be_opened(make_nvml, board):
    gpus = find_devices(known_makers(nvidia=make_nvml(board(), board(uuid=None))), {})[1:]
    assert [gpu.unplaceable for gpu in gpus] == ["", ""]
    assert worker_environment(gpus[1], 1)["CUDA_VISIBLE_DEVICES"] == "1"


@pytest.mark.parametrize(
    ("before", "after", "closed"), [([None], [], "board 0"), ([None], [None], "boards 0, 3")]
)
def test_without_uuid_beside_a_board_that_can_not_be_opened_a_gpu_is_refused(
    make_nvml, board, before, after, closed
):
    """CUDA may count the broken board or not: one of two numbers is another GPU's."""
    nvml = make_nvml(*before, board(), board("NVIDIA T4", None), *after)
    devices = find_devices(known_makers(nvidia=nvml), {})
    assert devices[1].unplaceable == ""
    why = f"NVML tells no uuid of it and can't open {closed}, so that CUDA's number for it isn't known"
    told = f"gpu:1 (NVIDIA T4): {why}"
    for names in (["gpu:1"], ["gpu"], ["all"]):
        with pytest.raises(DeviceError) as refused:
            parse_devices(names, devices)
        assert str(refused.value) == f"{told}; name the other devices"
    assert [device.id for device in parse_devices(["cpu", "gpu:0"], devices)] == ["cpu:0", "gpu:0"]
    for shown in ((devices[2],), (devices[1], devices[2])):
        with pytest.raises(ValueError) as unknown:  # noqa: PT011 - the whole text is compared
            worker_environment(shown[0], 1, beside=shown[1:])
        assert str(unknown.value) == told


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (["cpu"], ["cpu:0"]),
        (["cpu:0", "cpu"], ["cpu:0"]),
        (["cpu:1", "cpu:0"], ["cpu:1", "cpu:0"]),
        (["gpu:1"], ["gpu:1"]),
        (["gpu"], ["gpu:0", "gpu:1"]),
        (["all"], ["cpu:0", "gpu:0", "gpu:1"]),
        ([" GPU:1 ", "all"], ["gpu:1", "cpu:0", "gpu:0"]),
    ],
)
def test_names_of_devices(names, ids):
    assert [device.id for device in parse_devices(names, (CPU, *GPUS))] == ids


def test_a_logical_cpu_is_the_same_processor():
    (device,) = parse_devices(["cpu:3"], (CPU,))
    assert (device.id, device.name) == ("cpu:3", "a processor")


@pytest.mark.parametrize(
    "name", ["tpu", "cpu:x", "cpu:-1", "cpu:16", "gpu:", "gpu:²", "", "cpu:0:1", "allgpu", "gpu:99999999"]
)
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(DeviceError) as raised:
        parse_devices(["cpu", name], (CPU, *GPUS))
    message = str(raised.value)
    assert "\n" not in message
    assert "cpu:0, gpu:0, gpu:1, gpu, all" in message


@pytest.mark.parametrize("name", ["gpu", "gpu:0"])
def test_an_absent_gpu_is_said_to_be_absent(name):
    with pytest.raises(DeviceError, match=rf"^{name} is not on this machine: known are cpu:0, all"):
        parse_devices([name], (CPU,))


def test_no_name_at_all_is_an_error():
    with pytest.raises(DeviceError, match="no device was named"):
        parse_devices([], (CPU,))


def test_finding_devices_imports_no_framework():
    code = (
        "import sys; from likeforlike.devices.machine.discovery import find_devices; find_devices();"
        "print([m for m in ('tensorflow', 'keras', 'torch', 'jax', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
