"""Until when a device is loaded: level readings, so many seconds, or the longest time; and by whom."""

from __future__ import annotations

import math

import pytest
from made_up_run import SPEC

from likeforlike.bench.measure.levelling import (
    ASKED,
    LEVEL,
    LONGEST,
    LONGEST_SECONDS,
    UNREAD,
    UNREAD_SECONDS,
    WINDOW_SECONDS,
    Levelling,
)
from likeforlike.devices.vendors.device import Pace


def loaded(levelling: Levelling, pace, step: float = 1.0) -> float:
    """For how long it is loaded, a reading each step; ``pace`` by seconds."""
    seconds = 0.0
    while not levelling.ended():
        seconds += step
        levelling.add(seconds, pace(seconds))
    return seconds


def heating(seconds: float) -> Pace:
    """A board that warms up from 40 to 75 degrees in a minute or so, and slows from 1980 to 1755 MHz."""
    left = math.exp(-seconds / 20.0)
    return Pace(1.755e9 + 0.225e9 * left, 75.0 - 35.0 * left, ("power limit",))


def test_it_goes_on_until_clock_and_temperature_are_level() -> None:
    levelling = Levelling()
    seconds = loaded(levelling, heating)
    # half-window means of 35 exp(-t / 20) differ by 1 degree near 40 s, by hand
    assert 35 < seconds < 60
    facts = levelling.facts()
    assert (facts["ended"], facts["seconds"], facts["asked_seconds"]) == (LEVEL, seconds, None)
    assert facts["first"]["celsius"] == pytest.approx(heating(1.0).celsius)
    assert facts["last"] == {
        "clock_hertz": heating(seconds).clock_hertz,
        "celsius": heating(seconds).celsius,
        "held_back": ("power limit",),
    }


def test_a_level_device_is_loaded_for_the_window_alone() -> None:
    assert loaded(Levelling(), lambda seconds: Pace(1.4e9, 61.0)) == WINDOW_SECONDS


def test_a_level_clock_does_not_do_while_it_still_gets_hotter() -> None:
    levelling = Levelling()
    assert loaded(levelling, lambda seconds: Pace(1.4e9, 40.0 + 0.5 * seconds), 5.0 / 3) >= LONGEST_SECONDS
    assert levelling.ended() == LONGEST


def test_one_that_tells_a_temperature_alone_is_level_by_that() -> None:
    levelling = Levelling()
    loaded(levelling, lambda seconds: Pace(None, 61.0))
    assert levelling.ended() == LEVEL


def test_seconds_that_were_asked_for_count_whatever_is_read() -> None:
    levelling = Levelling(4.0)
    assert loaded(levelling, lambda seconds: Pace(1.4e9, 61.0)) == 4.0
    assert levelling.ended() == ASKED


def test_what_tells_nothing_is_loaded_for_a_while_and_that_is_told() -> None:
    levelling = Levelling()
    assert loaded(levelling, lambda seconds: None) == UNREAD_SECONDS
    assert levelling.facts()["ended"] == UNREAD


def test_too_few_readings_show_nothing() -> None:
    levelling = Levelling()
    assert loaded(levelling, lambda seconds: Pace(1.4e9, 61.0), step=4.0) == LONGEST_SECONDS


def test_the_spec_of_a_cell_is_not_sustained_by_itself() -> None:
    assert not SPEC.sustained
