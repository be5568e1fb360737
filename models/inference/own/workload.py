"""Inference of a brought model, declared; a worker finds it by the variables of ``tasks.own.given``."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.inference.own.rows import Known, Question, Rows
from likeforlike.models.kernels.precision_modes import BYTES
from likeforlike.models.tasks.own.data import load_kept
from likeforlike.models.tasks.own.given import (
    ANSWERED,
    Brought,
    answers_file,
    arrays_of,
    here,
    start_file,
    workload_here,
)

TARGET = f"{__name__}:WORKLOADS"
WINOGRAD_SHARE = 64 / 324
"""Of its multiplications a convolution can do with; nobody knows how many of a stranger's are of those. See
``kernels.conv2d``."""


def __getattr__(name: str) -> tuple[Workload, ...]:
    if name != "WORKLOADS":
        raise AttributeError(f"module {__name__} has no attribute {name!r}")
    brought, number = here()
    return (declared(brought, workload_here(), number),)


def known_of(brought: Brought, number: int, dtype: str = "float32") -> Known:
    """What was laid down of a model's answers; by itself the first is the network that it is."""
    kept = arrays_of(brought.folder / answers_file(number))
    inputs = load_kept(brought.folder, brought.data.name).train_images[: len(kept["outputs"])]
    unproven = brought.models[number].unproven if number else ""
    return Known(inputs, kept["outputs"], float(kept[f"tolerance {dtype}"]), unproven)


def problem(brought: Brought, number: int, axes: Axes, device: str) -> Question:
    """The first samples, and the model."""
    from likeforlike.models.tasks.own.networks import network_of

    told = brought.models[number]
    rows = Rows(known_of(brought, number, axes["dtype"]), axes["batch"], np.random.default_rng())
    weights = arrays_of(brought.folder / start_file(number, brought.asked.seeds[0]))
    operands = (rows.inputs(rows.first),)
    return Question(operands, axes["dtype"], device, axes, rows, weights, partial(network_of, told))


def verify(axes: Axes, question: Problem, answer: Any) -> Verification:
    """Each sample's answer against the model's plain one."""
    return _rows_of(question).hold(answer)


def probe(axes: Axes, question: Problem, random: np.random.Generator) -> Probe:
    """The same of a timed call's, to the samples that it was given."""
    rows = _rows_of(question)

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        return rows.hold(kernel.to_numpy(result))

    return check


def _rows_of(question: Problem) -> Rows:
    assert isinstance(question, Question)
    assert question.rows is not None
    return question.rows


def declared(brought: Brought, name: str, number: int = 0) -> Workload:
    """The workload whose sample is a batch's outputs."""
    told, data = brought.models[number], brought.data
    models = " and ".join(model.target for model in brought.models)
    given, answered = int(np.prod(data.input_shape)), int(np.prod(told.outputs))

    def memory_bytes(axes: Axes) -> int:
        kept = ANSWERED * (4 * given + 8 * answered)
        return kept + 3 * 4 * (told.parameters + axes["batch"] * (given + answered))

    def bytes_moved(axes: Axes) -> float:
        """At least: an input may be of 8 bits, and of weights, as of a table's rows, not all need be read."""
        return float(axes["batch"] * (given + BYTES[axes["dtype"]] * answered))

    def flop(axes: Axes) -> float | None:
        if told.inference_flop is None or not brought.one_network:
            return None
        of_batch, of_sample = told.inference_flop
        return of_batch + axes["batch"] * of_sample

    def fewest_flop(axes: Axes) -> float | None:
        counted = flop(axes)
        return None if counted is None else counted * WINOGRAD_SHARE

    return Workload(
        name=name,
        summary=f"outputs of {models} for a batch of samples of {data.name}",
        axes=(
            Axis("batch", smoke=(1, 8), quick=(1, 8, 64, 256), unit="samples", size=True),
            precision_axis(("float32", "bfloat16"), quick=("float32", "bfloat16")),
        ),
        flop=flop,
        fewest_flop=fewest_flop,
        bytes_moved=bytes_moved,
        items=lambda axes: float(axes["batch"]),
        memory_bytes=memory_bytes,
        problem=partial(problem, brought, number),
        verify=verify,
        probe=probe,
        presets=(),
        wording=Wording(
            title=f"Inference of {models}",
            about="Outputs for one batch a sample, other samples for each timed call; held against the "
            "model's own plain ones. Operations are those of products and convolutions.",
            noun="inference",
            items="samples",
        ),
        target=TARGET,
    )
