"""The state of the machine around a measurement: what else it was doing, and whether it was held back."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.machine.cgroups import CGROUP_FILE, CGROUP_ROOT
from likeforlike.devices.machine.load.processor_use import (
    competing_fraction,
    container_fraction,
    others_cores,
    read_ticks,
    read_use,
    stolen_fraction,
    tree,
)
from likeforlike.devices.machine.load.waits import WaitMeter, WaitReader, throttled_reason
from likeforlike.devices.vendors.cpu import PROC, SYS_CPU
from likeforlike.devices.vendors.cpu_pace import usable
from likeforlike.devices.vendors.device import Device, Maker, Readings
from likeforlike.devices.vendors.makers import MAKERS, opened

DISTURBING_FRACTION = 0.10
"""A tenth: of the processor time wanted, if stolen; of the usable cores, if used by others; of the time, if
memory was short or a quota in force. From there on what was measured is disturbed, or the processor busy."""
BUSY_SECONDS = 0.5
"""For how long is looked whether others use the processor: long against a tick and short against a run."""


def snapshot(
    device: Device,
    clock: Callable[[], float] = time.monotonic,
    process: psutil.Process | None = None,
    makers: Sequence[Maker] = MAKERS,
    proc: Path = PROC,
    sys_cpu: Path = SYS_CPU,
    previous: Mapping[str, Any] | None = None,
    cgroup_file: Path = CGROUP_FILE,
    cgroup_root: Path = CGROUP_ROOT,
) -> dict[str, Any]:
    """The machine's state now, in plain JSON types; None for what can't be read.

    ``process`` is the root of the tree of processes that count as our own (default: this one), so that
    their load is not taken for somebody else's. ``stolen_fraction`` is since the ``previous`` snapshot,
    None without one. Times in seconds, clocks in hertz, power in watts, energy in joules.
    """
    waits = told(WaitReader, proc, cgroup_file, cgroup_root)
    waited = waits.read() if waits is not None else None
    cpufreq = sys_cpu / f"cpu{min(usable(), default=0)}" / "cpufreq"
    state: dict[str, Any] = {
        "clock_seconds": clock(),
        "load_1m": told(_load),
        "stolen_fraction": None,
        **read_use(process, proc, cgroup_file, cgroup_root),
        "memory_pressure_seconds": waited.memory_pressure_seconds if waited else None,
        "throttled_seconds": waited.throttled_seconds if waited else None,
        "governor": told(_line, cpufreq / "scaling_governor"),
        "frequency_hertz": told(_kilohertz, cpufreq / "scaling_cur_freq"),
        "gpu": told(_gpu_state, device, makers, process) if device.kind == "gpu" else None,
    }
    if previous is not None:
        state["stolen_fraction"] = stolen_fraction(previous.get("processor_ticks"), state["processor_ticks"])
    return state


def disturbance(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Why what was measured between two snapshots is not to be trusted blindly; one line a reason."""
    gpus = [state.get("gpu") or {} for state in (before, after)]
    words = {word for gpu in gpus for word in gpu.get("held_back") or ()}
    throttled = [f"GPU throttled: {word}" for word in sorted(words)]
    return _processor_reasons(before, after) + throttled + used_by_others("gpu", before, after)


