"""``likeforlike check``: its table, its JSON, its exit status."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import pytest
from pretended_machine import Pretended

from likeforlike.devices.check import command, conduct
from likeforlike.devices.check.rows import Place
from likeforlike.devices.machine import discovery
from likeforlike.devices.vendors.device import Device
from likeforlike.devices.vendors.makers import known_makers

ROWS = [
    Place().good("clock source", "tsc"),
    Place().not_measurable("governor", "the kernel tells none, as on virtual machines"),
    Place("gpu:0").warn("quiet", "1 other process on the GPU", "end other programs; measure alone"),
    Place("gpu:0", "torch").bad(
        "ieee float32",
        "error 2.9e-04, at most 1e-05 expected, as of TF32",
        "unset NVIDIA_TF32_OVERRIDE and the like",
    ),
]
DEVICES = [Device("gpu", 0, "NVIDIA A100-SXM4-80GB")]


@pytest.fixture
def pretended(monkeypatch, make_nvml, board, tmp_path):
    made = Pretended(make_nvml(board()), sorted(os.sched_getaffinity(0)), tmp_path)
    monkeypatch.setattr(conduct, "Machine", lambda: made.machine)
    found = discovery.find_devices(known_makers(nvidia=made.nvml), {})
    monkeypatch.setattr(discovery, "find_devices", lambda: found)
    return made


def test_a_machine_that_is_well_exits_with_0_and_a_bad_one_with_1(pretended, capsys):
    assert command.main(["--devices", "gpu", "--frameworks", "torch"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "gpu:0, NVIDIA A100-SXM4-80GB" in told.out
    pretended.answers["torch"] = {"waits": False}
    assert command.main(["--devices", "gpu", "--frameworks", "torch"]) == 1
    assert "1 bad" in capsys.readouterr().out.splitlines()[-1]


def test_json_has_the_same_rows(pretended, capsys):
    pretended.answers["torch"] = {"stuck_at": "tf32"}
    assert command.main(["--json", "--devices", "gpu", "--frameworks", "torch"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["worst"] == "bad"
    assert {
        "what": "ieee float32",
        "device": "gpu:0",
        "framework": "torch",
        "verdict": "bad",
    }.items() <= next(row for row in told["rows"] if row["what"] == "ieee float32").items()
    assert json.loads(command.as_json(ROWS, 1.25))["rows"] == [asdict(row) for row in ROWS]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--devices", "tpu"], "--devices: unknown device 'tpu'"),
        (["--devices", "gpu:7"], "--devices: gpu:7 is not on this machine"),
        (["--devices", ""], "--devices: unknown device ''"),
        (["--frameworks", "torch,keras"], "--frameworks: unknown 'keras': known are numpy"),
        (["--frameworks", ","], "--frameworks: no framework was named"),
        (["--jsn"], "unrecognized arguments: --jsn"),
    ],
)
def test_bad_input_is_one_line_and_status_2(pretended, capsys, arguments, words):
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"likeforlike check: {words}")


def test_the_table_has_a_block_for_the_machine_each_device_and_each_framework():
    assert command.as_text(ROWS, DEVICES, 61.3, 100).splitlines() == [
        "this machine",
        "  good            clock source  tsc",
        "  not measurable  governor      the kernel tells none, as on virtual machines",
        "",
        "gpu:0, NVIDIA A100-SXM4-80GB",
        "  warn            quiet         1 other process on the GPU",
        "                                → end other programs; measure alone",
        "",
        "torch on gpu:0",
        "  bad             ieee float32  error 2.9e-04, at most 1e-05 expected, as of TF32",
        "                                → unset NVIDIA_TF32_OVERRIDE and the like",
        "",
        "1 good, 1 not measurable, 1 warn, 1 bad; 61 s",
    ]


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(pretended, monkeypatch, capsys, width):
    monkeypatch.setenv("COLUMNS", str(width))
    pretended.answers["torch"] = {"stuck_at": "tf32", "waits": False, "rate": 1e15}
    command.main([])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width


def test_progress_writes_over_itself_on_a_terminal_alone():
    written = []
    progress = command.Progress(written.append)
    progress.tell("tensorflow on cpu:0")
    progress.tell("jax on cpu:0")
    progress.end()
    assert written[0] == "\rchecking tensorflow on cpu:0 ..."
    assert written[1].rstrip() == "\rchecking jax on cpu:0 ..."
    assert len(written[1]) == len(written[0])
    assert written[2].strip() == ""
    silent = command.Progress(None)
    silent.tell("jax")
    silent.end()


def test_another_system_and_an_interrupt_are_one_line(pretended, monkeypatch, capsys):
    monkeypatch.setattr(conduct.Check, "rows", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
    assert command.main(["--devices", "gpu"]) == 130
    assert capsys.readouterr().err == "likeforlike check: interrupted\n"
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(SystemExit) as ended:
        command.main([])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "likeforlike check: it needs Linux; this is darwin\n"
