"""From a measured cell to its record: what the result file's ``extra_info`` says of it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.cells import Cell
from bench.records import MEASURED, CellRecord
from bench.schedule import Turn
from bench.stopping import GroupStopping
from devices.ceilings import device_ceiling
from devices.plausibility import flat_span, judge, judge_series
from models.registry import kernel_workloads
from reports.verdicts import LEAST_PAIRS, paired_ratio, unpaired_ratio


@dataclass(frozen=True)
class Context:
    """What all cells of a run share."""

    fingerprint: Mapping[str, Any]
    device_names: Mapping[str, str]
    target_accuracy: float
    data_source: str


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
        "disturbed": turn.disturbed,
        "stop": _stop(turn, stopping),
        "state": dict(state),
        **turn.facts,
    }
    if turn.cell.recipe is not None:
        extra |= _training_facts(turn, context, tensorboard)
    extra |= _transfers(turn)
    extra |= _judgement(turn.cell, extra, seconds, context)
    return CellRecord(turn.cell.id, MEASURED, "", seconds, turn.rounds, extra)


def _identity(cell: Cell, context: Context) -> dict[str, Any]:
    return {
        "cell": cell.id,
        "workload": cell.workload,
        "implementation": cell.entry.name,
        "framework": cell.entry.framework,
        "division": cell.entry.division,
        "origin": cell.entry.origin,
        "device": cell.device,
        "device_name": context.device_names.get(cell.device, ""),
        "axes": dict(cell.axes),
        "group": cell.group,
        "concurrent": cell.concurrent,
    }


def _stop(turn: Turn, stopping: GroupStopping) -> dict[str, Any]:
    if turn.cell.recipe is not None:
        return {"reason": "epochs", "median_interval": None, "rounds": len(turn.samples)}
    if not turn.samples:
        return {"reason": "once", "median_interval": None, "rounds": 0}
    stop = stopping.stop(turn.cell.id)
    interval = None if stop.median_interval is None else list(stop.median_interval)
    return {"reason": stop.reason, "median_interval": interval, "rounds": stop.rounds}


def _training_facts(turn: Turn, context: Context, tensorboard: str | None) -> dict[str, Any]:
    samples = [turn.cold, *turn.samples] if turn.cold is not None else turn.samples
    epochs = [sample.epoch for sample in samples if sample.epoch is not None]
    assert turn.ready is not None
    assert turn.cell.recipe is not None
    recipe = asdict(turn.cell.recipe)
    spent = sum(e["train_seconds"] + e["evaluation_seconds"] + e["logging_seconds"] for e in epochs)
    return {
        "recipe": recipe,
        # set before any import, and so a term like those that the trainer itself resolved
        "terms": {**turn.facts.get("terms", {}), **dict(turn.cell.entry.environment)},
        "data": {**turn.ready.facts["data"], "source": context.data_source},
        "epochs": epochs,
        "cold_seconds": turn.cold.seconds if turn.cold is not None else None,
        "total_seconds": turn.ready.setup_seconds + spent,
        "time_to_accuracy": time_to_accuracy(epochs, context.target_accuracy),
        "best_epoch": best_epoch(epochs),
        "tensorboard": tensorboard,
    }


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


def _judgement(
    cell: Cell, extra: Mapping[str, Any], seconds: Sequence[float], context: Context
) -> dict[str, Any]:
    """Operations, ceiling, and whether the median can be true."""
    axes = dict(cell.axes)
    if cell.recipe is not None:
        precision: str = cell.recipe.precision
        flop: float | None = cell.recipe.flop(extra["data"]["train_samples"])
    else:
        precision = str(axes.get("dtype", "float64"))
        flop = kernel_workloads()[cell.workload].flop(axes)
    ceiling = device_ceiling(context.fingerprint, cell.device, precision)
    reasons: Sequence[str] = ()
    if seconds:
        synchronised = extra.get("synchronised_median_seconds")
        reasons = judge(flop, statistics.median(seconds), ceiling, synchronised)
    return {
        "flop": flop,
        "ceiling": ceiling and {"flop_per_second": ceiling.flop_per_second, "source": ceiling.source},
        "plausible": {"ok": not reasons, "reasons": list(reasons)},
    }


def judge_together(records: Sequence[Mapping[str, Any]], medians: Sequence[float], context: Context) -> None:
    """Complete the judgement of products once all sizes are known, in place.

    A series whose time hardly grows with size marks the cells between which it does not; the best
    plausible rate of a device stands beside its ceiling as the measured one. ``records`` are
    ``extra_info`` objects.
    """
    products = [pair for pair in zip(records, medians, strict=True) if pair[0]["workload"] == "matmul"]
    series: dict[tuple[str, str, str], list[tuple[Mapping[str, Any], float]]] = {}
    for record, median in products:
        key = (record["implementation"], record["device"], record["axes"]["dtype"])
        series.setdefault(key, []).append((record, median))
    for (_, device, dtype), members in series.items():
        ceiling = device_ceiling(context.fingerprint, device, dtype)
        points = [(record["flop"], median) for record, median in members]
        reason, span = judge_series(points, ceiling), flat_span(points, ceiling)
        flat = [r for r, _ in members if span is not None and span[0][0] <= r["flop"] <= span[1][0]]
        for record in flat if reason else ():
            if reason not in record["plausible"]["reasons"]:
                record["plausible"]["reasons"].append(reason)
                record["plausible"]["ok"] = False
    for record, _ in products:
        rates = [
            other["flop"] / median
            for other, median in products
            if other["plausible"]["ok"] and median > 0 and _same_device(other, record)
        ]
        if record["ceiling"] is not None:
            record["ceiling"]["measured_flop_per_second"] = max(rates, default=None)


def _same_device(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one["device"] == other["device"] and one["axes"]["dtype"] == other["axes"]["dtype"]


def noise_facts(records: Mapping[str, CellRecord]) -> dict[str, Any] | None:
    """The machine's noise floor from the A/A pair, and the harness's own cost per sample, if measured."""
    by_name = {
        record.extra_info["implementation"]: dict(zip(record.round_numbers, record.seconds, strict=True))
        for record in records.values()
        if record.extra_info.get("workload") == "noise" and record.seconds
    }
    facts: dict[str, Any] = {}
    if "twin-a" in by_name and "twin-b" in by_name:
        facts |= _twin_facts(by_name["twin-a"], by_name["twin-b"])
    if "nothing" in by_name:
        facts["harness_seconds_per_sample"] = statistics.median(by_name["nothing"].values())
    return facts or None


def _twin_facts(first: Mapping[int, float], second: Mapping[int, float]) -> dict[str, Any]:
    """Ratio of the twins' times by round; of their medians if a run ended between the two of them."""
    shared = sorted(first.keys() & second.keys())
    if len(shared) >= LEAST_PAIRS:
        estimate = paired_ratio([first[n] for n in shared], [second[n] for n in shared])
    else:
        shared, estimate = [], unpaired_ratio(list(first.values()), list(second.values()))
    facts: dict[str, Any] = {"aa_ratio": estimate.ratio, "aa_pairs": len(shared)}
    if math.isfinite(estimate.high):  # too few samples bound nothing
        facts["aa_interval"] = [estimate.low, estimate.high]
    return facts
