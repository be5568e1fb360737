"""Sorting, judging and comparing: what is paired, what is pooled, what is left alone."""

from __future__ import annotations

import math

import pytest
import report_samples as samples
from report_hostile import products, read

from likeforlike.reports.judge.comparisons import compare, geometric_means
from likeforlike.reports.judge.regressions import check_against
from likeforlike.reports.read.files import read_named
from likeforlike.reports.read.machines import differences
from likeforlike.reports.sort.comparability import recipe_differences
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.statistics.crossover import crossover, growth_exponent
from likeforlike.reports.tell.formatting import duration_text
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

SIZE = {"size": 1000, "dtype": "float32"}


def study_of(*documents, baseline=None):
    return build_study([read(d, f"{n}.json") for n, d in enumerate(documents)], baseline)


def two(first, second, **extra):
    """A base and another, measured in turns."""
    group = {"group": "matmul cpu:0 1000 float32", "flop": 2e9} | extra
    return [
        samples.cell("matmul", "numpy", "cpu:0", SIZE, first, **group),
        samples.cell("matmul", "tf-eager", "cpu:0", SIZE, second, **group),
    ]


def only_comparison(study):
    (comparison,) = compare(study, study.machines).implementations
    return comparison


class TestFiles:
    def test_the_same_machine_twice_is_repetition(self):
        study = study_of(samples.quick_run(1), samples.quick_run(2))
        assert len(study.machines) == 1
        assert {len(item.runs) for item in study.of("matmul")} == {2}
        assert {len(item.samples) for item in study.of("matmul")} == {50}
        assert any("2 files are repetitions on one machine" in remark for remark in study.remarks)

    def test_the_same_file_twice_counts_once_and_is_told(self):
        document = samples.quick_run(1)
        study = study_of(document, document)
        assert {len(item.runs) for item in study.of("matmul")} == {1}
        assert study.remarks == ("1.json is the same file as 0.json, byte for byte, and counts once.",)

    def test_a_cell_twice_in_one_file_is_kept_as_repetitions(self):
        cells = samples.products(samples.Noise(1), sizes=(500,))
        study = study_of(samples.document(cells + cells[:1]))
        assert len(study.measurements[0].runs) == 2
        assert "holds 1 cell(s) more than once, such as matmul-tf-eager-cpu:0-500-float32" in study.remarks[0]

    def test_alike_machines_are_told_apart_by_their_id(self):
        one, other = (samples.quick_run(1, machine=samples.fingerprint(c * 12)) for c in "ab")
        assert list(study_of(one, other).titles.values()) == [
            "2 x Intel Xeon [aaaaaaaa]",
            "2 x Intel Xeon [bbbbbbbb]",
        ]

    @pytest.mark.parametrize("wanted", ["A100", "aaaa0000", "1.json"])
    def test_a_baseline_by_label_id_or_file(self, wanted):
        study = study_of(samples.quick_run(1), samples.quick_run(2, gpu=True), baseline=wanted)
        assert study.baseline.id == "aaaa00000001"

    def test_a_baseline_that_fits_two(self):
        with pytest.raises(ValueError, match="fits several machines"):
            study_of(samples.quick_run(1), samples.quick_run(2, gpu=True), baseline="intel")


class TestJudgement:
    def test_a_file_that_calls_itself_plausible_is_judged_all_the_same(self):
        study = study_of(samples.document(two([0.02] * 8, [1e-6] * 8, plausible={"ok": True, "reasons": []})))
        numpy, tf = study.of("matmul")
        assert not numpy.implausible
        assert "above the device's ceiling" in tf.implausible[0]
        assert only_comparison(study).word == "no verdict"

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

    def test_a_few_disturbed_samples_are_left_out(self):
        cells = two([0.02] * 9 + [9.0], [0.03] * 10)
        cells[0]["extra_info"]["disturbed"] = [{"round": 9, "reason": "stolen"}]
        study = study_of(samples.document(cells))
        assert study.of("matmul")[0].samples == [0.02] * 9
        assert only_comparison(study).verdict.estimate.pairs == 9

    def test_mostly_disturbed_is_doubted_as_a_whole(self):
        cells = two([0.02] * 10, [0.03] * 10)
        cells[0]["extra_info"]["disturbed"] = [{"round": n, "reason": "stolen"} for n in range(6)]
        study = study_of(samples.document(cells))
        assert study.of("matmul")[0].doubt == "disturbed: 6 of 10 samples disturbed: stolen"
        # What was measured in turns with it was disturbed alike: the ratio of pairs stands ...
        assert only_comparison(study).word == "slower"
        assert only_comparison(study).verdict.estimate.pairs == 10
        # ... and that of unpaired medians does not.
        cells[1]["extra_info"]["group"] = "another"
        assert only_comparison(study_of(samples.document(cells))).word == "no verdict"

    def test_no_finding_rests_on_unverified_figures(self):
        unverified = samples.document(two([0.02] * 10, [0.03] * 10, verified=None))
        report = build_report([read(unverified, "a.json")])
        assert "nothing to conclude" in report.findings[0].text
        wrong = samples.document(two([0.02] * 10, [0.03] * 10, verified={"error": 1, "tolerance": 0.1}))
        assert "nothing to conclude" in build_report([read(wrong, "a.json")]).findings[0].text


