"""Which samples are pairs and which count, where rounds were disturbed, unnumbered, of no time or of two sessions."""

from __future__ import annotations

import math

import pytest
import report_samples as samples
from report_studies import study_of

from likeforlike.reports.sort.beside_time.units import (
    groups_in_turns,
    launches_of_both,
    paired_by_launch,
    paired_samples,
    ratio_units,
    time_units,
    times_of,
)

AXES = {"size": 500, "dtype": "float32"}
SESSION = 100_000_000


def cell(name, times, disturbed=(), launches=None, **extra):
    own = {
        "group": "g",
        "launch_numbers": launches or [0] * len(times),
        "disturbed": [{"round": number, "reason": "others used 40 %"} for number in disturbed],
    }
    return samples.cell("matmul", name, "cpu:0", AXES, times, **(own | extra))


def measured(*cells, **more):
    return study_of(samples.document(list(cells), noise=None, **more)).measurements


def pairs(base, other):
    return list(paired_by_launch(*measured(base, other)).values())


def counting(count, start=1.0):
    return [start + number for number in range(count)]


@pytest.mark.parametrize(("mine", "theirs"), [((0,), (7,)), ((0, 7), ()), ((), (0, 7))])
def test_of_one_launch_rounds_disturbed_on_either_side_are_left_out(mine, theirs):
    """Of eight rounds six are left, which are enough."""
    found = pairs(cell("numpy", counting(8), mine), cell("jax", counting(8, 11.0), theirs))
    assert found == [[(1.0 + n, 11.0 + n) for n in range(1, 7)]]


@pytest.mark.parametrize(("disturbed", "left"), [(1, 7), (2, 6), (3, 8), (8, 8)])
def test_of_one_launch_six_quiet_rounds_are_enough_and_fewer_are_not(disturbed, left):
    (found,) = pairs(cell("numpy", counting(8), range(disturbed)), cell("jax", counting(8)))
    assert len(found) == left
    assert found[-1] == (8.0, 8.0)


@pytest.mark.parametrize(("disturbed", "left"), [((), 4), ((1,), 4), ((0, 1, 2), 4)])
def test_of_fewer_than_six_rounds_all_count_unless_all_are_quiet(disturbed, left):
    (found,) = pairs(cell("numpy", counting(4), disturbed), cell("jax", counting(4)))
    assert len(found) == left


@pytest.mark.parametrize(
    ("launches", "disturbed", "left"),
    [
        ([0, 1, 2, 3], (3,), [1.0, 2.0, 3.0]),
        ([0, 1, 2, 3], (1, 3), [1.0, 3.0]),  # half of them, two at least
        ([0, 1, 2, 3, 4], (1, 3, 4), [1.0, 2.0, 3.0, 4.0, 5.0]),  # two of five
        ([0, 1], (1,), [1.0, 2.0]),  # one alone is not enough
        ([0, 1, 2], (1,), [1.0, 3.0]),
    ],
)
def test_of_several_launches_half_of_them_are_enough_without_disturbed_rounds(launches, disturbed, left):
    times = counting(len(launches))
    found = pairs(cell("numpy", times, disturbed, launches), cell("jax", times, (), launches))
    assert [one for launch in found for one, _ in launch] == left


def test_of_two_launches_disturbed_rounds_are_left_out_however_few_are_left():
    launches = [0, 0, 1, 1]
    found = pairs(cell("numpy", counting(4), (3,), launches), cell("jax", counting(4), (), launches))
    assert found == [[(1.0, 1.0), (2.0, 2.0)], [(3.0, 3.0)]]


def test_cells_that_stand_twice_in_a_file_are_paired_in_their_order():
    twice = [cell(name, [start] * 6) for start in (1.0, 2.0) for name in ("numpy", "jax")]
    base, other = measured(*twice)
    found = [launch[0] for launch in paired_by_launch(base, other).values()]
    assert found == [(1.0, 1.0), (2.0, 2.0)]


@pytest.mark.parametrize("statistic", ["median", "p50"])
def test_a_group_without_the_other_is_passed_over(statistic):
    calls = {"statistic": statistic}
    if statistic != "median":
        calls["call_times"] = [{"launch": 0, "seconds": [1.0] * 10}]
    alone = cell("numpy", counting(6), group="alone", **calls)
    base, other = measured(alone, *(cell(name, counting(6), **calls) for name in ("numpy", "jax")))
    assert len(base.runs) == 2
    ((place, _),) = ratio_units(base, other).items()
    assert place[1] == "g"


def test_launches_of_both_are_counted_whether_they_share_rounds_or_not():
    """Of launches 0 to 2 and 1 to 3 two; a group that one of them alone is in counts for nothing."""
    rounds = list(range(100, 104))
    base = [cell("numpy", counting(4), launches=[0, 0, 1, 2]), cell("numpy", counting(2), group="alone")]
    base, other = measured(*base, cell("jax", counting(4), launches=[1, 2, 2, 3], round_numbers=rounds))
    assert (len(base.runs), launches_of_both(base, other), launches_of_both(other, base)) == (2, 2, 2)


def test_turns_beside_another_without_launches_are_of_the_first():
    beside = {"seconds": [5.0] * 6, "round_numbers": list(range(10, 16)), "disturbed": []}
    base = cell("numpy", counting(6), cell="numpy", beside={"jax": beside})
    other = cell("jax", counting(6), cell="jax", round_numbers=list(range(10, 16)))
    (place,) = paired_by_launch(*measured(base, other))
    assert place[-1] == 0


