"""What a report says of inherited variables and of figures above the best rate measured."""

from __future__ import annotations

import pytest
import report_samples as samples
from report_hostile import read
from report_studies import two

from likeforlike.reports.judge.regressions import check_against
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

VARIABLE = {"OPENBLAS_CORETYPE": "Haswell"}
HEADER = {
    "environment": VARIABLE,
    "environment_effects": {"OPENBLAS_CORETYPE": "makes OpenBLAS use the kernels of another processor"},
    "setup": {"blas": "openblas 0.3.31 Haswell", "blas_remark": "OpenBLAS uses its kernels for Haswell"},
}


def plain_run():
    return samples.document(two([0.02] * 8, [0.03] * 8), setup={"blas": "openblas 0.3.31 SkylakeX"})


def touched_run():
    cells = two([0.04] * 8, [0.03] * 8)
    cells[0]["extra_info"]["environment"] = VARIABLE  # NumPy's alone
    return samples.document(cells, run_id="touched", **HEADER)


@pytest.fixture
def text():
    files = [read(plain_run(), "plain.json"), read(touched_run(), "touched.json")]
    return to_markdown(build_report(files))


def test_the_variable_is_a_warning_with_what_it_does_and_the_remedy(text):
    assert (
        "OPENBLAS_CORETYPE=Haswell was set in the environment of 1 figure of touched.json, marked †. It makes "
        "OpenBLAS use the kernels of another processor. To measure without: --clean-environment."
    ) in text
    assert "OpenBLAS uses its kernels for Haswell (touched.json)." in text


def test_a_mark_stands_beside_every_figure_it_touches_and_no_other(text):
    rows = [line for line in text.splitlines() if line.startswith("| ") and "ms" in line]
    assert any("40 ms †" in line for line in rows)
    assert not any("30 ms †" in line or "20 ms †" in line for line in rows)
    assert text.count("† Measured under inherited variables: OPENBLAS_CORETYPE=Haswell.") >= 1


def test_a_comparison_of_the_files_lists_what_differs(text):
    assert "In what the files' set-ups differ" in text
    (line,) = (line for line in text.splitlines() if line.startswith("| OPENBLAS_CORETYPE"))
    assert [entry.strip() for entry in line.strip("|").split("|")] == [
        "OPENBLAS_CORETYPE",
        "not set",
        "Haswell",
    ]


def test_a_report_without_any_says_nothing_of_it():
    text = to_markdown(build_report([read(plain_run(), "plain.json")]))
    assert "†" not in text
    assert "environment" not in text


def test_a_gate_gives_no_verdict_across_unlike_environments():
    outcome = check_against([read(plain_run(), "a.json")], [read(touched_run(), "b.json")])
    doubts = {check.now.key.implementation: check.doubt for check in outcome.checks}
    assert doubts == {
        "numpy": "measured in unlike environments: OPENBLAS_CORETYPE not set, then Haswell",
        "tf-eager": "",
    }
    assert not any(check.fails for check in outcome.checks)


def test_a_suspicious_figure_is_told_and_marked_but_not_struck():
    reached = {"flop_per_second": 1e11, "source": "2048 x 2048 x 2048 by numpy"}
    ceiling = {"flop_per_second": 8e11, "source": "two cores", "reached": reached}
    ceilings = [{"device": "cpu:0", "precision": "float32"} | reached]
    cells = two([0.03] * 8, [0.01] * 8, ceiling=ceiling)
    text = to_markdown(build_report([read(samples.document(cells, measured_ceilings=ceilings), "a.json")]))
    assert "Suspicious: matmul tf-eager cpu:0 1000 float32 implies 200 GFLOP/s, 100 % above the best" in text
    assert "10 ms ‡" in text
    assert "~~10 ms" not in text
    assert "‡ Above the best rate that its machine was measured to reach." in text
    assert "| 100 GFLOP/s, 2048 x 2048 x 2048 by numpy" in text
