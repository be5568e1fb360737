"""Steps, effects and interactions on stand-ins of measurements, with p-values that are chosen."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from likeforlike.reports.judge.ladder.effects import Effect, Step, effects
from likeforlike.reports.read.schema.runs import Change, Rung

NOTHING = frozenset()


SOUND = {"verified": True, "refuted": "", "unproven": "", "crowded": "", "unproven_calls": ""}
"""What is thought of a rung of which sure things may be said."""


def rung(seconds, name, launches=(0.0, 0.0), rounds=1, doubt="", numbered=True, disturbed=NOTHING, **thought):
    """A measurement of so many launches, each with its own seconds more; round by round the same."""
    numbers = tuple(range(rounds * len(launches)))
    samples = tuple(seconds + more for more in launches for _ in range(rounds))
    run = SimpleNamespace(
        file=SimpleNamespace(digest="d"),
        cell=SimpleNamespace(group="g", rounds=numbers, samples=samples),
        number=0,
        numbered=numbered,
        launch_numbers=tuple(n for n in range(len(launches)) for _ in range(rounds)),
        disturbed_rounds=disturbed,
    )
    machine = SimpleNamespace(id="m")
    told = {"key": name, "machine": machine, "median_seconds": seconds, "doubt": doubt}
    return SimpleNamespace(**told | SOUND | thought, runs=[run])


def compared(word="faster", sure=True):
    return SimpleNamespace(verdict=SimpleNamespace(word=word), sure_of_times=sure)


def told(number=1, field="bias"):
    return Rung(number, f"ladder-{number}", "keras-fit", Change(field, True, False) if field else None)


def step(seconds, word="slower", order=1):
    return Step(order, told(), rung(10.0, "a"), rung(10.0 + seconds, "b"), compared(word))


class TestStep:
    def test_its_seconds_are_a_difference_of_medians(self):
        assert step(2.5).seconds == 2.5

    @pytest.mark.parametrize(
        ("comparison", "doubts", "word"),
        [
            (compared(), ("", ""), "faster"),
            (compared(sure=False), ("", ""), ""),
            (compared(), ("disturbed", ""), ""),
            (compared(), ("", "disturbed"), ""),
            (compared(sure=False), ("disturbed", "disturbed"), ""),
            (None, ("", ""), ""),
        ],
    )
    def test_its_word_is_that_of_sure_times(self, comparison, doubts, word):
        base, other = (rung(1.0, name, doubt=doubt) for name, doubt in zip("ab", doubts, strict=True))
        assert Step(1, told(), base, other, comparison).word == word


class TestEffect:
    @staticmethod
    def of(*steps, orders=None):
        return Effect(told().change, told(), steps, len(steps) if orders is None else orders)

    def test_mean_and_extremes(self):
        effect = self.of(step(2.0, order=1), step(-1.0, order=2), step(5.0, order=3))
        assert effect.seconds == pytest.approx(2.0)
        assert (effect.least.order, effect.most.order) == (2, 3)
        assert not effect.interacts

    def test_its_sign_is_sure_if_it_was_in_every_order(self):
        for word, sure in (("slower", True), ("faster", True), ("same", False), ("", False)):
            assert self.of(step(1.0, word), step(2.0, word)).sure is sure
        assert not self.of(step(1.0, "slower"), step(-1.0, "faster")).sure
        assert not self.of(step(1.0), step(2.0), orders=3).sure


class TestEffects:
    def test_each_change_with_its_steps_in_the_first_order_s_sequence(self):
        a, b, c, d = (
            rung(seconds, name) for seconds, name in ((10.0, "a"), (12.0, "b"), (15.0, "c"), (11.0, "d"))
        )
        start, end = told(0, None), told(3, None)
        first = [(start, a), (told(1, "bias"), b), (told(2, "seed"), c), (end, c)]
        second = [(start, a), (end, a), (told(1, "seed"), d), (told(2, "bias"), c)]
        third = [(start, a), (told(1, "bias"), None), (told(2, "seed"), c)]
        known = SimpleNamespace(base=a, other=b, **vars(compared("slower")))
        found = effects([first, second, third], [known])
        assert [(e.change.field, [s.order for s in e.steps], e.orders) for e in found] == [
            ("bias", [1, 2], 3),
            ("seed", [1, 2], 3),
        ]
        bias, seed = found
        assert [s.seconds for s in bias.steps] == [2.0, 4.0]
        assert [s.seconds for s in seed.steps] == [3.0, 1.0]
        assert [s.comparison for s in bias.steps] == [known, None]
        assert bias.rung == told(1, "bias")

    def test_a_change_without_figures_is_none(self):
        order = [(told(0, None), rung(1.0, "a")), (told(1), None)]
        assert effects([order], []) == []


def pair(difference, launches, name="x", base=(10.0, 10.0), **more):
    """Two orders' steps of a change, whose difference is so much, with these deviations of the launches."""
    least = (
        rung(base[0], f"{name}1", (0.0,) * len(launches)),
        rung(base[0], f"{name}2", (0.0,) * len(launches)),
    )
    most = (
        rung(base[1], f"{name}3", (0.0,) * len(launches)),
        rung(base[1] + difference, f"{name}4", tuple(launches), **more),
    )
    return least, most


