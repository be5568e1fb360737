"""The rates that a run's figures are held against: kept, or measured by a stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from likeforlike.bench.keep.run_facts import judge_suspicion
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.run.measured_ceiling import MeasuredCeiling
from likeforlike.devices.limits.bandwidths import MEBIBYTE, MEMORY, ReachedBandwidth
from likeforlike.devices.limits.ceilings import Reached
from likeforlike.devices.process.measured_ceilings import Bandwidth, Measured, Rate, Wanted, keep, read_kept
from likeforlike.devices.vendors.device import Device
from likeforlike.models.registry import load_registry

CPU = Device("cpu", 0, "a processor")
RATE = Rate("cpu:0", "a processor", "float32", "numpy", 2e11, (2048, 2048, 2048))
WIDE = Bandwidth("cpu:0", "a processor", "numpy", 2e10, "a = b + 3 c", 64 * MEBIBYTE)


def cell(workload: str, name: str, device: str = "cpu:0", **axes: Any) -> Cell:
    return Cell(load_registry().find(workload, name), device, tuple(axes.items()), "group")


CELLS = [cell("matmul", "numpy", size=64, dtype="float32"), cell("noise", "twin-a")]


class Measuring:
    """Answers each order with the next rates."""

    def __init__(self, *answers: list[Measured]) -> None:
        self.answers = list(answers)
        self.wanted: list[list[Wanted]] = []

    def __call__(self, wanted: list[Wanted], threads: int) -> tuple[list[Measured], list[str]]:
        self.wanted.append(wanted)
        return self.answers.pop(0), []


def test_what_cells_use_is_measured_once_and_kept(tmp_path: Path) -> None:
    said: list[str] = []
    measuring = Measuring([RATE, WIDE])
    ceiling = MeasuredCeiling(tmp_path / "k.json", {"cpu:0": CPU}, 2, said.append, measuring)
    ceiling.begin(CELLS)
    assert measuring.wanted == [[Wanted(CPU, "numpy", ("float32", MEMORY))]]
    assert ceiling.reached == {("cpu:0", "float32"): Reached(2e11, "2048 x 2048 x 2048 by numpy")}
    by = "a = b + 3 c of vectors of 64 MiB by numpy"
    assert ceiling.bandwidths == {"cpu:0": ReachedBandwidth(2e10, by)}
    assert said[-2:] == [
        "cpu:0 reaches at float32: 200 GFLOP/s, 2048 x 2048 x 2048 by numpy",
        f"cpu:0 reaches through memory: 20 GB/s, {by}",
    ]
    again = MeasuredCeiling(tmp_path / "k.json", {"cpu:0": CPU}, 2, said.append, Measuring())
    again.begin(CELLS)
    assert again.reached == ceiling.reached
    assert again.bandwidth_facts() == [{"device": "cpu:0", "bytes_per_second": 2e10, "source": by}]


def test_a_logical_cpu_has_the_whole_processor_and_another_device_s_rates_do_not_count(
    tmp_path: Path,
) -> None:
    other = Rate("cpu:0", "another processor", "float32", "numpy", 9e11, (1, 1, 1))
    keep(tmp_path / "k.json", [other])
    measuring = Measuring([RATE])
    ceiling = MeasuredCeiling(tmp_path / "k.json", {"cpu:0": CPU}, 2, lambda _: None, measuring)
    ceiling.begin([cell("matmul", "numpy", "cpu:3", size=64, dtype="float32")])
    assert ceiling.facts() == [
        {
            "device": "cpu:0",
            "precision": "float32",
            "flop_per_second": 2e11,
            "source": "2048 x 2048 x 2048 by numpy",
        }
    ]


def test_measuring_once_more_can_only_raise_it(tmp_path: Path) -> None:
    better = Rate("cpu:0", "a processor", "float32", "numpy", 3e11, (1024, 1024, 1024))
    measuring = Measuring([RATE], [better])
    ceiling = MeasuredCeiling(tmp_path / "k.json", {"cpu:0": CPU}, 2, lambda _: None, measuring)
    ceiling.begin(CELLS)
    ceiling.again({("cpu:0", "float32")})
    assert ceiling.reached["cpu:0", "float32"].flop_per_second == 3e11
    assert read_kept(tmp_path / "k.json") == [better]


def record(flop: float | None = 2e11, device: str = "cpu:0", **more: Any) -> dict[str, Any]:
    ceiling = {"flop_per_second": 8e11, "source": "two cores"}
    plausible = {"ok": True, "reasons": []}
    axes = {"size": 1000, "dtype": "float32"}
    return {"device": device, "axes": axes, "flop": flop, "ceiling": ceiling, "plausible": plausible, **more}


def test_a_figure_above_the_best_measured_is_marked_and_its_place_told() -> None:
    reached = {("cpu:0", "float32"): Reached(2e11, "by numpy")}
    records = [
        record(),
        record(device="cpu:1"),
        record(None),
        record(plausible={"ok": False, "reasons": ["x"]}),
    ]
    assert judge_suspicion(records, [1.0, 0.5, 0.5, 0.5], reached) == {("cpu:0", "float32")}
    assert [bool(r["plausible"]["suspicious"]) for r in records] == [False, True, False, False]
    assert records[0]["ceiling"]["reached"] == {"flop_per_second": 2e11, "source": "by numpy"}
    # judged again against a better best, nothing is left of it
    assert judge_suspicion(records, [1.0, 0.5, 0.5, 0.5], {("cpu:0", "float32"): Reached(4e11)}) == set()
    assert not records[1]["plausible"]["suspicious"]


def test_bytes_beyond_the_caches_are_held_against_the_bandwidth_measured() -> None:
    """48 MiB of caches: of 1 GiB in 40 ms 976 MiB, 25.6 GB/s, must have passed through memory, of 40 MiB none."""
    caches = {"cpu": {"cache_bytes": 48 * MEBIBYTE}}
    widest = {"cpu:0": ReachedBandwidth(2e10, "a = b")}
    moved = [1024.0 * MEBIBYTE, 40.0 * MEBIBYTE]
    records = [record(None, bytes_moved=count, memory_ceiling={}) for count in moved]
    places = judge_suspicion(records, [0.04, 0.001], {}, widest, caches)
    assert places == {("cpu:0", "float32"), ("cpu:0", MEMORY)}
    (reason,) = records[0]["plausible"]["suspicious"]
    assert reason == (
        "implies 25.6 GB/s through memory beside the 48 MiB that its caches may hold, 28 % above the best measured "
        "here, 20 GB/s (a = b)"
    )
    assert not records[1]["plausible"]["suspicious"]
    assert records[1]["memory_ceiling"]["reached"] == {"bytes_per_second": 2e10, "source": "a = b"}
    # of a machine whose caches nobody knows nothing is said
    assert judge_suspicion(records, [0.04, 0.001], {}, widest, {}) == set()


def test_the_precision_of_a_training_is_its_recipe_s() -> None:
    training = record(recipe={"precision": "tf32"}, axes={"recipe": "matched"})
    assert judge_suspicion([training], [0.5], {("cpu:0", "tf32"): Reached(2e11)}) == {("cpu:0", "tf32")}
    assert judge_suspicion([training], [0.5], {("cpu:0", "float32"): Reached(2e11)}) == set()
