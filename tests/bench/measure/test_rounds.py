from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from stand_ins import SPEC, StandIn, Unwatched, World, cell, group

from likeforlike.bench.measure.rounds import Group, Turn
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.messages import (
    Answer,
    Failed,
    Finish,
    Load,
    Order,
    Sample,
)
from likeforlike.bench.worker.outcomes import CellFailed


def test_rounds_hold_one_sample_of_each_and_only_one_worker_runs() -> None:
    world = World()
    hands = [StandIn(world, name, lambda n: 0.01) for name in "abc"]
    made, ended = group(world, hands)
    turns = made.measure()
    assert world.most_running == 1
    assert [turn.rounds for turn in turns] == [list(range(6))] * 3
    samples = [name for name, kind in world.log if kind == "Go"]
    rounds = [samples[i : i + 3] for i in range(0, len(samples), 3)]
    assert all(sorted(order) == ["a", "b", "c"] for order in rounds)
    assert len({tuple(order) for order in rounds}) > 1, "the order is drawn afresh each round"
    assert ended == ["a", "b", "c"]


def test_every_worker_is_loaded_before_the_first_is_prepared() -> None:
    world = World()
    made, _ = group(world, [StandIn(world, name, lambda n: 0.01) for name in "ab"])
    made.measure()
    assert [kind for _, kind in world.log[:4]] == ["Load", "Load", "Prepare", "Prepare"]


def test_the_same_seed_draws_the_same_order() -> None:
    logs = []
    for _ in range(2):
        world = World()
        made, _ = group(world, [StandIn(world, name, lambda n: 0.01) for name in "abc"])
        made.measure()
        logs.append(world.log)
    assert logs[0] == logs[1]


@pytest.mark.parametrize("stage", ["Load", "Prepare", "Go 0", "Go 3", "Finish"])
@pytest.mark.parametrize("told", [True, False], ids=["told", "gone"])
def test_a_failure_costs_one_cell(stage: str, told: bool) -> None:
    lost = Failed("wrong-answer", "off by one") if told else CellFailed("crashed", "SIGSEGV")
    world = World()
    hands = [StandIn(world, name, lambda n: 0.01) for name in "abc"]
    hands[0].fail_on[stage] = lost
    made, ended = group(world, hands)
    a, b, c = made.measure()
    assert a.failure is not None
    assert a.failure.outcome == ("wrong-answer" if told else "crashed")
    assert b.failure is None
    assert c.failure is None
    assert b.rounds == c.rounds == list(range(6))
    assert sorted(ended) == ["a", "b", "c"]
    assert ended[0] == "a" or stage == "Finish"


def test_training_takes_its_cold_epoch_apart_and_ends_with_the_recipe() -> None:
    world = World()
    hands = [StandIn(world, "a", lambda n: 9.0 if n == 0 else 1.0), StandIn(world, "b", lambda n: 2.0)]
    made, _ = group(world, hands, epochs=4)
    a, b = made.measure()
    assert a.cold is not None
    assert a.cold.seconds == 9.0
    assert [s.seconds for s in a.warm_up] == [1.0], "of four epochs the second warms up"
    assert [s.seconds for s in a.samples] == [1.0] * 2
    assert a.rounds == b.rounds == [0, 1]


def test_of_three_epochs_none_is_spent_on_warming_up() -> None:
    made, _ = group(World(), [StandIn(World(), "a", lambda n: 1.0)], epochs=3)
    (a,) = made.measure()
    assert a.warm_up == []
    assert a.rounds == [0, 1]


@dataclass
class TwoTimes(StandIn):
    """A worker whose own clock shows only a share of what passes."""

    share: float = 1.0

    def answer(self, timeout_seconds: float) -> Answer:
        answer = super().answer(timeout_seconds)
        if isinstance(answer, Sample):
            return Sample(self.share * answer.seconds, turn_seconds=self.share * answer.seconds)
        return answer