def deviations(difference, p_value):
    """Of two launches, so that Student's test of their mean has this p-value: with one degree of freedom
    that is 1 - 2 / π · atan(t), and t the mean over half the distance."""
    half = difference / math.tan(math.pi / 2.0 * (1.0 - p_value))
    return -half, half


def interacting(*changes):
    """Whether each change interacts; each is given by its pairs of rungs, an order each."""
    orders = []
    for number in range(max(map(len, changes))):
        order = []
        for n, pairs in enumerate(changes):
            if number < len(pairs):
                base, other = pairs[number]
                order += [(told(0, None), base), (told(1, f"field-{n}"), other)]
        orders.append(order)
    return [effect.interacts for effect in effects(orders, [])]


class TestInteractions:
    @pytest.mark.parametrize(
        ("p_value", "interacts"), [(0.02, True), (0.045, True), (0.055, False), (0.1, False)]
    )
    def test_extremes_that_differ_at_five_per_cent(self, p_value, interacts):
        assert interacting(pair(3.0, deviations(3.0, p_value))) == [interacts]

    def test_of_four_orders_six_pairs_could_have_been_picked(self):
        for p_value, interacts in ((0.007, True), (0.01, False)):
            least, most = pair(3.0, deviations(3.0, p_value))
            between = [(rung(10.0, f"b{n}"), rung(11.0, f"c{n}")) for n in range(2)]
            assert interacting([least, most, *between]) == [interacts]

    def test_a_change_that_two_orders_share_is_no_test(self):
        """Beside it 0.03 stays 0.03; were it one of two, it would be 0.06."""
        shared = rung(10.0, "s1"), rung(12.0, "s2")
        assert interacting(pair(3.0, deviations(3.0, 0.03)), [shared, shared]) == [True, False]
        assert interacting([shared], pair(3.0, deviations(3.0, 0.03))) == [False, True]

    def test_nor_is_one_launch_or_an_answer_that_is_wrong(self):
        for none in (
            pair(3.0, (0.0,), "y"),
            pair(3.0, deviations(3.0, 0.001), "y", refuted="wrong answer"),
            pair(3.0, deviations(3.0, 0.001), "y", numbered=False),
            pair(3.0, deviations(3.0, 0.001), "y", disturbed=frozenset({1})),
        ):
            assert interacting(pair(3.0, deviations(3.0, 0.03)), none) == [True, False]

    @pytest.mark.parametrize(
        "thought",
        [
            {"verified": False},
            {"unproven": "nobody knows what it trains"},
            {"crowded": "others took 60 % of the processors"},
            {"unproven_calls": "timed epochs not proven"},
        ],
    )
    def test_of_a_rung_of_which_nothing_is_sure_no_interaction_is(self, thought):
        assert interacting(pair(3.0, deviations(3.0, 0.001), **thought)) == [False]

    def test_medians_that_rounds_contradict_are_no_interaction(self):
        """By medians the change costs 3 s more in the second order, by the rounds of each launch 1 s less."""
        assert interacting(pair(3.0, (-4.0, -4.001))) == [False]
        assert interacting(pair(3.0, (1.0, 1.001))) == [True]

    def test_two_tests_are_controlled_together(self):
        calm = pair(3.0, deviations(3.0, 0.5), "y")
        assert interacting(pair(3.0, deviations(3.0, 0.03)), calm) == [False, False]
        assert interacting(pair(3.0, deviations(3.0, 0.02)), calm) == [True, False]

    def test_of_rounds_the_median_of_a_launch_counts(self):
        """Three rounds a launch; that one of the most is missing takes nothing away."""
        least = rung(10.0, "a", (0.0, 0.0), rounds=3), rung(10.0, "b", (0.0, 0.0), rounds=3)
        low, high = deviations(3.0, 0.03)
        most = (
            rung(10.0, "c", (0.0, 0.0), rounds=3),
            rung(13.0, "d", (low, high), 3, disturbed=frozenset({4})),
        )
        assert interacting([least, most]) == [True]
        assert interacting([most, least]) == [True]

    def test_by_the_difference_of_differences(self):
        """All take five seconds more in the second launch than in the first, but for these deviations."""
        moved = (0.0, 5.0)
        for p_value, interacts in ((0.03, True), (0.1, False)):
            low, high = deviations(3.0, p_value)
            least = rung(10.0, "a", moved), rung(20.0, "b", moved)
            most = rung(30.0, "c", moved), rung(43.0, "d", (low, 5.0 + high))
            assert interacting([least, most]) == [interacts]

    def test_a_change_that_costs_as_much_in_every_order_does_not_interact(self):
        least = rung(10.0, "a"), rung(15.0, "b")
        most = rung(10.0, "c"), rung(15.1, "d", deviations(0.1, 0.001))
        assert interacting([least, most]) == [False]

    @pytest.mark.parametrize(
        ("base", "difference", "matters"),
        [
            ((10.0, 30.0), 0.4, True),
            ((30.0, 10.0), 0.4, True),
            ((10.0, 10.0), 0.1, False),
            ((50.0, 60.0), 1.0, False),  # two per cent of 50 seconds, and no more
            ((50.0, 60.0), 1.5, True),
        ],
    )
    def test_less_than_two_per_cent_of_the_quicker_rung_is_none(self, base, difference, matters):
        assert interacting(pair(difference, deviations(difference, 0.001), base=base)) == [matters]
