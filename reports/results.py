"""Reads result files, ours and plain pytest-benchmark's, strictly: a whole record or one line of error."""

from __future__ import annotations

import hashlib
import json
import re
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from reports.machines import Machine, machine_of
from reports.records import (
    SCHEMA_VERSION,
    Extra,
    Header,
    Ladder,
    Noise,
    Stats,
    Unmeasured,
)
from reports.text import all_visible, visible

LARGEST_BYTES = 512 * 2**20
OLDEST_VERSION = 4
TOO_DEEP = "nested too deeply for a result file"
PLAIN_WORKLOAD = "benchmark"
"""The workload of cells that come from plain pytest-benchmark."""

Record = TypeVar("Record")


class ResultError(Exception):
    """A file that can't be read as results: which file, which field, what value, what was expected."""

    def __init__(self, file: str, path: str, value: str, expected: str) -> None:
        where = f"{visible(file)}: {path}" if path else visible(file)
        found = f": {value}" if value else ""
        super().__init__(f"{where}{found}; {expected}")


@dataclass(frozen=True)
class Cell:
    """One measured cell of one file."""

    id: str
    name: str
    group: str
    samples: tuple[float, ...]
    """Seconds; empty where a plain file did not save them."""
    median_seconds: float
    extra: Extra
    plain: bool = False

    @property
    def rounds(self) -> tuple[int, ...]:
        """The round of each sample, parallel to ``samples``."""
        return self.extra.round_numbers or tuple(range(len(self.samples)))


@dataclass(frozen=True)
class ResultFile:
    """One result file, read and checked."""

    path: str
    label: str
    machine: Machine
    cells: tuple[Cell, ...]
    run_id: str
    digest: str
    plain: bool = False
    """From plain pytest-benchmark: no fingerprint, no terms, no rounds."""
    datetime: str = ""
    header: Header | None = None
    notes: tuple[str, ...] = field(default=())
    node: str = ""
    """The host's name, which tells two machines of one kind apart."""

    @property
    def unmeasured(self) -> tuple[Unmeasured, ...]:
        """Cells that gave no figure."""
        return self.header.unmeasured if self.header else ()

    @property
    def noise(self) -> Noise | None:
        """The run's own noise floor."""
        return self.header.noise if self.header else None

    @property
    def ladder(self) -> Ladder | None:
        """The run's ladder."""
        return self.header.ladder if self.header else None


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


def read_results(path: Path | str, label: str | None = None) -> ResultFile:
    """Read one result file. Raises ResultError, whose text is one line."""
    name = str(path)
    content = _read_bytes(Path(path), name)
    return parse_results(content, name, label)


def parse_results(content: bytes, name: str, label: str | None = None) -> ResultFile:
    """Read a result file's content; ``name`` is what errors call it. Raises ResultError."""
    digest = hashlib.sha256(content).hexdigest()
    content = _with_visible_strings(content, name)
    document = _decode(content, _Document, name, "", content)
    header = _header(document, name)
    if header is None:
        _check_version(document, name)
    try:
        machine = machine_of(document.machine_info, _reporter(name, content))
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


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        size = path.stat().st_size
        if path.is_file() and size > LARGEST_BYTES:
            raise ResultError(
                name, "", f"{size} bytes", f"expected at most {LARGEST_BYTES} for one result file"
            )
        content = path.read_bytes()
    except OSError as error:
        raise ResultError(name, "", "can't be read", str(error.strerror).lower()) from error
    except ValueError as error:  # a null byte in the name
        raise ResultError(name, "", "can't be read", visible(str(error))) from error
    if not content.strip():
        raise ResultError(name, "", "", "the file is empty; expected a result file")
    return content


def _with_visible_strings(content: bytes, name: str) -> bytes:
    """The same document with every string made visible; most files hold nothing to change."""
    if content.isascii() and b"\\" not in content and b"\x7f" not in content:
        return content  # JSON takes no bare control characters inside a string
    value = _decode(content, None, name, "", content)
    try:
        return msgspec.json.encode(all_visible(value))
    except RecursionError as error:
        raise ResultError(name, "", "", TOO_DEEP) from error


def _decode(content: bytes | Raw, kind: type[Record] | None, name: str, prefix: str, whole: bytes) -> Any:
    """Decode JSON into a record; what is wrong becomes a ResultError that names field and value."""
    try:
        return msgspec.json.decode(content, type=kind or Any)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        path = f"{prefix}{path.rstrip('`')}".lstrip(".")
        raise ResultError(name, path, _value_at(content, path, prefix), _expectation(message)) from error
    except msgspec.DecodeError as error:
        raise _malformed(whole, name, str(error)) from error
    except UnicodeDecodeError as error:
        raise ResultError(name, "", f"byte {error.start} of a string", "expected UTF-8") from error
    except RecursionError as error:
        raise ResultError(name, prefix, "", TOO_DEEP) from error


