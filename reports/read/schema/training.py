"""What a result file tells of a training beside its times: frozen, typed, as parsed."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from likeforlike.reports.read.schema.quantities import Count, Scalar, Seconds, Share, Text

LATER_RECIPE_FIELDS: dict[str, Scalar] = {
    "optimizer": "adam",
    "momentum": 0.0,
    "weight_decay": 0.0,
    "clip_norm": None,
    "schedule": "constant",
    "warmup_steps": 0,
    "feeding": "default",
    "steps_per_call": "default",
    "logs_read": "default",
    "metrics": "default",
    "layers": "default",
}
"""Fields that recipes got later, and how every training before them was."""


class Epoch(Struct, frozen=True):
    """What one epoch of training yielded."""

    epoch: Annotated[int, Meta(ge=1, le=10**9)]
    train_seconds: Seconds
    evaluation_seconds: Seconds | None = None
    logging_seconds: Seconds | None = None
    loss: float | None = None
    accuracy: Share | None = None
    val_loss: float | None = None
    val_accuracy: Share | None = None


class Data(Struct, frozen=True):
    """What was trained on; generated data is named ``synthetic``."""

    name: str
    source: str = ""
    train_samples: Count | None = None
    validation_samples: Count | None = None


class Brought(Struct, frozen=True):
    """A model that a user brought, and how its weights were matched with those of the first."""

    model: Text
    """``module:function``."""
    family: str = ""
    loss: str = ""
    starting_weights: str = ""
    """A digest of those of the first run."""
    matched: str = ""
    """How; empty for the first model, whose names are canonical, and where none was found."""
    matches: tuple[str, ...] = ()
    """``canonical name = own name``, with the order of axes where it is another."""
    remarks: tuple[str, ...] = ()
    """Differences that bite, a sentence each."""


class TimeToAccuracy(Struct, frozen=True):
    """When validation accuracy first reached the target; null if it never did."""

    target: Share
    seconds: Seconds | None = None
    epoch: Count | None = None
