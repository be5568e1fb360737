"""The environment of a worker, and the cores it may use."""

from __future__ import annotations

import os

import pytest

from likeforlike.devices.machine.resources import free_memory_bytes, usable_cores
from likeforlike.devices.process.interpreter import same_imports
from likeforlike.devices.process.placement import (
    SET_FOR_WORKERS,
    inherited_by_workers,
    local_device,
    worker_environment,
)
from likeforlike.devices.vendors.device import Device

CPU = Device("cpu", 0, "a processor")
GPU = Device("gpu", 1, "a GPU", uuid="GPU-b", nvml_index=3, maker="nvidia")


def test_a_cpu_worker_sees_no_gpu():
    environment = worker_environment(CPU, 2)
    assert environment["CUDA_VISIBLE_DEVICES"] == "-1"
    assert environment["JAX_PLATFORMS"] == "cpu"
    assert "XLA_FLAGS" not in environment


def test_a_gpu_worker_sees_that_gpu_alone_and_as_its_first():
    assert worker_environment(GPU, 2)["CUDA_VISIBLE_DEVICES"] == "GPU-b"
    assert local_device(GPU) == "gpu:0"


def test_a_gpu_without_uuid_is_chosen_by_nvml_s_number_in_pci_order():
    environment = worker_environment(Device("gpu", 0, "a GPU", nvml_index=3, maker="nvidia"), 1)
    assert (environment["CUDA_VISIBLE_DEVICES"], environment["CUDA_DEVICE_ORDER"]) == ("3", "PCI_BUS_ID")


def test_a_logical_cpu_keeps_its_name_and_is_made():
    device = Device("cpu", 2, "a processor")
    assert local_device(device) == "cpu:2"
    assert worker_environment(device, 2)["XLA_FLAGS"] == "--xla_force_host_platform_device_count=3"


def test_the_caller_s_xla_flags_are_kept():
    inherited = "--xla_dump_to=/x --xla_force_host_platform_device_count=9"
    environment = worker_environment(CPU, 2, logical_cpus=4, inherited_xla_flags=inherited)
    assert environment["XLA_FLAGS"] == "--xla_dump_to=/x --xla_force_host_platform_device_count=4"


def test_every_thread_variable_is_the_number_asked_for():
    environment = worker_environment(CPU, 3)
    names = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "NPROC"}
    assert {environment[name] for name in names} == {"3"}


def test_all_of_it_is_text_as_an_environment_must_be():
    assert all(isinstance(value, str) for value in worker_environment(GPU, 2).values())


def test_what_a_worker_is_given_anyway_is_no_confound():
    assert set(worker_environment(CPU, 2)) <= SET_FOR_WORKERS
    assert inherited_by_workers(dict.fromkeys(SET_FOR_WORKERS, "1")) == ()


def test_xla_flags_reach_a_worker_but_for_the_number_of_logical_cpus():
    assert inherited_by_workers({"XLA_FLAGS": "--xla_force_host_platform_device_count=4"}) == ()
    flags = "--xla_force_host_platform_device_count=4 --xla_cpu_use_onednn=false"
    (item,) = inherited_by_workers({"XLA_FLAGS": flags})
    assert (item.name, item.value) == ("XLA_FLAGS", "--xla_cpu_use_onednn=false")


def test_a_clean_start_leaves_out_the_list_and_nothing_else(monkeypatch):
    for name, value in {"OPENBLAS_CORETYPE": "Haswell", "LD_PRELOAD": "x.so", "CUDA_HOME": "/c"}.items():
        monkeypatch.setenv(name, value)
    every, clean = same_imports(), same_imports(clean=True)
    assert every["OPENBLAS_CORETYPE"] == "Haswell"
    assert {"OPENBLAS_CORETYPE", "LD_PRELOAD"} <= set(every) - set(clean)
    assert {"CUDA_HOME", "PYTHONPATH", "PATH"} <= set(clean)


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("limits", "cores"),
    [
        ({"cpu.max": "max 100000"}, 8),
        ({"cpu.max": "300000 100000"}, 3),
        ({"cpu.max": "250000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"a/cpu.max": "200000 100000", "a/b/cpu.max": "max 100000"}, 2),
        ({"a/cpu.max": "max 100000", "a/b/cpu.max": "500000 100000"}, 5),
        ({"cpu.max": "1600000 100000"}, 8),
        ({"cpu.max": "nonsense"}, 8),
        ({"cpu.max": "100 0"}, 8),
    ],
)
def test_quota_of_cgroup_version_2(tmp_path, limits, cores):
    _write(tmp_path / "cgroup", "0::/a/b\n")
    for name, text in limits.items():
        _write(tmp_path / "root" / name, text)
    assert usable_cores(8, tmp_path / "cgroup", tmp_path / "root") == cores


@pytest.mark.parametrize("mount", ["cpu,cpuacct", "cpu"])
@pytest.mark.parametrize(("quota", "cores"), [("400000", 4), ("-1", 8)])
def test_quota_of_cgroup_version_1(tmp_path, mount, quota, cores):
    _write(tmp_path / "cgroup", "4:memory:/x\n3:cpu,cpuacct:/docker/abc\n0::/\n")
    folder = tmp_path / "root" / mount / "docker" / "abc"
    _write(folder / "cpu.cfs_quota_us", quota)
    _write(folder / "cpu.cfs_period_us", "100000")
    assert usable_cores(8, tmp_path / "cgroup", tmp_path / "root") == cores


def test_inside_a_container_the_root_holds_the_quota(tmp_path):
    _write(tmp_path / "cgroup", "0::/../../elsewhere\n")
    _write(tmp_path / "root" / "cpu.max", "200000 100000")
    assert usable_cores(8, tmp_path / "cgroup", tmp_path / "root") == 2


def test_without_cgroups_affinity_decides(tmp_path):
    assert usable_cores(5, tmp_path / "none", tmp_path) == 5
    assert usable_cores(None, tmp_path / "none", tmp_path) == len(os.sched_getaffinity(0))


def memory_group(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("line", "files", "free"),
    [
        ("0::/job/step", {}, 64),
        ("0::/job/step", {"job/step/memory.max": "max", "job/step/memory.current": "9"}, 64),
        ("0::/job/step", {"job/step/memory.max": "16", "job/step/memory.current": "9"}, 7),
        # page cache that the kernel would give back is no use
        (
            "0::/job/step",
            {
                "job/step/memory.max": "16",
                "job/step/memory.current": "9",
                "job/step/memory.stat": "anon 5\ninactive_file 3\n",
            },
            10,
        ),
        # the limit of a group above holds too
        ("0::/job/step", {"job/memory.max": "12", "job/memory.current": "10"}, 2),
        (
            "4:memory:/slurm",
            {"memory/slurm/memory.limit_in_bytes": "32", "memory/slurm/memory.usage_in_bytes": "40"},
            0,
        ),
    ],
)
def test_free_memory_is_what_the_cgroup_leaves(tmp_path, line, files, free):
    told = tmp_path / "cgroup"
    told.write_text(line + "\n")
    root = memory_group(tmp_path / "fs", files)
    assert free_memory_bytes(64, told, root) == free
