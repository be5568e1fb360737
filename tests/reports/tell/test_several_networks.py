"""Trainings of several networks in one file: told apart, by name, each with its own base and findings."""

from __future__ import annotations

import copy

import pytest
import report_samples as samples
from report_hostile import read
from report_trainings import trainings

from likeforlike.models.registry import built_in_workloads
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

SECONDS = {
    "training": {"keras-fit": 1.0, "eager-loop": 3.0},
    "convnet": {"keras-fit": 8.0, "eager-loop": 4.0},
}
"""On the first network the hand-written loop takes 3 times as long, on the second half."""
ACCURACIES = {"keras-fit": [0.85, 0.86, 0.84], "eager-loop": [0.85, 0.84, 0.86]}


def cells_of(workload, wording=None):
    made = []
    for cell in trainings(ACCURACIES, SECONDS[workload], recipe=samples.RECIPE | {"name": "matched"}):
        own = copy.deepcopy(cell)
        extra = own["extra_info"]
        extra["workload"] = workload
        for field in ("cell", "group"):
            extra[field] = str(extra[field]).replace("training", workload)
        own["name"] = own["fullname"] = f"cell[{extra['cell']}]"
        made.append(own)
    return made


def report_of(*workloads, title=""):
    declared = {
        name: {"name": name, "kind": "task", "summary": name, "axes": [], "wording": {"title": title}}
        for name in workloads
    }
    cells = [cell for name in workloads for cell in cells_of(name)]
    return build_report([read(samples.document(cells, workloads=declared), "a.json")])


@pytest.fixture(scope="module")
def both():
    return to_markdown(report_of("training", "convnet"))


def test_each_network_has_a_section_with_its_own_base(both):
    for name in ("training", "convnet"):
        assert f"## Trainers on equal terms: {name}, matched" in both
    ratios = [line for line in both.splitlines() if line.startswith("| eager-loop") and "×" in line]
    assert any("×3.0" in line for line in ratios)
    assert any("×0.50" in line for line in ratios)
    assert not any("×8" in line or "×4" in line for line in ratios)  # nobody is compared across networks


def test_each_network_has_its_findings(both):
    findings = both.split("## Findings")[1].split("##")[0]
    assert "On equal terms (training, matched) the hand-written eager loop is slower" in findings
    assert "On equal terms (convnet, matched) the hand-written eager loop is faster" in findings


def test_one_network_alone_needs_no_name_unless_it_says_one():
    assert "## Trainers on equal terms: matched" in to_markdown(report_of("training"))
    named = to_markdown(report_of("convnet", title="A small convolutional network"))
    assert "## Trainers on equal terms: A small convolutional network, matched" in named


@pytest.mark.parametrize("name", ["convnet", "transformer", "text"])
def test_every_built_in_network_but_the_default_one_is_named_where_it_stands_alone(name):
    assert built_in_workloads()[name].wording.title == name
    assert not built_in_workloads()["training"].wording.title
