"""Inside a worker, without the process: kernels' and trainers' turns against a stand-in connection."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from worker_line import Line, spec

from likeforlike.bench.worker import measure_kernel as kernel_turns
from likeforlike.bench.worker import measure_trainer as training_turns
from likeforlike.bench.worker.messages import Finish, Go, Ready, Sample
from likeforlike.bench.worker.outcomes import CellFailed, outcome_of, reason_of
from likeforlike.devices.process.runtime import runtime
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.contract.training.trainer import Between, Epoch, Parameters
from likeforlike.models.contract.workload import Problem, Verification
from likeforlike.models.registry import kernel_workloads
from likeforlike.models.tasks.fashion_mnist import generate
from likeforlike.models.tasks.mlp.proof import initial_parameters
from likeforlike.models.tasks.mlp.task import MLP


def ticking(step: float = 1.0) -> Callable[[], float]:
    """A clock that goes on by one step at each reading."""
    return itertools.count(0.0, step).__next__


def placed(make: Callable[[Problem], Kernel], **changes: Any) -> kernel_turns.Placed:
    asked = spec(**changes)
    workload = kernel_workloads()[asked.workload]
    problem = workload.problem(asked.axes, "cpu:0")
    return kernel_turns.Placed(asked, workload, problem, make(problem), runtime("numpy"), ticking())


def right(problem: Problem) -> Kernel:
    left, right = problem.operands
    return Kernel(call=lambda: left @ right)


def test_a_right_answer_is_proven() -> None:
    made = placed(right)
    assert kernel_turns.prove(made, made.kernel.call()).ok


@pytest.mark.parametrize(
    ("spoil", "outcome"),
    [
        (lambda answer: answer.T, "wrong-answer"),
        (lambda answer: answer + np.eye(8, dtype=np.float32), "wrong-answer"),
        (lambda answer: answer[:4], "wrong-answer"),
        (lambda answer: np.zeros_like(answer), "wrong-answer"),
        (lambda answer: np.where(np.eye(8) > 0, np.nan, answer), "non-finite"),
        (lambda answer: np.full_like(answer, np.inf), "non-finite"),
    ],
)
def test_a_wrong_answer_fails_the_cell(spoil: Callable[[np.ndarray], np.ndarray], outcome: str) -> None:
    made = placed(right)
    with pytest.raises(CellFailed) as failure:
        kernel_turns.prove(made, spoil(made.kernel.call()))
    assert failure.value.outcome == outcome


def test_a_result_on_another_device_fails_the_cell() -> None:
    made = placed(lambda problem: replace(right(problem), device_of=lambda result: "gpu:0"))
    with pytest.raises(CellFailed, match="the result lies on gpu:0, the cell asks for cpu:0"):
        kernel_turns.prove(made, made.kernel.call())


def test_one_untimed_call_precedes_each_timed_one() -> None:
    calls: list[int] = []
    made = placed(lambda problem: Kernel(call=lambda: calls.append(1)))
    assert kernel_turns.take_sample(made) == Sample(1.0, calls=2)
    assert len(calls) == 2


def test_short_calls_are_repeated_untimed_until_threads_are_awake() -> None:
    now, calls = [0.0], []

    def call() -> None:
        calls.append(1)
        now[0] += 0.001

    made = replace(placed(lambda problem: Kernel(call=call)), clock=lambda: now[0])
    assert kernel_turns.take_sample(made).seconds == pytest.approx(0.001)
    assert len(calls) == 20 + 1


def test_the_wait_is_inside_a_synchronised_time_and_outside_a_queueing_time() -> None:
    clock = {"now": 0.0}

    def call() -> None:
        clock["now"] += 0.5

    def wait(_: object) -> None:
        clock["now"] += 100.0

    for timing, seconds in (("synchronised", 100.5), ("unsynchronised", 0.5)):
        made = replace(placed(lambda problem: Kernel(call, wait), timing=timing), clock=lambda: clock["now"])
        assert kernel_turns.take_sample(made).seconds == seconds


def test_transfers_are_timed_beside_the_product() -> None:
    clock = {"now": 0.0}

    def spend(seconds: float) -> Callable[..., None]:
        def step(*_: object) -> None:
            clock["now"] += seconds

        return step

    kernel = Kernel(spend(1.0), spend(2.0), upload=spend(10.0), download=spend(100.0))
    made = replace(placed(lambda problem: kernel, transfer=True), clock=lambda: clock["now"])
    assert kernel_turns.take_sample(made) == Sample(3.0, None, 10.0, 100.0, calls=2)


def test_warm_up_ends_when_times_have_settled_and_is_bounded() -> None:
    def taking(times: list[float]) -> int:
        clock = {"now": 0.0}
        coming = iter(times)

        def call() -> None:
            clock["now"] += next(coming)

        return kernel_turns.warm_up(replace(placed(lambda problem: Kernel(call)), clock=lambda: clock["now"]))

    assert taking([0.001] * 100) == 10
    assert taking([0.01, 0.01, 0.01, 0.01, 0.01] + [0.005] * 5 + [0.002] * 100) == 20
    assert taking([0.001 * 0.9**n for n in range(100)]) == 50, "bounded by calls"
    assert taking([2.0] * 100) == 1, "bounded by seconds"


def epoch(number: int, loss: float | None = 0.5) -> Epoch:
    return Epoch(number, 2.0 * number, 0.25, 0.125, loss, 0.8, loss, 0.75)


class Counter:
    """A trainer that counts what happens to it."""

    def __init__(self, log: list[str], epochs: int = 5, loss: float | None = 0.5) -> None:
        self.log, self.epochs, self.loss = log, epochs, loss
        self.terms: Mapping[str, object] = {}

    def train(self, between: Between) -> None:
        for number in range(1, self.epochs + 1):
            self.log.append(f"epoch {number}")
            if not between(epoch(number, self.loss)):
                break

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        assert not training
        self.log.append(f"wake {len(images)}")
        return np.zeros((len(images), 10))

    def parameters(self) -> Parameters:
        raise AssertionError("not asked for")


DATA = generate("generated", seed=1, train_samples=20, validation_samples=100)


def unproven(trainer: Counter) -> training_turns.Training:
    """A training like a floor's, whose epochs nothing is held against."""

    def factory() -> None:
        raise AssertionError("not asked for")

    initial = initial_parameters(MATCHED)
    floor = spec(role="floor")
    return training_turns.Training(floor, MATCHED, DATA, factory, trainer, initial, MLP)  # type: ignore[arg-type]


