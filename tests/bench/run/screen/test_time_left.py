"""The announced time left against the truth, over made-up runs of every kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_up_run import MadeUpRun, announced, plausible

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.measure.launches import limits_of_a_launch
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.plan.asked.options import Options
from likeforlike.bench.plan.asked.presets import PRESETS
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.grid import build_grid
from likeforlike.bench.plan.run_plan import Context, Plan
from likeforlike.bench.run.campaign import Campaign
from likeforlike.bench.run.screen.expectations import Evidence, Expectation, Experience, expect
from likeforlike.bench.run.screen.progress import Progress
from likeforlike.bench.worker.outcomes import MEASURED
from likeforlike.devices.vendors.device import Device
from likeforlike.models.registry import load_registry

CPU, GPU = Device("cpu", 0, "a processor"), Device("gpu", 0, "A100", compute_capability=(8, 0))
EPYC = {"usable_cores": 2, "vector": "avx512f", "amx": [], "hertz": 2.6e9, "max_hertz": None}
A100 = {"name": "A100", "cores": 6912, "compute_capability": [8, 0], "max_sm_hertz": 1.41e9}

Expected = list[tuple[Cell, Expectation]]


def plan_of(preset: str, *devices: Device, **asked: Any) -> tuple[Plan, list[Cell]]:
    """Every cell of a preset, whatever is installed here."""
    of = PRESETS[preset]
    options = Options(
        **{
            **dict.fromkeys(Options.__dataclass_fields__),
            "preset_name": preset,
            "sizes": {},
            "axes": {},
            "dtypes": ("float32",),
            "caches": ("warm",),
            "operands": ("uniform",),
            "statistic": "median",
            "resume": False,
            "plugins": (),
            **{name: getattr(of, name) for name in ("min_rounds", "max_seconds", "precision", "confidence")},
            **asked,
        }
    )
    places = devices or (CPU,)
    cells = [
        replace(cell, skip_reason=None)
        for cell in build_grid(options, load_registry(), places, ()).cells
        if cell.skip_reason is None or "not installed" in cell.skip_reason
    ]
    context = Context({"cpu": EPYC, "gpus": [A100], "precision_mode": "ieee"}, {}, 0.9, {})
    return Plan(options, {d.id: d for d in places}, 2, {}, "r", 1, Path(), context), cells


def cells_of(preset: str, *devices: Device, **asked: Any) -> tuple[Expected, Limits]:
    """Of each cell what it is expected to take, and of a launch how much it measures."""
    (plan, cells), of = plan_of(preset, *devices, **asked), PRESETS[preset]
    whole = Limits(of.min_rounds, of.max_seconds, of.precision, of.confidence)
    limits = limits_of_a_launch(whole, of.launches[0])
    return [(cell, expect(cell, plan)) for cell in cells], limits


def share_within_a_third(pairs: list[tuple[float, float]]) -> float:
    """Of the time after the run's first tenth; a second more or less is never wrong."""
    whole = pairs[0][1]
    good = every = 0.0
    for (said, true), (_, then) in zip(pairs, [*pairs[1:], (0.0, 0.0)], strict=True):
        if true <= 0.9 * whole:
            every += true - then
            good += (true - then) * (abs(said - true) <= max(true / 3, 1.0))
    return good / every


@pytest.mark.parametrize("preset", ["smoke", "quick"])
def test_right_within_a_third_after_the_first_tenth(preset: str) -> None:
    """Nearly all the time in nine of twelve runs, and for four fifths of the time in each.

    A short run ends with its proofs, of which nothing that came before tells how long they take.
    """
    cells, limits = cells_of(preset)
    launches = PRESETS[preset].launches[0]
    runs = [MadeUpRun(cells, plausible(cells, seed, alike=0.1), limits, seed, launches) for seed in range(12)]
    shares = sorted(share_within_a_third(announced(run)) for run in runs)
    assert shares[3] > 0.99
    assert shares[0] > 0.8


