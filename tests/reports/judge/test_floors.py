"""The floor: the fastest candidate of each round, and none where anybody undercuts it."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import report_samples as samples
from report_hostile import read
from report_studies import study_of

from likeforlike.devices.limits.ceilings import Ceiling
from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.judge.floors import best_product_rate, floor_lines, utilisation
from likeforlike.reports.read.files import read_named
from likeforlike.reports.sort.floors import is_floor
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

CASES = Path(__file__).parents[1] / "data" / "cases"


def trained(name, seconds, rounds=None, **extra):
    """A training whose epochs took these seconds, the cold one before them left out of the samples."""
    made = samples.training(name, samples.RECIPE, 0, samples.Noise(1), 1.0, len(seconds) + 1, **extra)
    made["stats"] = samples.stats(seconds)
    info = made["extra_info"]
    for epoch, time in zip(info["epochs"][1:], seconds, strict=False):
        epoch |= {"train_seconds": time, "evaluation_seconds": 0.5, "logging_seconds": 0.25}
    info["recipe"] = samples.RECIPE | {"epochs": 8}  # asked for; a candidate may end before
    info["round_numbers"] = rounds or list(range(len(seconds)))
    return made


def candidate(name, seconds, rounds=None, **extra):
    info = {"role": "floor", "verified": {"error": 1e-7, "tolerance": 1e-4}} | extra
    return trained(name, seconds, rounds, **info)


def line_of(*cells):
    (line,) = floor_lines(study_of(samples.document(list(cells))))
    return line


FAST = [1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.0]
SLOW = [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]


def test_in_each_round_the_fastest_candidate_of_that_round():
    line = line_of(candidate("floor-a", FAST), candidate("floor-b", SLOW), trained("keras-fit", [4.0] * 7))
    assert line.fastest.samples == [min(pair) for pair in zip(FAST, SLOW, strict=True)]
    assert [item.key.implementation for item in line.candidates] == ["floor-a", "floor-b"]


def test_a_candidate_that_ended_early_counts_in_the_rounds_it_had():
    early = candidate("floor-b", [0.5, 2.0, 2.0], rounds=[0, 1, 2])
    line = line_of(candidate("floor-a", [1.0] * 7), early, trained("keras-fit", [4.0] * 7))
    assert line.fastest.samples == [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_trainers_are_paired_with_it_round_by_round():
    """By hand: 3, 1.5, 3, 1.5 ... over 1, 2, 1, 2 ...; no other pairing gives 3 and 0.75."""
    trainer = trained("keras-fit", [3.0, 1.5] * 3 + [3.0])
    line = line_of(candidate("floor-a", FAST), candidate("floor-b", SLOW), trainer)
    (over,) = line.trainers
    assert over.estimate.ratio == pytest.approx(statistics.median([3.0, 0.75] * 3 + [3.0]))
    assert (over.estimate.paired, over.rounds_below, over.rounds) == (True, 3, 7)
    assert not line.struck


def test_disturbed_samples_give_way_to_undisturbed_ones():
    one = candidate("floor-a", [0.5, 1.0, 1.0], disturbed=[{"round": 0, "reason": "stolen"}])
    both = [{"round": 2, "reason": "stolen"}]
    other = candidate("floor-b", [2.0, 2.0, 0.9], disturbed=both)
    line = line_of(one, other)
    (run,) = line.fastest.runs
    assert run.cell.samples == (0.5, 1.0, 1.0)
    assert run.disturbed_rounds == frozenset({0})  # faster than 2.0 it is elsewhere, too


def test_a_round_in_which_the_fastest_candidate_was_disturbed_does_not_raise_the_floor():
    """The next best, four times slower, is no floor: on a GPU the mean of two such rounds was told for it."""
    jax = candidate("floor-jax", [2.17, 2.21], disturbed=[{"round": 1, "reason": "waited"}])
    line = line_of(jax, candidate("floor-torch", [7.71, 8.09]), trained("jax-scan", [6.34, 6.29]))
    (run,) = line.fastest.runs
    assert run.disturbed_rounds == frozenset({1})
    assert line.fastest.median_seconds == 2.17
    assert line.trainers[0].rounds_below == 0


def test_a_round_counts_in_which_a_slow_candidate_was_disturbed():
    slow = candidate("floor-torch", [7.71, 8.09], disturbed=[{"round": 1, "reason": "waited"}])
    (run,) = line_of(candidate("floor-jax", [2.17, 2.21]), slow).fastest.runs
    assert run.disturbed_rounds == frozenset()


def test_where_every_candidate_was_disturbed_the_round_is():
    held = [{"round": 1, "reason": "waited"}]
    both = [candidate(name, [2.0, 3.0], disturbed=held) for name in ("floor-a", "floor-b")]
    (run,) = line_of(*both).fastest.runs
    assert run.disturbed_rounds == frozenset({1})


def test_a_candidate_that_is_wrong_is_none():
    wrong = candidate("floor-b", [0.1] * 7, verified={"error": 1.0, "tolerance": 1e-4})
    assert line_of(candidate("floor-a", [1.0] * 7), wrong).fastest.median_seconds == 1.0


def test_an_older_file_s_one_floor_reads_as_before():
    line = line_of(trained("floor", [1.0] * 7), trained("keras-fit", [2.0] * 7))
    assert line.fastest.samples == [1.0] * 7
    assert line.trainers[0].estimate.ratio == pytest.approx(2.0)


@pytest.mark.parametrize(("trainer", "struck"), [([0.99] * 7, True), ([1.01] * 7, False), ([0.9] * 3, True)])
def test_who_takes_less_by_the_median_strikes_it(trainer, struck):
    line = line_of(candidate("floor-a", [1.0] * 7), trained("tf-epoch", trainer), trained("keras-fit", SLOW))
    assert line.struck == struck
    assert [over.trainer.key.implementation for over in line.undercut] == (["tf-epoch"] if struck else [])


def test_evaluation_is_not_held_against_the_floor():
    """Whole epochs take 0.75 s more: over the floor they would be far, while the training undercuts it."""
    assert line_of(candidate("floor-a", [1.0] * 7), trained("tf-epoch", [0.9] * 7)).struck


def test_a_wrong_trainer_strikes_nothing():
    wrong = trained("tf-epoch", [0.1] * 7, verified={"error": 1.0, "tolerance": 1e-4})
    assert not line_of(candidate("floor-a", [1.0] * 7), wrong).struck


def test_candidates_are_ranked_with_nobody():
    study = study_of(
        samples.document(
            [candidate("floor-a", FAST), trained("keras-fit", SLOW), trained("torch-loop", SLOW)]
        )
    )
    compared = compare(study, study.machines)
    assert [item.other.key.implementation for item in compared.implementations] == ["torch-loop"]
    assert sum(map(is_floor, study.measurements)) == 1


def told(*cells, **header):
    return to_markdown(build_report([read(samples.document(list(cells), **header), "a.json")]))


def test_a_floor_that_holds_is_told_with_who_is_nearest():
    text = told(
        candidate("floor-a", FAST),
        candidate("floor-b", SLOW),
        trained("keras-fit", [8.0] * 7),
        trained("tf-epoch", [2.5] * 7),
    )
    assert "is no trainer: 1.00 s an epoch" in text
    assert "in each round the fastest of 2 candidates" in text
    assert "tf-epoch is nearest to it" in text
    assert "No trainer was below it in any round." in text
    rows = [[part.strip() for part in line.split("|")] for line in text.splitlines()]
    (row,) = (row for row in rows if row[1:2] == ["floor-a"])
    assert row[4:6] == ["4", "7"]
    assert not [row for row in rows if row[1:2] == ["floor-a"] and "faster" in row]


def test_a_struck_floor_bounds_nothing_in_any_sentence_or_plot():
    cells = [
        candidate("floor-a", [1.0] * 7),
        trained("keras-fit", [8.0] * 7),
        trained("tf-epoch", [0.8] * 7),
        trained("jax-scan", [9.0] * 7, division="tuned"),
    ]
    text = told(*cells)
    assert "The floor on cpu:0 is none, and struck" in text
    assert "The floor on cpu:0 is none and struck: the training of tf-epoch takes ×0.800" in text
    assert "dashed line" not in text
    assert "of the floor, the matrix products alone" not in text
    rows = [line for line in text.splitlines() if line.startswith("| tf-epoch") and "×0.800" in line]
    assert rows
    assert all("~~×0.800" in row for row in rows)


def test_the_shared_case_says_that_it_is_none():
    text = to_markdown(build_report([read_named(str(CASES / "own-below-floor.json"))]))
    assert "No trainer can be faster" not in text
    assert "is none and struck: the training of tf-epoch takes ×0.839" in text


def test_the_best_rate_is_of_the_run_s_own_products_on_that_device():
    cells = [
        trained("keras-fit", [2.0] * 7, flop=1e9),
        candidate("floor-a", [1.0] * 7, flop=1e9),
        *(
            samples.cell("matmul", name, device, {"size": 100, "dtype": dtype}, [seconds] * 7, flop=2e9)
            for name, device, dtype, seconds in (
                ("mine", "cpu:0", "float32", 0.5),
                ("other precision", "cpu:0", "float64", 0.1),
                ("other device", "gpu:0", "float32", 0.1),
            )
        ),
        samples.cell(
            "matmul",
            "wrong",
            "cpu:0",
            {"size": 100, "dtype": "float32"},
            [0.1] * 7,
            flop=2e9,
            verified={"error": 1.0, "tolerance": 1e-5},
        ),
    ]
    elsewhere = samples.cell(
        "matmul", "later", "cpu:0", {"size": 100, "dtype": "float32"}, [0.2] * 7, flop=2e9
    )
    study = study_of(samples.document(cells), samples.document([elsewhere], run_id="another"))
    item = next(item for item in study.of("training") if item.key.implementation == "keras-fit")
    rate = best_product_rate(study, item)
    assert rate is not None
    assert (rate.flop_per_second, rate.source) == (pytest.approx(4e9), "mine, 100 float32")
    assert utilisation(item, rate) == pytest.approx(1e9 / 2.0 / 4e9)
    # The search for the machine's best is a product, too; another precision or device is none of its own.
    found = [
        {"device": device, "precision": precision, "flop_per_second": rate, "source": "by jax"}
        for device, precision, rate in (
            ("cpu:0", "float32", 5e9),
            ("cpu:0", "float64", 9e9),
            ("gpu:0", "float32", 9e9),
        )
    ]
    study = study_of(samples.document(cells, measured_ceilings=found))
    item = next(item for item in study.of("training") if item.key.implementation == "keras-fit")
    rate = best_product_rate(study, item)
    assert (rate.flop_per_second, rate.source) == (5e9, "by jax")


def test_candidates_alone_are_no_measure_of_the_machine():
    """Small products that wait for their launches reach 1.5 of 67 TFLOP/s: by them a training would use 90 %."""
    cells = [trained("keras-fit", [2.0] * 7, flop=1e12), candidate("floor-a", [1.8] * 7, flop=1e12)]
    study = study_of(samples.document(cells))
    item = next(item for item in study.of("training") if item.key.implementation == "keras-fit")
    assert best_product_rate(study, item) is None
    own = Ceiling(67e12, "NVIDIA H200 datasheet")
    on_gpu = replace(item, key=replace(item.key, device="gpu:0"), ceiling=own)
    rate = best_product_rate(study, on_gpu)
    assert (rate.flop_per_second, rate.source, rate.measured) == (67e12, "NVIDIA H200 datasheet", False)
    assert utilisation(on_gpu, rate) == pytest.approx(1e12 / 2.0 / 67e12)
    of_any = replace(on_gpu, ceiling=Ceiling(67e12, "the highest known", of_device=False))
    assert best_product_rate(study, of_any) is None


def test_a_rate_that_is_surpassed_is_no_bound():
    product = samples.cell("matmul", "numpy", "cpu:0", {"size": 9, "dtype": "float32"}, [1.0] * 7, flop=1e9)
    text = told(product, trained("keras-fit", [8.0] * 7, flop=1e9), trained("tf-epoch", [0.8] * 7, flop=1e9))
    assert "That is no bound: tf-epoch's training reaches 125.0 % of this rate." in text
    assert "utilisation" not in text
    (row,) = (line for line in text.splitlines() if line.startswith("| keras-fit") and "12.5 %" in line)
    assert "~~12.5 %~~" in row


def test_a_minimum_of_noisy_candidates_is_below_each_of_them():
    """Told as it is: a bound may be low, never high."""
    rng = np.random.default_rng(3)
    noisy = [[float(x) for x in rng.lognormal(0, 0.05, 29)] for _ in range(5)]
    cells = [candidate(f"floor-{n}", seconds) for n, seconds in enumerate(noisy)]
    line = line_of(*cells, trained("tf-epoch", [1.2] * 29))
    assert line.fastest.samples == list(np.min(noisy, axis=0))
    assert line.trainers[0].rounds_below == 0


def test_who_takes_as_long_as_the_floor_is_not_below_it():
    line = line_of(candidate("floor-a", FAST), trained("tf-epoch", FAST), trained("keras-fit", SLOW))
    assert (line.undercut, line.struck) == ((), False)
    over = next(over for over in line.trainers if over.trainer.key.implementation == "tf-epoch")
    assert (over.estimate.ratio, over.rounds_below, over.rounds) == (1.0, 0, 7)
    assert line.over(over.trainer) is over
    assert line.over(line.candidates[0]) is None


def test_a_floor_in_doubt_bounds_nothing():
    wrong = candidate("floor-a", [1.0] * 7, verified={"error": 1.0, "tolerance": 1e-4})
    line = line_of(wrong, trained("keras-fit", SLOW))
    assert (line.undercut, line.struck) == ((), True)


def test_who_takes_no_time_stands_in_no_relation_to_it():
    idle = trained("tf-epoch", [0.0] * 7, flop=None)
    line = line_of(candidate("floor-a", FAST), idle, trained("keras-fit", SLOW))
    assert [over.trainer.key.implementation for over in line.trainers] == ["keras-fit"]


def test_no_floor_no_line():
    assert floor_lines(study_of(samples.document([trained("keras-fit", SLOW)]))) == ()


class TestBestRate:
    TRAINER = trained("keras-fit", [2.0] * 7, flop=1e9)

    @staticmethod
    def product(name, seconds, **extra):
        axes = {"size": 100, "dtype": "float32"}
        return samples.cell("matmul", name, "cpu:0", axes, [seconds] * 7, **{"flop": 2e9} | extra)

    def best(self, *cells):
        study = study_of(samples.document([self.TRAINER, *cells]))
        item = next(item for item in study.of("training") if item.key.implementation == "keras-fit")
        return best_product_rate(study, item)

    def test_a_candidate_for_the_floor_may_be_the_best(self):
        rate = self.best(self.product("mine", 0.5), candidate("floor-a", [0.2] * 7, flop=1e9))
        assert (rate.flop_per_second, rate.source, rate.measured) == (pytest.approx(5e9), "floor-a", True)

    def test_another_trainer_is_no_product(self):
        rate = self.best(self.product("mine", 0.5), trained("tf-epoch", [0.1] * 7, flop=1e9))
        assert (rate.flop_per_second, rate.source) == (pytest.approx(4e9), "mine, 100 float32")

    def test_nor_is_what_was_not_waited_for_or_does_not_tell_its_work_or_takes_no_time(self):
        rate = self.best(
            self.product("mine", 0.5),
            self.product("not waited for", 0.1, timing="unsynchronised", synchronised_median_seconds=0.1),
            self.product("no work", 0.1, flop=None),
            self.product("no time", 0.0),
        )
        assert rate.flop_per_second == pytest.approx(4e9)
        assert rate.source.startswith("mine, 100 float32")  # of the set of what was waited for

    def test_nor_another_kernel(self):
        other = samples.cell("eigen", "eigh", "cpu:0", {"size": 9, "dtype": "float32"}, [0.1] * 7, flop=2e9)
        rate = self.best(self.product("mine", 0.5), other)
        assert rate.source == "mine, 100 float32"

    def test_a_data_sheet_is_read_of_a_gpu_alone(self):
        study = study_of(samples.document([self.TRAINER]))
        (item,) = study.measurements
        own = Ceiling(67e12, "NVIDIA H200 datasheet")
        on_gpu = replace(item, key=replace(item.key, device="gpu:0"), ceiling=own)
        assert best_product_rate(study, on_gpu).source == "NVIDIA H200 datasheet"
        assert best_product_rate(study, replace(on_gpu, ceiling=None)) is None
        assert best_product_rate(study, replace(item, ceiling=own)) is None

    def test_utilisation_is_unknown_without_a_rate_or_a_count_of_the_work(self):
        rate = self.best(self.product("mine", 0.5))
        study = study_of(samples.document([self.TRAINER, trained("tf-epoch", [1.0] * 7, flop=None)]))
        counted, uncounted = study.measurements
        assert utilisation(counted, rate) == pytest.approx(0.125)
        assert utilisation(uncounted, rate) is None
        assert utilisation(counted, None) is None


class TestWhatIsSaidOfIt:
    UNPROVEN = trained("tf-epoch", [0.5] * 7, unproven="nobody knows what it trains")

    def test_who_may_train_another_network_strikes_no_floor(self):
        line = line_of(candidate("floor-a", [1.0] * 7), self.UNPROVEN, trained("keras-fit", SLOW))
        assert (line.undercut, line.struck, line.surely_undercut) == ((), False, False)
        assert [over.trainer.key.implementation for over in line.proven] == ["keras-fit"]
        assert [over.estimate.ratio for over in line.trainers] == pytest.approx([0.5, 2.0])

    def test_nor_is_it_nearest_or_above_it(self):
        text = told(candidate("floor-a", [1.0] * 7), self.UNPROVEN, trained("keras-fit", SLOW))
        assert "keras-fit is nearest to it: its training takes ×2.00" in text
        assert "below it" not in text
        rows = [line for line in text.splitlines() if line.startswith("| tf-epoch") and "×0.500" in line]
        assert rows
        assert all("~~×0.500" in row for row in rows)

    def test_with_it_alone_nobody_is_nearest(self):
        text = told(candidate("floor-a", [1.0] * 7), self.UNPROVEN)
        assert "is no trainer: 1.00 s an epoch" in text
        assert "nearest" not in text

    @pytest.mark.parametrize(
        ("launches", "surely"),
        [([0] * 3 + [1] * 4, "they were."), ([0] * 7, "they were, unless that is chance.")],
    )
    def test_of_one_launch_it_is_not_sure_that_products_can_be_done_faster(self, launches, surely):
        cells = [
            candidate("floor-a", [1.0] * 7, launch_numbers=launches),
            trained("tf-epoch", [0.8] * 7, launch_numbers=launches),
        ]
        assert line_of(*cells).surely_undercut is (len(set(launches)) > 1)
        assert f"So they can be done faster than {surely}" in told(*cells)

    def test_a_wrong_candidate_is_none_of_those_it_is_the_fastest_of(self):
        wrong = candidate("floor-b", [0.1] * 7, verified={"error": 1.0, "tolerance": 1e-4})
        text = told(candidate("floor-a", [1.0] * 7), wrong, trained("keras-fit", SLOW))
        assert "for the matrix products of the training alone, by one candidate alone." in text

    def test_without_numbers_of_rounds_there_is_no_fastest_of_each(self):
        cells = [candidate("floor-a", [1.0] * 7), candidate("floor-b", [1.5] * 7), trained("keras-fit", SLOW)]
        for cell in cells:
            cell["extra_info"]["round_numbers"] = None
        text = told(*cells)
        assert "training alone, the fastest of 2 candidates by its median. keras-fit is nearest" in text
        assert "below it" not in text

    @pytest.mark.parametrize(
        "doubt",
        [{"verified": {"error": 1.0, "tolerance": 1e-4}}, {"unproven": "nobody knows what it trains"}],
    )
    def test_a_rate_is_surpassed_by_nobody_who_may_have_left_out_the_products(self, doubt):
        axes = {"size": 9, "dtype": "float32"}
        product = samples.cell("matmul", "numpy", "cpu:0", axes, [1.0] * 7, flop=1e9)
        skips = trained("tf-epoch", [0.8] * 7, flop=1e9, **doubt)
        text = told(product, trained("keras-fit", [8.0] * 7, flop=1e9), skips)
        assert "keras-fit's training reaches 12.5 % of this rate, the most of all" in text
        assert "That is no bound" not in text
        assert "~~12.5 %~~" not in text
