"""Boards in MIG mode, and the order in which CUDA counts, on a stand-in for NVML."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from likeforlike.devices.limits.ceilings import PRECISIONS, device_ceiling, highest_known
from likeforlike.devices.machine.discovery import DeviceError, find_devices, parse_devices
from likeforlike.devices.machine.fingerprint import machine_fingerprint
from likeforlike.devices.machine.state import Probe, snapshot
from likeforlike.devices.process.placement import local_device, worker_environment
from likeforlike.devices.vendors.makers import known_makers

BOARD = "GPU-aaaa1111-2222"
SMALL = "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f"
LARGE = "MIG-0b2f1d3e-1111-2222-3333-444455556666"
GIBIBYTE = 2**30


class Alone:
    """A process without children, whatever other tests have left running."""

    pid = 7

    def children(self, recursive):
        return []

    def cpu_times(self):
        return SimpleNamespace(user=0.0, system=0.0)


@pytest.fixture
def in_slices(make_nvml, board, mig_slice):
    """An A100 of 80 GB with a slice of one seventh and one of three; then a whole T4."""
    small = mig_slice(SMALL, 9728 * 2**20, 14, (7, 0), (1, 1))
    large = mig_slice(LARGE, 40192 * 2**20, 42, (2, 0), (3, 3), pids=[99])
    sliced = board(uuid=BOARD, slices=[small, None, large], throttle=0x40, pids=[99, 100])
    return make_nvml(sliced, board("NVIDIA T4", "GPU-bbbb", 16 * GIBIBYTE, (7, 5), 2560, 1590))


def test_a_board_in_mig_mode_is_its_slices_with_their_own_memory(in_slices):
    small, large, t4 = find_devices(known_makers(nvidia=in_slices), {})[1:]
    assert [gpu.id for gpu in (small, large, t4)] == ["gpu:0", "gpu:1", "gpu:2"]
    assert (small.uuid, small.name) == (SMALL, "NVIDIA A100-SXM4-80GB MIG 1g.10gb")
    assert (large.uuid, large.name) == (LARGE, "NVIDIA A100-SXM4-80GB MIG 3g.40gb")
    assert (small.memory_bytes, large.memory_bytes) == (9.5 * GIBIBYTE, 39.25 * GIBIBYTE)
    assert small.compute_capability == (8, 0)
    assert (t4.mig, t4.memory_bytes) == (None, 16 * GIBIBYTE)


@pytest.mark.parametrize(
    ("variable", "uuids"),
    [
        (SMALL, [SMALL]),
        (f"{LARGE},{SMALL}", [LARGE, SMALL]),
        # drivers before 470 name the board, the GPU instance and the compute instance
        (f"MIG-{BOARD}/2/0", [LARGE]),
        (f"MIG-{BOARD}/7/0,GPU-bbbb", [SMALL, "GPU-bbbb"]),
        (f"MIG-{BOARD}/3/0", []),
        ("MIG-", []),
        (SMALL[:9], []),
        (f"{SMALL},{SMALL}", [SMALL]),
        # of a board in MIG mode CUDA takes the first slice
        ("0", [SMALL]),
        (BOARD, [SMALL]),
        ("GPU-a,1", [SMALL, "GPU-bbbb"]),
    ],
)
def test_what_a_scheduler_names_is_what_is_measured(in_slices, variable, uuids):
    gpus = find_devices(known_makers(nvidia=in_slices), {"CUDA_VISIBLE_DEVICES": variable})[1:]
    assert [gpu.uuid for gpu in gpus] == uuids


def test_an_old_driver_s_slice_is_found_by_the_name_it_gives(make_nvml, board, mig_slice):
    name = f"MIG-{BOARD}/1/0"
    nvml = make_nvml(board(uuid=BOARD, slices=[mig_slice(name, 5 * GIBIBYTE)]))
    (gpu,) = find_devices(known_makers(nvidia=nvml), {"CUDA_VISIBLE_DEVICES": name})[1:]
    assert (gpu.uuid, gpu.memory_bytes, gpu.name) == (
        name, 5 * GIBIBYTE, "NVIDIA A100-SXM4-80GB MIG slice",
    )  # fmt: skip


def test_a_worker_gets_the_slice_by_its_uuid(in_slices):
    (large,) = parse_devices(["gpu:1"], find_devices(known_makers(nvidia=in_slices), {}))
    environment = worker_environment(large, 2)
    assert environment["CUDA_VISIBLE_DEVICES"] == LARGE
    assert local_device(large) == "gpu:0"


def test_a_slice_s_ceiling_is_its_share_of_the_board_s(in_slices):
    """14 and 42 of an A100's 108 multiprocessors; the data sheet's 19.5, 156 and 312 TFLOP/s are for 108."""
    fingerprint = machine_fingerprint(find_devices(known_makers(nvidia=in_slices), {}), 2, versions={})
    for device, multiprocessors in (("gpu:0", 14), ("gpu:1", 42)):
        for precision, teraflop in (("float32", 19.5), ("tf32", 156), ("float16", 312)):
            ceiling = device_ceiling(fingerprint, device, precision)
            expected = teraflop * 1e12 * multiprocessors / 108
            assert ceiling.flop_per_second == pytest.approx(expected, rel=0.01)
            assert ceiling.flop_per_second >= expected
            assert ceiling.of_device
            assert ceiling.source.startswith(f"MIG slice, {64 * multiprocessors} of 6912 cores: ")
    whole = device_ceiling(fingerprint, "gpu:2", "float16")
    assert "MIG" not in whole.source


@pytest.mark.parametrize("precision", PRECISIONS)
def test_without_a_slice_s_size_the_ceiling_is_no_slice_s(make_nvml, board, mig_slice, precision):
    nvml = make_nvml(board(uuid=BOARD, slices=[mig_slice(SMALL, 10 * GIBIBYTE)]))
    ceiling = device_ceiling(
        machine_fingerprint(find_devices(known_makers(nvidia=nvml), {}), 2, versions={}), "gpu:0", precision
    )
    assert not ceiling.of_device
    assert ceiling.source.startswith("a MIG slice of unknown size: its whole board's ceiling, ")
    assert ceiling.flop_per_second <= highest_known(precision).flop_per_second


def test_the_fingerprint_of_a_whole_gpu_is_what_it_was(make_nvml, board):
    (gpu,) = machine_fingerprint(find_devices(known_makers(nvidia=make_nvml(board())), {}), 2, versions={})[
        "gpus"
    ]
    assert "mig" not in gpu


def test_a_slice_s_state_is_the_board_s_where_it_shares_it_and_its_own_where_not(in_slices):
    small, large = find_devices(known_makers(nvidia=in_slices), {})[1:3]
    state = snapshot(large, makers=known_makers(nvidia=in_slices), process=Alone())["gpu"]
    assert (state["temperature_celsius"], state["sm_clock_hertz"]) == (61, 1.38e9)
    assert state["throttle_reasons"] == ["too hot, held back by the hardware"]
    assert (state["power_watts"], state["energy_joules"]) == (None, None)
    beside = snapshot(small, makers=known_makers(nvidia=in_slices), process=Alone())["gpu"]
    assert (state["other_processes"], beside["other_processes"]) == ([99], [])
    with Probe(small, makers=known_makers(nvidia=in_slices)) as probe:
        assert "GPU throttled: too hot, held back by the hardware" in probe.read()


@pytest.mark.parametrize(
    ("order", "variable", "uuids"),
    [
        # the A100 is the third on the bus and CUDA's first
        (None, "0", ["GPU-A100"]),
        (None, "1,2", ["GPU-T4-a", "GPU-T4-b"]),
        ("FASTEST_FIRST", "2,0", ["GPU-T4-b", "GPU-A100"]),
        ("PCI_BUS_ID", "0", ["GPU-T4-a"]),
        ("PCI_BUS_ID", "2,1", ["GPU-A100", "GPU-T4-b"]),
        (None, "GPU-T4-b", ["GPU-T4-b"]),
        (None, "3", []),
    ],
)
def test_a_number_means_what_cuda_would_take_it_for(make_nvml, board, order, variable, uuids):
    t4 = ("NVIDIA T4", 16 * GIBIBYTE, (7, 5), 2560, 1590)
    nvml = make_nvml(
        board(t4[0], "GPU-T4-a", *t4[1:]), board(t4[0], "GPU-T4-b", *t4[1:]), board(uuid="GPU-A100")
    )
    environ = {"CUDA_VISIBLE_DEVICES": variable} | ({"CUDA_DEVICE_ORDER": order} if order else {})
    gpus = find_devices(known_makers(nvidia=nvml), environ)[1:]
    assert [gpu.uuid for gpu in gpus] == uuids
    # and a worker is given no number at all
    assert [worker_environment(gpu, 1)["CUDA_VISIBLE_DEVICES"] for gpu in gpus] == uuids


@pytest.mark.parametrize("order", [None, "FASTEST_FIRST", "PCI_BUS_ID"])
@pytest.mark.parametrize(("variable", "uuids"), [("0", ["GPU-b"]), ("1,0", ["GPU-d", "GPU-b"]), ("2", [])])
def test_boards_that_may_not_be_opened_are_not_counted(make_nvml, board, order, variable, uuids):
    """As in a job of Slurm's that was given the second and the fourth: NVML numbers them 1 and 3, CUDA 0 and 1."""
    nvml = make_nvml(None, board(uuid="GPU-b"), None, board(uuid="GPU-d"))
    environ = {"CUDA_VISIBLE_DEVICES": variable} | ({"CUDA_DEVICE_ORDER": order} if order else {})
    gpus = find_devices(known_makers(nvidia=nvml), environ)[1:]
    assert [gpu.uuid for gpu in gpus] == uuids


