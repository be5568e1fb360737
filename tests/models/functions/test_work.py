"""A function's arguments and answers, without a process: the first and the other meet over a folder."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from likeforlike.models.contract.problem import WrongAnswer
from likeforlike.models.functions.arguments import Draws, arguments_of
from likeforlike.models.functions.exchange import Exchange
from likeforlike.models.functions.given import Entrant, Given
from likeforlike.models.functions.structures import same
from likeforlike.models.functions.work import LONGEST_DRAW_SECONDS, MOST_CALLS, SHORTEST_SAMPLE_SECONDS, Work


class Clock:
    """Each reading is ``step`` seconds after the last."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def pair(folder: Path, first, other, args=None, check=None, step=0.01) -> tuple[Work, Work]:
    entrants = (Entrant("mine", 0, first=True), Entrant("theirs", 1))
    given = Given((first, other), args, check, entrants, folder)
    one, two = (Work(given, entrant, Clock(step)) for entrant in entrants)
    return one, two


def first_call(work: Work):
    result = work.call()
    work.wait(result)
    return work.hold(result)


def timed_call(work: Work):
    """As the harness does it: drawn before, found by the call, probed after it."""
    switch = work.draw() if work.renewable else None
    if switch:
        switch()
    result = work.call()
    return work.probe(result)


def drawn(rng):
    return (rng.random(4),)


def test_answers_that_agree_are_held_together_before_and_during_timing(tmp_path):
    mine, theirs = pair(tmp_path, np.sum, lambda x: float(np.sum(x)) * (1 + 1e-12), drawn)
    assert first_call(mine).ok
    found = first_call(theirs)
    assert 0.5e-12 < found.error < 2e-12
    assert found.ok
    for _ in range(5):
        timed_call(mine)
        assert timed_call(theirs).error > 0
    mine.restore()
    assert mine.hold(mine.call()).error == 0.0


def test_another_answer_is_wrong_and_says_by_how_much(tmp_path):
    mine, theirs = pair(tmp_path, np.sort, np.negative, drawn)
    first_call(mine)
    with pytest.raises(
        WrongAnswer, match="differs from mine's by .* of its largest value, more than 1.49e-08"
    ):
        first_call(theirs)


def test_who_comes_before_the_first_is_held_to_it_as_soon_as_it_is_there(tmp_path):
    mine, theirs = pair(tmp_path, np.sort, np.negative, drawn)
    first_call(theirs)
    first_call(mine)
    with pytest.raises(WrongAnswer, match="mine's"):
        timed_call(theirs)


def test_a_wrong_answer_of_a_timed_call_is_found_in_the_next_round_at_the_latest(tmp_path):
    calls = []

    def forgetful(x):
        calls.append(x)
        return np.sort(calls[0])

    mine, theirs = pair(tmp_path, np.sort, forgetful, drawn)
    first_call(mine)
    first_call(theirs)
    timed_call(theirs)
    timed_call(mine)
    with pytest.raises(WrongAnswer):
        timed_call(theirs)


def test_who_remembers_answers_by_argument_gains_nothing(tmp_path):
    computed = []

    def remembering(x, known={}):  # noqa: B006
        key = x.tobytes()
        if key not in known:
            computed.append(key)
            known[key] = np.sort(x)
        return known[key]

    mine, theirs = pair(tmp_path, np.sort, remembering, drawn)
    first_call(mine)
    first_call(theirs)
    for number in range(2, 6):
        timed_call(theirs)
        assert len(computed) == number


def test_all_are_given_the_same_arguments_and_each_call_others(tmp_path):
    mine, theirs = pair(tmp_path, np.sort, np.sort, drawn)
    seen = []
    for _ in range(4):
        assert same(mine.arguments, theirs.arguments)
        assert not any(same(mine.arguments, before) for before in seen)
        seen.append(mine.arguments)
        for work in (mine, theirs):
            work.draw()()


@pytest.mark.parametrize(
    "args",
    [
        lambda seed: (np.full(2, seed),),
        lambda: (np.random.rand(3),),
        lambda: {"x": [random.random()]},
    ],
)
def test_arguments_may_be_drawn_by_seed_or_from_the_global_generators(tmp_path, args):
    before = random.getstate(), np.random.get_state()
    mine, theirs = pair(tmp_path, lambda x: x, lambda x: x, args)
    assert mine.renewable
    assert same(mine.arguments, theirs.arguments)
    assert random.getstate() == before[0]
    assert np.array_equal(np.random.get_state()[1], before[1][1])


