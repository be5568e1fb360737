"""What cpuinfo and sysfs say, from files written for the test."""

from __future__ import annotations

import pytest

from likeforlike.devices.vendors.cpu import cache_bytes, read_processor

XEON = """processor\t: 0
model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
cpu MHz\t\t: 3391.127
flags\t\t: fpu sse2 avx avx2 fma avx512f avx512_bf16 avx512_fp16 amx_bf16 amx_tile amx_int8
bogomips\t: 5400.00

processor\t: 1
model name\t: something else
"""
NAMELESS = "model name\t: AMD EPYC-Milan Processor\ncpu MHz\t: 2890.1\nflags\t: sse2 avx avx2 fma\nbogomips\t: 5599.98\n"
GRAVITON = "processor\t: 0\nBogoMIPS\t: 2100.00\nFeatures\t: fp asimd asimdhp sve bf16\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n"


@pytest.fixture
def machine(tmp_path):
    def write(cpuinfo, **frequencies):
        (tmp_path / "cpuinfo").write_text(cpuinfo)
        for cpu, files in frequencies.items():
            folder = tmp_path / "sys" / cpu / "cpufreq"
            folder.mkdir(parents=True)
            for name, text in files.items():
                (folder / name).write_text(f"{text}\n")
        return read_processor(tmp_path, tmp_path / "sys")

    return write


def test_a_xeon(machine):
    found = machine(XEON)
    assert found.model == "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz"
    assert (found.vector, found.amx, found.half) == (
        "avx512f",
        ("bf16", "int8"),
        ("avx512_bf16", "avx512_fp16"),
    )
    assert (found.hertz, found.max_hertz) == (2.7e9, None)


def test_the_clock_of_the_moment_is_not_the_nominal_one(machine):
    first = machine(NAMELESS)
    assert first.hertz == 2.8e9
    assert machine(NAMELESS.replace("2890.1", "3400.0").replace("5599.98", "5600.02")) == first


def test_the_driver_s_base_frequency_comes_before_the_counter_s(machine):
    assert machine(NAMELESS, cpu0={"base_frequency": 2450000}).hertz == 2.45e9


def test_turbo_is_the_highest_of_any_core(machine):
    cores = {
        "cpu0": {"scaling_driver": "intel_pstate", "cpuinfo_max_freq": 5000000},
        "cpu1": {"scaling_driver": "intel_pstate", "cpuinfo_max_freq": 5700000},
    }
    assert machine(XEON, **cores).max_hertz == 5.7e9


def test_a_driver_that_leaves_turbo_out_is_not_believed(machine):
    assert (
        machine(XEON, cpu0={"scaling_driver": "acpi-cpufreq", "cpuinfo_max_freq": 2701000}).max_hertz is None
    )


def test_arm_is_told_by_its_numbers(machine):
    found = machine(GRAVITON)
    assert found.model == "Arm implementer 0x41 part 0xd40"
    assert (found.vector, found.half, found.hertz) == ("sve", ("bf16", "asimdhp"), None)


def test_a_machine_without_cpuinfo_is_unknown(tmp_path):
    found = read_processor(tmp_path, tmp_path)
    assert (found.model, found.vector, found.hertz, found.max_hertz) == (None, None, None, None)


def test_arm_s_matrix_extension_is_told(machine):
    assert not machine(GRAVITON).sme
    assert machine(GRAVITON.replace("sve bf16", "sve sve2 sme smef64f64 bf16")).sme


def test_caches_are_counted_once_whoever_shares_them_and_instructions_not_at_all(tmp_path):
    """Four cores in two pairs: 4 x 32 KiB of data, 2 x 1 MiB, and 16 MiB for all."""
    told = {
        "index0": ("1", "Data", "32K", lambda cpu: f"{cpu}"),
        "index1": ("1", "Instruction", "64K", lambda cpu: f"{cpu}"),
        "index2": ("2", "Unified", "1M", lambda cpu: ("0-1", "2-3")[cpu // 2]),
        "index3": ("3", "Unified", "16384K", lambda cpu: "0-3"),
    }
    for cpu in range(4):
        for index, (level, kind, size, shared) in told.items():
            folder = tmp_path / f"cpu{cpu}" / "cache" / index
            folder.mkdir(parents=True)
            files = {"level": level, "type": kind, "size": size, "shared_cpu_list": shared(cpu)}
            for name, text in files.items():
                (folder / name).write_text(f"{text}\n")
    assert cache_bytes(tmp_path) == 4 * 32 * 2**10 + 2 * 2**20 + 16 * 2**20
    assert cache_bytes(tmp_path / "nothing") is None
