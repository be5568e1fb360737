"""Cells from a registry of a dozen implementations that are made up: who is measured where, and why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_up_plan import CPU, entry

from likeforlike.bench.plan import cells as cell_module
from likeforlike.bench.plan import grid as grids
from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.bench.plan.asked.presets import PRESETS, Preset
from likeforlike.bench.plan.grid import build_grid, chosen_workloads, with_sizes_named
from likeforlike.bench.plan.sides import Side
from likeforlike.devices.process.interpreter import Interpreter
from likeforlike.devices.vendors.device import Device, MigSlice
from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.workload import Workload
from likeforlike.models.registry import Registry

GPUS = [Device("gpu", n, "a GPU") for n in range(3)]
PRESET = Preset(
    trainers=("keras-fit", "slow"),
    recipes=("keras-2020", "matched"),
    matched_epochs=4,
    published_epochs=2,
    min_rounds=1,
    max_seconds=0.0,
    precision=None,
    confidence=0.95,
    cell_timeout_seconds=1.0,
    samples=(10, 5),
    floors=False,
    twins=False,
)
DECLARED = {
    workload.name: workload
    for workload in (
        Workload("train", "", kind="task"),
        Workload("further", "", kind="task", presets=()),
        Workload("parallel", "", kind="divided task", presets=()),
        Workload("early", "", axes=(Axis("size", (1,), size=True),), presets=("smoke",)),
        Workload("product", "", axes=(Axis("size", (2,), (4, 8), size=True), precision_axis(("float32",)))),
        Workload("plain", "", quick_only=("by-hand",)),
        Workload("noise", "", kind="noise floor", idle=("nothing",)),
    )
}
OURS = ("train", "parallel", "product", "noise")
"""Those that count as built in: of any other a cell holds the declaration."""


def of(workload: str, *names: str, **more: Any) -> list[Implementation]:
    return [entry(name, workload=workload, **{"framework": "own", **more}) for name in names]


ENTRIES = (
    *of("train", "keras-fit", "slow", "extra"),
    *of("train", "plugged", origin="theirs"),
    *of("train", "bound", role="floor"),
    *of("further", "keras-fit", "slow", "own"),
    *of("parallel", "divided", "again"),
    *of("early", "first"),
    *of("product", "mul"),
    *of("product", "gpu-mul", device_kinds=("gpu",)),
    *of("product", "cpu-mul", device_kinds=("cpu",)),
    *of("product", "lacking", needs=("no_such_package_anywhere",)),
    *of("plain", "by-hand", "other"),
    *of("noise", "nothing", "twin-a"),
)
REGISTRY = Registry(ENTRIES, (), DECLARED)
DIVIDED = {"workloads": ("parallel",), "implementations": ("divided",)}
CLIMB = {"workloads": ("train",), "ladder": "keras-fit@matched:slow@matched+bias=false"}
KERAS_FIRST = (("metrics", ("keras", "none")),)
NONE_FIRST = (("metrics", ("none", "keras")),)
"""Ways of two loops, each of which can go the other's: a rung between them."""


@pytest.fixture(autouse=True)
def surroundings(monkeypatch) -> None:
    monkeypatch.setitem(PRESETS, "quick", PRESET)
    monkeypatch.setattr(cell_module, "built_in_workloads", lambda: DECLARED)
    monkeypatch.setattr(grids, "built_in_workloads", lambda: dict.fromkeys(OURS))
    monkeypatch.setattr(grids, "why_not_logged", lambda recipe: None)
    monkeypatch.setattr(grids, "usable_cores", lambda: 5)


def options(**asked: Any) -> Options:
    plain = {
        "preset_name": "quick",
        "sizes": {},
        "axes": {},
        "plugins": (),
        "caches": ("warm",),
        "operands": ("uniform",),
        "statistic": "median",
    }
    return Options(**{**dict.fromkeys(Options.__dataclass_fields__), **plain, **asked})


