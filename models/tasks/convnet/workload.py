"""Training the convolutional network, declared; measured where it is asked for."""

from __future__ import annotations

from likeforlike.models.contract.workload import Workload
from likeforlike.models.tasks.convnet.oracle import ORACLE
from likeforlike.models.tasks.oracle.task import proven_task

FLOP_OF_A_SAMPLE = 2 * (2 * 784 * 9 * 16 + 3 * 196 * 144 * 32 + 3 * 1568 * 64 + 3 * 64 * 10)
"""Each product once forward and twice backward, the first convolution once: images need no gradient."""

WORKLOAD = Workload(
    name="convnet",
    summary="training of two convolutions and two dense layers on Fashion-MNIST, an epoch a sample",
    kind="task",
    presets=(),
    order=2,
    task=proven_task("convnet", ORACLE, FLOP_OF_A_SAMPLE),
)
