"""A kernel's preparation and its turns inside a worker, on a clock that its own work moves."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from kernel_by_hand import READY, Hand, placed, with_calls, workload
from worker_line import Line, spec

from likeforlike.bench.worker import measure_kernel
from likeforlike.bench.worker.calls.timed_calls import TimedCalls
from likeforlike.bench.worker.calls.turn_length import TurnLength
from likeforlike.bench.worker.measure_kernel import Placed, take_sample
from likeforlike.bench.worker.messages import Finish, Finished, Go, Ready, Sample, Sustain, Sustained
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem, Verification
from likeforlike.models.contract.workload import Workload

# --- preparing ---


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Placed, Ready]]:
    """Prepare a cell on the hand's clock; its factory takes three seconds."""

    def prepare(hand: Hand, declared: Workload | None = None, kernel: Any = None, **asked: Any) -> Any:
        def factory(problem: Problem) -> Kernel:
            hand.now += 3.0
            return kernel or hand.kernel()

        monkeypatch.setattr(measure_kernel, "named_clock", lambda name: hand.clock)
        monkeypatch.setattr(measure_kernel, "load_factory", lambda target: factory)
        monkeypatch.setattr(measure_kernel, "declared_workload", lambda asked: declared or workload())
        return measure_kernel.prepare(spec(**asked))

    return prepare


def test_the_first_call_is_waited_for_and_setting_up_is_timed_by_itself(prepared: Any) -> None:
    hand = Hand((5.0,), wait_seconds=7.0)
    made, ready = prepared(hand, warm_up=False)
    assert (ready.setup_seconds, ready.cold_seconds) == (3.0, 12.0)
    assert (ready.error, ready.tolerance, ready.warm_up_calls) == (0.25, 1.0, 0)
    assert ready.facts["waiting_seconds"] == 7.0
    assert ready.facts["cache"] == "warm"
    assert "cold_cache" not in ready.facts
    assert ready.facts["framework_version"] == np.__version__
    assert hand.log[:3] == ["call", "wait", "read"]
    assert hand.log.count("call") == 1
    assert (made.emptying, made.length) == (None, None)
    assert isinstance(made.calls, TimedCalls)


def test_a_cell_is_warmed_up_where_it_asks_for_it(prepared: Any) -> None:
    hand = Hand((5.0, 0.25))
    _, ready = prepared(hand)
    assert ready.warm_up_calls == 4  # of a second in all
    assert hand.log.count("call") == 5


def test_how_caches_are_emptied_is_told(prepared: Any) -> None:
    made, ready = prepared(Hand(), cache="cold")
    assert ready.facts["cache"] == "cold"
    assert ready.facts["cold_cache"] == made.emptying.facts()["cold_cache"]


def test_its_proven_answer_is_kept_for_other_sides(prepared: Any, tmp_path: Path) -> None:
    prepared(Hand(), answer_file=str(tmp_path / "a.npz"))
    with np.load(tmp_path / "a.npz") as kept:
        assert kept["arr_0"].tolist() == [0.0] * 3


def test_how_many_calls_a_turn_takes_is_found_after_the_warm_up(prepared: Any) -> None:
    made, _ = prepared(Hand((5.0, 0.25)), calls=8, turn_seconds=1.0)
    assert made.length == TurnLength(4)


def test_zeros_are_refused_but_to_functions_that_somebody_compares(prepared: Any) -> None:
    zeros = Problem((np.zeros((4, 4), np.float32),), "float32", "cpu:0")
    declared = workload(problem=lambda axes, device: zeros)
    with pytest.raises(CellFailed, match="nothing but zeros") as failure:
        prepared(Hand(), declared)
    assert failure.value.outcome == "failed"
    hand = Hand()
    prepared(hand, declared, hand.kernel(calls=lambda: 1))


def test_a_kernel_that_changes_the_operands_it_is_judged_by_is_refused(prepared: Any) -> None:
    """But for functions that somebody compares, which are that person's."""
    for calls in (None, lambda: 1):
        operand, hand = np.array([[3.0, 1.0], [2.0, 4.0]], np.float32), Hand()
        of_operand = Problem((np.zeros((0, 3)), operand), "float32", "cpu:0")
        declared = workload(problem=lambda axes, device, made=of_operand: made)

        def sorts_in_place(operand: np.ndarray = operand, hand: Hand = hand) -> np.ndarray:
            operand.sort(axis=1)
            return hand.call()

        kernel = Kernel(sorts_in_place, hand.wait, hand.to_numpy, calls=calls)
        if calls is None:
            with pytest.raises(CellFailed, match="changed the operands that it was given") as failure:
                prepared(hand, declared, kernel)
            assert failure.value.outcome == "wrong-answer"
        else:
            prepared(hand, declared, kernel)


def test_operands_are_looked_at_after_the_last_call_too(prepared: Any) -> None:
    operand = np.array([[3.0, 1.0], [2.0, 4.0]], np.float32)
    declared = workload(problem=lambda axes, device: Problem((operand,), "float32", "cpu:0"))
    made, ready = prepared(Hand(), declared)
    measure_kernel.closing_facts(made, ready)
    operand[1, 1] = 5.0
    with pytest.raises(CellFailed, match="changed the operands that it was given"):
        measure_kernel.closing_facts(made, ready)


