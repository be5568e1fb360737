"""What is told, what no finding rests on, in what order findings come, and how many."""

from __future__ import annotations

import importlib
import pkgutil
from types import SimpleNamespace

import pytest
import report_samples as samples
from report_hostile import products, read
from report_studies import study_of, two

from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.tell import sections
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.findings import findings
from likeforlike.reports.tell.report import SECTIONS, build_report
from likeforlike.reports.tell.sections import machines
from likeforlike.reports.tell.sections.training import distributed


@pytest.fixture(scope="module")
def context():
    study = study_of(samples.document(two([0.02] * 8, [0.03] * 8)))
    return Context(study, compare(study, study.machines), study.machines)


def module(*kinds):
    """A module of sections that offers these findings, a text each kind."""
    return SimpleNamespace(findings=lambda context: [iter(kind) for kind in kinds])


def told(context, *modules):
    return "".join(finding.text for finding in findings(context, modules))


def test_two_of_each_kind_in_the_modules_order(context):
    assert told(context, module("abc", "d"), module(), module("", "efg")) == "abdef"


def test_of_more_than_a_dozen_one_of_each_kind(context):
    six = [module("ab"), module("cd", "ef"), module("gh", "ij", "kl")]
    assert told(context, *six) == "abcdefghijkl"
    assert told(context, *six, module("m")) == "acegikm"


def test_data_parallel_training_and_machines_are_told_last(context, monkeypatch):
    monkeypatch.setattr(distributed, "findings", lambda context: ["x"])
    monkeypatch.setattr(machines, "findings", lambda context: ["y"])
    assert told(context, machines, distributed, module("a")) == "axy"


def test_none_is_said(context):
    assert told(context, module(), module("")).startswith("2 cells, and nothing to conclude")


def test_every_module_that_offers_sections_is_listed_once():
    below = pkgutil.walk_packages(sections.__path__, f"{sections.__name__}.")
    folder = (importlib.import_module(module.name) for module in below)
    offered = {found.sections for found in folder if hasattr(found, "sections")}
    listed = [module.sections for module in SECTIONS]
    assert set(listed) == offered
    assert len(listed) == len(offered)


def test_no_finding_rests_on_unverified_figures():
    unverified = samples.document(two([0.02] * 10, [0.03] * 10, verified=None))
    report = build_report([read(unverified, "a.json")])
    assert "nothing to conclude" in report.findings[0].text
    wrong = samples.document(two([0.02] * 10, [0.03] * 10, verified={"error": 1, "tolerance": 0.1}))
    assert "nothing to conclude" in build_report([read(wrong, "a.json")]).findings[0].text


def test_no_ratio_of_machines_rests_on_unverified_figures():
    unchecked = [
        samples.document(two([s] * 6, [s] * 6, verified=None), samples.fingerprint(name * 12))
        for s, name in ((0.01, "a"), (0.02, "b"))
    ]
    assert "nothing to conclude" in build_report(study_of(*unchecked).files).findings[0].text


def test_many_machines_are_ranked_over_what_all_have():
    files = []
    for number, name in enumerate("abcdef"):
        cells = two([0.01 * (1 + number)] * 6, [0.01] * 6)
        # the first of the others lacks the cell in which the others are alike
        files.append(samples.document(cells[: 1 if name == "b" else 2], samples.fingerprint(name * 12)))
    (told,) = (
        finding.text
        for finding in build_report(study_of(*files).files).findings
        if "machines" in finding.text
    )
    assert "Of 5 machines" in told
    assert "over the 1 cell of which all have a clear verdict" in told
    assert "×2.00" in told
    assert "×6.00" in told


def test_a_plug_in_that_was_left_out_is_told():
    fault = {"name": "mine", "error": "no module named mine"}
    document = samples.document(products(), plugin_faults=[fault])
    (told,) = (f.text for f in build_report([read(document, "a.json")]).findings if "Plug-in" in f.text)
    assert told == "Plug-in mine was left out: no module named mine."


def test_a_file_without_a_cell_gives_no_reasons():
    report = build_report([read(samples.document([]), "a.json")])
    assert [finding.text for finding in report.findings] == ["The file holds no cell."]


def test_why_a_cell_failed_is_told_not_that_it_failed_twice():
    gaps = [{"cell": f"c{n}", "outcome": "failed", "reason": "exit status 1"} for n in range(2)]
    report = build_report([read(samples.document([], unmeasured=gaps), "a.json")])
    assert "2 cells failed: exit status 1." in [finding.text for finding in report.findings]


def test_where_nothing_can_be_concluded_the_reason_is_told():
    noisy = samples.document(two([0.02] * 10, [0.026] * 10))
    noisy["likeforlike"]["noise"]["aa_interval"] = [0.618, 1.357]
    (text,) = [finding.text for finding in build_report([read(noisy, "a.json")]).findings]
    told = "copies of one implementation differed by up to 62 % here"
    assert text == f"2 cells, and nothing to conclude: {told}."
    wrong = samples.document(two([0.02] * 10, [0.03] * 10, verified=None))
    (text,) = [finding.text for finding in build_report([read(wrong, "a.json")]).findings]
    assert text == "2 cells, and nothing to conclude: the answers are not verified."