def grid(*devices: Device, absent=(), sides=(), registry=REGISTRY, **asked: Any):
    return build_grid(options(**asked), registry, devices or (CPU,), absent, sides)


def cells(*devices: Device, **asked: Any):
    """Those of what was asked for, without the noise floor, which is in every grid."""
    return [cell for cell in grid(*devices, **asked).cells if cell.workload != "noise"]


def ids(*devices: Device, **asked: Any) -> list[str]:
    return [cell.id for cell in cells(*devices, **asked)]


def reasons(*devices: Device, **asked: Any) -> dict[str, str | None]:
    return {cell.id: cell.skip_reason for cell in cells(*devices, **asked)}


def refused(**asked: Any) -> str:
    devices = asked.pop("devices", (CPU,))
    with pytest.raises(OptionError) as error:
        grid(*devices, **asked)
    return str(error.value)


class TestWorkloads:
    def test_unasked_are_those_of_the_preset(self):
        assert list(chosen_workloads(options(), REGISTRY)) == ["train", "product", "plain"]
        assert {cell.workload for cell in cells()} == {"train", "product", "plain"}

    def test_asked_are_those_alone(self):
        assert list(chosen_workloads(options(workloads=("further",)), REGISTRY)) == ["further"]
        assert {cell.workload for cell in cells(workloads=("further", "early"))} == {"further", "early"}

    def test_the_noise_floor_is_in_every_grid_and_can_not_be_asked_for(self):
        noise = [cell for cell in grid(workloads=("plain",)).cells if cell.workload == "noise"]
        assert [(cell.id, cell.group) for cell in noise] == [
            ("noise-nothing-cpu:0", "noise harness"),
            ("noise-twin-a-cpu:0", "noise"),
        ]
        assert grid(workloads=("plain",)).cells[:2] == tuple(noise)
        known = "train, early, product, plain, further, parallel"
        assert refused(workloads=("noise",)) == f"--workloads: unknown 'noise'; known: {known}"

    def test_one_without_a_preset_is_known_behind_the_others(self):
        assert refused(workloads=("train", "nobody")).endswith("plain, further, parallel")


class TestEntrants:
    def test_of_the_first_task_the_preset_s_and_plug_ins(self):
        assert ids(workloads=("train",), recipes=("matched",)) == [
            "train-keras-fit-cpu:0-matched",
            "train-slow-cpu:0-matched",
            "train-plugged-cpu:0-matched",
        ]

    def test_floors_where_the_preset_has_them(self, monkeypatch):
        monkeypatch.setitem(PRESETS, "quick", replace(PRESET, floors=True))
        assert "train-bound-cpu:0-matched" in ids(workloads=("train",))

    def test_of_a_further_task_all(self):
        found = [f"further-{name}-cpu:0-matched" for name in ("keras-fit", "slow", "own")]
        assert ids(workloads=("further",)) == found

    def test_of_a_kernel_those_that_it_names_for_the_preset(self):
        assert ids(workloads=("plain",)) == ["plain-by-hand-cpu:0"]

    def test_those_that_are_asked_for(self):
        asked = {"workloads": ("train", "plain"), "recipes": ("matched",)}
        found = ids(implementations=("other", "extra"), **asked)
        assert found == ["plain-other-cpu:0", "train-extra-cpu:0-matched"]
        assert ids(implementations=("floor",), **asked) == ["train-bound-cpu:0-matched"]
        assert ids(implementations=("bound",), **asked) == ["train-bound-cpu:0-matched"]

    def test_an_unknown_one_is_refused(self):
        known = sorted({found.name for found in ENTRIES if found.workload != "noise"} | {"floor"})
        told = f"--implementations: unknown 'nobody'; known: {', '.join(known)}"
        assert refused(implementations=("nobody",)) == told

    def test_those_of_other_workloads_alone_are_refused(self):
        assert refused(workloads=("plain", "early"), implementations=("slow",)) == (
            "--implementations: 'slow' is of train, further, and measured is plain, early; "
            "name another workload by --workloads"
        )
        assert refused(workloads=("plain",), implementations=("mul", "first")) == (
            "--implementations: 'mul', 'first' are of early, product, and measured is plain; "
            "name another workload by --workloads"
        )
        assert ids(workloads=("plain",), implementations=("slow", "other")) == ["plain-other-cpu:0"]


