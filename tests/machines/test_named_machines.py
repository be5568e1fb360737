"""The whole product, from listing to report, on each named machine: the figures that its stand-ins give appear."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from named import MACHINES, REST_WATTS

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
NOT_OURS = ("PYTEST_", "COV_", "CUDA_", "HIP_", "ROCR_", "ZE_")
BENCH = (
    *("bench", "--preset=smoke", "--workloads=matmul", "--sizes=8", "--devices=all", "-k", "matmul"),
    *("--implementations=numpy,torch", "--no-measured-ceiling", "--benchmark-json=r.json", "-q"),
)
MORE = {"one GPU": ("--cache=warm,cold", "--operands=normal", "--sustained=0.5")}
"""What is asked of a machine besides."""
GPUS = {
    "processor alone": [],
    "one GPU": ["NVIDIA A100-SXM4-80GB"],
    "two GPUs": ["NVIDIA H100 80GB HBM3"] * 2,
    "eight GPUs": ["NVIDIA H100 80GB HBM3"] * 8,
    "mixed": ["NVIDIA A100-SXM4-80GB", "Tesla T4"],
    "slices": ["NVIDIA A100-SXM4-80GB MIG 1g.10gb", "NVIDIA A100-SXM4-80GB MIG 3g.40gb"],
    "laptop": ["NVIDIA GeForce RTX 4090 Laptop GPU"],
    "AMD": ["AMD Instinct MI300X"],
    "counter goes round": [],
    "counter denied": [],
    "counter coarse": [],
    "256 processors": [],
}
FLOAT32 = {"one GPU": 19.5e12, "two GPUs": 67e12, "laptop": 39.69e12}
"""What the data sheet says of gpu:0."""


def run(machine: str, folder: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    done = subprocess.run(
        [sys.executable, str(HERE / "launch.py"), machine, str(folder), *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(REPOSITORY), "XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_machine_has_its_answers() -> None:
    assert list(GPUS) == list(MACHINES)


@pytest.mark.parametrize("machine", GPUS)
def test_from_listing_to_report(machine: str, tmp_path: Path) -> None:
    listed(machine, json.loads(run(machine, tmp_path, "devices", "--json")))
    said = run(machine, tmp_path, *BENCH, *MORE.get(machine, ()))
    result = json.loads((tmp_path / "r.json").read_text())
    cells = {
        (cell["extra_info"]["device"], cell["extra_info"]["implementation"]): cell["extra_info"]
        for cell in result["benchmarks"]
        if cell["extra_info"]["cache"] == "warm"
    }
    gpus = {f"gpu:{number}" for number in range(len(GPUS[machine]))}
    assert {device for device, name in cells if name == "torch"} == gpus | {"cpu:0"}, said
    for (device, name), extra in cells.items():
        if name == "torch":
            measured(machine, device, extra)
            alone(machine, device, extra)
    if machine in MORE:
        under_other_circumstances(tmp_path, [cell["extra_info"] for cell in result["benchmarks"]])
    run(machine, tmp_path, "report", "r.json", "--output", "report")
    reported(machine, (tmp_path / "report/report.md").read_text())


def listed(machine: str, told: dict) -> None:
    """What ``likeforlike devices`` says."""
    cpu, *gpus = told["devices"]
    assert [gpu["name"] for gpu in gpus] == GPUS[machine]
    named = MACHINES[machine]
    memory = [gpu.memory_bytes for gpu in named.nvidia if gpu.slices is None]
    memory += [part.memory_bytes for gpu in named.nvidia for part in gpu.slices or () if part]
    memory += [gpu.mib * 2**20 for gpu in named.amd]
    assert [gpu["memory_bytes"] for gpu in gpus] == memory
    if machine in FLOAT32:
        assert gpus[0]["ceilings"]["float32"]["flop_per_second"] >= FLOAT32[machine]
        assert gpus[0]["ceilings"]["float32"]["flop_per_second"] < 1.1 * FLOAT32[machine]
    assert all(bool(gpu["untested"]) == bool(named.amd) for gpu in gpus)
    if machine == "slices":
        assert {gpu["energy"]["not_measurable"] for gpu in gpus} == {
            "NVML tells the energy of the whole board, not of a MIG slice"
        }
    elif named.amd:
        assert all("amdsmi's energy accumulator" in gpu["energy"]["source"] for gpu in gpus)
    else:
        assert all("NVML's total energy counter" in gpu["energy"]["source"] for gpu in gpus)
    assert ("source" in cpu["energy"]) == (named.rapl in ("round", "coarse"))
    if named.rapl == "denied":
        assert "may not be read" in cpu["energy"]["not_measurable"]
    if machine == "256 processors":
        assert (told["fingerprint"]["threads"], told["fingerprint"]["cpu"]["usable_cores"]) == (256, 256)


def measured(machine: str, device: str, extra: dict) -> None:
    """A cell of the stand-in for PyTorch: its memory, its joules, its threads."""
    named, energy = MACHINES[machine], extra["energy"]
    if device.startswith("gpu"):
        assert extra["device_peak_memory_bytes"] == named.peak_bytes
    counted = named.rapl == "round" if device == "cpu:0" else machine != "slices"
    if device == "cpu:0" and "other programs used" in energy.get("not_measurable", ""):
        counted = False  # tests beside this one took a tenth of the processors: the counter is theirs, too
    if counted:
        assert energy["low"] <= named.joules_per_product <= energy["high"], energy
        assert energy["idle_watts"] == pytest.approx(REST_WATTS, rel=0.1)
    else:
        assert "joules_per_sample" not in energy
    if named.rapl == "coarse":
        assert "too coarse: it moved 0 times" in energy["not_measurable"]
    if named.rapl == "denied":
        assert "may not be read" in energy["not_measurable"]
    if machine == "256 processors":
        # NumPy's BLAS, which takes part, has 64
        assert extra["threads"]["asked"] == 64


def alone(machine: str, device: str, extra: dict) -> None:
    """The kernel's own time beside the host's, and the device's pace at each sample."""
    cost, pace = extra["launch_cost"], extra["pace"]
    assert extra["waiting_seconds"] >= 0
    assert min(cost["back_to_back"]["seconds"]) > 0
    if device == "cpu:0":
        assert set(cost) == {"back_to_back"}
        return
    assert cost["events"]["seconds"] == pytest.approx([MACHINES[machine].kernel_seconds] * 7)
    assert min(cost["replayed"]["seconds"]) > 0
    samples = len(extra["round_numbers"])
    assert pace["held_back"] == [[]] * samples
    if MACHINES[machine].nvidia:
        assert pace["clock_hertz"] == [1.38e9] * samples
        assert pace["celsius"] == [61] * samples
    if MACHINES[machine].amd:
        assert pace["clock_hertz"] == [1.7e9] * samples
        assert pace["celsius"] == [67] * samples


