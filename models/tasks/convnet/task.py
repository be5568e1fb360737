"""The convolutional network on Fashion-MNIST as a task: two convolutions, pooling, two dense layers."""

from __future__ import annotations

from likeforlike.models.tasks.convnet.oracle import ORACLE
from likeforlike.models.tasks.oracle.task import proven_task

FLOP_OF_A_SAMPLE = 2 * (2 * 784 * 9 * 16 + 3 * 196 * 144 * 32 + 3 * 1568 * 64 + 3 * 64 * 10)
"""Each product once forward and twice backward, the first convolution once: images need no gradient."""

CONVNET = proven_task("convnet", ORACLE, FLOP_OF_A_SAMPLE)
