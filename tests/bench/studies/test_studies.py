"""The studies' rules, calibration and arithmetic; nothing is timed and no framework is started."""

from __future__ import annotations

import itertools
import json
import math
import os
import random
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from likeforlike.bench.measure.worker_process import MemoryLimits
from likeforlike.bench.studies import (
    frozen_neighbours,
    memory_bandwidth,
    training_speed,
    verdict_rules,
)
from likeforlike.bench.studies.staging import account, bare_comparison, bare_loop
from likeforlike.bench.studies.staging.bare_comparison import Alternation, Bursts, RestlessWorker, Turns
from likeforlike.bench.studies.variants import IMPLEMENTATIONS
from likeforlike.bench.studies.variants.__main__ import variants_table
from likeforlike.bench.studies.variants.entries import MLP, VARIES
from likeforlike.bench.worker.messages import Sample
from likeforlike.models.registry import load_registry


class Machine:
    """A clock that only the work moves: a product of 12 ms, a spin as long as it is told."""

    def __init__(self):
        self.now = 0.0
        self.product_seconds = 0.012
        self.calls = []

    def product(self):
        self.calls.append("product")
        self.now += self.product_seconds

    def spin(self, seconds):
        self.calls.append("spin")
        self.now += seconds

    def work(self):
        return verdict_rules.Work(self.product, spin=self.spin, clock=lambda: self.now)


@pytest.mark.parametrize("share", [0.05, 0.025])
def test_the_spin_takes_its_share_of_the_product(share):
    work = Machine().work().calibrated(share)
    noted = []
    assert work.sample(verdict_rules.SLOWED, noted) == pytest.approx(0.012 * (1 + share), rel=1e-9)
    assert noted == [pytest.approx(0.012 * share, rel=1e-9)]
    assert work.sample(verdict_rules.BASE, noted) == pytest.approx(0.012)
    assert len(noted) == 1


def test_the_spin_follows_a_product_that_drifts():
    machine = Machine()
    work = machine.work().calibrated(0.05)
    machine.product_seconds = 0.024
    for _ in range(31):
        work.sample(verdict_rules.BASE, [])
    noted = []
    work.sample(verdict_rules.SLOWED, noted)
    assert noted == [pytest.approx(0.024 * 0.05)]


def test_calibration_is_not_misled_by_single_disturbed_calls():
    machine = Machine()
    disturbed = itertools.cycle([0.5, 0, 0, 0.3, 0, 0, 0, 0, 0])

    def product():
        machine.now += 0.012 + next(disturbed)

    work = verdict_rules.Work(product, spin=machine.spin, clock=lambda: machine.now).calibrated(0.05)
    noted = []
    work.sample(verdict_rules.SLOWED, noted)
    assert noted == [pytest.approx(0.0006)]


def test_a_trial_takes_turns_in_rounds_and_blocks_back_to_back():
    machine = Machine()
    work = machine.work().calibrated(0.05)
    trial = verdict_rules.take_trial(work, 20, random.Random(1), blocks=True)
    for samples, names in ((trial.rounds, verdict_rules.ROUNDS), (trial.blocks, verdict_rules.BLOCKS)):
        assert {name: len(times) for name, times in samples.items()} == dict.fromkeys(names, 20)
    assert trial.slowed_by == pytest.approx(0.05, rel=1e-3)
    machine.calls.clear()
    verdict_rules.take_trial(work, 20, random.Random(1), blocks=False)
    spins = [n for n, call in enumerate(machine.calls) if call == "spin"]
    # products before it in its round: each sample's own, and an untimed one before each
    places = {place - number * 11 for number, place in enumerate(spins)}
    assert len(spins) == 20
    assert places == {2, 4, 6, 8, 10}


def trial_of(same, slowed):
    trial = verdict_rules.Trial()
    base = [0.01 + n * 1e-6 for n in range(60)]
    for samples in (trial.rounds, trial.blocks):
        samples[verdict_rules.BASE] = base
        samples[verdict_rules.AGAIN] = [time * same for time in base]
        samples[verdict_rules.SLOWED] = [time * slowed for time in base]
    trial.rounds |= dict.fromkeys(verdict_rules.TWINS, base)
    trial.spin_seconds = [0.0005] * 60
    return trial


