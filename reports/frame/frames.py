"""The DataFrame behind ``likeforlike.read``: one row a sample, or one row a cell.

Files are read, sorted and judged as for a report; here they only become columns. The columns that say what
a row is of are never missing, since ``groupby`` drops rows whose keys are. Text is ``string``, not
categorical: grouping by several categoricals makes a row of every combination, measured or not.
"""

from __future__ import annotations

import math
import os
import statistics
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

try:
    import pandas as pd
except ModuleNotFoundError as error:
    message = "likeforlike.read needs pandas: pip install 'likeforlike[pandas]'"
    raise ModuleNotFoundError(message, name=error.name) from error

from likeforlike.reports.frame.columns import (
    CELL,
    EITHER,
    FIGURE,
    FLAG,
    JUDGED,
    PLACE,
    SAMPLE,
    SCALAR,
    SUMMARY,
    TEXT,
    TIME,
    WHOLE,
)
from likeforlike.reports.read.files import published_names, read_named
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.read.schema.quantities import Scalar
from likeforlike.reports.read.schema.runs import Unmeasured
from likeforlike.reports.sort.call_times import quantile_figures, statistic_of
from likeforlike.reports.sort.duplicates import without_twins
from likeforlike.reports.sort.epochs import PHASES, epoch_seconds, warm_epochs
from likeforlike.reports.sort.measured.keys import REPEAT_AXIS, UNSTATED, axes_text
from likeforlike.reports.sort.measured.measurements import Measurement, Run
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.statistics.median_intervals import median_interval

MEASURED = "measured"
"""The outcome of a cell that has a figure."""

_LEARNED = ("accuracy", "val_accuracy", "loss", "val_loss")

Row = dict[str, Any]


def read_frame(files: Sequence[str | os.PathLike[str]], samples: bool = True) -> pd.DataFrame:
    """What ``likeforlike.read`` returns, which describes it. Raises ValueError; ResultError is one."""
    if not files:
        raise ValueError(
            f"no result file given; expected a path or a published name: {', '.join(published_names())}"
        )
    # warnings are told of the line that called `likeforlike.read`
    kept, twins = without_twins([read_named(os.fspath(file)) for file in files])
    for remark in twins:
        warnings.warn(remark, stacklevel=3)
    study = build_study(kept, remarks=tuple(twins))
    if samples:
        for remark in _without_samples(list(_measured(study))):
            warnings.warn(remark, stacklevel=3)
    return frame_of(study, samples)


def frame_of(study: Study, samples: bool = True) -> pd.DataFrame:
    """The frame of files that are read and sorted already."""
    axis_columns = _axis_columns(study)
    cells = list(_measured(study))
    make = _sample_frame if samples else _cell_frame
    frame = make(study, cells, axis_columns)
    frame.attrs["remarks"] = list(study.remarks)
    return frame


def _measured(study: Study) -> Iterator[tuple[Run, Measurement]]:
    """Every cell with the measurement that it is a run of, in the order of the files."""
    every = (*study.measurements, *study.twins)
    found = {id(run.cell): (run, item) for item in every for run in item.runs}
    for file in study.files:
        for cell in file.cells:
            yield found[id(cell)]


def _without_samples(cells: Iterable[tuple[Run, Measurement]]) -> list[str]:
    """What is said of cells that have no row in a frame of samples."""
    counts: dict[str, int] = {}
    for run, _ in cells:
        if not run.cell.samples:
            counts[run.file.path] = counts.get(run.file.path, 0) + 1
    return [
        f"{path} has no samples of {count} cell{'' if count == 1 else 's'}, which have no row: read it with "
        "samples=False, or save it with --benchmark-json or --benchmark-save-data"
        for path, count in counts.items()
    ]


def _sample_frame(
    study: Study, cells: list[tuple[Run, Measurement]], axis_columns: Mapping[str, str]
) -> pd.DataFrame:
    places = [_place(study, run, item, axis_columns) | _facts(run, item) for run, item in cells]
    rows = [_samples(run) for run, _ in cells]
    of_cell = np.repeat(np.arange(len(cells)), np.array([len(some) for some in rows], dtype=int))
    kinds = PLACE | dict.fromkeys(axis_columns.values(), SCALAR)
    facts = _table(places, kinds | JUDGED | CELL).take(of_cell).reset_index(drop=True)
    sampled = _table([row for some in rows for row in some], SAMPLE | EITHER)
    columns = [*kinds, *SAMPLE, *EITHER, *JUDGED, *CELL]
    return pd.concat([facts, sampled], axis=1)[columns]


def _cell_frame(
    study: Study, cells: list[tuple[Run, Measurement]], axis_columns: Mapping[str, str]
) -> pd.DataFrame:
    rows = [
        _place(study, run, item, axis_columns) | _summary(run, item) | _facts(run, item)
        for run, item in cells
    ]
    rows += [_unmeasured(study, file, cell, axis_columns) for file, cell in _unmeasured_cells(study)]
    kinds = PLACE | dict.fromkeys(axis_columns.values(), SCALAR)
    return _table(rows, kinds | SUMMARY | EITHER | JUDGED | CELL)


