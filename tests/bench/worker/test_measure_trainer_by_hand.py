"""A trainer's turns second by second: only its epochs, its waking and its checks move the clock."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worker_line import Line, spec

from likeforlike.bench.worker import measure_trainer
from likeforlike.bench.worker.measure_trainer import Trained, Training, Trains, take_turns
from likeforlike.bench.worker.messages import Finish, Finished, Go, Ready, Sample, Sustain, Sustained
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.models.contract.problem import Verification
from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.training.task import Task
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Run

RECIPE = Recipe("matched", batch_size=4)
DATA = Dataset("made-up", "by hand", np.zeros((10, 2)), np.zeros(10), np.zeros((6, 2)), np.zeros(6))
INITIAL: Any = "starting weights"
HOLDS = Verification(0.25, 1.0)
TORCH = Network("net", "torch", lambda recipe: None)


def epoch(number: int, **more: Any) -> Epoch:
    return replace(Epoch(number, 1.5, 0.25, 0.125, 0.5, 0.75, 0.625, 0.875), **more)


@dataclass
class Hand:
    """A clock, what happened, and a trainer of so many epochs."""

    now: float = 64.0
    epochs: int = 9
    log: list[str] = field(default_factory=list)
    passed: list[float] = field(default_factory=list)
    """What the watch was told, epoch by epoch."""
    faults: dict[int, str] = field(default_factory=dict)
    tells: dict[str, Any] = field(default_factory=dict)
    """Figures of each epoch that are others than usual."""
    verification: Verification = HOLDS
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    """Of the proof."""
    runs: list[Run] = field(default_factory=list)
    proven = "proven"

    def clock(self) -> float:
        return self.now

    # --- as a trainer: an epoch takes 2 s, waking half a second ---

    @property
    def terms(self) -> dict[str, str]:
        return {"execution": "by hand"}

    def train(self, between: Callable[[Epoch], bool]) -> None:
        for number in range(1, self.epochs + 1):
            self.log.append(f"epoch {number}")
            self.now += 2.0
            if not between(epoch(number, **self.tells)):
                break

    def forward(self, images: np.ndarray, training: bool) -> None:
        assert training is False
        self.log.append(f"wake {len(images)}")
        assert len(self.log) < 50, "it goes on without end"
        self.now += 0.5

    # --- as the watch of its epochs, which takes a quarter of a second ---

    def fault(self, told: Any) -> str | None:
        self.passed.append(told.passed_seconds)
        self.now += 0.25
        return self.faults.get(told.epoch.epoch)

    # --- as its factory, and as a task ---

    def make(self, run: Run, assignment: str | None = None) -> Hand:
        self.log.append("made" if assignment is None else f"made for {assignment}")
        self.now += 3.0
        self.runs.append(run)
        return self

    def watch(self, trainer: Any, recipe: Recipe, data: Dataset, initial: Any) -> Hand:
        assert (trainer, recipe, data, initial) == (self, RECIPE, DATA, INITIAL)
        return self

    def verify(self, factory: Any, recipe: Recipe, device: str) -> Verification:
        self.log.append("proof")
        self.asked.append((factory, recipe, device))
        return self.verification

    def task(self, **more: Any) -> Task:
        def load_data(asked: Any) -> Dataset:
            assert (asked.name, asked.path, asked.samples) == ("auto", None, (10, 6))
            return DATA

        return Task(
            "made-up",
            load_data,
            lambda recipe: INITIAL,
            self.verify,
            self.watch,
            lambda recipe: 11,
            lambda recipe, samples: None,
            facts=lambda: {"told by the task": 1},
            **more,
        )


def training(hand: Hand, factory: Any = None, trainer: Any = None, **asked: Any) -> Training:
    made = factory or hand.make
    return Training(spec(**asked), RECIPE, DATA, made, trainer or hand, INITIAL, hand.task(), hand.clock)


def turns(hand: Hand, *orders: Any, **asked: Any) -> tuple[str, Line]:
    line = Line(*orders)
    return take_turns(line, training(hand, **asked)).proven, line  # type: ignore[arg-type]


class TestTurns:
    def test_seconds_of_an_epoch_and_of_its_turn(self):
        """The first epoch is cold. A turn holds waking and what the watch takes, an epoch's seconds don't."""
        hand = Hand()
        words, line = turns(hand, Go(), Go(), Go(), Finish())
        assert words == "proven"
        assert hand.log == ["epoch 1", "wake 4", "epoch 2", "wake 4", "epoch 3"]
        assert hand.passed == [2.0, 2.0, 2.0]
        assert line.answers == [
            Sample(1.5, asdict(epoch(number)), turn_seconds=seconds)
            for number, seconds in ((1, 2.25), (2, 2.75), (3, 2.75))
        ]

    def test_without_a_turn_nothing_is_trained(self):
        hand = Hand()
        words, line = turns(hand, Finish())
        assert (words, hand.log, line.answers) == ("proven", [], [])

    def test_who_ends_before_it_is_told_to_is_wrong(self):
        with pytest.raises(CellFailed) as failure:
            turns(Hand(epochs=2), Go(), Go(), Go())
        assert failure.value.outcome == "wrong-answer"
        assert failure.value.reason == "the training ended after 2 epochs, the recipe asks for more"

    def test_what_speaks_against_an_epoch_ends_the_cell(self):
        hand = Hand(faults={2: "epoch 2 is epoch 1 again"})
        line = Line(Go(), Go(), Go())
        with pytest.raises(CellFailed) as failure:
            take_turns(line, training(hand))  # type: ignore[arg-type]
        assert (failure.value.outcome, failure.value.reason) == ("wrong-answer", "epoch 2 is epoch 1 again")
        assert len(line.answers) == 1

    def test_a_floor_is_held_against_no_weights(self):
        hand = Hand(faults={1: "it trains nothing"})
        words, line = turns(hand, Go(), Finish(), role="floor")
        assert words == "not proven: a floor trains nothing"
        assert (hand.passed, len(line.answers)) == ([], 1)

    @pytest.mark.parametrize("name", ["loss", "val_loss"])
    @pytest.mark.parametrize("value", [math.nan, math.inf])
    def test_a_loss_that_is_no_number_ends_the_cell(self, name, value):
        with pytest.raises(CellFailed) as failure:
            turns(Hand(tells={name: value}), Go(), Finish())
        assert failure.value.outcome == "non-finite"
        assert failure.value.reason == f"{name} is {value} in epoch 1"

    def test_no_loss_at_all_is_fine(self):
        _, line = turns(Hand(tells={"loss": None, "val_loss": None}), Go(), Finish())
        assert len(line.answers) == 1


class TestMemory:
    def test_after_each_epoch_it_is_seen_to_in_no_turn_s_seconds(self, monkeypatch):
        """It takes four seconds; told is how often freed memory was given back."""
        hand, made = Hand(), []

        class Freed:
            times = 0

            def __init__(self, *bounds: int) -> None:
                made.append(bounds)

            def after_epoch(self) -> None:
                self.times += 1
                hand.now += 4.0
                hand.log.append("memory")

        monkeypatch.setattr(measure_trainer, "FreedMemory", Freed)
        line = Line(Go(), Go(), Finish())
        bounds = {"memory_bytes": 1000, "free_floor_bytes": 10}
        assert take_turns(line, training(hand, **bounds)) == Trained("proven", 2)  # type: ignore[arg-type]
        assert made == [(1000, 10)]
        assert hand.log == ["epoch 1", "memory", "wake 4", "epoch 2", "memory"]
        assert [answer.turn_seconds for answer in line.answers] == [2.25, 2.75]
        assert hand.passed == [2.0, 2.0]


class TestLoading:
    @pytest.mark.parametrize(("seconds", "calls"), [(0.0, 1), (0.5, 1), (0.75, 2), (1.0, 2), (1.25, 3)])
    def test_it_goes_on_for_so_long_and_once_at_least(self, seconds, calls):
        """A call takes half a second."""
        hand = Hand()
        _, line = turns(hand, Sustain(seconds), Finish())
        assert line.answers == [Sustained(calls)]
        assert hand.log == ["wake 4"] * calls

    def test_it_is_in_no_turn_s_seconds(self):
        hand = Hand()
        _, line = turns(hand, Go(), Sustain(1.0), Sustain(0.0), Go(), Finish())
        assert hand.log == ["epoch 1", *["wake 4"] * 4, "epoch 2"]
        assert [type(answer) for answer in line.answers] == [Sample, Sustained, Sustained, Sample]
        assert (hand.passed, line.answers[-1].turn_seconds) == ([2.0, 2.0], 2.75)


class TestProof:
    def test_a_contestant_is_held_against_its_task(self):
        hand = Hand()
        made = training(hand, role="contestant")
        assert measure_trainer.proof(made) is HOLDS
        ((factory, recipe, device),) = hand.asked
        assert factory is made.factory
        assert (recipe, device) == (RECIPE, "cpu:0")

    @pytest.mark.parametrize(
        ("terms", "asked_for", "proven"),
        [
            ({"execution": "xla", "jit_trial": {"graph": 2.0, "xla": 1.0}}, "default", "xla"),
            ({"execution": "graph", "jit_trial": {"graph": 1.0, "xla": "no"}}, "default", "graph"),
            ({"execution": "graph", "jit_trial": {}}, "default", "default"),
            ({"execution": "xla"}, "default", "default"),
            ({"execution": "xla", "jit_trial": {"graph": 2.0, "xla": 1.0}}, "graph", "graph"),
        ],
    )
    def test_what_a_trial_chose_is_what_is_proven(self, terms, asked_for, proven):
        """A trial of its own could choose another way for the proof than was timed."""

        class Tried:
            pass

        hand, trainer = Hand(), Tried()
        trainer.terms = terms
        made = replace(training(hand, trainer=trainer), recipe=replace(RECIPE, execution=asked_for))
        measure_trainer.proof(made)
        ((_, recipe, _),) = hand.asked
        assert recipe == replace(RECIPE, execution=proven)

    @pytest.mark.parametrize("role", ["contestant", "floor"])
    def test_a_check_of_its_own_is_a_floor_s_alone(self, role):
        class Vouching:
            verify = None

            def __call__(self, run: Run) -> None:
                raise AssertionError("not asked for")

        hand, factory = Hand(), Vouching()
        measure_trainer.proof(training(hand, factory, role=role))
        ((asked, *_),) = hand.asked
        if role == "floor":
            assert asked is factory
        else:
            assert isinstance(asked, partial)
            assert asked.func is factory

    @pytest.mark.parametrize("role", ["contestant", "floor"])
    def test_a_floor_that_was_traced_proves_its_products(self, role):
        class Traced:
            def prove(self) -> Verification:
                return Verification(0.5, 0.5)

        hand = Hand()
        found = measure_trainer.proof(training(hand, trainer=Traced(), role=role))
        assert (found.error, len(hand.asked)) == ((0.5, 0) if role == "floor" else (0.25, 1))

    def test_a_floor_s_own_proof_must_hold_as_well(self):
        class Traced:
            def prove(self) -> Verification:
                return Verification(1.5, 1.0)

        with pytest.raises(CellFailed, match="strays"):
            measure_trainer.proof(training(Hand(), trainer=Traced(), role="floor"))

    @pytest.mark.parametrize(("what", "more"), [("", ""), ("the second gate", ": the second gate")])
    def test_what_strays_is_a_wrong_answer(self, what, more):
        with pytest.raises(CellFailed) as failure:
            measure_trainer.proof(training(Hand(verification=Verification(2.0, 1.0, what))))
        assert failure.value.outcome == "wrong-answer"
        assert failure.value.reason == f"strays from the float64 oracle by 2, tolerance 1{more}"

    def test_what_strays_once_alone_is_wrong_all_the_same_and_says_so(self):
        made, errors = training(Hand()), iter([2.0, 0.5])
        once = replace(made.task, verify=lambda *_: Verification(next(errors), 1.0, "a loss"))
        with pytest.raises(CellFailed) as failure:
            measure_trainer.proof(replace(made, task=once))
        assert failure.value.outcome == "wrong-answer"
        assert failure.value.reason == (
            "strays from the float64 oracle by 2, tolerance 1: a loss; repeated at once the proof holds (0.5): "
            "not the same every time"
        )

    def test_what_strays_stays_a_wrong_answer_though_its_proof_can_t_be_repeated(self):
        made, proofs = training(Hand()), iter([Verification(2.0, 1.0)])
        with pytest.raises(CellFailed) as failure:  # a second one raises StopIteration
            measure_trainer.proof(replace(made, task=replace(made.task, verify=lambda *_: next(proofs))))
        assert failure.value.reason == "strays from the float64 oracle by 2, tolerance 1"

    def test_what_holds_is_proven_once(self):
        hand = Hand()
        measure_trainer.proof(training(hand))
        assert hand.log == ["proof"]

    def test_what_refuses_the_small_problems_recipe_is_skipped(self):
        def refuses(*_: Any) -> Verification:
            raise RecipeRefused("t", "bias", False, "it has one")

        made = training(Hand())
        made = replace(made, task=replace(made.task, verify=refuses))
        with pytest.raises(CellFailed) as failure:
            measure_trainer.proof(made)
        assert failure.value.outcome == "skipped"
        assert failure.value.reason == "t refuses bias=False: it has one"


@pytest.fixture
def hand(monkeypatch):
    """A process in which that one alone is measured."""
    made = Hand(epochs=1)
    found = {"m:made": made.make, "m:net": TORCH, "m:number": 5}
    given = {
        "settled_runtime": lambda spec: ("runtime", {"threads": {"asked": 1}}),
        "memory_facts": lambda runtime, device: {"memory": (runtime, device)},
        "load_factory": found.__getitem__,
        "assignment_of": lambda spec: None,
        "named_clock": lambda name: {"time:perf_counter": made.clock}[name],
        "task_of": lambda name, declared_in: {("made-up", "m:workload"): made.task()}[name, declared_in],
        "refuse_replaced_clocks": lambda: made.log.append("clocks"),
    }
    for name, stand_in in given.items():
        monkeypatch.setattr(measure_trainer, name, stand_in)
    return made


def asked(**more: Any) -> Any:
    plain = {"target": "m:made", "workload": "made-up", "declared_in": "m:workload", "samples": (10, 6)}
    return spec(**{**plain, "recipe": {"name": "matched", "batch_size": 4}, **more})


def answers(cell: Any, *orders: Any, fresh: bool = True) -> list[Any]:
    line, of_process = Line(*orders), {"import_seconds": 0.5, "fresh_process": fresh}
    measure_trainer.measure(cell, line, of_process)  # type: ignore[arg-type]
    return line.answers


class TestMeasure:
    @pytest.mark.parametrize("fresh", [True, False])
    def test_what_is_told_before_and_after_the_epochs(self, hand, fresh):
        ready, sample, finished = answers(asked(), Go(), Finish(), fresh=fresh)
        facts = {
            "threads": {"asked": 1},
            "import_seconds": 0.5,
            "fresh_process": fresh,
            "data": {"name": "made-up", "source": "by hand", "train_samples": 10, "validation_samples": 6},
            "parameters": 11,
            "told by the task": 1,
        }
        assert ready == Ready(3.0, None, None, None, 0, facts)
        assert (type(sample), sample.seconds) == (Sample, 1.5)
        assert finished == Finished(
            {
                "terms": {"execution": "by hand"},
                "verified": {"error": 0.25, "tolerance": 1.0},
                "timed_calls": "proven",
                "memory": ["runtime", "cpu:0"],  # a tuple, before it was sent
            }
        )
        assert hand.log == ["made", "epoch 1", "clocks", "proof"]

    def test_what_could_not_be_proven_is_told(self, hand):
        hand.verification = Verification(0.0, 1.0, unproven="nobody knows the answer")
        *_, finished = answers(asked(), Finish())
        assert finished.facts["unproven"] == "nobody knows the answer"

    def test_how_often_freed_memory_was_given_back_is_told(self, hand, monkeypatch):
        monkeypatch.setattr(measure_trainer, "take_turns", lambda *_: Trained("proven", 3))
        *_, finished = answers(asked(), Finish())
        assert (finished.facts["timed_calls"], finished.facts["freed_memory_given_back"]) == ("proven", 3)

    def test_peers_are_proven_before_they_train(self, hand, monkeypatch):
        monkeypatch.setattr(measure_trainer, "assignment_of", lambda spec: "peers")
        ready, *_, finished = answers(asked(), Go(), Finish())
        assert hand.log == ["proof", "made for peers", "epoch 1", "clocks"]
        assert ready.facts["fresh_process"] is False
        assert finished.facts["verified"] == {"error": 0.25, "tolerance": 1.0}
        ((_, recipe, device),) = hand.asked
        assert (recipe, device) == (RECIPE, "cpu:0")

    def test_peers_that_stray_don_t_train(self, hand, monkeypatch):
        monkeypatch.setattr(measure_trainer, "assignment_of", lambda spec: "peers")
        hand.verification = Verification(2.0, 1.0)
        with pytest.raises(CellFailed, match="strays"):
            answers(asked(), Go(), Finish())
        assert hand.log == ["proof"]

    def test_a_recipe_that_is_refused_skips_the_cell(self, hand):
        recipe = {"name": "matched", "batch_size": 4, "bias": False}
        with pytest.raises(CellFailed) as failure:
            answers(asked(network="m:net", recipe=recipe), Finish())
        assert failure.value.outcome == "skipped"
        assert failure.value.reason.startswith("net refuses bias=False: net is built as it was given")


class TestPrepare:
    @pytest.mark.parametrize(("given", "folder"), [(None, None), ("logs", Path("logs"))])
    def test_what_a_factory_is_given(self, hand, given, folder):
        made, seconds, verification = measure_trainer.prepare(asked(log_dir=given, device="cpu:1"))
        (run,) = hand.runs
        assert (run.recipe, run.data, run.initial) == (RECIPE, DATA, INITIAL)
        assert (run.device, run.log_dir, run.clock, run.network) == ("cpu:1", folder, hand.clock, None)
        assert (seconds, verification) == (3.0, None)
        assert (made.recipe, made.data, made.initial, made.trainer) == (RECIPE, DATA, INITIAL, hand)
        assert made.factory == hand.make
        assert made.is_floor is False

    def test_a_loop_is_given_its_network(self, hand):
        made, *_ = measure_trainer.prepare(asked(network="m:net"))
        (run,) = hand.runs
        assert run.network is TORCH
        assert made.factory == Trains(hand.make, TORCH)

    def test_a_network_that_a_run_brings_goes_before_it(self):
        hand = Hand()
        own = replace(TORCH, name="own", takes=("bias",))
        recipe = replace(RECIPE, bias=False)
        made = Trains(hand.make, TORCH)(Run(recipe, DATA, INITIAL, "cpu:0", network=own))
        assert made is hand
        assert hand.runs[0].network is own

    def test_what_is_no_network_is_told(self, hand):
        with pytest.raises(CellFailed) as failure:
            measure_trainer.prepare(asked(network="m:number"))
        assert failure.value.outcome == "import-error"
        assert failure.value.reason == "m:number is of type int, not Network"
        assert hand.log == []
