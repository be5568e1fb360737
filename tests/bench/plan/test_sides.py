from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from likeforlike.bench.measure.cell_spec import environment_of
from likeforlike.bench.measure.memory_shares import expected_bytes, parts_that_fit
from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.grid import build_grid
from likeforlike.bench.plan.run_plan import Context, Plan
from likeforlike.bench.plan.sides import Side, asked_side, read_sides, variables_of
from likeforlike.devices.process.interpreter import Interpreter
from likeforlike.devices.vendors.device import Device
from likeforlike.models.registry import Registry, load_registry

CPU = Device("cpu", 0, "a processor")
PYTHON = Interpreter("/a/python")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


def options(**asked: Any) -> Options:
    nothing: dict[str, Any] = dict.fromkeys(Options.__dataclass_fields__)
    nothing |= {"preset_name": "quick", "sizes": {}, "axes": {}, "repeats": 2, "plugins": ()}
    nothing |= {"caches": ("warm",), "operands": ("uniform",), "statistic": "median"}
    nothing |= {"workloads": ("matmul", "training"), "implementations": ("numpy", "torch-loop"), **asked}
    recipes = ("matched",) if "training" in nothing["workloads"] else None
    return Options(**{**nothing, "recipes": recipes})


def side(registry: Registry, name: str, without: str = "", **more: Any) -> Side:
    entries = tuple(entry for entry in registry.entries if entry.name != without)
    return Side(name, PYTHON, entries=entries, **more)


def cells_of(registry: Registry, *sides: Side, **asked: Any) -> tuple[Cell, ...]:
    return build_grid(options(**asked), registry, [CPU], (), sides).cells


class TestGrid:
    def test_each_cell_is_there_once_for_each_side_in_the_group_it_has_without(self, registry: Registry):
        plain = [c for c in cells_of(registry) if c.kind != "noise floor" and not c.twin_of]
        sided = cells_of(registry, side(registry, "old"), side(registry, "new"))
        expected = {(f"{cell.id}-{name}", cell.group) for cell in plain for name in ("old", "new")}
        mine = [cell for cell in sided if cell.side and not cell.twin_of]
        assert {(cell.id, cell.group) for cell in mine} == expected
        assert len({cell.id for cell in sided}) == len(sided)

    def test_the_noise_floor_and_the_twins_are_there_once(self, registry: Registry):
        there = {
            "implementations": ("numpy", "numpy-loop")
        }  # what needs no framework is there with and without
        plain = cells_of(registry, **there)
        sided = cells_of(registry, side(registry, "old"), side(registry, "new"), **there)
        assert [c.id for c in plain if c.kind == "noise floor"] == [c.id for c in sided if not c.side]
        twins = [cell for cell in sided if cell.twin_of]
        assert {cell.side for cell in twins} == {"old"}
        assert len(twins) == len([cell for cell in plain if cell.twin_of])

    def test_what_one_side_lacks_is_skipped_there_with_the_reason(self, registry: Registry):
        sides = side(registry, "old", without="numpy", faults=("mine: import failed",)), side(registry, "new")
        found = {c.id: c.skip_reason for c in cells_of(registry, *sides, workloads=("matmul",))}
        lacking = {reason for name, reason in found.items() if name.endswith("-old") and "-numpy-" in name}
        told = "side old has no implementation numpy of matmul: mine: import failed"
        assert lacking == {told}
        assert not any(reason for name, reason in found.items() if name.endswith("-new"))

    def test_what_is_not_installed_is_asked_of_the_side(self, registry: Registry):
        missing = {("matmul", "numpy"): "numpy not installed: pip install numpy"}
        sides = side(registry, "old", missing=missing), side(registry, "new")
        found = {c.id: c.skip_reason for c in cells_of(registry, *sides, workloads=("matmul",))}
        told = "on side old: numpy not installed: pip install numpy"
        assert found["matmul-numpy-cpu:0-500-float32-old"] == told
        assert found["matmul-numpy-cpu:0-500-float32-new"] is None

    def test_a_side_measures_its_own_implementation(self, registry: Registry):
        own = replace(registry.find("matmul", "numpy"), target="elsewhere:product")
        entries = tuple(own if (e.workload, e.name) == ("matmul", "numpy") else e for e in registry.entries)
        sides = side(registry, "old"), Side("new", PYTHON, entries=entries)
        found = {c.id: c.entry.target for c in cells_of(registry, *sides, workloads=("matmul",))}
        assert found["matmul-numpy-cpu:0-500-float32-new"] == "elsewhere:product"
        assert found["matmul-numpy-cpu:0-500-float32-old"] != "elsewhere:product"

    def test_an_implementation_of_one_side_alone_can_be_named(self, registry: Registry):
        more = replace(registry.find("matmul", "numpy"), name="brand-new")
        sides = side(registry, "old"), Side("new", PYTHON, entries=(*registry.entries, more))
        asked: Any = {"implementations": ("brand-new",), "workloads": ("matmul",)}
        reasons = {c.side: c.skip_reason for c in cells_of(registry, *sides, **asked) if c.side}
        assert reasons == {"new": None, "old": "side old has no implementation brand-new of matmul"}

    def test_a_variable_that_an_implementation_sets_itself_is_refused(self, registry: Registry):
        sides = side(registry, "old"), side(registry, "new", variables={"KERAS_BACKEND": "jax"})
        with pytest.raises(OptionError, match="--side new: keras-fit sets KERAS_BACKEND itself; leave out"):
            cells_of(registry, *sides, implementations=("keras-fit",))