@pytest.mark.parametrize("preset", ["smoke", "quick"])
def test_mostly_right_where_parts_are_much_unlike_what_was_expected(preset: str) -> None:
    cells, limits = cells_of(preset)
    runs = [MadeUpRun(cells, plausible(cells, seed, alike=0.25), limits, seed) for seed in range(8)]
    assert sum(share_within_a_third(announced(run)) for run in runs) / len(runs) > 0.8


def test_proofs_take_time() -> None:
    """The run was said to end in a second while a dozen trainers were still to be proven."""
    cells, limits = cells_of("quick", workloads=("training",), recipes=("matched",), repeats=2)
    durations = {name: replace(d, finish=5.0) for name, d in plausible(cells, 0, alike=0.0).items()}
    told = announced(MadeUpRun(cells, durations, limits))
    trainers = [cell for cell, _ in cells if cell.recipe is not None]
    proofs = 5.0 * len(trainers) / 2
    said = [said for said, true in told if proofs * 0.9 < true < proofs * 1.1]
    assert said
    assert min(said) > proofs / 2


@pytest.mark.parametrize(
    "asked",
    [
        {"workloads": ("matmul",)},
        {"workloads": ("training",)},
        {"ladder": "keras-2020:manual-2020", "workloads": ("training",)},
    ],
)
def test_kernels_alone_trainers_alone_a_ladder(asked: dict[str, Any]) -> None:
    cells, limits = cells_of("quick", **asked)
    run = MadeUpRun(cells, plausible(cells, 3, alike=0.1), limits)
    assert share_within_a_third(announced(run)) == 1.0


