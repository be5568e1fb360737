"""docs/workloads.md: its table is what the command prints, its example is a plug-in whose answers are right."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from likeforlike.bench.worker.calls.timed_calls import PROVEN, timed_calls
from likeforlike.models.command import as_markdown
from likeforlike.models.contract import Axis, Wording, Workload, unsupported
from likeforlike.models.registry import load_registry

DOCUMENT = Path(__file__).parents[2] / "docs" / "workloads.md"
TABLE = re.compile(r"(<!-- table: likeforlike models --markdown -->\n)(.*?)(\n?<!-- end of table -->)", re.S)


def text() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """With the document's example as a plug-in."""
    found = re.search(r"<!-- example: (\w+)\.py -->\n```python\n(.*?)```", text(), re.S)
    (tmp_path / f"{found[1]}.py").write_text(found[2])
    monkeypatch.syspath_prepend(tmp_path)
    yield load_registry([found[1]])
    sys.modules.pop(found[1], None)


def test_the_table_is_what_the_command_prints(monkeypatch):
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [])
    table = as_markdown(load_registry())
    if os.environ.get("LIKEFORLIKE_GOLDEN"):
        DOCUMENT.write_text(TABLE.sub(lambda found: found[1] + table + "\n" + found[3].lstrip(), text()))
    assert TABLE.search(text())[2] == table, "LIKEFORLIKE_GOLDEN=1 writes it anew"


def test_every_field_is_told():
    rows = text().split("| field |")[1].split("\n\n")[0]
    apart = {"target", "kind", "order", "idle", "task"}  # of built-in ones
    for field in set(Workload.__dataclass_fields__) - apart:
        assert f"`{field}`" in rows, field
    words = text()
    for field in Wording.__dataclass_fields__:
        assert field in words or field in ("section", "plural")
    assert all(field in words for field in set(Axis.__dataclass_fields__) - {"label"})


def cells(registry):
    workload = registry.declared["scaled-rows"]
    for entry in registry.of("scaled-rows"):
        for columns in workload.axis("columns").values("smoke"):
            for dtype in workload.axis("dtype").choices:
                yield workload, entry, {"columns": columns, "rows": 64, "dtype": dtype}


def test_the_example_s_answers_are_right_and_its_timed_calls_proven(registry):
    assert registry.faults == ()
    measured = set()
    for workload, entry, axes in cells(registry):
        if unsupported(entry, "cpu:0", axes) or entry.missing():
            continue
        problem = workload.problem(axes, "cpu:0")
        kernel = entry.load()(problem)
        verification = workload.verify(axes, problem, kernel.to_numpy(kernel.call()))
        assert verification.ok, (entry.name, axes, verification)
        assert 0 < verification.tolerance < 1
        calls = timed_calls(workload, axes, problem, kernel)
        for _ in range(3):
            calls.before_waking()()
            calls.after(kernel.call(), 1e-3, 1e-3)
        assert calls.facts()["timed_calls"] == PROVEN
        measured.add((entry.name, axes["dtype"]))
    assert {("rows-numpy", "float64"), ("rows-numpy", "float32")} <= measured


@pytest.mark.parametrize(
    "wrong", [lambda rows: rows, lambda rows: -rows, lambda rows: rows[::-1], lambda rows: rows * 1.01]
)
def test_a_wrong_answer_is_refused_in_every_precision(registry, wrong):
    for workload, entry, axes in cells(registry):
        if entry.name == "rows-numpy" and not unsupported(entry, "cpu:0", axes):
            problem = workload.problem(axes, "cpu:0")
            right = workload.reference(problem)
            answer = problem.operands[0] if wrong(right) is right else wrong(np.asarray(right))
            assert not workload.verify(axes, problem, answer).ok


def test_the_example_is_no_longer_than_a_page():
    found = re.search(r"<!-- example: \w+\.py -->\n```python\n(.*?)```", text(), re.S)
    assert len(found[1].splitlines()) <= 90
