"""Drawing shared among processes gives what drawing alone gives, and fails into it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest

from likeforlike.reports.draw import process_pool as drawing
from likeforlike.reports.tell.plot_data import Bars, MachineHistogram

DRAWS = [MachineHistogram((0.5, 1.0, float(n)), "base") for n in range(2, 5)]


def test_processes_draw_the_same():
    with drawing.helpers() as shared:
        assert drawing.draw_all(DRAWS, shared) == drawing.draw_all(DRAWS)


class Broken(ThreadPoolExecutor):
    """A pool whose processes can't be started."""

    def map(self, *_):
        raise BrokenProcessPool("no semaphores here")


def test_a_broken_pool_loses_no_plot():
    with Broken(1) as shared:
        assert drawing.draw_all(DRAWS, shared) == drawing.draw_all(DRAWS)


def test_one_core_draws_alone(monkeypatch):
    monkeypatch.setattr(drawing.os, "sched_getaffinity", lambda _: {0})
    with drawing.helpers() as shared:
        assert shared is None


def test_an_error_in_a_plot_is_no_broken_pool():
    bad = Bars((object(), object()), "x")
    with drawing.helpers() as shared, pytest.raises(AttributeError):
        drawing.draw_all([bad, bad], shared)
