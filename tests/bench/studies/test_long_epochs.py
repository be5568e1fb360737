"""Long epochs of fit: what is counted, in what order processes run, and how a process that fails is told."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import hypergeom

from likeforlike.bench.studies import long_epochs
from likeforlike.bench.studies.long_epochs import Counted, EpochTimes, chance, counted, counts_table, turns
from likeforlike.bench.studies.staging.account import StudyFailed
from likeforlike.bench.studies.variants import of_mlp
from likeforlike.models.contract.training.recipe import MATCHED, RecipeRefused
from likeforlike.models.tasks.mlp.workload import WORKLOAD


def usual(count, seconds=1.5, work=2.8):
    return [EpochTimes(seconds, work)] * count


def test_an_epoch_is_long_by_its_time_and_idle_by_its_work():
    waited, worked, nearly = EpochTimes(2.7, 2.8), EpochTimes(2.7, 5.4), EpochTimes(1.94, 2.8)
    found = counted([[*usual(8), waited, waited], [*usual(9), worked], [*usual(9), nearly]])
    assert found == Counted(30, 1.5, long=3, idle=2, longest_seconds=2.7, processes=3, waiting=1)


def test_without_a_second_epoch_there_is_nothing_to_count():
    with pytest.raises(StudyFailed, match="ask for 2 at least"):
        counted([[], []])


def test_chance_is_that_of_the_hypergeometric_distribution():
    """6 of 10 against 0 of 10: as unlikely as 0 against 6, nothing between is less likely."""
    some, none = (Counted(100, 1.5, n, n, 2.7, 10, n) for n in (6, 0))
    assert chance(some, none) == pytest.approx(2 * hypergeom(20, 6, 10).pmf(6))
    assert chance(none, none) == 1


def test_ways_take_turns_at_being_first():
    assert turns(["a", "b", "c"], 3) == ["a", "b", "c", "b", "c", "a", "c", "a", "b"]


def test_the_table_has_a_row_for_each_way():
    found = {
        "arrays": counted([usual(10), [*usual(9), EpochTimes(2.4, 2.8)]]),
        "no-autotune": counted([usual(20)]),
    }
    lines = counts_table(found).splitlines()
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        "arrays", "1.500", "2.400", "1 of 20", "1", "1 of 2", "–",
    ]  # fmt: skip
    assert [cell.strip() for cell in lines[3].split("|")[1:-1]][-3:] == ["0", "0 of 1", "1.000"]


def test_a_process_s_first_epoch_is_left_out_and_a_failed_one_told(monkeypatch):
    asked = long_epochs.arguments().parse_args(["--epochs=3", "--train-samples=640", "--data=synthetic"])
    commands = []

    def run(command, **options):
        commands.append(command)
        return subprocess.CompletedProcess(command, *answer)

    monkeypatch.setattr(subprocess, "run", run)
    answer = (0, "a warning\n" + json.dumps([[9.0, 9.0], *usual(2)]) + "\n", "")
    assert long_epochs.launched("arrays", asked) == usual(2)
    assert commands[0][:4] == [sys.executable, "-m", "likeforlike.bench.studies.long_epochs", "--train"]
    answer = (1, "", "much\nno such data")
    with pytest.raises(StudyFailed, match="by arrays ended with status 1: no such data"):
        long_epochs.launched("arrays", asked)


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("--ways=arrays,lists", "unknown way 'lists'"),
        ("--epochs=1", "at least 2"),
        ("--launches=x", "at least 1"),
    ],
)
def test_wrong_options_are_told(option, why, capsys):
    with pytest.raises(SystemExit) as ended:
        long_epochs.arguments().parse_args([option])
    assert ended.value.code == 2
    assert why in capsys.readouterr().err


@pytest.fixture
def tensorflow():
    module = pytest.importorskip("tensorflow")
    if pytest.importorskip("keras").backend.backend() != "tensorflow":
        pytest.skip("this process has loaded Keras on another backend")
    return module


def test_the_dataset_tells_its_length_and_passes_over_the_arrays_in_fresh_orders(tensorflow):
    from likeforlike.models.loops.on_tensorflow.feeding import untuned

    images, labels = np.arange(10.0, dtype=np.float32)[:, None], np.arange(10)
    tensorflow.random.set_seed(1)  # as another test, or a user, may have
    made = untuned(images, labels, 4, True)
    assert int(made.cardinality()) == 3
    assert made.options().autotune.enabled is False
    passes = [np.concatenate([batch.numpy() for _, batch in made]) for _ in range(4)]
    assert all(sorted(order) == list(range(10)) for order in passes)
    assert len({tuple(order) for order in passes}) > 1
    for rows, own in made:
        np.testing.assert_array_equal(rows[:, 0], own)


def test_batches_gathered_once_an_epoch_are_not_autotuned_either(tensorflow):
    from likeforlike.models.loops.on_tensorflow.feeding import gathered

    images, labels = np.arange(10.0, dtype=np.float32)[:, None], np.arange(10)
    made = gathered(images, labels, replace(MATCHED, batch_size=4))
    assert made.options().autotune.enabled is False
    assert int(made.cardinality()) == 3


def test_fit_without_autotuning_keeps_to_the_oracle(tensorflow):
    """Two epochs, each of three batches and a half: an input that runs out in the second strays by 5 %."""
    recipe = replace(MATCHED, batch_size=16, dropout_rate=0.0)
    verification = WORKLOAD.task.verify(of_mlp.keras_without_autotuning, recipe, "cpu:0")
    assert verification.ok
    with pytest.raises(RecipeRefused, match="remainder='drop'"):
        WORKLOAD.task.verify(of_mlp.keras_without_autotuning, replace(recipe, remainder="drop"), "cpu:0")
