"""hyperfine's JSON (``--export-json``): one result a command, a time for each run."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec import Struct

from likeforlike.reports.read.decoding import Document
from likeforlike.reports.read.format import Format
from likeforlike.reports.read.machines import machine_from_facts
from likeforlike.reports.read.plain_results import digest_of, not_measured, plain_cell, plain_file
from likeforlike.reports.read.result_file import Cell, ResultFile, Tool
from likeforlike.reports.read.schema.quantities import Seconds, Whole
from likeforlike.reports.read.schema.runs import Unmeasured
from likeforlike.reports.read.summaries import Summary

NAME = "hyperfine"


class _Result(Struct, frozen=True):
    command: str
    times: tuple[Seconds, ...] | None = None
    exit_codes: tuple[Whole | None, ...] | None = None
    """Null for a run that a signal ended; older versions write none."""
    mean: Any = None
    median: Any = None
    stddev: Any = None
    min: Any = None
    max: Any = None
    user: Any = None
    system: Any = None
    parameters: dict[str, Any] | None = None


class _Figures(Struct, frozen=True):
    """What is used of a result without times."""

    mean: Seconds
    median: Seconds | None = None
    stddev: Seconds | None = None
    min: Seconds | None = None
    max: Seconds | None = None


class _Results(Struct, frozen=True):
    results: tuple[Any, ...]


def recognise(document: Document) -> bool:
    """Whether it lists results of commands with times."""
    value = document.value
    results = value.get("results") if isinstance(value, dict) else None
    if not isinstance(results, list):
        return False
    return any(isinstance(r, dict) and "command" in r and ("times" in r or "mean" in r) for r in results)


def read(document: Document) -> ResultFile:
    """A run that failed is no sample: it may have ended before the work did. Raises ResultError."""
    cells: list[Cell] = []
    failed: list[Unmeasured] = []
    remarks: list[str] = []
    for number, raw in enumerate(document.outline(_Results).results):
        path = f"results[{number}]"
        result = document.record(_Result, raw, path)
        samples, codes = _succeeded(document, result, path)
        if codes:
            reason = _failures(codes, len(samples) + len(codes))
            if not samples:
                failed.append(not_measured(result.command, "failed", reason))
                continue
            remarks.append(f"{result.command}: {reason}; they are no samples.")
        cells.append(_cell(document, result, samples, raw, path))
    machine = machine_from_facts((), digest_of(document))  # hyperfine tells nothing of it
    return plain_file(document, Tool(NAME), machine, cells, failed, remarks=tuple(remarks))


FORMATS = (Format(NAME, recognise, read),)


def _failures(codes: list[str], runs: int) -> str:
    """How many runs failed, and how."""
    counts = Counter(codes)
    ways = [f"{code} in {count}" for code, count in counts.items()] if len(counts) > 1 else list(counts)
    return f"{len(codes)} of {runs} runs failed, exit status {', '.join(ways)}"


def _succeeded(document: Document, result: _Result, path: str) -> tuple[list[float], list[str]]:
    """Times of the runs that succeeded, and how the others ended."""
    times, codes = result.times or (), result.exit_codes or ()
    if codes and times and len(codes) != len(times):
        expected = f"expected {len(times)}, one for each time"
        raise document.error(f"{path}.exit_codes", f"{len(codes)} entries", expected)
    if not codes:
        return list(times), []
    good = [time for time, code in zip(times, codes, strict=False) if code == 0]
    return good, ["unknown" if code is None else str(code) for code in codes if code != 0]


def _cell(document: Document, result: _Result, samples: list[float], raw: Any, path: str) -> Cell:
    summary = None if samples else _summary(document.record(_Figures, raw, path))
    info = {"user_seconds": result.user, "system_seconds": result.system}
    return plain_cell(
        result.command,
        samples,
        summary,
        params=result.parameters or {},
        iterations=1,
        extra_info={key: value for key, value in info.items() if value is not None},
    )


def _summary(figures: _Figures) -> Summary:
    return Summary(
        minimum_seconds=figures.min,
        median_seconds=figures.median,
        maximum_seconds=figures.max,
        mean_seconds=figures.mean,
        stddev_seconds=figures.stddev,
        iterations=1,
    )
