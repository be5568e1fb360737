"""The picture of the findings: which comparisons it holds, in what order, and what is said of the others."""

from __future__ import annotations

import math

import report_samples as samples
from report_hostile import golden_files, products, read
from report_studies import study_of, two

from likeforlike.reports.draw.render import render
from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.sort.baselines import detailed_machines
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.findings_picture import MOST_GROUPS, chosen, findings_picture
from likeforlike.reports.tell.plot_data import ForestRow
from likeforlike.reports.tell.report import build_report


def context_of(*documents):
    study = study_of(*documents)
    machines = detailed_machines(study)
    return Context(study, compare(study, machines), machines)


def ratio(name, value, word, group):
    return ForestRow(name, value, f"×{value}", word, group=group)


class TestChosen:
    def test_within_a_group_the_most_decided_are_kept_and_stand_by_ratio(self):
        """By hand: ×0.2 is the larger difference; the same comes before the unclear, far as that lies."""
        rows = [
            ratio("unclear", 9.0, "unclear", "g"),
            ratio("same", 1.0, "same", "g"),
            ratio("slower", 1.5, "slower", "g"),
            ratio("faster", 0.2, "faster", "g"),
        ]
        assert [row.name for row in chosen(rows, 4)] == ["faster", "same", "slower", "unclear"]
        assert [row.name for row in chosen(rows, 3)] == ["faster", "same", "slower"]
        assert [row.name for row in chosen(rows, 1)] == ["faster"]

    def test_no_group_crowds_out_another(self):
        rows = [ratio(f"many {n}", 2.0 + n, "slower", "many") for n in range(50)]
        rows += [ratio("lone", 1.0, "unclear", "lone")]
        shown = chosen(rows, 30)
        assert len(shown) == 30
        assert shown[-1].name == "lone"
        assert [row.ratio for row in shown[:-1]] == [float(n) for n in range(23, 52)]

    def test_of_many_groups_the_first_ones(self):
        rows = [ratio("a", 2.0, "slower", f"g{n}") for n in range(40)]
        assert [row.group for row in chosen(rows)] == [f"g{n}" for n in range(MOST_GROUPS)]