@pytest.mark.parametrize("args", [(np.arange(3.0),), {"a": np.arange(3.0)}, lambda: (np.arange(3.0),)])
def test_arguments_that_never_change_can_not_be_renewed(tmp_path, args):
    mine, _ = pair(tmp_path, np.sort, np.sort, args)
    assert not mine.renewable
    assert mine.kernel().supply is None
    first_call(mine)
    assert timed_call(mine).error == 0.0


def test_arguments_that_take_long_to_make_are_made_once(tmp_path):
    mine, theirs = pair(tmp_path, np.sort, np.sort, drawn, step=2 * LONGEST_DRAW_SECONDS)
    assert not mine.renewable
    assert not theirs.renewable


def test_all_of_a_group_renew_their_arguments_or_none(tmp_path):
    slow, _ = pair(tmp_path, np.sort, np.sort, drawn, step=2 * LONGEST_DRAW_SECONDS)
    quick, _ = pair(tmp_path, np.sort, np.sort, drawn)
    assert not slow.renewable
    assert not quick.renewable


@pytest.mark.parametrize("args", [lambda rng: (1.0 - np.sort(rng.random(4)),), (np.array([3.0, 1.0]),)])
def test_a_function_that_changes_its_arguments_is_refused(tmp_path, args):
    def in_place(x):
        x.sort()
        return x

    _, theirs = pair(tmp_path, np.sort, in_place, args)
    with pytest.raises(ValueError, match="it changes its arguments"):
        first_call(theirs)


class Network:
    """Equals itself alone, and so no copy of it."""

    def __init__(self) -> None:
        self.weight = np.array([2.0, 1.0])


@pytest.mark.parametrize("made", [False, True])
def test_a_network_among_the_arguments_is_one_while_it_holds_the_same(tmp_path, made):
    def args(rng=None):
        return Network(), (np.ones(2) if rng is None else rng.random(2))

    def changing(network, x):
        network.weight = network.weight + 1.0
        return x

    def read(network, x):
        return network.weight * x

    mine, theirs = pair(tmp_path, read, read, args if made else args())
    assert mine.renewable is made
    first_call(mine)
    assert first_call(theirs).ok
    _, theirs = pair(tmp_path, read, changing, args if made else args())
    with pytest.raises(ValueError, match="it changes its arguments"):
        first_call(theirs)


def test_arguments_that_no_seed_holds_are_refused(tmp_path):
    mine, _ = pair(tmp_path, np.sort, np.sort, lambda: (np.random.default_rng().random(3),))
    with pytest.raises(ValueError, match="other arguments each time it is called with one seed"):
        first_call(mine)


def test_a_check_of_ones_own_replaces_ours(tmp_path):
    seen = []

    def check(first, other):
        seen.append((first, other))

    mine, theirs = pair(tmp_path, lambda: 1.0, lambda: 2.0, check=check)
    first_call(mine)
    assert first_call(theirs).ok
    assert seen[-1] == (1.0, 2.0)


def test_a_check_that_raises_or_returns_false_is_a_wrong_answer(tmp_path):
    for check, told in (
        (np.testing.assert_allclose, "by check: AssertionError: Not equal"),
        (lambda *_: False, "False"),
    ):
        folder = tmp_path / told[-5:]
        folder.mkdir()
        mine, theirs = pair(folder, lambda: 1.0, lambda: 2.0, check=check)
        if told == "False":
            with pytest.raises(WrongAnswer, match=told):
                first_call(mine)
            continue
        first_call(mine)
        with pytest.raises(WrongAnswer, match=told) as caught:
            first_call(theirs)
        assert "\n" not in str(caught.value)


def test_a_check_may_return_what_numpy_makes_of_a_comparison(tmp_path):
    def check(one, other):
        return np.all(np.abs(one - other) < 1e-6)

    mine, theirs = pair(tmp_path, lambda: np.ones(2), lambda: np.zeros(2), check=check)
    first_call(mine)
    with pytest.raises(WrongAnswer, match="check returned False"):
        first_call(theirs)