@pytest.mark.parametrize("epochs", [None, 6])
@pytest.mark.parametrize(
    ("share", "agrees"), [(1.0, True), (0.5, True), (0.1, True), (0.001, False), (1.5, False)]
)
def test_a_worker_whose_clock_runs_otherwise_than_ours_ends_with_a_wrong_answer(
    share: float, agrees: bool, epochs: int | None
) -> None:
    world = World()
    made, _ = group(world, [TwoTimes(world, "a", lambda n: 2.0, share=share)], epochs=epochs)
    (a,) = made.measure()
    if agrees:
        assert a.failure is None
    else:
        assert a.failure is not None
        assert a.failure.outcome == "wrong-answer"
        assert a.failure.reason.startswith("two clocks disagree: ")


def test_one_epoch_is_a_cold_call_and_no_sample() -> None:
    world = World()
    made, _ = group(world, [StandIn(world, "a", lambda n: 1.0)], epochs=1)
    (a,) = made.measure()
    assert a.cold is not None
    assert a.samples == []
    assert a.facts == {"peak_memory_bytes": 1}


def test_a_disturbed_sample_is_flagged_and_kept() -> None:
    world = World()
    made, _ = group(world, [StandIn(world, "a", lambda n: 0.01)])
    (a,) = made.measure()
    assert a.disturbed == [{"round": 2, "reason": "throttled"}]
    assert len(a.samples) == 6


def test_a_cell_gets_only_what_is_left_of_its_time() -> None:
    world = World()
    seen: list[float] = []

    class Timed(StandIn):
        def answer(self, timeout_seconds: float) -> Answer:
            seen.append(timeout_seconds)
            return super().answer(timeout_seconds)

    made, _ = group(world, [Timed(world, "a", lambda n: 10.0)])
    made.measure()
    assert seen[2:6] == [50.0, 40.0, 30.0, 20.0]


def test_once_calls_and_proves_but_takes_no_sample() -> None:
    world = World()
    made, ended = group(world, [StandIn(world, "a", lambda n: 0.01)])
    (a,) = made.measure(once=True)
    assert [kind for _, kind in world.log] == ["Load", "Prepare", "Finish"]
    assert a.samples == []
    assert ended == ["a"]


def test_a_cell_that_fails_is_ended_at_once() -> None:
    """It would keep its memory until the group ends, and its threads would go on beside the others."""
    world = World()
    lost = StandIn(world, "b", lambda n: 0.01, {"Go 2": Failed("out-of-memory", "no more")})
    made, _ = group(world, [StandIn(world, name, lambda n: 0.01) for name in "ac"] + [lost])
    made.measure()
    assert world.most_running == 1
    assert [kind for name, kind in world.log if name == "b"][-1] == "kill"
    assert ("a", "kill") not in world.log


def test_a_disturbed_cold_epoch_has_no_round() -> None:
    class Restless(Unwatched):
        def after(self, cell: Cell, sample: Sample, turn: int) -> list[str]:
            return ["stolen"]

    world = World()
    made, _ = group(world, [StandIn(world, "a", lambda n: 1.0)], epochs=3)
    made.watcher = Restless()
    (a,) = made.measure()
    assert [item["round"] for item in a.disturbed] == a.rounds == [0, 1]


def test_rounds_are_counted_from_the_first_one_that_is_told() -> None:
    world = World()
    told, _ = group(world, [StandIn(world, name, lambda n: 0.01) for name in "ab"])
    told.first_round = 3_000_000
    assert [turn.rounds for turn in told.measure()] == [list(range(3_000_000, 3_000_006))] * 2
    assert told.turns[0].disturbed == [{"round": 3_000_002, "reason": "throttled"}]
    turns = [Turn(cell("c"), SPEC, StandIn(world, "c", lambda n: 0.01), 50.0)]
    limits = Limits(6, 100.0, 0.05, 0.95)
    plain = Group(turns, limits, random.Random(7), Unwatched(), lambda turn: None, clock=lambda: world.now)
    assert plain.measure()[0].rounds == list(range(6))
    assert turns[0].launch == 0


