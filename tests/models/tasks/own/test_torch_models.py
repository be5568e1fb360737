"""An nn.Module opened: what counts batches counts on from step to step, and anew where a training begins."""

from __future__ import annotations

import math

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


class Narrow(torch.nn.Module):
    """Outputs in bfloat16, as within autocast."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(1, 2, bias=False)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.linear(inputs).to(torch.bfloat16)


def test_outputs_in_16_bits_are_judged_in_the_weights_precision() -> None:
    """Of 1 and 2 they are [1/2, -1/4] and [1, -1/2]: log(1 + exp(-3/4)), and by class 1 log(1 + exp(3/2))."""
    model = TorchModel(Narrow(), loss_in("torch", "sparse-crossentropy"), FIRST)
    model.assign({"linear.weight": np.array([[0.5], [-0.25]])})
    rows = np.array([[1.0], [2.0]], np.float32)
    step = model.step(rows, LABELS, training=True)
    right = [math.log1p(math.exp(-0.75)), math.log1p(math.exp(1.5))]
    assert step.losses == pytest.approx(right, rel=1e-5)
    assert step.outputs.dtype == step.gradients["linear.weight"].dtype == np.float32
    loss, outputs = model.evaluated(rows, LABELS)
    assert loss == pytest.approx(sum(right) / 2, rel=1e-5)
    assert outputs.dtype == np.float32
    assert outputs.tolist() == [[0.5, -0.25], [1.0, -0.5]]
