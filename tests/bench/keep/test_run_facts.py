"""What is told of a run once all its cells are known: noise, series of sizes, suspicious figures."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.keep.run_facts import judge_suspicion, judge_together, noise_facts
from likeforlike.bench.plan.run_plan import Context
from likeforlike.devices.limits.bandwidths import MEMORY, ReachedBandwidth
from likeforlike.devices.limits.ceilings import Reached
from likeforlike.models.registry import built_in_workloads, kernel_workloads


def product(size: int, device: str = "gpu:0") -> dict[str, Any]:
    return {
        "workload": "matmul",
        "implementation": "tf-eager",
        "device": device,
        "axes": {"size": size, "dtype": "float32"},
        "flop": 2 * size**3,
        "plausible": {"ok": True, "reasons": []},
        "ceiling": {"flop_per_second": 1e14, "source": "test"},
    }


CONTEXT = Context({}, {}, 0.88, {"training": "generated"})


def test_the_notebooks_flat_series_marks_its_small_sizes_too() -> None:
    """Its GPU column: nowhere above any ceiling at 500, yet part of a series that can't be true."""
    sizes, seconds = (500, 1000, 5000, 10000), [0.1385e-3, 0.2542e-3, 0.3390e-3, 0.3881e-3]
    records = [product(size) for size in sizes]
    judge_together(records, seconds, CONTEXT)
    assert [record["plausible"]["ok"] for record in records] == [False] * 4
    assert "nearly flat" in records[0]["plausible"]["reasons"][0]
    before = [list(record["plausible"]["reasons"]) for record in records]
    judge_together(records, seconds, CONTEXT)
    assert [record["plausible"]["reasons"] for record in records] == before, "judging again changes nothing"


def test_the_notebooks_cpu_series_stands_and_its_best_rate_is_the_measured_ceiling() -> None:
    sizes, seconds = (500, 1000, 5000, 10000), [8.905e-3, 31.146e-3, 3.4734, 28.566]
    records = [product(size, "cpu:0") for size in sizes]
    judge_together(records, seconds, CONTEXT)
    assert all(record["plausible"]["ok"] for record in records)
    assert records[0]["ceiling"]["measured_flop_per_second"] == pytest.approx(2 * 5000**3 / 3.4734)


def record(name: str, seconds: list[float], rounds: list[int]) -> CellRecord:
    return CellRecord(name, "measured", "", seconds, rounds, {"workload": "noise", "implementation": name})


def test_the_noise_floor_comes_from_shared_rounds() -> None:
    records = {
        "a": record("twin-a", [1.0] * 8 + [50.0], [*range(8), 99]),
        "b": record("twin-b", [1.1] * 8, list(range(8))),
        "n": record("nothing", [3e-7, 1e-7, 2e-7], [0, 1, 2]),
    }
    facts = noise_facts(records)
    assert facts is not None
    assert facts["aa_pairs"] == 8
    assert facts["aa_ratio"] == pytest.approx(1.1)
    assert facts["harness_seconds_per_sample"] == 2e-7
    assert noise_facts({}) is None


def test_twins_measured_in_two_sessions_share_no_round_and_still_tell_the_noise() -> None:
    """A run killed between the twins' ends: their medians are compared, over no pairs."""
    times = [1.0, 1.1, 0.9, 1.2, 0.8, 1.0, 1.05]
    facts = noise_facts(
        {
            "a": record("twin-a", times, list(range(7))),
            "b": record("twin-b", [1.02 * t for t in times], [10**6 + n for n in range(7)]),
        }
    )
    assert facts is not None
    assert facts["aa_pairs"] == 0
    assert facts["aa_ratio"] == pytest.approx(1.02)
    low, high = facts["aa_interval"]
    assert low < 1 < high


def test_twins_of_few_samples_have_no_interval() -> None:
    facts = noise_facts({name: record(name, [1.0, 1.1], [0, 1]) for name in ("twin-a", "twin-b")})
    assert facts == {"aa_ratio": 1.0, "aa_pairs": 0}


