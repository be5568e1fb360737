"""``--against``: which cells are held against which, what is said of the others, and what fails."""

from __future__ import annotations

import math

import pytest
import report_samples as samples
from report_launched import cell, file, steady

from likeforlike.reports.judge.limits import Limits, parse_limits
from likeforlike.reports.judge.regressions import Lost, check_against
from likeforlike.reports.statistics.launches import (
    ASSUMED_FREEDOM,
    ASSUMED_RUN_SPREAD,
    ASSUMED_SPREAD,
)

OTHER = samples.fingerprint("b" * 12)
THIRD = samples.fingerprint("d" * 12)


def against(before, now, limits=None, only=(), **files):
    """The outcome of one file against another, each a list of cells."""
    old = before if isinstance(before, tuple) else (file("before.json", *before, run_id="before"),)
    new = file("now.json", *now, **{"run_id": "now"} | files)
    return check_against(old, [new], limits, only)


class TestPairs:
    def test_each_cell_is_held_against_the_one_of_its_name(self):
        before = [cell("a", steady(0.01)), cell("gone", steady(0.05)), cell("b", steady(0.02))]
        before += [cell("lost", steady(0.05))]
        now = [cell("b", steady(0.03)), cell("a", steady(0.04)), cell("new", steady(0.05))]
        lost = {"cell": "matmul-lost-cpu:0-500-float32", "outcome": "failed", "reason": "no memory"}
        outcome = against(before, now, unmeasured=[lost])
        assert {c.name: (c.before.median_seconds, c.now.median_seconds) for c in outcome.checks} == {
            "matmul b cpu:0 500 float32": (0.02, 0.03),
            "matmul a cpu:0 500 float32": (0.01, 0.04),
        }
        assert outcome.remarks == (
            "matmul new cpu:0 500 float32: not in the base",
            "matmul gone cpu:0 500 float32: only in the base",
            "matmul lost cpu:0 500 float32: now failed, no memory",
        )

    def test_other_work_is_no_pair(self):
        before = [cell("a", steady(0.01), flop=1e6), cell("b", steady(0.01), size=900, flop=1e6)]
        now = [cell("a", steady(0.01), flop=2e6), cell("b", steady(0.01), size=900, flop=1e6)]
        outcome = against(before, now)
        assert [c.now.key.implementation for c in outcome.checks] == ["b"]
        assert outcome.remarks == (
            "matmul a cpu:0 500 float32: not the same work (operations 1,000,000 and 2,000,000)",
        )

    def test_what_takes_no_time_has_no_ratio(self):
        before = [cell("a", steady(0.0)), cell("b", steady(0.01)), cell("c", steady(0.01))]
        now = [cell("a", steady(0.01)), cell("b", steady(0.0)), cell("c", steady(0.01))]
        outcome = against(before, now)
        assert [c.now.key.implementation for c in outcome.checks] == ["c"]
        assert outcome.remarks == tuple(
            f"matmul {name} cpu:0 500 float32: takes no time, so that there is no ratio" for name in "ab"
        )

    def test_what_tells_of_the_machine_alone_is_no_cell(self):
        twins = [cell(name, steady(0.01), workload="noise") for name in ("twin-a", "twin-b")]
        outcome = against([cell("a", steady(0.01)), *twins], [cell("a", steady(0.01)), *twins])
        assert [c.name for c in outcome.checks] == ["matmul a cpu:0 500 float32"]
        with pytest.raises(ValueError, match=r"^--against: the files have no cell .* that can be compared$"):
            against(twins, twins)

    def test_no_cell_in_common_is_an_error_that_says_why(self):
        with pytest.raises(ValueError, match=r"compared \(matmul b cpu:0 500 float32: not in the base\)$"):
            against([cell("a", steady(0.01))], [cell("b", steady(0.01))])

    @pytest.mark.parametrize(
        ("only", "names"), [(["*numpy*"], ["numpy"]), (["*numpy*", "*jax*"], ["numpy", "jax"])]
    )
    def test_only_what_a_pattern_names(self, only, names):
        cells = [cell(name, steady(0.01)) for name in ("numpy", "torch", "jax")]
        outcome = against(cells, cells, only=only)
        assert [c.now.key.implementation for c in outcome.checks] == names
        assert outcome.remarks == ()

    @pytest.mark.parametrize("pattern", ["*keras*", "noise*"])
    def test_a_pattern_that_names_no_cell_is_an_error(self, pattern):
        cells = [cell("numpy", steady(0.01)), cell("twin-a", steady(0.01), workload="noise")]
        with pytest.raises(ValueError, match="^--only "):
            against(cells, cells, only=[pattern])
        with pytest.raises(ValueError, match="^--fail-if-slower "):
            against(cells, cells, parse_limits([f"{pattern}=7%"]))

    def test_a_pattern_may_name_what_either_side_has(self):
        before, now = ([cell("numpy", steady(0.01)), cell(name, steady(0.01))] for name in ("old", "new"))
        for name in ("old", "new"):
            assert against(before, now, parse_limits([f"*{name}*=7%"])).checks

    def test_limits(self):
        cells = [cell("numpy", steady(0.01)), cell("jax", steady(0.01))]
        assert [c.limit for c in against(cells, cells).checks] == [0.05, 0.05]
        given = Limits(0.2, (("*jax*", 0.3),))
        assert [c.limit for c in against(cells, cells, given).checks] == [0.2, 0.3]


