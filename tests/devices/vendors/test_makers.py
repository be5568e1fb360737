"""The seam: each maker's devices found, read, placed and spoken of by its own module alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from likeforlike.devices import command
from likeforlike.devices.machine.discovery import find_devices
from likeforlike.devices.machine.fingerprint import machine_fingerprint
from likeforlike.devices.machine.state import Probe, busy, disturbance, snapshot
from likeforlike.devices.process.placement import SET_FOR_WORKERS, worker_environment
from likeforlike.devices.process.runtime import gpu_complaint
from likeforlike.devices.vendors.apple import Apple
from likeforlike.devices.vendors.device import Device, EnergyCounter, NotMeasurable
from likeforlike.devices.vendors.intel import Intel
from likeforlike.devices.vendors.makers import MAKERS, known_makers, opened

GIBIBYTE = 2**30
ROOT = Path(__file__).resolve().parents[3]


def test_no_module_outside_vendors_reaches_past_the_seam():
    """Only the list of makers is to know which modules there are."""
    theirs = ("nvidia", "amd", "intel", "apple", "rapl", "cpu_maker")
    for folder in ("bench", "devices", "models", "reports"):
        for path in (ROOT / folder).rglob("*.py"):
            if "vendors" not in path.parts:
                words = path.read_text()
                for name in theirs:
                    assert f"vendors.{name} import" not in words, path
                    assert f"vendors.{name}." not in words, path
                    assert f"vendors import {name}" not in words, path
                assert "pynvml" not in words.replace("``pynvml``", ""), path


@pytest.fixture
def two_amd(make_amdsmi, amd_gpu):
    """HIP counts them the other way round than amdsmi does."""
    return make_amdsmi(
        amd_gpu(uuid="GPU-b", hip_id=1),
        amd_gpu(uuid="GPU-a", hip_id=0, name="AMD Instinct MI210", mib=65_536),
    )


def test_amd_s_gpus_are_listed_as_hip_counts_them(two_amd):
    first, second = find_devices(known_makers(amd=two_amd), {})[1:]
    assert [(gpu.id, gpu.uuid, gpu.name) for gpu in (first, second)] == [
        ("gpu:0", "GPU-a", "AMD Instinct MI210"), ("gpu:1", "GPU-b", "AMD Instinct MI300X"),
    ]  # fmt: skip
    assert (first.memory_bytes, first.driver, first.maker) == (64 * GIBIBYTE, "6.12.12", "amd")
    assert two_amd.open == 0


@pytest.mark.parametrize(
    ("environ", "uuids"),
    [
        ({}, ["GPU-a", "GPU-b"]),
        ({"HIP_VISIBLE_DEVICES": "1"}, ["GPU-b"]),
        # HIP reads NVIDIA's variable too
        ({"CUDA_VISIBLE_DEVICES": "1,0"}, ["GPU-b", "GPU-a"]),
        ({"ROCR_VISIBLE_DEVICES": "GPU-b", "HIP_VISIBLE_DEVICES": "0"}, ["GPU-b"]),
        ({"ROCR_VISIBLE_DEVICES": "1", "HIP_VISIBLE_DEVICES": "1"}, []),
        ({"HIP_VISIBLE_DEVICES": "-1"}, []),
    ],
)
def test_what_a_scheduler_gives_of_amd_s_gpus_is_kept(two_amd, environ, uuids):
    assert [gpu.uuid for gpu in find_devices(known_makers(amd=two_amd), environ)[1:]] == uuids


def test_a_worker_sees_its_amd_gpu_alone(two_amd):
    first, second = find_devices(known_makers(amd=two_amd), {})[1:]
    environment = worker_environment(second, 2)
    assert environment["ROCR_VISIBLE_DEVICES"] == "GPU-b"
    assert (environment["HIP_VISIBLE_DEVICES"], environment["CUDA_VISIBLE_DEVICES"]) == ("0", "0")
    assert environment["JAX_PLATFORMS"] == "rocm,cpu"
    both = worker_environment(first, 2, beside=[second])
    assert (both["ROCR_VISIBLE_DEVICES"], both["HIP_VISIBLE_DEVICES"]) == ("GPU-a,GPU-b", "0,1")


def test_a_worker_of_another_device_sees_no_amd_gpu():
    for device in (Device("cpu", 0, "", maker="cpu"), Device("gpu", 0, "", uuid="GPU-n", maker="nvidia")):
        assert worker_environment(device, 2)["HIP_VISIBLE_DEVICES"] == "-1"
    assert worker_environment(device, 2)["CUDA_VISIBLE_DEVICES"] == "GPU-n"
    assert worker_environment(device, 2)["JAX_PLATFORMS"] == "cuda,cpu"


def test_all_that_placement_sets_is_told_to_reach_no_worker(two_amd):
    gpu = find_devices(known_makers(amd=two_amd), {})[1]
    for maker in MAKERS:
        assert set(maker.placement([])) <= maker.variables
    assert set(worker_environment(gpu, 2)) <= SET_FOR_WORKERS


def test_amd_s_heat_disturbs_and_its_power_limit_does_not(two_amd):
    makers = known_makers(amd=two_amd)
    gpu = find_devices(makers, {})[1]
    handle = two_amd.gpus[1]
    handle.violations = {"active_ppt_pwr": True}
    with Probe(gpu, makers) as probe:
        assert not [reason for reason in probe.read() if "throttled" in reason]
        handle.violations = {"active_hbm_thrm": True, "active_socket_thrm": "N/A"}
        assert "GPU throttled: too hot, held back by its memory" in probe.read()
    still = snapshot(gpu, makers=makers)
    assert "GPU throttled: too hot, held back by its memory" in disturbance(still, still)
    assert (still["gpu"]["power_watts"], still["gpu"]["held_back"]) == (
        300.0, ["too hot, held back by its memory"],
    )  # fmt: skip
    assert two_amd.open == 0


def test_who_computes_on_an_amd_gpu_makes_it_busy(two_amd):
    makers = known_makers(amd=two_amd)
    gpu = find_devices(makers, {})[1]
    alone = SimpleNamespace(pid=7, children=lambda recursive: [])
    assert busy(gpu, makers, process=alone) is None
    two_amd.gpus[1].pids = [4_000_000, 7]
    assert busy(gpu, makers, process=alone) == "gpu:0 is busy: 1 other process on the GPU"


@pytest.mark.parametrize("key", ["energy_accumulator", "power"])
def test_amd_s_energy_is_its_accumulator_in_steps(two_amd, key):
    makers = known_makers(amd=two_amd)
    gpu = find_devices(makers, {})[1]
    two_amd.energy_key = key
    with opened(gpu, makers) as readings:
        counter = readings.energy()
        assert isinstance(counter, EnergyCounter)
        before = counter.read()
        two_amd.gpus[1].accumulator += 1000
        assert counter.read() - before == pytest.approx(1000 * 15.259e-6)
        assert counter.step_joules == pytest.approx(15.259e-6)
        two_amd.gpus[1].accumulator = None
        with pytest.raises(OSError, match="refuses"):
            counter.read()


def test_without_accumulator_amd_s_power_is_integrated_and_without_power_nothing(two_amd):
    makers = known_makers(amd=two_amd)
    gpu = find_devices(makers, {})[1]
    two_amd.gpus[1].accumulator = 0
    with opened(gpu, makers) as readings:
        counter = readings.energy()
        counter.close()
        assert "integrated" in counter.source
        two_amd.gpus[1].watts = "N/A"
        assert readings.energy() == NotMeasurable("amdsmi gives neither the energy nor the power of this GPU")


def test_amd_s_gpus_that_no_uuid_tells_apart_are_each_read_by_its_place(make_amdsmi, amd_gpu):
    """As of an amdsmi that doesn't tell how HIP counts; 1,000 and 3,000 steps of 15.259 microjoules."""

    class Older(make_amdsmi):
        amdsmi_get_gpu_enumeration_info = None

    makers = known_makers(amd=Older(amd_gpu(accumulator=1000), amd_gpu(accumulator=3000)))
    gpus = find_devices(makers, {})[1:]
    assert [(gpu.id, gpu.uuid) for gpu in gpus] == [("gpu:0", None), ("gpu:1", None)]
    joules = []
    for gpu in gpus:
        with opened(gpu, makers) as readings:
            joules.append(readings.energy().read())
    assert joules == pytest.approx([0.015259, 0.045777])