def test_no_contestant_vouches_for_itself() -> None:
    """A ``verify`` or a ``prove`` of its own is for floors: the task's proof is held against all others."""

    class Vouching(Counter):
        def __init__(self, run: object) -> None:
            super().__init__([])

        def prove(self) -> Verification:
            return Verification(0.0, 1.0)

        @classmethod
        def verify(cls, recipe: object, device: str) -> Verification:
            return Verification(0.0, 1.0)

    asked = []

    class Task:
        def verify(self, factory: object, recipe: object, device: str) -> Verification:
            asked.append(factory)
            assert not hasattr(factory, "verify")
            return Verification(2.0, 1.0)

    made = [
        spec(role="contestant"),
        MATCHED,
        DATA,
        Vouching,
        Vouching(None),
        initial_parameters(MATCHED),
        Task(),
    ]
    with pytest.raises(CellFailed, match="strays from the float64 oracle"):
        training_turns.proof(training_turns.Training(*made))  # type: ignore[arg-type]
    assert len(asked) == 2  # once more, since it had failed
    floor = training_turns.Training(spec(role="floor"), *made[1:])  # type: ignore[arg-type]
    assert training_turns.proof(floor).ok


def test_a_trainer_waits_for_its_turn_and_is_woken_before_each_epoch_but_the_cold_one() -> None:
    log: list[str] = []
    line = Line(Go(), Go(), Go(), Finish())
    training_turns.take_turns(line, unproven(Counter(log)))  # type: ignore[arg-type]
    assert log == ["epoch 1", "wake 64", "epoch 2", "wake 64", "epoch 3"]
    assert [answer.seconds for answer in line.answers if isinstance(answer, Sample)] == [2.0, 4.0, 6.0]


def test_a_trainer_that_is_never_let_on_trains_nothing() -> None:
    log: list[str] = []
    training_turns.take_turns(Line(Finish()), unproven(Counter(log)))  # type: ignore[arg-type]
    assert log == []


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_ends_the_cell(loss: float) -> None:
    with pytest.raises(CellFailed, match="loss is .* in epoch 1") as failure:
        training_turns.take_turns(Line(Go(), Go()), unproven(Counter([], loss=loss)))  # type: ignore[arg-type]
    assert failure.value.outcome == "non-finite"


def test_a_training_that_ends_before_it_is_told_to_is_wrong() -> None:
    with pytest.raises(CellFailed, match="ended after 2 epochs, the recipe asks for more") as failure:
        training_turns.take_turns(Line(*[Go()] * 3), unproven(Counter([], epochs=2)))  # type: ignore[arg-type]
    assert failure.value.outcome == "wrong-answer"


def test_no_loss_at_all_is_fine() -> None:
    training_turns.check_finite(epoch(1, None))


class ResourceExhaustedError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (MemoryError(), "out-of-memory"),
        (ResourceExhaustedError("OOM when allocating tensor"), "out-of-memory"),
        (RuntimeError("RESOURCE_EXHAUSTED: out of memory"), "out-of-memory"),
        (ValueError("no"), "failed"),
    ],
)
def test_allocator_exhaustion_is_told_from_other_errors(error: Exception, outcome: str) -> None:
    assert outcome_of(error) == outcome


def test_reasons_are_one_line_and_not_endless() -> None:
    assert reason_of(ValueError("first\nsecond")) == "ValueError: first"
    assert reason_of(ValueError()) == "ValueError"
    assert len(reason_of(ValueError("x" * 9999))) == 500


def test_of_several_calls_in_a_row_each_has_its_part_of_the_one_wait() -> None:
    made = placed(lambda problem: Kernel(call=lambda: None, calls=lambda: 4))
    ready = Ready(0.1, 0.2, 0.0, 0.0, 1, {"waiting_seconds": 8e-6})
    assert kernel_turns.of_several(made, ready) == {"calls_in_a_sample": 4, "waiting_seconds": 2e-6}
    assert kernel_turns.of_several(placed(right), ready) == {}
