"""Whole epochs in place of training alone."""

from __future__ import annotations

import math

import pytest
import report_samples as samples
from report_studies import study_of

from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown


class TestWholeEpochs:
    """Where logging is what differs, training alone hides it."""

    def rungs(self, **phases):
        recipes = [samples.KERAS_2020 | {"name": f"ladder-0{n}", "published_with": None} for n in (0, 1)]
        noise = samples.Noise(1)
        launches = [0, 1, 2, 2, 2, 2, 1, 0]
        cells = [
            samples.training("keras-fit", r, 0, noise, 5.0, 9, group="ladder", launch_numbers=launches)
            for r in recipes
        ]
        for cell, logging_seconds in zip(cells, (3.0, 0.5), strict=True):
            for number, epoch in enumerate(cell["extra_info"]["epochs"]):
                told = {"train_seconds": 4.0 + number, "evaluation_seconds": 0.25}
                epoch.update(told | {"logging_seconds": logging_seconds} | phases)
            cell["stats"] = samples.stats([5.0 + number for number in range(8)])
        change = {"field": "logging", "before": "histograms", "after": "scalars"}
        rungs = [
            {"rung": n, "recipe": f"ladder-0{n}", "implementation": "keras-fit", "change": c}
            for n, c in enumerate((None, change))
        ]
        ends = ["keras-fit@ladder-00", "keras-fit@ladder-01"]
        return samples.document(cells, ladder={"ends": ends, "rungs": rungs})

    def test_a_rung_that_only_logs_less_is_faster_by_what_logging_took(self):
        study = study_of(self.rungs())
        (step,) = compare(study, study.machines).ladder
        # (train + 0.25 + 0.5) / (train + 0.25 + 3), train 5 to 12 seconds: the median of each launch's
        logs = [math.log((train + 0.75) / (train + 3.25)) for train in range(5, 13)]
        medians = ((logs[0] + logs[7]) / 2, (logs[1] + logs[6]) / 2, (logs[3] + logs[4]) / 2)
        # their mean, but for what four epochs count more than two
        assert math.log(step.verdict.estimate.ratio) == pytest.approx(sum(medians) / 3, abs=0.01)
        assert (step.word, step.verdict.estimate.pairs) == ("faster", 8)
        assert (step.base.median_seconds, step.other.median_seconds) == (11.75, 9.25)
        text = to_markdown(build_report(study.files))
        (rung,) = (line for line in text.splitlines() if "| logging histograms to scalars" in line)
        assert [part.strip() for part in rung.split("|")][4:8] == ["9.25 s", "8.50 s", "0.250 s", "0.500 s"]
        assert (
            " a whole epoch that the ladder's first rung takes over its last (both keras-fit) on cpu:0, the "
            "changes made in one order, 2." in text
        )
        assert ") are logging histograms instead of scalars." in text

    def test_training_alone_where_a_phase_is_not_told(self):
        study = study_of(self.rungs(logging_seconds=None))
        (step,) = compare(study, study.machines).ladder
        assert (step.word, step.other.median_seconds) == ("same", 8.5)
        text = to_markdown(build_report(study.files))
        assert "Of the training alone" in text
        assert "evaluation |" not in text
