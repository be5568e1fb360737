"""nvbench's JSON (``--json``, ``--jsonbin``): benchmarks of states, each with summaries by tag.

Samples, if saved, lie in files beside it, little-endian float32: ``<name>.json-bin/<number>.bin``.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from sys import byteorder
from typing import Any

from msgspec import Struct, field

from likeforlike.reports.read.decoding import Document, value_text
from likeforlike.reports.read.format import Format
from likeforlike.reports.read.machines import Machine, machine_from_facts
from likeforlike.reports.read.plain_results import digest_of, not_measured, plain_cell, plain_file
from likeforlike.reports.read.result_file import Cell, ResultError, ResultFile, Tool
from likeforlike.reports.read.schema.runs import Unmeasured
from likeforlike.reports.read.summaries import Summary

NAME = "nvbench"

SOURCES = (
    ("GPU", "nv/cold/time/gpu", "nv/cold", "nv/json/bin:nv/cold/sample_times"),
    ("CPU", "nv/cpu_only/time/cpu", "nv/cpu_only", "nv/json/bin:nv/cpu_only/sample_times"),
)
"""Whose time it is, the tags' beginning for times and for counts, and the tag of the samples' file."""

LARGEST_SAMPLES_BYTES = 64 * 2**20
"""Of one state."""

FLOAT32_BYTES = 4


class _Value(Struct, frozen=True):
    name: str
    value: Any = None


class _Summary(Struct, frozen=True):
    tag: str
    data: tuple[_Value, ...] = ()


class _State(Struct, frozen=True):
    name: str = ""
    device: int | None = None
    axis_values: tuple[_Value, ...] | None = None
    summaries: Any = None
    is_skipped: bool = False
    skip_reason: str | None = None


class _Benchmark(Struct, frozen=True):
    name: str
    states: tuple[Any, ...] | None = None


class _Device(Struct, frozen=True):
    id: int | None = None
    name: str | None = None
    global_memory_size: int | None = None


class _Document(Struct, frozen=True):
    benchmarks: tuple[_Benchmark, ...]
    devices: tuple[Any, ...] | None = None
    meta: dict[str, Any] = field(default_factory=dict)


def recognise(document: Document) -> bool:
    """Whether its benchmarks consist of states."""
    value = document.value
    benchmarks = value.get("benchmarks") if isinstance(value, dict) else None
    return isinstance(benchmarks, list) and any(isinstance(b, dict) and "states" in b for b in benchmarks)


def read(document: Document) -> ResultFile:
    """Times are those of the isolated ("cold") launches on the GPU; what is there is read.

    Raises ResultError.
    """
    outline = document.outline(_Document)
    cells: list[Cell] = []
    failed: list[Unmeasured] = []
    remarks: list[str] = []
    for number, benchmark in enumerate(outline.benchmarks):
        for index, raw in enumerate(benchmark.states or ()):
            path = f"benchmarks[{number}].states[{index}]"
            state = document.record(_State, raw, path)
            made = _cell(document, benchmark.name, state, path, remarks)
            if isinstance(made, Cell):
                cells.append(made)
            else:
                failed.append(made)
    mean_only = [c.id for c in cells if c.saved_summary and c.saved_summary.median_seconds is None]
    if mean_only:
        remarks.append(
            f"Of {len(mean_only)} cells, such as {mean_only[0]}, only the mean was saved; it stands where "
            "the median should."
        )
    return plain_file(
        document,
        Tool(NAME, _version(outline.meta)),
        _machine(document, outline),
        cells,
        failed,
        remarks=tuple(remarks),
    )


FORMATS = (Format(NAME, recognise, read),)


def _cell(
    document: Document, benchmark: str, state: _State, path: str, remarks: list[str]
) -> Cell | Unmeasured:
    name = " ".join(part for part in (benchmark, state.name) if part)
    if state.is_skipped:
        return not_measured(name, "skipped", state.skip_reason or "skipped, without a reason")
    raw = state.summaries or []
    if not isinstance(raw, list):
        return not_measured(name, "failed", "its summaries are of an nvbench before 0.1, which is not read")
    summaries = document.record(tuple[_Summary, ...], raw, f"{path}.summaries")
    values = {item.tag: {value.name: value.value for value in item.data} for item in summaries}
    for whose, times, counts, samples_tag in SOURCES:
        if f"{times}/mean" not in values and samples_tag not in values:
            continue
        summary = _summary(document, values, times, counts, f"{path}.summaries")
        samples = _samples(document, values.get(samples_tag), remarks, name)
        if not samples and summary.mean_seconds is None and summary.median_seconds is None:
            return not_measured(name, "failed", "its mean time is no number, and there are no samples")
        params = {value.name: value.value for value in state.axis_values or ()}
        return plain_cell(
            name,
            samples,
            summary,
            function=benchmark,
            params=params if state.device is None else {**params, "device": state.device},
            options={"timer": f"{whose} time"},
            iterations=1,
            extra_info=_beside(document, values, path),
        )
    return not_measured(name, "failed", "the file holds no time of it")


def _beside(document: Document, values: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The host's time of the same launches."""
    seconds = _number(document, values, "nv/cold/time/cpu/mean", f"{path}.summaries")
    return {} if seconds is None else {"cpu_mean_seconds": seconds}