def test_cells_that_fail_take_their_time_with_them() -> None:
    cells, limits = cells_of("quick")
    durations = plausible(cells, 4, alike=0.1)
    for number, (cell, _) in enumerate(cells):
        if number % 8 == 0:
            at = ("Load", "Prepare", "Go 1")[number // 8 % 3]
            durations[cell.id] = replace(durations[cell.id], fails_at=at)
    assert share_within_a_third(announced(MadeUpRun(cells, durations, limits))) > 0.8


def test_a_resumed_run_learns_from_what_was_measured_before() -> None:
    """The machine is three times as slow as an ordinary one: whoever knows it says so from the start."""
    cells, limits = cells_of("quick", workloads=("training",))
    trainers = [pair for pair in cells if pair[0].recipe is not None]
    durations = {
        name: replace(d, unit=3 * d.unit, compile=3 * d.compile, start=3 * d.start, prepare=3 * d.prepare)
        for name, d in plausible(trainers, 0, alike=0.0).items()
    }
    before, after = trainers[: len(trainers) // 2], trainers[len(trainers) // 2 :]
    known = [(c, e, CellRecord(c.id, MEASURED, seconds=[durations[c.id].unit] * 3)) for c, e in before]
    fresh = announced(MadeUpRun(after, durations, limits))[0]
    assert fresh[0] < fresh[1] / 2
    resumed = announced(MadeUpRun(after, durations, limits), known)[0]
    assert resumed[0] == pytest.approx(resumed[1], rel=1 / 3)


def test_devices_beside_each_other_take_as_long_as_the_slower() -> None:
    cells, limits = cells_of("quick", CPU, GPU, concurrent=True)
    run = MadeUpRun(cells, plausible(cells, 5, alike=0.1), limits)
    assert len({cell.device for cell, _ in cells if cell.concurrent}) == 2
    assert share_within_a_third(announced(run)) > 0.95


@pytest.mark.parametrize(
    ("preset", "workload"), [("smoke", "matmul"), ("quick", "matmul"), ("quick", "training")]
)
def test_devices_that_are_loaded_beforehand(preset: str, workload: str) -> None:
    """Half a minute before each launch of each group: most of the run."""
    cells, limits = cells_of(preset, workloads=(workload,))
    launches, durations = PRESETS[preset].launches[0], plausible(cells, 3, alike=0.1)
    run = MadeUpRun(cells, durations, limits, launches=launches, sustained_seconds=30.0)
    pairs = announced(run)
    kernels, trainings = ({c.group for c, _ in cells if c.kind == kind} for kind in ("kernel", "task"))
    assert pairs[0][1] > 30 * (launches * len(kernels) + len(trainings))
    assert share_within_a_third(pairs) > 0.98
    # a device that is level after a third of it: known once it was
    soon = announced(replace(run, levels_after=10.0))
    assert soon[0][0] > 1.5 * soon[0][1]
    assert share_within_a_third([pair for pair in soon if pair[1] < 0.45 * soon[0][1]]) > 0.9


@pytest.mark.parametrize("sustained", [False, True])
def test_a_campaign_foresees_launches_of_kernels_alone(sustained: bool) -> None:
    """A training is not launched again: its repetitions are cells."""

    def foreseen(workload: str, launches: int) -> float:
        asked = {"launches": (launches, launches), "repeats": 2, "sustained": sustained}
        plan, cells = plan_of("quick", workloads=("training", "matmul"), patience_seconds=0.0, **asked)
        campaign = Campaign(plan, None, Progress(lambda text: None, None))
        campaign._cells = tuple(cell for cell in cells if cell.workload == workload)
        return campaign._time_left().seconds(0.0)

    assert foreseen("training", 3) == foreseen("training", 1)
    once, thrice = foreseen("matmul", 1), foreseen("matmul", 3)
    assert 1.2 * once < thrice
    if sustained:
        cells, _ = cells_of("quick", workloads=("training", "matmul"), repeats=2)
        for workload in ("training", "matmul"):
            groups = {cell.group for cell, _ in cells if cell.workload == workload}
            assert foreseen(workload, 1) > 30 * len(groups)


class TestExperience:
    def test_without_any_it_is_what_was_expected(self) -> None:
        assert Experience().seconds(("call", "matmul"), 3.0) == 3.0

    def test_of_the_very_thing_it_is_nearly_believed(self) -> None:
        known = Experience()
        for _ in range(20):
            known.add(Evidence(("epoch", "a"), 1.0, 2.0))
        assert known.seconds(("epoch", "a"), 1.0) == pytest.approx(2.0, rel=0.02)
        assert 1.0 < known.seconds(("start", "b"), 1.0) <= 2.0

    def test_of_like_things_it_counts_more_than_of_others(self) -> None:
        known = Experience()
        known.add(Evidence(("epoch", "a"), 1.0, 2.0))
        known.add(Evidence(("start", "b"), 1.0, 0.5))
        assert known.seconds(("epoch", "c"), 1.0) > 1.2 > known.seconds(("finish", "c"), 1.0)

    def test_what_was_guessed_tells_of_its_own_workload_alone(self) -> None:
        known = Experience()
        known.add(Evidence(("call", "noise", "a"), 1.0, 50.0, apart=True))
        assert known.seconds(("call", "matmul", "a"), 1.0) == 1.0
        assert known.seconds(("call", "noise", "b"), 1.0) > 3

    def test_what_is_out_of_all_proportion_says_less_of_others(self) -> None:
        known = Experience()
        known.add(Evidence(("prepare", "a"), 1.0, 1000.0))
        assert known.seconds(("prepare", "a"), 1.0) > 100
        assert known.seconds(("prepare", "b"), 1.0) < 5

    def test_what_is_taken_back_leaves_no_trace(self) -> None:
        known = Experience()
        known.add(Evidence(("epoch", "a"), 1.0, 2.0))
        before = known.seconds(("epoch", "a"), 1.0)
        known.add(Evidence(("epoch", "a"), 1.0, 7.0, 0.4))
        known.add(Evidence(("epoch", "a"), 1.0, 7.0, 0.4), -1)
        assert known.seconds(("epoch", "a"), 1.0) == pytest.approx(before)
