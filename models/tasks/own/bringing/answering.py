"""A model's plain answers to some of its samples, in float64: what ways of asking it are held against."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from likeforlike.models.tasks.own.answers import errors, largest_norm
from likeforlike.models.tasks.own.bringing.opening import Opening
from likeforlike.models.tasks.own.given import answers_file, save_arrays

STRAYS = 10.0
"""Times the error of the model's plain answers in float32, another way of asking may be off."""
LEAST = {"float32": 1e-5, "bfloat16": 2.0**-6}
"""Relative to an answer's norm; so much of the last digits any order of summing may cost. Of bfloat16 four
times what storing a number costs."""
MOST = 0.5
"""An error as large says nothing any more."""


def plain_answers(opening: Opening, start: Mapping[str, np.ndarray], inputs: np.ndarray) -> np.ndarray:
    """In float32, by the starting weights; ``start``: by own name."""
    return _asked(opening, start, inputs, "float32")


def keep_answers(
    folder: Path, opening: Opening, start: Mapping[str, np.ndarray], inputs: np.ndarray, narrow: np.ndarray
) -> None:
    """Write the answers in float64, and what others may be off; ``narrow``: those in float32.

    What bfloat16 may be off rests on answers by weights and inputs rounded to it, computed as exactly: each
    layer rounds about as much again. A model that float64 doesn't suit is held against its answers in
    float32. JAX never goes back from float64: comes last.
    """
    rounded = {name: in_bfloat16(array) for name, array in start.items()}, in_bfloat16(inputs)
    try:
        wide = _asked(opening, start, inputs, "float64").astype(np.float64)
        coarse = _asked(opening, *rounded, "float64")
    except Exception:  # whatever a stranger's model raises in a precision that it doesn't expect
        wide = narrow.astype(np.float64)
        coarse = _asked(opening, *rounded, "float32")
    kept = {"outputs": wide}
    for precision, answers in (("float32", narrow), ("bfloat16", coarse)):
        strays = STRAYS * float(errors(answers, wide, largest_norm(wide)).max())
        kept[f"tolerance {precision}"] = np.array(min(max(LEAST[precision], strays), MOST))
    save_arrays(folder / answers_file(opening.number), kept)


def in_bfloat16(array: np.ndarray) -> np.ndarray:
    """The nearest numbers that 16 bits of a float32 hold, halves to even; whole numbers as they are."""
    if array.dtype.kind != "f":
        return array
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    return ((bits + (0x7FFF + ((bits >> 16) & 1))) & np.uint32(0xFFFF0000)).view(np.float32)


def _asked(
    opening: Opening, start: Mapping[str, np.ndarray], inputs: np.ndarray, precision: str
) -> np.ndarray:
    model = opening.open(precision, opening.asked.seeds[0])
    model.assign(start)
    return model.outputs(inputs)