@pytest.mark.parametrize(
    "operand", [np.eye(3), np.zeros(3, np.int64), np.zeros((0, 3)), np.array([0.0, np.nan])]
)
def test_some_zeros_are_no_nothing(operand: np.ndarray) -> None:
    measure_kernel.refuse_zeros(Problem((operand, np.ones(3)), "float64", "cpu:0"))


def test_a_cell_s_workload_is_our_own_or_where_it_is_declared() -> None:
    assert measure_kernel.declared_workload(spec()).name == "matmul"
    elsewhere = "likeforlike.models.kernels.eigen.workload:WORKLOAD"
    found = measure_kernel.declared_workload(spec(workload="eigen", declared_in=elsewhere))
    assert (found.name, found.target) == ("eigen", elsewhere)


@pytest.mark.parametrize("place", ["no_such_module:WORKLOAD", "likeforlike.models.kernels.eigen.workload:X"])
def test_a_declaration_that_is_gone_fails_the_cell(place: str) -> None:
    with pytest.raises(CellFailed) as failure:
        measure_kernel.declared_workload(spec(declared_in=place))
    assert failure.value.outcome == "import-error"
    assert failure.value.reason.startswith(f"{place}: ")


# --- proving ---


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((np.ones(2), np.array([1.0, np.nan, 2.0])), "non-finite"),
        ([np.array([np.inf]), np.ones((2, 3))], "non-finite"),
        ((np.ones(2), None, np.zeros(3)), "wrong-answer"),
        ([np.ones(2), np.zeros(3)], "wrong-answer"),
        (np.ones(2), "wrong-answer"),
    ],
)
def test_every_part_of_a_wrong_answer_is_looked_at(answer: Any, outcome: str) -> None:
    hand = Hand()
    made = replace(placed(hand), workload=workload(Verification(1.5, 0.5)))
    with pytest.raises(CellFailed) as failure:
        measure_kernel.prove(made, answer)
    assert failure.value.outcome == outcome
    assert failure.value.reason == "error 1.5 against the reference, tolerance 0.5"


def test_a_result_on_the_device_asked_for_is_held_against_the_reference() -> None:
    hand = Hand()
    made = placed(hand, hand.kernel(device_of=lambda result: "cpu:0"))
    assert measure_kernel.prove(made, np.ones(2)) == Verification(0.25, 1.0)
    assert hand.log == ["read"]


# --- warming up, and the length of turns ---


@pytest.mark.parametrize(
    ("seconds", "calls"),
    [
        ([0.4], 3),  # a second is over within the third
        ([0.5], 2),  # and exactly after the second
        (
            [0.01] * 5 + [0.005] * 5 + [0.0046],
            20,
        ),  # each five against the five before, not against all of them
        ([0.01] * 5 + [0.0096], 10),  # 4 % faster: settled
        ([0.01] * 5 + [0.0094], 15),  # 6 % faster: not
    ],
)
def test_a_warm_up_ends_with_a_second_or_once_five_calls_take_as_long_as_those_before(
    seconds: list[float], calls: int
) -> None:
    assert measure_kernel.warm_up(placed(Hand(seconds))) == calls


@pytest.mark.parametrize(
    ("seconds", "made", "fitting"),
    [
        ([0.25, 0.125, 0.0625], 5, 16),  # the median of five calls, a sixteenth of a second
        ([0.015625], 5, 20),  # as many as asked for
        ([0.5], 2, 2),  # a second is over
        ([4.0], 1, 1),
    ],
)
def test_a_turn_s_length_goes_by_the_median_of_five_calls_or_of_a_second(
    seconds: list[float], made: int, fitting: int
) -> None:
    hand = Hand(seconds)
    found = measure_kernel.length_of_turns(placed(hand, calls=20, turn_seconds=1.0))
    assert (found, hand.log.count("call")) == (TurnLength(fitting), made)


def test_a_turn_of_one_call_has_no_length() -> None:
    hand = Hand()
    assert measure_kernel.length_of_turns(placed(hand)) is None
    assert hand.log == []
    assert measure_kernel.length_of_turns(placed(hand, calls=2)) == TurnLength(2)


def test_of_two_calls_at_once_no_quantile_is_told() -> None:
    hand = Hand()
    with pytest.raises(CellFailed, match="the mean of 2 calls, too short for a clock each"):
        measure_kernel.length_of_turns(placed(hand, hand.kernel(calls=lambda: 2), calls=2))
    measure_kernel.length_of_turns(placed(hand, hand.kernel(calls=lambda: 1), calls=2))


# --- turns ---


def test_a_device_that_is_to_be_kept_loaded_is_called_for_a_quarter_of_a_second_before_each_sample() -> None:
    sustained = take_sample(placed(Hand([1 / 64]), sustained=True))
    assert sustained.calls == 16 + 1
    assert take_sample(placed(Hand([1 / 64]))).calls == 2 + 1  # 31 ms, of at least 20


