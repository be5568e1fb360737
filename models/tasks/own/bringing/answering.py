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
LEAST = 1e-5
"""Relative to an answer's norm; so much of the last digits any order of summing may cost."""


def plain_answers(opening: Opening, start: Mapping[str, np.ndarray], inputs: np.ndarray) -> np.ndarray:
    """In float32, by the starting weights; ``start``: by own name."""
    return _asked(opening, start, inputs, "float32")


def keep_answers(
    folder: Path, opening: Opening, start: Mapping[str, np.ndarray], inputs: np.ndarray, narrow: np.ndarray
) -> None:
    """Write the answers in float64, and what others may be off; ``narrow``: those in float32.

    A model that float64 doesn't suit is held against those. JAX never goes back from float64: comes last.
    """
    try:
        wide = _asked(opening, start, inputs, "float64").astype(np.float64)
    except Exception:  # whatever a stranger's model raises in a precision that it doesn't expect
        wide = narrow.astype(np.float64)
    tolerance = max(LEAST, STRAYS * float(errors(narrow, wide, largest_norm(wide)).max()))
    save_arrays(folder / answers_file(opening.number), {"outputs": wide, "tolerance": np.array(tolerance)})


def _asked(
    opening: Opening, start: Mapping[str, np.ndarray], inputs: np.ndarray, precision: str
) -> np.ndarray:
    model = opening.open(precision, opening.asked.seeds[0])
    model.assign(start)
    return model.outputs(inputs)
