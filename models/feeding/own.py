"""Feeding of a user's own data, declared; a worker finds it by the variables of ``tasks.own.given``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from likeforlike.models.contract.axis import Axis
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.problem import Axes, Problem
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.feeding.epoch import numbered, type_of_numbered
from likeforlike.models.feeding.implementations import IMPLEMENTATIONS
from likeforlike.models.feeding.workload import LEAST_SAMPLES, WORKLOAD
from likeforlike.models.tasks.own.data import load_kept
from likeforlike.models.tasks.own.entries import brought_entry
from likeforlike.models.tasks.own.given import Brought, DataTold, here, workload_here

TARGET = f"{__name__}:WORKLOADS"


def __getattr__(name: str) -> tuple[Workload, ...]:
    if name != "WORKLOADS":
        raise AttributeError(f"module {__name__} has no attribute {name!r}")
    brought, _ = here()
    return (declared(brought, workload_here()),)


def problem(brought: Brought, axes: Axes, device: str) -> Problem:
    """The first training samples as they are trained on: inputs, and targets that tell a sample's number.

    Before them stands what the inputs change by from call to call, which may be whole numbers.
    """
    samples, data = axes["samples"], load_kept(brought.folder, brought.data.name)
    inputs, targets = data.train_images, data.train_labels
    if samples > len(inputs):
        raise ValueError(f"{brought.data.name} has {len(inputs)} training samples here, expected {samples}")
    factors = np.ones(samples, np.float32)
    return Problem((factors, inputs[:samples], numbered(targets[:samples])), "float32", device, axes)


def target_bytes(data: DataTold) -> int:
    """Of one sample's targets as they are fed."""
    numbers = math.prod(data.target_shape)
    return numbers * type_of_numbered(numbers, np.dtype(data.target_dtype)).itemsize


def declared(brought: Brought, name: str) -> Workload:
    """The workload whose sample is an epoch of batches of these data."""
    data = brought.data
    of_sample = data.input_bytes + target_bytes(data)
    inputs = f"inputs of {math.prod(data.input_shape):,} numbers as {data.input_dtype}"

    def memory_bytes(axes: Axes) -> int:
        return 4 * axes["samples"] * of_sample + 64 * axes["samples"] + 64 * axes["batch"] * of_sample

    return replace(
        WORKLOAD,
        name=name,
        summary=f"an epoch of batches of {data.name} in a fresh order, and nothing done with them",
        axes=(
            Axis("samples", smoke=(data.train_samples,), unit="samples", size=True, least=LEAST_SAMPLES),
            Axis("batch", smoke=(64,), quick=(32, 64, 256)),
        ),
        bytes_moved=lambda axes: 2.0 * axes["samples"] * of_sample,
        memory_bytes=memory_bytes,
        problem=partial(problem, brought),
        wording=Wording(
            title=f"Feeding {data.name}: the input pipeline alone",
            about=f"One epoch a sample: {inputs} with their targets, in a fresh order, in batches that "
            "nobody trains on. Every sample comes once and is what it should be, which is checked.",
            noun=WORKLOAD.wording.noun,
            plural=WORKLOAD.wording.plural,
            items=WORKLOAD.wording.items,
            growth=WORKLOAD.wording.growth,
        ),
        target=TARGET,
    )


def entries_of(brought: Brought, workload: str) -> Iterator[Implementation]:
    """Every pipeline, over the user's data."""
    for pipeline in IMPLEMENTATIONS:
        ours = brought_entry(brought, 0, replace(pipeline, workload=workload), "")
        yield replace(ours, summary=f"{pipeline.summary}, of {brought.data.name}")