class TestPicture:
    def test_every_comparison_with_a_verdict_stands_in_it_with_its_figures(self):
        context = context_of(samples.document(products()))
        rows = {row.name: row for row in findings_picture(context).data.rows}
        judged = [item for item in context.comparisons.implementations if not item.doubt]
        assert len(rows) == len(judged) > 3
        for item in judged:
            row = rows[f"{item.other.key.implementation} over {item.base.key.implementation}, 1000 float32"]
            estimate = item.verdict.estimate
            assert (row.ratio, row.word) == (estimate.ratio, item.word)
            assert row.threshold == item.verdict.threshold
            assert (row.low, row.high) == (
                (estimate.low, estimate.high) if estimate.has_interval else (None,) * 2
            )

    def test_who_trained_worse_is_not_drawn_as_faster(self):
        """One that reaches 84 % in half the time, five seeds each, against 99 %."""
        noise = samples.Noise(3)
        cells = [
            samples.training(name, samples.RECIPE, run, noise, seconds, 9)
            for run in range(5)
            for name, seconds in (("keras-fit", 4.0), ("graph-loop", 2.0))
        ]
        for cell in cells:
            info = cell["extra_info"]
            reached = 0.99 if info["implementation"] == "keras-fit" else 0.84
            info["epochs"][-1]["val_accuracy"] = reached + info["axes"]["run"] * 1e-4
        figure = findings_picture(context_of(samples.document(cells)))
        (row,) = figure.data.rows
        assert row.word == "trained worse"
        assert row.ratio < 0.6
        assert "Crosses: times differ" in figure.caption
        assert ">trained worse<" in render(figure.data).svg

    def test_what_has_no_verdict_is_counted_not_drawn(self):
        context = context_of(samples.document(products(), samples.fingerprint(gpus=[samples.A100])))
        doubtful = [
            item
            for item in (*context.comparisons.devices, *context.comparisons.implementations)
            if item.doubt
        ]
        figure = findings_picture(context)
        assert doubtful
        assert f"{len(doubtful)} more has no verdict" in figure.caption
        assert not any("gpu:0" in row.group for row in figure.data.rows)

    def test_what_was_measured_differently_is_in_no_doubt(self):
        cold, warm = (
            samples.document(two([0.02] * 8, [0.03] * 8), run_id=str(warm_up), options={"warm_up": warm_up})
            for warm_up in (False, True)
        )
        context = context_of(cold, warm)
        assert [bool(item.withheld) for item in context.comparisons.files] == [True, True]
        caption = findings_picture(context).caption
        assert caption.endswith(" 2 more have no verdict, measured differently or too seldom.")

    def test_who_tells_no_accuracy_is_not_said_to_have_trained_worse(self):
        cells = [
            samples.training(name, samples.RECIPE, run, samples.Noise(run), seconds, 9)
            for run in range(5)
            for name, seconds in (("keras-fit", 4.0), ("graph-loop", 2.0))
        ]
        for cell in cells[1::2]:
            for epoch in cell["extra_info"]["epochs"]:
                epoch["val_accuracy"] = None
        figure = findings_picture(context_of(samples.document(cells)))
        assert [row.word for row in figure.data.rows] == ["accuracy unknown"]
        told = "Crosses: times differ, but who trained worse, or tells no accuracy, is not called faster."
        assert told in figure.caption

    def test_the_baselines_machine_comes_first_then_machines_then_the_others(self):
        one, other = (
            samples.quick_run(n, f, machine=samples.fingerprint(i))
            for n, f, i in ((1, 1.0, "a" * 12), (2, 2.0, "b" * 12))
        )
        context = context_of(one, other)
        titles = [context.study.titles[machine.id] for machine in context.study.machines]
        groups = list(dict.fromkeys(row.group for row in findings_picture(context).data.rows))
        between = next(n for n, group in enumerate(groups) if " over " in group)
        assert all(titles[0] in group for group in groups[: between + 1])
        assert all(titles[1] in group for group in groups[between:])

    def test_more_than_fit_are_told(self):
        rows = [
            samples.cell(
                "mine",
                f"k{n}",
                "cpu:0",
                {"size": 1},
                [0.01 * (1 + n) * (1 + 0.001 * r) for r in range(9)],
                group="g",
            )
            for n in range(50)
        ]
        figure = findings_picture(context_of(samples.document(rows)))
        assert figure.caption.startswith("30 of 49 comparisons, of each kind the most decided:")
        assert len(figure.data.rows) == 30
        assert all(math.isfinite(row.ratio) for row in figure.data.rows)

    def test_without_comparisons_there_is_none(self):
        assert findings_picture(context_of(samples.document([]))) is None

    def test_it_is_the_first_figure_of_a_report(self):
        report = build_report(golden_files())
        assert report.figures[0] is report.picture
        assert report.picture.name == "findings"
        for row in report.picture.data.rows:
            assert f"{row.name} {row.label} {row.word}" in report.picture.alternative

    def test_unchecked_answers_are_hollow_and_said(self):
        cells = products()
        for cell in cells:
            cell["extra_info"]["verified"] = None
        report = build_report([read(samples.document(cells), "a.json")])
        assert "No answers were checked." in report.picture.caption
        cells[1]["extra_info"]["verified"] = cells[3]["extra_info"]["verified"] = {"error": 0, "tolerance": 1}
        report = build_report([read(samples.document(cells), "a.json")])
        checked = {row.name: row.checked for row in report.picture.data.rows}
        assert checked.pop("tf-eager over torch, 1000 float32")
        assert not any(checked.values())
        assert "Hollow: answers not checked." in report.picture.caption
