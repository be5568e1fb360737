"""Runs and measurements figure by figure: samples, launches, what disturbed them, what is thought of them."""

from __future__ import annotations

import math

import pytest
from report_by_hand import cell, file, head, measured, plain, run_of, training

from likeforlike.reports.read.schema.cells import (
    Disturbed,
    Energy,
    Launch,
    LaunchFigure,
    State,
    Verified,
)
from likeforlike.reports.read.schema.runs import Declared, DeclaredAxis
from likeforlike.reports.read.summaries import Summary
from likeforlike.reports.sort.measured.measurements import Run, grouped, size_name, size_of

RIGHT, WRONG = Verified(error=0.5, tolerance=0.5), Verified(error=0.75, tolerance=0.5)


def held_up(*rounds, reason="stolen"):
    return tuple(Disturbed(number, reason) for number in rounds)


def unsaved(seconds=1.0, rounds=None):
    """A cell whose file holds a summary in place of samples."""
    return cell(samples=(), fields={"median_seconds": seconds, "saved_summary": Summary(rounds=rounds)})


class TestRuns:
    def test_its_number_is_that_of_its_repetition(self):
        assert (run_of(cell(axes={"run": 3})).number, run_of(cell()).number) == (3, 0)

    def test_whether_its_rounds_are_numbered(self):
        assert run_of(cell(round_numbers=(0, 1, 2))).numbered
        assert not run_of(cell()).numbered

    @pytest.mark.parametrize(
        ("one", "numbers", "tells"),
        [
            (cell(fields={"launches": (7, 7, 8)}, launch_numbers=(0, 1, 1)), (7, 7, 8), True),
            (cell(launch_numbers=(2, 1, 1)), (2, 1, 1), True),
            (cell(), (0, 0, 0), True),
            (plain(), (0, 0, 0), False),
            (plain(launches=(4, 4, 5)), (4, 4, 5), True),
        ],
    )
    def test_of_which_launch_each_sample_is(self, one, numbers, tells):
        run = run_of(one, digest="d")
        assert (run.launch_numbers, run.tells_launches) == (numbers, tells)
        assert run.units == tuple(("d", 0, number) for number in dict.fromkeys(numbers))

    def test_quiet_samples_are_those_of_the_other_rounds(self):
        run = run_of(cell(round_numbers=(5, 6, 7), disturbed=held_up(6, 9)))
        assert run.disturbed_rounds == {6, 9}
        assert run.quiet_samples == [1.0, 4.0]
        assert run_of(cell()).quiet_samples == [1.0, 2.0, 4.0]
        assert run_of(cell(disturbed=held_up(0))).quiet_samples == [2.0, 4.0]


def crowd(*launches, state=None):
    """A cell of as many launches, each with its sentences."""
    told = tuple(Launch(launch=n, disturbances=texts) for n, texts in enumerate(launches))
    count = max(len(launches), 1)
    return cell(
        samples=(1.0,) * count,
        launch_numbers=tuple(range(count)),
        launches=told,
        state=None if state is None else State(disturbances=state),
    )


class TestCrowded:
    @pytest.mark.parametrize(
        ("text", "large"),
        [
            ("others used 20 % of it", True),
            ("others used 19.9% of it", False),
            ("others used 5 % and then 40 % and 3 % of it", True),
            ("others used 10 %", False),
            ("another process on the GPU", True),
            ("it rained", False),
        ],
    )
    def test_a_fifth_of_the_machine_is_much_and_on_a_gpu_whatever_it_is(self, text, large):
        assert run_of(crowd((text,))).crowded_launches == ({0: text} if large else {})

    def test_each_launch_has_its_own_and_the_first_that_is_large_is_told(self):
        run = run_of(crowd((), ("5 %", "30 %", "90 %"), ("1 %",), state=("80 %",)))
        assert run.crowded_launches == {1: "30 %"}

    def test_what_is_told_of_the_whole_is_told_of_all_launches(self):
        assert run_of(crowd((), (), state=("80 %",))).crowded_launches == {0: "80 %", 1: "80 %"}
        assert run_of(cell(state=State(disturbances=("80 %",)))).crowded_launches == {0: "80 %"}
        assert run_of(cell()).crowded_launches == {}

    @pytest.mark.parametrize(
        ("launches", "told"),
        [
            (((),), ""),
            ((("30 %",),), "30 %"),
            ((("30 %",), ()), ""),
            ((("30 %",), ("50 %",)), "50 % in 2 of 2 launches"),
            ((("50 %",), (), ("30 %",)), "50 % in 2 of 3 launches"),
            ((("50 %",), ("on the GPU",)), "on the GPU in 2 of 2 launches"),
            ((("100 %",), ("on the GPU",)), "100 % in 2 of 2 launches"),
        ],
    )
    def test_a_figure_is_crowded_where_most_launches_were(self, launches, told):
        assert measured(crowd(*launches)).crowded == told

    def test_launches_of_all_runs_count(self):
        runs = [run_of(crowd(("30 %",), ()), digest="a"), run_of(crowd(("40 %",), ("60 %",)), digest="b")]
        item = measured(*runs)
        assert (item.crowded, item.launches) == ("60 % in 3 of 4 launches", 4)
        assert measured(runs[0], runs[0]).launches == 2


