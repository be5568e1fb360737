"""``python -m devices``."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from likeforlike.devices import command
from likeforlike.devices.limits.bandwidths import MEMORY
from likeforlike.devices.limits.ceilings import PRECISIONS
from likeforlike.devices.machine.discovery import find_devices
from likeforlike.devices.process.measured_ceilings import Rate
from likeforlike.devices.vendors.makers import known_makers


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture
def with_a_gpu(monkeypatch, make_nvml, board):
    nvml = make_nvml(board())
    monkeypatch.setattr(command, "find_devices", lambda: find_devices(known_makers(nvidia=nvml), {}))


def test_json_is_one_object(with_a_gpu, capsys):
    assert command.main(["--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["fingerprint"]["gpus"][0]["name"] == "NVIDIA A100-SXM4-80GB"
    assert [device["id"] for device in said["devices"]] == ["cpu:0", "gpu:0"]
    assert said["devices"][1]["ceilings"]["tf32"]["flop_per_second"] == 156e12


def test_text_shows_devices_and_ceilings(with_a_gpu, capsys):
    assert command.main([]) == 0
    text = capsys.readouterr().out
    assert "312 TFLOP/s" in text
    assert "NVIDIA A100 datasheet" in text
    assert "Fingerprint" in text


def test_a_bad_argument_is_one_line_and_status_2():
    done = subprocess.run(
        [sys.executable, "-m", "devices", "--jsn"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "python -m devices: unrecognized arguments: --jsn\n"


def test_what_was_measured_stands_beside_the_ceiling_and_is_kept(with_a_gpu, monkeypatch, capsys):
    def measured(wanted, threads):
        (cpu, *_), gpu = wanted, next(want for want in wanted if want.device.kind == "gpu")
        assert cpu.precisions == gpu.precisions == (*PRECISIONS, MEMORY)
        name = gpu.device.name
        return [Rate("gpu:0", name, "tf32", "torch", 120e12, (8192, 8192, 8192))], ["jax on gpu:0: no memory"]

    monkeypatch.setattr(command, "measure", measured)
    assert command.main(["--measure"]) == 0
    said = capsys.readouterr()
    assert said.err == "not measured: jax on gpu:0: no memory\n"
    assert "120 TFLOP/s" in said.out
    monkeypatch.setattr(command, "measure", None)
    assert command.main(["--json"]) == 0
    cpu, gpu = json.loads(capsys.readouterr().out)["devices"]
    assert cpu["reached"] == {}
    told = {"flop_per_second": 120e12, "source": "8192 x 8192 x 8192 by torch"}
    assert gpu["reached"] == {"tf32": told}


def test_what_no_process_can_be_shown_for_sure_is_not_measured_and_told(
    monkeypatch, capsys, make_nvml, board
):
    nvml = make_nvml(None, board("NVIDIA T4", None))
    devices = find_devices(known_makers(nvidia=nvml), {})
    monkeypatch.setattr(command, "find_devices", lambda: devices)
    asked = []
    monkeypatch.setattr(command, "measure", lambda wanted, threads: asked.extend(wanted) or ([], []))
    assert command.main(["--measure"]) == 0
    assert {want.device.id for want in asked} == {"cpu:0"}
    assert capsys.readouterr().err == f"not measured: gpu:0: {devices[1].unplaceable}\n"


def test_inherited_variables_are_told(monkeypatch, capsys):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    assert command.main([]) == 0
    assert "OPENBLAS_CORETYPE=Nehalem makes OpenBLAS use" in capsys.readouterr().out
