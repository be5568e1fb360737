"""Keras or the hand-written trainer: where their runs don't tell, the findings say so and what would help."""

from __future__ import annotations

import pytest
import report_samples as samples
from report_hostile import read
from report_trainings import trainings

from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown


def findings(ratios, **extra):
    """Of a report on runs in each of which the eager loop takes so many times as long as Keras."""
    cells = []
    for run, ratio in enumerate(ratios):
        seconds = {"keras-fit": 1.0, "eager-loop": ratio}
        accuracies = {"keras-fit": [0.85], "eager-loop": [0.85]}
        recipe = samples.RECIPE | {"name": "matched"}
        told = {"recipe": recipe, "first_seed": run, "noise": samples.Noise(run + 1)} | extra
        cells += trainings(accuracies, seconds, **told)
    page = to_markdown(build_report([read(samples.document(cells), "a.json")]))
    return page.split("## Findings")[1].split("\n## ")[0]


@pytest.mark.parametrize("ratios", [(0.4, 2.0, 6.0), (1.0, 12.0)])
def test_undecided_is_told_with_the_ratio_and_what_would_settle_it(ratios):
    told = findings(ratios)
    assert "- Undecided: on equal terms (matched) on cpu:0 the hand-written eager loop takes ×" in told
    assert "of Keras fit's time per whole epoch: " in told
    assert "more launch" in told
    assert "nothing to conclude" not in told


def test_of_trainers_that_nobody_checked_not_even_that_is_told():
    """The report says of them that no finding rests on them."""
    told = findings((0.4, 2.0, 6.0), verified=None)
    assert "Undecided" not in told
    assert "nothing to conclude" in told


def test_what_is_decided_is_not_undecided():
    told = findings((3.0, 3.05, 2.95))
    assert "On equal terms (matched) the hand-written eager loop is slower" in told
    assert "Undecided" not in told
