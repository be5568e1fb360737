"""Axes asked for, checked against the declarations; and what follows where none are."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.bench.plan.asked.values import parse_axes, parse_sizes
from likeforlike.bench.plan.grid import build_grid, with_sizes_named
from likeforlike.devices.vendors.device import Device
from likeforlike.models.contract import Axis, Implementation, Problem, Workload, precision_axis
from likeforlike.models.registry import Registry, load_registry

SCALED = Workload(
    name="scaled",
    summary="",
    problem=lambda axes, device: Problem((), "float32", device, axes),
    axes=(
        Axis("width", smoke=(4,), quick=(4, 8), unit="columns"),
        Axis("length", smoke=(16,), quick=(16, 32), size=True, least=2),
        precision_axis(("float32", "bfloat16"), quick=("float32", "bfloat16")),
        Axis("mode", smoke=("up", "down"), type="str", choices=("up", "down", "both")),
    ),
    reference=lambda problem: None,
    tolerance=1.0,
    target="m:WORKLOADS",
)


def registry(workload: Workload = SCALED) -> Registry:
    ours = load_registry()
    own = tuple(Implementation(name, "scaled", "numpy", "", "m:f", origin="m") for name in ("a", "b"))
    return Registry((*ours.entries, *own), (), MappingProxyType({**ours.declared, "scaled": workload}))


def grid(preset: str = "quick", workload: Workload = SCALED, **asked: Any) -> list[tuple[Any, ...]]:
    nothing: dict[str, Any] = dict.fromkeys(Options.__dataclass_fields__)
    nothing |= {"preset_name": preset, "sizes": {}, "axes": {}, "repeats": 1, "plugins": ()}
    nothing |= {"caches": ("warm",), "operands": ("uniform",), "statistic": "median"}
    options = Options(**{**nothing, "workloads": ("scaled",), **asked})
    cells = build_grid(options, registry(workload), [Device("cpu", 0, "a processor")], ()).cells
    mine = [cell for cell in cells if cell.workload == "scaled" and cell.entry.name == "a"]
    assert all(cell.declaration is workload for cell in mine)
    return [tuple(value for _, value in cell.axes) for cell in mine]


def test_every_combination_in_the_declared_order_the_precision_slowest() -> None:
    assert grid("smoke") == [(4, 16, "float32", "up"), (4, 16, "float32", "down")]
    modes, dtypes = ("up", "down"), ("float32", "bfloat16")
    expected = [(w, n, d, m) for d in dtypes for w in (4, 8) for n in (16, 32) for m in modes]
    assert grid("quick") == expected
    assert grid("published") == expected


def test_axes_asked_for_take_the_place_of_the_preset_s() -> None:
    asked = parse_axes(["scaled.width=1,2,1", "scaled.mode=both", "scaled.dtype=bfloat16"])
    assert grid("smoke", axes=asked) == [(1, 16, "bfloat16", "both"), (2, 16, "bfloat16", "both")]


def test_plain_sizes_are_of_the_first_workload_measured_that_has_a_size() -> None:
    assert [point[1] for point in grid("smoke", sizes=parse_sizes("64,128,64"))][::2] == [64, 128]
    assert [point[1] for point in grid("smoke", sizes=parse_sizes("scaled:9"))] == [9, 9]
    nothing: dict[str, Any] = dict.fromkeys(Options.__dataclass_fields__)
    nothing |= {
        "preset_name": "smoke",
        "axes": {},
        "caches": ("warm",),
        "operands": ("uniform",),
        "statistic": "median",
    }
    options = Options(**{**nothing, "sizes": parse_sizes("7,scaled:9")})
    assert with_sizes_named(options, registry()).sizes == {"matmul": (7,), "scaled": (9,)}


def test_dtypes_hold_for_every_workload_and_are_skipped_where_there_is_no_such() -> None:
    assert {point[2] for point in grid("smoke", dtypes=("bfloat16",))} == {"bfloat16"}
    nothing: dict[str, Any] = dict.fromkeys(Options.__dataclass_fields__)
    nothing |= {"preset_name": "smoke", "sizes": {}, "axes": {}, "workloads": ("scaled",), "plugins": ()}
    nothing |= {"caches": ("warm",), "operands": ("uniform",), "statistic": "median"}
    options = Options(**{**nothing, "dtypes": ("float64",)})
    cells = build_grid(options, registry(), [Device("cpu", 0, "a processor")], ()).cells
    reasons = {cell.skip_reason for cell in cells if cell.workload == "scaled"}
    assert reasons == {"scaled has no float64, only float32, bfloat16"}


def test_what_is_measured_unasked_is_declared() -> None:
    assert grid("smoke", workloads=None) != []
    rare = replace(SCALED, presets=("published",))
    assert grid("smoke", rare, workloads=None) == []
    assert grid("published", rare, workloads=None) != []
    assert grid("smoke", rare) != []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["scaled.depth=1"], "--axis: unknown 'scaled.depth'; known: matmul.size, matmul.dtype, "),
        (["other.size=1"], "--axis: unknown 'other.size'; known: "),
        (["scaled.width=0"], "--axis scaled.width: '0' is not a whole number of at least 1"),
        (["scaled.width=x"], "--axis scaled.width: 'x' is not a whole number of at least 1"),
        (["scaled.length=1"], "--axis scaled.length: '1' is not a whole number of at least 2"),
        (["scaled.mode=left"], "--axis scaled.mode: 'left' is not one of up, down, both"),
        (["eigen.size=4"], "--axis eigen.size: eigen is not among --workloads; leave it out or add it"),
        (["scaled.width"], "--axis: 'scaled.width' is not WORKLOAD.AXIS=VALUE or WORKLOAD.AXIS=VALUE,VALUE"),
        (["width=4"], "--axis: 'width=4' is not WORKLOAD.AXIS=VALUE"),
        (
            ["scaled.width=1", "scaled.width=2"],
            "--axis: scaled.width is given twice; its values go behind one =",
        ),
    ],
)
def test_a_wrong_axis_is_one_line(asked: list[str], told: str) -> None:
    with pytest.raises(OptionError) as refused:
        grid(axes=parse_axes(asked))
    assert str(refused.value).startswith(told)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ("other:5", "--sizes: unknown 'other'; known: matmul, jacobian, eigen, "),
        ("scaled:1", "--sizes: '1' is not a whole number of at least 2"),
    ],
)
def test_a_wrong_size_is_one_line(sizes: str, told: str) -> None:
    with pytest.raises(OptionError) as refused:
        grid(sizes=parse_sizes(sizes))
    assert str(refused.value).startswith(told)
    assert "\n" not in str(refused.value)


def test_what_is_asked_and_what_is_not_are_conditions_of_resuming() -> None:
    nothing: dict[str, Any] = dict.fromkeys(Options.__dataclass_fields__)
    plain = Options(**{**nothing, "preset_name": "smoke", "sizes": {}, "axes": {}})
    assert "option axes" not in plain.conditions()  # as in journals of before
    assert plain.conditions()["option dtypes"] == ["float32"]
    asked = replace(plain, axes=parse_axes(["scaled.width=1"]))
    assert asked.conditions()["option axes"] == {"scaled.width": ["1"]}
