"""From what was asked to the result document: hand over, plan, measure launch by launch, put together."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from likeforlike.bench.functions.asked import Asked, cells_of, entrants_of
from likeforlike.bench.functions.handing_over import HandedOver, hand_over, keep_here, take_back
from likeforlike.bench.functions.one_process import OneProcess
from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.measure.launches import parts
from likeforlike.bench.plan.asked.options import Options
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Context, Plan
from likeforlike.bench.run.campaign import Campaign
from likeforlike.bench.run.screen.progress import Progress
from likeforlike.devices.machine.discovery import DeviceError, find_devices, parse_devices
from likeforlike.devices.machine.fingerprint import machine_fingerprint
from likeforlike.devices.machine.setup import read_setup
from likeforlike.devices.machine.topology import usable_physical_cores
from likeforlike.devices.machine.versions import numpy_blas
from likeforlike.devices.process.placement import inherited_by_workers
from likeforlike.devices.vendors.device import Device
from likeforlike.models.functions.exchange import forget
from likeforlike.models.functions.given import Entrant

ROUNDS = 12
"""Of a whole group at least."""
SECONDS_OF_A_LAUNCH, SECONDS_OF_THE_ONLY_ONE = 0.4, 1.0
"""Of each function at most, its untimed calls included: what time there is goes into more launches."""
WORTH_SECONDS, WORTH_CALLS = (2.0, 30.0), 6000
"""Who compares what takes nanoseconds doesn't want to wait as long as who compares what takes a second."""
UNLOADED = "import-error"
"""How a cell ends whose function could be sent, and could not be loaded where it was sent to."""
_TIMEOUT_SECONDS = 1800.0


@dataclass(frozen=True)
class Measured:
    """What came of it."""

    asked: Asked
    plan: Plan
    cells: tuple[Cell, ...]
    records: Mapping[str, CellRecord]
    setup: Mapping[str, Any]
    handed: HandedOver


def measure(asked: Asked, progress: Progress) -> Measured:
    """Measure all functions at all points. Raises DeviceError for a device that there is not."""
    device = _device(asked, find_devices())
    folder = Path(tempfile.mkdtemp(prefix="likeforlike-"))
    entrants = entrants_of(asked)
    parts = (tuple(asked.functions.values()), asked.arguments, asked.check, entrants, folder)
    try:
        measured = _measure(asked, entrants, hand_over(*parts), device, folder, progress)
        unloaded = [record for record in measured.records.values() if record.outcome == UNLOADED]
        if unloaded and not measured.handed.why_here:
            here = keep_here(*parts, unloaded[0].reason.partition(": ")[2])
            measured = _measure(asked, entrants, here, device, folder, progress)
        return measured
    finally:
        take_back(folder)
        forget(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _measure(
    asked: Asked,
    entrants: Sequence[Entrant],
    handed: HandedOver,
    device: Device,
    folder: Path,
    progress: Progress,
) -> Measured:
    """Once all is where it is to be called."""
    cells = cells_of(asked, entrants, handed.where, device.id)
    if handed.why_here:
        told = f"a function can't be sent to another ({handed.why_here})"
        progress.say(f"NOTE: measuring in this process: {told}")
    plan = _plan(asked, {device.id: device}, folder, one_process=bool(handed.why_here))
    setup = read_setup(numpy_blas(), plan.context.fingerprint["cpu"]["vector"])
    records = _run(cells, plan, progress, asked.seconds, handed)
    return Measured(asked, plan, tuple(cells), records, setup, handed)


def _device(asked: Asked, present: tuple[Device, ...]) -> Device:
    """The one asked for; else the first GPU if a framework that uses one is among the functions."""
    if asked.device is not None:
        found = parse_devices((asked.device,), present)
        if len(found) != 1:
            raise DeviceError(f"compare: device {asked.device!r} stands for {len(found)} devices; name one")
        return found[0]
    gpus = [device for device in present if device.kind == "gpu"]
    uses_one = any(asked.framework(name) != "numpy" for name in asked.functions)
    return parse_devices((gpus[0].id,), present)[0] if gpus and uses_one else present[0]


def _run(
    cells: list[Cell], plan: Plan, progress: Progress, seconds: float | None, handed: HandedOver
) -> dict[str, CellRecord]:
    pool = OneProcess() if handed.why_here else None
    stops = stop_rule(seconds, plan.options.kernel_launches[0])
    campaign = Campaign(plan, None, progress, pool=pool, stops=stops)
    try:
        campaign.choose(cells)
        return {cell.id: campaign.record(cell) for cell in cells}
    finally:
        campaign.end()


def stop_rule(
    seconds: float | None, least: int, clock: Callable[[], float] = time.monotonic
) -> Callable[[Sequence[Cell], int, float], bool]:
    """When no further launch follows: one alone is left, or time is up and the least number is done."""
    began = clock()

    def stops(live: Sequence[Cell], launches: int, call_seconds: float) -> bool:
        return len(live) < 2 or (
            launches >= least and clock() - began > allowed_seconds(seconds, call_seconds)
        )

    return stops


def allowed_seconds(asked: float | None, call_seconds: float) -> float:
    """For how long further launches begin: as asked, else so many times a call, within bounds."""
    if asked is not None:
        return asked
    least, most = WORTH_SECONDS
    return min(max(least, WORTH_CALLS * call_seconds), most)


def _plan(asked: Asked, devices: Mapping[str, Device], folder: Path, one_process: bool) -> Plan:
    threads = asked.threads or usable_physical_cores()
    options = _options(asked, (1, 1) if one_process else asked.launches)
    fingerprint = machine_fingerprint(find_devices(), threads)
    names = {name: device.name for name, device in devices.items()}
    context = Context(fingerprint, names, 0.0, {}, inherited_by_workers(os.environ))
    return Plan(
        options,
        devices,
        threads,
        {},
        f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        secrets.randbelow(2**31),
        folder,
        context,
        asked.once,
    )


def _options(asked: Asked, launches: tuple[int, int]) -> Options:
    """As of a run of the bench; what can't concern functions is left at nothing."""
    return Options(
        preset_name="quick",
        workloads=None,
        implementations=None,
        devices=None,
        sizes={},
        dtypes=(),
        recipes=None,
        ladder=None,
        ladder_orders=None,
        ladder_ways=None,
        workers=None,
        strategies=None,
        epochs=None,
        train_samples=None,
        repeats=None,
        threads=asked.threads,
        data="synthetic",
        data_dir=None,
        plugins=(),
        timing="synchronised",
        transfer=False,
        concurrent=False,
        target_accuracy=None,
        cell_timeout_seconds=_TIMEOUT_SECONDS,
        cell_memory_bytes=None,
        order_seed=None,
        resume=False,
        retry_failed=False,
        min_rounds=ROUNDS,
        max_seconds=(SECONDS_OF_A_LAUNCH if launches[1] > 1 else SECONDS_OF_THE_ONLY_ONE)
        * parts(launches[0]),
        precision=asked.precision,
        confidence=asked.confidence,
        result_file=None,
        warm_up=True,
        disable_gc=True,
        timer="time:perf_counter",
        measured_ceiling=False,
        patience_seconds=asked.patience_seconds,
        launches=launches,
    )


def write_to(stream: Any) -> Callable[[str], None]:
    """How progress is written to a stream that may be gone, or none."""

    def write(text: str) -> None:
        try:
            stream.write(text)
            stream.flush()
        except (AttributeError, OSError, ValueError):
            return

    return write
