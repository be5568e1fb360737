"""What a worker waited for while it could have worked: a processor, memory, its container's quota.

Read right before and right after a sample, while the worker stands still, so that the reading costs no sample
anything (20 threads: 0.13 ms, measured). Whatever can't be read is None and disturbs nothing.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.machine.cgroups import (
    CGROUP_FILE,
    CGROUP_ROOT,
    cgroup_folders,
    processor_folders,
    throttled_seconds,
)
from likeforlike.devices.machine.load.processor_use import read_ticks
from likeforlike.devices.machine.resources import processors

WAITING_FRACTION = 0.10
"""Share of its time that a sample may have waited before it counts as disturbed.

Measured on two cores with NumPy, PyTorch, TensorFlow and JAX (2 to 25 threads), in turns of 20 to 200 ms:
where nobody else could run, the thread that waited longest waited for 0 to 6 % of the time; beside programs
that keep one core busy, for 20 to 52 % (medians of cells).
"""


OTHERS_CORES = 0.1
"""What others must have used of a core, lately, for a wait to be laid at their door.

Threads of one framework wait for one another as well: on an idle machine TensorFlow's waited for a tenth of
their time in every turn; and beside a GPU, with most of 16 cores free, threads waited for up to 3 ms.
"""
_LATELY_SECONDS = 0.5
"""Of turns: ticks of 10 ms say nothing of a single one."""
_WORKING_FRACTION = 0.02
"""Of a turn that a thread must have run to want a core: all run a little when a worker is thawed."""


@dataclass(frozen=True)
class ThreadTimes:
    """Seconds that a thread has run, and waited on a run queue, since it began."""

    run_seconds: float
    waited_seconds: float


Threads = Mapping[tuple[int, int], ThreadTimes]
"""By process and thread."""


@dataclass(frozen=True)
class Waits:
    """Readings that only grow, in seconds; None for what can't be read."""

    threads: Threads | None
    processor_pressure_seconds: float | None
    """During which something waited for a processor; read only where threads can't be."""
    memory_pressure_seconds: float | None
    """During which something waited for memory to be freed or brought back."""
    throttled_seconds: float | None
    busy_seconds: float | None = None
    """That the processors we may run on have worked, for whomever."""


def thread_times(pids: Sequence[int], proc: Path) -> Threads | None:
    """Times of all threads of these processes; None where the kernel doesn't tell."""
    found: dict[tuple[int, int], ThreadTimes] = {}
    for pid in pids:
        folder = f"{proc}/{pid}/task"
        try:
            names = os.listdir(folder)
        except OSError:  # it has ended, or /proc is hidden
            continue
        for name in names:
            times = _schedstat(f"{folder}/{name}/schedstat")
            if times is not None:
                found[pid, int(name)] = times
    # a kernel that doesn't count says 0 0 0 of everything, even of what runs
    return found if any(times.run_seconds for times in found.values()) else None


def _schedstat(path: str) -> ThreadTimes | None:
    """Nanoseconds on a processor, nanoseconds on a run queue, and slices; None if the thread has ended."""
    try:
        file = os.open(path, os.O_RDONLY)  # half the price of a file object, for each of many threads
    except OSError:
        return None
    try:
        fields = os.read(file, 128).split()
        return ThreadTimes(int(fields[0]) / 1e9, int(fields[1]) / 1e9)
    except (OSError, ValueError, IndexError):
        return None
    finally:
        os.close(file)


def pressure_seconds(path: Path | None) -> float | None:
    """Seconds during which at least one task waited, by a PSI file; None if it can't be read."""
    if path is None:
        return None
    try:
        return int(path.read_text().split("\n", 1)[0].rpartition("total=")[2]) / 1e6
    except (OSError, ValueError):
        return None


def _pressure_file(name: str, proc: Path, cgroup_file: Path, cgroup_root: Path) -> Path | None:
    """The first that can be read: the process's own group, those above it, the machine."""
    groups = [folder / f"{name}.pressure" for folder in cgroup_folders(cgroup_file, cgroup_root, "")]
    paths = [*groups, proc / "pressure" / name]
    return next((path for path in paths if pressure_seconds(path) is not None), None)


