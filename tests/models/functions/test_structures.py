from __future__ import annotations

import math
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from likeforlike.models.functions.structures import (
    farthest,
    holds_nothing,
    same,
    says_no,
    waiter_for,
)

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


def sparse_matrix(last: float, column: int = 0, columns: int = 4) -> sparse.csr_matrix:
    return sparse.csr_matrix(([1.0, 2.0, last], ([0, 0, 2], [1, 2, column])), shape=(3, columns))


def test_sparse_matrices_are_held_against_each_other_by_what_they_hold():
    matrix = sparse_matrix(-4.0)
    assert same((matrix, 1), (sparse_matrix(-4.0), 1))
    assert same(sparse_matrix(math.nan), sparse_matrix(math.nan))
    for other in (sparse_matrix(-4.5), sparse_matrix(-4.0, column=3), sparse_matrix(-4.0, columns=5)):
        assert not same(matrix, other)
    assert farthest(matrix, sparse_matrix(-4.5)) == (0.125, HALF_OF_FLOAT64)
    twice = sparse.coo_matrix(([1.0, 1.0, 0.0], ([0, 0, 1], [1, 1, 1])), shape=(2, 2))
    assert same(twice, sparse.csr_matrix(([2.0], ([0], [1])), shape=(2, 2)))
    assert twice.nnz == 3, "it is left as it is"


class Node:
    """Equals itself alone, as a network or an estimator does."""

    def __init__(self, **held: object) -> None:
        self.__dict__.update(held)


def test_objects_that_equal_themselves_alone_are_the_same_by_what_they_hold():
    assert same((Node(w=np.ones(2), part=Node(n=1)), 3), (Node(w=np.ones(2), part=Node(n=1)), 3))
    assert not same(Node(w=np.ones(2)), Node(w=np.zeros(2)))
    assert not same(Node(part=Node(n=1)), Node(part=Node(n=2)))
    assert not same(Node(n=1), Node(n=1, more=2))
    assert not same(Node(n=1), type("Other", (Node,), {})(n=1))
    assert same(object(), object())
    with pytest.raises(ValueError, match="Node object at"):  # of answers nobody says that they agree
        farthest(Node(n=1), Node(n=1))


@pytest.mark.parametrize("made", [lambda: np.random.default_rng(1), lambda: iter([1, 2])])
def test_objects_whose_state_can_t_be_seen_are_not_known_to_be_the_same(made):
    """A generator that was drawn from is another argument; so it stays one that a function changes."""
    drawn = made()
    next(drawn) if hasattr(drawn, "__next__") else drawn.random()
    assert not same(made(), drawn)


def test_objects_may_refer_to_each_other_in_a_circle():
    def ring(number: int) -> Node:
        one, other = Node(number=number), Node(number=0)
        one.next, other.next = other, one
        return one

    assert same(ring(1), ring(1))
    assert not same(ring(1), ring(2))


def framework(name: str, **attributes: object) -> type:
    """A type that a package of that name might have."""
    return type("Array", (), {"__module__": f"{name}.stand_in", **attributes})


def modules(monkeypatch, waited, gpus=(), cuda=False, jax_on="cpu"):
    """Stand-ins for all frameworks; what is waited for is noted."""
    there = {
        "jax": SimpleNamespace(
            block_until_ready=lambda value: waited.append(f"jax {value}" if value == "alive" else "jax"),
            live_arrays=lambda: "alive",
            default_backend=lambda: jax_on,
        ),
        "jax._src.xla_bridge": SimpleNamespace(_backends={jax_on: None}),
        "torch": SimpleNamespace(
            cuda=SimpleNamespace(synchronize=lambda: waited.append("torch"), is_initialized=lambda: cuda),
            accelerator=SimpleNamespace(synchronize=lambda: waited.append("accelerator")),
        ),
        "tensorflow": SimpleNamespace(
            config=SimpleNamespace(
                list_physical_devices=lambda kind: list(gpus),
                experimental=SimpleNamespace(get_synchronous_execution=lambda: True),
            ),
            test=SimpleNamespace(
                experimental=SimpleNamespace(sync_devices=lambda: waited.append("tensorflow"))
            ),
        ),
        "cupy": SimpleNamespace(
            cuda=SimpleNamespace(Device=lambda: SimpleNamespace(synchronize=lambda: waited.append("cupy")))
        ),
    }
    for name, module in there.items():
        monkeypatch.setitem(sys.modules, name, module)


