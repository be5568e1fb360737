"""The whole check, in order: clock and surroundings, each framework on each device, twins, best products."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from likeforlike.devices.check import clock, counters, surroundings, twins
from likeforlike.devices.check.attempts import Attempt, attempt, fault_rows
from likeforlike.devices.check.probes import memory, placing, precision, product, waiting
from likeforlike.devices.check.probes.worker import STARTED
from likeforlike.devices.check.rows import Place, Row
from likeforlike.devices.machine.fingerprint import machine_fingerprint
from likeforlike.devices.machine.resources import free_memory_bytes, usable_cores
from likeforlike.devices.machine.setup import read_setup
from likeforlike.devices.machine.state import busy, disturbance, snapshot
from likeforlike.devices.machine.topology import usable_physical_cores
from likeforlike.devices.machine.versions import numpy_blas
from likeforlike.devices.process.interpreter import module_command, same_imports
from likeforlike.devices.process.measured_ceilings import kept_file
from likeforlike.devices.process.placement import inherited_by_workers, local_device, worker_environment
from likeforlike.devices.process.runtime import runtime
from likeforlike.devices.process.thread_pools import default_threads, most_threads
from likeforlike.devices.vendors.cpu import SYS_CPU
from likeforlike.devices.vendors.cpu_pace import heat_events
from likeforlike.devices.vendors.device import Device, EnergyCounter, Maker, NotMeasurable
from likeforlike.devices.vendors.makers import MAKERS, maker_of

ALL_SECONDS = 115.0
"""For everything: within two minutes."""

WORKER_SECONDS = 60.0
"""For one framework on one device; TensorFlow's import alone takes ten on a slow disk."""

TWIN_SECONDS = 30.0

WORKER = "likeforlike.devices.check.probes.worker"
TWIN = "likeforlike.devices.check.twins"

FRAMEWORKS = ("numpy", "tensorflow", "torch", "jax")


def version_of(framework: str) -> str | None:
    """The installed version; None where there is none."""
    return runtime(framework).version()


@dataclass(frozen=True)
class Machine:
    """Where readings come from; every field may be stood in for."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    makers: Sequence[Maker] = MAKERS
    now: Callable[[], float] = time.monotonic
    read_clocks: Callable[[], clock.Pair] = clock.read_pair
    attempt: Callable[..., Attempt] = attempt
    two_processes: Callable[..., Any] = twins.two_processes
    energy: Callable[[], EnergyCounter | NotMeasurable] = counters.processor_counter
    """Opens the processor's counter."""
    version: Callable[[str], str | None] = version_of
    cache: Path | None = None
    """The file of kept rates; by default that of this machine's fingerprint."""
    sys_cpu: Path = SYS_CPU