class TestKernels:
    def test_each_point_is_a_group(self):
        found = cells(workloads=("product",), implementations=("mul",))
        assert [(cell.id, cell.group) for cell in found] == [
            (f"product-mul-cpu:0-{size}-float32", f"product cpu:0 {size} float32") for size in (4, 8)
        ]

    def test_of_a_workload_that_is_not_built_in_a_cell_holds_the_declaration(self):
        assert [cell.declared for cell in cells(workloads=("early",))] == [DECLARED["early"]]
        ours = cells(workloads=("product",), implementations=("cpu-mul",))
        assert [cell.declared for cell in ours] == [None] * 2
        assert {cell.declared for cell in cells(workloads=("train",))} == {None}
        assert [cell.declared for cell in cells(workloads=("further",))] == [DECLARED["further"]] * 3

    def test_where_each_can_not_be_measured_and_why(self):
        found = reasons(CPU, GPUS[0], absent=("gpu:1",), workloads=("product",), sizes={"": ("4",)})
        here = "product-{}-cpu:0-4-float32"
        assert found[here.format("mul")] is None
        assert found[here.format("gpu-mul")] == "gpu-mul runs on gpu only, not on cpu:0"
        assert "no_such_package_anywhere not installed" in (found[here.format("lacking")] or "")
        there = "product-{}-gpu:0-4-float32"
        assert found[there.format("gpu-mul")] is None
        assert found[there.format("cpu-mul")] == "cpu-mul runs on cpu only, not on gpu:0"
        nowhere = {name: reason for name, reason in found.items() if "gpu:1" in name}
        assert nowhere == {
            f"product-{name}-gpu:1-4-float32": "no such device on this machine"
            for name in ("mul", "gpu-mul", "lacking")
        }

    def test_a_precision_that_it_has_not_skips_it(self):
        found = reasons(workloads=("product",), sizes={"": ("4",)}, dtypes=("float64",))
        assert found["product-mul-cpu:0-4-float64"] == "product has no float64, only float32"
        assert "not installed" in (found["product-lacking-cpu:0-4-float64"] or "")

    def test_cells_of_a_group_lie_together(self):
        recipes = ("keras-2020", "matched", "manual-2020")
        found = cells(workloads=("train",), recipes=recipes, implementations=("slow",))
        published = "train published cpu:0 run 0"
        assert [cell.group for cell in found] == [published, published, "train matched cpu:0 run 0"]

    def test_what_has_no_effect_without_kernels_is_refused(self):
        told = refused(workloads=("train",), caches=("cold",))
        assert told.startswith("--cache: of use with kernels alone")
        assert ids(workloads=("plain",), caches=("cold",)) == ["plain-by-hand-cpu:0-cold"]

    def test_so_is_a_way_of_timing_that_only_kernels_have(self):
        for option, given in (("timing", {"timing": "unsynchronised"}), ("transfer", {"transfer": True})):
            told = f"--{option}: of use with kernels alone, and no workload of kernels is asked for"
            assert refused(workloads=("train",), **given) == told
        assert ids(workloads=("train",), recipes=("matched",), timing="synchronised", transfer=False)
        assert ids(workloads=("plain",), timing="unsynchronised") == ["plain-by-hand-cpu:0"]

    def test_copies_are_timed_of_those_that_say_so_and_are_waited_for(self):
        told = refused(workloads=("plain", "product"), transfer=True)
        assert told == "--transfer: none of product, plain is timed with its copies; leave it out"
        copied = {**DECLARED, "product": replace(DECLARED["product"], transfers=True)}
        asked = {
            "registry": Registry(ENTRIES, (), copied),
            "workloads": ("plain", "product"),
            "transfer": True,
        }
        assert ids(**asked) == ids(workloads=("plain", "product"))
        told = refused(timing="unsynchronised", **asked)
        assert told == "--transfer: calls that are not waited for are timed alone; leave one of them out"


