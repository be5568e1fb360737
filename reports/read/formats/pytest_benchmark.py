"""Ours and plain pytest-benchmark's, read strictly: a whole record or one line of error.

Files of the same tests by pytest-benchmark 3.2, 3.4, 4.0 and 5.2 differ in the processor's name alone
(``machines``).
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from likeforlike.reports.read.decoding import Document, parse, value_text
from likeforlike.reports.read.format import Format
from likeforlike.reports.read.machines import Machine, machine_of
from likeforlike.reports.read.plain_results import digest_of, label_of, plain_extra
from likeforlike.reports.read.result_file import Cell, Commit, ResultFile, Tool
from likeforlike.reports.read.safe_text import visible
from likeforlike.reports.read.schema.cells import CallTimes, Extra
from likeforlike.reports.read.schema.quantities import Scalar
from likeforlike.reports.read.schema.runs import (
    SCHEMA_VERSION,
    Fingerprint,
    Header,
    SavedSamples,
    SavedSummary,
    Unmeasured,
)
from likeforlike.reports.read.summaries import Summary

NAME = "pytest-benchmark"

KNOWN_MAJOR_VERSIONS = (3, 4, 5)
"""Others are read as far as they go, and that is said."""
_OF_SAMPLES = ("round_numbers", "launch_numbers", "waited_seconds", "transfer")
"""What has a value for each sample: pytest-benchmark saves a file without samples unless it is told to."""


class _Entry(Struct, frozen=True):
    name: str
    stats: Any = None
    fullname: str | None = None
    group: Scalar = None
    """The tool takes anything for it; a size is often given."""
    params: Any = None
    options: Any = None
    extra_info: Any = None


class _Document(Struct, frozen=True):
    benchmarks: tuple[_Entry, ...]
    machine_info: dict[str, Any] | None = None
    commit_info: Any = None
    version: str | None = None
    datetime: str = ""
    likeforlike: Any = None


class _PeekHeader(Struct, frozen=True):
    schema_version: int | None = None


def recognise(document: Document) -> bool:
    """Whether it is ours, or has what only pytest-benchmark writes, be it in part."""
    value = document.value
    if not isinstance(value, dict) or "benchmarks" not in value:
        return False
    if any(key in value for key in ("likeforlike", "machine_info", "commit_info")):
        return True
    entries = value["benchmarks"] if isinstance(value["benchmarks"], list) else []
    keys = {"name", "stats"} if isinstance(value.get("version"), str) else {"fullname", "stats"}
    return any(isinstance(entry, dict) and keys <= entry.keys() for entry in entries)


def parse_results(content: bytes, name: str, label: str | None = None) -> ResultFile:
    """Read the UTF-8 content of such a file; ``name`` is what errors call it. Raises ResultError."""
    return read(parse(content, name), label)


def read(document: Document, label: str | None = None) -> ResultFile:
    """Read a document as ours or pytest-benchmark's. Raises ResultError."""
    outline = document.outline(_Document)
    header = _header(document, outline)
    remarks = () if header else _check_version(document, outline)
    cells, without_figure = [], []
    for number, entry in enumerate(outline.benchmarks):
        path = f"benchmarks[{number}]"
        if header is None and not entry.stats:
            without_figure.append(_without_statistics(entry))
        else:
            cells.append(_cell(document, entry, path, ours=header is not None))
    info = document.usable(outline.machine_info or {})
    return ResultFile(
        path=visible(document.name),
        label=label_of(document, label),
        machine=_machine(document, outline, info),
        cells=tuple(cells),
        run_id=header.run_id if header else "",
        digest=digest_of(document),
        plain=header is None,
        datetime=outline.datetime,
        header=header,
        notes=header.notes if header else (),
        node=_node(info),
        tool=Tool("likeforlike") if header else Tool(NAME, visible(outline.version or "", 60)),
        commit=_commit(outline.commit_info),
        without_figure=tuple(without_figure),
        remarks=remarks,
    )


FORMATS = (Format(NAME, recognise, read),)


