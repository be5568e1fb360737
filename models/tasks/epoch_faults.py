"""What can be wrong with a timed epoch, whatever is trained."""

from __future__ import annotations

from likeforlike.models.contract.task import Told
from likeforlike.models.contract.trainer import Trainer

UNTOLD_SHARE, UNTOLD_SECONDS = 0.2, 0.1
"""Of the time that passed in an epoch, what its phases may leave out: a callback, opening a file."""


def seconds_fault(told: Told, number: int) -> str | None:
    """Why the epoch's phases can't have taken what they say; None if they can."""
    epoch, passed = told.epoch, told.passed_seconds
    said = epoch.train_seconds + epoch.evaluation_seconds + epoch.logging_seconds
    slack = UNTOLD_SHARE * passed + UNTOLD_SECONDS
    # before the first epoch a trainer may prepare what is in no phase
    if said > passed + slack or (number > 1 and said < passed - slack):
        return f"epoch {number} tells of {said:.3g} s, {passed:.3g} s passed"
    return None


def steps_taken(trainer: Trainer) -> int | None:
    """Steps of the trainer's optimizer since it was made; None where it doesn't tell."""
    count = getattr(trainer, "steps_taken", None)
    return None if count is None else int(count())
