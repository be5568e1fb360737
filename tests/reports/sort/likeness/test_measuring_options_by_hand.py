"""In what options two cells were measured differently, and which numbers of calls a tool may have chosen."""

from __future__ import annotations

import pytest
from report_by_hand import cell, file, head, measured, plain, plain_file

from likeforlike.reports.read.result_file import Tool
from likeforlike.reports.read.schema.cells import CallTimes
from likeforlike.reports.sort.likeness.measuring_options import (
    Unlike,
    options_of,
    unlike_measuring,
    unlike_options,
)
from likeforlike.reports.sort.measured.measurements import Run

GOOGLE = "google-benchmark"


def ours(options=None, **more):
    one = cell(**more)
    return Run(file(one, header=head(options=options)), one)


def theirs(calls=None, seconds=1.0, tool="pytest-benchmark", **options):
    """A run of another tool whose rounds are so many calls of so many seconds."""
    one = plain(samples=(seconds,), iterations=calls, options=options)
    return Run(plain_file(one, tool=Tool(tool, "1.0")), one)


class TestOptions:
    @pytest.mark.parametrize(
        ("told", "words"),
        [
            ({"timer": "time.perf_counter"}, {"timer": "perf_counter"}),
            ({"timer": "a.b:c"}, {"timer": "c"}),
            ({"timer": "mine"}, {"timer": "mine"}),
            ({"disable_gc": True}, {"garbage collection": "off"}),
            ({"disable_gc": False}, {"garbage collection": "on"}),
            ({"warmup": 3}, {"warm-up": "yes"}),
            ({"warmup": False}, {"warm-up": "no"}),
            ({"timer": None, "min_rounds": 5}, {}),
        ],
    )
    def test_another_tool_s_in_words(self, told, words):
        assert options_of(theirs(**told)) == words | {"written by": "pytest-benchmark"}

    def test_our_own_are_the_run_s(self):
        told = {"timer": "x.y", "disable_gc": True, "warm_up": 0, "warmup": True}
        words = {"timer": "y", "garbage collection": "off", "warm-up": "no"}
        assert options_of(ours(told)) == words | {"beside others": "no"}
        assert options_of(ours(concurrent=True)) == {"beside others": "yes"}
        one = cell()
        assert options_of(Run(file(one, header=None), one)) == {"beside others": "no"}

    def test_what_both_tell_and_tell_differently_withholds_a_verdict(self):
        first = ours({"timer": "x", "disable_gc": True, "warm_up": True})
        second = ours({"timer": "x", "disable_gc": False}, concurrent=True)
        told = "garbage collection off and on; beside others no and yes"
        assert unlike_options(first, second) == Unlike(told, "")
        assert unlike_options(first, first) == Unlike("")
        assert unlike_options(theirs(), theirs(tool="pyperf")).withholds == (
            "written by pytest-benchmark and pyperf"
        )


class TestCircumstances:
    PYPERF = "pyperf"

    def test_they_are_told_in_words(self):
        told = {"cpu_affinity": "2-3", "cpu_config": "a", "aslr": "b", "python_hash_seed": 0}
        assert options_of(theirs(tool=self.PYPERF, **told)) == {
            "processors held to": "2-3",
            "processors set to": "a",
            "address layout": "b",
            "hash seed": "0",
            "written by": self.PYPERF,
        }

    def test_where_they_differ_it_is_told_and_no_verdict_is_withheld(self):
        first = theirs(tool=self.PYPERF, cpu_affinity="2-3", cpu_config="a", aslr="b", disable_gc=False)
        second = theirs(tool=self.PYPERF, cpu_config="c", aslr="b", disable_gc=False)
        assert unlike_options(first, second) == Unlike(
            "", "processors held to 2-3 and not told; processors set to a and c"
        )
        assert unlike_options(second, first) == Unlike(
            "", "processors held to not told and 2-3; processors set to c and a"
        )
        assert unlike_options(first, first) == Unlike("")

    def test_garbage_collection_still_withholds_one(self):
        first = theirs(tool=self.PYPERF, disable_gc=True, python_hash_seed=1)
        second = theirs(tool=self.PYPERF, disable_gc=False)
        assert unlike_options(first, second) == Unlike(
            "garbage collection off and on", "hash seed 1 and not told"
        )

    def test_of_two_tools_one_may_not_know_of_them(self):
        first, second = theirs(tool=self.PYPERF, aslr="b"), theirs(tool=GOOGLE)
        assert unlike_options(first, second) == Unlike("written by pyperf and google-benchmark")

    def test_they_stand_before_the_calls(self):
        first, second = theirs(2, 1e-5, self.PYPERF, aslr="b"), theirs(1, 10.0, self.PYPERF)
        assert unlike_options(first, second) == Unlike(
            "", "address layout b and not told; 2 and 1 calls a round, as the tool chose them"
        )


