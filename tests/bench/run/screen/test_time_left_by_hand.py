"""Seconds left, part by part, of a kernel and of a trainer whose parts take what was expected, or told so.

What experience makes of what took longer is taken from :class:`Experience`, which has tests of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_up_plan import kernel, training

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.run.screen.expectations import Evidence, Expectation, Experience
from likeforlike.bench.run.screen.time_left import TimeLeft, launches_to_come

KERNEL = ("w", "cpu:0", "a", "1")
CALL, SET_UP = 0.1, 0.5
OF_KERNEL = Expectation(KERNEL, "numpy", CALL, SET_UP, 0.0, None)
TRAINER = ("t", "cpu:0", "x", "0")
EPOCH, COMPILE, PLACED, PROOF = 3.0, 2.0, 0.6, 4.0
OF_TRAINER = Expectation(TRAINER, "numpy", EPOCH, PLACED, COMPILE, 4, PROOF)
START = 0.25
LIMITS = Limits(4, 2.0, None, 0.95)
TURN = 0.1 + 0.1 + 0.004
"""Waking takes a call, then comes the sample, and what telling it takes."""
WHOLE = START + (SET_UP + 0.3 + 1.0) + 2.0 + 0.21
"""A kernel: three calls, and as many as make up a second; rounds for all its time; two calls and 10 ms."""
TRAINED = START + PLACED + (EPOCH + COMPILE) + 3 * EPOCH + (0.1 + PROOF / 2)
"""A trainer of four epochs whose proof has two cores."""


def forecast(
    *cells: Cell, launches: int = 1, limits: Limits = LIMITS, expected: Any = None, **more: Any
) -> TimeLeft:
    of = [(cell, expected or (OF_KERNEL if cell.recipe is None else OF_TRAINER)) for cell in cells]
    return TimeLeft(of, {cell.id: launches for cell in cells}, limits, 2, **more)


def of_kernel(seen: Experience) -> dict[str, float]:
    """A kernel's parts, and below a trainer's, after what was seen."""
    c = seen.seconds(("call", *KERNEL), CALL)
    turn = max(0.02, c) + c + 0.004
    return {
        "start": seen.seconds(("start", "numpy"), START),
        "prepare": seen.seconds(("prepare", *KERNEL), SET_UP + 3 * c + max(c, min(1.0, 15 * c))),
        "rounds": max(4 * turn, 2.0),
        "finish": 0.01 + 2 * c,
    }


def of_trainer(seen: Experience) -> dict[str, float]:
    return {
        "start": seen.seconds(("start", "numpy"), START),
        "prepare": seen.seconds(("prepare", *TRAINER), PLACED),
        "epoch": seen.seconds(("epoch", *TRAINER), EPOCH),
        "compile": seen.seconds(("compile", *TRAINER), COMPILE),
        "finish": 0.1 + seen.seconds(("proof", "t", "cpu:0"), PROOF) / 2,
    }


STARTED = Evidence(("start", "numpy"), START, START)
PREPARED = Evidence(("prepare", *KERNEL), SET_UP + 1.3, SET_UP + 1.3)
MADE = Evidence(("prepare", *TRAINER), PLACED, PLACED)
FIRST = (
    Evidence(("epoch", *TRAINER), EPOCH, EPOCH, 0.6),
    Evidence(("compile", *TRAINER), COMPILE, COMPILE, 0.4),
)
WARM = Evidence(("epoch", *TRAINER), EPOCH, EPOCH)
"""What takes as long as expected tells that, too: it weighs beside what does not."""


def seen(*evidence: Evidence) -> Experience:
    known = Experience()
    for each in evidence:
        known.add(each)
    return known


class Run:
    """Tells a forecast what happens, on a clock of its own."""

    def __init__(self, time_left: TimeLeft, now: float = 1000.0) -> None:
        self.time_left, self.now = time_left, now

    def begin(self, *cells: Cell, load: float = START) -> None:
        self.time_left.begin(cells[0].group, self.now)
        for cell in cells:
            self.time_left.order(cell, "load", self.now)
        self.now += load

    def step(self, cell: Cell, name: Any, seconds: float, sample: float | None = None) -> None:
        self.time_left.order(cell, name, self.now)
        self.now += seconds
        self.time_left.answer(cell, self.now, sample)

    def left(self, later: float = 0.0) -> float:
        return self.time_left.seconds(self.now + later)

    def kernel(self, cell: Cell, rounds: int = 0, turn: float = TURN, sample: float = CALL) -> None:
        """From its start to the end of so many rounds."""
        self.begin(cell)
        self.step(cell, "prepare", SET_UP + 1.3)
        for _ in range(rounds):
            self.step(cell, "go", turn, sample)

    def trainer(self, cell: Cell, rounds: int = 0) -> None:
        """From its start to the end of so many warm epochs."""
        self.begin(cell)
        self.step(cell, "prepare", PLACED)
        self.step(cell, "go", EPOCH + COMPILE, EPOCH + COMPILE)
        for _ in range(rounds):
            self.step(cell, "go", EPOCH, EPOCH)


def near(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9)


A, B, T = kernel("a"), kernel("b"), training()


class TestToCome:
    def test_of_kernels_those_that_are_not_done_and_one_at_least(self):
        assert [launches_to_come(A, 3, done) for done in (0, 1, 2, 3, 5)] == [3, 2, 1, 1, 1]
        assert launches_to_come(A, 3) == 3

    def test_of_a_training_one(self):
        assert launches_to_come(T, 3) == 1


class TestKernel:
    def test_before_it_has_begun(self):
        assert forecast(A).seconds(0.0) == near(WHOLE)
        assert forecast(A, launches=3).seconds(0.0) == near(3 * WHOLE)
        assert forecast(A, kernel("b", 2)).seconds(0.0) == near(2 * WHOLE)

    def test_those_of_a_group_start_side_by_side(self):
        """Four imports of a quarter of a second on two cores take half a second."""
        assert forecast(A, B).seconds(0.0) == near(2 * WHOLE - START)
        cells = [kernel(name) for name in "abcd"]
        assert forecast(*cells).seconds(0.0) == near(4 * (WHOLE - START) + 0.5)

    def test_some_of_a_group_may_have_fewer_launches(self):
        of = [(A, OF_KERNEL), (B, OF_KERNEL)]
        for launches in ({A.id: 2, B.id: 1}, {A.id: 1, B.id: 2}):
            assert TimeLeft(of, launches, LIMITS, 2).seconds(0.0) == near(3 * WHOLE - START)

    def test_step_by_step(self):
        run = Run(forecast(A))
        run.begin(A, load=0.0)
        assert run.left() == near(WHOLE)
        assert run.left(0.125) == near(WHOLE - 0.125)
        run.now += START
        run.time_left.order(A, "prepare", run.now)
        assert run.left() == near(WHOLE - START)
        assert run.left(1.0) == near(WHOLE - START - 1.0)
        run.now += SET_UP + 1.3
        run.time_left.answer(A, run.now)
        assert run.left() == near(2.0 + 0.21)
        run.time_left.order(A, "go", run.now)
        assert run.left(0.125) == near(2.0 + 0.21 - 0.125)
        assert run.left(-0.5) == near(2.0 + 0.21), "no time is won back"
        run.now += TURN
        run.time_left.answer(A, run.now, CALL)
        assert run.left() == near(2.0 - TURN + 0.21)
        for _ in range(3):
            run.step(A, "go", TURN, CALL)
        assert run.left() == near(2.0 - 4 * TURN + 0.21)
        run.time_left.order(A, "finish", run.now)
        assert run.left(0.125) == near(2.0 - 4 * TURN + 0.21 - 0.125)
        run.time_left.end(A, run.now)
        assert run.left() == 0.0
        run.time_left.end_group(A.group, run.now)
        assert run.left() == 0.0

    def test_answers_to_loading_and_to_nothing_end_no_step(self):
        run = Run(forecast(A))
        run.begin(A, load=0.0)
        run.time_left.answer(A, run.now + 0.125)
        assert run.left() == near(WHOLE)
        run.now += START
        run.step(A, "prepare", SET_UP + 1.3)
        run.time_left.answer(A, run.now + 5.0)
        assert run.left() == near(2.21)

    def test_one_that_fails_in_its_turn_takes_its_part_with_it(self):
        """Until the next one is told what to do a quarter of what passes is added."""
        run = Run(forecast(A, B))
        run.begin(A, B)
        run.step(A, "prepare", SET_UP + 1.3)
        run.time_left.order(A, "go", run.now)
        run.time_left.end(A, run.now)
        assert run.left() == near(WHOLE - START)
        assert run.left(0.1) == near(WHOLE - START + 0.025)

    def test_rounds_go_on_for_the_fewest_at_least(self):
        few = Limits(20, 2.0, None, 0.95)
        assert forecast(A, limits=few).seconds(0.0) == near(WHOLE - 2.0 + 20 * TURN)
        run = Run(forecast(A, limits=few))
        run.kernel(A, rounds=15)
        assert run.left() == near(5 * TURN + 0.21)
        for _ in range(7):
            run.step(A, "go", TURN, CALL)
        assert run.left() == near(0.21)

    def test_as_precise_as_asked_they_end_before_the_time_is_used_up(self):
        """Eight tenths of what lies between the fewest rounds and all the time, before any has shown it."""
        precise = replace(LIMITS, precision=0.1)
        more = 2.0 - 4 * TURN
        assert forecast(A, limits=precise).seconds(0.0) == near(WHOLE - 0.2 * more)
        run = Run(forecast(A, B, launches=2, limits=precise))
        run.begin(A, B)
        run.step(A, "prepare", SET_UP + 1.3)
        for _ in range(6):
            run.step(A, "go", TURN, CALL)
        run.time_left.end_launch(A, run.now)
        # of that time it took two turns, which weighs as much as that time beside the one second
        share = (0.8 + 2 * TURN) / (1.0 + more)
        each = WHOLE - START - (1 - share) * more
        assert run.left() == near(each + 2 * each + START)

    def test_one_that_is_precise_with_fewer_than_the_fewest_rounds_used_no_more(self):
        precise = replace(LIMITS, precision=0.1)
        more = 2.0 - 4 * TURN
        run = Run(forecast(A, launches=2, limits=precise))
        run.kernel(A, rounds=2)
        run.time_left.end_launch(A, run.now)
        run.time_left.end_group(A.group, run.now)
        assert run.left() == near(WHOLE - (1 - 0.8 / (1.0 + more)) * more)

    def test_and_one_that_went_on_for_longer_than_its_time_used_it_all(self):
        precise = replace(LIMITS, precision=0.1)
        more = 2.0 - 4 * TURN
        run = Run(forecast(A, launches=2, limits=precise))
        run.kernel(A, rounds=20)
        run.time_left.end_launch(A, run.now)
        run.time_left.end_group(A.group, run.now)
        assert run.left() == near(WHOLE - (1 - (0.8 + more) / (1.0 + more)) * more)

    def test_where_the_fewest_rounds_take_all_the_time_nothing_is_learned_of_it(self):
        """The other has room for more: of that eight tenths still."""
        precise = replace(LIMITS, precision=0.1)
        slow = replace(OF_KERNEL, kind=("v", "cpu:0", "b", "1"), unit_seconds=0.5)
        run = Run(TimeLeft([(B, slow), (A, OF_KERNEL)], {A.id: 1, B.id: 1}, precise, 2))
        run.begin(B, A)
        run.step(B, "prepare", SET_UP + 1.5 + 1.0)
        for _ in range(4):
            run.step(B, "go", 1.004, 0.5)
        run.time_left.end_launch(B, run.now)
        assert run.left() == near(WHOLE - START - 0.2 * (2.0 - 4 * TURN))

    def test_many_timed_calls_a_turn(self):
        """Eighty calls of four rounds: twenty a turn, which are 2 s; a turn has half a second, if bound."""
        calls = replace(LIMITS, calls=80)
        turn = 0.1 + 0.5 + 0.004
        assert forecast(A, limits=calls).seconds(0.0) == near(WHOLE - 2.0 + 4 * turn)
        unbound = replace(calls, max_seconds=0.0)
        assert forecast(A, limits=unbound).seconds(0.0) == near(WHOLE - 2.0 + 4 * (0.1 + 2.0 + 0.004))
        slow = replace(OF_KERNEL, unit_seconds=0.75)
        # a call takes longer than a turn's share of the time
        expected = START + SET_UP + 2.25 + 1.0 + 4 * 1.504 + 1.51
        assert forecast(A, limits=calls, expected=slow).seconds(0.0) == near(expected)

    @pytest.mark.parametrize("rounds", [0, 1])
    def test_without_a_fewest_number_a_turn_is_one_of_one(self, rounds):
        """All ten calls are its own: a second, and 0.104 besides, of which 0.75 have gone by."""
        run = Run(forecast(A, limits=Limits(rounds, 2.0, None, 0.95, calls=10)))
        run.kernel(A)
        run.time_left.order(A, "go", run.now)
        assert run.left(0.75) == near(2.0 + 0.21 - 0.75)

    def test_short_calls_are_made_until_it_is_awake(self):
        """1 ms: 15 of them instead of a second's, and 20 ms until threads are awake."""
        short = replace(OF_KERNEL, unit_seconds=1e-3)
        limits = Limits(4, 0.0, None, 0.95)
        expected = START + SET_UP + 3e-3 + 15e-3 + 4 * (0.02 + 1e-3 + 0.004) + 0.01 + 2e-3
        assert forecast(A, limits=limits, expected=short).seconds(0.0) == near(expected)
        long = replace(OF_KERNEL, unit_seconds=3.0)
        expected = START + SET_UP + 9.0 + 3.0 + 4 * 6.004 + 6.01
        assert forecast(A, limits=limits, expected=long).seconds(0.0) == near(expected)

    def test_once_called_it_has_no_rounds(self):
        run = Run(forecast(A, once=True, sustain_seconds=30.0))
        assert run.left() == near(WHOLE - 2.0)
        run.kernel(A)
        assert run.left() == near(0.21)

    def test_its_own_samples_say_what_a_call_takes(self):
        """Samples of 0.2, 0.1 and 0.6 s: its last check takes two of their median."""
        run = Run(forecast(A))
        run.kernel(A)
        for sample in (0.2, 0.1, 0.6):
            run.step(A, "go", TURN, sample)
        assert run.left() == near(2.0 - 3 * TURN + 0.01 + 0.4)

    def test_without_a_sample_s_seconds_the_turn_s_count(self):
        run = Run(forecast(A))
        run.kernel(A)
        run.step(A, "go", TURN)
        assert run.left() == near(2.0 - TURN + 0.01 + 2 * TURN)


