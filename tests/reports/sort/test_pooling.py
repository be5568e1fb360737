"""Which files and cells count, which runs are one measurement, and which are other work."""

from __future__ import annotations

import math

import pytest
import report_samples as samples
from report_hostile import products, read
from report_studies import SIZE, study_of, two

from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown


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
        assert "holds 1 cell more than once, such as matmul-tf-eager-cpu:0-500-float32" in study.remarks[0]

    @pytest.mark.parametrize("wanted", ["A100", "aaaa0000", "1.json"])
    def test_a_baseline_by_label_id_or_file(self, wanted):
        study = study_of(samples.quick_run(1), samples.quick_run(2, gpu=True), baseline=wanted)
        assert study.baseline.id == "aaaa00000001"

    def test_a_baseline_that_fits_two(self):
        with pytest.raises(ValueError, match="fits several machines"):
            study_of(samples.quick_run(1), samples.quick_run(2, gpu=True), baseline="intel")


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
        (told,) = (remark for remark in study.remarks if "stands beside" in remark)
        assert told.startswith("training of 1.json stands beside 0.json: ")
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
            samples.training(n, samples.RECIPE, run, noise, s, 9, **part)
            for n, s in (("keras-fit", 1.7), ("torch-loop", 1.5))
            for run in range(3)
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
            "**Each trainer under its own recipe, on cpu:0 in 0.json**",
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

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_what_a_resumed_run_measured_later_is_not_unmeasured(self, order):
        cells = products()
        late = cells[2]["extra_info"]
        gaps = [
            {"cell": cell, "outcome": "timed out", "reason": "took over 60 s"}
            for cell in (late["cell"], "never")
        ]
        states = samples.document(cells[:2], unmeasured=gaps), samples.document(cells, unmeasured=gaps[1:])
        study = study_of(*(states[number] for number in order))
        assert [gap.cell for file in study.files for gap in file.unmeasured] == ["never"]

    def test_what_failed_on_one_of_two_nodes_of_a_run_is_told(self):
        cells = products()
        gap = {"cell": cells[2]["extra_info"]["cell"], "outcome": "failed", "reason": "wrong answer"}
        failed, whole = samples.document(cells[:2], unmeasured=[gap]), samples.document(cells)
        whole["machine_info"]["node"] = "another"
        study = study_of(failed, whole)
        assert [cell.cell for file in study.files for cell in file.unmeasured] == [gap["cell"]]
