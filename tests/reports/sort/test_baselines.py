"""Which machine is the baseline."""

from __future__ import annotations

import report_samples as samples
from report_hostile import read

from likeforlike.reports.read.files import read_named
from likeforlike.reports.sort.pooling import build_study


def test_an_own_machine_is_the_baseline_before_a_published_one():
    notebook = read_named("notebook-2020")
    own = read(samples.quick_run(1), "mine.json")
    assert build_study([notebook, own]).baseline.label == "2 x Intel Xeon"
    assert build_study([notebook]).baseline.label == "notebook of 2020"