class TestMachines:
    CELLS = (cell("a", steady(0.01)),)

    def test_of_one_base_machine_any_other_is_held_against_it(self):
        outcome = against(self.on(OTHER), self.CELLS)
        assert len(outcome.checks) == 1
        blas = "openblas 0.3.29"
        assert outcome.remarks == (
            f"the machines differ (BLAS {blas} bbbbbbbbbbbb and {blas} SkylakeX): "
            "what differs above may be theirs",
        )

    def test_of_several_base_machines_none_that_is_not_its_own(self):
        with pytest.raises(ValueError, match=r"\(matmul a cpu:0 500 float32: not in the base\)"):
            against(self.on(OTHER, THIRD), self.CELLS)

    def test_of_several_its_own(self):
        own = file("own.json", cell("a", steady(0.02)), run_id="own")
        outcome = against((*self.on(OTHER), own), self.CELLS)
        assert [c.before.median_seconds for c in outcome.checks] == [0.02]
        assert outcome.remarks == (
            "the machines differ (BLAS openblas 0.3.29 bbbbbbbbbbbb and openblas 0.3.29 SkylakeX): "
            "what differs above may be theirs",
        )

    def test_of_three_it_is_not_told_in_what_they_differ(self):
        own = file("own.json", cell("a", steady(0.02)), run_id="own")
        outcome = against((*self.on(OTHER, THIRD), own), self.CELLS)
        assert outcome.remarks == ("the machines differ: what differs above may be theirs",)

    def test_where_a_file_names_no_processor(self):
        unnamed = samples.fingerprint("b" * 12, {"model": None})
        outcome = against(self.on(unnamed), self.CELLS)
        assert outcome.remarks == (
            "the files do not say what processor they were measured on: what differs may be the machine's",
        )

    def test_the_base_itself_tells_nothing_new(self):
        base = file("base.json", *self.CELLS)
        outcome = check_against([base], [base])
        assert outcome.remarks == ("base.json is the base itself: nothing new was measured",)

    @staticmethod
    def on(*machines):
        return tuple(
            file(f"{n}.json", cell("a", steady(0.05)), machine=machine, run_id=f"run-{n}")
            for n, machine in enumerate(machines)
        )


def gap(name, outcome="failed", cell="matmul-{}-cpu:0-500-float32"):
    """A cell of this run that gave no figure."""
    return {"cell": cell.format(name), "outcome": outcome, "reason": "no memory"}


