"""The notebook's training, declared: its sample is an epoch, and a driver of its own runs it."""

from __future__ import annotations

from likeforlike.models.contract.workload import Workload
from likeforlike.models.tasks.mlp.task import MLP

TRAINING = "training"

WORKLOAD = Workload(
    name=TRAINING,
    summary="training of 784-512-dropout-10 on Fashion-MNIST, an epoch a sample",
    kind="task",
    order=0,
    task=MLP,
)