class TestTrainer:
    def test_step_by_step(self):
        run = Run(forecast(T))
        assert run.left() == near(TRAINED)
        run.begin(T)
        run.step(T, "prepare", PLACED)
        rest = 3 * EPOCH + 2.1
        assert run.left() == near(EPOCH + COMPILE + rest)
        run.time_left.order(T, "go", run.now)
        assert run.left(4.0 - 0.25) == near(EPOCH + COMPILE + rest - 3.75)
        run.now += EPOCH + COMPILE
        run.time_left.answer(T, run.now, EPOCH + COMPILE)
        assert run.left() == near(rest)
        run.time_left.order(T, "go", run.now)
        assert run.left(2.0) == near(rest - 2.0)
        run.now += EPOCH
        run.time_left.answer(T, run.now, EPOCH)
        assert run.left() == near(rest - EPOCH)
        run.step(T, "go", EPOCH, EPOCH)
        run.step(T, "go", EPOCH, EPOCH)
        assert run.left() == near(2.1)

    def test_once_made_it_has_no_epochs(self):
        assert forecast(T, once=True).seconds(0.0) == near(START + PLACED + 2.1)

    def test_a_long_first_epoch_is_laid_on_its_two_parts_alike(self):
        """Twice as long: of its five seconds three were an epoch's, two compiling's."""
        run = Run(forecast(T, training("u", 1)))
        run.begin(T)
        run.step(T, "prepare", PLACED)
        run.step(T, "go", 10.0, 10.0)
        long = (
            Evidence(("epoch", *TRAINER), 3.0, 6.0, 0.6),
            Evidence(("compile", *TRAINER), 2.0, 4.0, 0.4),
        )
        parts = of_trainer(seen(STARTED, MADE, *long))
        new = parts["start"] + parts["prepare"] + 4 * parts["epoch"] + parts["compile"] + parts["finish"]
        assert run.left() == near(3 * parts["epoch"] + parts["finish"] + new)

    def test_a_long_warm_epoch_is_an_epoch_s_alone(self):
        run = Run(forecast(T))
        run.trainer(T)
        run.step(T, "go", 6.0, 6.0)
        parts = of_trainer(seen(STARTED, MADE, *FIRST, Evidence(("epoch", *TRAINER), 3.0, 6.0)))
        assert run.left() == near(2 * parts["epoch"] + parts["finish"])

    def test_a_warm_epoch_that_takes_longer_than_it_should_tells_so_before_it_ends(self):
        """2.6 s of 3, which are expected to become 3.25."""
        run = Run(forecast(T))
        run.trainer(T)
        run.time_left.order(T, "go", run.now)
        parts = of_trainer(seen(STARTED, MADE, *FIRST, Evidence(("epoch", *TRAINER), 3.0, 3.25)))
        this = max(parts["epoch"] - 2.6, 0.65)
        assert run.left(2.6) == near(this + 2 * parts["epoch"] + parts["finish"])

    def test_its_epochs_are_evidence_once(self):
        """What ends a launch of kernels adds what their samples say; epochs have said it already."""
        run = Run(forecast(T, training("u", 1)))
        run.trainer(T)
        run.step(T, "go", 6.0, 6.0)
        run.time_left.end(T, run.now)
        parts = of_trainer(seen(STARTED, MADE, *FIRST, Evidence(("epoch", *TRAINER), 3.0, 6.0)))
        new = parts["start"] + parts["prepare"] + 4 * parts["epoch"] + parts["compile"] + parts["finish"]
        assert run.left() == near(new)