def _summary(document: Document, values: Mapping[str, Any], times: str, counts: str, path: str) -> Summary:
    def seconds(tag: str) -> float | None:
        return _number(document, values, f"{times}/{tag}", path)

    rounds = _number(document, values, f"{counts}/sample_size", path)
    return Summary(
        rounds=None if rounds is None else int(rounds),
        minimum_seconds=seconds("min"),
        q1_seconds=seconds("q1"),
        median_seconds=seconds("median"),
        q3_seconds=seconds("q3"),
        maximum_seconds=seconds("max"),
        mean_seconds=seconds("mean"),
        stddev_seconds=None if rounds == 1 else _deviation(document, values, times, path),
        iterations=1,
    )


def _deviation(document: Document, values: Mapping[str, Any], times: str, path: str) -> float | None:
    """The standard deviation; older versions have it relative to the mean alone."""
    absolute = _number(document, values, f"{times}/stdev/absolute", path)
    if absolute is not None:
        return absolute
    share = _number(document, values, f"{times}/stdev/relative", path)
    mean = _number(document, values, f"{times}/mean", path)
    return None if share is None or mean is None else share * mean


def _number(document: Document, values: Mapping[str, Any], tag: str, path: str) -> float | None:
    """A summary's value, which is a number or, as nvbench keeps its digits, text; None if not finite."""
    raw = values.get(tag, {}).get("value")
    if raw is None:
        return None
    try:
        number = float(raw) if isinstance(raw, str | int | float) else None
    except (ValueError, OverflowError):
        number = None
    if number is None or number < 0:
        raise document.error(f"{path} {tag}", value_text(raw), "expected a number of at least 0")
    return number if math.isfinite(number) else None


def _samples(
    document: Document, told: Mapping[str, Any] | None, remarks: list[str], name: str
) -> list[float]:
    """The samples of a state from the file beside; none, and a remark, where it is missing."""
    if not told:
        return []
    filename = str(told.get("filename", ""))
    path = _beside_document(document, filename)
    if path is None:
        remarks.append(f"{name}: the samples' file {filename} is not beside the result file.")
        return []
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ResultError(str(path), "", "can't be read", str(error.strerror).lower()) from error
    count = str(told.get("size", ""))
    if not count.isdecimal() or len(content) != int(count[:18]) * FLOAT32_BYTES:
        expected = f"expected {count} samples of {FLOAT32_BYTES} bytes, as {document.name} says"
        raise ResultError(str(path), "", f"{len(content)} bytes", expected)
    values = array("f", content)
    if byteorder == "big":
        values.byteswap()
    for number, value in enumerate(values):
        if not (math.isfinite(value) and value >= 0):
            raise ResultError(str(path), f"sample {number}", str(value), "expected a number of at least 0")
    return list(values)


def _beside_document(document: Document, filename: str) -> Path | None:
    """The samples' file, which lies in a folder beside the document; never anywhere else.

    nvbench writes the path as it was given on its command line; of it the last two parts are taken.
    """
    parts = PurePosixPath(filename.replace("\\", "/")).parts[-2:]
    if document.folder is None or len(parts) != 2:
        return None
    path = document.folder.joinpath(*parts)
    try:
        inside = path.resolve().is_relative_to(document.folder.resolve())
        return path if inside and path.is_file() and path.stat().st_size <= LARGEST_SAMPLES_BYTES else None
    except (OSError, ValueError):
        return None


def _version(meta: Mapping[str, Any]) -> str:
    version = meta.get("version")
    own = version.get("nvbench") if isinstance(version, dict) else None
    text = own.get("string") if isinstance(own, dict) else None
    return text if isinstance(text, str) else ""


def _machine(document: Document, outline: _Document) -> Machine:
    """The GPUs; of the host nothing is told."""
    rows: list[tuple[str, Any]] = []
    for number, raw in enumerate(outline.devices or ()):
        device = document.record(_Device, raw, f"devices[{number}]")
        place = number if device.id is None else device.id
        rows.append((f"GPU {place}", device.name))
        if device.global_memory_size:
            rows.append((f"GPU {place} memory", f"{device.global_memory_size / 2**30:.1f} GiB"))
    return machine_from_facts(rows, digest_of(document))