def busy_seconds(proc: Path) -> float | None:
    """Seconds that the processors we may run on have worked since boot; None where that can't be read."""
    ticks = told(read_ticks, proc)
    return None if ticks is None else (ticks["wanted"] - ticks["stolen"]) / os.sysconf("SC_CLK_TCK")


class WaitReader:
    """Knows where this machine tells of waiting; looks for the files once."""

    def __init__(self, proc: Path, cgroup_file: Path = CGROUP_FILE, cgroup_root: Path = CGROUP_ROOT) -> None:
        """The container's own pressure is preferred to the machine's."""
        self._proc = proc
        self._processor = _pressure_file("cpu", proc, cgroup_file, cgroup_root)
        self._memory = _pressure_file("memory", proc, cgroup_file, cgroup_root)
        folders = processor_folders(cgroup_file, cgroup_root)
        self._throttling = [folder for folder in folders if throttled_seconds([folder]) is not None]

    def read(self, pids: Sequence[int] = ()) -> Waits:
        """All readings now; of threads, those of these processes."""
        threads = thread_times(pids, self._proc) if pids else None
        pressed = pressure_seconds(self._processor) if threads is None else None
        held = throttled_seconds(self._throttling)
        return Waits(threads, pressed, pressure_seconds(self._memory), held, busy_seconds(self._proc))


def waiting_reasons(
    before: Waits,
    after: Waits,
    seconds: float,
    cores: int | None = None,
    others_worked: bool = True,
    others_cores: float | None = None,
) -> list[str]:
    """Why what took ``seconds`` between two readings is disturbed, one line a reason; empty if it isn't.

    ``cores``: on how many it may run (default: as many as this process). ``others_worked``: whether anyone
    else was there to wait for; ``others_cores``: how many cores these used, which is told beside the wait.
    """
    if seconds <= 0:
        return []
    reasons = []
    kept_waiting = kept_waiting_of(before, after, seconds, cores)
    if others_worked and kept_waiting is not None and kept_waiting > WAITING_FRACTION * seconds:
        waited = f"waited {_percent(kept_waiting, seconds)} of its time for a processor"
        reasons.append(waited + _others_text(others_cores))
    memory = _grown(before.memory_pressure_seconds, after.memory_pressure_seconds)
    if memory is not None and memory > WAITING_FRACTION * seconds:
        reasons.append(f"memory was short for {_percent(memory, seconds)} of its time")
    held = _grown(before.throttled_seconds, after.throttled_seconds)
    if held is not None and held > WAITING_FRACTION * seconds:
        reasons.append(throttled_reason(held))
    return reasons


def _others_text(cores: float | None) -> str:
    """What others used: more of the wait they can't have caused. Own threads wait for one another, too."""
    return "" if cores is None else f", while others used {cores * 100:.0f} % of a core"


def throttled_reason(seconds: float) -> str:
    """In seconds, since those of several processors add up to more than the time that went by."""
    return f"the container's processor quota held it back for {seconds:.2g} s"


def kept_waiting_of(before: Waits, after: Waits, seconds: float, cores: int | None = None) -> float | None:
    """Seconds that the worker waited for a processor; None where nobody tells. ``cores``: as above."""
    cores = processors() if cores is None else cores
    if before.threads is not None and after.threads is not None:
        return kept_waiting_seconds(before.threads, after.threads, seconds, cores)
    return _grown(before.processor_pressure_seconds, after.processor_pressure_seconds)


def kept_waiting_seconds(before: Threads, after: Threads, seconds: float, cores: int) -> float:
    """Seconds that others can have kept a worker waiting for a processor, from its threads' own times.

    What the thread that waited longest has waited: in a loop that is shared out all wait for the last one. A
    sum over threads would count that they are all woken at once, and grow with their number. But threads
    wait for one another too, where a framework has more of them than there are cores. So it is at most what
    the worker left of the cores' time, as others can't have had more: cores x seconds - what its threads ran.
    A thread that began in between counts from nothing; one that ended can't be read any more.
    """
    pairs = [(before.get(thread, _NOTHING), times) for thread, times in after.items()]
    longest = max((_since(old.waited_seconds, new.waited_seconds) for old, new in pairs), default=0.0)
    return min(longest, max(0.0, cores * seconds - ran_seconds(before, after)))


