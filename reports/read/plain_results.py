"""What the readers of other tools' files share: plain cells and files made of what a tool tells."""

from __future__ import annotations

import hashlib
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from likeforlike.reports.read.decoding import Document
from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.result_file import PLAIN_WORKLOAD, Cell, ResultFile, Tool
from likeforlike.reports.read.safe_text import visible
from likeforlike.reports.read.schema.cells import Extra
from likeforlike.reports.read.schema.runs import Unmeasured
from likeforlike.reports.read.summaries import Summary

PER_SECOND = {"ns": 1e9, "us": 1e6, "ms": 1e3, "s": 1.0}
"""How many of a unit of time make a second."""


def digest_of(document: Document) -> str:
    """The same for the same content, however it was encoded or compressed."""
    return hashlib.sha256(document.content).hexdigest()


def label_of(document: Document, label: str | None = None) -> str:
    """What the report calls the file."""
    return visible(label or Path(document.name).name, 60)


def plain_extra(name: str, identity: str) -> Extra:
    """What the report knows of a cell that is not ours."""
    return Extra(workload=PLAIN_WORKLOAD, implementation=name, device="", axes={}, cell=identity, origin="")


def plain_cell(name: str, samples: Sequence[float], summary: Summary | None = None, **more: Any) -> Cell:
    """A cell of another tool; ``samples`` in seconds, or a ``summary`` in their place.

    Where only a mean is known, it stands for the median; the file's reader must remark on it.
    """
    if samples:
        median: float | None = statistics.median(samples)
    else:
        assert summary is not None
        median = summary.mean_seconds if summary.median_seconds is None else summary.median_seconds
    assert median is not None
    fields: dict[str, Any] = {"group": "", "fullname": name, "function": name} | more
    return Cell(
        id=name,
        name=name,
        samples=tuple(samples),
        median_seconds=median,
        extra=plain_extra(name, name),
        plain=True,
        saved_summary=None if samples else summary,
        **fields,
    )


def not_measured(name: str, outcome: str, reason: str) -> Unmeasured:
    """A cell of another tool that gave no figure."""
    return Unmeasured(
        cell=name, outcome=outcome, reason=visible(reason), workload=PLAIN_WORKLOAD, implementation=name
    )


def plain_file(
    document: Document,
    tool: Tool,
    machine: Machine,
    cells: Iterable[Cell],
    without_figure: Iterable[Unmeasured] = (),
    **more: Any,
) -> ResultFile:
    """A file of another tool. Raises ResultError if it tells of nothing at all."""
    measured, failed = tuple(cells), tuple(without_figure)
    if not measured and not failed:
        raise document.error("", "", f"{tool.name}'s file holds no benchmark")
    return ResultFile(
        path=visible(document.name),
        label=label_of(document),
        machine=machine,
        cells=tuple(_distinct(measured)),
        run_id="",
        digest=digest_of(document),
        plain=True,
        tool=Tool(tool.name, visible(tool.version, 60)),
        without_figure=failed,
        **more,
    )


def _distinct(cells: Sequence[Cell]) -> Iterable[Cell]:
    """Cells of one name told apart by their parameters, else by number: they are not the same work."""
    count = Counter(cell.id for cell in cells)
    told = [f"{c.id} [{_text(c.params)}]" if count[c.id] > 1 and c.params else c.id for c in cells]
    seen: dict[str, int] = {}
    for cell, name in zip(cells, told, strict=True):
        seen[name] = seen.get(name, 0) + 1
        unique = name if seen[name] == 1 else f"{name} ({seen[name]})"
        if unique == cell.id:
            yield cell
        else:
            extra = plain_extra(unique, unique)
            yield replace(cell, id=unique, name=unique, fullname=unique, extra=extra)


def _text(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in params.items())
