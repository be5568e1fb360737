"""Figures as readers see them."""

from __future__ import annotations

from likeforlike.reports.tell.formatting import duration_text


def test_durations_never_have_sixty_seconds():
    assert [duration_text(s) for s in (59.94, 59.96, 119.7, 3599.8)] == [
        "59.9 s",
        "1 m 0 s",
        "2 m 0 s",
        "1 h 0 m",
    ]
