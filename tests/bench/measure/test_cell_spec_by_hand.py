"""What a worker is told of its cell and started with, field by field, of plans and cells that are made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from made_up_plan import CPU, WORKLOAD, kernel, options, plan, training
from stand_ins import SPEC

from likeforlike.bench.measure import cell_spec, memory_shares
from likeforlike.bench.measure.cell_spec import (
    answer_file,
    environment_of,
    has_peers,
    network_of,
    spec_of,
    threads_of,
    why_too_large,
    with_answers,
    within,
)
from likeforlike.bench.measure.many_calls import calls_of_a_turn
from likeforlike.bench.measure.worker_process import MemoryLimits
from likeforlike.bench.plan.sides import Side
from likeforlike.bench.worker.messages import CellSpec
from likeforlike.devices.process.interpreter import Interpreter
from likeforlike.devices.process.last_cache import LastCache
from likeforlike.devices.vendors.device import Device, MigSlice
from likeforlike.models.contract.training.data import Located
from likeforlike.models.contract.training.recipe import MATCHED

GPUS = {f"gpu:{n}": Device("gpu", n, "a GPU", maker="nvidia") for n in range(4)}
DEVICES = {"cpu:0": CPU, **GPUS}
SIDES = {name: Side(name, Interpreter("python")) for name in ("old", "new")}
NOISE = replace(WORKLOAD, kind="noise floor")


def divided(strategy: str = "multi-worker", workers: int = 2, **more):
    return kernel(axes=(("strategy", strategy), ("workers", workers)), recipe=MATCHED, **more)


class TestEnvironment:
    @pytest.fixture
    def placed(self, monkeypatch) -> list[tuple]:
        """What a worker was to be placed by."""
        given: list[tuple] = []

        def environment(device, threads, inherited_xla_flags, beside, pinned):
            given.append((device, threads, inherited_xla_flags, [other.id for other in beside], pinned))
            return {"PLACED": "by us", "BOTH": "placed"}

        monkeypatch.setattr(cell_spec, "worker_environment", environment)
        monkeypatch.setattr(cell_spec, "pinned_processors", lambda threads, lane: ("held", threads, lane))
        monkeypatch.setenv("XLA_FLAGS", "--inherited")
        return given

    def test_of_a_plain_cell(self, placed):
        assert environment_of(kernel(), plan()) == {"PLACED": "by us", "BOTH": "placed"}
        assert placed == [(CPU, 2, "--inherited", [], ())]

    def test_a_clean_one_inherits_no_flags(self, placed):
        environment_of(kernel(), plan(clean_environment=True))
        assert [flags for _, _, flags, *_ in placed] == [""]

    def test_without_flags_to_inherit(self, placed, monkeypatch):
        monkeypatch.delenv("XLA_FLAGS")
        environment_of(kernel(), plan())
        assert [flags for _, _, flags, *_ in placed] == [""]

    def test_pinned_are_as_many_as_the_group_s_threads(self, placed):
        environment_of(divided(), plan(pin=True, group_threads={"group 1": 6}))
        assert placed == [(CPU, 3, "--inherited", [], ("held", 6, 0))]

    def test_those_that_run_at_the_same_time_are_pinned_apart_by_their_devices(self, placed):
        """A processor and four GPUs: the second of these is in the third lane."""
        for concurrent in (True, False):
            environment_of(kernel(device="gpu:1", concurrent=concurrent), plan(DEVICES, pin=True))
        assert [held for *_, held in placed] == [("held", 2, 2), ("held", 2, 0)]

    def test_the_entrant_s_own_variables_go_before_ours_and_those_before_a_side_s(self, placed):
        own = {"environment": (("BOTH", "own"), ("OWN", "1"))}
        variables = {"XLA_FLAGS": "--side", "PLACED": "by the side", "FURTHER": "1"}
        sides = {"new": replace(SIDES["new"], variables=variables)}
        cell = kernel(entrant=own, axes=(("side", "new"),))
        expected = {**variables, "PLACED": "by us", "BOTH": "own", "OWN": "1"}
        assert environment_of(cell, plan(sides=sides)) == expected
        assert [flags for _, _, flags, *_ in placed] == ["--side"]

    @pytest.mark.parametrize(
        ("device", "workers", "beside"),
        [
            ("gpu:1", None, []),
            ("gpu:1", 1, []),
            ("gpu:1", 3, ["gpu:0", "gpu:2"]),
            ("gpu:0", 2, ["gpu:1"]),
            ("cpu:0", 2, []),
        ],
    )
    def test_beside_a_gpu_are_those_that_work_with_it(self, placed, device, workers, beside):
        axes = () if workers is None else (("strategy", "mirrored"), ("workers", workers))
        environment_of(kernel(device=device, axes=axes, recipe=MATCHED), plan(DEVICES))
        ((found, _, _, others, _),) = placed
        assert (found, others) == (DEVICES[device], beside)

    def test_beside_a_gpu_is_none_of_another_maker_s(self, placed):
        devices = {**DEVICES, "gpu:0": Device("gpu", 0, "a GPU", maker="intel")}
        environment_of(divided("mirrored", 3, device="gpu:1"), plan(devices))
        assert [others for _, _, _, others, _ in placed] == [["gpu:2", "gpu:3"]]

    def test_beside_a_gpu_is_no_mig_slice(self, placed):
        devices = {**DEVICES, "gpu:0": replace(GPUS["gpu:0"], mig=MigSlice("GPU-a"))}
        environment_of(divided("mirrored", 3, device="gpu:1"), plan(devices))
        assert [others for _, _, _, others, _ in placed] == [["gpu:2", "gpu:3"]]


class TestThreads:
    def test_only_processes_that_work_together_are_peers(self):
        assert has_peers(divided())
        assert not has_peers(divided("mirrored"))
        assert not has_peers(kernel())

    @pytest.mark.parametrize(("workers", "threads"), [(1, 8), (2, 4), (3, 2), (8, 1), (9, 1)])
    def test_processes_share_them_and_each_has_one(self, workers, threads):
        assert threads_of(divided(workers=workers), plan(group_threads={"group 1": 8})) == threads

    def test_axes_of_these_names_of_anything_else_mean_what_they_will(self, monkeypatch):
        """As of functions that are compared over a grid with them."""
        monkeypatch.setattr(cell_spec, "worker_environment", lambda *_, beside, **__: {"BESIDE": len(beside)})
        for workers in ("many", 3):
            axes = (("strategy", "multi-worker"), ("workers", workers))
            cell = kernel(axes=axes, device="gpu:1")
            assert not has_peers(cell)
            assert threads_of(cell, plan()) == 2
            assert environment_of(cell, plan(DEVICES)) == {"BESIDE": 0}

    def test_one_process_has_them_all(self):
        assert threads_of(kernel(), plan()) == 2
        assert threads_of(divided("mirrored", 4), plan(group_threads={"group 1": 8})) == 8


class TestSpec:
    PLAIN = CellSpec(
        cell="made-up-a-cpu:0-1",
        target="nowhere:nothing",
        workload="made-up",
        framework="numpy",
        axes={"size": 1},
        device="cpu:0",
        threads=2,
        precision="float32",
        timing="synchronised",
        asynchronous=False,
        transfer=False,
        warm_up=True,
        disable_gc=True,
        timer="time:perf_counter",
        data="synthetic",
        samples=(100, options().samples[1]),
    )

    def test_of_a_plain_kernel(self):
        assert spec_of(kernel(), plan(train_samples=100)) == self.PLAIN

    def test_of_a_training(self):
        recipe = replace(MATCHED, epochs=3, precision="mixed", logging="scalars")
        cell = training(recipe=recipe, entrant={"network": "m:net", "role": "floor", "threading": "inter-op"})
        asked = {"train_samples": 100, "timing": "unsynchronised", "sustained": True, "statistic": "p99"}
        located = {"made-up": Located("text", "found", Path("t.txt"))}
        expected = msgspec.structs.replace(
            self.PLAIN,
            cell="made-up-t-cpu:0",
            axes={"run": 0},
            precision="bfloat16",
            recipe={"name": "matched", "epochs": 3, "precision": "mixed", "logging": "scalars"},
            data="text",
            data_dir="t.txt",
            log_dir="results/r/tensorboard/made-up-t-cpu0",
            network="m:net",
            role="floor",
            threading="inter-op",
        )
        assert spec_of(cell, plan(data=located, **asked)) == expected

    def test_within_what_its_worker_may_hold(self):
        expected = msgspec.structs.replace(self.PLAIN, memory_bytes=1000, free_floor_bytes=10)
        assert within(MemoryLimits(1000, 10), self.PLAIN) == expected

    def test_a_training_that_logs_nothing_has_no_folder_for_it(self):
        assert spec_of(training(), plan()).log_dir is None

    def test_data_that_lie_nowhere_are_generated(self):
        spec = spec_of(training(), plan(data={"made-up": Located("own", "by hand", None)}))
        assert (spec.data, spec.data_dir) == ("synthetic", None)

    def test_of_a_kernel_on_a_gpu_with_axes_of_its_own(self):
        declared = replace(WORKLOAD, target="m:workload", transfers=True)
        cell = kernel(device="gpu:2", axes=(("dtype", "tf32"), ("cache", "cold")), declared=declared)
        spec = spec_of(cell, plan(DEVICES, transfer=True, sustained=True))
        assert (spec.device, spec.maker, spec.declared_in) == ("gpu:0", "nvidia", "m:workload")
        assert (spec.precision, spec.cache) == ("tf32", "cold")
        assert (spec.transfer, spec.sustained) == (True, True)

    @pytest.mark.parametrize(("asked", "can"), [(True, False), (False, True), (False, False)])
    def test_copies_are_timed_only_where_asked_and_where_there_are_any(self, asked, can):
        cell = kernel(declared=replace(WORKLOAD, transfers=can))
        assert spec_of(cell, plan(transfer=asked)).transfer is False

    @pytest.mark.parametrize(
        ("timing", "cell", "told", "asynchronous"),
        [
            ("synchronised", kernel(), "synchronised", False),
            ("unsynchronised", kernel(), "unsynchronised", True),
            ("unsynchronised", kernel(device="gpu:0"), "unsynchronised", False),
            ("unsynchronised", kernel(declared=NOISE), "synchronised", False),
            ("synchronised", kernel(declared=NOISE), "synchronised", False),
            ("unsynchronised", training(), "synchronised", False),
            ("synchronised", training(), "synchronised", False),
        ],
    )
    def test_only_kernels_queue_and_processors_only_if_told(self, timing, cell, told, asynchronous):
        spec = spec_of(cell, plan(DEVICES, timing=timing))
        assert (spec.timing, spec.asynchronous) == (told, asynchronous)

    @pytest.mark.parametrize(
        ("cell", "statistic"), [(kernel(), "p99"), (kernel(declared=NOISE), "median"), (training(), "median")]
    )
    def test_only_of_kernels_a_quantile_is_asked(self, cell, statistic):
        asked = {"statistic": "p99", "max_seconds": 90.0}
        spec = spec_of(cell, plan(**asked))
        assert spec.statistic == statistic
        assert (spec.calls, spec.turn_seconds) == calls_of_a_turn(statistic, options(**asked))

    def test_neither_is_kept_from_kernels_for_the_noise_floor_s_sake(self):
        assert calls_of_a_turn("p99", options(statistic="p99", max_seconds=90.0)) != (1, 0.0)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (training(entrant={"network": "m:own"}), "m:own"),
        (training(entrant={"network": "m:own", "keras_network": "m:keras"}), "m:own"),
        (kernel(entrant={"network": "m:own", "keras_network": "m:keras"}), "m:own"),
        (training(), ""),
    ],
)
def test_a_loop_trains_its_own_network(cell, found):
    assert network_of(cell) == found


@pytest.mark.parametrize(("keras", "found"), [("m:keras", "m:keras"), ("", "m:own")])
def test_or_the_same_in_keras_where_the_recipe_says_so_and_there_is_one(keras, found):
    entrant = {"network": "m:own", "keras_network": keras}
    assert network_of(training(entrant=entrant, recipe=replace(MATCHED, layers="keras"))) == found


class TestAnswers:
    FOLDER = Path("answers")

    def cell(self, side: str = "new", **more):
        return kernel(axes=(("size", 1), ("side", side)), **more)

    def test_the_first_side_keeps_its_own(self):
        cell = self.cell("old")
        spec = with_answers(SPEC, cell, plan(sides=SIDES, answers_folder=self.FOLDER))
        assert spec == msgspec.structs.replace(SPEC, answer_file="answers/made-up-a-cpu0-1-old.npz")

    def test_any_other_is_held_against_it(self):
        spec = with_answers(SPEC, self.cell(), plan(sides=SIDES, answers_folder=self.FOLDER))
        kept = "answers/made-up-a-cpu0-1-old.npz"
        assert spec == msgspec.structs.replace(SPEC, answer_of=kept, first_side="old")

    def test_without_a_folder_nothing_is_kept(self):
        assert with_answers(SPEC, self.cell(), plan(sides=SIDES)) is SPEC

    def test_nor_of_what_has_no_side_no_answer_or_an_original(self):
        train = training(axes=(("run", 0), ("side", "new")))
        for cell in (kernel(), train, self.cell(twin_of="b")):
            assert with_answers(SPEC, cell, plan(sides=SIDES, answers_folder=self.FOLDER)) is SPEC

    def test_its_file_has_a_name_that_any_disk_takes(self):
        assert answer_file(kernel("a/b"), self.FOLDER) == self.FOLDER / "made-up-a_b-cpu0-1.npz"


class TestTooLarge:
    """A GiB is needed."""

    NEEDS = replace(WORKLOAD, memory_bytes=lambda axes: 2**30)

    @pytest.mark.parametrize(
        ("host", "device", "place"),
        [
            (2**30, None, None),
            (2**30 - 2**25, None, "host"),
            (2**30, 2**30, None),
            (2**31, 2**30 - 2**25, "cpu:0"),
            (2**30 - 2**25, 2**31, "host"),
        ],
    )
    def test_for_the_host_or_its_device(self, host, device, place):
        devices = {"cpu:0": replace(CPU, memory_bytes=device)}
        why = why_too_large(kernel(declared=self.NEEDS), plan(devices), host)
        # 2**25 bytes are 1/32 GiB
        told = f"needs about 1.00 GiB, 0.97 GiB may be used ({place})"
        assert why == (None if place is None else told)

    def test_of_a_training_nobody_knows(self):
        assert why_too_large(training(declared=self.NEEDS), plan(), 1) is None

    @pytest.mark.parametrize(
        ("device", "host", "own", "place"),
        [
            # 1 GiB and twice the half that a processor's caches hold
            ("cpu:0", 2**31, 2**31, None),
            ("cpu:0", 2**31 - 2**25, 2**31, "host"),
            ("cpu:0", 2**31, 2**31 - 2**25, "cpu:0"),
            # a GPU's are emptied in its own memory
            ("gpu:0", 2**30, 2**31, None),
            ("gpu:0", 2**30, 2**31 - 2**25, "gpu:0"),
        ],
    )
    def test_what_empties_caches_counts_where_it_is_written(self, device, host, own, place, monkeypatch):
        monkeypatch.setattr(memory_shares, "cache_of", lambda of: LastCache(2**29, "made up"))
        kind, _, _ = device.partition(":")
        devices = {device: Device(kind, 0, "a device", memory_bytes=own)}
        cell = kernel(device=device, axes=(("size", 1), ("cache", "cold")), declared=self.NEEDS)
        told = f"needs about 2.00 GiB (of them 1.00 to empty its caches), 1.97 GiB may be used ({place})"
        assert why_too_large(cell, plan(devices), host) == (None if place is None else told)

    def test_a_gpu_s_cold_cell_that_the_host_can_t_hold_needs_there_what_a_warm_one_does(self, monkeypatch):
        monkeypatch.setattr(memory_shares, "cache_of", lambda of: LastCache(2**29, "made up"))
        devices = {"gpu:0": Device("gpu", 0, "a GPU")}
        cell = kernel(device="gpu:0", axes=(("size", 1), ("cache", "cold")), declared=self.NEEDS)
        told = "needs about 1.00 GiB, 0.97 GiB may be used (host)"
        assert why_too_large(cell, plan(devices), 2**30 - 2**25) == told