def _machine(document: Document, outline: _Document, info: Mapping[str, Any]) -> Machine:
    raw = (outline.machine_info or {}).get("likeforlike")
    if raw is None:
        return machine_of(info, None)
    return machine_of(info, document.record(Fingerprint, raw, "machine_info.likeforlike"))


def _node(info: Mapping[str, Any]) -> str:
    node = info.get("node")
    return visible(node, 60) if isinstance(node, str) else ""


def _commit(info: Any) -> Commit | None:
    """What pytest-benchmark found out; outside of version control it writes ``unversioned``, or an error."""
    if not isinstance(info, Mapping):
        return None
    text = {key: value for key, value in info.items() if isinstance(value, str)}
    dirty = info.get("dirty")
    if text.get("id", "unversioned") in ("", "unversioned", "unknown"):
        return None
    return Commit(
        id=text["id"],
        time=text.get("time", ""),
        branch=text.get("branch", "").replace("(unknown)", ""),
        project=text.get("project", ""),
        dirty=dirty if isinstance(dirty, bool) else None,
    )


def _header(document: Document, outline: _Document) -> Header | None:
    raw = outline.likeforlike
    if raw is None:
        return None
    version = document.record(_PeekHeader, raw, "likeforlike").schema_version
    if version is not None and version > SCHEMA_VERSION:
        expected = f"this likeforlike reads up to {SCHEMA_VERSION}; install a newer one"
        raise document.error("likeforlike.schema_version", str(version), expected)
    return document.record(Header, raw, "likeforlike")


def _check_version(document: Document, outline: _Document) -> tuple[str, ...]:
    """Plain files say which pytest-benchmark wrote them; what is to be said where it is not known."""
    known = f"read as one of versions {KNOWN_MAJOR_VERSIONS[0]} to {KNOWN_MAJOR_VERSIONS[-1]}"
    major = re.match(r"\d+", outline.version or "")
    if major is not None:
        if int(major.group()[:9]) in KNOWN_MAJOR_VERSIONS:
            return ()
        return (f"Written by {NAME} {visible(outline.version or '', 60)}, which is not known here: {known}.",)
    if outline.version is None and recognise(document) and outline.benchmarks:
        return (f"It does not say which {NAME} wrote it: {known}.",)
    found = "" if outline.version is None else value_text(outline.version)
    raise document.error("version", found, "neither likeforlike's nor pytest-benchmark's result file")


def _without_statistics(entry: _Entry) -> Unmeasured:
    identity = entry.fullname or entry.name
    return Unmeasured(
        cell=identity,
        outcome="failed",
        reason="the file holds no statistics of it",
        workload="benchmark",
        implementation=entry.name,
    )


def _cell(document: Document, entry: _Entry, path: str, ours: bool) -> Cell:
    samples, summary, iterations = _samples(document, entry.stats, f"{path}.stats")
    median = statistics.median(samples) if samples else summary.median_seconds
    assert median is not None  # else _samples has raised
    fields: dict[str, Any] = {
        "name": entry.name,
        "samples": samples,
        "median_seconds": median,
        "fullname": entry.fullname or entry.name,
        "function": entry.name.partition("[")[0],
        "params": _mapping(document, entry.params),
        "options": _mapping(document, entry.options),
        "iterations": iterations,
        "saved_summary": None if samples else summary,
    }
    info = entry.extra_info
    if ours and isinstance(info, Mapping) and info.get("workload") is not None:
        return _own_cell(document, entry, fields, f"{path}.extra_info")
    identity = entry.fullname or entry.name
    return Cell(
        id=identity,
        group=_group(entry),
        extra=plain_extra(entry.name, identity),
        plain=True,
        extra_info=_mapping(document, info),
        **fields,
    )


def _group(entry: _Entry) -> str:
    """As the tool says it: none where it is nothing, 0 or empty."""
    return str(entry.group) if entry.group else ""


def _mapping(document: Document, value: Any) -> Mapping[str, Any]:
    return document.usable(value) if isinstance(value, Mapping) else {}


def _own_cell(document: Document, entry: _Entry, fields: dict[str, Any], path: str) -> Cell:
    extra = document.record(Extra, entry.extra_info, path)
    if not fields["samples"]:
        extra = replace(extra, **dict.fromkeys(_OF_SAMPLES))
    _check_parallel(document, extra, len(fields["samples"]), path)
    identity = extra.cell or entry.name
    group = extra.group or _group(entry) or identity
    return Cell(id=identity, group=group, extra=extra, **fields)


