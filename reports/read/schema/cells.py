"""What a result file tells of one cell: frozen, typed, as parsed. Seconds; null means not known."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import force_setattr

from likeforlike.reports.read.schema.quantities import Count, Positive, Scalar, Seconds, Share, Text, Whole
from likeforlike.reports.read.schema.training import LATER_RECIPE_FIELDS, Brought, Data, Epoch, TimeToAccuracy


class Verified(Struct, frozen=True):
    """How far the answer was from the reference, and how far it might be."""

    error: Annotated[float, Meta(ge=0.0)]
    tolerance: Annotated[float, Meta(ge=0.0)]


class Disturbed(Struct, frozen=True):
    """A sample during which the machine was not at rest."""

    round: Whole
    reason: str


class Stop(Struct, frozen=True):
    """Why no more was measured."""

    reason: str
    median_interval: tuple[float, float] | None = None
    rounds: Count | None = None
    launches: Count | None = None
    ratio_half_width: float | None = None
    """Of the ratio to the group's first cell, over launches."""


class State(Struct, frozen=True):
    """What the machine was at while a cell was measured."""

    disturbances: tuple[str, ...] = ()
    """What others used of it meanwhile, each a sentence."""


class PaceThen(Struct, frozen=True):
    """Clock and temperature of a device at one moment."""

    clock_hertz: Positive | None = None
    celsius: float | None = None
    held_back: tuple[str, ...] | None = None


class Sustained(Struct, frozen=True):
    """How a device was loaded before the rounds of a launch."""

    seconds: Seconds
    ended: str
    """Why then: ``asked``, ``level``, ``longest`` or ``not readable``."""
    asked_seconds: Seconds | None = None
    first: PaceThen = PaceThen()
    last: PaceThen = PaceThen()


class Pace(Struct, frozen=True):
    """Of the device right after each sample; null where it did not tell."""

    clock_hertz: tuple[Positive | None, ...] = ()
    celsius: tuple[float | None, ...] = ()
    held_back: tuple[tuple[str, ...] | None, ...] = ()
    """All reasons that its driver gave why it was no faster."""


class LaunchFigure(Struct, frozen=True):
    """Seconds of a call without some of the host's part in it, or why there are none."""

    seconds: tuple[Seconds, ...] = ()
    calls: Count | None = None
    """Back to back before one wait."""
    not_measurable: str | None = None


class ColdCache(Struct, frozen=True):
    """What was written before each timed call, so that operands came from memory."""

    written_bytes: Count
    cache_bytes: Count | None = None
    source: str = ""


class Launch(Struct, frozen=True):
    """Fresh processes of a group that took turns for some rounds."""

    launch: Whole
    rounds: Count | None = None
    import_seconds: Seconds | None = None
    setup_seconds: Seconds | None = None
    cold_seconds: Seconds | None = None
    warm_up_calls: Count | None = None
    position: Whole | None = None
    """In the order of start within the group."""
    environment_bytes: Count | None = None
    """Drawn padding of the environment, whose size moves a program's memory."""
    hash_seed: Count | None = None
    sustained: Sustained | None = None
    disturbances: tuple[str, ...] = ()
    """About the machine during this launch, each a sentence."""


class Plausible(Struct, frozen=True):
    """What the harness itself said of the figure."""

    ok: bool
    reasons: tuple[str, ...] = ()
    suspicious: tuple[str, ...] = ()
    """Why a figure that can be true is hard to believe."""


class ReachedRate(Struct, frozen=True):
    """The best rate that the device was measured to reach, by a search over products of its own."""

    flop_per_second: Positive
    source: str = ""


class MeasuredCeiling(Struct, frozen=True):
    """The same, of the header's list: for a device and a precision."""

    device: str
    precision: str
    flop_per_second: Positive
    source: str = ""


class Ceiling(Struct, frozen=True):
    """What the device can do at most, and the best that was seen of it."""

    flop_per_second: Positive
    source: str = ""
    measured_flop_per_second: Positive | None = None
    reached: ReachedRate | None = None


