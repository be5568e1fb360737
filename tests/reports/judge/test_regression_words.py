"""What one check of ``--against`` says, and all of them, on stand-ins of their sides."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from likeforlike.reports.judge.quality import Quality
from likeforlike.reports.judge.regressions import Check, Lost, Outcome
from likeforlike.reports.statistics.ratios import RatioEstimate
from likeforlike.reports.statistics.training.accuracy import Announcement
from likeforlike.reports.statistics.verdicts import Verdict
from likeforlike.reports.tell.regression_text import lost_text

FREE, BARRED = Announcement(True, ""), Announcement(False, "trained to 80 %")


def check(word="slower", ratio=1.2, limit=0.05, doubt="", quality=None, name="numpy", **estimate):
    """A check on stand-ins of its two sides."""
    found = replace(RatioEstimate(ratio, 0.9 * ratio, 1.1 * ratio, 9, False, 0.001), **estimate)
    side = SimpleNamespace(machine=SimpleNamespace(id="m"), key=name, samples=[1.0])
    return Check(name, side, side, Verdict(word, found, 0.02, "too few rounds"), doubt, limit, quality)


def trained(word, difference, beyond_chance=False):
    accuracy = SimpleNamespace(word=word, difference=difference, beyond_chance=beyond_chance)
    return Quality(accuracy, BARRED, FREE)


class TestCheck:
    def test_the_word_and_why_nobody_is_called_faster(self):
        assert (check("faster").word, check("faster").barred) == ("faster", "")
        worse = check("faster", quality=trained("lower", -0.1))
        assert (worse.word, worse.barred) == ("trained worse", "trained to 80 %")

    @pytest.mark.parametrize(
        ("word", "difference", "beyond_chance", "worse"),
        [
            ("lower", -0.1, False, True),
            ("unclear", -0.1, True, True),
            ("unclear", -0.1, False, False),
            ("same", -0.1, True, False),
            ("higher", 0.1, False, False),
            ("unclear", 0.1, True, False),
            ("unclear", 0.0, True, False),
        ],
    )
    def test_who_trained_worse(self, word, difference, beyond_chance, worse):
        assert check(quality=trained(word, difference, beyond_chance)).trained_worse is worse

    def test_where_nothing_is_known_of_it_nobody_did(self):
        assert check().trained_worse is False
        assert check(quality=Quality(None, BARRED, BARRED)).trained_worse is False

    def test_what_hinders(self):
        assert check().hindrance == ""
        assert check(doubt="wrong answer").hindrance == "wrong answer"
        assert check("unclear", low=0.0).hindrance == "too few rounds"
        assert check("unclear", low=0.0, doubt="wrong answer").hindrance == "wrong answer"

    def test_what_was_judged_without_an_answer(self):
        assert check("unclear").unclear
        assert not check("slower").unclear
        assert not check("unclear", doubt="wrong answer").unclear

    @pytest.mark.parametrize(
        ("word", "ratio", "fails"),
        [("slower", 1.26, True), ("slower", 1.25, False), ("slower", 1.2, False), ("unclear", 1.3, False)],
    )
    def test_slower_by_more_than_the_limit_fails(self, word, ratio, fails):
        assert check(word, ratio, limit=0.25).fails is fails
        assert not check(word, ratio, limit=0.25, doubt="wrong answer").fails

    @pytest.mark.parametrize("side", ["before", "now"])
    def test_others_on_the_machine_make_it_not_sure_and_no_less_slower(self, side):
        quiet = SimpleNamespace(crowded="", unproven_calls="")
        busy = SimpleNamespace(crowded="47 %", unproven_calls="timed calls not proven")
        one = replace(check(ratio=1.3), before=quiet, now=quiet)
        assert one.unsure == ""
        one = replace(one, **{side: busy})
        assert one.unsure == "others used the machine: 47 %"
        assert one.fails

    @pytest.mark.parametrize("side", ["before", "now"])
    def test_so_do_answers_that_may_have_been_kept(self, side):
        sound = SimpleNamespace(crowded="", unproven_calls="")
        kept = SimpleNamespace(crowded="", unproven_calls="timed calls not proven: no way to change operands")
        one = replace(check(ratio=1.3), **{"before": sound, "now": sound, side: kept})
        assert one.unsure == "timed calls not proven: no way to change operands"
        assert one.fails

    def test_a_side_without_samples_is_a_summary(self):
        bare = SimpleNamespace(samples=[])
        one = check()
        assert not one.from_summaries
        assert replace(one, before=bare).from_summaries
        assert replace(one, now=bare).from_summaries


class TestOutcome:
    CHECKS = (
        check("slower", name="a"),
        check("unclear", name="b"),
        check("faster", ratio=0.8, name="c"),
        check(doubt="wrong answer", name="d"),
        check(doubt="wrong answer", name="e"),
        check("unclear", low=0.0, name="f"),
    )

    def test_what_was_judged_what_was_not_and_what_fails(self):
        outcome = Outcome(self.CHECKS, ())
        assert [item.name for item in outcome.judged] == ["a", "b", "c"]
        assert outcome.hindrances == {"wrong answer": 2, "too few rounds": 1}
        assert [item.name for item in outcome.failing] == ["a"]
        assert outcome.fails is True
        assert Outcome(self.CHECKS[1:], ()).fails is False

    def test_together_and_only_together(self):
        shared = SimpleNamespace(name="a and b", fails=True, keys={("m", "a"), ("m", "b")})
        alone = SimpleNamespace(name="b and c", fails=True, keys={("m", "b"), ("m", "c")})
        elsewhere = SimpleNamespace(name="a there", fails=True, keys={("n", "a")})
        calm = SimpleNamespace(name="calm", fails=False, keys={("m", "b")})
        outcome = Outcome(self.CHECKS, (), (shared, alone, elsewhere, calm))
        assert [item.name for item in outcome.failing_together] == ["a and b", "b and c", "a there"]
        assert [item.name for item in outcome.failing_only_together] == ["b and c", "a there"]
        assert Outcome(self.CHECKS[1:], (), (calm,)).fails is False
        assert Outcome(self.CHECKS[1:], (), (alone,)).fails is True

    def test_what_gave_no_figure_is_one_line(self):
        gone = Lost("a-cpu:0", "crashed", "signal 9")
        told = "--fail-if-slower: a-cpu:0 has a figure in the base and none now: crashed, signal 9"
        assert lost_text(Outcome(self.CHECKS, ())) == ""
        assert lost_text(Outcome(self.CHECKS, (), lost=(gone,))) == told
        others = (Lost("b", "failed", "x"), Lost("c", "failed", "y"))
        assert lost_text(Outcome(self.CHECKS, (), lost=(gone, *others))) == f"{told} (and 2 more cells)"
