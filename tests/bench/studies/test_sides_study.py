from __future__ import annotations

import pytest

from likeforlike.bench.studies.sides import SAME, SLOWER, Told, arguments, requirements, words_table


def told(truth: str, **words: int) -> list[Told]:
    return [Told(truth, word, 1.0) for word, count in words.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("same", "slower", "expected"),
    [
        ({"same": 50, "unclear": 9, "slower": 1}, {"slower": 9, "unclear": 1}, ["yes", "yes", "yes"]),
        ({"same": 58, "faster": 1, "slower": 1}, {"slower": 8, "unclear": 2}, ["no", "no", "yes"]),
        ({"same": 59}, {"slower": 9}, ["undecided", "undecided", "yes"]),
        ({"same": 60}, {"slower": 9, "faster": 1}, ["yes", "yes", "no"]),
        ({}, {}, ["undecided", "undecided", "undecided"]),
    ],
)
def test_what_is_required_and_whether_it_holds(same, slower, expected):
    lines = requirements([*told(SAME, **same), *told(SLOWER, **slower)])
    assert [line.rpartition("**")[0].rpartition("**")[2] for line in lines] == expected


def test_the_table_counts_every_word_that_was_said():
    text = words_table(told(SLOWER, slower=3, **{"no verdict": 1}))
    assert "no verdict" in text
    (row,) = [line for line in text.splitlines() if line.startswith("| slower")]
    assert [cell.strip() for cell in row.split("|")[2:-1]] == ["4", "0", "0", "3", "0", "1", "1.000 to 1.000"]


def test_ten_runs_of_six_cells_are_sixty():
    asked = arguments(["folder"])
    cells = asked.runs * len(asked.implementations.split(",")) * len(asked.sizes.split(","))
    assert cells == 60
