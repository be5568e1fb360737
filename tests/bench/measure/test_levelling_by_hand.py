"""Until when a device is loaded, reading by reading: bounds to the second, the hertz and the degree."""

from __future__ import annotations

import pytest

from likeforlike.bench.measure.levelling import (
    ASKED,
    EXPECTED_SECONDS,
    LEVEL,
    LOAD_SECONDS,
    LONGEST,
    UNREAD,
    Levelling,
)
from likeforlike.devices.vendors.device import Pace

FIRST, LAST = (1, 2, 3), (8, 9, 10)
"""Seconds of readings in the two halves of a window that ends at 10 s."""


def warm(celsius: float | None) -> Pace:
    return Pace(None, celsius)


def clocked(hertz: float | None) -> Pace:
    return Pace(hertz, None)


def after(readings: dict[float, Pace], asked: float | None = None) -> str:
    """Why loading ends after these readings, by their seconds."""
    levelling = Levelling(asked)
    for seconds, pace in sorted(readings.items()):
        levelling.add(seconds, pace)
    return levelling.ended()


def halves(first: Pace, last: Pace, more: dict[float, Pace] | None = None) -> str:
    return after({**dict.fromkeys(FIRST, first), **dict.fromkeys(LAST, last), **(more or {})})


class TestAsked:
    @pytest.mark.parametrize(("last", "why"), [(3.75, ""), (4.0, ASKED), (5.0, ASKED)])
    @pytest.mark.parametrize("pace", [warm(60.0), Pace()])
    def test_as_long_as_was_asked_whatever_is_read(self, last, why, pace):
        assert after({1.0: pace, 2.0: pace, last: pace}, 4.0) == why

    def test_before_any_reading_it_goes_on(self):
        assert Levelling(0.0).ended() == ""
        assert Levelling().ended() == ""


class TestUnread:
    @pytest.mark.parametrize(("last", "why"), [(29.75, ""), (30.0, UNREAD), (31.0, UNREAD)])
    def test_what_tells_nothing_is_loaded_for_half_a_minute(self, last, why):
        levelling = Levelling()
        for seconds in (1.0, 2.0, last):
            levelling.add(seconds, None)
        assert levelling.ended() == why

    def test_what_told_something_once_is_not_called_unreadable(self):
        told_nothing = dict.fromkeys((23.0, 24.0, 25.0, 28.0, 29.0, 30.0), Pace())
        assert after({1.0: warm(60.0), **told_nothing}) == ""

    def test_so_long_a_device_is_expected_to_take_too(self):
        assert EXPECTED_SECONDS == 30.0


class TestLongest:
    @pytest.mark.parametrize(("last", "why"), [(299.0, ""), (300.0, LONGEST), (301.0, LONGEST)])
    def test_one_that_is_never_level_is_loaded_for_five_minutes(self, last, why):
        first = dict.fromkeys((last - 9, last - 8, last - 7), warm(60.0))
        assert after({**first, **dict.fromkeys((last - 2, last - 1, last), warm(70.0))}) == why


class TestHalves:
    @pytest.mark.parametrize(
        ("celsius", "why"), [(61.0, LEVEL), (61.5, ""), (59.0, LEVEL), (58.5, ""), (62.5, "")]
    )
    def test_may_differ_by_a_degree(self, celsius, why):
        assert halves(warm(60.0), warm(celsius)) == why

    @pytest.mark.parametrize(
        ("hertz", "why"), [(1010.0, LEVEL), (1010.5, ""), (990.0, LEVEL), (989.5, ""), (1025.0, "")]
    )
    def test_may_differ_by_a_hundredth_of_the_first_one_s_clock(self, hertz, why):
        assert halves(clocked(1000.0), clocked(hertz)) == why

    @pytest.mark.parametrize(
        ("hertz", "celsius", "why"),
        [(1000.0, 60.0, LEVEL), (1000.0, 70.0, ""), (1100.0, 60.0, ""), (1100.0, 70.0, "")],
    )
    def test_both_must_be_level_where_both_are_told(self, hertz, celsius, why):
        assert halves(Pace(1000.0, 60.0), Pace(hertz, celsius)) == why

    def test_what_is_not_told_counts_for_nothing(self):
        assert halves(warm(60.0), warm(60.0), {2.5: clocked(5.0), 3.5: warm(None)}) == LEVEL
        assert halves(warm(None), warm(60.0)) == ""
        assert halves(clocked(1000.0), clocked(None)) == ""

    @pytest.mark.parametrize("dropped", [1, 2, 3, 8, 9])
    def test_three_readings_of_either_are_needed(self, dropped):
        readings: dict[float, Pace] = dict.fromkeys((*FIRST, *LAST), warm(60.0))
        assert after(readings) == LEVEL
        del readings[dropped]
        assert after(readings) == ""

    def test_many_readings_of_one_half_make_up_for_none_of_the_other(self):
        assert after(dict.fromkeys((1, 2, 6, 7, 8, 9, 10), warm(60.0))) == ""
        assert after(dict.fromkeys((1, 2, 3, 4, 9, 10), warm(60.0))) == ""

    def test_nothing_is_level_before_ten_seconds(self):
        level = {float(seconds): warm(60.0) for seconds in range(1, 10)}
        assert after(level) == ""
        assert after({**level, 9.75: warm(60.0)}) == ""
        assert after({**level, 10.0: warm(60.0)}) == LEVEL

    def test_the_window_is_the_last_ten_seconds_cut_in_the_middle(self):
        """At 12 s: from 2 s on, at 7 s the second half. Means of (11 + 4) / 5 and (13 + 5) / 6, both 3.

        Without the reading at 2 s the first would be 1; with that at 7 s 28 / 6, and the second without it 1.
        """
        readings = {float(seconds): warm(1.0) for seconds in range(1, 13)}
        readings |= {1.0: warm(1000.0), 2.0: warm(11.0), 7.0: warm(13.0)}
        assert after(readings) == LEVEL


def test_a_turn_of_loading_leaves_readings_enough_and_not_too_many():
    """Each half of the window is 5 s long and needs three."""
    assert 3 <= 5.0 / LOAD_SECONDS <= 5


def test_facts_are_of_the_first_reading_and_the_last():
    levelling = Levelling(2.5)
    assert levelling.facts() == {}
    levelling.add(1.0, Pace(1000.0, 40.0, ("power",)))
    levelling.add(2.0, Pace(900.0, 50.0))
    levelling.add(3.0, None)
    assert levelling.facts() == {
        "seconds": 3.0,
        "ended": ASKED,
        "asked_seconds": 2.5,
        "first": {"clock_hertz": 1000.0, "celsius": 40.0, "held_back": ("power",)},
        "last": {"clock_hertz": None, "celsius": None, "held_back": None},
    }
