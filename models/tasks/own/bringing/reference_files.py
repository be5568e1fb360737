"""References on disk: written by the process that brings a model, read by every worker that trains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from likeforlike.models.tasks.own.bringing.agreement import Compared
from likeforlike.models.tasks.own.bringing.reference import Allowed, Course
from likeforlike.models.tasks.own.given import arrays_of, save_arrays, write


@dataclass(frozen=True)
class Figures:
    """What of a reference is no array."""

    epochs: tuple[dict[str, float | None], ...]
    allowed: tuple[dict[str, float], ...]
    allowed_losses: tuple[dict[str, float], ...]
    undecided: tuple[str, ...]
    first_loss: float
    trained: tuple[str, ...]
    """What gradients move."""
    resting: tuple[str, ...] = ()
    """What of that nothing but rounding moves."""
    without_gradient: tuple[str, ...] = ()
    """What of that nothing but decay moves."""


@dataclass(frozen=True)
class Reference:
    """Ten plain steps in float64, as a worker compares with them; canonical names."""

    figures: Figures
    moved: tuple[Mapping[str, np.ndarray], ...]
    """Float32 holds a movement to seven digits, a thousandth of what is allowed."""


def keep(path: Path, course: Course, allowed: Allowed, mine: Compared) -> None:
    """Write a course and what may be off it."""
    parts: dict[str, np.ndarray] = {}
    with np.errstate(over="ignore"):  # what runs away is told as not finite
        for epoch, moved in enumerate(course.moved):
            parts |= {f"moved {epoch} {name}": array.astype(np.float32) for name, array in moved.items()}
    parts |= {f"gradient {name}": array for name, array in mine.gradients.items()}
    parts |= {f"early {name}": array for name, array in mine.moved.items()}
    parts["outputs"] = mine.outputs
    save_arrays(path, parts)
    figures = Figures(
        tuple(dict(epoch) for epoch in course.epochs),
        tuple(dict(epoch) for epoch in allowed.weights),
        tuple(dict(epoch) for epoch in allowed.losses),
        allowed.undecided,
        course.first_loss,
        tuple(course.gradients),
        allowed.resting,
        allowed.without_gradient,
    )
    write(path.with_suffix(".json"), figures)


def _figures(path: Path) -> Figures:
    return msgspec.json.decode(path.with_suffix(".json").read_bytes(), type=Figures)


def read_reference(path: Path) -> Reference:
    """What a worker compares with."""
    figures, arrays = _figures(path), arrays_of(path)
    moved = tuple(_named(arrays, f"moved {epoch} ") for epoch in range(len(figures.epochs)))
    return Reference(figures, moved)


def read_moved_by_rounding(path: Path) -> tuple[str, ...]:
    """Weights of whose movement rounding decides, or which nothing else moves."""
    figures = _figures(path)
    return (*figures.undecided, *figures.resting)


def read_compared(path: Path) -> Compared:
    """What a further model is compared with."""
    arrays = arrays_of(path)
    gradients, early = _named(arrays, "gradient "), _named(arrays, "early ")
    return Compared(arrays["outputs"], _figures(path).first_loss, gradients, early)


def _named(arrays: Mapping[str, np.ndarray], beginning: str) -> dict[str, np.ndarray]:
    return {name[len(beginning) :]: array for name, array in arrays.items() if name.startswith(beginning)}
