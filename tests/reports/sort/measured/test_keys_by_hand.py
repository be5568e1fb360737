"""Keys: what is left of one without its side or set, and what a reader is told of it."""

from __future__ import annotations

import pytest

from likeforlike.reports.sort.measured.keys import Key, axes_text

SIZE, SIDE, FILE = ("size", 8), ("side", "old"), ("file", "b.json")


def key(*axes):
    return Key("matmul", "numpy", "cpu:0", axes)


def test_sides_and_sets_are_axes_that_can_be_left_out():
    one = key(SIZE, SIDE, FILE)
    assert (one.side, one.apart, one.company) == ("old", "b.json", ("b.json", "old"))
    assert one.without_side == key(SIZE, FILE)
    assert one.bare == key(SIZE, SIDE)
    assert one.axis == {"size": 8, "side": "old", "file": "b.json"}
    assert one.place == ("matmul", "cpu:0", (SIZE, SIDE, FILE))
    plain = key(SIZE)
    assert (plain.side, plain.apart, plain.company) == ("", "", ("", ""))
    assert plain.without_side == plain.bare == plain


@pytest.mark.parametrize(
    ("axes", "circumstances", "name"),
    [
        ((SIZE,), "", "numpy"),
        ((("cache", "cold"),), "cold caches", "numpy, cold caches"),
        ((("cache", "warm"),), "", "numpy"),
        ((("operands", "normal"),), "normal operands", "numpy, normal operands"),
        ((SIDE,), "side old", "numpy, side old"),
        ((FILE,), "", "numpy of b.json"),
        (
            (SIDE, ("operands", "normal"), FILE, ("cache", "cold")),
            "cold caches, normal operands, side old",
            "numpy, cold caches, normal operands, side old of b.json",
        ),
    ],
)
def test_what_is_unusual_is_part_of_the_name(axes, circumstances, name):
    assert (key(*axes).circumstances, key(*axes).name) == (circumstances, name)


def test_well_known_axes_are_told_by_their_values():
    axes = (SIZE, ("dtype", "float32"), ("recipe", "matched"), ("what", "gradient"), ("batch", 4))
    assert axes_text(axes) == "8 float32 matched gradient batch=4"
    assert key(SIZE, FILE).text == "numpy cpu:0 8 file=b.json"
    assert Key("benchmark", "test_a", "", ()).text == "test_a"
