"""Options that list names, and those that list none."""

from __future__ import annotations

import pytest

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.asked.values import listed
from likeforlike.bench.plan.command_line import _what

REPEATABLE: dict[str, list[str]] = {"--axis": [], "--side": [], "--plugin": []}
LISTS = {
    "--workloads": ("matmul", ("matmul",)),
    "--implementations": ("numpy, floor,numpy", ("numpy", "floor")),
    "--devices": ("cpu:0,", ("cpu:0",)),
    "--recipes": ("matched", ("matched",)),
    "--dtypes": ("float64,float32", ("float64", "float32")),
    "--sizes": ("5,fft:8", {"": ("5",), "fft": ("8",)}),
    "--workers": ("2,2,1", (2, 1)),
    "--strategies": ("mirrored", ("mirrored",)),
}
"""As they are written, and what is read of it."""


def read(**given: str):
    return _what(lambda name: {**REPEATABLE, **given}.get(name))


def test_what_is_not_given_is_left_to_the_preset() -> None:
    told = read()
    nothing = {option: told[option.removeprefix("--")] for option in LISTS}
    assert nothing == {**dict.fromkeys(LISTS), "--sizes": {}}


@pytest.mark.parametrize("option", LISTS)
def test_a_list_is_read_name_by_name_each_once(option: str) -> None:
    text, expected = LISTS[option]
    assert read(**{option: text})[option.removeprefix("--")] == expected


@pytest.mark.parametrize("option", LISTS)
@pytest.mark.parametrize("text", ["", ",", " , "])
def test_a_list_without_a_name_is_refused_and_not_taken_for_none_given(option: str, text: str) -> None:
    with pytest.raises(OptionError) as error:
        read(**{option: text})
    assert str(error.value) == f"{option}: names nothing; leave it out, or name what is meant"


def test_only_what_was_given_can_be_empty() -> None:
    assert listed("--devices", None) is None
    assert listed("--devices", "gpu") == ("gpu",)