def waited_for(result, waited):
    waited.clear()
    wait = waiter_for(result)
    if wait is not None:
        wait(result)
    return waited


ON_GPU, ON_CPU, ON_OTHER = (SimpleNamespace(type=kind) for kind in ("cuda", "cpu", "xpu"))
JAX, TENSORFLOW, CUPY = (framework(name)() for name in ("jaxlib", "tensorflow", "cupy"))
TORCH, TORCH_ON_CPU, TORCH_ON_OTHER = (
    framework("torch", device=place)() for place in (ON_GPU, ON_CPU, ON_OTHER)
)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ([np.zeros(2), {"x": 1.0}, None], []),
        (TORCH_ON_CPU, []),
        (TENSORFLOW, []),
        ({"a": [JAX]}, ["jax"]),
        ((1, TORCH), ["torch"]),
        ((JAX, TORCH), ["jax", "torch"]),
        (TORCH_ON_OTHER, ["accelerator"]),
        ([CUPY], ["cupy"]),
    ],
)
def test_what_is_returned_is_waited_for_and_numpy_is_not(monkeypatch, result, expected):
    waited: list[str] = []
    modules(monkeypatch, waited)
    assert waited_for(result, waited) == expected


@pytest.mark.parametrize("result", [None, 0.5, [np.zeros(2)]])
def test_what_a_device_still_does_is_waited_for_though_nothing_of_it_is_returned(monkeypatch, result):
    waited: list[str] = []
    modules(monkeypatch, waited, gpus=["gpu"], cuda=True, jax_on="gpu")
    assert waited_for(result, waited) == ["jax alive", "tensorflow", "torch"]
    modules(monkeypatch, waited)
    assert waited_for(result, waited) == []


def test_what_is_computed_when_it_is_read_is_read(monkeypatch):
    """As of Dask, MLX and whoever else makes arrays; those that are there already are left alone."""
    modules(monkeypatch, [])
    read: list[str] = []

    def computed(self, dtype=None, copy=None):
        read.append(type(self).__module__)
        return np.zeros(2)

    for package in ("dask", "somebodys"):
        result = [1, framework(package, __array__=computed)()]
        wait = waiter_for(result)
        assert wait is not None
        wait(result)
    assert read == ["dask.stand_in", "somebodys.stand_in"]

    def refuses(self, dtype=None, copy=None):
        raise RuntimeError("densify me first")

    refusing = framework("sparse", __array__=refuses)()
    wait = waiter_for(refusing)
    assert wait is not None
    wait(refusing)
    assert same(refusing, refusing)
    for package in ("pandas", "polars", "pyarrow", "numpy"):
        assert waiter_for(framework(package, __array__=computed)()) is None


@pytest.mark.parametrize("told", [False, np.False_, np.array(False), np.array([True, False]), [True, False]])
def test_a_check_says_no_by_false_of_any_type_and_in_any_place(told):
    assert says_no(told)


@pytest.mark.parametrize("told", [None, True, np.True_, np.array([True, True]), 0, 0.0, "no", object()])
def test_all_else_that_it_returns_is_no_objection(told):
    assert not says_no(told)


@pytest.mark.parametrize(
    ("value", "nothing"), [(None, True), ([], True), ((None, {}), True), (0, False), ([None, ""], False)]
)
def test_nothing_can_be_compared_of_none_and_of_empty_parts(value, nothing):
    assert holds_nothing(value) == nothing


@pytest.mark.parametrize(
    ("first", "other", "told"),
    [
        (np.array(["a"]), np.array([], dtype="U1"), "the shapes"),
        (np.array(["a", "b"]), np.array([["a", "b"]]), "the shapes"),
        (np.array(["2026-01-01"], "M8[D]"), np.array([["2026-01-01"]], "M8[D]"), "the shapes"),
        (pd.Series([1.0, 2.0], index=[0, 1]), pd.Series([1.0, 2.0], index=[1, 0]), "another index"),
        (pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": [1.0]}), "another columns"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), np.ma.array([1.0, 2.0], mask=[1, 0]), "other values masked"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), np.array([1.0, 2.0]), "other values masked"),
    ],
)
def test_shapes_labels_and_masks_must_be_alike(first, other, told):
    with pytest.raises(ValueError, match=told):
        farthest(first, other)
    assert not same(first, other)


def test_labels_that_one_alone_has_are_not_asked_for():
    assert farthest(pd.Series([1.0, 2.0], index=[3, 4]), np.array([1.0, 2.0])) == (0.0, HALF_OF_FLOAT64)
