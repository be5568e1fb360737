"""Where iterators end: when the autotuner wakes, which drops waited for it, and what is told of them."""

from __future__ import annotations

from itertools import count

import pytest

from likeforlike.bench.studies import iterator_ends
from likeforlike.bench.studies.iterator_ends import Drop, counted, counts_table, dropped, next_turn


def test_periods_double_from_ten_milliseconds():
    """By hand: 10, then 20, 40, 80 and so on more."""
    turns = {0.0: 0.01, 0.011: 0.03, 0.05: 0.07, 0.2: 0.31, 0.4: 0.63, 0.8: 1.27, 1.5: 2.55, 3.0: 5.11}
    assert {age: next_turn(age) for age in turns} == {age: pytest.approx(turn) for age, turn in turns.items()}


def test_a_drop_that_waited_ended_at_a_turn_or_not():
    found = counted(
        [Drop(0.4, 0.0001), Drop(0.41, 0.222), Drop(0.4, 0.24), Drop(0.4, 0.1), Drop(0.4, 0.0003)]
    )
    assert found == (5, 3, pytest.approx(0.632), 2, 0.0003)
    assert counted([Drop(0.4, 0.0001)]) == (1, 0, None, 0, 0.0001)
    assert counted([Drop(0.4, 0.3)])[3:] == (0, None), "later than the autotuner can be late"


def test_batches_are_taken_until_the_age_is_reached():
    """A clock of our own goes on by a tenth at each look."""
    ticks = count()
    taken = []

    class Feed:
        def __iter__(self):
            return self

        def __next__(self):
            taken.append(1)

    found = dropped(Feed(), 0.35, clock=lambda: next(ticks) / 10)
    assert found == (pytest.approx(0.5), pytest.approx(0.1))
    assert len(taken) == 4


def test_the_table_has_a_row_for_each_feed_and_age():
    found = {
        ("as it comes", 0.4): [Drop(0.4, 0.2315), Drop(0.4, 0.0002)],
        ("no autotuner", 0.4): [Drop(0.4, 0.0001)],
    }
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in counts_table(found).splitlines()[2:]]
    assert rows == [
        ["as it comes", "0.4", "1 of 2", "0.632", "0.63", "1 of 1", "0.20"],
        ["no autotuner", "0.4", "0 of 1", "–", "0.63", "–", "0.10"],
    ]


def test_feeds_differ_in_the_autotuner_alone():
    pytest.importorskip("tensorflow")
    feeds = iterator_ends.datasets(samples=640)
    told = {name: feed.options().autotune.enabled for name, feed in feeds.items()}
    assert told == {"as it comes": None, "no autotuner": False}
    found = iterator_ends.study([0.02], 1, feeds)
    assert {key: len(drops) for key, drops in found.items()} == {(name, 0.02): 1 for name in feeds}


@pytest.mark.parametrize("given", ["--ages=0.2,x", "--ages=0", "--ages=-1", "--count=0", "--count=two"])
def test_what_is_no_age_or_count_is_refused_in_one_line(given, capsys):
    with pytest.raises(SystemExit) as ended:
        iterator_ends.arguments().parse_args([given])
    assert ended.value.code == 2
    assert given.partition("=")[2] in capsys.readouterr().err.splitlines()[-1]