class TestOtherWork:
    """One name, one machine, and not the same work: never one figure."""

    def test_it_is_kept_apart_and_said(self):
        noise = samples.Noise(1)
        runs = [
            samples.training("keras-fit", samples.RECIPE, 0, noise, seconds, 9, data=samples.DATA | more)
            for seconds, more in ((5.0, {}), (1.5, {"train_samples": 20000}))
        ]
        study = study_of(*(samples.document([run]) for run in runs))
        whole, part = study.of("training")
        assert (len(whole.samples), len(part.samples)) == (8, 8)
        assert whole.median_seconds > 4 > 2 > part.median_seconds
        assert part.key.text == "keras-fit cpu:0 matched file=1.json"
        (told,) = (remark for remark in study.remarks if "kept apart" in remark)
        assert told.startswith("training of 1.json is other work, kept apart: ")
        assert "| keras-fit of 1.json |" in to_markdown(build_report(study.files))
        assert "training images 60000 and 20000" in told

    def test_what_only_the_other_file_has_is_compared_with_nothing_of_the_first(self):
        noise = samples.Noise(1)
        part = {"data": samples.DATA | {"train_samples": 20000}}
        first = [
            samples.training(n, samples.RECIPE, 0, noise, s, 9)
            for n, s in (("keras-fit", 5.0), ("floor", 0.7))
        ]
        second = [
            samples.training(n, samples.RECIPE, 0, noise, s, 9, **part)
            for n, s in (("keras-fit", 1.7), ("torch-loop", 1.5))
        ]
        study = study_of(samples.document(first), samples.document(second))
        pairs = [(i.base.key.name, i.other.key.name) for i in compare(study, study.machines).implementations]
        assert pairs == [("keras-fit of 1.json", "torch-loop of 1.json")]
        text = to_markdown(build_report(study.files))
        assert "Trainers on equal terms: matched, as in 1.json" in text
        (finding,) = (line for line in text.splitlines() if line.startswith("- Division default"))
        assert finding.startswith("- Division default, matched on cpu:0 in 1.json: torch-loop (")
        assert "floor" not in finding  # it is of the other file's images

    def test_a_device_is_compared_with_the_cpu_of_its_own_set(self):
        def product(device, seconds, timing):
            return samples.cell("matmul", "tf-eager", device, SIZE, [seconds] * 8, flop=2e9, timing=timing)

        machine = samples.fingerprint(gpus=[samples.A100])
        queued = samples.document([product("cpu:0", 0.01, "unsynchronised")], machine)
        both = [product("cpu:0", 0.02, "synchronised"), product("gpu:0", 0.001, "synchronised")]
        study = study_of(queued, samples.document(both, machine, run_id="other"))
        (pair,) = compare(study, study.machines).devices
        assert pair.verdict.estimate.ratio == pytest.approx(0.05)

    @pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (2, 1, 0)])
    def test_machines_are_compared_over_like_work_whatever_the_order(self, order):
        other = samples.fingerprint("b" * 12)
        made = []
        for seconds, images, machine in ((5.0, 60000, None), (1.7, 20000, None), (10.0, 60000, other)):
            data = samples.DATA | {"train_samples": images}
            run = samples.training("keras-fit", samples.RECIPE, 0, samples.Noise(1), seconds, 9, data=data)
            made.append(samples.document([run], machine, run_id=f"{seconds}"))
        study = study_of(*(made[number] for number in order))
        (pair,) = compare(study, study.machines).machines
        assert abs(math.log(pair.verdict.estimate.ratio)) == pytest.approx(math.log(2), rel=0.1)

    def test_files_of_one_name_are_called_by_their_folders(self):
        documents = [samples.document(two([s] * 8, [s] * 8), run_id=f"{s}") for s in (0.01, 0.02)]
        files = [read(d, name) for d, name in zip(documents, ("a/x.json", "b/x.json"), strict=True)]
        assert [file.label for file in build_study(files).files] == ["a/x.json", "b/x.json"]

    def test_queueing_times_are_no_repetition_of_the_synchronised(self):
        first, second = two([0.02] * 8, [0.03] * 8), two([0.02] * 8, [1e-4] * 8, timing="unsynchronised")
        study = study_of(samples.document(first), samples.document(second))
        eager = [item for item in study.of("matmul") if item.key.implementation == "tf-eager"]
        assert [bool(item.implausible) for item in eager] == [False, True]

    def test_a_published_pair_is_of_one_set(self):
        """Two short runs and two long ones of the notebook's pair: each with its own partner."""
        documents = []
        for number, epochs in enumerate((9, 12)):
            noise = samples.Noise(number)
            pair = (("keras-fit", samples.KERAS_2020, 9.0), ("eager-loop", samples.MANUAL_2020, 22.0))
            runs = [
                samples.training(name, recipe, 0, noise, s, epochs, group="p") for name, recipe, s in pair
            ]
            documents.append(samples.document(runs))
        study = study_of(*documents)
        pairs = compare(study, study.machines).published
        assert [(len(item.base.samples), len(item.other.samples)) for item in pairs] == [(8, 8), (11, 11)]
        captions = [
            line
            for line in to_markdown(build_report(study.files)).splitlines()
            if line.startswith("**Each trainer under its own recipe")
        ]
        assert captions == [
            "**Each trainer under its own recipe, on cpu:0**",
            "**Each trainer under its own recipe, on cpu:0 in 1.json**",
        ]

    def test_other_lengths_of_training_are_no_repetitions(self):
        noise = samples.Noise(1)
        runs = [samples.training("keras-fit", samples.RECIPE, 0, noise, 5.0, n) for n in (9, 12)]
        assert len(study_of(*(samples.document([run]) for run in runs)).of("training")) == 2

    def test_two_ladders_of_one_machine_keep_their_rungs(self):
        cells, ladder = samples.ladder(samples.Noise(1))
        recipe = cells[1]["extra_info"]["recipe"]
        other = [samples.training("keras-fit", recipe, 0, samples.Noise(2), s, 9, group="l") for s in (3, 9)]
        for number, cell in enumerate(other):
            changed = {"name": f"ladder-0{number}", "batch_size": 16 * 2**number}
            cell["extra_info"]["recipe"] = cell["extra_info"]["recipe"] | changed
            cell["extra_info"]["axes"] = {"recipe": f"ladder-0{number}", "run": 0}
        change = {"field": "batch_size", "before": 16, "after": 32}
        rungs = [
            {"rung": n, "recipe": f"ladder-0{n}", "implementation": "keras-fit", "change": c}
            for n, c in enumerate((None, change))
        ]
        second = {"ends": ["a", "b"], "rungs": rungs}
        study = study_of(samples.document(cells, ladder=ladder), samples.document(other, ladder=second))
        steps = compare(study, study.machines).ladder
        assert len(steps) == len(ladder["rungs"]) - 1 + 1
        assert steps[-1].verdict.estimate.ratio == pytest.approx(3, rel=0.1)

    def test_a_run_and_its_resumed_end_count_once(self):
        cells = products()
        before, after = samples.document(cells[:2]), samples.document(cells)
        study = study_of(before, after)
        assert all(len(item.runs) == 1 for item in study.measurements)
        assert any("are of one run: 2 cells of both count once" in remark for remark in study.remarks)


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
        study = study_of(samples.document(two([0.02] * 8, [0.0230] * 8), noise=noisy))
        assert only_comparison(study).word == "same"
        assert only_comparison(study_of(samples.document(two([0.02] * 8, [0.0230] * 8)))).word == "slower"

    def test_differences_of_recipe_and_terms(self):
        study = study_of(samples.quick_run(1))
        found = {(i.key.implementation, i.key.axis["recipe"]): i for i in study.of("training")}
        keras, manual = found["keras-fit", "keras-2020"], found["eager-loop", "manual-2020"]
        assert recipe_differences(keras, manual) == [
            ("batch_size", "32", "64"),
            ("bias", "True", "False"),
            ("dropout_at_evaluation", "False", "True"),
            ("logging", "histograms", "scalars"),
            ("execution", "graph", "eager"),
        ]
        assert recipe_differences(keras, keras) == []


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

    def test_the_finding_rests_on_sure_figures(self):
        unchecked = [
            samples.document(two([s] * 6, [s] * 6, verified=None), samples.fingerprint(name * 12))
            for s, name in ((0.01, "a"), (0.02, "b"))
        ]
        assert "nothing to conclude" in build_report(study_of(*unchecked).files).findings[0].text

    def test_many_machines_are_ranked_over_what_all_have(self):
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
        assert "over the 1 cell of which all have a sure verdict" in told
        assert "×2.00" in told
        assert "×6.00" in told

    def test_another_amount_of_work_is_named_not_compared(self):
        one = samples.document(two([0.01] * 6, [0.01] * 6))
        other = samples.document(two([0.01] * 6, [0.01] * 6, flop=4e9), samples.fingerprint("b" * 12))
        found = compare(*(lambda s: (s, s.machines))(study_of(one, other)))
        assert found.machines == ()
        assert [why for _, _, why in found.unlike] == ["operations 2000000000.0 and 4000000000.0"] * 2

    def test_an_own_machine_is_the_baseline_before_a_published_one(self):
        notebook = read_named("notebook-2020")
        own = read(samples.quick_run(1), "mine.json")
        assert build_study([notebook, own]).baseline.label == "2 x Intel Xeon"
        assert build_study([notebook]).baseline.label == "notebook of 2020"

    def test_a_machine_without_a_gpu_has_no_unknown_one(self):
        study = study_of(
            samples.document(products(), samples.fingerprint(gpus=[samples.A100])),
            samples.document(products(), samples.fingerprint("b" * 12), run_id="b"),
        )
        told = dict(differences(list(study.machines)))
        assert told["GPUs"] == ["1", "none"]
        assert told["GPU 0"] == ["NVIDIA A100-SXM4-80GB", "none"]


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
        assert [check.fails(0.05) for check in outcome.checks] == [False, False]