class TestSizes:
    def sizes(self, given: dict[str, Any], *workloads: str) -> Any:
        return with_sizes_named(options(sizes=given, workloads=workloads or None), REGISTRY).sizes

    def test_without_a_name_they_are_the_first_s_that_is_measured(self):
        assert self.sizes({"": ("3", "5")}) == {"product": (3, 5)}
        assert self.sizes({"": ("3",)}, "product", "early") == {"early": (3,)}
        assert self.sizes({"": ("3",)}, "train") == {"early": (3,)}

    def test_each_once(self):
        assert self.sizes({"": ("4", "8"), "product": ("8", "16")}) == {"product": (4, 8, 16)}
        assert self.sizes({"early": ("2",), "product": ("9",)}) == {"early": (2,), "product": (9,)}

    def test_they_are_measured(self):
        found = ids(workloads=("product",), implementations=("mul",), sizes={"": ("3",)})
        assert found == ["product-mul-cpu:0-3-float32"]

    def test_what_is_no_size_is_refused(self):
        assert refused(sizes={"plain": ("3",)}) == "--sizes: unknown 'plain'; known: early, product"
        assert refused(sizes={"": ("x",)}) == "--sizes: 'x' is not a whole number of at least 1"

    def test_those_of_nothing_that_is_measured_are_refused(self):
        told = "--sizes: early is not among --workloads; leave it out or add it"
        assert refused(workloads=("product",), sizes={"product": ("3",), "early": ("5",)}) == told
        assert refused(workloads=("train",), sizes={"": ("3",)}) == told
        asked = {"workloads": ("product", "early"), "implementations": ("mul", "first")}
        found = ids(sizes={"product": ("3",), "early": ("5",)}, **asked)
        assert found == ["early-first-cpu:0-5", "product-mul-cpu:0-3-float32"]

    def test_beside_the_axis_that_says_the_same_they_are_refused(self):
        asked = {"workloads": ("product",), "implementations": ("mul",)}
        told = "--sizes: --axis product.size says which already; leave one of them out"
        assert refused(sizes={"": ("3",)}, axes={"product.size": ("5",)}, **asked) == told
        found = ids(sizes={"": ("3",)}, axes={"product.dtype": ("float32",)}, **asked)
        assert found == ["product-mul-cpu:0-3-float32"]
        assert ids(axes={"product.size": ("5",)}, **asked) == ["product-mul-cpu:0-5-float32"]