class TestProof:
    """Whether answers of timed calls were held against the first's is told at the end."""

    def test_they_were(self, tmp_path):
        mine, theirs = pair(tmp_path, np.sort, np.sort, drawn)
        first_call(mine)
        first_call(theirs)
        assert (
            theirs.kernel().unproven()
            == "no answer of a timed call could be held against the first function's"
        )
        timed_call(mine)
        timed_call(theirs)
        assert [work.kernel().unproven() for work in (mine, theirs)] == ["", ""]

    def test_they_were_later(self, tmp_path):
        mine, theirs = pair(tmp_path, np.sort, np.sort, drawn)
        first_call(mine)
        first_call(theirs)
        timed_call(theirs)
        timed_call(mine)
        theirs.restore()
        theirs.hold(theirs.call())
        assert theirs.kernel().unproven() == ""

    def test_nothing_was_returned(self, tmp_path):
        mine, theirs = pair(tmp_path, lambda x: None, lambda x: None, drawn)
        for work in (mine, theirs):
            first_call(work)
            timed_call(work)
            assert work.kernel().unproven() == "it returns nothing that could be compared"

    def test_a_function_alone_has_nobody_to_be_held_against(self, tmp_path):
        entrants = (Entrant("mine", 0, first=True),)
        work = Work(Given((np.sort,), drawn, None, entrants, tmp_path), entrants[0], Clock(0.01))
        first_call(work)
        timed_call(work)
        assert work.kernel().unproven() == ""


def test_launches_have_arguments_of_their_own_and_all_in_one_the_same(tmp_path, monkeypatch):
    of_launches = []
    for launch in ("0", "1"):
        monkeypatch.setenv("LIKEFORLIKE_LAUNCH", launch)
        mine, theirs = pair(tmp_path, np.sort, np.sort, drawn)
        assert same(mine.arguments, theirs.arguments)
        first_call(theirs)  # finds no answer of the launch before
        first_call(mine)
        timed_call(mine)
        timed_call(theirs)
        of_launches.append(mine.arguments)
    assert not same(*of_launches)


def test_seeds_are_of_32_bits_and_apart_in_every_launch():
    def seeds(token):
        return [
            Draws(lambda seed: (seed,), {}, token).set(number).positional[0] for number in (0, 1, 10**9 + 7)
        ]

    assert seeds(0) == [2026, 2027, 2026 + 10**9 + 7]
    assert seeds(1) == [1_002_029, 1_002_030, 1_002_029 + 10**9 + 7]
    assert all(0 <= seed < 2**32 for seed in seeds(2**32 - 1))


def test_an_answer_that_can_not_be_handed_on_says_what_to_return(tmp_path):
    mine, _ = pair(tmp_path, lambda: (n for n in ()), lambda: None)
    with pytest.raises((ValueError, TypeError), match="generator"):
        first_call(mine)


@pytest.mark.parametrize(
    ("seconds", "calls"),
    [(1.0, 1), (SHORTEST_SAMPLE_SECONDS * 0.51, 1), (SHORTEST_SAMPLE_SECONDS / 3.5, 4), (0.0, MOST_CALLS)],
)
def test_a_quick_function_is_called_until_a_clock_can_tell(tmp_path, seconds, calls):
    made = []
    mine, _ = pair(tmp_path, lambda: made.append(0), lambda: None, step=seconds)
    first_call(mine)
    assert mine.calls == calls
    assert mine.kernel().calls() == calls
    made.clear()
    mine.call()
    assert len(made) == calls


def test_each_of_several_calls_is_waited_for(tmp_path):
    events = []
    mine, _ = pair(tmp_path, lambda: events.append("call"), lambda: None)
    mine.calls, mine._wait = 3, lambda _: events.append("wait")
    mine._first_call = False
    mine.wait(mine.call())
    assert events == ["call", "wait"] * 3


def test_arguments_of_another_kind_are_named():
    with pytest.raises(TypeError, match=r"args is of type ndarray, expected .*\(x,\)"):
        arguments_of(np.zeros(3), "args")
    with pytest.raises(TypeError, match="what args\\(\\) returned is of type ndarray"):
        Draws(lambda: np.zeros(3), {}).set(0)


def test_a_grid_s_values_go_to_who_makes_the_arguments_else_to_the_function():
    assert Draws(lambda n, rng: (np.ones(n),), {"n": 2}).set(0).positional[0].tolist() == [1.0, 1.0]
    assert Draws(None, {"n": 2}).set(0) == ((), {"n": 2})
    assert Draws((1,), {"n": 2}).set(0) == ((1,), {"n": 2})


@pytest.mark.parametrize("shared", [False, True])
def test_answers_of_long_ago_are_forgotten_but_for_the_first(tmp_path, shared):
    first, other = (Exchange(tmp_path, f"g{shared}", shared) for _ in range(2))
    for number in range(5):
        first.lay_down(number, np.full(2, number))
    known = [n for n in range(6) if other.look_up(n) is not None]
    assert known == [0, 3, 4]
    found = other.look_up(4)
    assert found is not None
    assert found[0].tolist() == [4, 4]
