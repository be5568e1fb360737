"""Processes that live and die together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent_pid: int) -> None:
    """Ask Linux to kill this process when its parent dies, so that no orphan is left (prctl(2)).

    Other systems know no such request: there it is only left at once if the parent has died already.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died before the request
        os._exit(1)


def end_with_child(process: subprocess.Popen[bytes], told: str) -> None:
    """Leave this process, with these last words, as soon as the child fails; do nothing if it ends well.

    For a child that this process waits for inside a library, which would wait for ever.
    """

    def watch() -> None:
        status = process.wait()
        if status != 0:
            print(f"{told} ended with status {status}", file=sys.stderr, flush=True)
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
