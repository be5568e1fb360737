"""From a measured cell to its record: what the result file's ``extra_info`` says of it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from likeforlike.bench.keep.call_times import call_facts
from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.measure.rounds import Turn
from likeforlike.bench.measure.stopping import GroupStopping
from likeforlike.bench.measure.watch.pace import pace_facts
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Context
from likeforlike.bench.worker.outcomes import MEASURED
from likeforlike.devices.limits.bandwidths import MemoryCeiling, memory_ceiling
from likeforlike.devices.limits.ceilings import device_ceiling
from likeforlike.devices.limits.plausibility import judge
from likeforlike.models.tasks.own.given import POINTERS


def lost_record(turn: Turn) -> CellRecord:
    """The record of a cell that failed."""
    assert turn.failure is not None
    return CellRecord(turn.cell.id, turn.failure.outcome, turn.failure.reason)


def measured_record(
    turn: Turn, stopping: GroupStopping, context: Context, state: Mapping[str, Any], tensorboard: str | None
) -> CellRecord:
    """The record of a cell that was measured."""
    assert turn.ready is not None
    seconds = [sample.seconds for sample in turn.samples]
    extra = {
        **_identity(turn.cell, context),
        "setup_seconds": turn.ready.setup_seconds,
        "cold_seconds": turn.ready.cold_seconds,
        "warm_up_calls": turn.ready.warm_up_calls,
        "verified": {"error": turn.ready.error, "tolerance": turn.ready.tolerance},
        **turn.ready.facts,
        "timing": turn.spec.timing,
        "round_numbers": turn.rounds,
        "launch_numbers": [turn.launch] * len(turn.rounds),
        "disturbed": turn.disturbed,
        "repeated": turn.repeated,
        "stop": _stop(turn, stopping),
        "state": {name: value for name, value in state.items() if name != "energy"},
        "energy": state.get("energy"),
        "waited_seconds": turn.waits if any(wait is not None for wait in turn.waits) else None,
        "pace": pace_facts(turn.paces),
        **call_facts(turn),
        **turn.facts,
    }
    if turn.cell.recipe is not None:
        extra |= _training_facts(turn, context, tensorboard)
    extra |= _transfers(turn)
    extra["launches"] = [_launch(turn, extra)]
    extra |= judgement(turn.cell, extra, seconds, context)
    return CellRecord(turn.cell.id, MEASURED, "", seconds, turn.rounds, extra, launch=turn.launch)


def _launch(turn: Turn, extra: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of one launch of a cell: its process, its first call, what disturbed it."""
    told = ("import_seconds", "setup_seconds", "cold_seconds", "warm_up_calls")
    return {
        "launch": turn.launch,
        "rounds": len(turn.rounds),
        **{name: extra.get(name) for name in told},
        **turn.start,
        **({"sustained": turn.sustained} if turn.sustained else {}),
        "disturbances": list(extra["state"].get("disturbances") or ()),
    }


def _identity(cell: Cell, context: Context) -> dict[str, Any]:
    return {
        "cell": cell.id,
        "workload": cell.workload,
        "implementation": cell.entry.name,
        "framework": cell.entry.framework,
        "division": cell.entry.division,
        "role": "twin" if cell.twin_of else cell.entry.role,
        "twin_of": cell.twin_of or None,
        "origin": cell.entry.origin,
        "device": cell.device,
        "device_name": context.device_names.get(cell.device, ""),
        "axes": dict(cell.axes),
        "group": cell.group,
        "concurrent": cell.concurrent,
        "environment": touching(cell, context),
    }


def touching(cell: Cell, context: Context) -> dict[str, str]:
    """The inherited variables on which a cell's figure depends, without those that it or its side sets."""
    entry, kind = cell.entry, cell.device.partition(":")[0]
    own = {**dict(entry.environment), **context.side_variables.get(cell.side, {})}
    blas = context.fingerprint.get("blas") or ()
    return {
        item.name: item.value
        for item in context.environment
        if item.name not in own and item.touches(entry.framework, kind, entry.needs, blas)
    }


def _stop(turn: Turn, stopping: GroupStopping) -> dict[str, Any]:
    if turn.cell.recipe is not None:
        asked = len(turn.samples) >= (turn.warm_epochs or 0)
        reason = "epochs" if asked else "far from the fastest floor"
        return {"reason": reason, "median_interval": None, "rounds": len(turn.samples)}
    if not turn.samples:
        return {"reason": "once", "median_interval": None, "rounds": 0}
    stop = stopping.stop(turn.cell.id)
    interval = None if stop.median_interval is None else list(stop.median_interval)
    return {"reason": stop.reason, "median_interval": interval, "rounds": stop.rounds}


