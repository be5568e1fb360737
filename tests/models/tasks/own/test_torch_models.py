"""An nn.Module opened: what counts batches counts on from step to step, and anew where a training begins."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from likeforlike.models.tasks.own.families.losses import loss_in  # noqa: E402
from likeforlike.models.tasks.own.families.with_torch import TorchModel  # noqa: E402

LABELS = np.array([0, 1], np.int32)
FIRST, SECOND = (np.array(rows, np.float32) for rows in ([[0.0], [2.0]], [[4.0], [6.0]]))
"""Batches whose means are 1 and 5."""


def test_a_cumulative_mean_is_of_all_batches_of_a_training() -> None:
    """Without a momentum the n-th batch counts for 1/n: (1 + 5) / 2; a new training begins with 5 alone."""
    module = torch.nn.Sequential(torch.nn.BatchNorm1d(1, momentum=None), torch.nn.Linear(1, 2))
    model = TorchModel(module, loss_in("torch", "sparse-crossentropy"), FIRST)
    start = model.weights()
    means = []
    for rows in (FIRST, SECOND):
        model.step(rows, LABELS, training=True)
        model.assign({"1.bias": np.zeros(2)})  # as a step's update does
        model.outputs(rows, training=True)  # which leaves state as it is
        means.append(model.weights()["0.running_mean"].item())
    assert means == [1.0, 3.0]
    model.restart(start)
    assert model.weights()["0.running_mean"].item() == 0.0
    model.step(SECOND, LABELS, training=True)
    assert model.weights()["0.running_mean"].item() == 5.0
