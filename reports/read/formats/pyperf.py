"""pyperf's JSON: benchmarks of runs, each run a process of its own with its warm-ups and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from likeforlike.reports.read.decoding import Document
from likeforlike.reports.read.format import Format
from likeforlike.reports.read.machines import Machine, machine_from_facts
from likeforlike.reports.read.plain_results import digest_of, not_measured, plain_cell, plain_file
from likeforlike.reports.read.result_file import Cell, ResultFile, Tool
from likeforlike.reports.read.schema.quantities import Count, Seconds
from likeforlike.reports.read.schema.runs import Unmeasured

NAME = "pyperf"

CONDITIONS = ("cpu_affinity", "cpu_config", "aslr", "python_hash_seed")
"""Metadata that say how the machine and Python were set while it was measured, not how they did."""

ASKS_SINCE = 2
"""The first version of which it is certain that it says when garbage collection is off."""


class _Unit(Struct, frozen=True):
    """What is used of metadata, which stands at the file, at a benchmark and at a run."""

    name: str | None = None
    unit: str | None = None
    loops: Count | None = None
    inner_loops: Count | None = None


class _Run(Struct, frozen=True):
    values: tuple[Seconds, ...] = ()
    warmups: Any = None
    metadata: dict[str, Any] = field(default_factory=dict)


class _Bare(Struct, frozen=True):
    """A run whose values are no times."""

    values: Any = None


class _Benchmark(Struct, frozen=True):
    runs: tuple[Any, ...]
    metadata: dict[str, Any] = field(default_factory=dict)


class _Document(Struct, frozen=True):
    benchmarks: tuple[_Benchmark, ...]
    metadata: dict[str, Any] = field(default_factory=dict)


def recognise(document: Document) -> bool:
    """Whether its benchmarks consist of runs."""
    value = document.value
    benchmarks = value.get("benchmarks") if isinstance(value, dict) else None
    return isinstance(benchmarks, list) and any(isinstance(b, dict) and "runs" in b for b in benchmarks)


def read(document: Document) -> ResultFile:
    """Values are seconds of one loop already; what was measured in bytes or counted is no time.

    Raises ResultError.
    """
    outline = document.outline(_Document)
    cells: list[Cell] = []
    left_out: list[Unmeasured] = []
    for number, benchmark in enumerate(outline.benchmarks):
        path = f"benchmarks[{number}]"
        facts = document.record(_Unit, outline.metadata | benchmark.metadata, f"{path}.metadata")
        name = facts.name or f"benchmark {number + 1}"
        if facts.unit not in (None, "second"):
            reason = f"measured in the unit {facts.unit}, which is no time"
            left_out.append(not_measured(name, "skipped", reason))
            continue
        cell = _cell(document, benchmark, outline.metadata, name, path)
        if cell is None:
            left_out.append(not_measured(name, "failed", "its runs hold no values"))
        else:
            cells.append(cell)
    metadata = document.usable(outline.metadata)
    first = _text(_first_date(outline)).replace(" ", "T")
    return plain_file(
        document,
        Tool(NAME, _text(metadata.get("perf_version"))),
        _machine(document, metadata),
        cells,
        left_out,
        datetime=first,
        node=_text(metadata.get("hostname")),
    )


FORMATS = (Format(NAME, recognise, read),)


def _cell(
    document: Document, benchmark: _Benchmark, common: Mapping[str, Any], name: str, path: str
) -> Cell | None:
    samples: list[float] = []
    launches: list[int] = []
    iterations = set()
    every: list[Mapping[str, Any]] = []
    for number, raw in enumerate(benchmark.runs):
        run = document.record(_Run, raw, f"{path}.runs[{number}]")
        if not run.values:
            continue  # a process that only found out how many loops it takes
        told = {**common, **benchmark.metadata, **run.metadata}
        facts = document.record(_Unit, told, f"{path}.runs[{number}].metadata")
        every.append(document.usable(told))
        samples += run.values
        launches += [number] * len(run.values)
        iterations.add((facts.loops or 1) * (facts.inner_loops or 1) if facts.loops else None)
    if not samples:
        return None
    return plain_cell(
        name,
        samples,
        launches=tuple(launches),
        iterations=iterations.pop() if len(iterations) == 1 else None,
        options=_conditions(every),
        extra_info={"processes": len(set(launches))},
    )


def _conditions(every: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How all runs with values were measured, as their metadata tell; what they don't share is left out."""
    found = [_conditions_of(told) for told in every]
    return {name: value for name, value in found[0].items() if all(one.get(name) == value for one in found)}


def _conditions_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """Under pytest-benchmark's name where it has one."""
    found = {name: told[name] for name in CONDITIONS if told.get(name) is not None}
    if "timer" in told:
        found["timer"] = _clock(told["timer"])
    disabled = _gc_disabled(told)
    return found if disabled is None else found | {"disable_gc": disabled}


def _gc_disabled(told: Mapping[str, Any]) -> bool | None:
    """Whether garbage collection was off; None where nothing says so.

    pyperf writes it only where it was off, beside what else it tells of Python; of a timed command it tells
    neither. Of its first versions, called perf, and of files that others write its absence says nothing.
    """
    if "python_gc" in told:
        return True if told["python_gc"] == "disabled" else None
    version = _text(told.get("perf_version")).partition(".")[0]
    asked = "python_implementation" in told and version.isdecimal() and int(version) >= ASKS_SINCE
    return False if asked else None


def _clock(told: Any) -> Any:
    """The clock: one told with its resolution is ``time.perf_counter``, by a system's name for it."""
    return "perf_counter" if isinstance(told, str) and ", resolution: " in told else told


def _first_date(outline: _Document) -> Any:
    for benchmark in outline.benchmarks:
        for run in benchmark.runs:
            metadata = run.get("metadata") if isinstance(run, dict) else None
            if isinstance(metadata, dict) and "date" in metadata:
                return metadata["date"]
    return outline.metadata.get("date")


def _machine(document: Document, metadata: Mapping[str, Any]) -> Machine:
    rows = (
        ("CPU", metadata.get("cpu_model_name")),
        ("cores", metadata.get("cpu_count")),
        ("system", metadata.get("platform")),
        ("python", metadata.get("python_version")),
    )
    return machine_from_facts(rows, _text(metadata.get("hostname")) or digest_of(document))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
