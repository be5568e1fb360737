"""Rounds of floors: one that is far from the fastest ends early."""

from __future__ import annotations

from dataclasses import replace

from stand_ins import StandIn, World, group

from likeforlike.bench.measure.rounds import Group
from likeforlike.bench.worker.messages import (
    Failed,
)


def floors(world: World, seconds: dict[str, float], epochs: int) -> tuple[Group, list[str]]:
    """Candidates for the floor and one trainer, ``t``."""
    hands = [StandIn(world, name, lambda n, s=s: s) for name, s in seconds.items()]
    made, ended = group(world, hands, epochs=epochs)
    for turn in made.turns:
        if turn.cell.entry.name != "t":
            turn.cell = replace(
                turn.cell,
                entry=replace(turn.cell.entry, role="floor"),
                axes=(("recipe", turn.cell.entry.name),),
            )
    return made, ended


def test_a_floor_far_from_the_fastest_ends_after_a_few_rounds_and_is_kept() -> None:
    world = World()
    made, ended = floors(world, {"far": 1.6, "near": 1.4, "best": 1.0, "t": 9.0}, epochs=10)
    far, near, best, trainer = made.measure()
    assert far.rounds == [0, 1, 2]
    assert near.rounds == best.rounds == trainer.rounds == list(range(8))
    assert far.facts == {"peak_memory_bytes": 1}
    assert ended[0] == "far"
    assert sorted(ended) == ["best", "far", "near", "t"]
    assert [kind for name, kind in world.log if name == "far"].count("Finish") == 1


def test_one_round_is_enough_of_a_hopeless_floor() -> None:
    made, _ = floors(World(), {"hopeless": 8.1, "far": 7.9, "best": 1.0}, epochs=10)
    assert [turn.rounds for turn in made.measure()] == [[0], [0, 1, 2], list(range(8))]


def test_a_disturbed_round_or_two_cost_no_floor_its_place() -> None:
    made, _ = floors(World(), {"disturbed": 1.0, "best": 1.0}, epochs=10)
    made.turns[0].hand.seconds = lambda n: 3.0 if n in (2, 4) else 1.1  # type: ignore[attr-defined]
    assert [len(turn.rounds) for turn in made.measure()] == [8, 8]


def test_a_trainer_goes_on_however_far_it_is_from_the_floor() -> None:
    made, _ = floors(World(), {"only": 1.0, "t": 50.0}, epochs=10)
    assert [turn.rounds for turn in made.measure()] == [list(range(8))] * 2


def test_a_floor_that_fails_leaves_the_others_their_rounds() -> None:
    world = World()
    made, _ = floors(world, {"a": 1.0, "b": 3.0, "t": 9.0}, epochs=10)
    made.turns[0].hand.fail_on["Go 1"] = Failed("failed", "no more")  # type: ignore[attr-defined]
    a, b, _ = made.measure()
    assert a.failure is not None
    assert b.rounds == list(range(8)), "what is left is the fastest"