def under_other_circumstances(folder: Path, cells: list[dict]) -> None:
    """Cold cells emptied the device's caches before each sample; operands were normal; the device was loaded."""
    cells = [extra for extra in cells if extra["workload"] == "matmul"]
    assert {extra["axes"]["operands"] for extra in cells} == {"normal"}
    cold = [extra for extra in cells if extra["axes"].get("cache") == "cold"]
    assert {extra["cache"] for extra in cold} == {"cold"}
    assert {extra["device"] for extra in cold} == {"cpu:0", "gpu:0"}
    (of_gpu,) = [extra for extra in cold if extra["device"] == "gpu:0" and not extra["twin_of"]]
    written = [int(line) for line in (folder / "gpu-written").read_text().split()]
    assert set(written) == {of_gpu["cold_cache"]["written_bytes"]}
    assert of_gpu["cold_cache"]["written_bytes"] > of_gpu["cold_cache"]["cache_bytes"]
    # each sample's, and each call's by events
    assert len(written) == len(of_gpu["round_numbers"]) + of_gpu["repeated"] + 7
    assert "in the caches" in of_gpu["launch_cost"]["back_to_back"]["not_measurable"]
    for extra in cells:
        (launch,) = extra["launches"]
        assert launch["sustained"]["ended"] == "asked"
        assert launch["sustained"]["asked_seconds"] == 0.5
        if extra["device"] == "gpu:0":
            assert launch["sustained"]["last"] == {"clock_hertz": 1.38e9, "celsius": 61, "held_back": []}


def reported(machine: str, text: str) -> None:
    """What the report says."""
    named = MACHINES[machine]
    for name in GPUS[machine]:
        assert name in text
    if GPUS[machine]:
        assert "123 MiB" in text
    assert ("never run on one" in text) == bool(named.amd)
    if named.rapl == "denied":
        assert "may not be read" in text
    if GPUS[machine] and machine != "slices":
        assert "total energy counter" in text or "energy accumulator" in text
        # the column where time stands
        assert "gpu:0 energy" in text
    if GPUS[machine]:
        own = "1 µs" if machine == "two GPUs" else "2 µs"
        table = text.partition("A call, and its kernel alone")[2].partition("What waiting costs")[0]
        assert any("torch" in line and f" {own} " in line for line in table.splitlines())
        assert "What waiting costs" in text
    if machine in MORE:
        assert "torch, cold caches, normal operands" in text
        assert "as long as asked (1,380 to 1,380 MHz, 61 to 61 °C)" in text
