"""The state of the machine around a measurement: what else it was doing, and whether it was held back."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.machine.resources import usable_cores
from likeforlike.devices.vendors import nvidia
from likeforlike.devices.vendors.cpu import PROC, SYS_CPU
from likeforlike.devices.vendors.device import Device

STOLEN_FRACTION = 0.10
"""Share of the processor time wanted that the hypervisor gave to others, from which a sample is disturbed."""
COMPETING_FRACTION = 0.25
"""Share of the processor that other programs may use before a measurement counts as disturbed."""
BUSY_LOAD = 0.5
"""One-minute load for each usable core from which the processor counts as busy before a run."""


def snapshot(
    device: Device,
    clock: Callable[[], float] = time.monotonic,
    process: psutil.Process | None = None,
    nvml: Any | None = None,
    proc: Path = PROC,
    sys_cpu: Path = SYS_CPU,
    previous: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The machine's state now, in plain JSON types; None for what can't be read.

    ``process`` is the root of the tree of processes that count as our own (default: this one), so that
    their load is not taken for somebody else's. ``stolen_fraction`` is since the ``previous`` snapshot,
    None without one. Times in seconds, clocks in hertz, power in watts, energy in joules.
    """
    ticks = read_ticks(proc)
    state: dict[str, Any] = {
        "clock_seconds": clock(),
        "load_1m": told(_load),
        "stolen_fraction": None,
        "processor_ticks": ticks,
        "own_processor_seconds": told(_tree_seconds, process),
        "governor": told(_line, sys_cpu / "cpu0" / "cpufreq" / "scaling_governor"),
        "frequency_hertz": told(_kilohertz, sys_cpu / "cpu0" / "cpufreq" / "scaling_cur_freq"),
        "gpu": told(_gpu_state, device, nvml, process) if device.kind == "gpu" else None,
    }
    if previous is not None:
        state["stolen_fraction"] = stolen_fraction(previous.get("processor_ticks"), ticks)
    return state


def read_ticks(proc: Path = PROC) -> dict[str, int] | None:
    """Clock ticks of all processors since boot: wanted (used or stolen), stolen, and all; None off Linux."""
    try:
        with open(proc / "stat") as file:
            fields = [int(field) for field in file.readline().split()[1:9]]
    except (OSError, ValueError):
        return None
    if len(fields) < 8:
        return None
    user, nice, system, idle, waiting, interrupts, soft, stolen = fields
    used = user + nice + system + interrupts + soft
    return {"wanted": used + stolen, "stolen": stolen, "all": used + stolen + idle + waiting}


def stolen_fraction(before: Mapping[str, int] | None, after: Mapping[str, int] | None) -> float | None:
    """Stolen share of the processor time that was wanted between two readings; 0.0 if none was wanted."""
    if not before or not after:
        return None
    wanted = after["wanted"] - before["wanted"]
    return max(0.0, (after["stolen"] - before["stolen"]) / wanted) if wanted > 0 else 0.0