class TestProof:
    def proving(self, *more: Cell) -> tuple[Run, Cell, Cell]:
        """Two trainers of a group that have trained, and are about to be proven."""
        first, second = training("t"), training("u")
        run = Run(forecast(first, second, *more))
        run.begin(first, second)
        for cell in (first, second):
            run.step(cell, "prepare", PLACED)
            run.step(cell, "go", EPOCH + COMPILE)
            for _ in range(3):
                run.step(cell, "go", EPOCH)
        return run, first, second

    def test_those_of_a_group_run_side_by_side(self):
        run, first, second = self.proving()
        assert run.left() == near(4.2)
        run.time_left.order(first, "finish", run.now)
        run.now += 1.0
        run.time_left.order(second, "finish", run.now)
        assert run.left() == near(3.2)
        assert run.left(2.0) == near(1.2)
        assert run.left(-3.0) == near(4.2), "no time is won back"
        # of 4.2 s four have gone by: a quarter of what they took follows
        assert run.left(3.0) == near(1.0)
        assert run.left(5.0) == near(1.5)
        run.now += 2.0
        run.time_left.end(first, run.now)
        assert run.left() == near(2.1)
        assert run.left(1.0) == near(1.1)
        run.now += 1.0
        run.time_left.end(second, run.now)
        assert run.left() == 0.0

    def test_how_long_they_took_tells_of_others_of_the_same_network(self):
        """Two proofs of 4 s on two cores were to take 4 s, and took 8."""
        run, first, second = self.proving(training("v", 1))
        for cell in (first, second):
            run.time_left.order(cell, "finish", run.now)
        run.now += 8.0
        for cell in (first, second):
            run.time_left.end(cell, run.now)
        run.time_left.end_group(first.group, run.now)
        before = (STARTED, *[MADE, *FIRST, WARM, WARM, WARM] * 2)
        parts = of_trainer(seen(*before, Evidence(("proof", "t", "cpu:0"), 4.0, 8.0)))
        new = parts["start"] + parts["prepare"] + 4 * parts["epoch"] + parts["compile"] + parts["finish"]
        assert run.left() == near(new)

    def test_only_those_that_still_live_are_proven(self):
        run, first, second = self.proving()
        run.time_left.end(first, run.now)
        run.time_left.order(second, "finish", run.now)
        assert run.left(1.0) == near(1.1)

    def test_a_floor_that_ends_before_the_others_begins_none(self):
        """Its proof is its own; the trainer beside it has an epoch to come, and then its proof."""
        floor = training("floor", entrant={"role": "floor"})
        of = [(floor, replace(OF_TRAINER, proof_seconds=0.0)), (T, OF_TRAINER)]
        run = Run(TimeLeft(of, {floor.id: 1, T.id: 1}, LIMITS, 2))
        run.begin(floor, T)
        for cell in (floor, T):
            run.step(cell, "prepare", PLACED)
            run.step(cell, "go", EPOCH + COMPILE)
            for _ in range(2):
                run.step(cell, "go", EPOCH)
        run.time_left.order(floor, "finish", run.now)
        run.now += 0.0625
        run.time_left.end(floor, run.now)
        assert run.left() == near(EPOCH + 2.1)
        run.step(T, "go", EPOCH)
        run.time_left.order(T, "finish", run.now)
        assert run.left(1.0) == near(1.1)

    def test_trainers_that_are_called_once_are_proven_side_by_side_too(self):
        first, second = training("t"), training("u")
        run = Run(forecast(first, second, once=True))
        run.begin(first, second)
        for cell in (first, second):
            run.step(cell, "prepare", PLACED)
        for cell in (first, second):
            run.time_left.order(cell, "finish", run.now)
        assert run.left(3.0) == near(1.2)

    def test_a_kernel_s_last_check_is_none(self):
        run = Run(forecast(A, launches=2))
        run.kernel(A, rounds=4)
        run.step(A, "finish", 0.21)
        run.time_left.end_launch(A, run.now)
        run.time_left.end_group(A.group, run.now)
        assert run.left() == near(WHOLE)


