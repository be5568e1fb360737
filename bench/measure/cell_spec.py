"""What a worker is told of its cell, and the environment that it is started with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import msgspec

from likeforlike.bench.measure.many_calls import calls_of_a_turn
from likeforlike.bench.measure.memory_shares import written_bytes
from likeforlike.bench.measure.worker_process import MemoryLimits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Plan
from likeforlike.bench.plan.sides import SIDE
from likeforlike.bench.worker.messages import CellSpec
from likeforlike.devices.machine.topology import pinned_processors
from likeforlike.devices.process.placement import local_device, worker_environment
from likeforlike.devices.process.runtime import AS_IT_IS
from likeforlike.devices.vendors.device import Device
from likeforlike.models.contract.training.data import GENERATED
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.reports.statistics.quantiles import MEDIAN


def environment_of(cell: Cell, plan: Plan) -> dict[str, str]:
    """Variables of a cell's worker, beside those inherited: side, devices, threads, what the entrant asks."""
    of_side = plan.sides[cell.side].variables if cell.side else {}
    inherited = "" if plan.options.clean_environment else os.environ.get("XLA_FLAGS", "")
    inherited = of_side.get("XLA_FLAGS", inherited)
    device = plan.devices[cell.device]
    lane = list(plan.devices).index(cell.device) if cell.concurrent else 0
    pinned = pinned_processors(plan.threads_of(cell.group), lane=lane) if plan.options.pin else ()
    threads, beside = threads_of(cell, plan), _beside(cell, plan)
    placed = worker_environment(device, threads, inherited_xla_flags=inherited, beside=beside, pinned=pinned)
    return {**of_side, **placed, **dict(cell.entry.environment)}


def has_peers(cell: Cell) -> bool:
    """Whether its worker starts further processes that work with it."""
    return cell.recipe is not None and dict(cell.axes).get("strategy") == "multi-worker"


def threads_of(cell: Cell, plan: Plan) -> int:
    """Threads of one process: those of a data-parallel training's processes add up to what was asked."""
    processes = cell.workers if has_peers(cell) else 1
    return max(1, plan.threads_of(cell.group) // processes)


def _beside(cell: Cell, plan: Plan) -> list[Device]:
    """The further GPUs of a data-parallel training, of the same maker; a MIG slice is none (`plan.grid`)."""
    count = cell.workers - 1
    if not cell.device.startswith("gpu"):
        return []
    maker = plan.devices[cell.device].maker  # a framework is built for one maker's GPUs
    gpus = [device for device in plan.devices.values() if device.kind == "gpu" and device.maker == maker]
    return [gpu for gpu in gpus if gpu.id != cell.device and gpu.mig is None][:count]


def spec_of(cell: Cell, plan: Plan) -> CellSpec:
    """All that a worker must know to measure the cell."""
    options, recipe = plan.options, cell.recipe
    located = plan.data.get(cell.workload, GENERATED)
    device = plan.devices[cell.device]
    precision = recipe.arithmetic if recipe else cell.declaration.precision_of(dict(cell.axes))
    if cell.declaration.own_precision:
        precision = AS_IT_IS
    logs = plan.results_folder / plan.run_id / "tensorboard" / cell.folder
    queueing = options.timing == "unsynchronised" and recipe is None and cell.kind != "noise floor"
    asked = options.statistic if recipe is None and cell.kind != "noise floor" else MEDIAN
    calls, turn_seconds = calls_of_a_turn(asked, options)
    return CellSpec(
        cell=cell.id,
        target=cell.entry.target,
        workload=cell.workload,
        declared_in=cell.declaration.target,
        framework=cell.entry.framework,
        axes=dict(cell.axes),
        device=local_device(device),
        threads=threads_of(cell, plan),
        precision=precision,
        timing="unsynchronised" if queueing else "synchronised",
        asynchronous=queueing and device.kind == "cpu",
        transfer=options.transfer and cell.declaration.transfers,
        warm_up=options.warm_up,
        disable_gc=options.disable_gc,
        timer=options.timer,
        recipe=_told(recipe) if recipe else None,
        data=located.name if located.path else GENERATED.name,
        data_dir=str(located.path) if located.path else None,
        samples=options.samples,
        log_dir=str(logs) if recipe is not None and recipe.logging != "none" else None,
        maker=device.maker,
        sustained=options.sustained and recipe is None,
        cache=str(dict(cell.axes).get("cache", "warm")),
        calls=calls,
        turn_seconds=turn_seconds,
        statistic=asked,
        threading=cell.entry.threading,
        role=cell.entry.role,
        network=network_of(cell),
    )


def _told(recipe: Recipe) -> dict[str, Any]:
    """What a recipe has otherwise than by itself: the code of another side may not know all fields."""
    defaults = {field.name: field.default for field in fields(recipe)}
    return {name: value for name, value in asdict(recipe).items() if value != defaults[name]}


def network_of(cell: Cell) -> str:
    """What the cell's loop is to train: the one of its framework, or the same in Keras; empty: its own."""
    in_keras = cell.recipe is not None and cell.recipe.layers == "keras" and cell.entry.keras_network
    return in_keras or cell.entry.network


def within(limits: MemoryLimits, spec: CellSpec) -> CellSpec:
    """The same for a worker that may take so much."""
    bounds = {"memory_bytes": limits.worker_bytes, "free_floor_bytes": limits.free_floor_bytes}
    return msgspec.structs.replace(spec, **bounds)


def with_answers(spec: CellSpec, cell: Cell, plan: Plan) -> CellSpec:
    """The same for a launch in which a kernel's answers on all sides are held against the first side's."""
    if plan.answers_folder is None or not cell.side or cell.recipe is not None or cell.twin_of:
        return spec
    first = next(iter(plan.sides))
    if cell.side == first:
        return msgspec.structs.replace(spec, answer_file=str(answer_file(cell, plan.answers_folder)))
    of_first = replace(cell, axes=tuple((n, first if n == SIDE else v) for n, v in cell.axes))
    kept = str(answer_file(of_first, plan.answers_folder))
    return msgspec.structs.replace(spec, answer_of=kept, first_side=first)


def answer_file(cell: Cell, folder: Path) -> Path:
    """Where a cell keeps its answer."""
    return folder / f"{cell.folder}.npz"


def why_too_large(cell: Cell, plan: Plan, host_bytes: int) -> str | None:
    """Why a cell can't fit into memory, the host's ``host_bytes`` or its device's; None if it can."""
    if cell.recipe is not None:
        return None
    arrays, written = cell.declaration.memory_bytes(dict(cell.axes)), written_bytes(cell, plan)
    device = plan.devices[cell.device]
    # caches are emptied where they are: a GPU's by what is written to its own memory
    on_host = 0 if device.kind == "gpu" else written
    places: Mapping[str, tuple[int, int | None]] = {
        "host": (on_host, host_bytes),
        device.id: (written, device.memory_bytes),
    }
    for place, (further, have) in places.items():
        need = arrays + further
        if have is not None and need > have:
            caches = f" (of them {further / 2**30:.2f} to empty its caches)" if further else ""
            return f"needs about {need / 2**30:.2f} GiB{caches}, {have / 2**30:.2f} GiB may be used ({place})"
    return None