class TestCrossover:
    def test_as_the_end_of_a_sentence(self):
        assert crossover([(10, 2.0, 1.0), (20, 3.0, 1.0)]).pays == "from size 10 or less"
        assert crossover([(10, 1.0, 2.0), (20, 1.0, 2.0)]).pays == "at no size up to 20"

    def test_by_hand(self):
        # The base grows with the cube, the other stays: they are equal at 100.
        points = [(n, n**3 * 1e-6, 1.0) for n in (10, 50, 200, 1000)]
        assert crossover(points).size == pytest.approx(100)
        assert crossover(points).text == "about 100"

    def test_ends(self):
        assert crossover([(10, 2.0, 1.0), (20, 3.0, 1.0)]).text == "10 or less"
        assert crossover([(10, 1.0, 2.0), (20, 1.0, 2.0)]).text == "not up to 20"
        assert crossover([(10, 1.0, 2.0)]) is None

    def test_a_size_at_which_it_loses_again_counts(self):
        points = [(10, 2.0, 1.0), (20, 1.0, 2.0), (40, 4.0, 1.0)]
        assert 20 < crossover(points).size < 40

    def test_exponent(self):
        assert growth_exponent([(n, 3e-9 * n**2.5) for n in (10, 100, 1000)]) == pytest.approx(2.5)
        assert growth_exponent([(10, 1.0), (10, 2.0)]) is None


