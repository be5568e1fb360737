"""The notebook's network on Fashion-MNIST as a task: 784 inputs, 512 ReLU units, dropout, 10 classes."""

from __future__ import annotations

from likeforlike.models.tasks.mlp.counts import FLOP_OF_A_SAMPLE
from likeforlike.models.tasks.mlp.loops.numpy_loop import ORACLE
from likeforlike.models.tasks.oracle.task import proven_task

MLP = proven_task("mlp", ORACLE, FLOP_OF_A_SAMPLE)