def test_requirements_count_both_directions_of_the_same_and_one_of_the_slowed():
    good, alarmed, missed = trial_of(1.0, 1.06), trial_of(0.9, 1.06), trial_of(1.0, 0.9)
    lines = verdict_rules.requirements([good] * 59 + [alarmed], [good] * 36 + [missed] * 4)
    assert all(line.endswith("**yes**") for line in lines)
    lines = verdict_rules.requirements([good] * 54 + [alarmed] * 2 + [missed] * 4, [good] * 35 + [missed] * 5)
    assert [line.endswith("**no**") for line in lines] == [True, True, True]


def test_a_slow_down_within_the_noise_of_the_twins_is_not_found():
    trial = trial_of(1.0, 1.06)
    assert verdict_rules.in_turns(trial, verdict_rules.SLOWED) == "slower"
    trial.rounds[verdict_rules.TWINS[1]] = [time * 1.08 for time in trial.rounds[verdict_rules.BASE]]
    assert verdict_rules.in_turns(trial, verdict_rules.SLOWED) == "not different"


def test_the_table_tells_samples_and_counts():
    text = verdict_rules.judged([trial_of(1.0, 1.06)] * 3 + [trial_of(1.1, 1.0)], 0.05, True)
    ours, mean = text.splitlines()[2:4]
    assert [cell.strip() for cell in ours.split("|")[1:-1]] == [
        "**likeforlike**", "in turns", "1 of 4", "1 / 0", "3 of 4", "0",
    ]  # fmt: skip
    assert [cell.strip() for cell in mean.split("|")[2:-1]] == [
        "back to back",
        "1 of 4",
        "1 / 0",
        "3 of 4",
        "0",
    ]


class FakeHand:
    frozen = True


class FakeLoop:
    def __init__(self, seconds):
        self.seconds = seconds
        self.bursts = []

    def burst(self, untimed, timed):
        self.bursts.append((untimed, timed))
        return [9.0, self.seconds, self.seconds / 10]


def test_bare_loops_run_after_each_block_of_rounds_and_pair_with_it():
    names = ["numpy", "tf-eager", "lost"]
    cells = {name: SimpleNamespace(entry=SimpleNamespace(name=name)) for name in names}
    turns = [SimpleNamespace(hand=FakeHand(), failure=None if name != "lost" else "gone") for name in names]
    loop = FakeLoop(2.0)
    watcher = Alternation(turns, {"numpy": loop}, Bursts(blocks=2, rounds=3, untimed=1, timed=3))
    for times in ([1, 5, 3], [2, 2, 8]):
        for seconds in times:
            assert len(loop.bursts) == len(watcher.alone.get("numpy", []))
            for name in names[:2]:
                assert watcher.after(cells[name], Sample(seconds * (1 if name == "numpy" else 2)), 0) == []
    assert watcher.in_turns == {"numpy": [3, 2], "tf-eager": [6, 4]}
    assert watcher.alone == {"numpy": [2.0, 2.0]}
    assert loop.bursts == [(1, 3), (1, 3)]


def process_state(worker):
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    return next(line.split()[1] for line in status.splitlines() if line.startswith("State:"))


@pytest.fixture
def restless():
    worker = RestlessWorker({}, MemoryLimits(2**40, 0))
    yield worker
    worker.kill()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_restless_worker_runs_on_but_for_the_bare_loops_turn(restless):
    restless.freeze()
    assert process_state(restless) != "T"
    with bare_comparison.stopped([restless]):
        assert process_state(restless) == "T"
    assert process_state(restless) != "T"


def test_ratio_of_turns_is_in_turns_over_alone():
    turns = Turns({"numpy": [1.1] * 8}, {"numpy": [1.0] * 8}, {})
    estimate = turns.ratio("numpy", "numpy")
    assert (estimate.ratio, estimate.pairs) == (pytest.approx(1.1), 8)
    assert account.ratio_text(estimate) == "1.100 (1.100 to 1.100)"
    assert "too few pairs: 2" in account.ratio_text(Turns({"a": [1, 1]}, {"b": [1, 1]}, {}).ratio("a", "b"))


@pytest.mark.parametrize(
    ("factors", "word"),
    [([1.01] * 8, "yes"), ([1.05] * 8, "no"), ([0.9] * 8, "no"), ([0.8, 1.2] * 4, "undecided")],
)
def test_agreement_needs_an_interval_that_is_narrow_enough(factors, word):
    (line,) = frozen_neighbours.agreement(500, Turns({"numpy": factors}, {"numpy": [1.0] * 8}, {}))
    assert line.endswith(f"**{word}**")