def _training_facts(turn: Turn, context: Context, tensorboard: str | None) -> dict[str, Any]:
    cold = [] if turn.cold is None else [turn.cold]
    samples = [*cold, *turn.warm_up, *turn.samples]
    epochs = [sample.epoch for sample in samples if sample.epoch is not None]
    assert turn.ready is not None
    assert turn.cell.recipe is not None
    recipe, task = asdict(turn.cell.recipe), turn.cell.declaration.task
    target = context.target_accuracy or (task.target_accuracy if task else None)
    spent = sum(e["train_seconds"] + e["evaluation_seconds"] + e["logging_seconds"] for e in epochs)
    return {
        "recipe": recipe,
        # set before any import, and so a term like those that the trainer itself resolved
        "terms": {**turn.facts.get("terms", {}), **_set_before(turn.cell)},
        "data": {**turn.ready.facts["data"], **_source_of(turn.cell, context)},
        "epochs": epochs,
        "warm_up_epochs": len(turn.warm_up),
        "cold_seconds": turn.cold.seconds if turn.cold is not None else None,
        "total_seconds": turn.ready.setup_seconds + spent,
        "time_to_accuracy": None if target is None else time_to_accuracy(epochs, target),
        "best_epoch": best_epoch(epochs),
        "tensorboard": tensorboard,
    }


def _set_before(cell: Cell) -> dict[str, str]:
    """The variables that shape how the cell trains; not those by which a worker finds what it trains."""
    return {name: value for name, value in dict(cell.entry.environment).items() if name not in POINTERS}


def _source_of(cell: Cell, context: Context) -> dict[str, str]:
    """Where data come from that were found before anything ran; others are told by who loads them."""
    source = context.data_sources.get(cell.workload)
    return {} if source is None else {"source": source}


def time_to_accuracy(epochs: Sequence[Mapping[str, Any]], target: float) -> dict[str, Any]:
    """Seconds of training, the first epoch's included, until validation accuracy first reaches the target."""
    seconds = 0.0
    for epoch in epochs:
        seconds += epoch["train_seconds"]
        if epoch["val_accuracy"] is not None and epoch["val_accuracy"] >= target:
            return {"target": target, "seconds": seconds, "epoch": epoch["epoch"]}
    return {"target": target, "seconds": None, "epoch": None}


def best_epoch(epochs: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The epoch of least validation loss; None where no loss was computed."""
    known = [epoch for epoch in epochs if epoch["val_loss"] is not None]
    if not known:
        return None
    best = min(known, key=lambda epoch: epoch["val_loss"])
    return {name: best[name] for name in ("epoch", "val_loss", "val_accuracy")}


def _transfers(turn: Turn) -> dict[str, Any]:
    if not turn.samples or turn.samples[0].to_device_seconds is None:
        return {}
    return {
        "transfer": {
            "to_device_seconds": [sample.to_device_seconds for sample in turn.samples],
            "to_host_seconds": [sample.to_host_seconds for sample in turn.samples],
        }
    }


def judgement(
    cell: Cell, extra: Mapping[str, Any], seconds: Sequence[float], context: Context
) -> dict[str, Any]:
    """Operations, bytes, ceilings, and whether the median can be true."""
    axes = dict(cell.axes)
    moved: float | None = None
    items: float | None = None
    fewest: float | None = None
    if cell.recipe is not None:
        precision = cell.recipe.arithmetic
        task = cell.declaration.task
        flop = None if task is None else task.flop(cell.recipe, extra["data"]["train_samples"])
    else:
        precision = cell.declaration.precision_of(axes)
        flop, moved = cell.declaration.flop(axes), cell.declaration.bytes_moved(axes)
        items, fewest = cell.declaration.items(axes), cell.declaration.fewest_flop(axes)
    ceiling = device_ceiling(context.fingerprint, cell.device, precision, extra.get("environment"))
    memory = memory_ceiling(context.fingerprint, cell.device)
    reasons: Sequence[str] = ()
    if seconds:
        synchronised = extra.get("synchronised_median_seconds")
        judged = flop if fewest is None else fewest
        reasons = judge(judged, statistics.median(seconds), ceiling, synchronised, moved, memory)
    return {
        "flop": flop,
        "fewest_flop": fewest,
        "precision": precision,
        "bytes_moved": moved,
        "items": items,
        "ceiling": ceiling and {"flop_per_second": ceiling.flop_per_second, "source": ceiling.source},
        "memory_ceiling": None if moved is None else _memory_facts(memory),
        "plausible": {"ok": not reasons, "reasons": list(reasons)},
    }


def _memory_facts(memory: MemoryCeiling) -> dict[str, Any]:
    """What a file says of the memory; its bandwidth only where it is the device's own."""
    return {
        "bytes_per_second": memory.bytes_per_second if memory.of_device else None,
        "source": memory.source,
        "cache_bytes": memory.cache_bytes,
    }
