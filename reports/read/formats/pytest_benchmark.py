"""pytest-benchmark's files, ours and plain ones, read strictly: a whole record or one line of error."""

from __future__ import annotations

import hashlib
import re
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Raw, Struct

from likeforlike.reports.read.decoding import TOO_DEEP, converter, decode, value_text, with_visible_strings
from likeforlike.reports.read.machines import machine_of
from likeforlike.reports.read.result_file import PLAIN_WORKLOAD, Cell, ResultError, ResultFile
from likeforlike.reports.read.safe_text import visible
from likeforlike.reports.read.schema import SCHEMA_VERSION, Extra, Header, Stats

OLDEST_VERSION = 4


class _Entry(Struct, frozen=True):
    name: str
    stats: Stats
    fullname: str | None = None
    group: str | None = None
    extra_info: Raw = Raw(b"{}")


class _Document(Struct, frozen=True):
    benchmarks: tuple[_Entry, ...]
    machine_info: dict[str, Any] = {}
    version: str | None = None
    datetime: str = ""
    likeforlike: Raw = Raw(b"null")


class _Peek(Struct, frozen=True):
    workload: Any = None


class _PeekHeader(Struct, frozen=True):
    schema_version: int | None = None


def parse_results(content: bytes, name: str, label: str | None = None) -> ResultFile:
    """Read a result file's content; ``name`` is what errors call it. Raises ResultError."""
    digest = hashlib.sha256(content).hexdigest()
    content = with_visible_strings(content, name)
    document = decode(content, _Document, name, "", content)
    header = _header(document, name)
    if header is None:
        _check_version(document, name)
    try:
        machine = machine_of(document.machine_info, converter(name, content))
    except RecursionError as error:
        raise ResultError(name, "machine_info", "", TOO_DEEP) from error
    cells = tuple(
        _cell(entry, f"benchmarks[{number}]", name, ours=header is not None)
        for number, entry in enumerate(document.benchmarks)
    )
    return ResultFile(
        path=visible(name),
        label=visible(label or Path(name).name, 60),
        machine=machine,
        cells=cells,
        run_id=header.run_id if header else "",
        digest=digest,
        plain=header is None,
        datetime=document.datetime,
        header=header,
        notes=header.notes if header else (),
        node=_node(document.machine_info),
    )


def _node(info: Mapping[str, Any]) -> str:
    node = info.get("node")
    return visible(node, 60) if isinstance(node, str) else ""


def _header(document: _Document, name: str) -> Header | None:
    raw = document.likeforlike
    if bytes(raw) == b"null":
        return None
    version = decode(raw, _PeekHeader, name, "likeforlike", bytes(raw)).schema_version
    if version is not None and version > SCHEMA_VERSION:
        raise ResultError(
            name,
            "likeforlike.schema_version",
            str(version),
            f"this likeforlike reads up to {SCHEMA_VERSION}; install a newer one",
        )
    header: Header = decode(raw, Header, name, "likeforlike", bytes(raw))
    return header


def _check_version(document: _Document, name: str) -> None:
    """Plain files say which pytest-benchmark wrote them; anything else is not ours to read."""
    major = re.match(r"\d+", document.version or "")
    if major is None:
        found = "" if document.version is None else value_text(document.version)
        raise ResultError(name, "version", found, "neither likeforlike's nor pytest-benchmark's result file")
    if int(major.group()[:9]) < OLDEST_VERSION:
        raise ResultError(
            name,
            "version",
            value_text(document.version),
            f"expected pytest-benchmark {OLDEST_VERSION} or newer",
        )


def _cell(entry: _Entry, path: str, name: str, ours: bool) -> Cell:
    samples, median = _samples(entry.stats, f"{path}.stats", name)
    if ours:
        peek = decode(entry.extra_info, _Peek, name, f"{path}.extra_info", bytes(entry.extra_info))
        if peek.workload is not None:
            return _own_cell(entry, samples, median, f"{path}.extra_info", name)
    identity = entry.fullname or entry.name
    extra = Extra(
        workload=PLAIN_WORKLOAD, implementation=entry.name, device="", axes={}, cell=identity, origin=""
    )
    return Cell(identity, entry.name, entry.group or "", samples, median, extra, plain=True)


def _own_cell(entry: _Entry, samples: tuple[float, ...], median: float, path: str, name: str) -> Cell:
    extra: Extra = decode(entry.extra_info, Extra, name, path, bytes(entry.extra_info))
    _check_parallel(extra, len(samples), path, name)
    identity = extra.cell or entry.name
    group = extra.group or entry.group or identity
    return Cell(identity, entry.name, group, samples, median, extra)


def _samples(stats: Stats, path: str, name: str) -> tuple[tuple[float, ...], float]:
    if stats.data is None:
        if stats.median is None:
            raise ResultError(name, f"{path}.median", "", "missing, and there is no data to take it from")
        return (), stats.median
    if not stats.data:
        raise ResultError(name, f"{path}.data", "[]", "expected at least one sample")
    if stats.rounds is not None and stats.rounds != len(stats.data):
        raise ResultError(
            name, f"{path}.rounds", str(stats.rounds), f"expected {len(stats.data)}, as many as data has"
        )
    return stats.data, statistics.median(stats.data)


def _check_parallel(extra: Extra, count: int, path: str, name: str) -> None:
    """Lists that belong to the samples are as long as the samples; a round is counted once."""
    lists: dict[str, tuple[Any, ...] | None] = {"round_numbers": extra.round_numbers}
    if extra.transfer is not None:
        lists["transfer.to_device_seconds"] = extra.transfer.to_device_seconds
        lists["transfer.to_host_seconds"] = extra.transfer.to_host_seconds
    for key, values in lists.items():
        if values is not None and len(values) != count:
            raise ResultError(
                name, f"{path}.{key}", f"{len(values)} entries", f"expected {count}, one for each sample"
            )
    rounds = extra.round_numbers or ()
    if len(set(rounds)) != len(rounds):
        twice = next(number for number in rounds if rounds.count(number) > 1)
        raise ResultError(name, f"{path}.round_numbers", str(twice), "expected each round once")
    numbers = [epoch.epoch for epoch in extra.epochs]
    if numbers != sorted(set(numbers)):
        raise ResultError(name, f"{path}.epochs", str(numbers[:8]), "expected epochs in order, each once")
