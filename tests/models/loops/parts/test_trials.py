"""Which way is faster, by trainers whose epochs take what a script says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Run
from likeforlike.models.loops.parts import trials

COMPILED = 9.0
BURST = 3.0
"""How many times as long an epoch takes beside other load."""


def scripted(epochs_of):
    """A factory of trainers whose epochs take the script's seconds, and the runs that it was given."""

    made = []

    class Scripted:
        def __init__(self, run):
            self.run = run
            made.append(run)

        def train(self, between):
            seconds = epochs_of[self.run.recipe.execution]
            assert self.run.recipe.epochs == len(seconds)
            for number, taken in enumerate(seconds, 1):
                between(Epoch(number, taken, 100.0, 100.0, 0.5, 0.5, 0.5, 0.5))

    return Scripted, made


@pytest.fixture
def run():
    images = np.arange(20 * 784, dtype=np.float32).reshape(20, 784)
    labels = np.arange(20, dtype=np.int32) % 10
    return Run(
        replace(MATCHED, batch_size=4, epochs=1),
        Dataset("few", "made", images, labels, images, labels),
        {},
        "cpu:0",
    )


def test_the_best_epoch_counts_and_what_compiles_does_not(run):
    """By hand: the best of graph's warm epochs is 4 s, of XLA's 2 s, although a burst made three of those slow."""
    slow = [2.0 * BURST] * 3
    factory, _ = scripted({"graph": [COMPILED, 4.0, 4.0, 5.0, 4.5], "xla": [0.1, *slow, 2.0]})
    found = trials.try_executions(factory, run)
    assert found == {"graph": 4.0 / trials.TRIAL_STEPS, "xla": 2.0 / trials.TRIAL_STEPS}
    assert trials.in_milliseconds(found) == {"graph": 100.0, "xla": 50.0}


def test_a_trial_is_short_and_of_the_run_s_own_samples(run):
    factory, made = scripted({"graph": [1.0] * 5, "xla": [1.0] * 5})
    trials.try_executions(factory, run)
    assert [tried.recipe.execution for tried in made] == ["graph", "xla"]
    (data,) = {id(tried.data): tried.data for tried in made}.values()
    assert len(data.train_labels) == trials.TRIAL_STEPS * 4
    assert np.array_equal(data.train_images[:40], np.concatenate([run.data.train_images] * 2))
    assert all(tried.log_dir is None for tried in made)


def test_runs_that_differ_in_nothing_that_matters_share_a_trial(run):
    factory, made = scripted({"graph": [1.0] * 5, "xla": [1.0] * 5})
    first = trials.try_executions(factory, run)
    again = replace(run, recipe=replace(run.recipe, seed=7, learning_rate=0.1, epochs=12))
    assert trials.try_executions(factory, again) is first
    assert len(made) == 2
    trials.try_executions(factory, replace(run, recipe=replace(run.recipe, batch_size=5)))
    assert len(made) == 4


def test_what_xla_can_not_compile_is_trained_as_a_graph_and_told(run):
    factory, _ = scripted({"graph": [COMPILED, 4.0, 4.0, 4.0, 4.0], "xla": None})
    found = trials.try_executions(factory, run)
    assert found["graph"] < found["xla"]
    assert trials.in_milliseconds(found) == {"graph": 100.0, "xla": "can't compile it"}


def test_a_graph_that_fails_fails(run):
    factory, _ = scripted({"graph": None, "xla": [1.0] * 5})
    with pytest.raises(TypeError):
        trials.try_executions(factory, run)