def _table(rows: Sequence[Row], kinds: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: _typed([row.get(name) for row in rows], kind) for name, kind in kinds.items()})


def _typed(values: list[Any], kind: str) -> Any:
    """A column of one type. An axis is whole, figure, flag or, for text and for mixtures, text."""
    if kind == TIME:
        times = pd.to_datetime(pd.Series(values, dtype=object), utc=True, format="ISO8601", errors="coerce")
        return times.astype(TIME)
    if kind == SCALAR:
        found = {type(value) for value in values if value is not None}
        kind = {frozenset({int}): WHOLE, frozenset({bool}): FLAG}.get(frozenset(found), TEXT)
        if found in ({float}, {int, float}):
            kind = FIGURE
        if kind == TEXT:
            values = [None if value is None else str(value) for value in values]
    if kind == FIGURE:
        return np.array([math.nan if value is None else value for value in values], dtype=float)
    return pd.array(values, dtype=kind)


def _axis_columns(study: Study) -> dict[str, str]:
    """The column of each axis: its name, or ``axis_NAME`` where a column of that name says something else."""
    axes = [cell.extra.axes for file in study.files for cell in file.cells]
    axes += [cell.axes for file in study.files for cell in file.unmeasured]
    columns: dict[str, str] = {}
    taken = {*PLACE, *SAMPLE, *SUMMARY, *EITHER, *JUDGED, *CELL}
    for name in dict.fromkeys(name for of in axes for name in of):
        if name in (REPEAT_AXIS, "recipe"):  # these are columns of every frame
            continue
        column = name
        while column in taken:
            column = f"axis_{column}"
        columns[name] = column
        taken.add(column)
    return columns


def _place(study: Study, run: Run, item: Measurement, axis_columns: Mapping[str, str]) -> Row:
    """What a measured cell is of; ``axes`` ends in ``file=`` for other work of that name, as in a report."""
    extra, key = run.cell.extra, item.key
    return {
        **_origin(study, run.file),
        **_axes(extra.axes, axis_columns),
        "workload": key.workload,
        "implementation": key.implementation,
        "framework": extra.framework,
        "framework_version": extra.framework_version,
        "division": None if run.cell.plain else extra.division,
        "device": key.device or UNSTATED,
        "device_name": extra.device_name,
        "axes": axes_text(key.axes),
        "recipe": extra.axes.get("recipe") or (extra.recipe or {}).get("name"),
        "run": run.number,
        "cell": run.cell.id,
        "group": run.cell.group or None,
    }


def _origin(study: Study, file: ResultFile) -> Row:
    return {
        "file": file.label,
        "file_datetime": file.datetime or None,
        "machine": study.titles[file.machine.id],
        "machine_id": file.machine.id,
        "host": file.node or None,
    }


def _axes(axes: Mapping[str, Scalar], axis_columns: Mapping[str, str]) -> Row:
    return {column: axes.get(name) for name, column in axis_columns.items()}


def _facts(run: Run, item: Measurement) -> Row:
    """What holds for a cell as a whole."""
    extra, alone = run.cell.extra, _alone(run, item)
    return {
        "implausible": bool(item.implausible),
        "implausible_reason": "; ".join(item.implausible) or None,
        "verified": None if extra.verified is None else alone.verified,
        "twin_of": extra.twin_of,
        "launch_count": len(run.units) if run.tells_launches else None,
        "import_seconds": extra.import_seconds,
        "cold_seconds": extra.cold_seconds,
        "setup_seconds": extra.setup_seconds,
        "total_seconds": extra.total_seconds,
        "peak_memory_bytes": extra.peak_memory_bytes,
        "device_peak_memory_bytes": extra.device_peak_memory_bytes,
        "joules_per_sample": extra.energy and extra.energy.joules_per_sample,
        "waiting_seconds": extra.waiting_seconds,
        **{f"{name}_seconds": alone.launch_seconds(name) for name in ("back_to_back", "events", "replayed")},
        "flop": extra.flop,
        "bytes_moved": extra.bytes_moved,
        "data": extra.data and extra.data.name,
        "train_samples": extra.data and extra.data.train_samples,
        "timing": None if run.cell.plain else extra.timing,
        "concurrent": None if run.cell.plain else extra.concurrent,
    }


def _samples(run: Run) -> list[Row]:
    """The samples of a cell. A round that the file doesn't number has none: it can't be paired."""
    parts = _parallel(run)
    reasons: dict[int, list[str]] = {}
    for item in run.cell.extra.disturbed:
        reasons.setdefault(item.round, []).append(item.reason)
    rows = []
    launches = run.launch_numbers if run.tells_launches else (None,) * len(run.cell.samples)
    timed = zip(run.cell.rounds, run.cell.samples, launches, strict=True)
    for number, (round_number, seconds, launch) in enumerate(timed):
        row: Row = {name: values[number] for name, values in parts.items()}
        row |= {"sample": number, "launch": launch, "round": round_number if run.numbered else None}
        row["seconds"] = seconds
        row["disturbed"] = round_number in run.disturbed_rounds
        row["disturbed_reason"] = "; ".join(reasons.get(round_number, ())) or None
        rows.append(row)
    return rows


