"""The floor round by round: who is a candidate, whose round counts, which are in doubt."""

from __future__ import annotations

import pytest
from report_by_hand import epoch, file, measured, training

from likeforlike.reports.read.schema.cells import Disturbed, Verified
from likeforlike.reports.sort.floors import fastest_by_round, is_floor, rounds_won
from likeforlike.reports.sort.measured.measurements import Run

FILE = file()


def candidate(name, samples, disturbed=(), rounds=None, of=FILE, group="g", **extra):
    """A measurement of one run whose rounds are numbered."""
    told = {
        "round_numbers": tuple(range(len(samples))) if rounds is None else tuple(rounds),
        "disturbed": tuple(Disturbed(number, "stolen") for number in disturbed),
        "role": "floor",
    }
    return measured(Run(of, training(name, samples, fields={"group": group}, **told | extra)))


def floor(*candidates):
    """Samples and disturbed rounds of each run of the fastest."""
    found = fastest_by_round(candidates)
    return [(run.cell.samples, sorted(run.disturbed_rounds)) for run in found.runs]


@pytest.mark.parametrize(
    ("name", "role", "told"),
    [("floor", None, True), ("floor-a", None, False), ("x", "floor", True), ("floor", "twin", False)],
)
def test_a_floor_is_one_by_its_role_or_in_older_files_by_its_name(name, role, told):
    assert is_floor(measured(training(name, role=role))) is told


class TestCandidates:
    def test_one_alone_is_the_floor_itself(self):
        one = candidate("floor-a", (3.0, 1.0))
        assert fastest_by_round([one]) is one

    def test_of_several_each_round_has_its_fastest(self):
        one, other = candidate("floor-a", (3.0, 1.0, 5.0)), candidate("floor-b", (2.0, 4.0, 4.0))
        assert floor(one, other) == floor(other, one) == [((2.0, 1.0, 4.0), [])]

    def test_it_is_called_floor_and_described_by_the_first_of_its_place(self):
        about = {"epochs": (epoch(1),), "terms": {"jit": True}}
        one = candidate("floor-a", (3.0, 1.0, 5.0), launch_numbers=(0, 0, 1), cold_seconds=7.0, **about)
        other = candidate("floor-b", (2.0, 1.0), rounds=(2, 9), launch_numbers=(1, 4), cold_seconds=8.0)
        found = fastest_by_round([one, other])
        (run,) = found.runs
        extra = run.cell.extra
        assert (found.key.implementation, extra.implementation) == ("floor", "floor")
        assert (run.cell.samples, run.cell.median_seconds) == ((3.0, 1.0, 2.0, 1.0), 1.5)
        assert (extra.round_numbers, extra.launch_numbers) == ((0, 1, 2, 9), (0, 0, 1, 4))
        assert (extra.cold_seconds, extra.epochs, extra.terms, extra.disturbed) == (7.0, (), {}, ())
        assert run.file is FILE

    def test_without_numbered_rounds_it_is_the_one_of_the_least_median(self):
        slow = candidate("floor-a", (1.0, 5.0, 5.0))
        fast = candidate("floor-b", (4.0, 4.0, 4.0), round_numbers=None)
        assert fastest_by_round([slow, fast]) is fastest_by_round([fast, slow]) is fast

    def test_those_that_are_wrong_count_where_there_are_no_others(self):
        wrong = {"verified": Verified(error=1.0, tolerance=0.5)}
        bad = candidate("floor-a", (1.0, 1.0), **wrong)
        good = [candidate(name, (2.0, 3.0)) for name in ("floor-b", "floor-c")]
        assert floor(bad, *good) == [((2.0, 3.0), [])]
        assert fastest_by_round([bad, good[0]]) is good[0]
        assert floor(bad, candidate("floor-b", (0.5, 2.0), **wrong)) == [((0.5, 1.0), [])]

    def test_each_group_repetition_and_file_has_its_own(self):
        places = ({}, {"group": "h"}, {"of": file(name="b.json")}, {"axes": {"recipe": "matched", "run": 1}})
        runs = [
            candidate(name, (start + number, 9.0), **place).runs[0]
            for name, start in (("floor-a", 1.0), ("floor-b", 1.5))
            for number, place in enumerate(places)
        ]
        found = fastest_by_round([measured(*runs[:4]), measured(*runs[4:])])
        assert [run.cell.samples for run in found.runs] == [(1.0 + n, 9.0) for n in range(4)]

    def test_runs_without_samples_have_none(self):
        empty = [candidate(name, ()) for name in ("floor-a", "floor-b")]
        found = fastest_by_round(empty)
        assert found.runs[0].cell.samples == ()
        assert found.runs[0].cell.median_seconds == 1.0


class TestDisturbed:
    def test_the_fastest_undisturbed_one_counts(self):
        """A round of 1 that was disturbed, of one that takes 3 elsewhere: 2 is the floor."""
        assert floor(candidate("a", (1.0, 3.0), [0]), candidate("b", (2.0, 2.0))) == [((2.0, 2.0), [])]

    @pytest.mark.parametrize(("elsewhere", "doubtful"), [(2.0, []), (1.9, [0])])
    def test_where_the_fastest_elsewhere_was_disturbed_the_round_is(self, elsewhere, doubtful):
        """It took 2.5 then: the other's 2.0 is no floor if it may take 1.9."""
        one = candidate("a", (2.5, elsewhere, 9.0), [0])
        found = floor(one, candidate("b", (2.0, 2.0, 2.0)))
        assert found == [((2.0, min(elsewhere, 2.0), 2.0), doubtful)]

    def test_where_all_were_the_round_is_with_the_fastest_of_all(self):
        assert floor(candidate("a", (1.0, 3.0), [0]), candidate("b", (2.0, 2.0), [0])) == [((1.0, 2.0), [0])]

    def test_one_that_was_always_disturbed_may_be_as_fast_as_it_ever_was(self):
        held = candidate("a", (3.0, 1.0), [0, 1])
        assert floor(held, candidate("b", (2.0, 2.0))) == [((2.0, 1.0), [0, 1])]

    def test_the_nearest_of_several_that_were_disturbed_decides(self):
        """The second might take 1.0, whatever the third takes."""
        found = floor(
            candidate("a", (2.0, 2.0)), candidate("b", (3.0, 1.0), [0]), candidate("c", (3.0, 4.0), [0])
        )
        assert found == [((2.0, 1.0), [0])]
        turned = floor(
            candidate("a", (2.0, 2.0)), candidate("c", (3.0, 4.0), [0]), candidate("b", (3.0, 1.0), [0])
        )
        assert turned == [((2.0, 1.0), [0])]


def test_in_how_many_rounds_each_was_the_fastest():
    one = candidate("floor-a", (3.0, 1.0, 4.0))
    other = candidate("floor-b", (2.0, 4.0, 5.0, 6.0))
    unnumbered = candidate("floor-c", (0.1, 0.1), round_numbers=None)
    assert rounds_won([one, other, unnumbered]) == {"floor-a": 2, "floor-b": 2, "floor-c": 0}
    assert rounds_won([]) == {}
