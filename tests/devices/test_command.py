"""``python -m devices``."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from likeforlike.devices import command
from likeforlike.devices.machine.discovery import find_devices


@pytest.fixture
def with_a_gpu(monkeypatch, make_nvml, board):
    nvml = make_nvml(board())
    monkeypatch.setattr(command, "find_devices", lambda: find_devices(nvml, {}))


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
