"""Twins: turns and verdicts on figures that are made up, processes that answer, end and hang."""

from __future__ import annotations

import math
import os
import random
import signal
import sys

import psutil
import pytest

from likeforlike.devices.check import twins
from likeforlike.devices.check.rows import Place

HERE = Place("cpu:0")
ANSWERS = "print('hello'); print('twin ready', flush=True)\nfor _ in iter(input, ''): print('twin 0.25', flush=True)"


def pairs(ratio, noise, count=41):
    draw = random.Random(1)
    return [(1.0, ratio * math.exp(draw.gauss(0.0, noise))) for _ in range(count)]


@pytest.mark.parametrize(
    ("ratio", "noise", "verdict"),
    [
        (1.0, 0.01, "good"),
        (1.015, 0.005, "good"),
        (1.05, 0.01, "warn"),
        (1.0, 0.5, "warn"),
        (1.25, 0.02, "bad"),
        (0.75, 0.02, "bad"),
    ],
)
def test_twins_apart_are_bad(ratio, noise, verdict):
    row = twins.row(HERE, pairs(ratio, noise))
    assert row.verdict == verdict
    assert bool(row.remedy) == (verdict != "good")


def test_the_interval_lies_between_order_statistics_that_the_sign_test_keeps():
    """Brute force: the widest-in ranks whose binomial tails hold half a percent at most."""
    given = pairs(1.0, 0.1, 31)
    ratios = sorted(second / first for first, second in given)
    tail = lambda rank: sum(math.comb(31, k) for k in range(rank + 1)) / 2**31  # noqa: E731
    rank = max(k for k in range(15) if tail(k) <= 0.005)
    low, middle, high = twins.ratio_interval(given)
    assert (low, middle, high) == pytest.approx((ratios[rank], ratios[15], ratios[30 - rank]))


def test_few_rounds_have_the_whole_range_as_interval():
    low, _, high = twins.ratio_interval([(1.0, 0.9), (1.0, 1.0), (1.0, 1.2)])
    assert (low, high) == pytest.approx((0.9, 1.2))


def test_turns_are_in_an_order_drawn_afresh_and_end_in_time():
    asked = []

    def twin(name, seconds):
        def ask():
            asked.append(name)
            return seconds

        return ask

    found = twins.take_turns((twin("a", 1.0), twin("b", 2.0)), clock=lambda: float(len(asked)))
    assert found == [(1.0, 2.0)] * twins.LEAST_ROUNDS
    assert {"".join(asked[place : place + 2]) for place in range(0, len(asked), 2)} == {"ab", "ba"}
    asked.clear()
    assert len(twins.take_turns((twin("a", 1.0), twin("b", 2.0)), clock=lambda: 0.0)) == twins.ROUNDS


def test_a_sample_is_the_median_of_calls_after_untimed_ones():
    now, lengths, called = 0.0, iter([0.03, 1.0, 9.0, 3.0, 2.0, 5.0]), []

    def product():
        nonlocal now
        now += next(lengths)
        called.append(now)

    assert twins.sample(product, lambda: now) == pytest.approx(3.0)
    assert len(called) == 1 + twins.CALLS


def test_two_processes_answer_and_are_gone_afterwards():
    before = set(psutil.Process().children())
    with twins.two_processes([sys.executable, "-c", ANSWERS], {}, 60.0) as (one, other):
        assert (one(), other(), one()) == (0.25, 0.25, 0.25)
        started = set(psutil.Process().children()) - before
        for process in started:  # a signal takes its time on a busy machine
            assert os.waitid(os.P_PID, process.pid, os.WSTOPPED).si_status == signal.SIGSTOP
    assert not any(process.is_running() for process in started)


@pytest.mark.parametrize(
    ("code", "limit", "why"),
    [
        ("raise SystemExit(3)", 60.0, "a twin ended"),
        ("print('twin ready', flush=True)", 60.0, "a twin ended"),
        ("import signal; signal.pause()", 0.2, "a twin did not answer in time"),
    ],
)
def test_a_twin_that_ends_and_one_that_hangs(code, limit, why):
    with (
        pytest.raises(RuntimeError, match=why),
        twins.two_processes([sys.executable, "-c", code], {}, limit) as (one, _),
    ):
        one()