def test_of_several_launches_the_noise_is_what_launches_differ_by() -> None:
    """Rounds of one launch agree to the last digit; a pair's interval over them would have no width."""
    logs = [0.0, 0.03, -0.01]
    rounds = list(range(12))
    launches = [n // 4 for n in rounds]
    first = record("twin-a", [1.0] * 12, rounds)
    second = record("twin-b", [math.exp(logs[n // 4]) for n in rounds], rounds)
    for twin in (first, second):
        twin.extra_info["launch_numbers"] = launches
    facts = noise_facts({"a": first, "b": second})
    assert facts is not None
    assert facts["aa_ratio"] == pytest.approx(math.exp(np.mean(logs)))
    half = stats.t.ppf(0.975, 2) * np.std(logs, ddof=1) / math.sqrt(3)
    assert np.log(facts["aa_interval"]) == pytest.approx([np.mean(logs) - half, np.mean(logs) + half])


def test_the_best_rate_is_that_of_the_device_s_plausible_products_at_that_precision() -> None:
    records = [product(1000), product(1000), product(1000, "gpu:1"), product(1000), product(1000)]
    records[1]["plausible"]["ok"] = False
    records[3]["axes"]["dtype"] = "float64"
    records[4]["ceiling"] = None
    judge_together(records, [1.0, 0.5, 0.25, 0.125, 2.0], CONTEXT)
    told = [(record["ceiling"] or {}).get("measured_flop_per_second") for record in records]
    assert told == [2e9, 2e9, 8e9, 16e9, None]
    alone = [product(1000), {**product(10), "workload": "jacobian"}]
    judge_together(alone, [0.0, 1e-9], CONTEXT)
    assert alone[0]["ceiling"]["measured_flop_per_second"] is None


def test_what_is_not_counted_or_has_no_size_is_no_series() -> None:
    uncounted = {**product(10), "workload": "jacobian", "flop": None}
    trained = {**product(10), "workload": "training"}
    flat = {**product(10), "workload": "flat"}
    kernels = kernel_workloads()
    declared = {**built_in_workloads(), "flat": replace(kernels["eigen"], name="flat", axes=())}
    judge_together([uncounted, trained, flat], [1.0, 1.0, 1.0], CONTEXT, declared)
    for record in (uncounted, trained, flat):
        assert record["plausible"]["ok"]
        assert "measured_flop_per_second" not in record["ceiling"]


def test_only_the_sizes_of_the_flat_span_are_marked() -> None:
    sizes = (100, 500, 1000, 5000, 10_000, 60_000)
    seconds = [1e-6, 0.1385e-3, 0.2542e-3, 0.3390e-3, 0.3881e-3, 1e3]
    records = [product(size) for size in sizes]
    judge_together(records, seconds, CONTEXT)
    assert [record["plausible"]["ok"] for record in records] == [True, False, False, False, False, True]


def suspected(**changes: Any) -> tuple[dict[str, Any], set[tuple[str, str]]]:
    told = {**product(1000, "cpu:1"), **changes}
    places = judge_suspicion([told], [1.0], {("cpu:0", "float32"): Reached(1e9, "a product")})
    return told, places


def test_suspicion_is_told_at_its_place() -> None:
    told, places = suspected()
    assert places == {("cpu:0", "float32")}
    assert "100 % above the best measured here" in told["plausible"]["suspicious"][0]
    assert told["ceiling"]["reached"] == {"flop_per_second": 1e9, "source": "a product"}
    told, places = suspected(plausible={"ok": False, "reasons": ["no"]})
    assert (told["plausible"]["suspicious"], places) == ([], set())
    told, places = suspected(device="gpu:0")
    assert (told["plausible"]["suspicious"], places, told["ceiling"]["reached"]) == ([], set(), None)
    told, places = suspected(ceiling=None)
    assert places == {("cpu:0", "float32")}
    told, places = suspected(axes={}, recipe={"precision": "float32"})
    assert places == {("cpu:0", "float32")}
    told, places = suspected(axes={})
    assert places == set()


def test_a_memory_faster_than_it_was_measured_is_suspicious_at_a_place_of_its_own() -> None:
    """10 GB in a second, of which caches of 1 GB may keep some, where a triad reached 2 GB/s."""
    moving = {**product(1000, "cpu:1"), "flop": None, "ceiling": None, "bytes_moved": 10e9}
    fingerprint = {"cpu": {"cache_bytes": 1e9}}

    def judged(bandwidths: dict[str, ReachedBandwidth], **changes: Any) -> tuple[dict, set]:
        told = {**moving, "memory_ceiling": {"bytes_per_second": 1e12}, **changes}
        told["plausible"] = {"ok": True, "reasons": []}
        return told, judge_suspicion([told], [1.0], {}, bandwidths, fingerprint)

    told, places = judged({"cpu:0": ReachedBandwidth(2e9, "a triad")})
    assert places == {("cpu:0", "float32"), ("cpu:0", MEMORY)}
    assert "above the best measured here, 2 GB/s (a triad)" in told["plausible"]["suspicious"][0]
    assert told["memory_ceiling"]["reached"] == {"bytes_per_second": 2e9, "source": "a triad"}
    told, places = judged({"cpu:0": ReachedBandwidth(20e9, "a triad")})
    assert (told["plausible"]["suspicious"], places) == ([], set())
    told, places = judged({"gpu:0": ReachedBandwidth(2e9, "a triad"), "float32": ReachedBandwidth(1.0)})
    assert (told["plausible"]["suspicious"], places, told["memory_ceiling"]["reached"]) == ([], set(), None)
    told, places = judged({"cpu:0": ReachedBandwidth(2e9, "a triad")}, bytes_moved=None)
    assert (told["plausible"]["suspicious"], places) == ([], set())


def test_the_noise_takes_six_shared_rounds() -> None:
    def facts(shared: int) -> dict[str, Any]:
        first = record("twin-a", [1.0] * 8, list(range(8)))
        second = record("twin-b", [1.1] * 8, list(range(8 - shared, 16 - shared)))
        return noise_facts({"a": first, "b": second}) or {}

    assert [facts(shared)["aa_pairs"] for shared in (8, 6, 5, 0)] == [8, 6, 0, 0]
    empty = record("twin-b", [], [])
    assert noise_facts({"a": record("twin-a", [1.0], [0]), "b": empty}) is None
    assert noise_facts({"n": record("nothing", [1.0], [0])}) == {"harness_seconds_per_sample": 1.0}


def test_a_round_of_no_time_is_no_pair_of_twins() -> None:
    for empty in (0, 1):
        times = [[1.0] * 8, [1.1] * 8]
        times[empty][3] = 0.0
        first, second = (record(f"twin-{n}", t, list(range(8))) for n, t in zip("ab", times, strict=True))
        facts = noise_facts({"a": first, "b": second})
        assert facts is not None
        assert facts["aa_pairs"] == 7
        assert facts["aa_ratio"] == pytest.approx(1.1)


def test_two_launches_of_twins_are_enough_for_launches_and_all_their_rounds_are_told() -> None:
    rounds = [0, 1, 100, 101, 102]
    first, second = (
        record("twin-a", [3.0] * 5, rounds),
        record("twin-b", [3.0, 3.0, 12.0, 12.0, 12.0], rounds),
    )
    first.extra_info["launch_numbers"] = [0, 0, 1, 1, 1]
    facts = noise_facts({"a": first, "b": second})
    assert facts is not None
    assert (facts["aa_pairs"], facts["aa_ratio"]) == (5, pytest.approx(2.0))


def test_against_ceilings_the_fewest_operations_of_any_algorithm_count() -> None:
    """Convolutions: Winograd's algorithm does with 64 of 324 multiplications."""
    workload = kernel_workloads()["conv2d"]
    axes = {"batch": 2, "size": 14, "channels": 8, "dtype": "float32"}
    counted, fewest = workload.flop(axes), workload.fewest_flop(axes)
    assert counted is not None
    assert fewest == pytest.approx(counted * 16 / 81)
    reached = {("cpu:0", "float32"): Reached(1e9, "a product")}
    for told_fewest, suspicious in ((None, True), (1e9, False), (1.9e9, True)):
        told = {**product(1000, "cpu:1"), "fewest_flop": told_fewest}
        places = judge_suspicion([told], [1.0], reached)
        assert bool(places) == suspicious
    flat = [{**product(n), "fewest_flop": 1.0} for n in (100, 1000, 10_000)]
    judge_together(flat, [1e-3, 1.1e-3, 1.2e-3], CONTEXT)
    assert all(record["plausible"]["ok"] for record in flat)
    judge_together(flat := [product(n) for n in (100, 1000, 10_000)], [1e-3, 1.1e-3, 1.2e-3], CONTEXT)
    assert not all(record["plausible"]["ok"] for record in flat)
