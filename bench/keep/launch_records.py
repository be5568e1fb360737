"""The launches of a cell become one record."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.keep.extra_info import judgement
from likeforlike.bench.measure.launches import Enough
from likeforlike.bench.measure.watch.energy import energies_joined
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Context
from likeforlike.reports.statistics.launches import ROUNDS_A_SESSION

_NUMBER = re.compile(r"\d+(?:\.\d+)?")

_OF_ALL = (
    "import_seconds",
    "setup_seconds",
    "cold_seconds",
    "synchronised_median_seconds",
    "waiting_seconds",
)
"""Told as the median of all launches."""
_JOINED = ("round_numbers", "launch_numbers", "launches", "disturbed")
_MOST = ("peak_memory_bytes", "device_peak_memory_bytes")


def launches_in_turns(launches: Sequence[Mapping[int, CellRecord]]) -> int:
    """How many launches, from the first on, all of these cells have and took turns in; by cell its own.

    Of a run that was cut off and taken up again some may have a launch of one session, and others the same of
    another: they were measured one after the other.
    """
    count = 0
    while launches and all(count in known for known in launches):
        numbers = [number for known in launches for number in known[count].round_numbers]
        if len({number // ROUNDS_A_SESSION for number in numbers}) > 1:
            break
        count += 1
    return count


def launches_joined(
    cell: Cell, launches: Sequence[CellRecord], enough: Enough | None, context: Context
) -> CellRecord:
    """A cell's record from those of its launches, at least one, in the order of measuring.

    ``enough``: why no further one followed; None if the run was ended.
    """
    first = launches[0]
    if len(launches) == 1 and cell.recipe is not None:
        return msgspec.structs.replace(first, launch=None)
    told = [record.extra_info for record in launches]
    seconds = [sample for record in launches for sample in record.seconds]
    rounds = [number for record in launches for number in record.round_numbers]
    extra: dict[str, Any] = {**first.extra_info, "verified": _worst([info["verified"] for info in told])}
    for name in _JOINED:
        extra[name] = [item for info in told for item in info.get(name, ())]
    extra["repeated"] = sum(info.get("repeated", 0) for info in told)
    for name in _OF_ALL:
        if name in first.extra_info:
            extra[name] = _median([info.get(name) for info in told])
    for name in _MOST:
        if name in first.extra_info:
            extra[name] = max((info[name] for info in told if info.get(name) is not None), default=None)
    extra["warm_up_calls"] = int(statistics.median(info["warm_up_calls"] for info in told))
    extra["pace"] = _paces(
        [(info.get("pace"), len(record.seconds)) for info, record in zip(told, launches, strict=True)]
    )
    extra["waited_seconds"] = _waits(
        [
            (info.get("waited_seconds"), len(record.seconds))
            for info, record in zip(told, launches, strict=True)
        ]
    )
    extra["energy"] = energies_joined([info.get("energy") for info in told])
    if "timed_calls" in first.extra_info:  # proven only where every launch's were
        words = [info["timed_calls"] for info in told]
        extra["timed_calls"] = next((word for word in words if word != "proven"), "proven")
    if "call_times" in first.extra_info:
        extra["call_times"] = [times for info in told for times in info["call_times"]]
    extra["state"] = _states([info["state"] for info in told])
    if any("launch_cost" in info for info in told):
        extra["launch_cost"] = _launch_costs([info["launch_cost"] for info in told if "launch_cost" in info])
    beside = _beside(told)
    if beside:
        extra["beside"] = beside
    if "transfer" in first.extra_info:
        extra["transfer"] = _transfers([info["transfer"] for info in told])
    extra["stop"] = _stop(told, enough, len(seconds))
    extra |= judgement(cell, extra, seconds, context)
    return CellRecord(cell.id, first.outcome, "", seconds, rounds, extra)


def _worst(checks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The check whose error comes nearest to its tolerance."""
    return dict(max(checks, key=lambda check: check["error"] / (check["tolerance"] or 1.0)))


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _states(states: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Before the first launch, after the last, and what disturbed any: of sentences alike the worst."""
    worst: dict[str, str] = {}
    for reason in (reason for state in states for reason in state.get("disturbances") or ()):
        alike = _NUMBER.sub("#", reason)
        worst[alike] = max(worst.get(alike, reason), reason, key=_largest_number)
    return {**states[0], "after": states[-1].get("after"), "disturbances": list(worst.values())}


def _largest_number(sentence: str) -> float:
    return max(map(float, _NUMBER.findall(sentence)), default=0.0)


def _transfers(transfers: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, list[float]]:
    return {name: [value for told in transfers for value in told[name]] for name in transfers[0]}


def _waits(told: Sequence[tuple[Sequence[float | None] | None, int]]) -> list[float | None] | None:
    """Of all launches, parallel to all samples."""
    joined = [wait for waits, samples in told for wait in (waits or [None] * samples)]
    return joined if any(wait is not None for wait in joined) else None


def _paces(told: Sequence[tuple[Mapping[str, Sequence[Any]] | None, int]]) -> dict[str, list[Any]] | None:
    """Of all launches, parallel to all samples; of one that tells nothing, as many times nothing."""
    names = list(dict.fromkeys(name for pace, _ in told for name in pace or ()))
    joined = {
        name: [v for pace, samples in told for v in ((pace or {}).get(name) or [None] * samples)]
        for name in names
    }
    return joined or None


def _launch_costs(told: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Seconds of all launches by figure; where none gave any, the first reason."""
    joined: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(name for costs in told for name in costs):
        given = [costs[name] for costs in told if name in costs]
        measured = [figure for figure in given if "seconds" in figure]
        if measured:
            seconds = [value for figure in measured for value in figure["seconds"]]
            joined[name] = {"seconds": seconds, "calls": measured[0]["calls"]}
        else:
            joined[name] = dict(given[0])
    return joined


def _beside(told: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, list[float]]]:
    """Of one that took turns with others in pairs: its samples beside each of them, of all launches."""
    joined: dict[str, dict[str, list[float]]] = {}
    for info in told:
        for other, turns in info.get("beside", {}).items():
            known = joined.setdefault(other, {})
            for name, values in turns.items():
                known[name] = [*known.get(name, []), *values]
    return joined


def _stop(told: Sequence[Mapping[str, Any]], enough: Enough | None, rounds: int) -> dict[str, Any]:
    """One launch: how its rounds ended. Several: why there were no more of them."""
    within = told[-1]["stop"]
    if enough is not None and enough.launches == 1:
        return {**within, "launches": 1}
    return {
        "reason": "interrupted" if enough is None else enough.reason,
        "median_interval": within["median_interval"] if len(told) == 1 else None,
        "rounds": rounds,
        "launches": len(told),
        "ratio_half_width": enough.half_width if enough is not None else None,
    }
