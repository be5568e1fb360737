"""Launches and twins through whole studies: what is sure, what is not, and what the report says of it."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import report_samples as samples
from report_hostile import read
from report_studies import study_of
from scipy import stats

from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.judge.estimates import estimate_ratio
from likeforlike.reports.judge.grounds import Grounds
from likeforlike.reports.judge.regressions import check_against
from likeforlike.reports.sort.beside_time.units import paired_by_launch
from likeforlike.reports.statistics.launches import ASSUMED_RUN_SPREAD, ASSUMED_SPREAD, ROUNDS_A_SESSION
from likeforlike.reports.statistics.moderated_variance import pooled_spread
from likeforlike.reports.tell.regression_text import outcome_text
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

AXES = {"size": 500, "dtype": "float32"}
ROUNDS = 8


def product(name, times, launches=1, **extra):
    """A product's cell, its rounds in so many launches, one after the other."""
    numbers = [launches * n // len(times) for n in range(len(times))]
    extra = {"group": "g", "flop": 2.5e8, "launch_numbers": numbers, "launches": []} | extra
    return samples.cell("matmul", name, "cpu:0", AXES, [float(t) for t in times], **extra)


def entrants(seed, launches, effect=0.02, noise=0.005, **seconds):
    """Cells in turns, each launch of each with an effect of its own."""
    rng = np.random.default_rng(seed)
    cells = []
    for name, base in seconds.items():
        own = np.repeat(rng.normal(0.0, effect, launches), ROUNDS)
        times = base * np.exp(own + rng.normal(0.0, noise, own.size))
        extra = {"role": "twin", "twin_of": "numpy"} if name == "twin" else {}
        cells.append(product("numpy-twin" if name == "twin" else name, times, launches, **extra))
    return cells


def document(cells, **header):
    return samples.document(cells, **({"noise": None} | header))


def compared(*documents):
    study = study_of(*documents)
    return {item.other.key.implementation: item for item in compare(study, study.machines).implementations}


class TestLaunches:
    def test_a_unit_is_a_launch(self):
        study = study_of(document(entrants(1, 3, numpy=0.01, jax=0.012)))
        base, other = study.measurements
        pairs = paired_by_launch(base, other)
        assert [len(found) for found in pairs.values()] == [ROUNDS] * 3
        (item,) = compare(study, study.machines).implementations
        logs = [np.median([math.log(b / a) for a, b in found]) for found in pairs.values()]
        estimate = item.verdict.estimate
        assert math.log(estimate.ratio) == pytest.approx(np.mean(logs))
        assert (estimate.launches, estimate.pairs, estimate.assumed) == (3, 3 * ROUNDS, False)

    def test_a_difference_over_launches_is_sure(self):
        item = compared(document(entrants(2, 5, numpy=0.01, jax=0.013)))["jax"]
        assert (item.word, item.sure, item.unsure) == ("slower", True, "")

    def test_of_one_launch_nothing_is_sure_and_the_table_says_why(self):
        made = document(entrants(3, 1, numpy=0.01, jax=0.013))
        item = compared(made)["jax"]
        assert (item.word, item.sure, item.unsure) == ("slower", False, "measured in one launch")
        assert item.verdict.estimate.spread == pytest.approx(ASSUMED_SPREAD["kernels"])
        text = to_markdown(build_report([read(made, "a.json")]))
        assert ")°" in text
        assert (
            "° Not sure: measured in one launch, or by another tool; the interval is widened by how far "
            "launches lie apart (2.0 %, which is assumed)." in text
        )
        assert "nothing to conclude: measured in one launch" in text

    def test_one_launch_borrows_what_others_of_the_workload_show(self):
        others = entrants(4, 5, effect=0.05, numpy=0.02, jax=0.02, torch=0.02)
        for cell in others:
            cell["extra_info"] |= {"axes": AXES | {"size": 1000}, "group": "h"}
        made = document(entrants(5, 1, numpy=0.01, jax=0.013) + others)
        study = study_of(made)
        (item,) = (
            i for i in compare(study, study.machines).implementations if i.base.key.axis["size"] == 500
        )
        estimate = item.verdict.estimate
        assert (estimate.assumed, estimate.spread_assumed) == (True, False)
        assert 0.03 < estimate.spread < 0.15  # true: 0.05 times the root of two
        assert not item.sure

    def test_trainings_are_launched_by_runs(self):
        noise = samples.Noise(1)
        runs = [
            samples.training(name, samples.RECIPE, run, noise, seconds, 7)
            for run in range(3)
            for name, seconds in (("keras-fit", 5.0), ("torch-loop", 4.0))
        ]
        item = compared(samples.document(runs))["torch-loop"]
        assert item.verdict.estimate.launches == 3
        alone = compared(samples.document(runs[:2]))["torch-loop"]
        assert alone.verdict.estimate.spread == pytest.approx(ASSUMED_SPREAD["trainings"])


class TestRuns:
    """Files of one machine at different times, of three launches each, in which nothing moves."""

    def study(self, **seconds):
        count = len(next(iter(seconds.values())))
        return study_of(
            *(
                document(
                    [product(name, [times[run]] * 3 * ROUNDS, 3) for name, times in seconds.items()],
                    run_id=f"run {run}",
                )
                for run in range(count)
            )
        )

    def test_what_they_differ_by_is_in_the_interval(self):
        study = self.study(numpy=(0.01, 0.01, 0.01), jax=(0.012, 0.013, 0.014))
        estimate = estimate_ratio(*study.measurements, Grounds(study))
        logs = np.log([1.2, 1.3, 1.4])
        arm = stats.t.ppf(0.975, 2) * stats.sem(logs)
        assert (math.log(estimate.low), math.log(estimate.high)) == pytest.approx(
            (logs.mean() - arm, logs.mean() + arm)
        )
        assert (estimate.launches, estimate.freedom) == (9, 2.0)

    def test_files_that_tell_of_one_run_are_one(self):
        halves = [
            document([product(name, [seconds] * 3 * ROUNDS, 3) for name, seconds in pair], run_id="one")
            for pair in ([("numpy", 0.01), ("jax", 0.012)], [("numpy", 0.011), ("jax", 0.0143)])
        ]
        study = study_of(*halves)
        estimate = estimate_ratio(*study.measurements, Grounds(study))
        assert estimate.freedom == 5.0
        assert Grounds(study).ratio_run_spread(study.measurements[1]) is None

    def test_six_entrants_together_tell_how_far_runs_lie_apart(self):
        moved = np.exp(np.random.default_rng(3).normal(0.0, 0.03, (6, 3)))
        names = ("numpy", "jax", "torch", "tf-eager", "tf-graph", "tf-xla")
        study = self.study(**{name: tuple(0.01 * of) for name, of in zip(names, moved, strict=True)})
        grounds = Grounds(study)
        base, other = study.measurements[:2]
        spread = grounds.ratio_run_spread(other)
        assert spread.most == 10.0
        assert 0.5 < math.sqrt(spread.variance) / (0.03 * math.sqrt(2.0)) < 2.0
        assert estimate_ratio(base, other, grounds).freedom > 2.0

    def test_of_one_run_nothing_is_known_of_others(self):
        study = self.study(numpy=(0.01,), jax=(0.012,))
        assert Grounds(study).ratio_run_spread(study.measurements[1]) is None


class TestTwins:
    def made(self, twin=1.06, jax=1.05, launches=5):
        cells = entrants(6, launches, effect=0.001, numpy=0.01, jax=0.01 * jax, twin=0.01 * twin)
        return document(cells)

    def test_they_are_the_threshold_of_their_workload(self):
        item = compared(self.made())["jax"]
        assert item.verdict.threshold == pytest.approx(0.06, abs=0.01)
        assert item.word != "slower"
        assert compared(self.made(twin=1.0))["jax"].word == "slower"

    def test_a_burst_in_one_launch_of_a_twin_is_no_difference_between_copies(self):
        made = self.made(twin=1.0, launches=3)
        times = made["benchmarks"][-1]["stats"]["data"]
        made["benchmarks"][-1] = product(
            "numpy-twin",
            [1.3 * time for time in times[:ROUNDS]] + times[ROUNDS:],
            3,
            role="twin",
            twin_of="numpy",
        )
        assert compared(made)["jax"].verdict.threshold == pytest.approx(0.02)

    def test_of_another_workload_they_say_nothing(self):
        made = self.made()
        for cell in entrants(7, 5, effect=0.001, numpy=0.01, jax=0.0105):
            cell["extra_info"] |= {"workload": "mine", "group": "mine"}
            made["benchmarks"].append(cell)
        study = study_of(made)
        found = {i.base.key.workload: i for i in compare(study, study.machines).implementations}
        assert found["mine"].verdict.threshold == 0.02
        assert found["matmul"].verdict.threshold > 0.04

    def test_the_machines_interval_of_older_files_is_the_fallback(self):
        told = {"aa_interval": [0.9, 1.0], "aa_ratio": 0.95, "aa_pairs": 10}
        made = document(entrants(8, 5, numpy=0.01, jax=0.011), noise=told)
        assert compared(made)["jax"].verdict.threshold == pytest.approx(1 / 0.9 - 1)

    def test_they_are_never_ranked_but_told_with_the_noise(self):
        made = self.made()
        study = study_of(made)
        assert [item.key.implementation for item in study.twins] == ["numpy-twin"]
        assert {item.key.implementation for item in study.measurements} == {"numpy", "jax"}
        text = to_markdown(build_report([read(made, "a.json")]))
        assert "numpy-twin" not in text
        assert "matmul on cpu:0, a copy beside the original: numpy ×1.0" in text
        assert "over 5 launches" in text

    def test_in_pairs_each_is_held_against_the_one_that_it_took_turns_with(self):
        """A copy shares no round with the first: the group showed nothing. No two pairs share a process."""
        rng, launches = np.random.default_rng(6), 5
        logs = {"jax": rng.normal(0.1, 0.03, launches), "jax-twin": rng.normal(0.0, 0.05, launches)}
        numbers = [launch for launch in range(launches) for _ in range(ROUNDS)]
        base = np.full(launches * ROUNDS, 0.01)
        times = {name: base * np.exp(np.repeat(shifts, ROUNDS)) for name, shifts in logs.items()}
        pairs = {"first": [1000 * n + k for n in range(launches) for k in range(ROUNDS)]}
        pairs["second"] = [500 + number for number in pairs["first"]]
        told = {"round_numbers": pairs["second"], "launch_numbers": numbers, "disturbed": []}
        beside = {"matmul-jax-twin-cpu:0-500-float32": {"seconds": base.tolist(), **told}}
        of_twin = {"role": "twin", "twin_of": "jax", "round_numbers": pairs["second"]}
        made = document(
            [
                product("numpy", base, launches, round_numbers=pairs["first"]),
                product("jax", times["jax"], launches, round_numbers=pairs["first"], beside=beside),
                product("jax-twin", times["jax-twin"], launches, **of_twin),
            ]
        )
        study = study_of(made)
        spread = Grounds(study).ratio_spread(study.measurements[0])
        variances = [np.var(shifts, ddof=1) for shifts in logs.values()]
        expected = pooled_spread(variances, [launches - 1.0] * 2)
        assert spread.variance == pytest.approx(expected.variance)
        assert spread.most == 2 * (launches - 1)

    def test_their_launches_count_for_the_spread(self):
        with_twin, without = self.made(launches=3), self.made(launches=3)
        without["benchmarks"].pop()
        spreads = [
            Grounds(study_of(one)).ratio_spread(study_of(one).measurements[0]) for one in (with_twin, without)
        ]
        assert spreads[0].most == 4
        assert spreads[1].most == 2


class TestOthersUseTheMachine:
    BUSY = "other programs used 47 % of the processor"

    def test_then_nothing_is_sure_and_that_is_said(self):
        made = document(entrants(9, 5, numpy=0.01, jax=0.013))
        for cell in made["benchmarks"]:
            cell["extra_info"]["state"] = {"before": None, "disturbances": [self.BUSY]}
        item = compared(made)["jax"]
        assert (item.word, item.sure) == ("slower", False)
        assert self.BUSY in item.unsure
        text = to_markdown(build_report([read(made, "a.json")]))
        assert "2 cells measured while others used the machine" in text
        assert "no verdict on them is called sure" in text

    @pytest.mark.parametrize(("crowded", "sure"), [(1, True), (2, True), (3, False), (5, False)])
    def test_launch_by_launch_most_of_them_decide(self, crowded, sure):
        made = document(entrants(10, 5, numpy=0.01, jax=0.013))
        told = [{"launch": n, "disturbances": [self.BUSY] if n < crowded else []} for n in range(5)]
        for cell in made["benchmarks"]:
            cell["extra_info"]["launches"] = told
        assert compared(made)["jax"].sure == sure

    def test_a_small_share_is_none(self):
        made = document(entrants(11, 5, numpy=0.01, jax=0.013))
        for cell in made["benchmarks"]:
            cell["extra_info"]["state"] = {"disturbances": ["11% of processor time stolen"]}
        assert compared(made)["jax"].sure


class TestTold:
    """What a run says of how it came about."""

    @staticmethod
    def text(**told):
        made = document(entrants(9, 5, numpy=0.01, jax=0.013))
        for cell in made["benchmarks"]:
            info = cell["extra_info"]
            info |= told.get(info["implementation"], {})
        return to_markdown(build_report([read(made, "a.json")]))

    def test_what_was_measured_on_another_host(self):
        text = self.text(jax={"other_hosts": ["the host, elsewhere"]})
        assert "1 cell measured on the host, elsewhere, before the run was taken up here" in text
        assert "taken up here" not in self.text()

    def test_what_took_turns_in_pairs(self):
        turns = {"seconds": [0.01], "round_numbers": [1000], "launch_numbers": [0], "disturbed": []}
        text = self.text(numpy={"beside": {"matmul-jax-cpu:0-500-float32": turns}})
        assert "on cpu:0 fits into memory at once: each took turns with numpy alone" in text
        assert "into memory at once" not in self.text()


class TestGate:
    """``--against``: two runs at different times."""

    @staticmethod
    def run(seed, factor=1.0, launches=3, moved=0.02):
        """A run of its own time, on a machine that it finds faster or slower as a whole."""
        rng = np.random.default_rng(1000 + seed)
        now = math.exp(rng.normal(0.0, moved))
        made = document(
            entrants(seed, launches, numpy=0.01 * now * factor, jax=0.02 * now * factor), run_id=f"run-{seed}"
        )
        return read(made, f"{seed}.json")

    def test_the_same_code_never_fails_and_a_slow_down_of_fifteen_per_cent_does(self):
        runs = [self.run(seed) for seed in range(24)]
        same = [check_against([a], [b]).failing for a, b in pairwise(runs)]
        assert not any(same)
        slower = [check_against([runs[n]], [self.run(100 + n, 1.15)]).failing for n in range(24)]
        assert sum(map(bool, slower)) >= 0.9 * 24

    @staticmethod
    def many(seed, slowed=(), factor=1.15, apart=0.01, together=0.0):
        """A run of 40 products, each with an effect of the run's of its own."""
        rng = np.random.default_rng(2000 + seed)
        factors = {f"e{n}": math.exp(together + rng.normal(0.0, apart)) for n in range(40)}
        for name in slowed:
            factors[name] *= factor
        cells = entrants(seed, 3, 0.015, **{name: 0.01 * each for name, each in factors.items()})
        return read(document(cells, run_id=f"run-{seed}"), f"{seed}.json")

    def test_one_cell_of_many_that_became_slower_is_found(self):
        found, others = [], []
        for seed in range(20):
            failing = check_against([self.many(seed)], [self.many(50 + seed, ["e4"])]).failing
            names = [check.now.key.implementation for check in failing]
            found.append("e4" in names)
            others += [name for name in names if name != "e4"]
        assert sum(found) >= 18
        assert len(others) <= 2

    def test_all_that_became_slower_fail_and_a_machine_that_did_does_not(self):
        every = [f"e{n}" for n in range(40)]
        for seed in range(8):
            before = [self.many(seed)]
            assert len(check_against(before, [self.many(60 + seed, every)]).failing) >= 36
            drifted = check_against(before, [self.many(70 + seed, together=0.03)])
            assert len(drifted.failing) <= 1

    def test_what_would_settle_it_is_said(self):
        text = outcome_text(check_against([self.run(1)], [self.run(2, 1.06)]))
        assert "measure more launches of each, or both sides in one run" in text or (
            "measure both sides in one run, on a quieter machine" in text
        )

    BUSY = "other programs used 47 % of the processor"

    @classmethod
    def beside(cls, seed, crowded, factor=1.0):
        """A run of five launches, so many of which others took half the machine for."""
        made = document(entrants(seed, 5, numpy=0.01 * factor, jax=0.02), run_id=f"run-{seed}")
        told = [{"launch": n, "disturbances": [cls.BUSY] if n < crowded else []} for n in range(5)]
        for cell in made["benchmarks"]:
            cell["extra_info"]["launches"] = told
        return read(made, f"{seed}.json")

    @pytest.mark.parametrize(("before", "now", "launches"), [(0, 3, 3), (4, 0, 4), (5, 3, 3)])
    def test_what_fails_though_others_used_the_machine_is_said_to_be_not_sure(self, before, now, launches):
        outcome = check_against([self.beside(3, before)], [self.beside(4, now, 1.5)])
        assert [check.now.key.implementation for check in outcome.failing] == ["numpy"]
        text = outcome_text(outcome)
        assert f"SLOWER; not sure: others used the machine: {self.BUSY} in {launches} of 5 launches" in text
        assert "1 slower by more than 5.0 %, not sure." in text
        assert "same; not sure" not in text

    @pytest.mark.parametrize(("before", "now"), [(0, 0), (2, 1)])
    def test_what_fails_on_a_machine_left_alone_is_sure(self, before, now):
        text = outcome_text(check_against([self.beside(3, before)], [self.beside(4, now, 1.5)]))
        assert "SLOWER" in text
        assert "1 slower by more than 5.0 %." in text
        assert "not sure" not in text

    def test_one_launch_each_is_widened_by_what_runs_differ_by(self):
        outcome = check_against([self.run(3, launches=1)], [self.run(4, 1.5, launches=1)])
        estimate = outcome.checks[0].verdict.estimate
        kernels = math.hypot(ASSUMED_SPREAD["kernels"], math.sqrt(2) * ASSUMED_RUN_SPREAD["kernels"])
        assert estimate.spread == pytest.approx(kernels)
        assert outcome.failing
        assert "2 cells measured in one launch, or by another tool" in outcome_text(outcome)


@pytest.mark.parametrize("who", [0, 1])
def test_whose_timed_calls_prove_nothing_is_surely_nothing(who):
    """A Jacobian that was computed once and kept counts no operations, so that no ceiling finds it either."""
    cells = entrants(2, 5, numpy=0.01, jax=0.013)
    cells[who]["extra_info"]["timed_calls"] = "not proven: the kernel has no way to change its operands"
    made = document(cells)
    item = compared(made)["jax"]
    assert (item.word, item.sure) == ("slower", False)
    assert item.unsure == "timed calls not proven: the kernel has no way to change its operands"
    text = to_markdown(build_report([read(made, "a.json")]))
    assert "1 cell with timed calls not proven: the kernel has no way" in text
    assert "jax takes ×" not in text.split("## ")[1]
    for cell in cells:
        cell["extra_info"]["timed_calls"] = "proven"
    assert compared(document(cells))["jax"].sure


def test_whose_epochs_prove_nothing_is_surely_nothing_either():
    noise = samples.Noise(1)
    cells = [
        samples.training(name, samples.RECIPE | {"seed": run}, run, noise, seconds, 6)
        for run in range(4)
        for name, seconds in (("keras-fit", 5.0), ("jax-scan", 15.0))
    ]
    assert compared(samples.document(cells))["jax-scan"].sure
    for cell in cells:
        cell["extra_info"]["timed_calls"] = "not proven: the trainer doesn't tell its optimizer's steps"
    item = compared(samples.document(cells))["jax-scan"]
    assert (item.word, item.sure) == ("slower", False)
    assert item.unsure == "timed epochs not proven: the trainer doesn't tell its optimizer's steps"


def test_a_launch_that_a_burst_spoiled_is_left_out_and_told():
    cells = entrants(3, 10, effect=0.005, numpy=0.01, jax=0.0105, torch=0.01, tf=0.01)
    times = list(cells[1]["stats"]["data"])
    times[2 * ROUNDS : 3 * ROUNDS] = [1.5 * time for time in times[2 * ROUNDS : 3 * ROUNDS]]
    cells[1] = product("jax", times, 10)
    made = document(cells)
    item = compared(made)["jax"]
    assert (item.word, item.verdict.estimate.launches, item.verdict.estimate.left_out) == ("slower", 9, 1)
    assert item.verdict.estimate.low < 1.05 < item.verdict.estimate.high
    text = to_markdown(build_report([read(made, "a.json")]))
    assert "Launches that lay apart from the others, as a burst of another program makes them, were" in text
    assert "left out of 1 ratio (matmul jax" in text
    assert ": 1 of 10 launches)." in text


def test_three_identical_trainers_and_one_three_times_slower_in_one_run_of_seven_epochs():
    """Of seven epochs five are samples: the first is cold, the second warms up."""
    words = []
    for seed in range(20):
        noise = samples.Noise(seed)
        seconds = {"keras-fit": 5.0, "graph-loop": 5.0, "torch-loop": 5.0, "jax-scan": 15.0}
        # of the made-up files' trainings every epoch but the first is a sample
        cells = [samples.training(name, samples.RECIPE, 0, noise, each, 6) for name, each in seconds.items()]
        assert {len(cell["stats"]["data"]) for cell in cells} == {5}
        found = compared(samples.document(cells))
        words.append({name: item.word for name, item in found.items()})
    assert all(told["jax-scan"] == "slower" for told in words)
    alike = [word for told in words for name, word in told.items() if name != "jax-scan"]
    assert sum(word in ("same", "unclear") for word in alike) >= 0.95 * len(alike)


def without_pairs(restless, calm):
    """Of products on two devices in one run, whose launches differ so much: the GPU's over the processor's."""
    cells = []
    for device, effect, seconds in (("cpu:0", restless, 0.01), ("gpu:0", calm, 0.008)):
        mine = entrants(11, 3, effect, numpy=seconds, jax=seconds, torch=seconds, tf=seconds)
        for cell in mine:
            cell["extra_info"] |= {"device": device, "group": device}
            cell["extra_info"]["cell"] = cell["extra_info"]["cell"].replace("cpu:0", device)
        cells += mine
    study = study_of(document(cells))
    found = compare(study, study.machines).devices
    return {item.other.key.implementation: item.verdict.estimate for item in found}


def test_between_devices_either_one_s_launches_count():
    arms = [
        {name: math.log(e.high / e.low) for name, e in without_pairs(*effects).items()}
        for effects in ((0.05, 0.002), (0.002, 0.05), (0.002, 0.002))
    ]
    assert len(arms[0]) == 4
    for name in arms[0]:
        assert min(arms[0][name], arms[1][name]) > 5 * arms[2][name]


def test_a_group_with_entrants_enough_goes_by_its_own_spread():
    """Small sizes scatter more: what they show is no reason to doubt large ones."""
    restless = entrants(5, 4, effect=0.2, numpy=0.01, jax=0.01, torch=0.01, tf=0.01)
    calm = entrants(6, 4, effect=0.002, numpy=0.01, jax=0.01, torch=0.01, tf=0.01)
    for cell in calm:
        cell["extra_info"] |= {"axes": {"size": 2000, "dtype": "float32"}, "group": "h"}
    study = study_of(document([*restless, *calm]))
    grounds = Grounds(study)
    spreads = {item.key.axis["size"]: grounds.ratio_spread(item) for item in study.measurements}
    assert spreads[500].variance > 100 * spreads[2000].variance
    # of two entrants one group alone tells too little, and both go by what they show together
    few = study_of(document([*restless[:2], *calm[:2]]))
    grounds = Grounds(few)
    assert len({grounds.ratio_spread(item).variance for item in few.measurements}) == 1


class TestDevicesThatTookNoTurns:
    """A processor and a GPU, each measured in a group of its own: both at the same times."""

    GPUS = samples.fingerprint(gpus=[samples.A100])

    def run(self, seed, factor, sessions=(0, 0), launches=5):
        rng, cells = np.random.default_rng(seed), []
        for device, seconds, session in zip(("cpu:0", "gpu:0"), (0.1, 0.1 / factor), sessions, strict=True):
            times = seconds * np.exp(rng.normal(0.0, 0.002, launches * ROUNDS))
            rounds = [session * ROUNDS_A_SESSION + number for number in range(len(times))]
            more = {"launch_numbers": [number // ROUNDS for number in range(len(times))], "launches": []}
            cells.append(
                samples.cell(
                    "matmul", "mine", device, AXES, times.tolist(), flop=2.5e8, round_numbers=rounds, **more
                )
            )
        return samples.document(cells, self.GPUS, run_id=f"run-{seed}", noise=None)

    def of(self, *documents):
        study = study_of(*documents)
        (item,) = compare(study, study.machines).across_devices.values()
        return item, item.verdict.estimate

    def test_one_run_knows_the_ratio_as_well_as_its_launches(self):
        item, estimate = self.of(self.run(1, 20.0))
        assert (item.word, item.sure) == ("faster", True)
        assert estimate.high / estimate.low < 1.02

    def test_of_several_runs_how_far_they_lie_apart_is_in_the_interval(self):
        """By hand: Student's interval of three logs, ln 10, ln 20 and ln 40."""
        runs = [self.run(seed, factor) for seed, factor in enumerate((10.0, 20.0, 40.0))]
        _, estimate = self.of(*runs)
        reach = stats.t.ppf(0.975, 2) * math.log(2.0) / math.sqrt(3.0)
        assert 1 / estimate.ratio == pytest.approx(20.0, rel=0.01)
        assert 1 / estimate.low == pytest.approx(20.0 * math.exp(reach), rel=0.02)
        assert not estimate.paired

    def test_runs_that_agree_are_taken_to_differ_as_runs_do(self):
        _, estimate = self.of(*(self.run(seed, 20.0) for seed in range(3)))
        assert 1.02 < estimate.high / estimate.low < 1.2

    def test_a_session_that_was_resumed_is_another_time(self):
        (_, once), (_, resumed) = self.of(self.run(1, 20.0)), self.of(self.run(1, 20.0, (0, 1)))
        assert resumed.high / resumed.low > 1.1 > once.high / once.low
