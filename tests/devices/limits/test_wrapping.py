from __future__ import annotations

import random

import pytest

from likeforlike.devices.limits.wrapping import wrap_text

FIGURES = (
    "3.01 s",
    "27.2 µs",
    "89.5 %",
    "224.2 GFLOP/s",
    "25.3 GiB",
    "(0.897 to 1.06)",
    "268 to 273 ns",
    "10,000 × 10,000",
    "×2.34",
)


def test_by_hand() -> None:
    assert (
        wrap_text("it takes 3.01 s an epoch (2.9 to 3.2)", 20, "  ")
        == "it takes 3.01 s an\n  epoch (2.9 to 3.2)"
    )


@pytest.mark.parametrize("seed", range(20))
def test_no_figure_is_torn_at_any_width_and_no_word_is_lost(seed: int) -> None:
    draw = random.Random(seed)
    words = ["keras-fit", "of", "its", "time", "per", "epoch:", "a", "tf-gradient-tape"]
    parts = [draw.choice(FIGURES if draw.random() < 0.4 else words) for _ in range(60)]
    for width in range(20, 121, 7):
        lines = wrap_text(" ".join(parts), width, "  ").split("\n")
        assert max(map(len, lines)) <= width
        assert " ".join(line.strip() for line in lines) == " ".join(parts)
        for part in set(parts) & set(FIGURES):
            assert sum(line.count(part) for line in lines) == " ".join(parts).count(part), (part, width)


def test_a_word_longer_than_the_line_stays_whole() -> None:
    assert wrap_text("in " + "x" * 50, 30).split("\n") == ["in", "x" * 50]
