"""Processes that live and die together."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from likeforlike.devices.process import lifetime

PARENT = """
import subprocess, sys
from likeforlike.devices.process.lifetime import end_with_child
child = subprocess.Popen([sys.executable, "-c", "raise SystemExit({status})"])
end_with_child(child, "worker 1")
sys.stdin.read()
"""


@pytest.mark.parametrize(("status", "left", "told"), [(3, 1, "worker 1 ended with status 3\n"), (0, 0, "")])
def test_a_process_leaves_with_a_child_that_fails(status, left, told):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(status=status)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if status:
        assert parent.wait(300) == left  # though its standard input is open still
    _, error = parent.communicate(timeout=300)
    assert (parent.returncode, error) == (left, told)


@pytest.mark.parametrize(("platform", "requests"), [("linux", [(1, signal.SIGKILL)]), ("darwin", [])])
@pytest.mark.parametrize("orphaned", [False, True])
def test_a_child_asks_to_die_with_its_parent_where_that_can_be_asked(
    monkeypatch, platform, requests, orphaned
):
    """Of Linux's prctl, whose request for a signal at the parent's death is number 1; macOS has none."""
    done: list[tuple] = []
    library = SimpleNamespace(prctl=lambda *given: done.append(given)) if requests else SimpleNamespace()
    monkeypatch.setattr(lifetime.ctypes, "CDLL", lambda *_, **__: library)
    monkeypatch.setattr(lifetime.sys, "platform", platform)
    monkeypatch.setattr(lifetime.os, "getppid", lambda: 1 if orphaned else 7)
    monkeypatch.setattr(lifetime.os, "_exit", lambda status: done.append(("left", status)))
    lifetime.end_with_parent(7)
    assert done == [*requests, *([("left", 1)] if orphaned else [])]