class TestWholeEpochs:
    """Where logging is what differs, training alone hides it."""

    def rungs(self, **phases):
        recipes = [samples.KERAS_2020 | {"name": f"ladder-0{n}", "published_with": None} for n in (0, 1)]
        noise = samples.Noise(1)
        cells = [samples.training("keras-fit", r, 0, noise, 5.0, 9, group="ladder") for r in recipes]
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
        # median over rounds of (train + 0.25 + 0.5) / (train + 0.25 + 3), train 5 to 12 seconds
        ratios = sorted((train + 0.75) / (train + 3.25) for train in range(5, 13))
        assert step.verdict.estimate.ratio == pytest.approx(math.sqrt(ratios[3] * ratios[4]))
        assert (step.word, step.verdict.estimate.pairs) == ("faster", 8)
        assert (step.base.median_seconds, step.other.median_seconds) == (11.75, 9.25)
        text = to_markdown(build_report(study.files))
        (rung,) = (line for line in text.splitlines() if "| logging histograms to scalars" in line)
        assert [part.strip() for part in rung.split("|")][4:8] == ["9.25 s", "8.50 s", "0.250 s", "0.500 s"]
        assert (
            "What explains it, in seconds per epoch on cpu:0: logging histograms to scalars -2.50 s." in text
        )

    def test_training_alone_where_a_phase_is_not_told(self):
        study = study_of(self.rungs(logging_seconds=None))
        (step,) = compare(study, study.machines).ladder
        assert (step.word, step.other.median_seconds) == ("same", 8.5)
        text = to_markdown(build_report(study.files))
        assert "Of the training alone" in text
        assert "evaluation |" not in text


