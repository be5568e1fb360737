"""Sides of one run: what differs, what each did, and that nothing of one side is taken for another's."""

from __future__ import annotations

import numpy as np
import pytest
import report_samples as samples
from report_hostile import read
from report_sides import BASE, NEW, sided

from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.tell.report import build_report


@pytest.fixture(scope="module")
def report():
    return build_report([read(sided(), "r.json")])


def section_of(report):
    (found,) = [section for section in report.sections if section.anchor == "sides"]
    return found


def test_each_cell_is_compared_with_the_same_of_the_first_side_and_with_nothing_else():
    study = build_study([read(sided(), "r.json")])
    found = compare(study, study.machines)
    pairs = {(i.base.key.text, i.other.key.text, i.word) for i in found.sides}
    assert pairs == {
        (f"{name} cpu:0 {size} float32 side=base", f"{name} cpu:0 {size} float32 side=new", word)
        for size in (500, 1000)
        for name, word in (("numpy", "slower"), ("tf-eager", "same"))
    }
    assert all(item.verdict.estimate.paired for item in found.sides)
    assert all(item.base.key.side == item.other.key.side for item in found.implementations)


def test_the_ratio_is_the_median_of_paired_rounds_over_launches():
    """By hand from the file's own samples."""
    document = sided()
    times = {b["extra_info"]["cell"]: b for b in document["benchmarks"]}
    base, new = (times[f"matmul-numpy-cpu:0-500-float32-{side}"] for side in ("base", "new"))
    logs = np.log(np.array(new["stats"]["data"]) / np.array(base["stats"]["data"]))
    launches = np.array(new["extra_info"]["launch_numbers"])
    by_hand = np.exp(np.mean([np.median(logs[launches == launch]) for launch in range(samples.LAUNCHES)]))
    study = build_study([read(document, "r.json")])
    (told,) = [
        item
        for item in compare(study, study.machines).sides
        if item.other.key.text == "numpy cpu:0 500 float32 side=new"
    ]
    assert told.verdict.estimate.ratio == pytest.approx(by_hand, rel=1e-9)


def test_what_differs_is_told_and_what_is_alike_is_not(report):
    (table,) = [t for t in report.tables if t.name == "sides-differences"]
    assert [tuple(e.text for e in row.entries) for row in table.rows] == [
        ("numpy", "2.4.6", "2.5.0"),
        ("extra-one", "not installed", "1"),
        ("FAST", "not set", "1"),
    ]


def test_other_versions_are_told_before_what_is_not_there_and_installers_never():
    base = {"pip": "1", "likeforlike": "1", "jax": "1", "a": "1", "b": "1", "same": "1"}
    new = {"setuptools": "2", "jax": "2", "b": "2", "c": "2", "same": "1"}
    document = sided((BASE | {"packages": base}, NEW | {"packages": new, "variables": {}}))
    (table,) = [t for t in build_report([read(document, "r.json")]).tables if t.name == "sides-differences"]
    assert [row.entries[0].text for row in table.rows] == ["jax", "b", "a", "c"]


def test_the_slowest_stands_first_in_table_and_plot(report):
    (table,) = [t for t in report.tables if t.name == "sides"]
    ratios = [row.entries[3].value for row in table.rows]
    assert ratios == sorted(ratios, reverse=True)
    (figure,) = [block for block in section_of(report).blocks if hasattr(block, "alternative")]
    assert [row.ratio for row in figure.data.rows] == ratios
    assert figure.data.rows[0].name.startswith("matmul numpy cpu:0")


def test_where_no_cell_is_missing_every_one_was_measured_on_each_side(report):
    assert section_of(report).blocks[0].text.startswith("Every cell was measured on each side, in turns: ")


def test_the_first_finding_says_what_the_side_did(report):
    first = report.findings[0].text
    assert first.startswith("Side new over side base, in 4 cells: slower in 2, the most matmul numpy cpu:0 ")
    assert first.endswith("the same in 2.")


def test_nothing_is_said_of_sides_where_there_are_none():
    plain = build_report([read(samples.document(samples.products(samples.Noise(1))), "r.json")])
    assert not [section for section in plain.sections if section.anchor.startswith("sides")]


