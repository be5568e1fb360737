"""One worker process: started, frozen, watched, ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from likeforlike.bench.worker.messages import Answer, Order, Quit, receive_answer, send
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.devices.machine.resources import FreeMemory, free_memory_bytes
from likeforlike.devices.process.interpreter import Interpreter, module_command, same_imports

WORKER = "likeforlike.bench.worker"
"""Started by name: nothing of it is imported here."""

_WATCH_SECONDS = 0.1
_END_SECONDS = 2.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class MemoryLimits:
    """When a worker takes too much: its own share, or what must stay free on the machine."""

    worker_bytes: int
    free_floor_bytes: int

    @classmethod
    def of_machine(cls, cell_memory_bytes: int | None, sharers: int = 1) -> MemoryLimits:
        """What was asked, else nine tenths of what is free now; a twentieth of that stays free.

        ``sharers`` cells measured at the same time divide the nine tenths; none may have more than its part,
        whatever was asked.
        """
        available = free_memory_bytes()
        share = available * 9 // 10 // sharers
        asked = cell_memory_bytes or share
        return cls(asked if sharers == 1 else min(asked, share), available // 20)


def kernel_oom_kills() -> int:
    """How many processes the kernel has killed for want of memory since it started (vmstat)."""
    with suppress(OSError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


class Worker:
    """One worker process and the socket to it. Only one of a group runs at a time."""

    def __init__(
        self,
        environment: Mapping[str, str],
        limits: MemoryLimits,
        has_peers: bool = False,
        clean: bool = False,
        interpreter: Interpreter | None = None,
    ) -> None:
        """Start it: this process's environment, ``clean`` or as it is, under the one given.

        ``interpreter``: which Python runs it; None: the one that runs this.
        """
        self.has_peers = has_peers
        """Whether it starts processes that work with it, whose memory counts as its own."""
        self._peers: list[psutil.Process] = []
        """Those seen at the last freeze: to look for them takes milliseconds, which no sample should pay."""
        self.limits = limits
        self._memory = FreeMemory()
        self.while_waiting: Callable[[], None] = lambda: None
        """Called several times a second while an answer is awaited."""
        self.frozen = self._killed = False
        self._oom_kills = kernel_oom_kills()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        ours, theirs = socket.socketpair()
        start = module_command if interpreter is None else interpreter.command
        inherited = same_imports(clean) if interpreter is None else interpreter.environment(clean)
        with theirs:
            self.process = subprocess.Popen(
                start(WORKER, str(theirs.fileno()), str(os.getpid())),
                env={**inherited, **environment},
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                # a terminal's Ctrl-C is the harness's to handle; and whatever the worker starts is in
                # its process group, to be frozen, thawed and ended with it
                start_new_session=True,
            )
        self.connection = Connection(ours.detach())

    def order(self, message: Order) -> None:
        """Send an order, thawing the worker first. Raises CellFailed when it is gone."""
        self.thaw()
        try:
            send(self.connection, message)
        except OSError:
            raise self._post_mortem() from None

    def answer(self, timeout_seconds: float, clock: Callable[[], float] = time.monotonic) -> Answer:
        """Wait, without spinning, for an answer. Raises CellFailed on death, time-out or memory."""
        deadline = clock() + timeout_seconds
        while True:
            left = deadline - clock()
            try:
                # once more when time is over: this process may have been stopped while the answer came
                if self.connection.poll(min(max(left, 0.0), _WATCH_SECONDS)):
                    return receive_answer(self.connection)
            except (EOFError, OSError):
                raise self._post_mortem() from None
            if left <= 0.0:
                break
            self._check_memory()
            self.while_waiting()
        self.kill()
        raise CellFailed("timed-out", f"no answer within {timeout_seconds:.3g} s of its --cell-timeout")

    def _check_memory(self) -> None:
        try:
            resident = psutil.Process(self.process.pid).memory_info().rss
        except psutil.Error:  # gone: the socket will say so
            return
        for peer in self._peers:
            with suppress(psutil.Error):  # it has ended, and holds nothing
                resident += peer.memory_info().rss
        free = self._memory.below(self.limits.free_floor_bytes, resident)
        if resident > self.limits.worker_bytes:
            why = f"held {_gib(resident)}, the limit (--cell-memory) is {_gib(self.limits.worker_bytes)}"
        elif free is not None:
            why = f"held {_gib(resident)} and left {_gib(free)} of the machine's memory free"
        else:
            return
        self.kill()
        raise CellFailed("out-of-memory", why)

    def _post_mortem(self) -> CellFailed:
        """Say how a worker that hung up has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_END_SECONDS)
        code = self.process.returncode
        last_words = self._last_words()
        self.kill()
        if code == -signal.SIGKILL and kernel_oom_kills() > self._oom_kills:
            return CellFailed("out-of-memory", "killed by the kernel for want of memory")
        if code is not None and code < 0:
            return CellFailed("crashed", f"worker ended by {signal.Signals(-code).name}{last_words}")
        return CellFailed("crashed", f"worker left with exit status {code}{last_words}")

    def _last_words(self) -> str:
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 2000))
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return f": {lines[-1][:200]}" if lines else ""

    def freeze(self) -> None:
        """Stop the worker and what it has started, and wait until it has stopped. Raises CellFailed."""
        if self.frozen or self.process.poll() is not None:
            return
        self._signal(signal.SIGSTOP)
        self._await_stop()
        if self.has_peers:
            with suppress(psutil.Error):
                self._peers = psutil.Process(self.process.pid).children(recursive=True)
        self.frozen = True

    def _await_stop(self) -> None:
        """Within a bound: a thread that hangs in a driver never stops, and must not take the run with it."""
        how = os.WSTOPPED | os.WEXITED | os.WNOWAIT | os.WNOHANG
        deadline, pause = time.monotonic() + _STOP_SECONDS, 1e-5
        while os.waitid(os.P_PID, self.process.pid, how) is None:
            if time.monotonic() > deadline:
                self.kill()
                raise CellFailed("timed-out", f"did not stop within {_STOP_SECONDS:.0f} s")
            time.sleep(pause)
            pause = min(2 * pause, 1e-3)

    @property
    def pids(self) -> tuple[int, ...]:
        """The worker's process and those that work with it, as far as they were seen."""
        return (self.process.pid, *(peer.pid for peer in self._peers))

    def thaw(self) -> None:
        """Let the worker run."""
        if self.frozen:
            self._signal(signal.SIGCONT)
            self.frozen = False

    def _signal(self, number: signal.Signals) -> None:
        """To every process of the worker's group; those that outlive it are in it still."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def end(self) -> None:
        """Ask the worker to leave, and see to it that it does; of one that was killed nothing is asked."""
        if self._killed:  # its process may be there still, hung in a driver
            return
        with suppress(CellFailed, OSError, subprocess.TimeoutExpired):
            self.order(Quit())
            self.process.wait(_END_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the worker and whatever it started, at once; one that hangs in a driver is left behind."""
        if not self._killed:
            self._killed = True
            self._signal(signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_STOP_SECONDS)
            self.connection.close()
            self._log.close()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None


def _gib(count: int) -> str:
    return f"{count / 2**30:.2f} GiB"