class TestTrainings:
    def test_a_published_recipe_goes_with_its_trainer(self):
        found = cells(workloads=("train",))
        assert [(cell.id, cell.group) for cell in found if "keras-2020" in cell.id] == [
            ("train-keras-fit-cpu:0-keras-2020", "train published cpu:0 run 0")
        ]
        assert {cell.group for cell in found if "keras-2020" not in cell.id} == {"train matched cpu:0 run 0"}

    @pytest.mark.parametrize(
        ("asked", "names"),
        [
            ({"recipes": ("keras-2020",)}, ["keras-fit"]),
            ({"implementations": ("slow", "keras-fit")}, ["keras-fit"]),
            ({"recipes": ("keras-2020",), "implementations": ("slow", "keras-fit")}, ["keras-fit", "slow"]),
        ],
    )
    def test_or_with_any_where_both_are_named(self, asked, names):
        found = [cell for cell in cells(workloads=("train",), **asked) if "keras-2020" in cell.id]
        assert [cell.entry.name for cell in found] == names

    def test_only_the_first_task_has_the_preset_s_recipes(self):
        assert all(name.endswith("matched") for name in ids(workloads=("further",)))

    def test_each_recipe_is_measured_once(self):
        asked = {"workloads": ("train",), "implementations": ("slow",)}
        assert ids(recipes=("matched", "matched"), **asked) == ["train-slow-cpu:0-matched"]

    def test_an_unknown_recipe_is_refused_whatever_is_measured(self):
        assert refused(workloads=("plain",), recipes=("nobody's",)).startswith("--recipes: unknown")

    @pytest.mark.parametrize(("asked", "epochs"), [({}, [2, 4]), ({"epochs": 9}, [9, 9])])
    def test_runs_have_seeds_and_recipes_epochs_of_their_own(self, asked, epochs):
        found = cells(workloads=("train",), implementations=("keras-fit",), repeats=3, **asked)
        recipes = [(cell.run, cell.recipe.seed - 2020, cell.recipe.epochs) for cell in found]
        assert recipes == [(run, run, each) for run in range(3) for each in epochs]

    def test_why_one_is_skipped(self, monkeypatch):
        asked = {"workloads": ("further",), "recipes": ("matched+metrics=none",)}
        assert {reason.partition(":")[0] for reason in reasons(**asked).values()} == {
            f"{name} refuses metrics='none'" for name in ("keras-fit", "slow", "own")
        }
        monkeypatch.setattr(grids, "why_not_logged", lambda recipe: f"{recipe.name} logs")
        assert set(reasons(workloads=("further",)).values()) == {"matched logs"}
        found = reasons(CPU, absent=("gpu:0",), workloads=("further",))
        there = {reason for name, reason in found.items() if "gpu" in name}
        assert there == {"no such device on this machine"}

    def test_one_of_processors_alone_lacks_no_absent_gpu(self):
        registry = Registry((*ENTRIES, *of("further", "here", device_kinds=("cpu",))), (), DECLARED)
        found = ids(CPU, absent=("gpu:0",), workloads=("further",), registry=registry)
        assert [name for name in found if "-here-" in name] == ["further-here-cpu:0-matched"]
        found = ids(CPU, GPUS[0], workloads=("further",), registry=registry)
        assert "further-here-gpu:0-matched" in found