class TestWhatIsShownOfDevices:
    def test_bars_and_floors_are_of_one_device_each(self):
        noise = samples.Noise(1)
        runs = [
            samples.training(name, recipe, 0, noise, seconds * share, 9, device=device)
            for recipe in (samples.RECIPE, samples.RECIPE | {"name": "other"})
            for device, share in (("cpu:0", 1.0), ("gpu:0", 0.1))
            for name, seconds in (("keras-fit", 5.0), ("torch-loop", 4.0), ("floor", 0.7))
        ]
        machine = samples.fingerprint(gpus=[samples.A100])
        report = build_report([read(samples.document(runs, machine), "a.json")])
        told = [
            block.alternative
            for section in report.sections
            for block in section.blocks
            if getattr(block, "name", "").startswith("seconds-per-epoch")
        ]
        assert ["cpu:0" in text for text in told] == [True, False] * 2
        assert ["gpu:0" in text for text in told] == [False, True] * 2
        assert [text.split("floor at ")[1][:3] for text in told] == ["0.7", "0.0"] * 2
        names = [
            block.name for section in report.sections for block in section.blocks if hasattr(block, "name")
        ]
        assert len(set(names)) == len(names)
        assert "speed-up over cpu:0" in to_markdown(report)

    def test_comparisons_that_nobody_is_shown_do_not_count(self):
        cells = [
            samples.cell(workload, "mine", device, SIZE, [seconds] * 8)
            for workload in ("matmul", "jacobian")
            for device, seconds in (("cpu:0", 0.02), ("gpu:0", 0.01))
        ]
        study = study_of(samples.document(cells, samples.fingerprint(gpus=[samples.A100])))
        (pair,) = compare(study, study.machines).devices
        assert pair.other.key.workload == "matmul"

    @pytest.mark.parametrize(("rounds", "told"), [(8, "about 707"), (3, "–")])
    def test_a_crossover_rests_on_sure_verdicts(self, rounds, told):
        """By hand: at 500 half as fast, at 1000 twice; equal in between, at 500 times the root of 2."""
        cells = [
            samples.cell(
                "matmul",
                "mine",
                device,
                {"size": size, "dtype": "float32"},
                [seconds] * rounds,
                flop=2.0 * size**3,
            )
            for size, seconds, share in ((500, 0.01, 2.0), (1000, 0.08, 0.5))
            for device, seconds in (("cpu:0", seconds), ("gpu:0", seconds * share))
        ]
        text = to_markdown(
            build_report([read(samples.document(cells, samples.fingerprint(gpus=[samples.A100])), "a.json")])
        )
        lines = [[part.strip() for part in line.split("|")] for line in text.splitlines()]
        (row,) = (line for line in lines if line[1:4] == ["mine", "float32", "gpu:0"] and len(line) == 10)
        assert row[7] == told

    def test_a_plot_of_many_series_shows_every_device(self):
        cells = [
            samples.cell(
                "matmul", f"k{number}", device, {"size": size, "dtype": "float32"}, [1e-8 * size**2] * 6
            )
            for device in ("cpu:0", "gpu:0")
            for number in range(8)
            for size in (500, 1000)
        ]
        machine = samples.fingerprint(gpus=[samples.A100])
        text = to_markdown(build_report([read(samples.document(cells, machine), "a.json")]))
        (told,) = (line for line in text.splitlines() if line.startswith("![Log-log"))
        assert told.count("on gpu:0") == told.count("on cpu:0") == 4

    def test_workers_that_are_no_count_are_one(self):
        noise = samples.Noise(1)
        run = samples.training("mirrored", samples.RECIPE, 0, noise, 5.0, 9)
        run["extra_info"] |= {"workload": "distributed", "axes": {"recipe": "matched", "workers": "two"}}
        text = to_markdown(build_report([read(samples.document([run]), "a.json")]))
        assert "Scaling with workers" in text


def test_durations_never_have_sixty_seconds():
    assert [duration_text(s) for s in (59.94, 59.96, 119.7, 3599.8)] == [
        "59.9 s",
        "1 m 0 s",
        "2 m 0 s",
        "1 h 0 m",
    ]


def test_a_plug_in_that_was_left_out_is_told():
    fault = {"name": "mine", "error": "no module named mine"}
    document = samples.document(products(), plugin_faults=[fault])
    (told,) = (f.text for f in build_report([read(document, "a.json")]).findings if "Plug-in" in f.text)
    assert told == "Plug-in mine was left out: no module named mine."