class TestSamples:
    @pytest.mark.parametrize(
        ("disturbed", "told", "samples"),
        [
            ((), "", [1.0, 2.0, 4.0, 8.0]),
            ((3,), "", [1.0, 2.0, 4.0]),
            ((0, 3), "", [2.0, 4.0]),
            ((0, 1, 3), "3 of 4 samples disturbed: stolen", [1.0, 2.0, 4.0, 8.0]),
            ((0, 1, 2, 3), "4 of 4 samples disturbed: stolen", [1.0, 2.0, 4.0, 8.0]),
        ],
    )
    def test_disturbed_ones_are_left_out_unless_most_were(self, disturbed, told, samples):
        item = measured(cell(samples=(1.0, 2.0, 4.0, 8.0), disturbed=held_up(*disturbed)))
        assert (item.disturbed, item.samples) == (told, samples)

    def test_two_of_five_are_few(self):
        item = measured(cell(samples=(1.0, 2.0, 4.0, 8.0, 16.0), disturbed=held_up(0, 1, 2)))
        assert item.disturbed == "3 of 5 samples disturbed: stolen"

    def test_samples_of_all_runs_count_together_and_three_reasons_are_told(self):
        """Two of six are quiet."""
        runs = [
            cell(disturbed=(Disturbed(0, "a"), Disturbed(1, "b"))),
            cell(disturbed=(Disturbed(1, "b"), Disturbed(0, "c"), Disturbed(7, "d"))),
        ]
        item = measured(*runs)
        assert item.disturbed == "4 of 6 samples disturbed: a; b; c"
        assert item.samples == [1.0, 2.0, 4.0] * 2

    def test_the_median_is_of_the_samples_and_of_summaries_without(self):
        assert measured(cell(samples=(1.0, 2.0, 9.0), fields={"median_seconds": 5.0})).median_seconds == 2.0
        assert measured(cell(disturbed=held_up(0))).median_seconds == 3.0
        assert measured(unsaved(3.0), unsaved(4.0), unsaved(8.0)).median_seconds == 4.0

    def test_rounds_are_counted_saved_or_not_if_all_are_told(self):
        assert measured(cell(), cell()).rounds == 6
        assert measured(cell(), unsaved(rounds=7)).rounds == 10
        assert measured(cell(), unsaved()).rounds is None


class TestFigures:
    @pytest.mark.parametrize("figure", ["peak_memory_bytes", "device_peak_memory_bytes"])
    def test_the_most_memory_of_any_run_that_tells_it(self, figure):
        name = {"device_peak_memory_bytes": "peak_device_memory_bytes"}.get(figure, figure)
        runs = [cell(**{figure: count}) for count in (3, None, 7, 0)]
        assert getattr(measured(*runs), name) == 7
        assert getattr(measured(runs[3]), name) == 0
        assert getattr(measured(runs[1]), name) is None

    def test_the_median_wait_of_those_that_tell_it(self):
        runs = [cell(waiting_seconds=seconds) for seconds in (None, 1.0, 5.0, 2.0)]
        assert measured(*runs).waiting_seconds == 2.0
        assert measured(runs[0]).waiting_seconds is None
        assert measured(cell(waiting_seconds=0.0)).waiting_seconds == 0.0

    def test_the_median_of_all_launch_costs_of_a_kind(self):
        runs = [
            cell(launch_cost={"events": LaunchFigure(seconds=(1.0, 9.0))}),
            cell(launch_cost={"events": LaunchFigure(seconds=(4.0,)), "replayed": LaunchFigure()}),
            cell(),
        ]
        item = measured(*runs)
        assert item.launch_seconds("events") == 4.0
        assert item.launch_seconds("replayed") is None
        assert item.launch_seconds("back_to_back") is None

    def test_joules_are_the_middle_of_the_runs_between_the_least_and_the_most(self):
        told = [
            Energy(joules_per_sample=4.0, low=3.0, high=6.0),
            Energy(not_measurable="no counter"),
            None,
            Energy(joules_per_sample=2.0),
            Energy(joules_per_sample=9.0, low=8.0),
        ]
        item = measured(*(cell(energy=energy) for energy in told))
        assert item.energies == [told[0], told[3], told[4]]
        assert item.joules == (4.0, 2.0, 9.0)
        assert measured(cell(energy=told[0])).joules == (4.0, 3.0, 6.0)
        assert measured(cell(energy=told[1])).joules is None

    @pytest.mark.parametrize(
        ("figure", "field"),
        [("flop_per_second", "flop"), ("bytes_per_second", "bytes_moved"), ("items_per_second", "items")],
    )
    def test_rates_are_of_counted_work_in_some_time(self, figure, field):
        told = {field: 6.0}
        assert getattr(measured(cell(samples=(2.0,), **told)), figure) == 3.0
        assert getattr(measured(cell(samples=(2.0,), **told), whole=True), figure) is None
        assert getattr(measured(cell(samples=(2.0,))), figure) is None
        assert getattr(measured(cell(samples=(0.0,), **told)), figure) is None
        assert getattr(measured(cell(samples=(2.0,), **{field: 0.0})), figure) is None

    def test_the_first_run_describes_it(self):
        item = measured(cell(group="first"), cell(group="second"), cell(group="third"))
        assert item.extra.group == "first"
        assert not item.whole

    def test_variables_of_all_runs_are_known(self):
        item = measured(cell(environment={"A": "1"}), cell(environment={"A": "1", "B": "2"}))
        assert item.environment == {"A": "1", "B": "2"}


