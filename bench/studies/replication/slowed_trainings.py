"""Two copies of a trainer made slower afterwards: their recorded times are stretched by a known share.

A spin within an epoch would have to be built into every loop; so of trainings the noise is measured and the
slow-down is arithmetic. It stretches whole samples, noise and all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from likeforlike.bench.studies.replication.copies import SLOWER_PERCENT, slower_name

_COPY = re.compile(r"(?P<name>.+)-copy-(?P<number>\d+)")
_TIMES = ("min", "max", "mean", "median", "stddev", "q1", "q3", "iqr", "ld15iqr", "hd15iqr", "total")
"""What of pytest-benchmark's statistics is a time."""


def with_slower_copies(document: Mapping[str, Any]) -> dict[str, Any]:
    """The result file's document, its last two copies called ``NAME-slower-5`` and ``-10`` and being so."""
    names = {benchmark["extra_info"].get("implementation", "") for benchmark in document["benchmarks"]}
    known = sorted((int(match["number"]), match["name"]) for match in map(_COPY.fullmatch, names) if match)
    last = known[-len(SLOWER_PERCENT) :]
    if len(known) <= len(SLOWER_PERCENT):  # none would be left to be a copy
        return dict(document)
    renamed = {
        f"{name}-copy-{number}": (slower_name(name, percent), percent)
        for (number, name), percent in zip(last, SLOWER_PERCENT, strict=True)
    }
    return {
        **document,
        "benchmarks": [_stretched(benchmark, renamed) for benchmark in document["benchmarks"]],
    }


def _stretched(benchmark: dict[str, Any], renamed: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
    extra = benchmark["extra_info"]
    before = extra.get("implementation", "")
    if before not in renamed:
        return benchmark
    name, percent = renamed[before]
    factor = 1.0 + percent / 100.0
    stats = {key: value * factor if key in _TIMES else value for key, value in benchmark["stats"].items()}
    stats["data"] = [sample * factor for sample in benchmark["stats"]["data"]]
    epochs = [
        {k: v * factor if k.endswith("_seconds") and v is not None else v for k, v in epoch.items()}
        for epoch in extra.get("epochs", ())
    ]
    cell = str(extra["cell"]).replace(before, name)
    texts = {key: str(benchmark[key]).replace(before, name) for key in ("name", "fullname")}
    return {
        **benchmark,
        **texts,
        "param": cell,
        "stats": stats,
        "extra_info": {**extra, "implementation": name, "cell": cell, "epochs": epochs},
    }
