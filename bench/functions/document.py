"""The result document of compared functions: pytest-benchmark's own form, without pytest."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from pytest_benchmark import plugin
from pytest_benchmark.stats import Metadata
from pytest_benchmark.utils import get_commit_info

from likeforlike.bench.functions.asked import NAME_AXIS
from likeforlike.bench.functions.handing_over import origin_of
from likeforlike.bench.functions.measuring import Measured
from likeforlike.bench.keep.cell_record import unmeasured
from likeforlike.bench.keep.run_facts import judge_suspicion
from likeforlike.bench.keep.source_code import code_digests
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.outcomes import MEASURED
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.functions.workload import NAME, WORKLOAD

SCHEMA_VERSION = 1
HANDED = "handed over"
"""Among the digests of source code that of the functions and arguments themselves."""
_OPTIONS = {"min_rounds": 1, "timer": "perf_counter", "disable_gc": True, "warmup": True}
"""What pytest-benchmark's records have of its own options, as far as ours are any."""


def document_of(measured: Measured) -> dict[str, Any]:
    """The whole document, as ``likeforlike report`` reads it."""
    machine = plugin.pytest_benchmark_generate_machine_info()
    machine["likeforlike"] = measured.plan.context.fingerprint
    return {
        "machine_info": machine,
        "commit_info": get_commit_info(),
        "benchmarks": [entry.as_dict(include_data=True) for entry in entries_of(measured)],
        "datetime": plugin.datetime.now(plugin.timezone.utc).isoformat(),
        "version": plugin.__version__,
        "likeforlike": header_of([measured]),
    }


def entries_of(measured: Measured, test: str = "") -> list[Metadata]:
    """pytest-benchmark's record of each function that has a figure; ``test``: whose comparison it is."""
    found = []
    for cell in measured.cells:
        record = measured.records[cell.id]
        if record.outcome != MEASURED or not record.seconds:
            continue
        point = (f"{axis}={value}" for axis, value in cell.axes if axis != NAME_AXIS)
        name = " ".join([cell.entry.name, *point])
        fixture = SimpleNamespace(
            name=f"{test.rpartition('::')[2]}[{name}]" if test else name,
            fullname=f"{test or NAME}[{name}]",
            group=test or cell.group,
            param=None,
            params=None,
            extra_info=dict(record.extra_info),
            cprofile_stats=None,
            has_error=False,
        )
        made = Metadata(fixture, iterations=1, options=dict(_OPTIONS))
        for seconds in record.seconds:
            made.stats.update(seconds)
        judge_suspicion([made.extra_info], [statistics.median(record.seconds)], {})
        found.append(made)
    return found


def header_of(runs: Sequence[Measured], run_id: str = "") -> dict[str, Any]:
    """What belongs to the whole file, of one comparison or of several made in one go."""
    plan = runs[0].plan
    lost = [item for measured in runs for item in _lost(measured)]
    notes = [note for measured in runs for note in notes_of(measured)]
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id or plan.run_id,
        "preset": None,
        "timing": plan.options.timing,
        "order_seed": plan.order_seed,
        "command": " ".join(
            ["likeforlike.compare", *dict.fromkeys(n for m in runs for n in m.asked.functions)]
        ),
        "options": {k.removeprefix("option "): v for k, v in plan.options.conditions().items()},
        "code": _code(runs),
        "busy": [],
        "environment": {item.name: item.value for item in plan.context.environment},
        "environment_effects": {item.name: item.effect for item in plan.context.environment},
        "clean_environment": False,
        "setup": dict(runs[0].setup),
        "measured_ceilings": [],
        "workloads": {NAME: WORKLOAD.as_json()},
        "plugin_faults": [],
        "unmeasured": lost,
        "notes": list(dict.fromkeys(notes)),
    }


def failures_of(measured: Measured) -> dict[str, str]:
    """Outcome and reason of each entrant without a figure, by the name of its cell."""
    return {cell.id: f"{record.outcome}: {record.reason}" for cell, record in _unmeasured(measured)}


def _unmeasured(measured: Measured) -> list[tuple[Cell, Any]]:
    return [
        (cell, measured.records[cell.id])
        for cell in measured.cells
        if measured.records[cell.id].outcome != MEASURED
    ]


def _lost(measured: Measured) -> list[dict[str, Any]]:
    return [unmeasured(cell, record.outcome, record.reason) for cell, record in _unmeasured(measured)]


def notes_of(measured: Measured) -> list[str]:
    """What a reader must know of how the functions were measured, a sentence each."""
    notes = []
    if measured.handed.why_here:
        notes.append(
            f"Measured in one process that was not fresh, in turns: a function could not be sent to another "
            f"({measured.handed.why_here}). What one leaves behind the other finds, and nothing is sure."
        )
    for words, names in _by_proof(measured).items():
        notes.append(f"{_listed(names)}: {words}")
    return notes


_SAME = "a kept answer would pass"


def _by_proof(measured: Measured) -> Mapping[str, list[str]]:
    """Sentences on timed calls that prove nothing, with the functions that each concerns."""
    found: dict[str, list[str]] = {}
    for cell in measured.cells:
        info = measured.records[cell.id].extra_info
        told = str(info.get("timed_calls", "proven"))
        if told in ("proven", "not proven: no call was timed"):
            continue
        several = info.get("calls_in_a_sample", 1) > 1
        what = "each sample is several calls in a row with" if several else "every call had"
        words = (
            f"{what} the same arguments, so that a function that remembers its answers would not be noticed."
            if _SAME in told
            else f"timed calls are {told}."
        )
        if cell.entry.name not in found.setdefault(words, []):
            found[words].append(cell.entry.name)
    return found


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _code(runs: Sequence[Measured]) -> dict[str, str]:
    """Digests of our own source, of the functions' modules, and of all that was handed over."""
    functions = [function for measured in runs for function in measured.asked.functions.values()]
    standing_in = [
        Implementation(name, NAME, "numpy", "", f"{name}:_", origin=name)
        for name in dict.fromkeys(map(origin_of, functions))
        if name != "__main__" and name.partition(".")[0] not in sys.stdlib_module_names
    ]
    handed = ",".join(measured.handed.digest for measured in runs)
    return {**code_digests(standing_in), HANDED: handed}
