"""Whether a figure can be true, and whether it was disturbed."""

from __future__ import annotations

import report_samples as samples
from report_studies import only_comparison, study_of, two


class TestJudgement:
    def test_a_file_that_calls_itself_plausible_is_judged_all_the_same(self):
        study = study_of(samples.document(two([0.02] * 8, [1e-6] * 8, plausible={"ok": True, "reasons": []})))
        numpy, tf = study.of("matmul")
        assert not numpy.implausible
        assert "above the device's ceiling" in tf.implausible[0]
        assert only_comparison(study).word == "no verdict"

    def test_an_algorithm_that_does_with_fewer_operations_may_seem_to_exceed_the_ceiling(self):
        """2 GFLOP counted in 1 ms is 2 TFLOP/s of two cores' 0.8; a fifth of it is not, a half still is."""
        told = [two([0.02] * 8, [1e-3] * 8, fewest_flop=fewest) for fewest in (None, 4e8, 1e9)]
        found = [study_of(samples.document(cells)).of("matmul")[1] for cells in told]
        assert [bool(item.implausible) for item in found] == [True, False, True]

    def test_what_a_file_says_against_itself_stands(self):
        verdict = {"ok": False, "reasons": ["queued"]}
        study = study_of(samples.document(two([0.02] * 8, [0.03] * 8, plausible=verdict)))
        assert {item.implausible for item in study.of("matmul")} == {("queued",)}

    def test_a_flat_series_marks_its_small_sizes_too(self):
        cells = [
            samples.cell(
                "matmul", "tf-eager", "gpu:0", {"size": n, "dtype": "float32"}, [3e-4] * 6, flop=2.0 * n**3
            )
            for n in (500, 1000, 5000, 10000)
        ]
        study = study_of(samples.document(cells, samples.fingerprint(gpus=[samples.A100])))
        assert all("nearly flat" in item.implausible[-1] for item in study.of("matmul"))

    def test_unsynchronised_below_synchronised(self):
        cell = two([0.02] * 6, [0.02] * 6, timing="unsynchronised", synchronised_median_seconds=0.5)[0]
        (item,) = study_of(samples.document([cell])).of("matmul")
        assert "queueing time" in item.implausible[0]

    def test_a_rate_above_the_best_measured_is_suspicious_and_stands_all_the_same(self):
        reached = {"flop_per_second": 1e11, "source": "2048 x 2048 x 2048 by numpy"}
        ceiling = {"flop_per_second": 8e11, "source": "two cores", "reached": reached}
        cells = two([0.02] * 8, [0.01] * 8, ceiling=ceiling)  # 100 and 200 GFLOP/s
        study = study_of(samples.document(cells))
        numpy, tf = study.of("matmul")
        assert not numpy.suspicious
        assert tf.suspicious.startswith(
            "implies 200 GFLOP/s, 100 % above the best measured here, 100 GFLOP/s"
        )
        assert not tf.doubt
        assert only_comparison(study).word == "slower", "numpy's verdict over the suspicious base stands"

    def test_the_best_measured_is_the_machine_s_whichever_file_tells_it(self):
        def ceiling(rate):
            return {"flop_per_second": 8e11, "source": "two cores", "reached": {"flop_per_second": rate}}

        first, second = (two([0.02] * 8, [0.01] * 8, ceiling=ceiling(rate)) for rate in (1e11, 1.9e11))
        study = study_of(samples.document(first), samples.document(second, run_id="another"))
        assert not any(item.suspicious for item in study.of("matmul"))

    def test_a_few_disturbed_samples_are_left_out(self):
        cells = two([0.02] * 9 + [9.0], [0.03] * 10)
        cells[0]["extra_info"]["disturbed"] = [{"round": 9, "reason": "stolen"}]
        study = study_of(samples.document(cells))
        assert study.of("matmul")[0].samples == [0.02] * 9
        assert only_comparison(study).verdict.estimate.pairs == 9

    def test_mostly_disturbed_is_doubted_as_a_whole(self):
        cells = two([0.02] * 10, [0.03] * 10)
        disturbed = (0, 1, 2, 3, 4, 6)
        cells[0]["extra_info"]["disturbed"] = [{"round": n, "reason": "stolen"} for n in disturbed]
        study = study_of(samples.document(cells))
        assert study.of("matmul")[0].doubt == "disturbed: 6 of 10 samples disturbed: stolen"
        # What was measured in turns with it was disturbed alike: the ratio of pairs stands ...
        assert only_comparison(study).word == "slower"
        # ... over the rounds that were quiet, in three of the five launches
        assert only_comparison(study).verdict.estimate.pairs == 4
        # two launches of five are too few to speak for all
        disturbed = range(6)
        cells[0]["extra_info"]["disturbed"] = [{"round": n, "reason": "stolen"} for n in disturbed]
        assert only_comparison(study_of(samples.document(cells))).verdict.estimate.pairs == 10
        # ... and that of unpaired medians does not.
        cells[1]["extra_info"]["group"] = "another"
        assert only_comparison(study_of(samples.document(cells))).word == "no verdict"