def _parallel(run: Run) -> dict[str, Sequence[Any]]:
    """What there is beside each sample: the parts and the yield of its epoch, and its transfers."""
    columns: dict[str, Sequence[Any]] = {}
    epochs = warm_epochs(run)
    if epochs and len(epochs) == len(run.cell.samples):
        columns["epoch"] = [epoch.epoch for epoch in epochs]
        columns["epoch_seconds"] = [epoch_seconds(epoch) for epoch in epochs]
        for name in (*PHASES.values(), *_LEARNED):
            columns[name] = [getattr(epoch, name) for epoch in epochs]
    if run.cell.extra.waited_seconds is not None:
        columns["waited_seconds"] = run.cell.extra.waited_seconds
    transfer = run.cell.extra.transfer
    if transfer is not None:
        columns["to_device_seconds"] = transfer.to_device_seconds
        columns["to_host_seconds"] = transfer.to_host_seconds
    return columns


def _summary(run: Run, item: Measurement) -> Row:
    """A cell's samples in a few figures, without the disturbed ones where enough are left, as in a report."""
    alone, extra = _alone(run, item), run.cell.extra
    parts = _parallel(run)
    low, high = median_interval(alone.samples) if alone.samples else (-math.inf, math.inf)
    timed = ("epoch_seconds", *PHASES.values(), "to_device_seconds", "to_host_seconds", "waited_seconds")
    last = extra.epochs[-1] if extra.epochs else None
    target = extra.time_to_accuracy
    return {
        "outcome": MEASURED,
        "sample_count": len(run.cell.samples),
        "disturbed_count": len(run.cell.samples) - len(run.quiet_samples),
        "epoch_count": len(extra.epochs) or None,
        "median_seconds": alone.median_seconds,
        "median_low_seconds": low if math.isfinite(low) else None,
        "median_high_seconds": high if math.isfinite(high) else None,
        "mean_seconds": statistics.fmean(alone.samples) if alone.samples else None,
        "min_seconds": min(alone.samples, default=None),
        "max_seconds": max(alone.samples, default=None),
        "statistic": None if run.cell.plain else statistic_of(alone),
        **quantile_figures(alone),
        "flop_per_second": alone.flop_per_second,
        "bytes_per_second": alone.bytes_per_second,
        "items_per_second": alone.items_per_second,
        "target_accuracy": target and target.target,
        "seconds_to_accuracy": target and target.seconds,
        **{name: _median(run, item, parts[name]) for name in timed if name in parts},
        "disturbed": bool(alone.disturbed),
        "disturbed_reason": alone.disturbed or None,
        **{name: last and getattr(last, name) for name in _LEARNED},
    }


def _alone(run: Run, item: Measurement) -> Measurement:
    """The measurement as it were with this run only."""
    return replace(item, runs=(run,))


def _median(run: Run, item: Measurement, values: Sequence[float | None]) -> float | None:
    """Median of what stands beside the samples, over the same samples as theirs; None if one is not told."""
    told = tuple(value for value in values if value is not None)
    if not told or len(told) < len(values):
        return None
    cell = replace(run.cell, samples=told, median_seconds=statistics.median(told))
    return _alone(replace(run, cell=cell), item).median_seconds


def _unmeasured_cells(study: Study) -> Iterator[tuple[ResultFile, Unmeasured]]:
    """Cells without a figure. Two files of one run, resumed, may both tell of one: it counts once or not.

    A file that tells no run, as another tool's, is one of its own.
    """
    seen = {(*_run_of(file), cell.id) for file in study.files for cell in file.cells}
    for file in study.files:
        for cell in file.unmeasured:
            place = (*_run_of(file), cell.cell)
            if place not in seen:
                seen.add(place)
                yield file, cell


def _run_of(file: ResultFile) -> tuple[str, str]:
    return file.run_id or file.digest, file.machine.id


def _unmeasured(study: Study, file: ResultFile, cell: Unmeasured, axis_columns: Mapping[str, str]) -> Row:
    axes = tuple((name, value) for name, value in cell.axes.items() if name != REPEAT_AXIS)
    return {
        **_origin(study, file),
        **_axes(cell.axes, axis_columns),
        "workload": cell.workload or UNSTATED,
        "implementation": cell.implementation or UNSTATED,
        "device": cell.device or UNSTATED,
        "axes": axes_text(axes),
        "recipe": cell.axes.get("recipe"),
        "run": cell.axes.get(REPEAT_AXIS, 0),
        "cell": cell.cell,
        "outcome": cell.outcome,
        "reason": cell.reason,
    }