def disturbance(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Why what was measured between two snapshots is not to be trusted blindly; one line a reason."""
    reasons = []
    stolen = stolen_fraction(before.get("processor_ticks"), after.get("processor_ticks"))
    if stolen is not None and stolen > STOLEN_FRACTION:
        reasons.append(_stolen_reason(stolen))
    competing = _competing_fraction(before, after)
    if competing is not None and competing > COMPETING_FRACTION:
        reasons.append(f"other programs used {competing * 100:.0f} % of the processor")
    gpus = [state.get("gpu") or {} for state in (before, after)]
    words = {
        nvidia.REASONS[bit]
        for gpu in gpus
        for bit in nvidia.reason_bits(gpu.get("throttle_bits") or 0)
        if bit & nvidia.DISTURBING
    }
    reasons += [f"GPU throttled: {word}" for word in sorted(words)]
    others = max(len(gpu.get("other_processes") or ()) for gpu in gpus)
    if others:
        reasons.append(_others_reason(others))
    return reasons


def _stolen_reason(fraction: float) -> str:
    return f"{fraction * 100:.0f} % of processor time stolen"


def _others_reason(count: int) -> str:
    return f"{count} other process{'' if count == 1 else 'es'} on the GPU"


def _competing_fraction(before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
    """Share of all processor time between two snapshots that neither we nor the hypervisor's others used."""
    first, last = before.get("processor_ticks"), after.get("processor_ticks")
    if not first or not last or last["all"] <= first["all"]:
        return None
    used = (last["wanted"] - last["stolen"]) - (first["wanted"] - first["stolen"])
    counted = before.get("own_processor_seconds"), after.get("own_processor_seconds")
    if counted[0] is None or counted[1] is None:
        return None
    own_seconds = counted[1] - counted[0]
    # A worker that ended between the snapshots takes its seconds out of the sum: then nobody can tell.
    if own_seconds < 0:
        return None
    own_ticks = own_seconds * os.sysconf("SC_CLK_TCK")
    return max(0.0, (used - own_ticks) / (last["all"] - first["all"]))


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

    def __init__(self, device: Device, nvml: Any | None = None, proc: Path = PROC) -> None:
        """Open NVML once, for a GPU."""
        self._steal = StealMeter(proc)
        self._resources = contextlib.ExitStack()
        self._nvml: Any | None = None
        self._handle: Any | None = None
        if device.kind == "gpu":
            told(self._open, device, nvml)

    def _open(self, device: Device, nvml: Any | None) -> None:
        self._nvml = self._resources.enter_context(nvidia.session(nvml))
        if self._nvml is not None:
            self._handle = nvidia.board_handle(self._nvml, device)

    def read(self) -> list[str]:
        """Reasons why the sample since the last call is disturbed; empty if it isn't."""
        stolen = self._steal.read()
        reasons = [_stolen_reason(stolen)] if stolen > STOLEN_FRACTION else []
        if self._nvml is not None and self._handle is not None:
            bits = told(nvidia.throttle_bits, self._nvml, self._handle) or 0
            reasons += [
                f"GPU throttled: {nvidia.REASONS[bit]}"
                for bit in nvidia.reason_bits(bits)
                if bit & nvidia.DISTURBING
            ]
        return reasons

    def close(self) -> None:
        """Give NVML back."""
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
    nvml: Any | None = None,
    process: psutil.Process | None = None,
    load: Callable[[], float | None] | None = None,
    cores: int | None = None,
) -> str | None:
    """Whether others use the device, to be asked before a run: one line, or None.

    A GPU is busy when other processes compute on it; the processor when the load of the last minute is
    half the usable cores or more.
    """
    if device.kind == "gpu":
        state = told(_gpu_state, device, nvml, process) or {}
        others = len(state.get("other_processes") or ())
        return f"{device.id} is busy: {_others_reason(others)}" if others else None
    minute = told(load or _load)
    available = usable_cores() if cores is None else cores
    if minute is None or minute < BUSY_LOAD * available:
        return None
    return f"{device.id} is busy: load {minute:.1f} over the last minute on {available} usable cores"


def _gpu_state(device: Device, nvml: Any | None, process: psutil.Process | None) -> dict[str, Any] | None:
    with nvidia.session(nvml) as library:
        if library is None:
            return None
        state = nvidia.read_device(library, device)
    if state is None:
        return None
    running = state.pop("processes")
    others = None if running is None else told(_others, set(running), process)
    return state | {"other_processes": others}


def _others(users: set[int], process: psutil.Process | None) -> list[int]:
    """Processes on a GPU that aren't ours.

    In a container NVML gives the host's ids, under which our own workers can't be told from others: while
    we have any, ids unknown here are left out.
    """
    own = {member.pid for member in _tree(process or psutil.Process())}
    others = users - own
    if len(own) > 1:
        others = {pid for pid in others if psutil.pid_exists(pid)}
    return sorted(others)


def _tree(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return [process]


def _tree_seconds(process: psutil.Process | None) -> float:
    """Processor seconds of a process, its living children, and those of its children that have ended."""
    total = 0.0
    for member in _tree(process or psutil.Process()):
        with contextlib.suppress(psutil.Error):
            times = member.cpu_times()
            total += times.user + times.system
            total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return total


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
