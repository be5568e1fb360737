"""Whether a run goes on where it began: by the host's name, its running kernel, its GPUs."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from likeforlike.devices.machine.host import host_facts, moved
from likeforlike.devices.vendors.device import Device

A = {"name": "a", "boot": "1", "gpu:0": "GPU-7"}


def test_what_is_told_of_a_host(tmp_path: Path) -> None:
    (tmp_path / "boot_id").write_text("5e1f\n")
    devices = [
        Device("cpu", 0, "EPYC", uuid="a board's"),
        Device("gpu", 0, "H200", uuid="GPU-7"),
        Device("gpu", 1, "H200"),
    ]
    told = host_facts(devices, tmp_path / "boot_id")
    assert told == {"name": platform.node(), "boot": "5e1f", "gpu:0": "GPU-7"}
    assert host_facts([], tmp_path / "none") == {"name": platform.node()}


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (A, ""),
        ({**A, "boot": "2"}, ""),  # started anew
        ({**A, "name": "container"}, ""),
        ({**A, "name": "b", "boot": "2"}, "the host, a"),
        ({"name": "b"}, "the host, a"),
        ({"name": "a"}, ""),
        ({}, ""),
        ({**A, "gpu:0": "GPU-8"}, "gpu:0, GPU-7"),
        ({**A, "gpu:1": "GPU-9"}, ""),
    ],
)
def test_where_it_has_moved(now: dict[str, str], why: str) -> None:
    assert moved(A, now) == why


def test_what_an_older_journal_does_not_tell_is_no_other_host() -> None:
    assert moved({}, A) == ""