class TestLearning:
    def test_of_a_start_that_took_longer(self):
        run = Run(forecast(A))
        run.begin(A, load=1.0)
        run.time_left.order(A, "prepare", run.now)
        parts = of_kernel(seen(Evidence(("start", "numpy"), START, 1.0)))
        assert run.left() == near(parts["prepare"] + parts["rounds"] + parts["finish"])

    def test_of_preparing_that_took_longer(self):
        run = Run(forecast(A))
        run.begin(A)
        run.step(A, "prepare", 3.6)
        parts = of_kernel(seen(STARTED, Evidence(("prepare", *KERNEL), 1.8, 3.6)))
        assert run.left() == near(parts["rounds"] + parts["finish"])

    def test_what_was_guessed_tells_of_its_own_workload_alone(self):
        guessed = replace(OF_KERNEL, guessed=True)
        run = Run(forecast(A, expected=guessed))
        run.begin(A)
        run.step(A, "prepare", 3.6)
        parts = of_kernel(seen(STARTED, Evidence(("prepare", *KERNEL), 1.8, 3.6, apart=True)))
        assert run.left() == near(parts["rounds"] + parts["finish"])

    def test_of_samples_once_a_launch_has_ended(self):
        """Six of 0.2 s, where calls were expected to take half of that."""
        run = Run(forecast(A, launches=2))
        run.kernel(A, rounds=6, sample=0.2)
        run.time_left.end_launch(A, run.now)
        run.time_left.end_launch(A, run.now)
        run.time_left.end_group(A.group, run.now)
        samples = Evidence(("call", *KERNEL), 6 * CALL, 6 * 0.2)
        parts = of_kernel(seen(STARTED, PREPARED, samples))
        assert run.left() == near(sum(parts.values()))

    def test_of_what_an_earlier_session_has_measured(self):
        time_left = forecast(A)
        time_left.remember(B, OF_KERNEL, CellRecord(B.id, "measured"))
        assert time_left.seconds(0.0) == near(WHOLE)
        time_left.remember(B, OF_KERNEL, CellRecord(B.id, "measured", seconds=[0.5, 0.2, 0.1]))
        parts = of_kernel(seen(Evidence(("call", *KERNEL), 3 * CALL, 3 * 0.2)))
        assert time_left.seconds(0.0) == near(sum(parts.values()))
        time_left = forecast(T)
        time_left.remember(T, OF_TRAINER, CellRecord(T.id, "measured", seconds=[6.0]))
        parts = of_trainer(seen(Evidence(("epoch", *TRAINER), 3.0, 6.0)))
        assert time_left.seconds(0.0) == near(sum(parts.values()) + 3 * parts["epoch"])

    def test_a_step_that_takes_longer_than_it_should_tells_so_before_it_ends(self):
        """A second of what should take a quarter: as if it took 1.25 s, and told anew each time."""
        run = Run(forecast(A))
        run.begin(A, load=0.0)
        parts = of_kernel(seen(Evidence(("start", "numpy"), START, 1.25)))
        expected = sum(parts.values()) - parts["start"] + max(parts["start"] - 1.0, 0.25)
        for _ in range(3):
            assert run.left(1.0) == near(expected)
        run.now += START
        run.time_left.order(A, "prepare", run.now)
        assert run.left() == near(WHOLE - START)

    def test_nor_does_a_long_turn_say_more_than_that_it_goes_on(self):
        run = Run(forecast(A))
        run.kernel(A)
        run.time_left.order(A, "go", run.now)
        assert run.left(4.0) == near(2.0 - TURN + 0.25 * 4.0 + 0.21)