def test_a_slice_without_uuid_is_refused_for_a_number_means_the_first(make_nvml, board, mig_slice):
    slices = [mig_slice(SMALL, 10 * GIBIBYTE), mig_slice(None, 10 * GIBIBYTE)]
    devices = find_devices(known_makers(nvidia=make_nvml(board(uuid=BOARD, slices=slices))), {})
    named, nameless = devices[1:]
    assert named.unplaceable == ""
    told = "NVML tells no uuid of this MIG slice, and a number would mean its board's first"
    assert nameless.unplaceable == told
    with pytest.raises(DeviceError, match=f"^gpu:1 .*: {told}; name the other devices$"):
        parse_devices(["gpu:1"], devices)
    with pytest.raises(ValueError, match=told):
        worker_environment(nameless, 1)


@pytest.mark.parametrize("number_of_slices", [0, 1])
def test_a_board_s_number_beside_boards_in_mig_mode_is_not_known(
    make_nvml, board, mig_slice, number_of_slices
):
    slices = [mig_slice(SMALL, 10 * GIBIBYTE)] * number_of_slices
    nvml = make_nvml(board(uuid=BOARD, slices=slices), board("NVIDIA T4", None))
    *_, t4 = find_devices(known_makers(nvidia=nvml), {})
    assert t4.name == "NVIDIA T4"
    told = "NVML tells no uuid of it, and beside boards in MIG mode CUDA's number for it isn't known"
    assert t4.unplaceable == told


def test_a_slice_of_a_board_without_uuid_has_no_old_name(make_nvml, board, mig_slice):
    nvml = make_nvml(board(uuid=None, slices=[mig_slice(SMALL, 10 * GIBIBYTE)]))
    (gpu,) = find_devices(known_makers(nvidia=nvml), {})[1:]
    assert (gpu.uuid, gpu.mig.board_uuid, gpu.mig.old_name, gpu.unplaceable) == (SMALL, None, None, "")
