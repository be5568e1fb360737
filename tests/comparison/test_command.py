"""What ``likeforlike compare`` refuses: one line, status 2, before anything is measured."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from likeforlike.comparison import command
from likeforlike.comparison.comparing import asked_of

GOOD = ["numpy:sort", "numpy:argsort"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["numpy:sort"], "one function needs a grid of two points at least, or another function"),
        (["numpy:sortt", "numpy:sort"], "numpy:sortt: numpy has no sortt"),
        (["numpy", "numpy:sort"], "'numpy' names no function; expected module:function"),
        (
            ["no_such_module_here:a", "numpy:sort"],
            "import of no_such_module_here failed: ModuleNotFoundError",
        ),
        (["numpy:pi", "numpy:sort"], "pi is of type float, expected a function"),
        (["a=numpy:sort", "a=numpy:argsort"], "two functions are called 'a'"),
        ([*GOOD, "--args", "numpy:pi"], "args is of type float, expected a tuple"),
        ([*GOOD, "--check", "numpy:pi"], "check is of type float, expected a function"),
        ([*GOOD, "--grid", "n"], "--grid: 'n' is no grid; expected NAME=VALUE,VALUE"),
        ([*GOOD, "--grid", "n=1,1"], "holds a value twice"),
        ([*GOOD, "--grid", "n=1", "--grid", "n=2"], "--grid: n is given twice; its values go behind one ="),
        ([*GOOD, "--launches", "0"], "launches is 0, expected a number from 1 on"),
        ([*GOOD, "--threads", "0"], "threads is 0, expected a whole number from 1 on"),
        ([*GOOD, "--threads=-3"], "threads is -3, expected a whole number from 1 on"),
        ([*GOOD, "--seconds", "nan"], "seconds is nan, expected a number of seconds, 0 or more"),
        ([*GOOD, "--patience=-1"], "patience is -1.0, expected a number of seconds, 0 or more"),
        ([*GOOD, "--device", "gpu:99"], "gpu:99"),
        ([*GOOD, "--output", "/no/such/folder/f.json"], "--output: /no/such/folder does not exist"),
        ([*GOOD, "--output", "/"], "--output: / is a folder"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, told, capsys):
    assert command.main([*words, "--quiet"]) == 2
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert line.startswith("likeforlike compare: ")
    assert told in line
    assert shown.out == ""


def test_names_are_the_functions_own_unless_they_are_two():
    found = command._functions(["numpy:sort", "x=numpy:argsort", "math:pow", "operator:pow"])
    assert list(found) == ["sort", "x", "math:pow", "operator:pow"]


def test_a_grid_has_numbers_where_they_are_written_as_such():
    assert command._grid(["n=10,100", "dtype=float32", "x=0.5,true"]) == {
        "n": [10, 100],
        "dtype": ["float32"],
        "x": [0.5, "true"],
    }


def test_launches_are_a_number_or_two():
    assert asked_of([len, sum], launches=4).launches == (4, 4)
    assert asked_of([len, sum], launches=(2, 5)).launches == (2, 5)
    assert asked_of([len, sum]).launches == (3, 10)
    for wrong in ((5, 2), 0, True, (1, 2, 3)):
        with pytest.raises(ValueError, match="launches is"):
            asked_of([len, sum], launches=wrong)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"threads": 0}, "threads is 0, expected a whole number from 1 on"),
        ({"threads": -1}, "threads is -1, expected a whole number from 1 on"),
        ({"threads": 2.0}, "threads is 2.0, expected a whole number from 1 on"),
        ({"threads": True}, "threads is True, expected a whole number from 1 on"),
        ({"seconds": -1}, "seconds is -1, expected a number of seconds, 0 or more"),
        ({"seconds": math.nan}, "seconds is nan, expected a number of seconds, 0 or more"),
        ({"seconds": "5"}, "seconds is '5', expected a number of seconds, 0 or more"),
        ({"patience_seconds": -1.0}, "patience is -1.0, expected a number of seconds, 0 or more"),
        ({"patience_seconds": math.inf}, "patience is inf, expected a number of seconds, 0 or more"),
        ({"launches": 3.0}, "launches is 3.0, expected a number from 1 on, or the least and the most"),
        ({"launches": "3"}, "launches is '3', expected a number from 1 on, or the least and the most"),
    ],
)
def test_limits_that_are_none_are_refused_before_anything_is_measured(wrong, told):
    """With -1 threads all was measured, on one, and then the result could not be read."""
    with pytest.raises(ValueError, match=f"^compare: {re.escape(told)}$"):
        asked_of([len, sum], **wrong)


def test_limits_may_be_the_least_and_numpys():
    asked = asked_of([len, sum], threads=np.int64(1), seconds=0, patience_seconds=0.0)
    assert (asked.threads, asked.seconds, asked.patience_seconds) == (1, 0, 0.0)
    assert asked_of([len, sum], seconds=math.inf).seconds == math.inf
    assert asked_of([len, sum], launches=[2, 5]).launches == (2, 5)


@pytest.mark.parametrize("name", ["side", "cache", "run", "comparison"])
def test_a_grid_of_several_functions_has_no_name_that_is_an_axis_of_ours(name):
    grid = {"n": [1], name: [64, 128]}
    with pytest.raises(
        ValueError, match=f"compare: grid has the name '{name}', which means something else here"
    ):
        asked_of([len, sum], grid=grid)
    # of one function the points are entrants, and no axes
    assert asked_of([len], grid=grid).points == ({"n": 1, name: 64}, {"n": 1, name: 128})
    assert asked_of([len, sum], grid={"n": [1], "dtype": ["f"]}).points == ({"n": 1, "dtype": "f"},)
