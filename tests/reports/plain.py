"""Made-up files of plain pytest-benchmark."""

from __future__ import annotations

import numpy as np
import report_samples as samples
from report_hostile import read

from likeforlike.reports.sort.group_by import parse_group_by
from likeforlike.reports.tell.report import build_report

OPTIONS = {"disable_gc": False, "timer": "perf_counter", "warmup": False}


def bench(name, data, group=None, params=None, path="test_x.py", **options):
    """One benchmark as pytest-benchmark writes it."""
    return {
        "name": name,
        "fullname": f"{path}::{name}",
        "group": group,
        "params": params,
        "param": name.partition("[")[2].rstrip("]") or None,
        "extra_info": {},
        "options": OPTIONS | options,
        "stats": samples.stats(data),
    }


def file_of(*benches, node="host", brand="Example CPU", day="2026-01-01"):
    """A file of them."""
    return samples.plain_run({}, node=node, cpu={"brand_raw": brand, "count": 8}) | {
        "benchmarks": list(benches),
        "datetime": f"{day}T00:00:00",
    }


def times(seconds, rounds=30, spread=0.02, seed=0):
    """Samples whose median is just ``seconds``, log-normal around it."""
    logs = np.random.default_rng(seed).normal(0.0, spread, rounds)
    return list(seconds * np.exp(logs - np.median(logs)))


def report_of(*documents, by=None, baseline=None):
    """The report of such files, a.json and so on."""
    files = [read(document, f"{name}.json") for document, name in zip(documents, "abcdefgh", strict=False)]
    return build_report(files, baseline, group_by=by and parse_group_by(by))


def told(report):
    """The texts of its findings that don't warn."""
    return [finding.text for finding in report.findings if finding.kind == "finding"]
