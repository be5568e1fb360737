"""Records made directly, as a reader makes them of a file: of few fields, small enough to follow by hand."""

from __future__ import annotations

import statistics

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.plain_results import plain_cell
from likeforlike.reports.read.result_file import Cell, Commit, ResultFile, Tool
from likeforlike.reports.read.schema.cells import Extra
from likeforlike.reports.read.schema.runs import Header
from likeforlike.reports.read.schema.training import Epoch
from likeforlike.reports.sort.measured.keys import Key
from likeforlike.reports.sort.measured.measurements import Measurement, Run

COMMIT = Commit("c" * 40, dirty=False)
FACTS = {"CPU": "Xeon", "usable cores": "2"}


def machine(identity="m1", label="2 x Xeon", facts=None, fingerprint=None):
    """A machine with these facts beside a processor and its cores."""
    return Machine(identity, label, fingerprint, tuple((FACTS | (facts or {})).items()))


def head(run_id="run", **fields):
    """The header of one of our files."""
    return Header(schema_version=1, run_id=run_id, **fields)


def cell(implementation="numpy", samples=(1.0, 2.0, 4.0), axes=None, fields=None, **extra):
    """One of our cells: ``fields`` of its own, the others of its ``extra_info``."""
    axes = {"size": 8} if axes is None else axes
    told = Extra(
        implementation=implementation,
        axes=axes,
        **({"workload": "matmul", "device": "cpu:0"} | extra),
    )
    name = "-".join([told.workload, implementation, told.device, *map(str, axes.values())])
    median = statistics.median(samples) if samples else 1.0
    own = {"id": name, "name": name, "group": "g", "median_seconds": median} | (fields or {})
    return Cell(samples=tuple(samples), extra=told, **own)


def file(*cells, name="a.json", of=None, **fields):
    """One of our files, of a run of its own and of a commit without changes."""
    own = {
        "path": name,
        "label": name,
        "machine": of or machine(),
        "run_id": name,
        "digest": name,
        "header": head(name),
        "commit": COMMIT,
    }
    return ResultFile(cells=cells, **own | fields)


def plain_file(*cells, name="p.json", **fields):
    """One of another tool's, which says nothing of a run, a commit or terms."""
    own = {"plain": True, "header": None, "run_id": "", "commit": None, "tool": Tool("pytest-benchmark")}
    return file(*cells, name=name, **own | fields)


def plain(name="test_a", samples=(1.0, 2.0, 4.0), **fields):
    """A cell of such a file."""
    return plain_cell(name, samples, **fields)


def run_of(one, **fields):
    """A cell alone in its file."""
    return Run(plain_file(one, **fields) if one.plain else file(one, **fields), one)


def measured(*runs, **fields):
    """Runs as one measurement; a cell stands for a run of a file of its own."""
    runs = tuple(each if isinstance(each, Run) else run_of(each) for each in runs)
    extra = runs[0].cell.extra
    axes = tuple(pair for pair in extra.axes.items() if pair[0] != "run")
    key = Key(extra.workload, extra.implementation, extra.device, axes)
    return Measurement(key, runs[0].file.machine, runs, **fields)


def epoch(number, train=1.0, **fields):
    """One epoch of a training."""
    return Epoch(epoch=number, train_seconds=train, **fields)


def training(implementation="keras-fit", samples=(1.0, 2.0, 4.0), axes=None, **extra):
    """A cell of a training, whose recipe is called matched."""
    axes = {"recipe": "matched"} if axes is None else axes
    return cell(implementation, samples, axes, **({"workload": "training", "recipe": {"epochs": 3}} | extra))
