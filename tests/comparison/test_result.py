"""The verdict of made-up samples, by document: no process and no clock."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

import likeforlike
from likeforlike.comparison.result import Result

LAUNCHES, ROUNDS = 5, 8


def document(factors, noise=0.004, launches=LAUNCHES, points=({},), unmeasured=(), notes=(), seed=1):
    """Functions whose times are 5 ms times a factor, launch by launch, with noise between and within them."""
    samples = sys.modules["compared_samples"]
    random = np.random.default_rng(seed)
    numbers = [launch for launch in range(launches) for _ in range(ROUNDS)]
    cells = []
    for point in points:
        for name, factor in factors.items():
            between = random.normal(0.0, noise, launches)
            within = random.normal(0.0, noise, len(numbers))
            seconds = 0.005 * factor * np.exp(between[numbers] + within)
            told = [{"launch": n, "rounds": ROUNDS} for n in range(launches)]
            cell = samples.cell(
                "functions",
                name,
                "cpu:0",
                dict(point),
                seconds.tolist(),
                launch_numbers=numbers,
                launches=told,
                round_numbers=list(range(len(numbers))),
                verified={"error": 0.0, "tolerance": 1e-8},
            )
            cells.append(cell)
    header = {"unmeasured": list(unmeasured), "notes": list(notes), "noise": None, "ladder": None}
    return samples.document(cells, **header)


def result(factors, point_axes=(), **how):
    return Result(document(factors, **how), tuple(factors), point_axes)


@pytest.mark.parametrize(
    ("factor", "word"), [(1.10, "slower"), (0.90, "faster"), (1.0, "same"), (1.05, "slower")]
)
def test_of_two_the_second_is_judged_over_the_first(factor, word):
    found = result({"mine": 1.0, "theirs": factor})
    low, high = found.interval
    assert found.word == word
    assert low < found.ratio < high
    assert found.ratio == pytest.approx(factor, rel=0.01)
    assert found.sure
    (pair,) = found.pairs
    first, other = pair.seconds
    assert other / first == pytest.approx(found.ratio, rel=0.02)


def test_who_is_first_decides_what_the_ratio_is_of_whoever_is_faster():
    there = result({"mine": 1.0, "theirs": 1.2})
    samples = document({"mine": 1.0, "theirs": 1.2})
    back = Result(samples, ("theirs", "mine"), ())
    assert back.word == "faster"
    assert back.ratio == pytest.approx(1 / there.ratio)
    assert back.interval == pytest.approx((1 / there.interval[1], 1 / there.interval[0]))


def test_the_sentence_says_it_all():
    slower = str(result({"mine": 1.0, "theirs": 1.2}))
    assert slower.startswith("theirs takes ×1.2")
    assert slower.endswith(") of the time of mine: slower, over 5 launches.")
    same = str(result({"mine": 1.0, "theirs": 1.0}))
    assert same.endswith(") of the time of mine: the same within 2.0 %, over 5 launches.")
    unclear = str(result({"mine": 1.0, "theirs": 1.03}, noise=0.05))
    assert ") of the time of mine over 5 launches: unclear, the interval holds 1" in unclear
    assert "more launch" in unclear


def test_of_one_launch_nothing_is_sure():
    found = result({"mine": 1.0, "theirs": 3.0}, launches=1)
    assert found.word == "slower"
    assert not found.sure
    assert "not sure: measured in one launch" in str(found)


def test_of_several_each_is_over_the_first_at_every_point():
    points = ({"n": 1, "dtype": "f"}, {"n": 2, "dtype": "f"})
    found = result({"a": 1.0, "b": 2.0, "c": 0.5}, ("n", "dtype"), points=points)
    told = [(p.first, p.other, p.point["n"], p.word) for p in found.pairs]
    assert told == [
        ("a", "b", 1, "slower"),
        ("a", "c", 1, "faster"),
        ("a", "b", 2, "slower"),
        ("a", "c", 2, "faster"),
    ]
    assert "b at n=1, dtype=f takes ×" in str(found)
    with pytest.raises(ValueError, match=r"4 pairs, not one: see \.pairs"):
        _ = found.ratio


def test_who_gave_no_figure_is_told_beside_the_others():
    lost = {
        "cell": "c",
        "outcome": "wrong-answer",
        "reason": "it differs",
        "workload": "functions",
        "implementation": "c",
        "device": "cpu:0",
        "axes": {},
    }
    found = result({"a": 1.0, "b": 2.0}, unmeasured=[lost], notes=["Mind this."])
    assert found.failures == {"c": "wrong-answer: it differs"}
    assert found.word == "slower"
    assert str(found).splitlines()[1:] == ["c has no figure: wrong-answer: it differs.", "Mind this."]


def test_over_a_grid_it_is_told_where_a_function_gave_no_figure():
    """Elsewhere it has one; and of several points each has a reason of its own."""
    lost = [
        {
            "cell": f"b-{n}",
            "outcome": "failed",
            "reason": f"{n} are too many",
            "workload": "functions",
            "implementation": "b",
            "device": "cpu:0",
            "axes": {"comparison": "a test", "n": n},
        }
        for n in (20, 30)
    ]
    found = result({"a": 1.0, "b": 2.0}, ("n",), points=({"n": 10},), unmeasured=lost)
    assert found.failures == {
        "b at n=20": "failed: 20 are too many",
        "b at n=30": "failed: 30 are too many",
    }
    assert [pair.point for pair in found.pairs] == [{"n": 10}]
    assert str(found).splitlines()[1:] == [
        "b at n=20 has no figure: failed: 20 are too many.",
        "b at n=30 has no figure: failed: 30 are too many.",
    ]


def test_where_nothing_was_measured_nothing_is_claimed():
    samples = sys.modules["compared_samples"]
    found = Result(samples.document([], unmeasured=[], notes=[], noise=None, ladder=None), ("a", "b"), ())
    assert (found.word, found.sure, found.interval) == ("unclear", False, (0.0, math.inf))
    assert math.isnan(found.ratio)
    assert "nothing was measured" in str(found)
    with pytest.raises(ValueError, match="nothing was compared"):
        found.plot()


def test_a_notebook_shows_a_table_in_which_nothing_is_mark_up():
    found = result({"<b>mine</b>": 1.0, "theirs": 1.2})
    shown = found._repr_html_()
    assert "<b>" not in shown
    assert "&lt;b&gt;mine" in shown
    assert shown.count("<tr>") == 3
    assert "slower" in shown


def test_it_is_drawn_saved_and_read_again(tmp_path):
    found = result({"mine": 1.0, "theirs": 1.2})
    figure = found.plot()
    assert any("theirs over mine" in label.get_text() for label in figure.axes[0].get_yticklabels())
    saved = found.save(tmp_path / "deep" / "compared.json")
    pytest.importorskip("pandas")
    frame = likeforlike.read(saved)
    assert frame.groupby("implementation").size().to_dict() == {"mine": 40, "theirs": 40}
    own = found.to_frame()
    assert list(own.columns) == list(frame.columns)
    assert own["seconds"].tolist() == frame["seconds"].tolist()
    assert len(found.to_frame(samples=False)) == 2
