"""Strings of files made safe to show."""

from __future__ import annotations

import pytest

from likeforlike.reports.read.safe_text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Ünï · ×", "Ünï · ×"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("a\u2028b", "a\\u2028b"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_does_not_show_is_written_out(text, shown):
    assert visible(text) == shown


def test_long_text_is_cut_but_stays_itself():
    first, second = visible("x" * 10_000 + "a"), visible("x" * 10_000 + "b")
    assert len(first) < 500
    assert first != second
