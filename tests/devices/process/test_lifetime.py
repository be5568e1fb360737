"""Processes that live and die together."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
