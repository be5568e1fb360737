"""The contract of a workload: its axes, its problems, and how an answer is verified.

A declaration is a module's ``WORKLOAD`` in a folder of ``models/kernels`` or, in a plug-in, a member of its
``WORKLOADS``. The least that one says::

    Workload(
        name="softmax",
        summary="softmax of the rows of a matrix",
        axes=(
            Axis("rows", smoke=(64,), quick=(256, 1024), published=(256, 1024, 4096), size=True),
            Axis("columns", smoke=(128,), quick=(1000,)),
        ),
        problem=lambda axes, device: Problem((matrix(axes),), "float32", device, axes),
        reference=lambda problem: softmax(problem.operands[0]),  # in float64
        tolerance=1e-5,
        flop=lambda axes: 4.0 * axes["rows"] * axes["columns"],
        bytes_moved=lambda axes: 8.0 * axes["rows"] * axes["columns"],
        memory_bytes=lambda axes: 40 * axes["rows"] * axes["columns"],
    )

Grid, ``--axis``, presets, resuming, the report's tables and curves follow from it. An axis named ``dtype``
(:func:`~likeforlike.models.contract.axis.precision_axis`) is the precision mode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from likeforlike.models.contract import against_reference
from likeforlike.models.contract.axis import PRECISION, Axis
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.training.task import Task

Kind = Literal["kernel", "task", "divided task", "noise floor"]
"""``kernel``: a sample is a call. ``task``: a sample is an epoch of training; ``divided task``: each batch of
it is divided among workers. ``noise floor``: kernels that tell of the machine, in every run, on the first
processor."""


def uncounted(axes: Axes) -> None:
    """None: a count would mean nothing, or nobody made one."""


def unknown_bytes(axes: Axes) -> int:
    """0: nobody said how much memory a cell needs."""
    return 0


def without_problem(axes: Axes, device: str) -> Problem:
    """What stands where a workload is no kernel."""
    raise NotImplementedError("the workload has no problem: its samples are no calls")


def unverified(axes: Axes, problem: Problem, answer: Any) -> Verification:
    """What stands where a workload has a reference answer instead of a check of its own."""
    raise NotImplementedError("the workload has neither verify nor reference")


@dataclass(frozen=True)
class Wording:
    """How a report speaks of a workload; what is empty it says by the workload's name and summary."""

    title: str = ""
    """Of its section."""
    section: str = ""
    """The section's name in addresses and in names of files, letters and digits; empty: the workload's."""
    about: str = ""
    """What one sample is and how its work is counted: ``Square matrices, one product a sample.``"""
    noun: str = ""
    """What one sample is called: ``product``, as in "rate of a float32 product"."""
    plural: str = ""
    """Of several; empty: the noun with an s."""
    items: str = ""
    """What the declaration's ``items`` counts, in the plural: ``images``."""
    growth: str = ""
    """How time is to grow with size: ``a product alone grows to the 3rd power``."""
    by_hand: str = ""
    """The answer derived by hand, in a sentence; with it the section shows errors beside times."""