class TestLost:
    A = Lost("matmul-a-cpu:0-500-float32", "failed", "no memory")

    def test_what_was_tried_in_vain_is_lost_and_what_was_left_out_is_told_alone(self):
        before = [cell(name, steady(0.01)) for name in "abcd"]
        gaps = [gap("b", "wrong-answer"), gap("c", "skipped"), gap("new")]
        outcome = against(before, before[:1], unmeasured=gaps)
        assert outcome.lost == (Lost("matmul-b-cpu:0-500-float32", "wrong-answer", "no memory"),)
        assert outcome.remarks == (
            "matmul b cpu:0 500 float32: now wrong-answer, no memory",
            "matmul c cpu:0 500 float32: now skipped, no memory",
            "matmul d cpu:0 500 float32: only in the base",
        )

    def test_where_all_have_a_figure_nothing_is(self):
        assert against([cell("a", steady(0.01))], [cell("a", steady(0.01))]).lost == ()

    @pytest.mark.parametrize(("only", "lost"), [("matmul-a-*", (A,)), ("matmul-b-*", ())])
    def test_cells_that_nobody_asks_for_are_none(self, only, lost):
        before = [cell(name, steady(0.01), size) for name in "ab" for size in (500, 600)]
        now = [before[1], *before[2:]]
        assert against(before, now, only=[only], unmeasured=[gap("a")]).lost == lost

    @pytest.mark.parametrize(("outcome", "lost"), [("failed", (A,)), ("interrupted", ())])
    def test_another_file_makes_good_what_a_run_did_not_reach_and_no_failure(self, outcome, lost):
        cells = [cell(name, steady(0.01)) for name in "ab"]
        good = file("good.json", *cells, run_id="good")
        bad = file("bad.json", cells[1], run_id="bad", unmeasured=[gap("a", outcome)])
        told = check_against([file("base.json", *cells, run_id="base")], [good, bad])
        assert told.lost == lost
        assert ("matmul-a-cpu:0-500-float32: now failed, no memory" in told.remarks) == bool(lost)

    def test_what_no_file_of_the_machine_reached_is_lost_and_once_though_two_say_so(self):
        cells = [cell(name, steady(0.01)) for name in "ab"]
        gaps = [gap("a", "interrupted")]
        one, two = (file(f"{n}.json", cells[1], run_id=n, unmeasured=gaps) for n in ("one", "two"))
        elsewhere = file("other.json", *cells, machine=OTHER, run_id="other")
        told = check_against([file("base.json", *cells, run_id="base")], [one, two, elsewhere])
        assert told.lost == (Lost("matmul-a-cpu:0-500-float32", "interrupted", "no memory"),)

    def test_a_base_of_one_machine_serves_all_and_of_several_each_its_own(self):
        a, b = cell("a", steady(0.01)), cell("b", steady(0.01))
        alone = (file("other.json", a, b, machine=OTHER, run_id="other"),)
        assert against(alone, [b], unmeasured=[gap("a")]).lost == (self.A,)
        several = (*alone, file("own.json", b, run_id="own"))
        assert against(several, [b], unmeasured=[gap("a")]).lost == ()

    def test_each_run_of_a_training_counts(self):
        noise = samples.Noise(1)
        runs = [samples.training("keras-fit", samples.RECIPE, run, noise, 1.0, 9) for run in (0, 1)]
        name = "training-keras-fit-cpu:0-matched-1"
        outcome = against(runs, runs[:1], unmeasured=[gap("", cell=name)])
        assert outcome.lost == (Lost(name, "failed", "no memory"),)
        assert f"{name}: now failed, no memory" in outcome.remarks

    def test_where_nothing_can_be_compared_it_is_the_reason(self):
        told = r"compared \(matmul-a-cpu:0-500-float32: now failed, no memory\)$"
        with pytest.raises(ValueError, match=told):
            against([cell("a", steady(0.01))], [cell("b", steady(0.01))], unmeasured=[gap("a")])


def quantile(name, calls, **extra):
    """A cell asked on p99, with so many timed calls."""
    told = [{"launch": 0, "seconds": [0.01] * calls}]
    return cell(name, steady(0.01), **{"statistic": "p99", "call_times": told} | extra)


WRONG = {"verified": {"error": 1.0, "tolerance": 0.1}}
TOUCHED = {"environment": {"OMP": "1"}}
WRONG_TEXT = "wrong answer: error 1, tolerance 0.1"
TOUCHED_TEXT = "measured in unlike environments: OMP not set, then 1"