class TestCalls:
    """The other round is one call of 10 s, which a tool may always choose."""

    @pytest.mark.parametrize(
        ("calls", "seconds", "minimum", "chosen"),
        [
            (2, 0.25, 1.0, True),  # half the minimum
            (2, 0.2, 1.0, False),
            (2, 5.0, 1.0, True),  # ten times the minimum
            (2, 5.5, 1.0, False),
            (2, 0.25, 1, True),
            (2, 0.25, True, False),  # no number: five microseconds are the least
            (2, 0.25, "1", False),
            (2, 1.5e-6, None, True),
            (2, 1e-6, None, False),
            (2, 2e-5, None, True),
            (2, 3e-5, None, False),
            (2, 2e-5, 0, True),
            (2, 0.1, 0.3, True),
            (2, 2e-5, -1.0, True),
            (0, 1.0, None, True),  # of no call nothing is known: it counts as one
        ],
    )
    def test_a_tool_chose_them_if_rounds_last_as_long_as_it_wants(self, calls, seconds, minimum, chosen):
        told = {} if minimum is None else {"min_time": minimum}
        many, single = theirs(calls, seconds, **told), theirs(1, 10.0)
        for pair, text in (
            ((many, single), f"{calls} and 1 calls a round"),
            ((single, many), f"1 and {calls} calls a round"),
        ):
            expected = Unlike("", f"{text}, as the tool chose them") if chosen else Unlike(text, "")
            assert unlike_options(*pair) == expected

    def test_one_call_is_too_short_too(self):
        assert unlike_options(theirs(1, 1e-6), theirs(2, 1e-5)) == Unlike("1 and 2 calls a round")

    @pytest.mark.parametrize("calls", [(None, 5), (5, None), (5, 5), (None, None)])
    def test_nothing_is_said_of_equal_or_unknown_ones(self, calls):
        assert unlike_options(*(theirs(each, 1.0) for each in calls)) == Unlike("")

    @pytest.mark.parametrize(
        ("first", "second", "chosen"),
        [
            (theirs(1000, 0.01, GOOGLE), theirs(100, 0.01, GOOGLE), True),  # 10 s and 1 s
            (theirs(100, 0.01, GOOGLE), theirs(1000, 0.01, GOOGLE), True),
            (theirs(1001, 0.01, GOOGLE), theirs(100, 0.01, GOOGLE), False),
            (theirs(200, 0.01, GOOGLE), theirs(100, 0.01, "pyperf"), True),
            (theirs(200, 0.01), theirs(100, 0.01, GOOGLE), False),
            (theirs(200, 0.01, GOOGLE), theirs(100, 0.01), False),
            (theirs(200, 0.01), theirs(100, 0.01), False),
            (theirs(0, 1.0, GOOGLE), theirs(5, 0.03, GOOGLE), True),  # 1 s and 0.15 s
            (theirs(10, 0.07, GOOGLE), theirs(1, 10.0, GOOGLE), True),  # 0.7 s and one call of 10 s
            (theirs(1, 10.0, GOOGLE), theirs(10, 0.07, GOOGLE), True),
            (theirs(10, 0.07, GOOGLE), theirs(2, 5.0, GOOGLE), False),
            (theirs(1, 0.01, GOOGLE), theirs(100, 0.01, GOOGLE), False),  # the shorter one's single call
        ],
    )
    def test_other_tools_choose_both_so_that_rounds_are_about_as_long(self, first, second, chosen):
        assert ("as the tool chose them" in unlike_options(first, second).told) is chosen
        assert ("calls a round" in unlike_options(first, second).withholds) is not chosen

    def test_of_ours_they_were_asked_for(self):
        first, second = (ours(fields={"iterations": calls}, samples=(0.01,)) for calls in (2000, 1000))
        assert unlike_options(first, second) == Unlike("2,000 and 1,000 calls a round")
        assert unlike_options(theirs(200, 0.01, GOOGLE), second).withholds == "200 and 1,000 calls a round"
        assert unlike_options(second, theirs(200, 0.01, GOOGLE)).withholds == "1,000 and 200 calls a round"


class TestMeasuring:
    def test_options_then_variables(self):
        first = measured(ours({"timer": "x"}, environment={"A": "1"}))
        second = measured(ours({"timer": "y"}, environment={}))
        told = "measured with unlike options: timer x and y"
        assert unlike_measuring(first, second) == Unlike(
            f"{told}; measured in unlike environments: A 1, then not set", ""
        )
        assert unlike_measuring(first, measured(ours({"timer": "y"}, environment={"A": "1"}))) == Unlike(told)
        assert unlike_measuring(first, first) == Unlike("")

    def test_the_first_runs_are_held_against_each_other(self):
        first, second = (measured(*(ours({"timer": timer}) for timer in timers)) for timers in ("xyz", "xvw"))
        assert unlike_measuring(first, second) == Unlike("")

    def test_what_withholds_nothing_is_told(self):
        calls = {"call_times": (CallTimes(seconds=(1.0,) * 40),)}
        first, second, plain_one = (
            measured(ours(**told))
            for told in ({"statistic": "p95"} | calls, {"statistic": "p50"} | calls, {"statistic": "p50"})
        )
        assert unlike_measuring(first, second) == Unlike("", "asked on p95 and on p50, compared by p50")
        assert unlike_measuring(first, plain_one) == Unlike(
            "", "asked on p95 and on median, compared by median"
        )
        both = unlike_measuring(measured(theirs(2, 1e-5)), measured(theirs(1, 10.0)))
        assert both == Unlike("", "2 and 1 calls a round, as the tool chose them")
