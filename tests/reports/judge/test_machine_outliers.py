"""Machines of one kind: how far they lie apart, and which one is odd."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from report_studies import FACTORS, machine_file, study_of

from likeforlike.reports.judge import machine_outliers
from likeforlike.reports.judge.machine_outliers import kind_spreads


def test_machines_of_one_kind_and_the_odd_one():
    (spread,) = kind_spreads(study_of(*(machine_file(node, f) for node, f in FACTORS.items())))
    assert not spread.repetitions
    assert [unit.name for unit in spread.units] == ["n3", "n1", "n5", "n2", "n4"]
    assert [unit.name for unit in spread.odd] == ["n4"]
    median = 1.005  # by hand, of the five factors
    for unit in spread.units:
        assert unit.ratio == pytest.approx(FACTORS[unit.name] / median)
        assert unit.cells == 6


def test_a_machine_within_five_per_cent_is_never_odd():
    files = [machine_file(f"n{number}", 1.0) for number in range(6)] + [machine_file("n6", 1.04)]
    (spread,) = kind_spreads(study_of(*files))
    assert spread.odd == []


def test_of_two_nobody_is_odd():
    (spread,) = kind_spreads(study_of(machine_file("n1", 1.0), machine_file("n2", 2.0)))
    assert spread.odd == []
    assert spread.units[1].ratio / spread.units[0].ratio == pytest.approx(2.0)


def test_kinds_are_kept_apart():
    files = [
        machine_file(f"{kind}{n}", factor, kind=kind) for kind, factor in (("a", 1), ("b", 3)) for n in (1, 2)
    ]
    spreads = kind_spreads(study_of(*files))
    assert len(spreads) == 2
    assert all(math.isclose(unit.ratio, 1.0) for spread in spreads for unit in spread.units)


def test_two_runs_on_one_machine_are_repetitions_of_it():
    (spread,) = kind_spreads(study_of(machine_file("n1", 1.0, seed=1), machine_file("n1", 1.2, seed=2)))
    assert spread.repetitions
    assert [unit.name for unit in spread.units] == ["0.json", "1.json"]


def test_two_runs_on_each_of_two_machines_are_two_machines():
    files = [
        machine_file(node, factor, seed) for node, factor in (("n1", 1.0), ("n2", 1.1)) for seed in (1, 2)
    ]
    (spread,) = kind_spreads(study_of(*files))
    assert [unit.name for unit in spread.units] == ["n1", "n2"]


def odd_ones(*logs):
    units = machine_outliers._marked([machine_outliers.Unit(f"n{log}", math.exp(log), 1) for log in logs])
    assert [unit.ratio for unit in units] == sorted(unit.ratio for unit in units)
    return [unit.name for unit in units if unit.odd]


def test_odd_is_beyond_three_and_a_half_deviations_by_hand():
    """The median is 0, the median deviation from it 0.1, and 3.5 x 1.4826 x 0.1 = 0.5189."""
    assert odd_ones(-0.1, 0.1, 0.0, 0.52, -0.1) == ["n0.52"]
    assert odd_ones(-0.1, 0.1, 0.0, 0.518, -0.1) == []
    assert odd_ones(0.1, 0.1, 0.0, -0.52, -0.1) == ["n-0.52"]
    assert odd_ones(2.9, 3.1, 3.0, 3.52, 2.9) == ["n3.52"]


def test_odd_is_five_per_cent_at_least_where_all_others_are_alike():
    assert odd_ones(0.0, 0.0, math.log(1.051)) == [f"n{math.log(1.051)}"]
    assert odd_ones(0.0, 0.0, math.log(1.049)) == []
    assert odd_ones(0.0, 0.5) == []


def test_a_unit_that_took_no_time_has_no_ratio():
    def unit_files(*factors):
        return [machine_file(f"n{number}", factor) for number, factor in enumerate(factors)]

    (spread,) = kind_spreads(study_of(*unit_files(1.0, 2.0)))
    assert [unit.ratio for unit in spread.units] == pytest.approx([1 / 1.5, 2 / 1.5])
    assert kind_spreads(study_of(*unit_files(1.0))) == []


def item(refuted=False, workload="matmul", **units):
    """A cell measured on several machines: of each the quiet samples, all samples, and the median alone."""
    runs = [
        SimpleNamespace(
            file=SimpleNamespace(node=node, path=f"{node}.json"),
            quiet_samples=quiet,
            cell=SimpleNamespace(samples=all_, median_seconds=median),
        )
        for node, (quiet, all_, median) in units.items()
    ]
    return SimpleNamespace(
        refuted=refuted, kind="noise floor" if workload == "noise" else "kernel", runs=runs
    )


def took(seconds):
    return [seconds], [seconds], seconds


GOOD = item(a=took(1.0), b=took(3.0))


@pytest.mark.parametrize(
    "other",
    [
        item(refuted=True, a=took(1.0), b=took(9.0)),
        item(workload="noise", a=took(1.0), b=took(9.0)),
        item(a=took(1.0)),
        item(a=took(1.0), b=took(0.0)),
        item(),
    ],
)
def test_cells_that_tell_nothing_of_a_machine_are_left_out(other):
    units = machine_outliers._units([other, GOOD], False)
    assert [(unit.name, unit.ratio, unit.cells) for unit in units] == [
        ("a", pytest.approx(0.5), 1),
        ("b", pytest.approx(1.5), 1),
    ]


def test_of_two_cells_it_is_the_geometric_mean():
    units = machine_outliers._units(
        [GOOD, item(a=took(3.0), b=took(1.0)), item(a=took(2.0), b=took(2.0))], False
    )
    assert [(unit.ratio, unit.cells) for unit in units] == [(pytest.approx(0.75 ** (1 / 3)), 3)] * 2


def test_quiet_samples_count_and_where_there_are_none_what_is_known():
    units = machine_outliers._units([item(a=([1.0], [9.0], 9.0), b=([], [3.0, 3.0, 9.0], 9.0))], False)
    assert [unit.ratio for unit in units] == pytest.approx([0.5, 1.5])
    units = machine_outliers._units([item(a=([], [], 1.0), b=([], [], 3.0))], True)
    assert [(unit.name, unit.ratio) for unit in units] == [
        ("a.json", pytest.approx(0.5)),
        ("b.json", pytest.approx(1.5)),
    ]