def test_a_cell_that_one_side_lacks_is_told_with_the_reason():
    lost = {
        "cell": "matmul-mine-cpu:0-500-float32-base",
        "outcome": "skipped",
        "reason": "side base has no implementation mine of matmul",
        "axes": {"size": 500, "dtype": "float32", "side": "base"},
    }
    report = build_report([read(sided(unmeasured=[lost]), "r.json")])
    points = [block for block in section_of(report).blocks if hasattr(block, "items")]
    assert points[-1].items == (f"{lost['cell']}: {lost['reason']}",)
    about = section_of(report).blocks[0].text
    assert about.startswith("Every cell but those listed below was measured on each side, in turns: ")


def test_of_three_sides_each_further_one_is_held_against_the_first():
    third = BASE | {"name": "third"}
    report = build_report([read(sided((BASE, NEW, third)), "r.json")])
    (table,) = [t for t in report.tables if t.name == "sides"]
    assert sorted({row.entries[1].text for row in table.rows}) == ["new", "third"]
    assert len(table.rows) == 8


@pytest.mark.parametrize("field", ["packages", "variables", "revision"])
def test_runs_whose_sides_are_not_the_same_are_no_repetitions(field):
    other = NEW | {field: "abc" if field == "revision" else {"numpy": "3"}}
    first, second = sided(run_id="one"), sided((BASE, other), run_id="two")
    study = build_study([read(first, "1.json"), read(second, "2.json")])
    assert any(f"side new has other {field}" in remark for remark in study.remarks)
    again = build_study([read(first, "1.json"), read(sided(run_id="two"), "2.json")])
    assert not any("side" in remark for remark in again.remarks)


def test_trainers_are_ranked_on_their_own_side():
    noise, cells = samples.Noise(2), []
    for run in range(3):
        for side in ("base", "new"):
            for name in ("keras-fit", "graph-loop"):
                cell = samples.training(name, samples.RECIPE, run, noise, 4.0, 9)
                cell["extra_info"]["axes"] = cell["extra_info"]["axes"] | {"side": side}
                cell["extra_info"]["cell"] += f"-{side}"
                cell["name"] = f"test[{cell['extra_info']['cell']}]"
                cells.append(cell)
    document = samples.document(cells)
    document["likeforlike"] |= {"sides": [BASE, NEW]}
    report = build_report([read(document, "r.json")])
    titles = [section.title for section in report.sections]
    assert "Trainers on equal terms: matched, side base" in titles
    assert "Trainers on equal terms: matched, side new" in titles
    (table,) = [t for t in report.tables if t.name == "sides"]
    assert table.columns[-2:] == ("accuracy, base", "accuracy, new")


class TestAnswers:
    def report(self, **told):
        document = sided(slower=1.1)
        for benchmark in document["benchmarks"]:
            extra = benchmark["extra_info"]
            if extra["axes"]["side"] == "new":
                far = told.get(extra["implementation"], {"identical": True, "largest": 0.0, "norm": 0.0})
                extra["side_answers"] = {"side": "base"} | far
        return build_report([read(document, "r.json")])

    def answers(self, report) -> set[tuple[str, str]]:
        (table,) = [t for t in report.tables if t.name == "sides"]
        column = table.columns.index("answers")
        return {(row.entries[0].text.split()[1], row.entries[column].text) for row in table.rows}

    def test_slower_and_the_answers_differ_is_told_in_one_breath(self):
        report = self.report(numpy={"identical": False, "largest": 3e-4, "norm": 1e-4})
        assert self.answers(report) == {("numpy", "differ by 3.0e-04"), ("tf-eager", "identical")}
        told = report.findings[0].text
        assert " The answers differ by up to 3.0e-04 of the largest element, matmul numpy cpu:0 " in told

    def test_all_alike(self):
        assert report_ends(self.report(), "The answers are identical.")

    def test_what_was_not_compared_says_why_and_is_not_called_alike(self):
        lost = {"not_compared": "the answers have other shapes"}
        report = self.report(**{"numpy": lost, "tf-eager": lost})
        assert {text for _, text in self.answers(report)} == {"not compared: the answers have other shapes"}
        assert "answers" not in report.findings[0].text

    def test_of_some_that_were_compared_the_others_are_not_called_alike(self):
        lost = {"not_compared": "the answers have other shapes"}
        some = ", as far as they were compared (2 of 4)."
        assert report_ends(self.report(numpy=lost), f" The answers are identical{some}")
        far = {"identical": False, "largest": 3e-4, "norm": 1e-4}
        told = self.report(**{"numpy": lost, "tf-eager": far}).findings[0].text
        assert " The answers differ by up to 3.0e-04 of the largest element, matmul tf-eager cpu:0 " in told
        assert told.endswith(some)


def report_ends(report, text):
    return report.findings[0].text.endswith(text)