@pytest.mark.parametrize("timing", ["synchronised", "unsynchronised"])
def test_every_call_is_waited_for_before_the_next(timing: str) -> None:
    hand = Hand(wait_seconds=2.0)
    sample = take_sample(placed(hand, timing=timing))
    assert hand.log == ["call", "wait"] * 2
    assert sample.seconds == (2.25 if timing == "synchronised" else 0.25)


@pytest.mark.parametrize("offered", [{}, {"upload": lambda: None}, {"download": lambda result: None}])
def test_where_nothing_is_copied_copies_take_no_time(offered: dict[str, Any]) -> None:
    hand = Hand()
    sample = take_sample(placed(hand, hand.kernel(**offered), transfer=True))
    assert (sample.to_device_seconds, sample.to_host_seconds) == (0.0, 0.0)
    sample = take_sample(placed(hand, hand.kernel(**offered), transfer=True, device="gpu:0"))
    assert (sample.to_device_seconds, sample.to_host_seconds) == (None, None), "nobody can tell"
    assert take_sample(placed(hand)).to_device_seconds is None


def supplied(hand: Hand, **more: Any) -> Placed:
    """A kernel that draws its own operands, of which a call of 1/64 s was timed: three fit into 50 ms."""
    made = placed(hand, hand.kernel(supply=hand, **more))
    return with_calls(made, hand, seconds=[1 / 64], witnessed=[1 / 64])


def test_of_short_calls_with_operands_of_their_own_the_sample_is_the_median() -> None:
    hand = Hand([1 / 64, 1 / 64, 1 / 8, 1 / 4, 1 / 2, 1 / 16])
    made = supplied(hand)
    assert made.calls is not None
    made.calls.factors.random = SimpleNamespace(integers=lambda high: 0)  # type: ignore[assignment]
    sample = take_sample(made)
    further = ["draw further", "call", "wait"]
    assert hand.log == ["draw", *["call", "wait"] * 2, *further * 3, "use", "call", "wait"]
    assert sample == Sample((1 / 8 + 1 / 4) / 2, calls=6)
    assert made.calls.seconds == made.calls.witnessed == [1 / 64, 1 / 8, 1 / 4, 1 / 2, 1 / 16]


def test_further_calls_are_timed_in_no_turn_of_several_and_of_no_kernel_that_makes_several() -> None:
    hand = Hand([1 / 64])
    take_sample(replace(supplied(hand), length=TurnLength(4)))
    take_sample(supplied(hand, calls=lambda: 2))
    assert "draw further" not in hand.log
    take_sample(supplied(hand, calls=lambda: 1))
    assert "draw further" in hand.log


def test_all_calls_of_a_turn_are_counted() -> None:
    made = supplied(Hand([1 / 64]))
    sample = take_sample(replace(made, length=TurnLength(100)))
    assert 100 <= len(sample.call_seconds) <= 125
    assert sample.calls == 2 + len(sample.call_seconds)


# --- the driver ---


def driven(monkeypatch: pytest.MonkeyPatch, made: Placed, *orders: Any) -> list[Any]:
    monkeypatch.setattr(measure_kernel, "prepare", lambda asked: (made, READY))
    line = Line(*orders, Finish())
    measure_kernel.measure(made.spec, line, {"import_seconds": 0.5})  # type: ignore[arg-type]
    return line.answers


def test_each_order_is_answered_and_a_turn_is_timed_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    ready, sustained, sample, finished = driven(monkeypatch, placed(Hand()), Sustain(0.5), Go())
    assert ready.facts == {"waiting_seconds": 8e-6, "import_seconds": 0.5}
    assert sustained == Sustained(2)
    assert sample == Sample(0.25, calls=2, turn_seconds=0.5)
    assert isinstance(finished, Finished)


def test_of_a_kernel_that_makes_several_calls_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    hand = Hand([0.75])
    made = placed(hand, hand.kernel(calls=lambda: 3))
    _, sustained, sample, finished = driven(monkeypatch, made, Sustain(1.0), Go())
    assert sustained == Sustained(2 * 3)
    assert sample == Sample(0.25, calls=2 * 3, turn_seconds=1.5)
    assert finished.facts["calls_in_a_sample"] == 3
    assert finished.facts["waiting_seconds"] == 8e-6 / 3


@pytest.mark.parametrize("was_on", [True, False])
@pytest.mark.parametrize("disable", [True, False])
def test_garbage_is_collected_in_turns_unless_a_cell_asks_otherwise_and_after_them_as_before(
    monkeypatch: pytest.MonkeyPatch, was_on: bool, disable: bool
) -> None:
    hand, seen = Hand(), []

    def call() -> None:
        seen.append(gc.isenabled())
        hand.call()

    before = gc.isenabled()
    (gc.enable if was_on else gc.disable)()
    try:
        driven(monkeypatch, placed(hand, replace(hand.kernel(), call=call), disable_gc=disable), Go())
        after = gc.isenabled()
    finally:
        (gc.enable if before else gc.disable)()
    in_turns = was_on and not disable
    assert seen == [in_turns, in_turns, was_on]  # the last is proven
    assert after is was_on
