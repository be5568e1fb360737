"""What a machine was measured to reach at most: measured in processes of their own, kept by its fingerprint.

Kept in ``$XDG_CACHE_HOME/likeforlike/ceilings`` (``~/.cache`` without), one file for each fingerprint's id,
which stands for the kind of machine, its versions and threads. What was measured while others used the
machine is neither kept nor used. What is kept only rises.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from likeforlike.devices.limits.bandwidths import MEBIBYTE, MEMORY, ReachedBandwidth
from likeforlike.devices.limits.ceilings import Reached
from likeforlike.devices.machine.kept import kept_folder
from likeforlike.devices.machine.state import disturbance, snapshot
from likeforlike.devices.process.interpreter import module_command, same_imports
from likeforlike.devices.process.placement import local_device, worker_environment
from likeforlike.devices.process.product_rates import PREPARING_SHARE
from likeforlike.devices.process.runtime import FRAMEWORKS, runtime
from likeforlike.devices.vendors.device import Device

SECONDS = 0.5
"""Seconds of multiplying for each framework and precision; starting and compiling come on top of it."""

BEST_RATES = "likeforlike.devices.process.best_rates"
"""Started by name: nothing of it is imported here."""

_START_SECONDS = 120.0

RunProcess = Callable[[Sequence[str], Mapping[str, str], float], str]
"""Starts a command in an environment, waits so many seconds at most, and gives its output."""


@dataclass(frozen=True)
class Rate:
    """The best product of one framework on one device at one precision."""

    device: str
    device_name: str
    precision: str
    framework: str
    flop_per_second: float
    shape: tuple[int, int, int]
    found_by: str = ""
    """The command whose longer search found it; empty: the short one before a run."""

    @property
    def reached(self) -> Reached:
        """As the judgement takes it."""
        rows, inner, columns = self.shape
        by = f", found by {self.found_by}" if self.found_by else ""
        return Reached(self.flop_per_second, f"{rows} x {inner} x {columns} by {self.framework}{by}")


@dataclass(frozen=True)
class Bandwidth:
    """The most bytes a second that one framework moved through one device's memory."""

    device: str
    device_name: str
    framework: str
    bytes_per_second: float
    what: str
    """The work, such as ``a = b + 3 c``."""
    vector_bytes: int

    @property
    def reached(self) -> ReachedBandwidth:
        """As the judgement takes it."""
        size = f"{self.vector_bytes / MEBIBYTE:,.0f} MiB"
        return ReachedBandwidth(
            self.bytes_per_second, f"{self.what} of vectors of {size} by {self.framework}"
        )


Measured = Rate | Bandwidth


@dataclass(frozen=True)
class Wanted:
    """Which products are to be measured on one device."""

    device: Device
    framework: str
    precisions: tuple[str, ...]
    """Of products; ``bandwidths.MEMORY`` among them is the bandwidth of memory."""


def best_of(measured: Iterable[Measured]) -> dict[tuple[str, str], Rate]:
    """The best rate by device and precision, whatever the framework."""
    best: dict[tuple[str, str], Rate] = {}
    for rate in measured:
        if isinstance(rate, Bandwidth):
            continue
        place = (rate.device, rate.precision)
        if place not in best or rate.flop_per_second > best[place].flop_per_second:
            best[place] = rate
    return best


def best_bandwidths(measured: Iterable[Measured]) -> dict[str, Bandwidth]:
    """The best bandwidth by device, whatever the framework."""
    best: dict[str, Bandwidth] = {}
    for item in measured:
        if isinstance(item, Bandwidth) and (
            item.device not in best or item.bytes_per_second > best[item.device].bytes_per_second
        ):
            best[item.device] = item
    return best


def installed_frameworks() -> tuple[str, ...]:
    """Frameworks that can be measured here; imports none."""
    return tuple(name for name in FRAMEWORKS if runtime(name).version() is not None)


def lacking(wanted: Iterable[Wanted], kept: Iterable[Measured]) -> list[Wanted]:
    """What of the wanted is not kept yet."""
    known = {(rate.device, rate.device_name, rate.framework, _precision(rate)) for rate in kept}
    left = []
    for want in wanted:
        place = (want.device.id, want.device.name, want.framework)
        missing = tuple(p for p in want.precisions if (*place, p) not in known)
        if missing:
            left.append(Wanted(want.device, want.framework, missing))
    return left


def _precision(item: Measured) -> str:
    return MEMORY if isinstance(item, Bandwidth) else item.precision


