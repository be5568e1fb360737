"""google/benchmark's JSON: one entry a repetition, and entries of what was aggregated over them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from likeforlike.reports.read.decoding import Document, value_text
from likeforlike.reports.read.format import Format
from likeforlike.reports.read.machines import Machine, machine_from_facts
from likeforlike.reports.read.plain_results import (
    PER_SECOND,
    digest_of,
    not_measured,
    plain_cell,
    plain_file,
)
from likeforlike.reports.read.result_file import Cell, ResultFile, Tool
from likeforlike.reports.read.schema.quantities import Count, Seconds
from likeforlike.reports.read.schema.runs import Unmeasured
from likeforlike.reports.read.summaries import Summary

NAME = "google/benchmark"

AGGREGATES = {
    "mean": "mean_seconds",
    "median": "median_seconds",
    "stddev": "stddev_seconds",
    "min": "minimum_seconds",
    "max": "maximum_seconds",
}
"""Statistics that are read, and what they are called here; the last two are custom ones by custom."""

CLOCKS = ("real_time", "process_time", "manual_time")
"""Parts of a name that say by which clock it is timed."""

FITTED = ("BigO", "RMS")
"""What is fitted over the sizes of a benchmark; it is no time of any of them."""


class _Entry(Struct, frozen=True):
    name: str
    run_name: str | None = None
    run_type: str | None = None
    aggregate_name: str | None = None
    aggregate_unit: str | None = None
    error_occurred: bool = False
    error_message: str = ""
    skipped: bool = False
    skip_message: str = ""
    threads: Count | None = None
    repetitions: Count | None = None
    time_unit: str | None = None


class _Times(Struct, frozen=True):
    """What is used of an entry that has times; in its ``time_unit``."""

    real_time: Seconds
    cpu_time: Seconds | None = None
    iterations: Count | None = None


class _Document(Struct, frozen=True):
    benchmarks: tuple[Any, ...]
    context: dict[str, Any] = field(default_factory=dict)


def recognise(document: Document) -> bool:
    """Whether it has a context of this tool's kind, or entries with real and processor time."""
    value = document.value
    entries = value.get("benchmarks") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        return False
    context = value.get("context")
    if isinstance(context, dict) and ("library_build_type" in context or "num_cpus" in context):
        return True
    return any(isinstance(entry, dict) and {"real_time", "cpu_time"} <= entry.keys() for entry in entries)


def read(document: Document) -> ResultFile:
    """Real time is the sample, the mean over a repetition's iterations; processor time is told beside it.

    Raises ResultError.
    """
    outline = document.outline(_Document)
    repetitions: dict[str, list[tuple[_Entry, Any, str]]] = {}
    aggregates: dict[str, list[tuple[_Entry, Any, str]]] = {}
    for number, raw in enumerate(outline.benchmarks):
        path = f"benchmarks[{number}]"
        entry = document.record(_Entry, raw, path)
        aggregate = _aggregate(entry)
        if aggregate is None:
            repetitions.setdefault(entry.run_name or entry.name, []).append((entry, raw, path))
        elif aggregate not in FITTED:
            name = entry.run_name or entry.name.removesuffix(f"_{aggregate}")
            aggregates.setdefault(name, []).append((entry, raw, path))
    cells: list[Cell] = []
    failed: list[Unmeasured] = []
    remarks: list[str] = []
    for name in dict.fromkeys((*repetitions, *aggregates)):
        made = (
            _measured(document, name, repetitions[name])
            if name in repetitions
            else _aggregated(document, name, aggregates[name])
        )
        if isinstance(made, Unmeasured):
            failed.append(made)
            continue
        cells.append(made)
        if made.saved_summary and made.saved_summary.median_seconds is None:
            remarks.append(f"{name}: only the mean was saved; it stands where the median should.")
    context = document.usable(outline.context)
    return plain_file(
        document,
        Tool(NAME, _text(context.get("library_version"))),
        _machine(document, context),
        cells,
        failed,
        datetime=_text(context.get("date")),
        node=_text(context.get("host_name")),
        remarks=tuple(remarks),
    )


FORMATS = (Format(NAME, recognise, read),)