def test_a_library_that_raises_anything_leaves_the_cpu():
    class Broken:
        def __getattr__(self, name):
            raise OSError(f"{name}: librocm_smi64.so: cannot open shared object file")

    assert [device.id for device in find_devices(known_makers(amd=Broken()), {})] == ["cpu:0"]


def test_intel_s_cards_have_memory_of_their_own(tmp_path):
    for number, (vendor, memory) in enumerate([("0x8086", None), ("0x8086", 16 * GIBIBYTE), ("0x10de", 1)]):
        card = tmp_path / f"drm/card{number}"
        (card / "device/hwmon/hwmon3").mkdir(parents=True)
        (card / "device/vendor").write_text(vendor + "\n")
        (card / "device/device").write_text("0x56a0\n")
        (card / "device/hwmon/hwmon3/energy1_input").write_text("2500000\n")
        if memory:
            (card / "lmem_total_bytes").write_text(f"{memory}\n")
    makers = (Intel(tmp_path),)
    (gpu,) = find_devices(makers, {})
    assert (gpu.name, gpu.memory_bytes, gpu.maker) == (
        "Intel graphics card 0x56a0", 16 * GIBIBYTE, "intel",
    )  # fmt: skip
    with opened(gpu, makers) as readings:
        assert readings.energy().read() == 2.5
    assert find_devices(makers, {"ZE_AFFINITY_MASK": "3"}) == ()
    assert Intel(tmp_path).placement([gpu]) == {"ZE_AFFINITY_MASK": "0"}


def test_apple_s_gpu_is_listed_where_a_metal_build_is_installed():
    def found(system, installed):
        return [gpu.name for gpu in Apple(system, lambda: installed, lambda: "Apple M3 Max").find({})]

    assert found(("darwin", "arm64"), True) == ["Apple M3 Max GPU"]
    assert found(("darwin", "arm64"), False) == found(("darwin", "x86_64"), True) == []
    assert found(("linux", "arm64"), True) == []


def test_what_is_untested_says_so_in_the_listing_and_the_fingerprint(two_amd, monkeypatch, capsys):
    makers = known_makers(amd=two_amd)
    devices = find_devices(makers, {})
    monkeypatch.setattr(command, "find_devices", lambda: devices)
    assert command.main([]) == 0
    said = capsys.readouterr().out
    assert said.count("Untested: AMD's GPUs: written from amdsmi's documentation, never run on one") == 1
    described = machine_fingerprint(devices, 2, versions={})
    assert "never run on one" in described["gpus"][0]["untested"]


def test_a_gpu_that_a_framework_cannot_see_names_its_own_maker_s_build():
    blind = SimpleNamespace(framework="torch", gpus=lambda: 0, version=lambda: "2.9")
    assert "ROCm" in gpu_complaint(blind, "gpu:0", "amd")
    assert "pip install --force-reinstall torch" in gpu_complaint(blind, "gpu:0", "nvidia")
    assert "Metal" not in gpu_complaint(blind, "gpu:0", "nobody")