class TestDivided:
    def test_it_is_measured_where_it_is_asked_for(self):
        assert not [name for name in ids() if name.startswith("parallel")]

    @pytest.mark.parametrize(
        ("threads", "counts"),
        [
            (1, [1, 2]),
            (2, [1, 2]),
            (3, [1, 2]),
            (4, [1, 2, 4]),
            (7, [1, 2, 4]),
            (8, [1, 2, 4, 8]),
            (None, [1, 2, 4]),
        ],
    )
    def test_workers_double_up_to_the_threads(self, threads, counts):
        """Five cores, where nobody says how many threads."""
        found = cells(threads=threads, strategies=("mirrored",), **DIVIDED)
        assert [dict(cell.axes)["workers"] for cell in found] == counts

    def test_all_strategies_and_workers_are_one_group(self):
        found = cells(workers=(2, 3), repeats=2, epochs=6, **DIVIDED)
        assert [cell.id for cell in found[:4]] == [
            f"parallel-divided-cpu:0-matched-{strategy}-{workers}"
            for strategy in ("mirrored", "multi-worker")
            for workers in (2, 3)
        ]
        groups = [f"parallel matched cpu:0 run {run}" for run in (0, 1)]
        told = [(cell.group, cell.recipe.seed) for cell in found]
        assert (told[:4], told[4:]) == ([(groups[0], 2020)] * 4, [(groups[1], 2021)] * 4)
        assert {cell.recipe.epochs for cell in found} == {6}

    def test_entrants_are_all_or_those_asked_for(self):
        asked = {"workers": (2,), "strategies": ("mirrored",)}
        found = [cell.entry.name for cell in cells(workloads=("parallel",), **asked)]
        assert found == ["divided", "again"]
        assert [cell.entry.name for cell in cells(**asked, **DIVIDED)] == ["divided"]

    def test_gpus_begin_with_the_first_and_are_as_many_as_may_be_used(self):
        asked = {"strategies": ("mirrored",), **DIVIDED}
        found = cells(GPUS[1], CPU, GPUS[2], absent=("gpu:0",), **asked)
        counts = [(cell.device, dict(cell.axes)["workers"], cell.skip_reason) for cell in found]
        assert counts == [*(("cpu:0", n, None) for n in (1, 2, 4)), ("gpu:1", 1, None), ("gpu:1", 2, None)]

    def test_more_gpus_than_there_are_are_told(self):
        found = reasons(*GPUS[:2], workers=(1, 2, 3), strategies=("mirrored",), **DIVIDED)
        assert list(found.values()) == [None, None, "needs 3 GPUs, 2 may be used"]
        found = reasons(CPU, workers=(9,), strategies=("mirrored",), **DIVIDED)
        assert list(found.values()) == [None]

    def test_mig_slices_and_gpus_of_another_maker_work_with_no_other(self):
        asked = {"workers": (1, 2), "strategies": ("mirrored",), **DIVIDED}
        told = "needs 2 GPUs, 1 may be used together: of one maker, and no MIG slice"
        whole, further, last = (replace(gpu, maker="nvidia") for gpu in GPUS)
        other, part = replace(further, maker="amd"), replace(last, mig=MigSlice("GPU-a"))
        assert list(reasons(whole, other, part, **asked).values()) == [None, told]
        assert list(reasons(whole, further, part, **asked).values()) == [None, None]
        assert list(reasons(part, whole, further, **asked).values()) == [None, told]
        assert list(reasons(part, **asked).values()) == [None, "needs 2 GPUs, 1 may be used"]
        unasked = reasons(whole, other, strategies=("mirrored",), **DIVIDED)
        assert list(unasked.values()) == [None, told]

    def test_why_it_is_skipped(self, monkeypatch):
        asked = {"workers": (9,), "strategies": ("mirrored",), **DIVIDED}
        found = reasons(CPU, absent=("gpu:0",), **asked)
        assert list(found.values()) == [None, "no such device on this machine"]
        refusing = list(reasons(recipes=("matched+metrics=none",), **asked).values())
        assert [reason.partition(":")[0] for reason in refusing] == ["divided refuses metrics='none'"]
        monkeypatch.setattr(grids, "why_not_logged", lambda recipe: "it logs")
        assert list(reasons(*GPUS, **asked).values()) == ["it logs"]

    def test_one_of_processors_alone_lacks_no_absent_gpu_and_leaves_the_others(self):
        more = (*of("parallel", "here", device_kinds=("cpu",)), *of("parallel", "there"))
        registry = Registry((*ENTRIES, *more), (), DECLARED)
        asked = {"workers": (1,), "strategies": ("mirrored",), "implementations": ("here", "there")}
        found = cells(CPU, absent=("gpu:0",), registry=registry, workloads=("parallel",), **asked)
        assert [(cell.device, cell.entry.name) for cell in found] == [
            ("cpu:0", "here"),
            ("cpu:0", "there"),
            ("gpu:0", "there"),
        ]

    @pytest.mark.parametrize("option", ["workers", "strategies"])
    def test_its_options_are_of_no_use_to_others(self, option):
        told = f"--{option}: of use with --workloads parallel alone; leave it out"
        assert refused(workloads=("train",), **{option: ("mirrored",)}) == told
        assert ids(workloads=("train",), recipes=("matched",))