class ReachedBandwidth(Struct, frozen=True):
    """The most bytes a second that the device's memory was measured to carry."""

    bytes_per_second: Positive
    source: str = ""


class MeasuredBandwidth(Struct, frozen=True):
    """The same, of the header's list: for a device."""

    device: str
    bytes_per_second: Positive
    source: str = ""


class MemoryCeiling(Struct, frozen=True):
    """What the device's memory can carry at most, and the best that was measured of it."""

    bytes_per_second: Positive | None = None
    """By data sheet; None where it isn't known."""
    source: str = ""
    cache_bytes: Annotated[float, Meta(ge=0.0)] | None = None
    """All caches together."""
    reached: ReachedBandwidth | None = None


class Transfer(Struct, frozen=True):
    """Copying operands to the device and the result back, beside each sample."""

    to_device_seconds: tuple[Seconds, ...]
    to_host_seconds: tuple[Seconds, ...]


class Energy(Struct, frozen=True):
    """Joules above idle for each sample, or why there is no figure."""

    joules_per_sample: Positive | None = None
    low: Positive | None = None
    high: Positive | None = None
    idle_watts: Annotated[float, Meta(ge=0.0)] | None = None
    source: str = ""
    sample_joules: tuple[float, ...] = ()
    not_measurable: str | None = None


class CallTimes(Struct, frozen=True):
    """All timed calls of one launch, sorted; where ``--statistic`` asked for a quantile of them."""

    seconds: tuple[Seconds, ...]
    launch: Whole = 0
    calls: Count | None = None
    counts: tuple[Annotated[int, Meta(ge=1, le=2**53)], ...] = ()
    """Calls of each of ``seconds``, which are then middles of classes; empty where each is one call."""
    resolution: Share = 0.0
    """Relative width of a class."""


class SideAnswers(Struct, frozen=True):
    """How far a proven answer is from the first side's to the same operands."""

    side: str
    """The first one."""
    identical: bool | None = None
    largest: Annotated[float, Meta(ge=0.0)] | None = None
    """Difference of two elements over the largest magnitude of the first side's answer."""
    norm: Annotated[float, Meta(ge=0.0)] | None = None
    """2-norm of the difference over that of the first side's answer."""
    not_compared: str | None = None


class Beside(Struct, frozen=True):
    """Turns beside one other cell, of one that took turns with the others of its group in pairs."""

    seconds: tuple[Seconds, ...]
    round_numbers: tuple[Whole, ...]
    launch_numbers: tuple[Whole, ...] = ()
    whole_seconds: tuple[Seconds, ...] = ()
    """Of trainings: whole epochs, with evaluation and logging."""
    disturbed: tuple[Whole, ...] = ()
    """Rounds."""
    call_times: tuple[CallTimes, ...] = ()


