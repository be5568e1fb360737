"""What one comparison says, property by property, on stand-ins of its two sides."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.judge.means import GeometricMean
from likeforlike.reports.judge.quality import Quality
from likeforlike.reports.sort.baselines import base_of_sets
from likeforlike.reports.statistics.ratios import RatioEstimate
from likeforlike.reports.statistics.training.accuracy import Announcement, accuracy_verdict
from likeforlike.reports.statistics.verdicts import Verdict

FREE, BARRED = Announcement(True, ""), Announcement(False, "trained to 80 %")


def side(name="numpy", doubt="", refuted="", unproven="", crowded="", calls="", verified=True, plain=False):
    key = SimpleNamespace(implementation=name, device="cpu:0", bare=f"bare {name}")
    run = SimpleNamespace(cell=SimpleNamespace(plain=plain))
    return SimpleNamespace(
        key=key,
        doubt=doubt,
        refuted=refuted,
        unproven=unproven,
        crowded=crowded,
        unproven_calls=calls,
        verified=verified,
        runs=[run],
    )


def comparison(word="slower", base=None, other=None, quality=None, withheld="", **estimate):
    found = replace(RatioEstimate(1.2, 1.1, 1.3, 9, True, 0.001, launches=3), **estimate)
    verdict = Verdict(word, found, 0.02, "why")
    return Comparison(
        "implementations", base or side("base"), other or side("other"), verdict, withheld, quality
    )


class TestDoubt:
    def test_none(self):
        item = comparison()
        assert (item.doubt, item.word, item.clear, item.checked, item.unsure) == (
            "",
            "slower",
            True,
            True,
            "",
        )
        assert item.sure
        assert item.sure_of_times
        assert item.told

    def test_what_is_withheld_comes_first(self):
        item = comparison(withheld="by another clock", other=side("other", refuted="wrong answer"))
        assert (item.doubt, item.word) == ("by another clock", "no verdict")

    @pytest.mark.parametrize("which", ["base", "other"])
    def test_disturbance_is_none_where_both_took_turns(self, which):
        disturbed = {which: side(which, doubt="throttled")}
        assert comparison(**disturbed).doubt == ""
        apart = comparison(**disturbed, paired=False)
        assert (apart.doubt, apart.word, apart.clear) == (f"{which} on cpu:0: throttled", "no verdict", False)

    @pytest.mark.parametrize("which", ["base", "other"])
    def test_a_wrong_or_an_unproven_answer_always_is(self, which):
        wrong = {which: side(which, doubt="wrong answer", refuted="wrong answer")}
        assert comparison(**wrong).doubt == f"{which} on cpu:0: wrong answer"
        unproven = {which: side(which, doubt="not proven", unproven="kept operands")}
        assert comparison(**unproven).doubt == f"{which} on cpu:0: not proven"

    def test_of_both_the_other_s_is_told(self):
        item = comparison(base=side("base", refuted="wrong"), other=side("other", refuted="off"))
        assert item.doubt == "other on cpu:0: off"


class TestSure:
    def test_unclear_says_nothing(self):
        item = comparison("unclear")
        assert (item.clear, item.checked, item.sure, item.told) == (False, False, False, False)

    @pytest.mark.parametrize("which", ["base", "other"])
    def test_both_answers_must_have_been_checked(self, which):
        item = comparison(**{which: side(which, verified=False)})
        assert (item.clear, item.checked, item.sure, item.told) == (True, False, False, False)

    @pytest.mark.parametrize(
        ("launches", "why"),
        [(1, "measured in one launch"), (2, "of another tool's file"), (3, "of another tool's file")],
    )
    def test_what_is_assumed_is_not_sure(self, launches, why):
        item = comparison(assumed=True, launches=launches)
        assert (item.unsure, item.sure, item.sure_of_times, item.checked) == (why, False, False, True)

    @pytest.mark.parametrize("which", ["base", "other"])
    def test_nor_what_was_crowded(self, which):
        item = comparison(**{which: side(which, crowded="47 %")})
        assert (item.unsure, item.sure) == ("others used the machine: 47 %", False)

    @pytest.mark.parametrize("which", ["base", "other"])
    def test_nor_what_may_have_kept_its_answers(self, which):
        item = comparison(**{which: side(which, calls="timed calls not proven: why")})
        assert (item.unsure, item.sure) == ("timed calls not proven: why", False)

    def test_of_plain_files_a_clear_one_is_told_all_the_same(self):
        plain = {
            "base": side("a", plain=True, verified=False),
            "other": side("b", plain=True, verified=False),
        }
        assert (comparison(**plain).sure, comparison(**plain).told) == (False, True)
        assert not comparison("unclear", **plain).told
        assert not comparison(**plain | {"base": side("a", verified=False)}).told
        assert not comparison(**plain | {"other": side("b", verified=False)}).told

    def test_who_trained_worse_is_faster_for_nobody(self):
        worse = accuracy_verdict({1: 0.9, 2: 0.9, 3: 0.9}, {1: 0.8, 2: 0.8, 3: 0.8})
        item = comparison("faster", quality=Quality(worse, BARRED, FREE))
        assert (item.word, item.barred, item.sure, item.sure_of_times) == (
            *("trained worse", "trained to 80 %", False, True),
        )
        free = comparison("faster", quality=Quality(worse, FREE, BARRED))
        assert (free.word, free.barred, free.sure) == ("faster", "", True)
        doubted = replace(item, withheld="by another clock")
        assert doubted.word == "no verdict"


class TestQuality:
    WORSE = accuracy_verdict({1: 0.9, 2: 0.9, 3: 0.9}, {1: 0.8, 2: 0.8, 3: 0.8})

    @pytest.mark.parametrize(
        ("accuracy", "other_faster", "base_faster", "spoken"),
        [
            (WORSE, FREE, FREE, ("faster", "slower", "same", "unclear")),
            (WORSE, BARRED, FREE, ("trained worse", "slower", "same", "unclear")),
            (WORSE, FREE, BARRED, ("faster", "base trained worse", "same", "unclear")),
            (None, BARRED, BARRED, ("accuracy unknown", "accuracy unknown", "same", "unclear")),
        ],
    )
    def test_words_in_place_of_those_on_times(self, accuracy, other_faster, base_faster, spoken):
        quality = Quality(accuracy, other_faster, base_faster)
        assert tuple(quality.spoken(word) for word in ("faster", "slower", "same", "unclear")) == spoken
        reasons = tuple(quality.barred(word) for word in ("faster", "slower", "same", "unclear"))
        assert reasons == tuple(
            "" if announcement is None or announcement.allowed else "trained to 80 %"
            for announcement in (other_faster, base_faster, None, None)
        )


def test_a_geometric_mean_by_hand():
    words = {"faster": 1, "slower": 2, "same": 3, "unclear": 4}
    items = tuple(comparison(word, ratio=2.0) for word, count in words.items() for _ in range(count))
    items = (*items[:-1], replace(items[-1], verdict=replace(items[-1].verdict, estimate=RatioEstimate(
        2.0**11, 1.0, 4.0**11, 9, True, 0.5))))  # fmt: skip
    mean = GeometricMean(SimpleNamespace(id="m"), "f", "b", "cpu:0", "matmul", items)
    assert mean.ratio == pytest.approx(4.0)  # the tenth root of 2^9 · 2^11
    assert (mean.cells, mean.faster, mean.slower, mean.same, mean.unclear) == (10, 1, 2, 3, 4)
    assert mean.place == ("m", "f", "b", "cpu:0", "matmul")
    assert mean.keys == ["bare base"] * 10


@pytest.mark.parametrize(
    ("base_file", "names", "base"),
    [
        ("", ["b", "a"], "b"),
        ("a", ["b", "a"], "a"),
        ("a", ["b", "a (2)"], "a (2)"),
        ("c", ["b", "a"], "b"),
        ("a", ["b", "a.gz", "a"], "a"),
        ("a", ["b", "a.gz"], "b"),
        ("d", ["b", "e and 1 more", "a"], "e and 1 more"),
        ("e", ["b", "e and 1 more", "a"], "e and 1 more"),
        ("d", ["b", "e and 1 more", "d"], "d"),  # of another workload, of which d was not pooled
    ],
)
def test_the_set_that_others_are_compared_with(base_file, names, base):
    files = [SimpleNamespace(label=label) for label in "ed"]
    pools = [SimpleNamespace(name="e and 1 more", files=files)]
    assert base_of_sets(SimpleNamespace(base_file=base_file, pools=pools), names) == base
