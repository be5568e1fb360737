"""The transformer on Fashion-MNIST as a task: the rows of an image as tokens, two blocks of attention."""

from __future__ import annotations

from likeforlike.models.tasks.blocks.by_hand import BLOCKS, products_of_a_block
from likeforlike.models.tasks.oracle.task import proven_task
from likeforlike.models.tasks.transformer.oracle import ORACLE, WIDTHS

_ROWS, _COLUMNS, _WIDTH = WIDTHS.rows, WIDTHS.columns, WIDTHS.width
_BLOCKS = len(BLOCKS) * products_of_a_block(_ROWS, _WIDTH, WIDTHS.inner)

FLOP_OF_A_SAMPLE = 2 * (2 * _ROWS * _COLUMNS * _WIDTH + 3 * _BLOCKS + 3 * _WIDTH * 10)
"""Each product once forward and twice backward, the embedding once: images need no gradient."""

TRANSFORMER = proven_task("transformer", ORACLE, FLOP_OF_A_SAMPLE)