def _expectation(message: str) -> str:
    """Msgspec's own words, without its mark-up, as an expectation."""
    plain = message.replace("`", "")
    if plain.startswith("Object missing required field"):
        return f"missing {plain.removeprefix('Object missing required field ')}"
    return visible(plain[:1].lower() + plain[1:], 160)


def _malformed(content: bytes, name: str, message: str) -> ResultError:
    """Why the text is no JSON: the field that holds a bare NaN or Infinity, else where it breaks."""
    bare = _bare_constant(content)
    if bare is not None:
        path, constant = bare
        return ResultError(name, path, constant, "expected a finite number (JSON has no such value)")
    if "truncated" in message:
        return ResultError(name, "", f"ends after {len(content)} bytes", "the JSON is truncated")
    return ResultError(name, "", "", f"not JSON: {visible(message.removeprefix('JSON is malformed: '), 160)}")


def _bare_constant(content: bytes) -> tuple[str, str] | None:
    """Path and text of the first NaN or infinity, which Python's json module writes and reads."""
    try:
        return _find_constant(json.loads(content, parse_constant=_Constant), "")
    except (ValueError, RecursionError):
        return None


class _Constant(str):
    """A bare constant where JSON allows none."""


def _find_constant(value: Any, path: str) -> tuple[str, str] | None:
    if isinstance(value, _Constant):
        return path.lstrip("."), str(value)
    items: Any = ()
    if isinstance(value, dict):
        items = ((f"{path}.{visible(str(key), 60)}", item) for key, item in value.items())
    elif isinstance(value, list):
        items = ((f"{path}[{index}]", item) for index, item in enumerate(value))
    return next((found for key, item in items if (found := _find_constant(item, key))), None)


def _value_at(content: bytes | Raw, path: str, prefix: str) -> str:
    """The offending value as it stands in the file, shortened; empty if it can't be shown."""
    try:
        value = msgspec.json.decode(content)
        for key, index in re.findall(r"\.?([^.\[\]]+)|\[(\d+)\]", path.removeprefix(prefix)):
            value = value[int(index)] if index else value[key]
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, RecursionError):
        return ""
    return "" if isinstance(value, dict | list) else _shown(value)


def _shown(value: object) -> str:
    return visible(json.dumps(value), 60)


def _reporter(name: str, content: bytes) -> Any:
    """A function that turns a value of the document into a record, or raises ResultError."""

    def convert(value: Any, kind: type[Record], prefix: str) -> Record:
        result: Record = _decode(msgspec.json.encode(value), kind, name, prefix, content)
        return result

    return convert


def _header(document: _Document, name: str) -> Header | None:
    raw = document.likeforlike
    if bytes(raw) == b"null":
        return None
    version = _decode(raw, _PeekHeader, name, "likeforlike", bytes(raw)).schema_version
    if version is not None and version > SCHEMA_VERSION:
        raise ResultError(
            name,
            "likeforlike.schema_version",
            str(version),
            f"this likeforlike reads up to {SCHEMA_VERSION}; install a newer one",
        )
    header: Header = _decode(raw, Header, name, "likeforlike", bytes(raw))
    return header


def _check_version(document: _Document, name: str) -> None:
    """Plain files say which pytest-benchmark wrote them; anything else is not ours to read."""
    major = re.match(r"\d+", document.version or "")
    if major is None:
        found = "" if document.version is None else _shown(document.version)
        raise ResultError(name, "version", found, "neither likeforlike's nor pytest-benchmark's result file")
    if int(major.group()[:9]) < OLDEST_VERSION:
        raise ResultError(
            name, "version", _shown(document.version), f"expected pytest-benchmark {OLDEST_VERSION} or newer"
        )


def _cell(entry: _Entry, path: str, name: str, ours: bool) -> Cell:
    samples, median = _samples(entry.stats, f"{path}.stats", name)
    if ours:
        peek = _decode(entry.extra_info, _Peek, name, f"{path}.extra_info", bytes(entry.extra_info))
        if peek.workload is not None:
            return _own_cell(entry, samples, median, f"{path}.extra_info", name)
    identity = entry.fullname or entry.name
    extra = Extra(
        workload=PLAIN_WORKLOAD, implementation=entry.name, device="", axes={}, cell=identity, origin=""
    )
    return Cell(identity, entry.name, entry.group or "", samples, median, extra, plain=True)


def _own_cell(entry: _Entry, samples: tuple[float, ...], median: float, path: str, name: str) -> Cell:
    extra: Extra = _decode(entry.extra_info, Extra, name, path, bytes(entry.extra_info))
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