def _samples(document: Document, stats: Any, path: str) -> tuple[tuple[float, ...], Summary, int | None]:
    """The samples, or else the summary that the file has in their place; and the iterations of a round."""
    saved = document.record(SavedSamples, {} if stats is None else stats, path)
    if saved.data is None:
        summary = _summary(document.record(SavedSummary, stats or {}, path))
        if summary.median_seconds is None:
            raise document.error(f"{path}.median", "", "missing, and there is no data to take it from")
        return (), summary, summary.iterations
    if not saved.data:
        raise document.error(f"{path}.data", "[]", "expected at least one sample")
    if saved.rounds is not None and saved.rounds != len(saved.data):
        expected = f"expected {len(saved.data)}, as many as data has"
        raise document.error(f"{path}.rounds", str(saved.rounds), expected)
    return saved.data, Summary(), saved.iterations


def _summary(saved: SavedSummary) -> Summary:
    return Summary(
        rounds=saved.rounds,
        minimum_seconds=saved.min,
        q1_seconds=saved.q1,
        median_seconds=saved.median,
        q3_seconds=saved.q3,
        maximum_seconds=saved.max,
        mean_seconds=saved.mean,
        stddev_seconds=None if saved.rounds == 1 else saved.stddev,
        iterations=saved.iterations,
    )


def _check_parallel(document: Document, extra: Extra, count: int, path: str) -> None:
    """Lists that belong to the samples are as long as the samples; a round is counted once."""
    lists: dict[str, tuple[Any, ...] | None] = {
        "round_numbers": extra.round_numbers,
        "launch_numbers": extra.launch_numbers,
        "waited_seconds": extra.waited_seconds,
    }
    if extra.transfer is not None:
        lists["transfer.to_device_seconds"] = extra.transfer.to_device_seconds
        lists["transfer.to_host_seconds"] = extra.transfer.to_host_seconds
    for key, values in lists.items():
        if values is not None and len(values) != count:
            expected = f"expected {count}, one for each sample"
            raise document.error(f"{path}.{key}", f"{len(values)} entries", expected)
    rounds = extra.round_numbers or ()
    if len(set(rounds)) != len(rounds):
        twice = next(number for number in rounds if rounds.count(number) > 1)
        raise document.error(f"{path}.round_numbers", str(twice), "expected each round once")
    for other, turns in extra.beside.items():
        for key in ("round_numbers", "launch_numbers", "whole_seconds"):
            values = getattr(turns, key)
            if len(values) != len(turns.seconds) and (values or key == "round_numbers"):
                expected = f"expected {len(turns.seconds)}, one for each sample"
                raise document.error(f"{path}.beside.{other}.{key}", f"{len(values)} entries", expected)
    told = {"call_times": extra.call_times}
    told |= {f"beside.{other}.call_times": turns.call_times for other, turns in extra.beside.items()}
    for key, every in told.items():
        for number, times in enumerate(every):
            _check_call_times(document, times, f"{path}.{key}[{number}]")
    numbers = [epoch.epoch for epoch in extra.epochs]
    if numbers != sorted(set(numbers)):
        raise document.error(f"{path}.epochs", str(numbers[:8]), "expected epochs in order, each once")


def _check_call_times(document: Document, times: CallTimes, path: str) -> None:
    """Calls are sorted, counted as often as there are values, and as many as the launch tells."""
    values = len(times.seconds)
    if list(times.seconds) != sorted(times.seconds):
        raise document.error(f"{path}.seconds", f"{values} entries", "expected them sorted, shortest first")
    if times.counts and len(times.counts) != values:
        expected = f"expected {values}, one for each of seconds"
        raise document.error(f"{path}.counts", f"{len(times.counts)} entries", expected)
    total = sum(times.counts) if times.counts else values
    if times.calls is not None and times.calls != total:
        raise document.error(f"{path}.calls", str(times.calls), f"expected {total}, as many as there are")
