"""Training the convolutional network, declared; measured where it is asked for."""

from __future__ import annotations

from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.tasks.convnet.task import CONVNET

WORKLOAD = Workload(
    name="convnet",
    summary="training of two convolutions and two dense layers on Fashion-MNIST, an epoch a sample",
    kind="task",
    presets=(),
    order=2,
    task=CONVNET,
    wording=Wording(title="convnet"),
)
