"""The search over shapes, on rates that are made up and a clock that they move."""

from __future__ import annotations

import pytest

from likeforlike.devices.peak.search import LEAST_EDGE, LONGEST_SHARE, Search, neighbours, starts


class Machine:
    """A product takes its operations over a made-up rate; time stands still beside it."""

    def __init__(self, rate, fits=lambda shape: True):
        self.rate, self.fits = rate, fits
        self.now = 0.0
        self.tried = []

    def clock(self):
        return self.now

    def rate_of(self, shape, seconds):
        self.tried.append(shape)
        if not self.fits(shape):
            raise MemoryError
        rate = self.rate(shape)
        self.now += max(seconds, 4 * 2.0 * shape[0] * shape[1] * shape[2] / rate)
        return rate

    def search(self, first, seconds=100.0):
        return Search(self.rate_of, seconds, self.clock).run(first)


def likes(best, width=1.0):
    """Rates that fall off from one shape, edge by edge in doublings."""
    from math import log2

    return lambda shape: 1e12 / (1 + width * sum(log2(a / b) ** 2 for a, b in zip(shape, best, strict=True)))


def test_squares_and_rectangles_are_tried_of_as_many_operations():
    shapes = starts(512)
    assert (512, 512, 512) in shapes
    assert any(len(set(shape)) > 1 for shape in shapes)
    of_512 = [s for s in shapes if s[0] * s[1] * s[2] == 512**3]
    assert set(of_512) >= {
        (512, 512, 512),
        (256, 2048, 256),
        (1024, 128, 1024),
        (2048, 256, 256),
        (256, 256, 2048),
    }
    assert all(edge >= LEAST_EDGE and edge % LEAST_EDGE == 0 for shape in shapes for edge in shape)


def test_neighbours_differ_in_one_edge_or_in_all():
    told = list(neighbours((256, 512, 256)))
    assert (512, 512, 256) in told
    assert (256, 640, 256) in told
    assert (512, 1024, 512) in told
    assert (256, 512, 256) not in told
    assert len(told) == len(set(told)) == 16
    assert all(min(shape) >= LEAST_EDGE for shape in neighbours((64, 64, 64)))


@pytest.mark.parametrize("best", [(2048, 2048, 2048), (4096, 512, 1024), (256, 8192, 256)])
def test_it_climbs_to_the_best_shape(best):
    found = Machine(likes(best)).search(starts(2048))
    assert found.shape == best
    assert found.flop_per_second == 1e12


def test_a_best_shape_between_its_steps_is_nearly_found():
    assert Machine(likes((1536, 3000, 1100))).search(starts(2048)).flop_per_second > 0.9e12


def test_a_shape_that_does_not_fit_costs_nothing_and_no_larger_one_is_tried():
    numbers = lambda s: s[0] * s[1] + s[1] * s[2] + s[0] * s[2]  # noqa: E731
    machine = Machine(lambda shape: 1e12 * numbers(shape) / 1e9, lambda shape: numbers(shape) < 5e6)
    found = machine.search(starts(8192))
    failed = [numbers(shape) for shape in machine.tried if numbers(shape) >= 5e6]
    assert found is not None
    assert numbers(found.shape) < 5e6
    assert sorted(failed, reverse=True) == failed, "each failure lies below the one before"


def test_none_takes_more_than_its_share_of_the_time():
    """At 10 GFLOP/s a square of 8192 takes 110 s: of ten seconds none is given to it."""
    machine = Machine(lambda shape: 1e10)
    machine.search(starts(8192), seconds=10.0)
    longest = [2.0 * a * b * c / 1e10 for a, b, c in machine.tried]
    assert 4 * max(longest[5:]) <= 10.0 * LONGEST_SHARE + 1e-9
    assert max(longest[:5]) <= 10.0 * LONGEST_SHARE + 1e-9
    assert machine.now < 2 * 10.0


def test_a_slow_first_call_does_not_end_the_search():
    """At first a third of the rate, as where threads are started."""
    calls = iter([1 / 3] * 2)
    machine = Machine(lambda shape: 1e10 * next(calls, 1.0))
    found = machine.search(starts(8192), seconds=10.0)
    assert found.flop_per_second == 1e10


def test_where_nothing_can_be_multiplied_there_is_nothing():
    assert Machine(lambda shape: 1e10, lambda shape: False).search(starts(1024)) is None