class TestConcurrent:
    def test_all_but_what_takes_several_devices_or_tells_of_the_machine(self):
        asked = {"workloads": ("plain", "parallel", "train"), "concurrent": True}
        found = grid(CPU, GPUS[0], **asked).cells
        assert {cell.workload for cell in found if cell.concurrent} == {"plain", "train"}
        assert {cell.workload for cell in found if not cell.concurrent} == {"noise", "parallel"}
        assert not any(cell.concurrent for cell in grid(CPU, GPUS[0], workloads=("plain",)).cells)

    def test_several_devices_are_needed(self):
        told = refused(concurrent=True)
        assert told == "--concurrent: needs several devices, there is cpu:0 alone; leave it out"


class TestLadder:
    def test_its_rungs_are_the_trainings(self):
        made = grid(repeats=2, epochs=6, **CLIMB)
        found = [cell for cell in made.cells if cell.workload == "train"]
        assert made.ladder is not None
        # from one end by two changes in two orders: they meet at both ends alone
        assert len(made.ladder.orders) == 2
        assert [cell.recipe.name for cell in found] == [f"ladder-{n:02d}" for n in range(4)] * 2
        told = [(cell.group, cell.recipe.seed, cell.recipe.epochs) for cell in found]
        assert told[:4] == [("train ladder cpu:0 run 0", 2020, 6)] * 4
        assert told[4:] == [("train ladder cpu:0 run 1", 2021, 6)] * 4
        assert {cell.recipe.epochs for cell in cells(**CLIMB)} == {4}

    def test_in_as_many_orders_as_asked_for(self):
        assert len(grid(ladder_orders=1, **CLIMB).ladder.orders) == 1

    def test_without_one_there_is_none(self):
        assert grid(workloads=("train",)).ladder is None

    def test_with_several_tasks_it_is_told_of_the_first(self):
        made = grid(**{**CLIMB, "workloads": ("further", "train")})
        assert {rung.entry.workload for rung in made.ladder.rungs} == {"train"}
        assert {cell.workload for cell in made.cells} == {"noise", "train", "further"}

    def test_tasks_with_other_changes_are_refused(self):
        other = (*of("further", "keras-fit", ways=KERAS_FIRST), *of("further", "slow", ways=NONE_FIRST))
        registry = Registry((*(e for e in ENTRIES if e.workload != "further"), *other), (), DECLARED)
        told = refused(registry=registry, **{**CLIMB, "workloads": ("train", "further")})
        ends = CLIMB["ladder"]
        assert told == (
            f"--ladder: {ends} leads by other changes with further than with train; "
            "measure them in runs of their own"
        )

    def test_what_is_of_no_use_beside_it_or_without_it_is_refused(self):
        assert refused(ladder_orders=2) == "--ladder-orders: of use with --ladder alone; leave it out"
        assert refused(ladder_ways=()) == "--ladder-ways: of use with --ladder alone; leave it out"
        needs = "--ladder: its rungs are trainings; add training to --workloads"
        assert refused(**{**CLIMB, "workloads": ("plain",)}) == needs
        both = "--recipes: the ends of --ladder say which; leave it out"
        assert refused(recipes=("matched",), **CLIMB) == both

    @pytest.mark.parametrize("name", ["slow", "extra", "floor"])
    def test_implementations_of_the_trainings_are_refused_since_its_ends_name_them(self, name):
        told = "--implementations: the ends of --ladder say which are trained; "
        assert refused(implementations=(name,), **CLIMB) == f"{told}leave it out"
        asked = {**CLIMB, "workloads": ("train", "plain", "product"), "implementations": (name,)}
        assert refused(**asked) == f"{told}name some of plain, product, or leave it out"

    def test_implementations_of_what_is_measured_beside_it_are_of_use(self):
        asked = {**CLIMB, "workloads": ("train", "plain", "further")}
        found = cells(implementations=("slow", "other"), **asked)
        assert [cell.entry.name for cell in found if cell.workload == "plain"] == ["other"]
        assert len([cell for cell in found if cell.workload == "train"]) == 4
        side = Side("new", Interpreter("python"), entries=(*ENTRIES, *of("plain", "fresh")))
        sides = Side("old", Interpreter("python"), entries=ENTRIES), side
        assert "plain-fresh-cpu:0-new" in ids(sides=sides, implementations=("fresh",), **asked)

    def test_floors_beside_it_are_of_use(self):
        registry = Registry((*ENTRIES, *of("plain", "idle", role="floor")), (), DECLARED)
        asked = {**CLIMB, "workloads": ("train", "plain"), "implementations": ("floor",)}
        found = cells(registry=registry, **asked)
        assert [cell.entry.name for cell in found if cell.workload == "plain"] == ["idle"]

    @pytest.mark.parametrize(
        ("option", "given"), [("epochs", 3), ("recipes", ("matched",)), ("target_accuracy", 0.5)]
    )
    def test_what_shapes_trainings_alone_is_refused_where_there_is_none(self, option, given):
        asked = {option: given}
        name = option.replace("_", "-")
        told = f"--{name}: of use with trainings alone, and none is asked for; leave it out"
        assert refused(workloads=("plain",), **asked) == told
        for workload in ("train", "further", "parallel"):
            assert cells(workloads=("plain", workload), **asked)

    def test_recipes_are_of_use_where_others_are_divided(self):
        asked = {**CLIMB, "workloads": ("train", "parallel"), "workers": (2,)}
        assert any(cell.workload == "parallel" for cell in cells(recipes=("matched",), **asked))


