"""A result file's records beside those of a cell: frozen, typed, as parsed. Seconds; null means not known."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from likeforlike.reports.read.schema.cells import MeasuredBandwidth, MeasuredCeiling
from likeforlike.reports.read.schema.quantities import Count, Positive, Scalar, Seconds, Text, Whole

SCHEMA_VERSION = 1


class SavedSamples(Struct, frozen=True):
    """Of pytest-benchmark's ``stats`` what is used where the samples were saved; the rest follows from them.

    Seconds of one iteration each.
    """

    data: tuple[Seconds, ...] | None = None
    rounds: Count | None = None
    iterations: Count | None = None


class SavedSummary(Struct, frozen=True):
    """Of pytest-benchmark's ``stats`` what is used where the samples were not saved; seconds."""

    median: Seconds | None = None
    min: Seconds | None = None
    q1: Seconds | None = None
    q3: Seconds | None = None
    max: Seconds | None = None
    mean: Seconds | None = None
    stddev: Seconds | None = None
    rounds: Count | None = None
    iterations: Count | None = None


class Unmeasured(Struct, frozen=True, kw_only=True):
    """A cell that gave no figure, and why."""

    cell: str
    outcome: str
    reason: str
    workload: str | None = None
    implementation: str | None = None
    device: str | None = None
    axes: dict[str, Scalar] = field(default_factory=dict)


class Noise(Struct, frozen=True):
    """One implementation measured against itself, and the cost of measuring nothing."""

    aa_interval: tuple[Positive, Positive] | None = None
    aa_ratio: Positive | None = None
    aa_pairs: Count | None = None
    harness_seconds_per_sample: Seconds | None = None


class Change(Struct, frozen=True):
    """The one thing in which a rung differs from the rung before it."""

    field: str
    before: Scalar = None
    after: Scalar = None


class Rung(Struct, frozen=True):
    """One step of a ladder: a trainer under a recipe."""

    rung: Whole
    recipe: str
    implementation: str
    change: Change | None = None


class Ladder(Struct, frozen=True):
    """The way from one trainer and recipe to another, one change at a time."""

    ends: tuple[str, str]
    rungs: tuple[Rung, ...]
    other_orders: tuple[tuple[Rung, ...], ...] = ()
    """The same changes in other orders, from the same first rung to the same last one."""

    @property
    def orders(self) -> tuple[tuple[Rung, ...], ...]:
        """All orders, the first one first."""
        return (self.rungs, *self.other_orders)


class DeclaredAxis(Struct, frozen=True):
    """A coordinate of a workload's cells."""

    name: Text
    type: str = "int"
    unit: str = ""
    label: str = ""
    size: bool = False
    """Whether curves are drawn over it."""


class DeclaredWording(Struct, frozen=True):
    """How to speak of a workload; what is empty is said by its name and summary."""

    title: str = ""
    section: str = ""
    about: str = ""
    noun: str = ""
    plural: str = ""
    items: str = ""
    growth: str = ""
    by_hand: str = ""


class Declared(Struct, frozen=True):
    """A workload, as the run that measured it declared it."""

    name: Text
    kind: str
    summary: str = ""
    axes: tuple[DeclaredAxis, ...] = ()
    multiplies: bool = False
    """Whether it is matrix products and nothing else."""
    feeds: bool = False
    """Whether a sample is an epoch of an input pipeline, in batches of the axis ``batch``."""
    wording: DeclaredWording = DeclaredWording()

    @property
    def size_axis(self) -> DeclaredAxis | None:
        """The axis over which curves are drawn."""
        return next((axis for axis in self.axes if axis.size), None)

    @property
    def over_size(self) -> bool:
        """Whether it is told by its sizes: a kernel with a size axis, and no answer by hand to hold it to."""
        return self.kind == "kernel" and self.size_axis is not None and not self.wording.by_hand

    @property
    def section(self) -> str:
        """The name of its section."""
        return self.wording.section or self.name

    @property
    def noun(self) -> str:
        """What one sample is called."""
        return self.wording.noun or f"{self.name} call"

    @property
    def plural(self) -> str:
        """What several samples are called."""
        return self.wording.plural or f"{self.noun}s"


class PluginFault(Struct, frozen=True):
    """A plug-in that could not be taken, and why."""

    name: str
    error: str


class Side(Struct, frozen=True, kw_only=True):
    """One of several interpreters, commits, packages or variables in which a run measured each cell."""

    name: Text
    kind: str = ""
    what: str = ""
    """As it was asked for."""
    python: str = ""
    packages: dict[str, str] = field(default_factory=dict)
    """Versions of all distributions installed there."""
    blas: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    """Set in its workers."""
    revision: str = ""
    """The commit that was measured."""
    source: str = ""
    """What else is to be known of where its source lay."""
    code: dict[str, str] = field(default_factory=dict)
    """Digests of the source that was measured there, by module."""


class Header(Struct, frozen=True, kw_only=True):
    """The file's own ``likeforlike`` object."""

    schema_version: Annotated[int, Meta(ge=1)]
    run_id: str
    unmeasured: tuple[Unmeasured, ...] = ()
    noise: Noise | None = None
    ladder: Ladder | None = None
    preset: str | None = None
    command: str | None = None
    timing: str | None = None
    options: dict[str, Any] | None = None
    title: str | None = None
    busy: tuple[str, ...] = ()
    """Devices that others used before the run began, each a sentence."""
    environment: dict[str, str] = field(default_factory=dict)
    """Inherited variables that change speed or results and reached the workers."""
    environment_effects: dict[str, str] = field(default_factory=dict)
    """What each of them does."""
    code: dict[str, str] = field(default_factory=dict)
    """Digests of the source that was measured: likeforlike's, and each plug-in's by its module."""
    clean_environment: bool = False
    """Whether all such variables were kept from the workers."""
    setup: dict[str, Scalar] = field(default_factory=dict)
    """BLAS kernels, huge pages, governor, SMT and NUMA nodes when the run began."""
    measured_ceilings: tuple[MeasuredCeiling, ...] = ()
    measured_bandwidths: tuple[MeasuredBandwidth, ...] = ()
    plugin_faults: tuple[PluginFault, ...] = ()
    workloads: dict[str, Declared] = field(default_factory=dict)
    """What was measured, as declared, by name; not told by older files."""
    sides: tuple[Side, ...] = ()
    """In the order of asking, the first being what the others are compared with."""
    notes: tuple[str, ...] = ()
    """Known faults of a published file, each a sentence."""
    published: dict[str, Any] | None = None
    """What a published source printed that is no timing: summaries, hand-derived answers."""


class Fingerprint(Struct, frozen=True):
    """``machine_info.likeforlike``: what makes a machine the machine it is."""

    id: Text
    label: str | None = None
    cpu: dict[str, Any] | None = None
    memory_bytes: Count | None = None
    gpus: tuple[dict[str, Any], ...] | None = None
    cuda: Any = None
    versions: dict[str, str | None] = field(default_factory=dict)
    blas: Any = None
    threads: Count | None = None
    precision_mode: str | None = None
