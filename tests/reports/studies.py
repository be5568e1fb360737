"""Studies of a few cells, small enough to follow by hand."""

from __future__ import annotations

import report_samples as samples
from report_hostile import read

from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.sort.pooling import build_study

SIZE = {"size": 1000, "dtype": "float32"}
SIZES = (500, 1000, 2000)
FACTORS = {"n1": 1.0, "n2": 1.01, "n3": 0.99, "n4": 1.3, "n5": 1.005}
"""Machines of one kind and their times over its, the fourth odd."""


def study_of(*documents, baseline=None):
    """The study of documents as files ``0.json``, ``1.json`` and so on."""
    return build_study([read(d, f"{n}.json") for n, d in enumerate(documents)], baseline)


def two(first, second, **extra):
    """A base and another, measured in turns."""
    group = {"group": "matmul cpu:0 1000 float32", "flop": 2e9} | extra
    return [
        samples.cell("matmul", "numpy", "cpu:0", SIZE, first, **group),
        samples.cell("matmul", "tf-eager", "cpu:0", SIZE, second, **group),
    ]


def only_comparison(study):
    """The one comparison between implementations of a study."""
    (comparison,) = compare(study, study.machines).implementations
    return comparison


def machine_file(node, factor, seed=1, kind="aaaa"):
    """Products of one machine, its times a factor over its kind's, without noise of their own."""
    cells = [
        samples.cell(
            "matmul",
            name,
            "cpu:0",
            {"size": size, "dtype": "float32"},
            [samples.product_seconds("cpu:0", size, name) * factor] * 9,
            flop=2.0 * size**3,
        )
        for size in SIZES
        for name in ("numpy", "tf-eager")
    ]
    document = samples.document(cells, samples.fingerprint(kind * 3), run_id=f"run-{node}-{seed}")
    document["machine_info"]["node"] = node
    return document