class TestSides:
    def side(self, name: str, *entries: Implementation, **more: Any) -> Side:
        return Side(name, Interpreter("python"), entries=entries, **more)

    def test_each_has_its_own_implementations_of_known_workloads(self):
        old = self.side("old", *of("plain", "by-hand"), *of("nobody's", "x"))
        new = self.side("new", *of("plain", "by-hand", "other"), missing={("plain", "by-hand"): "no BLAS"})
        found = reasons(sides=(old, new), workloads=("plain",), implementations=("by-hand", "other"))
        assert found == {
            "plain-by-hand-cpu:0-old": None,
            "plain-by-hand-cpu:0-new": "on side new: no BLAS",
            "plain-other-cpu:0-old": "side old has no implementation other of plain",
            "plain-other-cpu:0-new": None,
        }

    def test_what_one_alone_has_can_be_asked_for(self):
        old, new = self.side("old", *of("plain", "by-hand")), self.side("new", *of("plain", "fresh"))
        found = ids(sides=(old, new), workloads=("plain",), implementations=("fresh",))
        assert found == ["plain-fresh-cpu:0-old", "plain-fresh-cpu:0-new"]

    def test_those_of_other_workloads_alone_are_refused_though_sides_have_them(self):
        sides = (
            self.side("old", *ENTRIES),
            self.side("new", *ENTRIES, *of("early", "fresh"), *of("nobody's", "x")),
        )
        for name, whose in (
            ("mul", "product"),
            ("fresh", "early"),
            ("x", "nobody's"),
            ("slow", "train, further"),
        ):
            told = refused(sides=sides, workloads=("plain",), implementations=(name,))
            assert told == (
                f"--implementations: {name!r} is of {whose}, and measured is plain; "
                "name another workload by --workloads"
            )

    def test_a_variable_without_effect_is_refused(self):
        own = of("plain", "by-hand", environment=(("OWN", "1"),))
        sides = self.side("old", *own), self.side("new", *own, variables={"OWN": "2"})
        told = refused(sides=sides, workloads=("plain",))
        assert told == "--side new: by-hand sets OWN itself; leave out one of them"

    def test_the_ladder_is_the_first_side_s(self):
        old = self.side("old", *of("train", "keras-fit", "slow"))
        others = *of("train", "keras-fit", ways=KERAS_FIRST), *of("train", "slow", ways=NONE_FIRST)
        new = self.side("new", *others)
        made = grid(sides=(old, new), **CLIMB)
        assert len(made.ladder.orders[0]) == 3
