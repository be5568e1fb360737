from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from likeforlike.bench.functions.asked import Asked, cells_of, entrants_of, points_of
from likeforlike.bench.functions.measuring import WORTH_SECONDS, _device, allowed_seconds, stop_rule
from likeforlike.devices.machine.discovery import DeviceError
from likeforlike.devices.vendors.device import Device


def test_a_grid_is_every_combination():
    assert points_of(None) == ({},)
    assert points_of({"n": [1, 2], "dtype": ("f", "d")}) == (
        {"n": 1, "dtype": "f"},
        {"n": 1, "dtype": "d"},
        {"n": 2, "dtype": "f"},
        {"n": 2, "dtype": "d"},
    )


@pytest.mark.parametrize(
    ("grid", "told"),
    [
        ([1], "expected names with their values"),
        ({}, "expected names with their values"),
        ({"n": 3}, r"grid\['n'\] is 3, expected a list"),
        ({"n": "abc"}, "expected a list"),
        ({"n": []}, "expected a list"),
        ({"n": [np.zeros(2)]}, "expected numbers or text"),
        ({"no name": [1]}, "expected one that a parameter can have"),
        ({"n": [1, 1]}, "holds a value twice"),
        ({"n": [1, 1.0]}, "holds a value twice"),
        ({"n": [1, 2, "1"]}, "holds a value twice"),
    ],
)
def test_what_is_no_grid_is_one_line(grid, told):
    with pytest.raises((TypeError, ValueError), match=told):
        points_of(grid)


def test_functions_take_turns_at_each_point_and_are_held_to_the_first():
    asked = Asked({"mine": np.sort, "theirs": np.sort}, points=points_of({"n": [1, 2]}), name="a test")
    entrants = entrants_of(asked)
    assert [(e.name, e.function, e.group, e.first, dict(e.point)) for e in entrants] == [
        ("mine", 0, "0", True, {"n": 1}),
        ("theirs", 1, "0", False, {"n": 1}),
        ("mine", 0, "1", True, {"n": 2}),
        ("theirs", 1, "1", False, {"n": 2}),
    ]
    cells = cells_of(asked, entrants, "where", "cpu:0")
    assert len({cell.id for cell in cells}) == 4
    assert [cell.group for cell in cells] == ["functions cpu:0 a test 1"] * 2 + [
        "functions cpu:0 a test 2"
    ] * 2
    assert cells[3].axes == (("comparison", "a test"), ("n", 2))
    assert dict(cells[3].entry.environment)["LIKEFORLIKE_FUNCTION"] == "3"


def test_one_function_takes_turns_with_itself_at_other_points():
    asked = Asked({"mine": np.sort}, points=points_of({"n": [1, 2]}))
    entrants = entrants_of(asked)
    assert [(e.name, e.first) for e in entrants] == [("mine n=1", True), ("mine n=2", True)]
    assert len({e.group for e in entrants}) == 2
    cells = cells_of(asked, entrants, "where", "cpu:0")
    assert {(cell.group, cell.axes) for cell in cells} == {("functions cpu:0", ())}


def test_time_is_by_what_a_call_takes_unless_it_is_asked_for():
    least, most = WORTH_SECONDS
    assert allowed_seconds(None, 1e-7) == least
    assert allowed_seconds(None, 3e-3) == pytest.approx(18.0)
    assert allowed_seconds(None, 1.0) == most
    assert allowed_seconds(0.5, 1.0) == 0.5


def test_a_group_ends_when_time_is_up_but_has_its_least_launches():
    now = [100.0]
    stops = stop_rule(5.0, 3, lambda: now[0])
    two = [object(), object()]
    assert not stops(two, 3, 1.0)
    now[0] = 106.0
    assert not stops(two, 2, 1.0)
    assert stops(two, 3, 1.0)


def test_who_is_left_alone_is_not_measured_again():
    assert stop_rule(5.0, 3, lambda: 0.0)([object()], 1, 1.0)


def test_the_first_gpu_is_taken_for_a_framework_that_uses_one_and_never_one_that_can_t_be_told_apart():
    cpu, gpu = Device("cpu", 0, "a processor"), Device("gpu", 0, "a GPU")
    of_torch, of_numpy = (Asked({"f": len}, frameworks={"f": name}) for name in ("torch", "numpy"))
    assert _device(of_torch, (cpu, gpu, Device("gpu", 1, "another"))) is gpu
    assert [_device(of_numpy, (cpu, gpu)), _device(of_torch, (cpu,))] == [cpu, cpu]
    with pytest.raises(DeviceError, match=r"^gpu:0 \(a GPU\): nobody knows; name the other devices$"):
        _device(of_torch, (cpu, replace(gpu, unplaceable="nobody knows")))