class Check:
    """One run of the check."""

    def __init__(
        self,
        devices: Sequence[Device],
        frameworks: Sequence[str] = FRAMEWORKS,
        tell: Callable[[str], None] = lambda doing: None,
        machine: Machine | None = None,
    ) -> None:
        """``tell`` is told what is being done, for who waits."""
        self.devices, self.frameworks, self.tell = devices, frameworks, tell
        self.machine = machine or Machine()
        self._deadline = self.machine.now() + ALL_SECONDS
        self.present = [name for name in frameworks if self.machine.version(name) is not None]
        most = {name: most_threads(name) for name in self.present}
        self.threads, _ = default_threads(self.present, usable_physical_cores(), most)
        self.fingerprint = machine_fingerprint(devices, self.threads)

    @property
    def left_seconds(self) -> float:
        """Until the whole check has to have ended."""
        return self._deadline - self.machine.now()

    def rows(self) -> list[Row]:
        """Every row, the machine's first."""
        self.tell("clock and surroundings")
        clocks = self.machine.read_clocks()
        found = self._machine_rows()
        gpus = [device for device in self.devices if device.kind == "gpu"]
        try:
            of_devices = [self._device_rows(device) for device in self.devices if device.kind == "cpu"]
            # side by side, so that a node of eight ends in time; cores to import frameworks are the bound
            with ThreadPoolExecutor(max(1, min(len(gpus), usable_cores() // 2))) as lanes:
                of_devices += lanes.map(self._device_rows, gpus)
        except BaseException:
            self._deadline = float("-inf")  # the lanes end what they do, and begin nothing
            raise
        found.append(clock.agreement_row(Place(), clocks, self.machine.read_clocks()))
        return [*found, *(row for rows in of_devices for row in rows)]

    def _machine_rows(self) -> list[Row]:
        place, blas = Place(), numpy_blas()
        variables = inherited_by_workers(self.machine.environ)
        kinds = {device.kind for device in self.devices}
        return [
            *clock.step_rows(place),
            clock.source_row(place),
            *surroundings.environment_rows(place, variables, self.present, kinds, blas),
            *surroundings.setup_rows(place, read_setup(blas, self.fingerprint["cpu"]["vector"])),
            surroundings.memory_row(place, free_memory_bytes()),
        ]

    def _device_rows(self, device: Device) -> list[Row]:
        """Rows of one device: its counters while frameworks work, its twins, then the frameworks' own."""
        place, began, makers = Place(device.id), self.machine.now(), self.machine.makers
        before = snapshot(device, makers=makers)
        # counted ticks tell more than the load of the last minute, which an earlier check raised
        was_busy = busy(device, makers) if before["processor_ticks"] is None else None
        counter = counters.EnergyReading(self.machine.energy() if device.kind == "cpu" else None)
        energy, heat = counter.joules(before), heat_events(self.machine.sys_cpu)
        states = [before["gpu"]]
        tried = {
            name: self._try(device, name, lambda: states.append(snapshot(device, makers=makers)["gpu"]))
            for name in self.frameworks
            if device.kind == "cpu" or name != "numpy"  # which computes on processors alone
        }
        able = [
            name for name, one in tried.items() if one.facts.get("placing", {"error": 1}).get("error") is None
        ]
        twin_row = self._twin_row(device, able)
        after = snapshot(device, makers=makers, previous=before)
        seconds = self.machine.now() - began
        own = [
            surroundings.quiet_row(place, was_busy, disturbance(before, after)),
            counters.energy_row(place, device, (energy, counter.joules(after)), seconds, counter.reason),
            self._product_row(device, tried),
            twin_row,
        ]
        if device.kind == "gpu":
            own += counters.gpu_rows(place, device, [*states, after["gpu"]])
        else:
            now = heat_events(self.machine.sys_cpu)
            own += [counters.processor_throttle_row(place, heat, now), *_host_memory(place, tried)]
        return [
            *own,
            *(row for name, one in tried.items() for row in self._framework_rows(device, name, one)),
        ]

    def _try(self, device: Device, framework: str, look: Callable[[], None]) -> Attempt:
        if framework not in self.present or not _splits(device, framework) or self.left_seconds <= 0:
            return Attempt()
        self.tell(f"{framework} on {device.id}")
        return self.machine.attempt(
            module_command(WORKER, framework, local_device(device), str(self.threads)),
            self._environment(device),
            WORKER_SECONDS,
            self.left_seconds,
            look if device.kind == "gpu" else _look_away,
        )

    def _environment(self, device: Device) -> dict[str, str]:
        """That of the bench's own workers."""
        flags = self.machine.environ.get("XLA_FLAGS", "")
        return same_imports() | worker_environment(device, self.threads, inherited_xla_flags=flags)

    def _framework_rows(self, device: Device, framework: str, tried: Attempt) -> list[Row]:
        place, what = Place(device.id, framework), "sees the device"
        if framework not in self.present:
            return [place.not_measurable(what, "not installed", f"pip install 'likeforlike[{framework}]'")]
        if not _splits(device, framework):
            return [place.not_measurable(what, "it can't split the processor: it has cpu:0 alone")]
        if not tried.facts and not tried.fault:
            return [place.not_measurable("process", "the check ran out of time", "check fewer devices")]
        return [
            *_seen(place, tried, maker_of(device)),
            *self._told(place, device, tried),
            *fault_rows(place, tried),
        ]

    def _told(self, place: Place, device: Device, tried: Attempt) -> list[Row]:
        """Rows of the probes that answered."""
        facts = {probe: one for probe, one in tried.facts.items() if not one.get("error")}
        rows: list[Row] = []
        if "placing" in facts:
            cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
            rows += placing.rows(place, device, facts["placing"], self.threads, cores)
        if "waiting" in facts:
            rows += waiting.rows(place, facts["waiting"])
        if "precision" in facts:
            rows += precision.rows(place, facts["precision"], device.compute_capability)
        if "memory" in facts and device.kind == "gpu":
            rows.append(memory.row(place, facts["memory"]))
        return rows

    def _product_row(self, device: Device, tried: Mapping[str, Attempt]) -> Row:
        kept = product.fresh_rates(self.machine.cache or kept_file(self.fingerprint["id"]))
        facts = {name: one.facts.get("product") or {} for name, one in tried.items()}
        measured = [product.as_rate(device, name, one) for name, one in facts.items()]
        found = [rate for rate in measured if rate is not None]
        return product.row(Place(device.id), device, self.fingerprint, found, kept)

    def _twin_row(self, device: Device, able: Iterable[str]) -> Row:
        """Of the first framework that computed there."""
        framework, place = next(iter(able), None), Place(device.id)
        if framework is None:
            return place.not_measurable("twins", "no framework computed here")
        if self.left_seconds < TWIN_SECONDS / 2:
            return place.not_measurable("twins", "the check ran out of time", "check fewer devices")
        self.tell(f"twins of {framework} on {device.id}")
        size = twins.GPU_ROWS if device.kind == "gpu" else twins.CPU_ROWS
        command = module_command(TWIN, framework, local_device(device), str(self.threads), str(size))
        limit = min(TWIN_SECONDS, self.left_seconds)
        try:
            with self.machine.two_processes(command, self._environment(device), limit) as asks:
                pairs = twins.take_turns(asks)
        except (OSError, RuntimeError) as error:
            if limit < TWIN_SECONDS:
                return place.not_measurable("twins", "the check ran out of time", "check fewer devices")
            return place.bad("twins", f"{framework}: {error}", "check again; see what else runs")
        return twins.row(place, pairs)


def _look_away() -> None:
    """Nothing is to be seen of a processor meanwhile."""


def _splits(device: Device, framework: str) -> bool:
    """Whether this logical CPU means something to the framework."""
    return device.kind == "gpu" or device.index == 0 or runtime(framework).logical_cpus


def _seen(place: Place, tried: Attempt, maker: Maker | None) -> list[Row]:
    facts, what = tried.facts.get(STARTED), "sees the device"
    if facts is None:
        return []
    if facts.get("error"):
        return [place.bad(what, f"raised {facts['error']}", f"reinstall or update {place.framework}")]
    if facts["complaint"]:
        install = None if maker is None else maker.builds.get(place.framework or "")
        return [place.bad(what, facts["complaint"], install or "install a build for this device")]
    return [place.good(what, f"version {facts['version']}")]


def _host_memory(place: Place, tried: Mapping[str, Attempt]) -> list[Row]:
    """The kernel's counter of a process's memory, from the first framework that told it."""
    facts = [one.facts["memory"] for one in tried.values() if "memory" in one.facts]
    told = [one for one in facts if not one.get("error")]
    return [memory.row(place, told[0])] if told else []
