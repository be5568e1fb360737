"""The study of compared functions: its arithmetic; nothing is measured."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from likeforlike.bench.studies.functions import __main__ as study
from likeforlike.bench.studies.functions import slowed


def test_elements_are_as_many_as_take_the_time_asked_for():
    readings = iter(range(100))
    assert slowed.elements_for(5.0, lambda: float(next(readings))) == 500_000


def test_both_functions_give_one_answer_and_one_does_a_share_of_the_work_twice():
    array, again = slowed.Maker(200, 0.05)(np.random.default_rng(1))
    assert (len(array), len(again)) == (200, 10)
    assert np.array_equal(slowed.plain(array, again), slowed.slowed(array, again))
    assert np.allclose(slowed.plain(array, again), (np.exp(2 * array) - 1) / (np.exp(2 * array) + 1))


def test_words_are_counted():
    def pair(word, sure, launches):
        return SimpleNamespace(
            word=word, sure=sure, verdict=SimpleNamespace(estimate=SimpleNamespace(launches=launches))
        )

    found = [pair("slower", True, 3), pair("slower", False, 4), pair("unclear", False, 8)]
    assert study.row_of("slowed", found) == ["slowed", "3", "2", "0", "0", "1", "0", "1", "5.0"]


def test_what_is_asked_for_on_the_command_line():
    asked = study.arguments(["--launches", "4", "6", "--same", "2"])
    assert (asked.launches, asked.same, asked.slowed, asked.share) == ((4, 6), 2, 10, 0.05)
    with pytest.raises(SystemExit):
        study.arguments(["--launches", "4"])
