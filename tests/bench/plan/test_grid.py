from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.bench.plan.asked.presets import PRESETS
from likeforlike.bench.plan.asked.values import parse_bytes, parse_sizes
from likeforlike.bench.plan.grid import Grid, build_grid
from likeforlike.devices.vendors.device import Device
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import RECIPES
from likeforlike.models.registry import Registry, load_registry

CPU = Device("cpu", 0, "a processor")
A100 = Device("gpu", 0, "A100", compute_capability=(8, 0))
T4 = Device("gpu", 1, "T4", compute_capability=(7, 5))


def options(**asked: Any) -> Options:
    """What no option at all means, but for what was asked."""
    nothing: dict[str, Any] = dict.fromkeys(Options.__dataclass_fields__)
    nothing |= {
        "preset_name": "quick",
        "sizes": {},
        "axes": {},
        "dtypes": ("float32",),
        "repeats": 1,
        "plugins": (),
        "caches": ("warm",),
        "operands": ("uniform",),
        "statistic": "median",
    }
    return Options(**{**nothing, **asked})


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every framework but one counts as installed, whatever this machine has."""
    importable = "likeforlike.models.contract.implementation.importable"
    monkeypatch.setattr(importable, lambda name: name != "no_such_framework")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


def grid(registry: Registry, *devices: Device, absent: tuple[str, ...] = (), **asked: Any) -> Grid:
    return build_grid(options(**asked), registry, devices or (CPU,), absent)


def test_ids_are_unique_and_groups_lie_together(registry: Registry) -> None:
    cells = grid(registry, CPU, A100, repeats=3, dtypes=("float32", "float64")).cells
    ids = [cell.id for cell in cells]
    assert len(set(ids)) == len(ids)
    groups = [cell.group for cell in cells]
    seen = [group for place, group in enumerate(groups) if place == 0 or groups[place - 1] != group]
    assert len(set(seen)) == len(seen)


def test_implementations_of_other_workloads_alone_are_refused(registry: Registry) -> None:
    """Nothing but the noise floor was measured, and the run passed."""
    with pytest.raises(OptionError) as refused:
        grid(registry, workloads=("training",), implementations=("jax-step",))
    assert str(refused.value) == (
        "--implementations: 'jax-step' is of convnet, transformer, text, generation, and measured is training; "
        "name another workload by --workloads"
    )
    cells = grid(registry, workloads=("training", "convnet"), implementations=("jax-step", "tf-epoch")).cells
    found = {(cell.entry.workload, cell.entry.name) for cell in cells} - {("noise", "nothing")}
    assert {("training", "tf-epoch"), ("convnet", "jax-step"), ("convnet", "tf-epoch")} <= found


def test_a_group_is_what_a_reader_compares(registry: Registry) -> None:
    cells = grid(registry, sizes={"matmul": (500,)}).cells
    members = {group: {c.id for c in cells if c.group == group} for group in {c.group for c in cells}}
    assert {"matmul-numpy-cpu:0-500-float32", "matmul-tf-eager-cpu:0-500-float32"} <= members[
        "matmul cpu:0 500 float32"
    ]
    assert members["training published cpu:0 run 0"] == {
        "training-keras-fit-cpu:0-keras-2020",
        "training-eager-loop-cpu:0-manual-2020",
    }
    assert members["noise"] == {"noise-twin-a-cpu:0", "noise-twin-b-cpu:0"}


def test_every_run_holds_the_noise_cells(registry: Registry) -> None:
    cells = grid(registry, workloads=("eigen",)).cells
    assert {cell.workload for cell in cells} == {"noise", "eigen"}


def test_repeats_have_seeds_of_their_own(registry: Registry) -> None:
    cells = grid(
        registry, workloads=("training",), recipes=("matched",), implementations=("keras-fit",), repeats=3
    ).cells
    trained = [cell for cell in cells if cell.recipe is not None]
    assert [cell.recipe.seed for cell in trained if not cell.twin_of] == [2020, 2021, 2022]  # type: ignore[union-attr]
    assert [cell.id for cell in trained[-2:]] == [
        "training-keras-fit-cpu:0-matched-run2",
        "training-keras-fit-twin-cpu:0-matched-run2",
    ]


def test_launches_are_runs_of_trainings_unless_repeats_says_otherwise(registry: Registry) -> None:
    asked: dict[str, Any] = {"workloads": ("training",), "recipes": ("matched",)}
    for launches, repeats, runs in (((5, 9), None, 5), ((5, 5), 2, 2), (None, None, PRESETS["quick"].runs)):
        cells = grid(
            registry, implementations=("keras-fit",), launches=launches, repeats=repeats, **asked
        ).cells
        assert {cell.run for cell in cells if cell.recipe is not None} == set(range(runs))


def test_each_workload_and_device_has_a_twin_on_the_same_terms(registry: Registry) -> None:
    cells = grid(registry, CPU, A100, repeats=2).cells
    twins = [cell for cell in cells if cell.twin_of]
    kernels = {(c.workload, c.device): c for c in twins if c.recipe is None}
    assert set(kernels) == {(w, d) for w in ("matmul", "jacobian", "eigen") for d in ("cpu:0", "gpu:0")}
    assert kernels["matmul", "cpu:0"].id == "matmul-numpy-twin-cpu:0-1000-float32"
    assert kernels["matmul", "gpu:0"].twin_of != "numpy"
    assert [c.id for c in twins if c.recipe is not None and c.device == "cpu:0"] == [
        "training-tf-epoch-twin-cpu:0-matched",
        "training-tf-epoch-twin-cpu:0-matched-run1",
    ]
    for twin in twins:
        (original,) = [c for c in cells if c.group == twin.group and c.entry.name == twin.twin_of]
        assert replace(twin, entry=original.entry, twin_of="") == original
        assert twin.entry.role == "contestant"
    assert not [cell for cell in grid(registry, preset_name="smoke").cells if cell.twin_of]


def test_a_published_recipe_goes_with_its_trainer_unless_both_are_named(registry: Registry) -> None:
    alone = grid(registry, workloads=("training",), recipes=("keras-2020",)).cells
    assert [c.entry.name for c in alone if c.recipe] == ["keras-fit"]
    both = grid(
        registry, workloads=("training",), recipes=("keras-2020",), implementations=("eager-loop",)
    ).cells
    assert [c.entry.name for c in both if c.recipe] == ["eager-loop"]


def test_a_preset_s_gpu_cells_are_skipped_with_the_reason_where_there_is_none(registry: Registry) -> None:
    cells = grid(registry, absent=("gpu:0",)).cells
    gpu = [cell for cell in cells if cell.device == "gpu:0"]
    assert {cell.skip_reason for cell in gpu} == {"no such device on this machine"}
    assert "numpy" not in {cell.entry.name for cell in gpu}


def test_tf32_is_a_mode_of_gpus_that_have_it(registry: Registry) -> None:
    asked: dict[str, Any] = {"workloads": ("matmul",), "implementations": ("tf-eager",), "dtypes": ("tf32",)}
    reasons = {
        c.device: c.skip_reason
        for c in grid(registry, CPU, A100, T4, sizes={"matmul": (500,)}, **asked).cells
        if c.workload == "matmul"
    }
    assert reasons["gpu:0"] is None
    assert "GPU" in str(reasons["cpu:0"])
    assert "8.0" in str(reasons["gpu:1"])


def test_a_missing_framework_is_a_skipped_cell_with_the_install_command() -> None:
    entry = Implementation(
        "other", "matmul", "other", "", "m:a", needs=("no_such_framework",), install="pip install other"
    )
    cells = build_grid(options(implementations=("other",)), Registry((entry,)), [CPU], ()).cells
    assert {cell.skip_reason for cell in cells} == {"no_such_framework not installed: pip install other"}


def test_a_recipe_that_logs_is_skipped_without_tensorboard(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    importable = "likeforlike.models.contract.implementation.importable"
    monkeypatch.setattr(importable, lambda name: name != "tensorboard")
    cells = grid(
        registry, workloads=("training",), implementations=("numpy-loop",), recipes=tuple(RECIPES)
    ).cells
    reasons = {cell.recipe.name: cell.skip_reason for cell in cells if cell.recipe is not None}
    lacking = "tensorboard not installed: pip install 'likeforlike[tensorflow]'"
    assert reasons == {
        "keras-2020": f"logging='histograms' writes TensorBoard's event files: {lacking}",
        "manual-2020": f"logging='scalars' writes TensorBoard's event files: {lacking}",
        "matched": None,
    }


def test_epochs_asked_for_hold_for_every_recipe(registry: Registry) -> None:
    cells = grid(registry, workloads=("training",), epochs=3).cells
    assert {cell.recipe.epochs for cell in cells if cell.recipe is not None} == {3}


def test_a_ladder_is_one_group(registry: Registry) -> None:
    made = grid(registry, workloads=("training",), ladder="keras-fit@keras-2020:keras-fit@matched", epochs=4)
    training = [cell for cell in made.cells if cell.recipe is not None and not cell.twin_of]
    assert {cell.group for cell in training} == {"training ladder cpu:0 run 0"}
    assert made.ladder is not None
    assert len(training) == len(made.ladder.rungs)
    assert [cell.id for cell in training][:2] == [
        "training-keras-fit-cpu:0-ladder-00",
        "training-keras-fit-cpu:0-ladder-01",
    ]


def test_a_ladder_climbs_with_each_network_in_a_group_of_its_own(registry: Registry) -> None:
    networks = ("training", "convnet", "transformer")
    made = grid(registry, workloads=networks, ladder="keras-fit:graph-loop")
    assert made.ladder is not None
    cells = [cell for cell in made.cells if cell.recipe is not None and not cell.twin_of]
    by_network = {name: [cell for cell in cells if cell.workload == name] for name in networks}
    assert {name: {cell.group for cell in found} for name, found in by_network.items()} == {
        name: {f"{name} ladder cpu:0 run 0"} for name in networks
    }
    rungs = [(rung.entry.name, rung.recipe.name) for rung in made.ladder.rungs]
    for found in by_network.values():
        assert [(cell.entry.name, cell.recipe.name) for cell in found if cell.recipe] == rungs
        assert {cell.entry.workload for cell in found} == {found[0].workload}
    assert not any(cell.skip_reason for cell in cells)


def test_networks_with_which_a_ladder_leads_by_other_changes_are_refused(registry: Registry) -> None:
    """A loop of one of the networks that has not the ways that it has with the other."""
    entries = tuple(
        replace(entry, ways=(("feeding", ("arrays",)),))
        if (entry.workload, entry.name) == ("convnet", "keras-fit")
        else entry
        for entry in registry.entries
    )
    with pytest.raises(OptionError) as refused:
        grid(
            replace(registry, entries=entries),
            workloads=("training", "convnet"),
            ladder="keras-fit:graph-loop",
        )
    assert str(refused.value) == (
        "--ladder: keras-fit:graph-loop leads by other changes with convnet than with training; "
        "measure them in runs of their own"
    )


def test_resuming_asks_for_the_same_options_but_not_for_limits_of_a_cell() -> None:
    before, after = (
        options().conditions(),
        replace(options(), cell_timeout_seconds=9.0, resume=True).conditions(),
    )
    assert before == after
    assert options(epochs=3).conditions() != before


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("512MiB", 512 * 2**20),
        ("1.5GiB", 3 * 2**29),
        ("4096", 4096),
        ("2 TiB", 2**41),
        ("1", 1),
        ("0.5KiB", 512),
        ("8388607TiB", 2**63 - 2**40),  # 8388608 is 2**23
    ],
)
def test_sizes_of_memory(text: str, count: int) -> None:
    assert parse_bytes("--cell-memory", text) == count


@pytest.mark.parametrize(
    "text", ["", "0GiB", "-1", "5GB", "GiB", "0.5", "0.0009KiB", "9" * 400, "9" * 300 + "TiB", "8388608TiB"]
)
def test_what_is_no_size_of_memory(text: str) -> None:
    with pytest.raises(OptionError, match="--cell-memory"):
        parse_bytes("--cell-memory", text)


def test_sizes_by_workload() -> None:
    assert parse_sizes("500, 1000,eigen:30,500,jacobian:7") == {
        "": ("500", "1000"),
        "eigen": ("30",),
        "jacobian": ("7",),
    }


def test_data_parallel_training_is_measured_only_when_asked_for(registry: Registry) -> None:
    assert all(cell.workload != "distributed" for cell in grid(registry).cells)
    cells = grid(
        registry, workloads=("distributed",), strategies=("mirrored", "multi-worker"), workers=(1, 2)
    ).cells
    scaled = [cell for cell in cells if cell.workload == "distributed"]
    assert [cell.id.removeprefix("distributed-keras-fit-distributed-cpu:0-matched-") for cell in scaled] == [
        "mirrored-1",
        "mirrored-2",
        "multi-worker-1",
        "multi-worker-2",
    ]
    assert {cell.group for cell in scaled} == {"distributed matched cpu:0 run 0"}
    assert all(cell.recipe is not None and cell.recipe.batch_size == 64 for cell in scaled)


def test_workers_on_gpus_begin_at_the_first_and_reach_as_far_as_there_are(registry: Registry) -> None:
    asked = {"workloads": ("distributed",), "strategies": ("mirrored",)}
    cells = [c for c in grid(registry, A100, T4, **asked).cells if c.workload == "distributed"]
    assert [(cell.device, dict(cell.axes)["workers"]) for cell in cells] == [("gpu:0", 1), ("gpu:0", 2)]
    cells = [c for c in grid(registry, A100, T4, workers=(4,), **asked).cells if c.workload == "distributed"]
    assert [cell.skip_reason for cell in cells] == ["needs 4 GPUs, 2 may be used"]


def test_workers_are_of_no_use_to_other_workloads(registry: Registry) -> None:
    with pytest.raises(OptionError, match=r"--workers: of use with --workloads distributed alone"):
        grid(registry, workloads=("matmul",), workers=(2,))


def test_concurrent_cells_are_marked_but_the_noise_floor_is_not(registry: Registry) -> None:
    cells = grid(registry, CPU, A100, workloads=("matmul",), concurrent=True).cells
    assert {cell.concurrent for cell in cells if cell.workload == "matmul"} == {True}
    assert {cell.concurrent for cell in cells if cell.workload == "noise"} == {False}


def test_concurrent_needs_several_devices(registry: Registry) -> None:
    with pytest.raises(OptionError, match=r"--concurrent: needs several devices, there is cpu:0 alone"):
        grid(registry, CPU, workloads=("matmul",), concurrent=True)


def test_data_parallel_training_is_never_concurrent(registry: Registry) -> None:
    cells = grid(registry, A100, T4, workloads=("distributed", "matmul"), concurrent=True).cells
    assert {cell.concurrent for cell in cells if cell.workload == "distributed"} == {False}
    assert {cell.concurrent for cell in cells if cell.workload == "matmul"} == {True}


def test_strategies_are_of_no_use_to_other_workloads(registry: Registry) -> None:
    with pytest.raises(OptionError, match=r"--strategies: of use with --workloads distributed alone"):
        grid(registry, workloads=("matmul",), strategies=("mirrored",))


FLOORS = {"floor-numpy", "floor-torch", "floor-tf", "floor-tf-xla", "floor-jax"}


def roles(registry: Registry, **asked: Any) -> dict[str, set[str]]:
    made = grid(registry, workloads=("training",), **asked).cells
    cells = [c for c in made if c.workload == "training" and not c.twin_of]
    return {role: {c.entry.name for c in cells if c.entry.role == role} for role in ("floor", "contestant")}


def test_every_floor_takes_turns_with_the_trainers_on_equal_terms(registry: Registry) -> None:
    made = grid(registry, workloads=("training",))
    groups = {c.group for c in made.cells if c.entry.role == "floor"}
    assert groups == {"training matched cpu:0 run 0"}
    assert roles(registry)["floor"] == FLOORS


def test_the_floors_have_one_name_together(registry: Registry) -> None:
    assert roles(registry, implementations=("keras-fit", "floor"), recipes=("matched",)) == {
        "floor": FLOORS,
        "contestant": {"keras-fit"},
    }
    assert roles(registry, implementations=("floor-jax",), recipes=("matched",))["floor"] == {"floor-jax"}


def test_quick_leaves_torch_compile_out_where_it_only_costs_time_unless_asked_for(registry: Registry) -> None:
    def who(workload: str, **asked: Any) -> set[str]:
        cells = grid(registry, workloads=(workload,), **asked).cells
        return {cell.entry.name for cell in cells if cell.workload == workload}

    for workload in ("matmul", "training"):
        assert "torch-compiled" not in who(workload)
        assert "torch-compiled" in who(workload, implementations=("torch-compiled",))
    assert "torch-compiled" in who("matmul", preset_name="published")
    assert "torch-compiled" in who("convnet")
    assert "torch-compiled" in who("attention")


@pytest.mark.parametrize("preset", ["smoke", "published"])
def test_presets_without_other_trainers_have_no_floor(registry: Registry, preset: str) -> None:
    assert roles(registry, preset_name=preset)["floor"] == set()


def test_rungs_that_orders_share_are_measured_once(registry: Registry) -> None:
    asked: dict[str, Any] = {"workloads": ("training",), "ladder": "keras-2020:manual-2020"}
    counts = {}
    for orders in (1, None, 2, 4):
        made = grid(registry, ladder_orders=orders, **asked)
        training = [cell for cell in made.cells if cell.recipe is not None and not cell.twin_of]
        assert len({cell.group for cell in training}) == 1
        assert len({cell.id for cell in training}) == len(training)
        counts[orders] = len(training)
    assert counts[1] == 9
    # the way back shares the first step and, since logging goes off and on again, the last three rungs
    assert counts[None] == counts[2] == 9 + 4
    assert counts[2] < counts[4] < 2 * counts[2]


def test_orders_are_of_no_use_without_a_ladder(registry: Registry) -> None:
    with pytest.raises(OptionError, match=r"--ladder-orders: of use with --ladder alone"):
        grid(registry, ladder_orders=3)
    with pytest.raises(OptionError, match=r"--ladder-ways: of use with --ladder alone"):
        grid(registry, ladder_ways=("feeding",))


def test_a_way_that_a_loop_has_not_skips_its_cell_by_name(registry: Registry) -> None:
    cells = grid(registry, workloads=("training",), recipes=("matched+feeding=tf.data",)).cells
    reasons = {cell.entry.name: cell.skip_reason for cell in cells if cell.recipe is not None}
    assert reasons["keras-fit"] is reasons["graph-loop"] is None
    assert reasons["tf-epoch"] == "tf-epoch refuses feeding='tf.data': it has gathered"
    assert {r for name, r in reasons.items() if name.startswith("floor")} == {None}


def test_the_ways_that_a_ladder_is_asked_for_are_its_rungs(registry: Registry) -> None:
    asked: dict[str, Any] = {"workloads": ("training",), "ladder": "keras-fit:graph-loop"}
    rungs = {ways: grid(registry, ladder_ways=ways, **asked).ladder for ways in ((), ("feeding",), None)}
    fields = {
        ways: [rung.change.field for rung in found.orders[0] if rung.change]
        for ways, found in rungs.items()
        if found is not None
    }
    assert fields[()] == ["implementation"]
    assert fields[("feeding",)] == ["feeding", "implementation"]
    assert fields[None] == ["feeding", "logs_read", "implementation", "metrics", "layers"]
    made = grid(registry, **asked)
    assert [cell.skip_reason for cell in made.cells if cell.recipe is not None and cell.skip_reason] == []


SMALL = {"workloads": ("matmul", "eigen"), "sizes": {"matmul": (500,), "eigen": (8,)}}
ASKED = {**SMALL, "implementations": ("numpy", "numpy-eigh")}


def ids(found: Grid) -> list[str]:
    return [cell.id for cell in found.cells if cell.workload != "noise" and not cell.twin_of]


def test_the_usual_bear_the_names_that_they_always_had(registry: Registry) -> None:
    assert ids(grid(registry, **ASKED)) == ["matmul-numpy-cpu:0-500-float32", "eigen-numpy-eigh-cpu:0-8"]


def test_what_is_asked_for_besides_is_in_id_axes_and_group(registry: Registry) -> None:
    found = grid(registry, **ASKED, caches=("warm", "cold"), operands=("uniform", "normal"))
    assert ids(found) == [
        "matmul-numpy-cpu:0-500-float32",
        "matmul-numpy-cpu:0-500-float32-cold",
        "matmul-numpy-cpu:0-500-float32-normal",
        "matmul-numpy-cpu:0-500-float32-normal-cold",
        "eigen-numpy-eigh-cpu:0-8",
        "eigen-numpy-eigh-cpu:0-8-cold",
    ]
    last = next(cell for cell in found.cells if cell.id == "matmul-numpy-cpu:0-500-float32-normal-cold")
    assert dict(last.axes) == {"size": 500, "dtype": "float32", "operands": "normal", "cache": "cold"}
    assert last.group == "matmul cpu:0 500 float32 normal cold"


def test_one_without_the_choice_is_measured_as_it_is(registry: Registry) -> None:
    found = grid(registry, **ASKED, operands=("normal",))
    assert ids(found) == ["matmul-numpy-cpu:0-500-float32-normal", "eigen-numpy-eigh-cpu:0-8"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"workloads": ("training",), "caches": ("cold",)}, "--cache: of use with kernels alone"),
        ({"workloads": ("training",), "statistic": "p99"}, "--statistic: of use with kernels alone"),
        (
            {"workloads": ("eigen",), "operands": ("normal",)},
            "--operands: none of eigen draws normal operands",
        ),
    ],
)
def test_one_without_effect_is_refused(registry: Registry, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        grid(registry, **asked)


def test_they_are_conditions_of_a_resumed_run() -> None:
    before = options().conditions()
    for name, value in (("caches", ("cold",)), ("operands", ("normal",)), ("sustained", True)):
        assert options(**{name: value}).conditions() != before
    assert "option text_file" not in before  # as in journals of before
    assert options(text_file=Path("a.txt")).conditions()["option text_file"] == "a.txt"


def test_a_changed_recipe_has_cells_and_a_group_of_its_own(registry: Registry) -> None:
    asked = ("matched", "matched+optimizer=sgd", "matched+optimizer=sgd")
    made = grid(registry, workloads=("training",), implementations=("numpy-loop",), recipes=asked)
    cells = [cell for cell in made.cells if cell.recipe is not None and not cell.twin_of]
    assert [(cell.id, cell.group) for cell in cells] == [
        (f"training-numpy-loop-cpu:0-{name}", f"training {name} cpu:0 run 0") for name in asked[:2]
    ]
    assert [cell.recipe.optimizer for cell in cells if cell.recipe is not None] == ["adam", "sgd"]