class TestAsked:
    @pytest.mark.parametrize(
        ("texts", "told"),
        [
            (["a=env:"], "there is one alone"),
            (["a=env:", "a=env:X=1"], "a is given twice"),
            (["=x", "b=env:"], "'=x' is not NAME=WHAT"),
            (["a=", "b=env:"], "'a=' is not NAME=WHAT"),
            (["a b=env:", "c=env:"], "'a b=env:' is not NAME=WHAT"),
            (["a=env:X", "b=env:"], "--side a: 'X' is not NAME=VALUE"),
            (["a=env:X=1,Y=2,X=3", "b=env:"], "--side a: X is given twice; leave out one of them"),
            (
                ["a=env:OMP_NUM_THREADS=1", "b=env:"],
                "OMP_NUM_THREADS is set by the harness .* --threads says",
            ),
        ],
    )
    def test_what_is_no_side_is_refused_in_a_line(self, texts: list[str], told: str):
        with pytest.raises(OptionError, match=told) as refused:
            read_sides(texts)
        assert "\n" not in str(refused.value)

    def test_a_comma_parts_variables_only_before_a_name(self):
        asked = asked_side("a", "env:XLA_FLAGS=--one=1,--two=2,TF_ENABLE_ONEDNN_OPTS=0,EMPTY=")
        assert variables_of(asked) == {
            "XLA_FLAGS": "--one=1,--two=2",
            "TF_ENABLE_ONEDNN_OPTS": "0",
            "EMPTY": "",
        }

    def test_a_path_with_a_colon_is_an_interpreter(self):
        assert asked_side("a", "/odd:path/python").kind == "interpreter"


def test_sides_are_a_condition_of_resuming_and_none_is_as_before():
    assert "option sides" not in options(sides={}).conditions()
    assert options(sides={"a": "env:"}).conditions()["option sides"] == {"a": "env:"}


class TestPlan:
    def plan(self, registry: Registry, *sides: Side) -> Plan:
        places = {"cpu:0": CPU}
        context = Context({}, {}, 0.9, {})
        code = {"likeforlike": "0"} | {k: v for one in sides for k, v in one.code_by_name.items()}
        asked: Any = (options(), places, 2, None, "r", 1, None, context, False, {}, code)
        return Plan(*asked, {one.name: one for one in sides})

    def test_a_worker_gets_its_sides_variables_and_the_harness_has_the_last_word(self, registry: Registry):
        flags = {"XLA_FLAGS": "--mine=1", "TF_ENABLE_ONEDNN_OPTS": "0"}
        sides = side(registry, "old"), side(registry, "new", variables=flags)
        plan = self.plan(registry, *sides)
        found = {cell.side: cell for cell in cells_of(registry, *sides) if cell.entry.name == "numpy"}
        old, new = (environment_of(found[name], plan) for name in ("old", "new"))
        assert {name for name in new if new[name] != old.get(name)} == set(flags)
        assert new["XLA_FLAGS"] == "--mine=1"

    def test_a_cell_rests_on_the_source_of_its_own_side(self, registry: Registry):
        sides = side(registry, "old", code={"mine": "1"}), side(registry, "new", code={"mine": "2"})
        plan = self.plan(registry, *sides)
        found = {cell.side: plan.code_of(cell) for cell in cells_of(registry, *sides) if cell.side}
        assert found["old"] == {"likeforlike": "0", "mine of side old": "1"}
        assert found["new"] == {"likeforlike": "0", "mine of side new": "2"}

    def test_a_cell_rests_on_what_its_plug_in_imports_and_on_no_other_s(self, registry: Registry):
        mine = {
            "mine": "1",
            "helper (imported by mine)": "2",
            "mine._fast (compiled, imported by mine)": "3",
        }
        others = {"yours": "4", "helper (imported by yours)": "5", "mine (imported by yours)": "6"}
        plan = replace(self.plan(registry), code={"likeforlike": "0", **mine, **others})
        cell = next(found for found in cells_of(registry) if found.entry.name == "numpy")
        assert plan.code_of(cell) == {"likeforlike": "0"}
        for target in ("mine:product", "mine.kernels:product"):
            of_mine = replace(cell, entry=replace(cell.entry, target=target))
            assert plan.code_of(of_mine) == {"likeforlike": "0", **mine}

    def test_where_memory_is_short_a_sides_cell_goes_with_the_same_of_the_first(self, registry: Registry):
        sides = side(registry, "old"), side(registry, "new")
        plan = self.plan(registry, *sides)
        asked: Any = {"implementations": ("numpy", "tf-xla"), "workloads": ("matmul",)}
        every = [c for c in cells_of(registry, *sides, **asked) if c.group == "matmul cpu:0 500 float32"]
        pairs = parts_that_fit(every, plan, 2 * max(expected_bytes(cell, plan) for cell in every))
        names = [[f"{cell.entry.name}@{cell.side}" for cell in pair] for pair in pairs]
        assert names == [
            ["numpy@old", "numpy@new"],
            ["numpy@old", "tf-xla@old"],
            ["tf-xla@old", "tf-xla@new"],
        ]


@pytest.mark.parametrize(
    ("asked", "launches"),
    [
        ({}, (3, 3)),
        ({"sides": {"old": "env:", "new": "env:"}}, (3, 10)),
        ({"sides": {"old": "env:", "new": "env:"}, "launches": (4, 4)}, (4, 4)),
        ({"sides": {"old": "env:", "new": "env:"}, "preset_name": "smoke"}, (1, 1)),
    ],
)
def test_sides_are_launched_until_their_ratio_is_precise(asked: dict[str, Any], launches: tuple[int, int]):
    assert options(**asked).kernel_launches == launches
