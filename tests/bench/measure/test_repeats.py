"""Which rounds are repeated, by how much at most, and that it is never one entrant alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from likeforlike.bench.measure.repeats import MOST_IN_VAIN, REPEATED_FRACTION, Repeats
from likeforlike.bench.measure.rounds import Group, Turn
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.messages import Failed, Sample
from tests.bench.measure.test_rounds import SPEC, StandIn, World, cell


@dataclass
class Neighbour:
    """Disturbs the n-th sample of the whole group where ``disturbs`` says so."""

    disturbs: Callable[[int], bool]
    samples: int = 0
    pids: list[Sequence[int]] = field(default_factory=list)

    def before(self, cell: Cell, pids: Sequence[int]) -> None:
        self.pids.append(pids)

    def after(self, cell: Cell, sample: Sample, turn: int) -> list[str]:
        self.samples += 1
        return ["waited"] if self.disturbs(self.samples - 1) else []

    def needs_load(self, cell: Cell) -> bool:
        return False

    def loaded(self, cell: Cell, calls: int) -> None:
        pass

    def pace(self, cell: Cell) -> None:
        pass

    def waited_seconds(self, cell: Cell) -> None:
        pass


def measured(
    hands: Sequence[StandIn],
    watcher: Neighbour,
    rounds: int = 10,
    epochs: int | None = None,
    peace: Callable[[], bool] = lambda: True,
    seconds: float = 0.0,
) -> list[Turn]:
    turns = [Turn(cell(hand.name, epochs), SPEC, hand, 1e9) for hand in hands]
    limits = Limits(rounds, seconds, None, 0.95)
    clock = hands[0].world
    group = Group(turns, limits, random.Random(3), watcher, lambda _: None, 0, lambda: clock.now, peace)
    return group.measure()


def test_a_disturbed_round_is_taken_once_more_by_all() -> None:
    world = World()
    hands = [StandIn(world, name, lambda n: 1 + n / 1000, pids=(ord(name),)) for name in "abc"]
    watcher = Neighbour(lambda n: n == 3 * 6 + 1)  # the second sample of round 6
    turns = measured(hands, watcher)
    assert [turn.repeated for turn in turns] == [1, 1, 1]
    assert [turn.rounds for turn in turns] == [list(range(10))] * 3
    assert [turn.disturbed for turn in turns] == [[], [], []]
    # a hand's n-th sample is n milliseconds longer: number 6 gave way to number 7, for every entrant alike
    numbers = [[round(1000 * (sample.seconds - 1)) for sample in turn.samples] for turn in turns]
    assert numbers == [[0, 1, 2, 3, 4, 5, 7, 8, 9, 10]] * 3
    samples = [name for name, kind in world.log if kind == "Go"]
    assert samples[18:21] == samples[21:24], "in the same order"
    assert watcher.pids[0] == (ord(samples[0]),)


def test_the_third_stands_even_if_it_was_disturbed_too() -> None:
    world = World()
    hands = [StandIn(world, name, lambda n: 1.0) for name in "ab"]
    turns = measured(hands, Neighbour(lambda n: n in (12, 14, 16)))
    assert [turn.repeated for turn in turns] == [2, 2]
    assert sorted(len(turn.disturbed) for turn in turns) == [0, 1]
    assert {item["round"] for turn in turns for item in turn.disturbed} == {6}


def test_where_others_do_not_pause_nothing_is_repeated() -> None:
    asked: list[int] = []
    hands = [StandIn(World(), "a", lambda n: 1.0)]
    (turn,) = measured(
        hands, Neighbour(lambda n: n >= 8), rounds=40, peace=lambda: bool(asked.append(len(asked)))
    )
    assert turn.repeated == 0
    assert [item["round"] for item in turn.disturbed] == list(range(8, 40))
    assert len(asked) == 1 + 32, "before the first round, and after each that was disturbed"


def test_after_three_rounds_in_vain_none_is_repeated() -> None:
    """A quiet round between them begins the count anew."""
    hands = [StandIn(World(), "a", lambda n: 1.0)]
    (turn,) = measured(hands, Neighbour(lambda n: True), seconds=40.0)
    assert MOST_IN_VAIN == 3
    assert turn.repeated == 2 * 3
    assert len(turn.disturbed) == 40
    hands = [StandIn(World(), "a", lambda n: 1.0)]
    (turn,) = measured(hands, Neighbour(lambda n: n != 6), seconds=40.0)
    # rounds 0 and 1 in vain, number 6 is the quiet first try of round 2, and then three more in vain
    assert turn.repeated == 2 * (2 + MOST_IN_VAIN)
    assert [item["round"] for item in turn.disturbed] == [0, 1, *range(3, 40)]


@pytest.mark.parametrize(("budget", "rounds"), [(0.0, 100), (1000.0, 100), (50.0, 100)])
def test_at_most_as_much_again_of_the_cell_s_time(budget: float, rounds: int) -> None:
    """Nine of ten rounds are disturbed, and quiet when they are repeated twice."""
    repeats = Repeats(budget)
    again = 0.0
    for number in range(rounds):
        repeats.add("a", 1.0, again=False)
        for _ in range(2 if number % 10 else 0):
            if repeats.affordable(["a"]):
                repeats.add("a", 1.0, again=True)
                again += 1.0
                assert again <= REPEATED_FRACTION * max(budget, number + 1.0)
    assert again == (180.0 if budget == 1000.0 else 100.0)  # all of them; as much as the 100 s used


def test_one_entrant_whose_time_is_used_up_ends_it_for_all() -> None:
    repeats = Repeats(10.0)
    repeats.add("short", 0.1, again=False)
    repeats.add("long", 4.0, again=False)
    repeats.add("long", 5.5, again=True)
    assert repeats.affordable(["short"])
    assert not repeats.affordable(["short", "long"])


def test_repeated_samples_come_on_top_of_a_cell_s_own_time() -> None:
    """Six seconds for samples of one second each: six samples, repeated or not."""
    world = World()
    turns = [Turn(cell("a"), SPEC, StandIn(world, "a", lambda n: 1.0), 1e9)]
    watcher = Neighbour(lambda n: n == 2)
    limits = Limits(2, 6.0, None, 0.95)
    Group(turns, limits, random.Random(3), watcher, lambda _: None, 0, lambda: world.now).measure()
    assert (turns[0].repeated, len(turns[0].samples), world.now) == (1, 6, 7.0)


def test_an_epoch_is_never_taken_back() -> None:
    hands = [StandIn(World(), "a", lambda n: 1.0)]
    (turn,) = measured(hands, Neighbour(lambda n: True), epochs=7)
    assert turn.repeated == 0
    assert [item["round"] for item in turn.disturbed] == [0, 1, 2, 3, 4]


def test_who_fails_when_it_is_repeated_is_lost_and_the_others_go_on() -> None:
    world = World()
    hands = [StandIn(world, name, lambda n: 1.0) for name in "ab"]
    hands[0].fail_on["Go 7"] = Failed("failed", "no more")
    a, b = measured(hands, Neighbour(lambda n: n == 12))
    assert a.failure is not None
    assert (b.failure, b.repeated, b.rounds) == (None, 1, list(range(10)))


def test_by_hand() -> None:
    """Of 10 s a turn of 10 s; where no time is given, as many turns again."""
    for budget, turns, seconds, affordable in (
        (10.0, 1, 10.0, True),
        (9.99, 2, 5.0, True),
        (0.0, 1, 1.0, True),
    ):
        repeats = Repeats(budget)
        for _ in range(turns):
            repeats.add("a", seconds, again=False)
        assert repeats.affordable(["a"]) == affordable


def test_repeated_turns_count_from_the_first_one_on() -> None:
    """10 s allow for two more turns of 5 s, and no third."""
    repeats = Repeats(10.0)
    repeats.add("a", 5.0, again=False)
    for affordable in (True, True, False):
        assert repeats.affordable(["a"]) == affordable
        repeats.add("a", 5.0, again=True)
