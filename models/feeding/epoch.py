"""One epoch of batches, taken from a pipeline as a loop takes them, and what is kept of it for its proof."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from likeforlike.models.contract.change import SharedBuffer
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem

Batches = Callable[[], Iterable[tuple[Any, Any]]]
"""Starts an epoch: its batches, images [b, pixels] and labels [b], in whatever the pipeline delivers."""
Host = Callable[[Any], np.ndarray]
"""A delivered array on the host, without a copy where there is a way."""


@dataclass(frozen=True)
class Epoch:
    """What is kept of an epoch: of every batch its labels and one column, of a drawn one all."""

    labels: tuple[np.ndarray, ...]
    """Of each batch."""
    column: int
    """Which column of the images, drawn anew for each epoch."""
    pixels: tuple[np.ndarray, ...]
    """That column of each batch."""
    number: int
    """Of the batch that is kept whole, drawn as well."""
    images: np.ndarray | None
    """Its images [b, pixels]."""


Answer = tuple[np.ndarray, ...]
"""An :class:`Epoch` as arrays: labels, batch sizes, column, its pixels, number of the whole batch, images."""


def taken(batches: Batches, host: Host, draw: np.random.Generator, columns: int, steps: int) -> Epoch:
    """Go through one epoch, keeping what its proof needs; the same few copies for every pipeline."""
    column, chosen = int(draw.integers(columns)), int(draw.integers(steps))
    labels, pixels, whole = [], [], None
    for number, (images, own) in enumerate(batches()):
        rows = host(images)
        labels.append(np.array(host(own)))
        pixels.append(np.array(rows[:, column]))
        if number == chosen:
            whole = np.array(rows)
    return Epoch(tuple(labels), column, tuple(pixels), chosen, whole)


def as_arrays(epoch: Epoch) -> Answer:
    """What the proof is given; empty arrays where nothing was delivered."""
    sizes = np.array([len(labels) for labels in epoch.labels], np.int64)
    none = np.zeros(0)
    return (
        np.concatenate([none.astype(np.int64), *epoch.labels]),
        sizes,
        np.array(epoch.column),
        np.concatenate([none.astype(np.float32), *epoch.pixels]),
        np.array(epoch.number),
        none if epoch.images is None else epoch.images,
    )


def fed(problem: Problem, pipeline: Callable[[np.ndarray, np.ndarray, int], Batches], host: Host) -> Kernel:
    """A kernel whose call is an epoch of ``pipeline(images, labels, batch)``.

    The images lie in an array of their own, which changes between timed calls: batches that were prepared
    before a call are wrong by then. A pipeline reads them there and copies nothing when it is made.
    """
    images, labels = problem.operands
    buffer = SharedBuffer(images)
    batch = problem.axes["batch"]
    batches = pipeline(buffer.array, labels, batch)
    draw = np.random.default_rng()  # which column and batch are kept nobody can foresee
    steps = -(-len(labels) // batch)

    def call() -> Epoch:
        return taken(batches, host, draw, images.shape[1], steps)

    return replace(Kernel(call), to_numpy=as_arrays, change=buffer.change)