class TestThought:
    @pytest.mark.parametrize(
        ("checks", "verified", "wrong"),
        [
            ((RIGHT,), True, ""),
            ((RIGHT, RIGHT), True, ""),
            ((RIGHT, None), False, ""),
            ((None,), False, ""),
            ((RIGHT, WRONG), False, "error 0.75, tolerance 0.5"),
            ((Verified(error=math.nan, tolerance=0.5),), False, "error nan, tolerance 0.5"),
        ],
    )
    def test_every_answer_was_checked_and_none_is_off(self, checks, verified, wrong):
        item = measured(*(cell(verified=check) for check in checks))
        assert (item.verified, item.wrong) == (verified, wrong)
        assert item.refuted == (f"wrong answer: {wrong}" if wrong else "")
        assert item.trusted is verified

    def test_what_can_t_be_true_comes_before_what_is_wrong(self):
        item = measured(cell(verified=WRONG), implausible=("too fast", "flat"))
        assert item.refuted == item.doubt == "implausible: too fast"
        assert measured(cell(verified=RIGHT), implausible=("too fast",)).trusted is False

    def test_doubts_in_their_order(self):
        disturbed, held = "disturbed: 3 of 3 samples disturbed: stolen", held_up(0, 1, 2)
        proof = "no proof"
        assert measured(cell(verified=RIGHT)).doubt == ""
        assert measured(cell(disturbed=held)).doubt == disturbed
        assert measured(cell(disturbed=held, unproven=proof)).doubt == "unproven: no proof"
        assert measured(cell(unproven=proof, verified=WRONG)).doubt == (
            "wrong answer: error 0.75, tolerance 0.5"
        )
        assert not measured(cell(disturbed=held, verified=RIGHT)).trusted

    def test_the_first_run_that_is_unproven_tells_why(self):
        assert measured(cell(), cell(unproven="b"), cell(unproven="c")).unproven == "b"
        assert measured(cell()).unproven == ""

    def test_calls_that_are_not_proven_are_told_unless_of_a_floor(self):
        fine = [cell(), cell(timed_calls="proven"), cell(timed_calls="not proven: a floor trains nothing")]
        assert measured(*fine).unproven_calls == ""
        why = "not proven: the answer did not follow"
        assert measured(*fine, cell(timed_calls=why)).unproven_calls == f"timed calls {why}"
        assert measured(training(timed_calls=why)).unproven_calls == f"timed epochs {why}"


class TestSizes:
    DECLARED = Declared("mine", "kernel", axes=(DeclaredAxis("dtype"), DeclaredAxis("rows", size=True)))

    def item(self, **axes):
        one = cell(workload="mine", axes=axes)
        return measured(Run(file(one, header=head(workloads={"mine": self.DECLARED})), one))

    def test_the_size_is_of_the_declared_axis(self):
        assert (self.item().kind, self.item().declared) == ("kernel", self.DECLARED)
        assert size_name(self.item()) == "rows"
        assert size_of(self.item(rows=4, size=9)) == 4.0
        assert size_of(self.item(rows=0.5)) == 0.5

    @pytest.mark.parametrize("size", ["8", True, None])
    def test_what_is_no_number_is_no_size(self, size):
        assert size_of(self.item(rows=size)) == size_of(self.item()) == 0.0

    def test_without_a_declaration_the_axis_is_called_size(self):
        item = measured(cell(workload="nobody's", axes={"size": 3}))
        assert (size_name(item), size_of(item), item.kind) == ("size", 3.0, "")


def test_values_by_key_in_the_order_of_the_keys():
    assert grouped([("b", 1), ("a", 2), ("b", 3)]) == {"b": [1, 3], "a": [2]}
    assert list(grouped([("b", 1), ("a", 2)])) == ["b", "a"]