_NOTHING = ThreadTimes(0.0, 0.0)


def ran_seconds(before: Threads, after: Threads) -> float:
    """Seconds that a worker's threads ran, all together."""
    return sum(
        _since(before.get(thread, _NOTHING).run_seconds, times.run_seconds) for thread, times in after.items()
    )


def working_threads(before: Threads, after: Threads, seconds: float) -> int:
    """How many of a worker's threads want a core: those that ran for more than a moment of ``seconds``."""
    ran = (_since(before.get(thread, _NOTHING).run_seconds, now.run_seconds) for thread, now in after.items())
    return sum(each > _WORKING_FRACTION * seconds for each in ran)


def _since(before: float, after: float) -> float:
    """What was added; a count that fell is another thread's, to which the kernel gave the same number."""
    return after - before if after >= before else after


def _grown(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _percent(part: float, whole: float) -> str:
    return f"{min(1.0, part / whole) * 100:.0f} %"


Clock = Callable[[], float]


def _affinity(pid: int) -> Collection[int]:
    """Processors that a process is held to; looked up when asked, since not every system has it."""
    return os.sched_getaffinity(pid)


class WaitMeter:
    """What a worker's sample waited for: ``start`` before it, ``stop`` after it."""

    def __init__(
        self,
        reader: WaitReader,
        clock: Clock,
        cores: int | None = None,
        affinity: Callable[[int], Collection[int]] = _affinity,
    ) -> None:
        """``clock`` in seconds; ``cores`` as for ``waiting_reasons``; ``affinity`` of a process."""
        self._reader = reader
        self._clock = clock
        self._cores = cores
        self._affinity = affinity
        self._pids: tuple[int, ...] = ()
        self._before: Waits | None = None
        self._began = 0.0
        self.kept_waiting_seconds: float | None = None
        """That the worker waited for a processor in the last sample, whoever had it; None: nobody tells."""
        self._lately: deque[tuple[float, float]] = deque()
        """Of the last turns: their seconds, and those that others worked meanwhile."""

    def start(self, pids: Sequence[int]) -> None:
        """Read before the sample of the worker with these processes."""
        self.kept_waiting_seconds = None
        self._pids = tuple(pids)
        self._before = self._reader.read(self._pids)
        self._began = self._clock()

    def stop(self) -> list[str]:
        """Reasons why the sample since ``start`` is disturbed; empty if it isn't, or was never started."""
        if self._before is None:
            return []
        seconds = self._clock() - self._began
        before, self._before = self._before, None
        after = self._reader.read(self._pids)
        self.kept_waiting_seconds = kept_waiting_of(before, after, seconds, self._cores)
        others = self._others_cores(before, after, seconds)
        worked = self._others_worked(before, after, seconds, others)
        return waiting_reasons(before, after, seconds, self._cores, worked, others)

    def _others_cores(self, before: Waits, after: Waits, seconds: float) -> float | None:
        """How many cores others used in this turn and those shortly before it; None where nobody can tell."""
        busy = _grown(before.busy_seconds, after.busy_seconds)
        if busy is None or before.threads is None or after.threads is None:
            return None
        self._lately.append((seconds, busy - ran_seconds(before.threads, after.threads)))
        while sum(turn for turn, _ in self._lately) - self._lately[0][0] >= _LATELY_SECONDS:
            self._lately.popleft()
        whole = sum(turn for turn, _ in self._lately)
        return sum(others for _, others in self._lately) / whole

    def _others_worked(self, before: Waits, after: Waits, seconds: float, others: float | None) -> bool:
        """Whether others used the processors and left none free; true where nobody can tell.

        On a machine of many cores something always works; a worker waits for it only where its own threads
        and others' work have taken all cores.
        """
        if others is None or before.threads is None or after.threads is None:
            return True
        working = working_threads(before.threads, after.threads, seconds)
        return others >= OTHERS_CORES and working + math.ceil(others) >= self._cores_of_the_worker()

    def _cores_of_the_worker(self) -> int:
        """On how many it may run: as many as we, or fewer, to which it is held."""
        cores = processors() if self._cores is None else self._cores
        held = (told(self._affinity, pid) for pid in self._pids)
        return min([cores, *(len(found) for found in held if found)])