class TestLaunches:
    def test_one_after_the_other(self):
        run = Run(forecast(A, B, launches=2))
        run.begin(A, B, load=0.0)
        assert run.left() == near(4 * (WHOLE - START) + 2 * START)
        run.now += START
        for cell in (A, B):
            run.step(cell, "prepare", SET_UP + 1.3)
        run.time_left.end_launch(A, run.now)
        run.time_left.end(B, run.now)
        assert run.left() == near(WHOLE)
        run.time_left.end_group(A.group, run.now)
        assert run.left() == near(WHOLE)
        run.begin(A)
        run.time_left.end_launch(A, run.now)
        run.time_left.end_group(A.group, run.now)
        assert run.left() == 0.0

    def test_one_more_than_was_planned_is_like_the_last(self):
        """But for those that have ended altogether."""
        run = Run(forecast(A, B))
        run.begin(A, B)
        run.time_left.end_launch(A, run.now)
        run.time_left.end(B, run.now)
        run.time_left.end_group(A.group, run.now)
        assert run.left() == 0.0
        run.begin(A, load=0.0)
        assert run.left() == near(WHOLE)
        run.now += START
        run.time_left.order(A, "prepare", run.now)
        assert run.left() == near(WHOLE - START)

    def test_a_cell_that_nobody_planned_is_no_trouble(self):
        time_left = forecast(A)
        time_left.end(kernel("z", 9), 0.0)
        time_left.end(kernel("z", group=A.group), 0.0)
        time_left.end_group("nobody's", 0.0)
        assert time_left.seconds(0.0) == near(WHOLE)