def test_a_cell_s_time_is_that_of_its_turns_whatever_the_clock_began_with() -> None:
    world = World(now=1e6)
    made, _ = group(
        world, [StandIn(world, "a", lambda n: 0.25)], min_rounds=3, max_seconds=2.0, precision=None
    )
    assert len(made.measure()[0].rounds) == 8


def test_a_worker_that_can_t_even_be_told_costs_one_cell() -> None:
    class Deaf(StandIn):
        def order(self, message: Order) -> None:
            if isinstance(message, Load):
                raise CellFailed("crashed", "gone before it was told")
            super().order(message)

    world = World()
    made, ended = group(world, [Deaf(world, "a", lambda n: 0.01), StandIn(world, "b", lambda n: 0.01)])
    a, b = made.measure()
    assert a.failure is not None
    assert (ended[0], ("a", "kill") in world.log) == ("a", True)
    assert b.rounds == list(range(6))


def test_the_machine_is_watched_from_right_before_each_order_until_all_stand_still() -> None:
    world = World()

    class Watching(Unwatched):
        def before(self, cell: Cell, pids: Sequence[int]) -> None:
            world.log.append((cell.entry.name, "before"))

        def after(self, cell: Cell, sample: Sample, turn: int) -> list[str]:
            assert not world.running
            world.log.append((cell.entry.name, f"after {turn}"))
            return ["stolen", "throttled"]

    made, _ = group(world, [StandIn(world, name, lambda n: 1.0) for name in "ab"], epochs=2)
    made.watcher = Watching()
    a, _ = made.measure()
    mine = [kind for name, kind in world.log if name == "a"]
    assert mine == ["Load", "Prepare", "before", "Go", "after 0", "before", "Go", "after 0", "Finish"]
    assert a.disturbed == [{"round": 0, "reason": "stolen; throttled"}]


def test_trainers_are_proven_side_by_side_and_kernels_one_by_one() -> None:
    world = World()
    trained = group(world, [StandIn(world, name, lambda n: 1.0) for name in "ab"], epochs=3)[0]
    trained.measure()
    finishing = [n for n, (_, kind) in enumerate(world.log) if kind == "Finish"]
    assert finishing[1] == finishing[0] + 1
    assert world.most_running == 2
    assert all(turn.finished and turn.failure is None for turn in trained.turns)


def test_who_fails_its_proof_costs_one_cell_of_those_that_are_proven_beside_it() -> None:
    world = World()
    hands = [StandIn(world, name, lambda n: 1.0) for name in "ab"]
    hands[0].fail_on["Finish"] = Failed("wrong-answer", "strays")
    trained = group(world, hands, epochs=3)[0]
    lost, kept = trained.measure()
    assert lost.failure is not None
    assert lost.failure.outcome == "wrong-answer"
    assert kept.finished


class StopsNoMore(StandIn):
    """Once it has told all it hangs in a driver."""

    def freeze(self) -> None:
        if isinstance(self.pending, Finish):
            raise CellFailed("timed-out", "did not stop within 10 s")
        super().freeze()


@pytest.mark.parametrize("epochs", [None, 3])
def test_who_has_told_all_and_does_not_stop_ends_once_and_is_measured(epochs: int | None) -> None:
    """It was recorded twice, as measured and then as timed out."""
    world = World()
    hands = [StopsNoMore(world, "a", lambda n: 1.0), StandIn(world, "b", lambda n: 1.0)]
    made, ended = group(world, hands, epochs=epochs)
    a, b = made.measure()
    assert (a.finished, a.failure, b.finished) == (True, None, True)
    assert sorted(ended) == ["a", "b"]
    assert [kind for name, kind in world.log if name == "a"][-2:] == ["Finish", "kill"]
