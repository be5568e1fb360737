from __future__ import annotations

import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from likeforlike.models.functions.structures import farthest, same, waiter_for

HALF_OF_FLOAT64, HALF_OF_FLOAT32 = 2.0**-26, 2.0**-11.5
"""Square roots of 2^-52 and 2^-23, by hand."""


def test_numbers_may_differ_by_half_the_digits_of_the_coarser_type():
    exact = np.array([1.0, -4.0])
    error, tolerance = farthest(exact, np.add(exact, [0.0, 1e-9]))
    assert (error, tolerance) == (pytest.approx(1e-9 / 4, rel=1e-6), HALF_OF_FLOAT64)
    assert farthest(exact, exact.astype(np.float32))[1] == pytest.approx(HALF_OF_FLOAT32)
    assert farthest(1.0, 1.0 + 1e-7)[0] > HALF_OF_FLOAT64
    assert farthest(np.float16(2.0), 1.0) == (0.5, 2.0**-5)


def test_the_worst_part_is_told_wherever_it_is():
    first = {"a": [np.zeros(3), (1.0, 2.0)], "b": 7}
    other = {"a": [np.zeros(3), (1.0, 2.5)], "b": 7}
    assert farthest(first, other) == (0.25, HALF_OF_FLOAT64)
    assert farthest(first, first) == (0.0, HALF_OF_FLOAT64)


def test_what_is_no_float_is_equal_or_not():
    assert farthest(np.arange(3), np.arange(3)) == (0.0, 0.0)
    assert farthest(np.arange(3), np.array([0, 1, 3])) == (1.0, 0.0)
    assert farthest(None, None) == (0.0, 0.0)
    assert farthest("a", "a") == (0.0, 0.0)
    with pytest.raises(ValueError, match="is 'a' and 'b'"):
        farthest("a", "b")


@pytest.mark.parametrize(
    ("first", "other", "told"),
    [
        ((1, 2), (1, 2, 3), "2 and 3 parts"),
        ({"a": 1}, {"b": 1}, "the keys"),
        (np.zeros((2, 3)), np.zeros((3, 2)), r"the shapes \(2, 3\) and \(3, 2\)"),
        ([np.zeros(2)], [np.zeros(3)], r"the answer\[0\] has the shapes"),
        (None, 1.0, "is None and 1.0"),
    ],
)
def test_unlike_forms_are_named(first, other, told):
    with pytest.raises(ValueError, match=told):
        farthest(first, other)


def test_nan_agrees_with_nan_alone():
    nan = np.array([1.0, math.nan])
    assert farthest(nan, nan)[0] == 0.0
    assert math.isnan(farthest(nan, np.array([1.0, 2.0]))[0])
    assert farthest([nan, np.ones(2)], [np.ones(2), np.ones(2)])[0] != 0.0
    infinite = np.array([1.0, math.inf])
    assert farthest(infinite, infinite)[0] == 0.0
    assert not farthest(infinite, np.array([1.0, 3.0]))[0] < 1.0


def test_same_is_to_the_last_bit():
    value = ({"x": np.arange(3.0)}, "text", None)
    assert same(value, ({"x": np.arange(3.0)}, "text", None))
    assert not same(value, ({"x": np.arange(3.0) * (1 + 1e-15)}, "text", None))
    assert not same((np.zeros(2),), (np.zeros(3),))


def framework(name: str, **attributes: object) -> type:
    """A type that a package of that name might have."""
    return type("Array", (), {"__module__": f"{name}.stand_in", **attributes})


def test_frameworks_are_waited_for_and_numpy_is_not(monkeypatch):
    waited: list[str] = []
    modules = {
        "jax": SimpleNamespace(block_until_ready=lambda value: waited.append("jax")),
        "torch": SimpleNamespace(cuda=SimpleNamespace(synchronize=lambda: waited.append("torch"))),
        "tensorflow": SimpleNamespace(
            config=SimpleNamespace(
                list_physical_devices=lambda kind: ["gpu"],
                experimental=SimpleNamespace(get_synchronous_execution=lambda: True),
            ),
            test=SimpleNamespace(
                experimental=SimpleNamespace(sync_devices=lambda: waited.append("tensorflow"))
            ),
        ),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    on_gpu, on_cpu = SimpleNamespace(type="cuda"), SimpleNamespace(type="cpu")
    jax, torch = framework("jaxlib")(), framework("torch", device=on_gpu)()
    assert waiter_for([np.zeros(2), {"x": 1.0}, None]) is None
    assert waiter_for(framework("torch", device=on_cpu)()) is None
    for result, expected in (
        ({"a": [jax]}, ["jax"]),
        ((1, torch), ["torch"]),
        (framework("tensorflow")(), ["tensorflow"]),
        ((jax, torch), ["jax", "torch"]),
    ):
        waited.clear()
        wait = waiter_for(result)
        assert wait is not None
        wait(result)
        assert waited == expected