class Extra(Struct, frozen=True, kw_only=True):
    """A cell's ``extra_info``."""

    workload: Text
    implementation: Text
    device: Text
    axes: dict[str, Scalar]
    cell: Text | None = None
    framework: str | None = None
    framework_version: str | None = None
    division: Literal["default", "tuned"] = "default"
    role: str | None = None
    """``floor``: a bound, no contestant. ``twin``: a second copy of an entrant, no contestant either.

    Not told by older files, whose floor is named ``floor``.
    """
    twin_of: str | None = None
    """The implementation of the same group of which a twin is a copy."""
    origin: str = "likeforlike"
    device_name: str | None = None
    group: str | None = None
    import_seconds: Seconds | None = None
    cold_seconds: Seconds | None = None
    setup_seconds: Seconds | None = None
    warm_up_calls: Count | None = None
    fresh_process: bool | None = None
    """Whether the first call was the first work of its process; not told by older files."""
    timed_calls: str | None = None
    """``proven``, or why the timed calls (epochs) are not; None in files from before they were probed."""
    unproven: str = ""
    """Why nothing proves that it does what it should; empty where it is proven."""
    flop: Annotated[float, Meta(ge=0.0)] | None = None
    precision: str | None = None
    """The precision mode in which operations are counted; of older files the axis or the recipe tells it."""
    fewest_flop: Annotated[float, Meta(ge=0.0)] | None = None
    """Of the algorithm that does with fewest, where that isn't the one counted: held against ceilings."""
    bytes_moved: Annotated[float, Meta(ge=0.0)] | None = None
    """Of operands and results, each once; not told by older files."""
    items: Annotated[float, Meta(ge=0.0)] | None = None
    """Of what the workload's wording names, so many in a sample; not told by older files."""
    verified: Verified | None = None
    timing: Literal["synchronised", "unsynchronised"] = "synchronised"
    statistic: Literal["median", "p50", "p95", "p99"] = "median"
    """What verdicts were asked on; older files' were on the median of samples, one call a turn."""
    call_times: tuple[CallTimes, ...] = ()
    """Of every launch all timed calls, those of each turn before its sample, too; none for the median."""
    synchronised_median_seconds: Seconds | None = None
    round_numbers: tuple[Whole, ...] | None = None
    launch_numbers: tuple[Whole, ...] | None = None
    """The launch of each sample; all are of launch 0 where none is told."""
    launches: tuple[Launch, ...] = ()
    beside: dict[str, Beside] = field(default_factory=dict)
    """By the other's cell."""
    side_answers: SideAnswers | None = None
    """Of kernels that were measured on several sides, but for the first."""
    other_code: tuple[str, ...] = ()
    """Modules that had changed when the run was resumed, and whose earlier figures were kept all the same."""
    other_hosts: tuple[str, ...] = ()
    """Other hosts, or GPUs, on which it had been measured when the run was resumed; kept as well."""
    state: State | None = None
    disturbed: tuple[Disturbed, ...] = ()
    waited_seconds: tuple[Seconds | None, ...] | None = None
    """That each sample's worker waited for a processor, whoever had it; null where nobody told."""
    repeated: Count = 0
    """Samples of disturbed rounds that others took the place of."""
    stop: Stop | None = None
    plausible: Plausible | None = None
    ceiling: Ceiling | None = None
    memory_ceiling: MemoryCeiling | None = None
    threads: dict[str, Any] | None = None
    peak_memory_bytes: Count | None = None
    device_peak_memory_bytes: Count | None = None
    freed_memory_given_back: Count = 0
    """How often the worker had to do that between epochs, for its memory to suffice."""
    energy: Energy | None = None
    pace: Pace | None = None
    cache: Literal["warm", "cold"] = "warm"
    """Where operands lay when a timed call began; older files' in the caches, as far as they hold them."""
    cold_cache: ColdCache | None = None
    waiting_seconds: Seconds | None = None
    """Of a wait for work that is done; every synchronised sample has one in it."""
    launch_cost: dict[str, LaunchFigure] = field(default_factory=dict)
    """``back_to_back`` and, of GPUs, ``events`` and ``replayed``."""
    transfer: Transfer | None = None
    concurrent: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    """Inherited variables on which the figure depends, and as much of their values as may be told."""
    total_seconds: Seconds | None = None
    epochs: tuple[Epoch, ...] = ()
    warm_up_epochs: Count | None = None
    """Of these, those after the first that are no samples."""
    recipe: dict[str, Scalar] | None = None
    """Of a training; with the fields that older files lack, see :data:`LATER_RECIPE_FIELDS`."""
    terms: dict[str, Any] = field(default_factory=dict)
    data: Data | None = None
    parameters: Count | None = None
    brought: Brought | None = None
    """What was trained, where it is a user's own."""
    time_to_accuracy: TimeToAccuracy | None = None

    def __post_init__(self) -> None:
        """Add to a recipe what older files didn't tell, since all trained alike."""
        if self.recipe is not None:
            told = self.recipe | {k: v for k, v in LATER_RECIPE_FIELDS.items() if k not in self.recipe}
            force_setattr(self, "recipe", told)

    @property
    def data_is_generated(self) -> bool:
        """Whether it was trained on generated data, whose accuracies say nothing."""
        return self.data is not None and self.data.name == "synthetic"