class TestDoubts:
    @pytest.mark.parametrize(
        ("before", "now", "doubt"),
        [
            ({}, {}, ""),
            ({}, TOUCHED, TOUCHED_TEXT),
            ({}, WRONG, WRONG_TEXT),
            (WRONG, {}, WRONG_TEXT),
            (WRONG, TOUCHED | WRONG, TOUCHED_TEXT),
        ],
    )
    def test_why_no_verdict_is_given(self, before, now, doubt):
        cells = [[cell("a", steady(0.01), **extra), cell("b", steady(0.01))] for extra in (before, now)]
        first, second = against(*cells).checks
        assert (first.doubt, second.doubt) == (doubt, "")

    def test_too_few_calls_for_the_quantile(self):
        outcome = against([quantile("a", 40)], [quantile("a", 400)])
        assert outcome.checks[0].doubt == "p99 needs 368 calls a launch, 40 were timed"
        assert against([quantile("a", 400)], [quantile("a", 400)]).checks[0].doubt == ""

    @pytest.mark.parametrize(("count", "cells"), [(1, "1 cell"), (2, "2 cells")])
    def test_what_withholds_nothing_is_told_with_how_many_cells(self, count, cells):
        before = [
            quantile(name, 400, statistic="p50" if n < count else "p99") for n, name in enumerate("abc")
        ]
        outcome = against(before, [quantile(name, 400) for name in "abc"])
        assert outcome.remarks == (f"asked on p50 and on p99, compared by p99 in {cells}",)
        assert outcome.hindrances == {}


class TestAmongMany:
    """A cell of one launch 12 % slower: 0.113 over √(0.02² + 2 · 0.025²) = 0.041 is p = 0.01 by itself."""

    @staticmethod
    def words(others, **extra):
        before = [cell(f"e{n}", steady(0.01)) for n in range(others)]
        wrong = [cell(f"w{n}", steady(0.01), **WRONG) for n in range(30 if extra.get("wrong") else 0)]
        slowed = [cell("slowed", steady(seconds)) for seconds in (0.01, 0.0112)]
        outcome = against([slowed[0], *before, *wrong], [slowed[1], *before, *wrong])
        return outcome, {c.now.key.implementation: c.verdict for c in outcome.checks}

    def test_alone_it_is_slower_and_among_twenty_it_may_be_chance(self):
        _, alone = self.words(0)
        assert alone["slowed"].word == "slower"
        _, among = self.words(19)
        assert among["slowed"].word == "unclear"
        assert among["slowed"].reason.startswith("may be chance among 20 comparisons")

    def test_those_in_doubt_are_no_comparisons(self):
        outcome, found = self.words(0, wrong=True)
        assert found["slowed"].word == "slower"
        assert {found[f"w{n}"].word for n in range(30)} == {"unclear"}
        assert len(outcome.judged) == 1

    def test_together_count_those_that_were_judged(self):
        sizes = (500, 600, 700)
        before = [cell("a", steady(0.01), size) for size in sizes]
        now = [cell("a", steady(0.01), size, **(WRONG if size == 700 else {})) for size in sizes]
        (joint,) = against(before, now).together
        assert [one.now.key.axis["size"] for one in joint.cells] == [500, 600]
        assert joint.verdict.word == "unclear"


ASSUMED = 2.0 * ASSUMED_RUN_SPREAD["kernels"] ** 2
"""Variance that two runs add to a log-ratio, as long as they show nothing themselves."""