class TestPairs:
    """Two others that take turns with the first, each pair in processes of its own."""

    C = kernel("c")
    PAIRS = ((A, B), (A, C))
    IDS = ((A.id, B.id), (A.id, C.id))
    PAIR = 2 * WHOLE - START

    def forecast(self, launches: int = 2) -> TimeLeft:
        time_left = forecast(A, B, self.C, launches=launches)
        time_left.divide(A.group, self.IDS)
        return time_left

    def pair(self, run: Run, cells: Any, sample: float = CALL) -> None:
        run.begin(*cells)
        for cell in cells:
            run.step(cell, "prepare", SET_UP + 1.3)
            run.step(cell, "go", TURN, sample)
        run.time_left.end_group(A.group, run.now)

    def test_each_is_started_in_each_launch(self):
        assert self.forecast().seconds(0.0) == near(4 * self.PAIR)

    def test_what_is_kept_of_a_launch_at_its_end_ends_none_of_the_next(self):
        run = Run(self.forecast())
        for pairs_left in (3, 1):
            for pair in self.PAIRS:
                run.begin(*pair, load=0.0)
                run.time_left.end_group(A.group, run.now)
                assert run.left() == near(pairs_left * self.PAIR)
                pairs_left -= 1
            for cell in (A, B, self.C):
                run.time_left.end_launch(cell, run.now)
            assert run.left() == near((pairs_left + 1) * self.PAIR)

    def test_one_launch_more_than_was_planned_has_them_all(self):
        run = Run(self.forecast(launches=1))
        for pair in self.PAIRS:
            run.begin(*pair, load=0.0)
            run.time_left.end_group(A.group, run.now)
        assert run.left() == 0.0
        run.time_left.divide(A.group, self.IDS)
        assert run.left() == near(2 * self.PAIR)

    def test_those_that_fit_together_after_all(self):
        """Three imports of a quarter of a second on two cores."""
        time_left = self.forecast()
        time_left.divide(A.group, [[A.id, B.id, self.C.id]])
        assert time_left.seconds(0.0) == near(2 * (3 * (WHOLE - START) + 1.5 * START))

    def test_what_has_ended_is_in_none(self):
        time_left = self.forecast()
        time_left.end(B, 0.0)
        time_left.divide(A.group, self.IDS)
        assert time_left.seconds(0.0) == near(2 * (WHOLE + self.PAIR))
        for cell in (A, self.C):
            time_left.end(cell, 0.0)
        time_left.divide(A.group, self.IDS)
        assert time_left.seconds(0.0) == 0.0

    def test_a_group_that_goes_together_stays_as_it_was_planned(self):
        time_left = TimeLeft([(A, OF_KERNEL), (B, OF_KERNEL)], {A.id: 2, B.id: 1}, LIMITS, 2)
        time_left.divide(A.group, [[A.id, B.id]])
        assert time_left.seconds(0.0) == near(3 * WHOLE - START)

    def test_rounds_of_a_pair_tell_of_those_to_come(self):
        slow, usual = Run(self.forecast()), Run(self.forecast())
        self.pair(slow, self.PAIRS[0], sample=4 * CALL)
        self.pair(usual, self.PAIRS[0])
        assert usual.left() < slow.left()


