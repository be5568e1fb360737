"""Does feeding bind, or the step? By made-up pipelines beside the sample file's trainings."""

from __future__ import annotations

import pytest
import report_samples as samples
from report_hostile import read

from likeforlike.reports.tell.report import build_report

DECLARED = {
    "name": "pipelines",
    "kind": "kernel",
    "summary": "epochs of batches",
    "axes": [{"name": "samples", "size": True}, {"name": "batch"}],
    "feeds": True,
    "wording": {"noun": "epoch", "items": "samples"},
}


def pipeline(name, samples_fed, batch, seconds, **extra):
    axes = {"samples": samples_fed, "batch": batch}
    told = {"items": float(samples_fed)} | extra
    return samples.cell("pipelines", name, "cpu:0", axes, [seconds] * 10, **told)


def report_of(*pipelines, runs=2):
    noise = samples.Noise(1)
    trained = [
        samples.training(name, samples.RECIPE, run, noise, seconds, 9)
        for run in range(runs)
        for name, seconds in (("graph-loop", 4.6), ("torch-loop", 4.5), ("floor", 0.7))
    ]
    document = samples.document([*trained, *pipelines], workloads={"pipelines": DECLARED})
    return build_report([read(document, "a.json")])


def rows_of(report):
    (table,) = [
        block
        for section in report.sections
        if section.anchor == "what-binds"
        for block in section.blocks
        if hasattr(block, "rows")
    ]
    return table.columns, {row.entries[0].text: row.entries for row in table.rows}


def test_shares_are_of_a_step_batch_by_batch():
    """938 steps in 4.6 s: 4.9 ms. 10,000 samples in 157 batches of 15.7 ms: 0.1 ms, a fiftieth."""
    report = report_of(
        pipeline("tf-data", 10_000, 64, 157e-4), pipeline("torch-loader", 10_000, 64, 157 * 1e-2)
    )
    columns, rows = rows_of(report)
    assert set(rows) == {"graph-loop", "torch-loop"}
    graph, loop = rows["graph-loop"], rows["torch-loop"]
    step = graph[columns.index("a step")].value
    assert step == pytest.approx(4.6 / 938, rel=0.1)
    assert graph[columns.index("tf-data")].value == pytest.approx(1e-4 / step)
    assert graph[columns.index("torch-loader")].value == pytest.approx(1e-2 / step)
    assert graph[-1].text == "the step (beside tf-data)"
    assert loop[-1].text == "feeding (beside torch-loader)"


def test_findings_say_what_binds_where_that_is_clear():
    told = [finding.text for finding in report_of(pipeline("tf-data", 60_000, 64, 0.0938)).findings]
    (sentence,) = [text for text in told if "graph-loop" in text and "binds" in text]
    assert "tf-data alone, on cpu:0): the step binds." in sentence
    assert " 2.0 % " in sentence
    told = [finding.text for finding in report_of(pipeline("tf-data", 60_000, 64, 4.0)).findings]
    assert not [text for text in told if "binds" in text], "neither is clearly longer"


def test_a_figure_in_doubt_is_struck_and_found_nowhere():
    wrong = {"verified": {"error": 1.0, "tolerance": 0.0}}
    report = report_of(pipeline("tf-data", 60_000, 64, 0.0938, **wrong))
    columns, rows = rows_of(report)
    assert rows["graph-loop"][columns.index("tf-data")].struck
    assert rows["graph-loop"][-1].struck
    assert not [finding for finding in report.findings if "binds" in finding.text]


@pytest.mark.parametrize(
    "unsure",
    [
        {"state": {"disturbances": ["other processes took 60 % of the processors"]}},
        {"timed_calls": "not proven: the pipeline has no way to change its samples"},
    ],
)
def test_no_finding_rests_on_a_pipeline_of_which_nothing_is_sure(unsure):
    report = report_of(pipeline("tf-data", 60_000, 64, 0.0938, **unsure))
    _, rows = rows_of(report)
    assert rows["graph-loop"][-1].text == "the step (beside tf-data)"
    assert not [finding for finding in report.findings if " binds" in finding.text]


def test_the_nearest_number_of_samples_counts_and_other_batches_don_t():
    cells = [pipeline("tf-data", 10_000, 64, 1.57), pipeline("tf-data", 50_000, 64, 0.782)]
    columns, rows = rows_of(report_of(*cells, pipeline("arrays", 10_000, 32, 0.1)))
    assert "arrays" not in columns
    entry, step = rows["graph-loop"][columns.index("tf-data")], rows["graph-loop"][columns.index("a step")]
    assert entry.value == pytest.approx(0.782 / 782 / step.value)


def test_without_a_pipeline_or_a_training_there_is_no_such_section():
    assert not [section for section in report_of().sections if section.anchor == "what-binds"]


def test_samples_a_second_stand_beside_time():
    report = report_of(pipeline("tf-data", 10_000, 64, 0.0123), pipeline("arrays", 10_000, 64, 0.001))
    (section,) = [section for section in report.sections if section.anchor == "pipelines"]
    tables = [block for block in section.blocks if hasattr(block, "rows")]
    first = tables[0]
    place = first.columns.index("cpu:0 samples a second")
    assert {row.entries[0].text: row.entries[place].text for row in first.rows} == {
        "tf-data": "813,000",
        "arrays": "10,000,000",
    }
    assert "samples a second" in tables[-1].columns
