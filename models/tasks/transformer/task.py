"""The transformer on Fashion-MNIST as a task: the rows of an image as tokens, two blocks of attention."""

from __future__ import annotations

from likeforlike.models.tasks.oracle.task import proven_task
from likeforlike.models.tasks.transformer.oracle import BLOCKS, ORACLE, WIDTHS

_ROWS, _COLUMNS, _WIDTH, _INNER = WIDTHS.rows, WIDTHS.columns, WIDTHS.width, WIDTHS.inner
_PROJECTIONS = 4 * _ROWS * _WIDTH * _WIDTH
_ATTENTION = 2 * _ROWS * _ROWS * _WIDTH
_MLP = 2 * _ROWS * _WIDTH * _INNER

FLOP_OF_A_SAMPLE = 2 * (
    2 * _ROWS * _COLUMNS * _WIDTH + 3 * BLOCKS * (_PROJECTIONS + _ATTENTION + _MLP) + 3 * _WIDTH * 10
)
"""Each product once forward and twice backward, the embedding once: images need no gradient."""

TRANSFORMER = proven_task("transformer", ORACLE, FLOP_OF_A_SAMPLE)