def test_the_best_product_is_held_against_the_best_bare_loop():
    turns = Turns({"a": [2.0] * 6, "b": [1.05] * 6}, {"numpy": [3.0] * 6, "jax": [1.0] * 6}, {})
    entrant, loop, ratio = training_speed.best_against_bare(turns)
    assert (entrant, loop, ratio.ratio) == ("b", "jax", pytest.approx(1.05))


def bandwidth_turns(seconds):
    """Of a copy that takes 1 s; three arrays as fast as two of it take 1.5 s."""
    return Turns({"plain": [6.0] * 8, "blocked": seconds}, {bare_loop.BYTES: [1.0] * 8}, {"lost": "gone"})


@pytest.mark.parametrize(
    ("seconds", "word"),
    [([1.5] * 8, "yes"), ([1.6] * 8, "yes"), ([1.7] * 8, "no"), ([1.4, 2.0] * 4, "undecided")],
)
def test_the_fastest_must_reach_nine_tenths_of_a_copy_s_bandwidth(seconds, word):
    axes = {"mebibytes": 64, "dtype": "float32"}
    line = memory_bandwidth.requirement(bandwidth_turns(seconds), axes)
    assert line.startswith("- blocked, 64 MiB an array: ")
    assert line.endswith(f"**{word}**")


def test_the_table_of_bandwidths_counts_three_arrays_and_two_of_the_copy():
    axes = {"mebibytes": 1000, "dtype": "float32"}
    rows = memory_bandwidth.rows_of(bandwidth_turns([1.5] * 8), axes)
    assert rows == [
        ["numpy.copyto, alone", "1000.00", "2.1", "1"],
        ["blocked", "1500.00", "2.1", "1.000 (1.000 to 1.000)"],
        ["plain", "6000.00", "0.5", "0.250 (0.250 to 0.250)"],
        ["lost", "", "", "gone"],
    ]


def test_the_bare_loop_of_bytes_moves_them():
    move = bare_loop.numpy_bytes(1)
    target, source = move.args
    move()
    assert source.nbytes == target.nbytes == 2**20
    np.testing.assert_array_equal(target, source)
    assert target is not source


def benchmark_of(name, seconds, run=0, accuracy=0.88, rounds=None):
    epochs = [{"epoch": 1, "val_accuracy": 0.5}, {"epoch": 2, "val_accuracy": accuracy}]
    extra = {"workload": "training", "implementation": name, "axes": {"recipe": "matched", "run": run}}
    extra |= {"round_numbers": rounds or list(range(len(seconds))), "epochs": epochs}
    return {"name": name, "stats": {"data": seconds, "median": 0}, "extra_info": extra}


def document_of(*benchmarks):
    noise = {"name": "twin-a", "stats": {"data": [1.0]}, "extra_info": {"workload": "noise", "axes": {}}}
    lost = {
        "cell": "training-x",
        "outcome": "skipped",
        "reason": "torch not installed",
        "workload": "training",
    }
    ours = {"schema_version": 1, "unmeasured": [lost]}
    return json.dumps({"benchmarks": [noise, *benchmarks], "likeforlike": ours, "version": "5"}).encode()


def test_epochs_of_the_same_round_are_paired():
    floor = benchmark_of("floor", [1.0, 2.0, 1.0, 2.0, 1.0, 2.0], rounds=[0, 1, 2, 3, 4, 5], accuracy=None)
    epoch = benchmark_of("tf-epoch", [9.0, 1.5, 3.0, 1.5, 3.0, 1.5, 3.0], rounds=[9, 0, 1, 2, 3, 4, 5])
    keras = benchmark_of("keras-fit", [6.0, 12.0, 6.0, 12.0, 6.0, 12.0])
    trained, lost = training_speed.read_trained(document_of(floor, epoch, keras))
    assert lost == ["- training-x: skipped: torch not installed"]
    ratio = training_speed.epoch_ratio(trained[0], trained[1])
    assert (ratio.ratio, ratio.pairs) == (pytest.approx(1.5), 6)
    assert training_speed.speed_requirements(trained) == [
        "- tf-epoch / floor = 1.50 ≤ 1.5: **yes**",
        "- tf-epoch / floor = 1.50 ≤ 1.7: **yes**",
        "- keras-fit / tf-epoch = 4.00 ≥ 3.0: **yes**",
    ]
    rows = training_speed.speed_table(trained).splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == ["floor", "tf-epoch", "keras-fit"]


