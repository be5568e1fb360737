"""What a model draws at random in training, held against what it should: by the losses of frozen passes.

With weights that stay, each pass over the same samples has another loss, since other units are dropped. How
far those losses scatter, and about what mean, tells whether a loop drops at all, anew in each pass, and about
as much as the model says. A rate that is a little off it can't tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from scipy import stats

from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.own.families.model import Model
from likeforlike.models.tasks.own.given import write
from likeforlike.models.tasks.own.small_problem import BATCH_SIZE

PASSES, PASSES_OF_A_LOOP = 24, 12
STANDS_STILL = 1e-12
"""The learning rate: no weight of float32 moves by it."""
CHANCE = 1e-6
"""Of a false alarm, for each of the two questions."""


def drawn_file(number: int) -> str:
    """The losses of a model's passes; not there for one that draws nothing."""
    return f"drawn-{number}.json"


def keep_passes(folder: Path, number: int, model: Model, data: Dataset) -> None:
    """Write the mean losses of some passes, the model's weights as they are."""
    write(folder / drawn_file(number), tuple(_pass(model, data) for _ in range(PASSES)))


def _pass(model: Model, data: Dataset) -> float:
    total, samples = 0.0, len(data.train_images)
    for start in range(0, samples, BATCH_SIZE):
        inputs, targets = (
            part[start : start + BATCH_SIZE] for part in (data.train_images, data.train_labels)
        )
        total += model.judged(model.outputs(inputs, training=True), targets) * len(inputs)
    return total / samples


def read_passes(folder: Path, number: int) -> tuple[float, ...]:
    """What :func:`keep_passes` wrote; nothing of a model that draws nothing."""
    path = folder / drawn_file(number)
    return msgspec.json.decode(path.read_bytes(), type=tuple[float, ...]) if path.exists() else ()


def apart(mine: Sequence[float], theirs: Sequence[float], first: str) -> str:
    """In what the passes of two models differ that should be one network; empty if in nothing."""
    same = "with the same weights its losses as in training"
    match _difference(mine, theirs):
        case "scatter":
            own, right = _scatter(mine), _scatter(theirs)
            return f"{same} scatter by {own:.2g} from pass to pass, those of {first} by {right:.2g}"
        case "mean":
            return f"{same} have the mean {np.mean(mine):.5g}, those of {first} {np.mean(theirs):.5g}"
    return ""


def fault(mine: Sequence[float], theirs: Sequence[float]) -> str:
    """Why a loop's passes are not of what the model draws, in a phrase; empty if they may be."""
    if not np.isfinite(mine).all():
        return "losses with what is dropped are not finite"
    match _difference(mine, theirs):
        case "scatter":
            own, right = _scatter(mine), _scatter(theirs)
            told = f"scatter by {own:.2g} from pass to pass, the model's own by {right:.2g}"
            return (
                f"training losses with weights that stay {told}: it doesn't drop what the model says, or not "
                "anew"
            )
        case "mean":
            told = f"have the mean {np.mean(mine):.5g}, the model's own {np.mean(theirs):.5g}"
            return f"training losses with weights that stay and what is dropped {told}"
    return ""


def _difference(mine: Sequence[float], theirs: Sequence[float]) -> Literal["scatter", "mean", ""]:
    """In what passes differ beyond chance: variances by the F distribution, means by Welch's t."""
    own, right = _scatter(mine) ** 2, _scatter(theirs) ** 2
    least, most = stats.f.ppf([CHANCE / 2, 1 - CHANCE / 2], len(mine) - 1, len(theirs) - 1)
    if not least * right <= own <= most * right:
        return "scatter"
    return "mean" if stats.ttest_ind(mine, theirs, equal_var=False).pvalue < CHANCE else ""


def _scatter(passes: Sequence[float]) -> float:
    return float(np.std(passes, ddof=1))
