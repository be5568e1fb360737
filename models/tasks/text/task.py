"""The next character of a text as a task: 32 characters, two blocks of causal attention."""

from __future__ import annotations

from likeforlike.models.tasks.blocks.by_hand import BLOCKS, products_of_a_block
from likeforlike.models.tasks.oracle.task import proven_task
from likeforlike.models.tasks.text.characters import load, locate
from likeforlike.models.tasks.text.oracle import ORACLE, WIDTHS

PRODUCTS_OF_A_WINDOW = (
    len(BLOCKS) * products_of_a_block(WIDTHS.context, WIDTHS.width, WIDTHS.inner)
    + WIDTHS.context * WIDTHS.width * WIDTHS.characters
)
"""Products of two numbers, forward; looking up a character's row is none."""

FLOP_OF_A_SAMPLE = 2 * 3 * PRODUCTS_OF_A_WINDOW
"""Each product once forward and twice backward."""

TEXT = proven_task(
    "text",
    ORACLE,
    FLOP_OF_A_SAMPLE,
    locate,
    load,
    target_accuracy=None,
    sample_bytes=2 * WIDTHS.context * 4,  # each place is learned, too
)
