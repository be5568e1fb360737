"""The loop of the hand-written trainers, with a clock and a learner that are handed in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.contract.training.trainer import Dataset, Run
from likeforlike.models.loops.parts.epoch_loop import run_epochs
from likeforlike.models.tasks.mlp.proof import initial_parameters


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Learner:
    """Takes 5 s for an epoch of training and 2 s for an evaluation."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.done = clock, []

    def train_epoch(self):
        self.done.append("train")
        self.clock.now += 5.0
        return float(self.done.count("train")), 0.5

    def evaluate(self):
        self.done.append("evaluate")
        self.clock.now += 2.0
        return 10.0 + self.done.count("evaluate"), 0.25

    def parameters(self):
        return initial_parameters(MATCHED)


class File:
    """An event file that keeps what is written, and takes 1 s for it."""

    def __init__(self, clock: Clock, kept: list) -> None:
        self.clock, self.kept = clock, kept

    def write(self, step, scalars, histograms):
        self.clock.now += 1.0
        self.kept.append((step, dict(scalars), sorted(histograms)))

    def close(self):
        self.kept.append("closed")


def a_run(clock: Clock, **recipe) -> Run:
    images, labels = np.zeros((64, 784), np.float32), np.zeros(64, np.int32)
    recipe = replace(MATCHED, **recipe)
    return Run(
        recipe,
        Dataset("t", "t", images, labels, images, labels),
        initial_parameters(recipe),
        "cpu:0",
        clock=clock,
    )


def test_each_phase_has_its_own_time_and_waiting_is_in_none():
    clock, epochs = Clock(), []
    learner = Learner(clock)

    def between(epoch):
        epochs.append(epoch)
        clock.now += 100.0
        return True

    run_epochs(a_run(clock, epochs=3), learner, between)
    assert learner.done == ["train", "evaluate"] * 3
    assert [(e.epoch, e.train_seconds, e.evaluation_seconds, e.logging_seconds) for e in epochs] == [
        (1, 5.0, 2.0, 0.0),
        (2, 5.0, 2.0, 0.0),
        (3, 5.0, 2.0, 0.0),
    ]
    assert [(e.loss, e.accuracy, e.val_loss, e.val_accuracy) for e in epochs] == [
        (1.0, 0.5, 11.0, 0.25),
        (2.0, 0.5, 12.0, 0.25),
        (3.0, 0.5, 13.0, 0.25),
    ]


def test_it_stops_when_told():
    learner, asked = Learner(Clock()), []

    def between(epoch):
        asked.append(epoch.epoch)
        return epoch.epoch < 2

    run_epochs(a_run(learner.clock, epochs=7), learner, between)
    assert asked == [1, 2]
    assert learner.done == ["train", "evaluate"] * 2


@pytest.mark.parametrize(("logging", "arrays"), [("scalars", 0), ("histograms", 4)])
def test_logging_is_timed_apart_and_its_steps_count_from_zero(tmp_path, logging, arrays):
    clock, kept, epochs = Clock(), [], []
    run = replace(a_run(clock, epochs=2, logging=logging), log_dir=tmp_path)
    run_epochs(run, Learner(clock), lambda epoch: epochs.append(epoch) or True, lambda _: File(clock, kept))
    assert [epoch.logging_seconds for epoch in epochs] == [2.0, 2.0]
    assert [entry[0] for entry in kept[:-2]] == [0, 0, 1, 1]
    assert kept[-2:] == ["closed", "closed"]
    assert max(len(entry[2]) for entry in kept[:-2]) == arrays
