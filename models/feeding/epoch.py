"""One epoch of batches, taken from a pipeline as a loop takes them, and what is kept of it for its proof."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from likeforlike.models.contract.change import SharedBuffer, as_column
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem

Batches = Callable[[], Iterable[tuple[Any, Any]]]
"""Starts an epoch: its batches, images [b, ...] and labels [b, ...], in whatever the pipeline delivers."""
Host = Callable[[Any], np.ndarray]
"""A delivered array on the host, without a copy where there is a way."""


@dataclass(frozen=True)
class Epoch:
    """What is kept of an epoch: of every batch which samples it has and one column, of a drawn one all."""

    labels: tuple[np.ndarray, ...]
    """Of each batch, the samples' numbers, as its labels tell them."""
    column: int
    """Which column of the images, drawn anew for each epoch."""
    pixels: tuple[np.ndarray, ...]
    """That column of each batch."""
    number: int
    """Of the batch that is kept whole, drawn as well."""
    images: np.ndarray | None
    """Its images [b, pixels]."""
    targets: np.ndarray | None
    """Its labels as they came."""


Answer = tuple[np.ndarray, ...]
"""An :class:`Epoch` as arrays: samples' numbers, batch sizes, column, its pixels, number of the whole batch,
images and labels of that."""
_NUMBER = np.int32
_BITS_OF_ONE = 0x3F800000
"""In float32; from there on a billion samples' numbers are bits of numbers that nothing flushes to 0."""
_MOVES = 256
"""Whole numbers move by so much times a factor, less one: by 8 or more from each change to the next."""


def in_rows(array: np.ndarray) -> np.ndarray:
    """A sample's numbers in a row, whatever shape they have, [n, numbers]."""
    return array.reshape(len(array), math.prod(array.shape[1:]))


def numbered(targets: np.ndarray) -> np.ndarray:
    """A copy [n, ...], typed by :func:`type_of_numbered`; a sample's first four bytes say which one it is."""
    told = np.array(targets, type_of_numbered(in_rows(targets).shape[1], targets.dtype), order="C")
    _first_bytes(told)[:] = np.arange(len(told)) + _least_number(told)
    return told


def type_of_numbered(numbers: int, dtype: np.dtype) -> np.dtype:
    """Of targets with so many numbers a sample: their own, but for samples of fewer bytes int32."""
    whole = np.dtype(_NUMBER)
    return dtype if numbers * dtype.itemsize >= whole.itemsize else whole


def numbers_of(targets: np.ndarray) -> np.ndarray:
    """Which samples these targets are of, [n]; a copy."""
    return _first_bytes(targets) - _least_number(targets)


def _first_bytes(targets: np.ndarray) -> np.ndarray:
    size = np.dtype(_NUMBER).itemsize
    return in_rows(targets).view(np.uint8)[:, :size].view(_NUMBER)[:, 0]


def _least_number(targets: np.ndarray) -> np.int32:
    return _NUMBER(_BITS_OF_ONE if targets.dtype.kind == "f" else 0)


def changed(own: np.ndarray, factors: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Rows [n, ...] times factors [n]; whole numbers are moved by them instead, around their type's ends."""
    column = as_column(factors, own.ndim)
    if own.dtype.kind == "f":
        return np.multiply(own, column.astype(own.dtype), out=out)
    moves = np.round(_MOVES * (column - 1)).astype(np.int64).astype(own.dtype)
    return np.add(own, moves, out=out)


def taken(batches: Batches, host: Host, draw: np.random.Generator, columns: int, steps: int) -> Epoch:
    """Go through one epoch, keeping what its proof needs; the same few copies for every pipeline."""
    column, chosen = int(draw.integers(columns)), int(draw.integers(steps))
    labels, pixels, whole, targets = [], [], None, None
    for number, (images, own) in enumerate(batches()):
        rows, told = in_rows(host(images)), host(own)
        labels.append(numbers_of(told))
        pixels.append(np.array(rows[:, column]))
        if number == chosen:
            whole, targets = np.array(rows), np.array(told)
    return Epoch(tuple(labels), column, tuple(pixels), chosen, whole, targets)


def as_arrays(epoch: Epoch) -> Answer:
    """What the proof is given; empty arrays where nothing was delivered."""
    sizes = np.array([len(labels) for labels in epoch.labels], np.int64)
    none = np.zeros(0)
    return (
        np.concatenate([none.astype(np.int64), *epoch.labels]),
        sizes,
        np.array(epoch.column),
        np.concatenate(epoch.pixels or (none,)),
        np.array(epoch.number),
        none if epoch.images is None else epoch.images,
        none if epoch.targets is None else epoch.targets,
    )


def fed(problem: Problem, pipeline: Callable[[np.ndarray, np.ndarray, int], Batches], host: Host) -> Kernel:
    """A kernel whose call is an epoch of ``pipeline(images, labels, batch)``.

    The images lie in an array of their own, which changes between timed calls: batches that were prepared
    before a call are wrong by then. A pipeline reads them there and copies nothing when it is made. Images
    and labels are the last operands: the first one, which the harness changes, can't be whole numbers.
    """
    images, labels = problem.operands[-2:]
    shared = SharedBuffer(images).array
    batch = problem.axes["batch"]
    batches = pipeline(shared, labels, batch)
    columns = in_rows(images).shape[1]
    draw = np.random.default_rng()  # which column and batch are kept nobody can foresee
    steps = -(-len(labels) // batch)

    def call() -> Epoch:
        return taken(batches, host, draw, columns, steps)

    def change(rows: slice, factors: np.ndarray) -> None:
        changed(images[rows], factors, out=shared[rows])

    return replace(Kernel(call), to_numpy=as_arrays, change=change)
