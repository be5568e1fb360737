"""Memory of a group: its entrants are resident together, and where they can't be they go in pairs."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Plan

_MIB = 2**20
_FRAMEWORK_BYTES = {"numpy": 70 * _MIB, "torch": 400 * _MIB, "jax": 400 * _MIB, "tensorflow": 800 * _MIB}
"""Resident once a product was multiplied, on CPUs, rounded up."""
_UNKNOWN_BYTES = 500 * _MIB
_KERAS_BYTES = 700 * _MIB
"""Beside a backend that is not TensorFlow."""
_TRAINING_SHARE, _DATA_COPIES = 1.5, 4
"""What training takes of a framework's own memory in all, and how often it holds the images: rounded up from
the peaks of the built-in trainers."""
_IMAGE_BYTES = 28 * 28 * 4


def expected_bytes(cell: Cell, plan: Plan) -> int:
    """About how much memory a cell's worker will hold, in bytes; generous."""
    framework = _FRAMEWORK_BYTES.get(cell.entry.framework, _UNKNOWN_BYTES)
    if "keras" in cell.entry.needs and cell.entry.framework != "tensorflow":
        framework += _KERAS_BYTES
    if cell.recipe is not None:
        return int(_TRAINING_SHARE * framework + _DATA_COPIES * sum(plan.options.samples) * _IMAGE_BYTES)
    return framework + cell.declaration.memory_bytes(dict(cell.axes))


def parts_that_fit(cells: Sequence[Cell], plan: Plan, usable_bytes: int) -> list[list[Cell]]:
    """The cells of a group as one part if they fit into memory together, else in pairs.

    Each pair holds an entrant behind the one that it is held against: the first, of a twin the original,
    of one on a further side the same on the first.
    """
    if len(cells) <= 2 or sum(expected_bytes(cell, plan) for cell in cells) <= usable_bytes:
        return [list(cells)]
    by_name = {cell.entry.name: cell for cell in reversed(cells)}  # of several sides the first
    others = {cell.entry.name for cell in cells if cell.side != cells[0].side}
    pairs = []
    for cell in cells[1:]:
        original = by_name[cell.entry.name] if cell.entry.name in others else cell
        pairs.append([by_name.get(cell.twin_of, cells[0] if original is cell else original), cell])
    return pairs


def parts_text(cells: Sequence[Cell], plan: Plan, usable_bytes: int) -> str:
    """Says of a group that its entrants take turns in pairs, and why."""
    need = sum(expected_bytes(cell, plan) for cell in cells)
    return (
        f"{cells[0].group}: {len(cells)} entrants need about {need / 2**30:.1f} GiB together, "
        f"{usable_bytes / 2**30:.1f} GiB may be used: they take turns in pairs with {cells[0].entry.name}"
    )