def test_the_floor_of_a_round_is_that_round_s_fastest_candidate():
    candidates = [
        benchmark_of(f"floor-{n}", s, accuracy=None) for n, s in (("a", [1.0, 3.0, 2.0]), ("b", [2.0, 1.5]))
    ]
    for one in candidates:
        one["extra_info"]["role"] = "floor"
    trained, _ = training_speed.read_trained(
        document_of(*candidates, benchmark_of("tf-epoch", [2.0, 3.0, 4.0]))
    )
    assert [one.implementation for one in trained] == ["tf-epoch", "floor"]
    assert trained[1].seconds == {0: 1.0, 1: 1.5, 2: 2.0}


@pytest.mark.parametrize(("ours", "holds"), [([0.88, 0.90], "yes"), ([0.90, 0.94], "no")])
def test_accuracies_over_seeds(ours, holds):
    keras = [benchmark_of("keras-fit", [1.0], run, accuracy) for run, accuracy in ((1, 0.91), (0, 0.87))]
    epoch = [benchmark_of("tf-epoch", [1.0], run, accuracy) for run, accuracy in enumerate(ours)]
    trained, _ = training_speed.read_trained(document_of(*keras, *epoch))
    assert training_speed.last_accuracies(trained, "keras-fit") == [0.87, 0.91]
    line, difference = training_speed.accuracy_requirement(trained)
    assert line.endswith(f"0.8700 to 0.9100: **{holds}**")
    assert difference.endswith("holds 0")
    rows = [row.split("|")[1:3] for row in training_speed.accuracy_table(trained).splitlines()]
    assert [[part.strip() for part in row] for row in rows if "-" not in row[0]] == [
        ["", "keras-fit"],
        ["run 0", "0.8700"],
        ["run 1", "0.9100"],
        ["mean", "0.8900"],
        ["spread", "0.8700 to 0.9100"],
    ]


def test_difference_of_means_by_hand():
    # Welch and Satterthwaite: variances 1 and 9 of three each, so 1/3 + 3 and 2.439 degrees of freedom
    variance, freedom = 1 / 3 + 3, (1 / 3 + 3) ** 2 / ((1 / 3) ** 2 / 2 + 3**2 / 2)
    half = stats.t.ppf(0.975, freedom) * math.sqrt(variance)
    text = training_speed.difference_of_means([9.0, 10.0, 11.0], [1.0, 4.0, 7.0])
    assert text.endswith(f"+6.0000, 95 % interval {6 - half:+.4f} to {6 + half:+.4f}: holds 0")
    assert "excludes 0" in training_speed.difference_of_means([9.0, 10.0, 11.0], [1.0, 2.0, 3.0])
    assert "too few" in training_speed.difference_of_means([9.0], [1.0, 2.0])


def test_only_trainers_that_are_registered_are_asked_for():
    assert training_speed.known(["keras-fit", "no-such-trainer"]) == ["keras-fit"]


def test_the_floor_is_asked_for_by_its_candidates():
    assert "floor-numpy" in training_speed.known(["floor"])
    assert all(name.startswith("floor-") for name in training_speed.known(["floor"]))


def test_a_run_that_leaves_no_file_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(
        training_speed.subprocess, "run", lambda *args, **kwargs: SimpleNamespace(returncode=4)
    )
    with pytest.raises(account.StudyFailed, match="ended with status 4 and left no"):
        training_speed.measure_training(["keras-fit"], 7, "fashion-mnist", tmp_path / "none.json")


def test_the_heading_names_command_and_machine(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["x", "--trials", "3"])
    text = account.heading("Title", "verdict_rules")
    assert text.startswith(
        "## Title\n\n- command: `python -m likeforlike.bench.studies.verdict_rules --trials 3`\n- date: "
    )
    monkeypatch.setattr(sys, "argv", ["x"])
    assert "`python -m likeforlike.bench.studies.verdict_rules`" in account.heading("Title", "verdict_rules")
    assert f"{len(os.sched_getaffinity(0))} usable cores" in text


def test_a_variant_is_held_against_what_it_varies():
    def trained(name, seconds):
        return training_speed.Trained(name, 0, dict(enumerate([seconds] * 6)), [0.88])

    text = variants_table([trained("tf-epoch", 1.0), trained("tf-epoch-with-tape", 1.25)], MLP)
    (row,) = [line for line in text.splitlines() if "GradientTape" in line]
    assert "1.250" in row  # the ratio to tf-epoch
    assert "0.8800" in row


def test_every_variant_varies_a_trainer_that_there_is():
    for workload, variants in VARIES.items():
        known = set(load_registry().names(workload))
        assert {variant.original for variant in variants.values()} <= known
        assert not variants.keys() & known
        assert {e.name for e in IMPLEMENTATIONS if e.workload == workload} == variants.keys()