def used_by_others(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Who else used the processors (``cpu``) or the GPU (``gpu``) between two snapshots; one line each."""
    if kind == "gpu":
        running = [(state.get("gpu") or {}).get("other_processes") or () for state in (before, after)]
        others = max(map(len, running))
        return [_others_reason(others)] if others else []
    reasons = []
    competing = competing_fraction(before, after)
    if competing is not None and competing > DISTURBING_FRACTION:
        reasons.append(f"other programs used {competing * 100:.0f} % of the processor")
    seconds = _seconds_between(before, after)
    container = container_fraction(before, after, seconds) if seconds > 0 else None
    if container is not None and container > DISTURBING_FRACTION:
        reasons.append(f"other programs used {container * 100:.0f} % of the container's processor quota")
    return reasons


def drew_as_well(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Who else drew energy that the device's counter counts, between two snapshots; one line each.

    A counter of the processor's is its sockets': work on cores that are not ours to use is in it.
    """
    others = used_by_others(kind, before, after)
    cores = others_cores(before, after) if kind == "cpu" and not others else None
    if cores is not None and cores > DISTURBING_FRACTION * (after.get("usable_cores") or 1):
        others.append(f"other programs kept {cores:.1f} of the machine's processors busy")
    return others


def _processor_reasons(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What the hypervisor, other programs, want of memory and a quota took of the time between."""
    reasons = []
    stolen = stolen_fraction(before.get("processor_ticks"), after.get("processor_ticks"))
    if stolen is not None and stolen > DISTURBING_FRACTION:
        reasons.append(_stolen_reason(stolen))
    reasons += used_by_others("cpu", before, after)
    seconds = _seconds_between(before, after)
    if seconds <= 0:
        return reasons
    memory = _grown("memory_pressure_seconds", before, after)
    if memory > DISTURBING_FRACTION * seconds:
        reasons.append(f"memory was short for {min(1.0, memory / seconds) * 100:.0f} % of the time")
    held = _grown("throttled_seconds", before, after)
    if held > DISTURBING_FRACTION * seconds:
        reasons.append(throttled_reason(held))
    return reasons


def _seconds_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    return (after.get("clock_seconds") or 0.0) - (before.get("clock_seconds") or 0.0)


def _grown(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    """By how much a count grew; nothing where it is unknown."""
    first, last = before.get(name), after.get(name)
    return 0.0 if first is None or last is None else float(last - first)


def _stolen_reason(fraction: float) -> str:
    return f"{fraction * 100:.0f} % of processor time stolen"


def _others_reason(count: int) -> str:
    return f"{count} other process{'' if count == 1 else 'es'} on the GPU"


class StealMeter:
    """Processor time stolen since the last reading; one line of /proc/stat, cheap enough between samples."""

    def __init__(self, proc: Path = PROC) -> None:
        """Take the first reading."""
        self._proc = proc
        self._last = read_ticks(proc)

    def read(self) -> float:
        """The stolen fraction of the time wanted since the last call; 0.0 where nobody counts."""
        now = read_ticks(self._proc)
        fraction = stolen_fraction(self._last, now)
        self._last = now
        return fraction or 0.0


class Probe:
    """What may have disturbed a sample, asked between samples; close it, or use it in a ``with``."""

    def __init__(
        self,
        device: Device,
        makers: Sequence[Maker] = MAKERS,
        proc: Path = PROC,
        clock: Callable[[], float] = time.monotonic,
        cgroup_file: Path = CGROUP_FILE,
        cgroup_root: Path = CGROUP_ROOT,
    ) -> None:
        """Open a GPU for reading, once."""
        self._steal = StealMeter(proc)
        self._waits = WaitMeter(WaitReader(proc, cgroup_file, cgroup_root), clock)
        self._resources = contextlib.ExitStack()
        self._readings: Readings | None = None
        if device.kind == "gpu":
            self._readings = told(self._resources.enter_context, opened(device, makers))

    def start(self, pids: Sequence[int] = ()) -> None:
        """Forget what was before; ``pids``: the processes of the worker whose sample comes now."""
        self._steal.read()
        told(self._waits.start, pids)

    def read(self) -> list[str]:
        """Reasons why the sample since ``start`` is disturbed; empty if it isn't."""
        reasons = told(self._waits.stop) or []
        stolen = self._steal.read()
        if stolen > DISTURBING_FRACTION:
            reasons.append(_stolen_reason(stolen))
        if self._readings is not None:
            reasons += [f"GPU throttled: {word}" for word in told(self._readings.held_back) or ()]
        return reasons

    @property
    def waited_seconds(self) -> float | None:
        """That the last sample's worker waited for a processor; None where nobody tells."""
        return self._waits.kept_waiting_seconds

    def close(self) -> None:
        """Close the device."""
        told(self._resources.close)

    def __enter__(self) -> Probe:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def busy(
    device: Device,
    makers: Sequence[Maker] = MAKERS,
    process: psutil.Process | None = None,
    look: Callable[[], Mapping[str, Any]] | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> str | None:
    """Whether others use the device, to be asked before a run: one line, or None.

    A GPU is busy when other processes compute on it; the processor when other programs use a tenth of the
    usable cores, or of the container's quota, during ``BUSY_SECONDS`` from now. What ran before is over.
    ``look`` gives readings of ``read_use``, one before ``wait`` and one after.
    """
    if device.kind == "gpu":
        state = told(_gpu_state, device, makers, process) or {}
        others = len(state.get("other_processes") or ())
        return f"{device.id} is busy: {_others_reason(others)}" if others else None
    look = look or (lambda: read_use(process))
    before = told(look)
    if before is None or before.get("own_processor_seconds") is None:
        return None
    wait(BUSY_SECONDS)
    after = told(look) or {}
    competing = competing_fraction(before, after)
    if competing is not None and competing > DISTURBING_FRACTION:
        return f"{device.id} is busy: other programs use {competing * 100:.0f} % of the usable cores"
    container = container_fraction(before, after, BUSY_SECONDS)
    if container is not None and container > DISTURBING_FRACTION:
        return f"{device.id} is busy: other programs use {container * 100:.0f} % of the container's quota"
    return None


def _gpu_state(
    device: Device, makers: Sequence[Maker], process: psutil.Process | None
) -> dict[str, Any] | None:
    with opened(device, makers) as readings:
        if readings is None:
            return None
        state = readings.state()
    running = state.pop("processes", None)
    others = None if running is None else told(_others, set(running), process)
    return state | {"other_processes": others}


def _others(users: set[int], process: psutil.Process | None) -> list[int]:
    """Processes on a GPU that aren't ours.

    In a container NVML gives the host's ids, under which our own workers can't be told from others: while
    we have any, ids unknown here are left out.
    """
    own = {member.pid for member in tree(process or psutil.Process())}
    others = users - own
    if len(own) > 1:
        others = {pid for pid in others if psutil.pid_exists(pid)}
    return sorted(others)


def _load() -> float | None:
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None


def _line(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except OSError:
        return None


def _kilohertz(path: Path) -> float | None:
    text = _line(path)
    return int(text) * 1e3 if text is not None and text.isdigit() else None