def _aggregate(entry: _Entry) -> str | None:
    """Which statistic an entry is; None for a repetition. Before 1.5 only the name's ending tells it."""
    if entry.run_type is not None:
        return None if entry.run_type == "iteration" else (entry.aggregate_name or "")
    ending = entry.name.rpartition("_")[2]
    known = ("mean", "median", "stddev", "cv", "BigO", "RMS")
    return entry.aggregate_name or (ending if ending in known else None)


def _measured(document: Document, name: str, entries: Sequence[tuple[_Entry, Any, str]]) -> Cell | Unmeasured:
    samples, processor, iterations = [], [], set()
    for entry, raw, path in entries:
        if entry.error_occurred:
            return not_measured(name, "failed", entry.error_message or "an error, of which nothing is said")
        if entry.skipped:
            return not_measured(name, "skipped", entry.skip_message or "skipped, without a reason")
        times = document.record(_Times, raw, path)
        per_second = _per_second(document, entry, path)
        samples.append(times.real_time / per_second)
        if times.cpu_time is not None:
            processor.append(times.cpu_time / per_second)
        iterations.add(times.iterations)
    info = _counters(document.usable(entries[0][1])) if len(entries) == 1 else {}
    if processor:
        info["cpu_seconds"] = statistics.median(processor)
    return plain_cell(
        name,
        samples,
        function=name.partition("/")[0],
        params=_params(name, entries[0][0].threads),
        iterations=iterations.pop() if len(iterations) == 1 else None,
        extra_info=info,
    )


def _aggregated(
    document: Document, name: str, entries: Sequence[tuple[_Entry, Any, str]]
) -> Cell | Unmeasured:
    """A cell of which only the statistics over its repetitions were saved."""
    known: dict[str, Any] = {}
    info: dict[str, Any] = {}
    for entry, raw, path in entries:
        field_name = AGGREGATES.get(_aggregate(entry) or "")
        if field_name is None or entry.aggregate_unit == "percentage":
            continue
        times = document.record(_Times, raw, path)
        per_second = _per_second(document, entry, path)
        known[field_name] = times.real_time / per_second
        known["rounds"] = entry.repetitions
        if field_name == "median_seconds" and times.cpu_time is not None:
            info["cpu_seconds"] = times.cpu_time / per_second
    if not {"mean_seconds", "median_seconds"} & known.keys():
        return not_measured(name, "failed", "neither repetitions nor their mean or median were saved")
    if known["rounds"] == 1:
        known.pop("stddev_seconds", None)
    first = entries[0][0]
    return plain_cell(
        name,
        (),
        Summary(**known),
        function=name.partition("/")[0],
        params=_params(name, first.threads),
        extra_info=info,
    )


def _per_second(document: Document, entry: _Entry, path: str) -> float:
    unit = entry.time_unit or "ns"
    if unit not in PER_SECOND:
        expected = f"expected one of {', '.join(PER_SECOND)}"
        raise document.error(f"{path}.time_unit", value_text(unit), expected)
    return PER_SECOND[unit]


def _params(name: str, threads: int | None) -> dict[str, Any]:
    """Arguments from a name such as ``BM_x/8/size:64/threads:2``; numbered where they bear no name.

    What else stands in it is the case: a fixture's method as in ``Fixture/Push/8``, a captured call's name.
    """
    params: dict[str, Any] = {}
    for number, part in enumerate(name.split("/")[1:]):
        key, named, value = part.rpartition(":")
        if named:
            params[key] = value
        elif part.lstrip("-").isdigit():
            params[f"argument {number}"] = part
        elif part not in CLOCKS:
            params["case"] = f"{params['case']}/{part}" if "case" in params else part
    if threads is not None and threads > 1:
        params.setdefault("threads", str(threads))
    return params


def _counters(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The user's own counters: numbers under names that the tool does not use itself."""
    own = {"real_time", "cpu_time", "iterations", "threads", "repetitions", "repetition_index"}
    own |= {"family_index", "per_family_instance_index"}
    return {
        key: value
        for key, value in raw.items()
        if key not in own and isinstance(value, int | float) and not isinstance(value, bool)
    }


def _machine(document: Document, context: Mapping[str, Any]) -> Machine:
    """It tells how many processors there are, not which; a clock of the moment is no identity."""
    rows = (("cores", context.get("num_cpus")),)
    return machine_from_facts(rows, _text(context.get("host_name")) or digest_of(document))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