class TestBetweenRuns:
    """What two runs differ by is taken from their own cells where there are six that were launched twice."""

    LAUNCHED = ([0.01] * 8, [0.01002] * 8)

    def cells(self, count, **extra):
        return [cell(f"e{n}", self.LAUNCHED, **extra) for n in range(count)]

    @staticmethod
    def fixed(before, now=None):
        outcome = against(before, now or before)
        return {c.now.key.implementation: c.verdict.estimate.fixed_variance for c in outcome.checks}

    def test_of_six_that_are_all_as_they_were(self):
        shown = ASSUMED_FREEDOM * ASSUMED_RUN_SPREAD["kernels"] ** 2 / (ASSUMED_FREEDOM + 6)
        assert list(self.fixed(self.cells(6)).values()) == pytest.approx([2.0 * shown] * 6)

    def test_of_six_that_moved_by_their_median_distance_from_1(self):
        """Logs of 0.01 but for one of 0.5: 1.4826 times 0.01, of which either run has half the square."""
        moved = [*[math.exp(0.01)] * 3, *[math.exp(-0.01)] * 2, math.exp(0.5)]
        now = [
            cell(f"e{n}", [[factor * s for s in rounds] for rounds in self.LAUNCHED])
            for n, factor in enumerate(moved)
        ]
        own = (1.4826 * 0.01) ** 2 / 2.0
        shown = (ASSUMED_FREEDOM * ASSUMED_RUN_SPREAD["kernels"] ** 2 + 6 * own) / (ASSUMED_FREEDOM + 6)
        assert list(self.fixed(self.cells(6), now).values()) == pytest.approx([2.0 * shown] * 6)

    def test_of_five_nothing(self):
        assert list(self.fixed(self.cells(5)).values()) == pytest.approx([ASSUMED] * 5)

    def test_launched_once_a_cell_does_not_count(self):
        once = [*self.cells(5), cell("once", steady(0.01))]
        assert list(self.fixed(once).values()) == pytest.approx([ASSUMED] * 6)

    def test_nor_does_one_in_doubt(self):
        before, now = self.cells(6), [*self.cells(5), cell("e5", self.LAUNCHED, **WRONG)]
        assert list(self.fixed(before, now).values()) == pytest.approx([ASSUMED] * 6)

    def test_nor_one_of_another_device(self):
        cells = [cell(f"e{n}", self.LAUNCHED, device="gpu:0" if n < 3 else "cpu:0") for n in range(6)]
        assert list(self.fixed(cells).values()) == pytest.approx([ASSUMED] * 6)


class TestEstimate:
    SHAKEN = ([0.01] * 8, [0.0104] * 8, [0.0098] * 8)

    @pytest.mark.parametrize("launched", ["before", "now"])
    def test_one_launch_goes_by_what_either_run_s_launches_show(self, launched):
        """Of two entrants one ratio, whose launches lie log 1.04 and log 0.98 from the first."""
        many = [cell("numpy", steady(0.01, 3)), cell("jax", self.SHAKEN)]
        once = [cell("numpy", steady(0.01)), cell("jax", steady(0.01))]
        outcome = against(*((many, once) if launched == "before" else (once, many)))
        logs = [0.0, math.log(1.04), math.log(0.98)]
        variance = sum((log - sum(logs) / 3) ** 2 for log in logs) / 2
        for one in outcome.checks:
            assert not one.verdict.estimate.spread_assumed
            assert one.verdict.estimate.spread == pytest.approx(math.sqrt(variance + ASSUMED))

    def test_without_any_it_goes_by_what_is_assumed_whatever_the_files_call_their_run(self):
        now = [cell("numpy", steady(0.01))]
        (one,) = against(now, now, run_id="before").checks
        estimate = one.verdict.estimate
        assert (estimate.paired, estimate.spread_assumed) == (False, True)
        assert estimate.spread == pytest.approx(math.sqrt(ASSUMED_SPREAD["kernels"] ** 2 + ASSUMED))


def noisy(low, high):
    return {"noise": {"aa_interval": [low, high], "aa_ratio": 1.0, "aa_pairs": 40}}


class TestThreshold:
    CELLS = (cell("numpy", steady(0.01)),)

    @pytest.mark.parametrize(
        ("before", "now", "threshold"),
        [
            ({}, {}, 0.02),
            (noisy(0.8, 1.0), {}, 0.25),
            ({}, noisy(1.0, 1.3), 0.3),
            (noisy(0.8, 1.0), noisy(1.0, 1.3), 0.3),
            (noisy(0.5, 1.0), noisy(1.0, 1.3), 1.0),
        ],
    )
    def test_is_the_wider_noise_of_the_two_runs(self, before, now, threshold):
        old = (file("before.json", *self.CELLS, run_id="before", **before),)
        (one,) = against(old, self.CELLS, **now).checks
        assert one.verdict.threshold == pytest.approx(threshold)

    @pytest.mark.parametrize(("seconds", "threshold"), [(0.014, 0.4), (0.008, 0.25)])
    def test_or_what_the_twins_moved_by_between_them(self, seconds, threshold):
        before = [*self.CELLS, cell("twin-a", steady(0.01), workload="noise")]
        now = [*self.CELLS, cell("twin-a", steady(seconds), workload="noise")]
        (one,) = against(before, now).checks
        assert one.verdict.threshold == pytest.approx(threshold)