def _figure(item: Measured) -> float:
    return item.bytes_per_second if isinstance(item, Bandwidth) else item.flop_per_second


def measure(
    wanted: Iterable[Wanted],
    threads: int,
    seconds: float = SECONDS,
    run: RunProcess | None = None,
    look: Callable[[Device], dict[str, Any]] = snapshot,
    module: str = BEST_RATES,
) -> tuple[list[Measured], list[str]]:
    """Measure, each framework in a process of its own with a clean environment; rates and why some lack.

    ``seconds`` are for each precision. ``run`` stands in for a process, ``look`` for the machine's state.
    ``module`` is what each process runs: it takes framework, device, threads, seconds and precisions.
    """
    rates: list[Measured] = []
    faults: dict[str, None] = {}
    for want in wanted:
        before = look(want.device)
        found, fault = _measure_one(want, threads, seconds, run or _run, module)
        reasons = disturbance(before, look(want.device))
        if reasons:
            faults[f"{want.framework} on {want.device.id}: {'; '.join(reasons)}"] = None
        elif fault:
            faults[fault] = None
        else:
            rates += found
    return rates, list(faults)


def _measure_one(
    want: Wanted, threads: int, seconds: float, run: RunProcess, module: str
) -> tuple[list[Measured], str]:
    device, place = want.device, local_device(want.device)
    asked = (want.framework, place, str(threads), str(seconds), *want.precisions)
    command = module_command(module, *asked)
    environment = same_imports(clean=True) | worker_environment(device, threads)
    try:
        told = json.loads(
            run(command, environment, _START_SECONDS + (4 + PREPARING_SHARE) * seconds * len(want.precisions))
        )
        rates = [_as_told(want, precision, best) for precision, best in told.items()]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, AttributeError) as error:
        why = " ".join(str(error).split())[-200:] or type(error).__name__
        return [], f"{want.framework} on {device.id}: {why}"
    return rates, ""


def _as_told(want: Wanted, precision: str, best: Mapping[str, Any]) -> Measured:
    device, framework = want.device, want.framework
    if precision == MEMORY:
        told = best["bytes_per_second"], best["what"], best["vector_bytes"]
        return Bandwidth(device.id, device.name, framework, *told)
    return Rate(device.id, device.name, precision, framework, best["flop_per_second"], (*best["shape"],))


def _run(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> str:
    """The last line of what the command prints: frameworks print before."""
    done = subprocess.run(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=seconds,
        check=True,
    )
    return (done.stdout.strip().splitlines() or [""])[-1]


def kept_file(fingerprint_id: str, environ: Mapping[str, str] | None = None) -> Path:
    """Where the rates of a machine are kept; a user without a home folder keeps them with passing files."""
    return kept_folder("ceilings", environ) / f"{fingerprint_id}.json"


def read_kept(path: Path) -> list[Measured]:
    """What is kept; nothing where there is no such file, or it can't be read."""
    try:
        told = json.loads(path.read_text())
        kept: list[Measured] = [
            Rate(**{**fields, "shape": tuple(fields["shape"])}) for fields in told["rates"]
        ]
        kept += [Bandwidth(**fields) for fields in told.get("bandwidths", ())]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return []
    return [item for item in kept if isinstance(_figure(item), float) and _figure(item) > 0]


def keep(path: Path, measured: Iterable[Measured]) -> list[Measured]:
    """Add rates to what is kept, where they are better; all that is kept then. A cache that can't be written
    keeps nothing.
    """
    every = better_of((*read_kept(path), *measured))
    if every != read_kept(path):
        with contextlib.suppress(OSError, RuntimeError):
            write_kept(path, every)
    return every


def better_of(measured: Iterable[Measured]) -> list[Measured]:
    """Of each device, framework and precision the best."""
    best: dict[tuple[str, ...], Measured] = {}
    for item in measured:
        place = (item.device, item.device_name, _precision(item), item.framework)
        if place not in best or _figure(item) > _figure(best[place]):
            best[place] = item
    return list(best.values())


def write_kept(path: Path, every: Iterable[Measured]) -> None:
    """Write what is to be kept, whole or not at all. Raises OSError."""
    items = list(every)
    document = {
        "rates": [asdict(item) for item in items if isinstance(item, Rate)],
        "bandwidths": [asdict(item) for item in items if isinstance(item, Bandwidth)],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(document, file, indent=1, allow_nan=False)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
