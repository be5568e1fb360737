"""Data of tasks: what a user asked for, where it was found, and what a worker is told of that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class DataError(ValueError):
    """Data can't be had or are not what they should be; one line that says what to do."""


@dataclass(frozen=True)
class DataChoice:
    """What was asked for, of whatever task."""

    name: str
    """``auto``, ``synthetic``, or a data set's name."""
    folder: Path | None = None
    """Where the images lie."""
    text_file: Path | None = None
    """The text to train on."""


@dataclass(frozen=True)
class Located:
    """Where a task's data will come from."""

    name: str
    source: str
    path: Path | None
    """The folder or file that holds them; None for generated ones."""


GENERATED = Located("synthetic", "generated", None)


@dataclass(frozen=True)
class DataAsked:
    """Which data a run is to train on."""

    name: str
    """``synthetic``, or a data set's name."""
    path: str | None = None
    """The folder or file that holds them."""
    samples: tuple[int, int] | None = None
    """Training and validation samples; None: all there are."""