@dataclass(frozen=True)
class Workload:
    """A job with axes, counts of operations and bytes, and a reference answer; see the module's example."""

    name: str
    summary: str
    problem: Callable[[Axes, str], Problem] = without_problem
    """``problem(axes, device)``: the operands, the same for every implementation."""
    axes: tuple[Axis, ...] = ()
    """In the order in which a cell's id has them."""
    flop: Callable[[Axes], float | None] = uncounted
    """Floating-point operations of one sample; None where a count would mean nothing."""
    fewest_flop: Callable[[Axes], float | None] = uncounted
    """Of the known algorithm that does with fewest, where that isn't the one counted: against ceilings its
    operations are held, and rates are told of those counted; None: the same."""
    bytes_moved: Callable[[Axes], float | None] = uncounted
    """Bytes that one sample must read and write at least, each operand and result once."""
    items: Callable[[Axes], float | None] = uncounted
    """What people count, so many in one sample: images, tokens; told by the second beside time."""
    memory_bytes: Callable[[Axes], int] = unknown_bytes
    """What one cell needs at its peak, operands, result and reference check together."""
    verify: Callable[[Axes, Problem, Any], Verification] = unverified
    """``verify(axes, problem, answer)``: hold the answer of ``Kernel.to_numpy`` against the reference."""
    reference: Callable[[Problem], Any] | None = None
    """Instead of ``verify``: the answer, float64, from a problem whose operands are float64 (those that are
    numbers with a fraction), rounded to the precision mode; a tuple where a kernel's answer is one."""
    tolerance: float | Callable[[Axes], float] = 0.0
    """With ``reference``: the largest error, relative to the reference's largest magnitude."""
    settled: Callable[[Any], Any] | None = None
    """``settled(answer)``: an answer in a form in which all right ones are alike, such as eigenvectors of one
    sign, for holding two sides' answers against each other; None: there is one right answer."""
    probe: Callable[[Axes, Problem, np.random.Generator], Probe] | None = None
    """``probe(axes, problem, random)``: make the quick check of timed results, with vectors drawn from
    ``random`` that no implementation knows. None: the reference, if there is one, is computed of the changed
    operands after each timed call; else timed results can't be probed, which is told."""
    rows_alike: bool = False
    """What changes between timed calls are the rows of the first operand, each times its own factor; true:
    all times the same factor, as of a symmetric matrix."""
    distributions: tuple[str, ...] = ()
    """From which its operands can be drawn, the usual first; the axis ``operands`` names another. Empty: they
    are what they are."""
    idle: tuple[str, ...] = ()
    """Of a noise floor: its implementations that do nothing, whose time is what timing itself costs. They
    take no turns; the others are one thing under two names."""
    precision: str = "float32"
    """The precision mode of a workload that has no axis for it: its figures are held against that ceiling."""
    own_precision: bool = False
    """Whether its entrants set the precision switches of their framework themselves: then none is moved."""
    smoke_only: tuple[str, ...] = ()
    """Its implementations that the preset ``smoke`` measures; empty: all."""
    quick_only: tuple[str, ...] = ()
    """The same of ``quick``."""
    presets: tuple[str, ...] = ("smoke", "quick", "published")
    """In which it is measured where ``--workloads`` is not given."""
    multiplies: bool = False
    """Whether it is matrix products and nothing else: the best rate of such bounds what trainings can use."""
    feeds: bool = False
    """Whether a sample is an epoch of an input pipeline, its ``items`` in batches of the axis ``batch``: the
    steps of trainings are told beside it."""
    transfers: bool = False
    """Whether ``--transfer`` times the copies of its operands and results."""
    wording: Wording = Wording()
    kind: Kind = "kernel"
    order: int = 50
    """Where it stands among the built-in ones, the least first."""
    task: Task | None = None
    """What is trained, where it is a task."""
    target: str = ""
    """``module:attribute`` where a worker finds it; filled in by the registry."""

    def __post_init__(self) -> None:
        """A reference stands for a check and, where there is none, for a probe."""
        if self.reference is not None:
            how = (self.reference, self.tolerance)
            if self.verify is unverified:
                object.__setattr__(self, "verify", partial(against_reference.verify, *how))
            if self.probe is None:
                object.__setattr__(self, "probe", partial(against_reference.probe, *how))

    @property
    def size_axis(self) -> Axis | None:
        """The axis over which curves are drawn; None if none is declared to be."""
        return next((axis for axis in self.axes if axis.size), None)

    def axis(self, name: str) -> Axis | None:
        """The axis of that name; None if it has none."""
        return next((axis for axis in self.axes if axis.name == name), None)

    def only_in(self, preset: str) -> tuple[str, ...]:
        """Its implementations that a preset measures unless others are asked for; empty: all."""
        return {"smoke": self.smoke_only, "quick": self.quick_only}.get(preset, ())

    def precision_of(self, axes: Axes) -> str:
        """The precision mode of a cell."""
        return str(axes.get(PRECISION, self.precision))

    def as_json(self) -> dict[str, Any]:
        """What a result file says of it: all that a report needs, in plain types."""
        return {
            "name": self.name,
            "kind": self.kind,
            "summary": self.summary,
            "axes": [axis.as_json() for axis in self.axes],
            "multiplies": self.multiplies,
            "feeds": self.feeds,
            "wording": {name: text for name, text in asdict(self.wording).items() if text},
        }