class TestSideBySide:
    def test_devices_take_as_long_as_the_slowest_launch_of_each_turn(self):
        here = [kernel("a", n, concurrent=True) for n in (1, 2)]
        there = training(device="gpu:0", concurrent=True)
        alone = kernel("a", 3)
        assert forecast(*here, there).seconds(0.0) == near(TRAINED + WHOLE)
        assert forecast(*here).seconds(0.0) == near(2 * WHOLE)
        assert forecast(*here, there, alone).seconds(0.0) == near(TRAINED + 2 * WHOLE)
        time_left = forecast(*here, there)
        for cell in here:
            time_left.end(cell, 0.0)
        assert time_left.seconds(0.0) == near(TRAINED)


class TestSustained:
    def test_step_by_step(self):
        run = Run(forecast(A, sustain_seconds=30.0))
        assert run.left() == near(WHOLE + 30.0)
        run.kernel(A)
        assert run.left() == near(30.0 + 2.21)
        for _ in range(28):
            run.step(A, "sustain", 1.0)
        assert run.left() == near(2.0 + 2.21)
        run.time_left.order(A, "sustain", run.now)
        assert run.left(0.5) == near(1.5 + 2.21)
        run.now += 1.0
        run.time_left.answer(A, run.now)
        run.step(A, "sustain", 0.5)
        # half a second is left, which a step of loading is no longer than
        run.time_left.order(A, "sustain", run.now)
        assert run.left(0.25) == near(0.25 + 2.21)
        assert run.left(0.5) == near(0.25 * 0.5 + 2.21)
        run.now += 1.0
        run.time_left.answer(A, run.now)
        # it goes on for longer than was expected: a quarter of what it took follows
        assert run.left() == near(0.25 * 30.5 + 2.21)
        run.step(A, "go", TURN, CALL)
        assert run.left() == near(2.21 - TURN)

    def test_at_the_end_of_the_time_that_was_expected_it_may_go_on(self):
        run = Run(forecast(A, sustain_seconds=3.0))
        run.kernel(A)
        for _ in range(3):
            run.step(A, "sustain", 1.0)
        assert run.left() == near(0.25 * 3.0 + 2.21)

    def test_a_device_is_expected_to_be_level_as_soon_as_the_last_time(self):
        other = kernel("a", 2)
        run = Run(forecast(A, other, sustain_seconds=30.0))
        run.kernel(A)
        for _ in range(10):
            run.step(A, "sustain", 1.0)
        run.step(A, "go", TURN, CALL)
        assert run.left() == near(2.21 - TURN + WHOLE + 10.0)

    def test_one_whose_loading_nobody_saw_took_as_long_as_was_expected(self):
        other = kernel("a", 2)
        run = Run(forecast(A, other, sustain_seconds=30.0))
        run.kernel(A, rounds=1)
        assert run.left() == near(2.21 - TURN + WHOLE + 30.0)

    def test_trainers_are_loaded_after_the_epochs_that_are_no_samples(self):
        """A recipe of seven epochs has a cold one and one that warms up."""
        run = Run(forecast(T, sustain_seconds=30.0))
        run.trainer(T)
        assert run.left() == near(30.0 + 3 * EPOCH + 2.1)
        run.step(T, "go", EPOCH, EPOCH)
        assert run.left() == near(30.0 + 2 * EPOCH + 2.1)
        run.step(T, "sustain", 1.0)
        assert run.left() == near(29.0 + 2 * EPOCH + 2.1)
        run.step(T, "go", EPOCH, EPOCH)
        assert run.left() == near(EPOCH + 2.1)

    def test_a_launch_that_was_not_planned_is_loaded_as_long_as_the_last(self):
        run = Run(forecast(A, sustain_seconds=30.0))
        run.kernel(A)
        for _ in range(10):
            run.step(A, "sustain", 1.0)
        run.step(A, "go", TURN, CALL)
        run.time_left.end_launch(A, run.now)
        run.time_left.end_group(A.group, run.now)
        run.begin(A, load=0.0)
        assert run.left() == near(WHOLE + 10.0)