def test_turns_beside_another_bring_their_own_disturbed_rounds():
    beside = {"seconds": counting(8, 21.0), "round_numbers": list(range(10, 18)), "disturbed": [10, 17]}
    base = cell("numpy", counting(8), (0,), cell="numpy", beside={"jax": beside})
    other = cell("jax", counting(8, 31.0), (1,), cell="jax", round_numbers=list(range(10, 18)))
    assert pairs(base, other) == [[(21.0 + n, 31.0 + n) for n in range(1, 7)]]


@pytest.mark.parametrize("statistic", ["median", "p50"])
@pytest.mark.parametrize("which", [0, 1])
def test_without_numbers_of_rounds_there_are_no_pairs(which, statistic):
    calls = {"statistic": statistic, "call_times": [{"launch": 0, "seconds": [1.0] * 10}]}
    cells = [cell(name, counting(6), **calls) for name in ("numpy", "jax")]
    for name in ("round_numbers", "launch_numbers"):
        cells[which]["extra_info"][name] = None
    base, other = measured(*cells)
    assert paired_by_launch(base, other) == {}
    assert paired_samples(base, other) == ([], [])
    assert ratio_units(base, other) == {}


def test_ratios_are_of_pairs_with_times_and_so_are_times():
    base, other = measured(cell("numpy", [2.0, 0.0, 4.0]), cell("jax", [4.0, 1.0, 0.0]))
    (unit,) = ratio_units(base, other).values()
    assert (unit.log, unit.rounds) == (pytest.approx(math.log(2.0)), 1)
    ((own,),) = time_units(base).values()
    assert (own.log, own.rounds) == (pytest.approx(math.log(8.0) / 2), 2)
    nothing = measured(cell("numpy", [0.0, 0.0]), cell("jax", [1.0, 1.0]))
    assert ratio_units(*nothing) == {}


@pytest.mark.parametrize(("disturbed", "left"), [((), 4), ((3,), 3), ((0, 1, 2), 4), ((0, 1, 2, 3), 4)])
def test_times_are_of_quiet_rounds_unless_most_were_disturbed(disturbed, left):
    (item,) = measured(cell("numpy", [1.0] * 4, disturbed))
    ((unit,),) = time_units(item).values()
    assert unit.rounds == left


def test_times_are_told_by_session_and_by_launch():
    rounds = [0, 1, SESSION, SESSION + 1]
    (item,) = measured(cell("numpy", [1.0, 4.0, 9.0, 9.0], (), [0, 1, 2, 2], round_numbers=rounds))
    (run,) = item.runs
    first, second = (run.file.run_id or run.file.digest, 0), (run.file.run_id or run.file.digest, 1)
    assert times_of(item) == {first, second}
    found = {
        time: [(round(math.exp(u.log), 9), u.rounds) for u in units]
        for time, units in time_units(item).items()
    }
    assert found == {first: [(1.0, 1), (4.0, 1)], second: [(9.0, 2)]}


def test_what_has_no_rounds_was_measured_at_once():
    (item,) = measured(cell("numpy", [1.0, 1.0], round_numbers=None, launch_numbers=None))
    ((_, session),) = times_of(item)
    assert session == 0
    unsaved = cell("numpy", [1.0, 1.0], round_numbers=None, launch_numbers=None)
    unsaved["stats"] = {"median": 1.0, "rounds": 5, "iterations": 1}
    ((_, session),) = times_of(*measured(unsaved))
    assert session == 0


def test_calls_of_a_launch_without_samples_are_of_the_first_session():
    calls = {"statistic": "p50", "call_times": [{"launch": n, "seconds": [1.0] * 10} for n in (0, 5)]}
    (item,) = measured(cell("numpy", [1.0], (), [0], round_numbers=[SESSION], **calls))
    assert [(session, len(units)) for (_, session), units in time_units(item).items()] == [(1, 1), (0, 1)]


def test_quantiles_are_paired_by_launch_where_both_have_calls():
    def calls(*launches):
        return {
            "statistic": "p50",
            "call_times": [{"launch": n, "seconds": [seconds] * 10} for n, seconds in launches],
        }

    launches = [0, 1, 2]
    base, other = measured(
        cell("numpy", [1.0] * 3, (), launches, **calls((0, 1.0), (1, 2.0))),
        cell("jax", [1.0] * 3, (), launches, **calls((1, 8.0), (2, 3.0))),
    )
    ((place, unit),) = ratio_units(base, other).items()
    assert (place[-1], unit.log) == (1, pytest.approx(math.log(4.0)))
    (own,) = time_units(base).values()
    assert [round(math.exp(unit.log), 9) for unit in own] == [1.0, 2.0]
    (medians,) = time_units(base, "median").values()
    assert len(medians) == 3


def test_groups_are_of_those_that_took_turns_in_every_run():
    first = [cell(name, [1.0] * 6) for name in ("numpy", "jax")]
    alone = cell("torch", [1.0] * 6, group="another")
    found = [
        [item.key.implementation for item in group] for group in groups_in_turns(measured(*first, alone))
    ]
    assert sorted(map(sorted, found)) == [["jax", "numpy"], ["torch"]]
