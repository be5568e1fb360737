"""Devices that are loaded before the first round, or after the last."""

from __future__ import annotations

from collections.abc import Sequence

from stand_ins import StandIn, Unwatched, World, group

from likeforlike.bench.measure.levelling import Levelling
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.outcomes import CellFailed


def test_the_device_is_loaded_by_all_in_turns_before_the_first_round() -> None:
    world = World()
    hands = [StandIn(world, name, lambda n: 0.01) for name in "ab"]
    made, _ = group(world, hands)
    made.levelling = Levelling(4.0)
    for turn in made.turns:
        turn.seconds_left = 3.0  # loading comes on top of it
    a, b = made.measure()
    kinds = [kind for _, kind in world.log]
    assert kinds.index("Go") > max(i for i, kind in enumerate(kinds) if kind == "Sustain")
    assert sorted(name for name, kind in world.log if kind == "Sustain") == ["a", "a", "b", "b"]
    assert a.sustained["seconds"] == b.sustained["seconds"] == 4.0
    assert a.sustained["ended"] == "asked"
    assert a.failure is None
    assert len(a.samples) == len(a.paces) == 6
    assert a.waits == [0.25] * 6


def test_once_the_time_is_over_nobody_loads_it_any_more() -> None:
    """Three seconds by two, a second each: one of them has one turn."""
    world = World()
    made, _ = group(world, [StandIn(world, name, lambda n: 0.01) for name in "ab"])
    made.levelling = Levelling(3.0)
    made.measure()
    assert [kind for _, kind in world.log].count("Sustain") == 3


def test_who_needs_it_is_called_without_a_pause_after_the_rounds() -> None:
    world, calls, watched = World(), [], []

    class Counting(Unwatched):
        def needs_load(self, cell: Cell) -> bool:
            return cell.entry.name == "b"

        def before(self, cell: Cell, pids: Sequence[int]) -> None:
            watched.append(world.log[-1][1])

        def loaded(self, cell: Cell, calls_made: int) -> None:
            assert not world.running
            calls.append((cell.entry.name, calls_made))

    made, _ = group(world, [StandIn(world, name, lambda n: 0.01) for name in "ab"])
    made.watcher = Counting()
    _, b = made.measure()
    kinds = {name: [kind for who, kind in world.log if who == name] for name in "ab"}
    assert "Sustain" not in kinds["a"]
    assert kinds["b"].count("Sustain") == 1
    assert kinds["b"][-2:] == ["Sustain", "Finish"]
    assert calls == [("b", 9)]
    samples = [kind for _, kind in world.log].count("Go")
    assert len(watched) == samples + 1, "from right before the load on, as before each sample"
    assert b.failure is None
    assert not b.sustained


def test_trainers_load_it_after_their_cold_epoch_and_the_one_that_warms_up() -> None:
    world = World()
    made, _ = group(world, [StandIn(world, name, lambda n: 0.01) for name in "ab"], epochs=6)
    made.levelling = Levelling(4.0)
    a, b = made.measure()
    mine = [kind for name, kind in world.log if name == "a"]
    assert mine == ["Load", "Prepare", "Go", "Go", "Sustain", "Sustain", "Go", "Go", "Go", "Go", "Finish"]
    assert a.sustained == b.sustained
    assert a.sustained["seconds"] == 4.0
    assert len(a.samples) == len(a.paces) == 4


def test_who_fails_while_it_loads_the_device_costs_one_cell() -> None:
    world = World()
    hands = [StandIn(world, name, lambda n: 0.01) for name in "ab"]
    hands[0].fail_on["Sustain"] = CellFailed("crashed", "SIGSEGV")
    made, _ = group(world, hands)
    made.levelling = Levelling(4.0)
    a, b = made.measure()
    assert a.failure is not None
    assert b.rounds == list(range(6))
