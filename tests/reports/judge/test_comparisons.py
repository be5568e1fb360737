"""What is compared with what, and what is in no comparison."""

from __future__ import annotations

import math

import pytest
import report_samples as samples
from report_hostile import products, read
from report_studies import SIZE, only_comparison, study_of, two

from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.judge.means import geometric_means
from likeforlike.reports.judge.regressions import check_against
from likeforlike.reports.tell.report import build_report


class TestComparisons:
    def test_pairs_follow_the_round_numbers(self):
        cells = two([1.0, 2.0, 4.0, 8.0, 16.0, 0.5], [330.0, 1.1, 2.2, 4.4, 8.8, 17.6])
        cells[1]["extra_info"]["round_numbers"] = [9, 0, 1, 2, 3, 4]
        estimate = only_comparison(study_of(samples.document(cells))).verdict.estimate
        assert (estimate.paired, estimate.pairs) == (True, 5)
        assert estimate.ratio == pytest.approx(1.1)

    def test_cells_of_two_groups_are_no_pairs(self):
        cells = two([0.02] * 8, [0.03] * 8)
        cells[1]["extra_info"]["group"] = "another"
        assert not only_comparison(study_of(samples.document(cells))).verdict.estimate.paired

    def test_pairs_of_repetitions_are_pooled_within_each_file(self):
        first = samples.document(two([0.02] * 4, [0.022] * 4))
        second = samples.document(two([0.04] * 4, [0.044] * 4))
        estimate = only_comparison(study_of(first, second)).verdict.estimate
        assert (estimate.paired, estimate.pairs) == (True, 8)
        assert (estimate.low, estimate.high) == pytest.approx((1.1, 1.1))

    def test_a_cell_that_stands_twice_makes_no_further_pairs(self):
        first, second = two([0.02] * 3, [0.022] * 3)
        estimate = only_comparison(study_of(samples.document([first, first, second]))).verdict.estimate
        assert (estimate.paired, estimate.pairs) == (True, 3)

    def test_divisions_are_never_compared(self):
        study = study_of(samples.quick_run(1))
        for item in compare(study, study.machines).implementations:
            assert item.base.extra.division == item.other.extra.division

    def test_a_published_recipe_that_several_ran_under_is_compared(self):
        noise = samples.Noise(1)
        run = [
            samples.training(name, samples.KERAS_2020, 0, noise, 5.0, 9)
            for name in ("keras-fit", "eager-loop")
        ]
        comparison = only_comparison(study_of(samples.document(run)))
        assert comparison.base.key.implementation == "keras-fit"
        report = build_report([read(samples.document(run[:1]), "a.json")])
        assert any(section.title == "Trainers on equal terms: keras-2020" for section in report.sections)

    def test_the_floor_is_compared_with_nothing(self):
        study = study_of(samples.quick_run(1))
        for item in compare(study, study.machines).implementations:
            assert "floor" not in (item.base.key.implementation, item.other.key.implementation)

    def test_the_noise_floor_is_the_threshold(self):
        noisy = {"aa_interval": [0.8, 1.1]}
        for seconds, word in ((0.0210, "same"), (0.0230, "unclear")):
            cells = two([0.02] * 8, [seconds] * 8)
            assert only_comparison(study_of(samples.document(cells, noise=noisy))).word == word
            assert only_comparison(study_of(samples.document(cells))).word == "slower"

    def test_comparisons_that_nobody_is_shown_do_not_count(self):
        cells = [
            samples.cell(workload, "mine", device, SIZE, [seconds] * 8)
            for workload in ("matmul", "jacobian")
            for device, seconds in (("cpu:0", 0.02), ("gpu:0", 0.01))
        ]
        study = study_of(samples.document(cells, samples.fingerprint(gpus=[samples.A100])))
        (pair,) = compare(study, study.machines).devices
        assert pair.other.key.workload == "matmul"


class TestMachines:
    def test_geometric_mean_by_hand_over_what_both_have(self):
        fast = samples.document(two([0.01] * 6, [0.02] * 6))
        slow = samples.document(
            [*two([0.02] * 6, [0.16] * 6), *products()[4:5]], samples.fingerprint("b" * 12)
        )
        study = study_of(fast, slow)
        (mean,) = geometric_means(study, compare(study, study.machines).machines)
        assert (mean.cells, mean.slower) == (2, 2)
        assert mean.ratio == pytest.approx(math.sqrt(2 * 8))

    def test_figures_in_doubt_are_in_no_mean(self):
        fast = samples.document(two([0.01] * 6, [1e-7] * 6))
        slow = samples.document(two([0.02] * 6, [0.16] * 6), samples.fingerprint("b" * 12))
        study = study_of(fast, slow)
        (mean,) = geometric_means(study, compare(study, study.machines).machines)
        assert (mean.cells, mean.ratio) == (1, pytest.approx(2.0))

    def test_another_amount_of_work_is_named_not_compared(self):
        one = samples.document(two([0.01] * 6, [0.01] * 6))
        other = samples.document(two([0.01] * 6, [0.01] * 6, flop=4e9), samples.fingerprint("b" * 12))
        found = compare(*(lambda s: (s, s.machines))(study_of(one, other)))
        assert found.machines == ()
        assert [why for _, _, why in found.unlike] == ["operations 2,000,000,000 and 4,000,000,000"] * 2


class TestWrongAnswers:
    """A checked answer that is off: a fast one is no figure to compare with."""

    def test_it_has_no_verdict_and_is_no_base(self):
        cells = two([0.01] * 8, [0.02] * 8)
        cells[0]["extra_info"]["verified"] = {"error": 1.0, "tolerance": 0.1}
        comparison = only_comparison(study_of(samples.document(cells)))
        assert comparison.base.key.implementation == "tf-eager"
        assert comparison.word == "no verdict"
        assert "wrong answer: error 1, tolerance 0.1" in comparison.doubt

    def test_it_is_in_no_mean_and_fails_no_check(self):
        fast = samples.document(two([0.01] * 6, [0.01] * 6, verified={"error": 1.0, "tolerance": 0.1}))
        slow = samples.document(two([0.02] * 6, [0.02] * 6), samples.fingerprint("b" * 12))
        study = study_of(fast, slow)
        assert geometric_means(study, compare(study, study.machines).machines) == []
        outcome = check_against([read(fast, "a.json")], [read(slow, "b.json")])
        assert [check.fails for check in outcome.checks] == [False, False]
