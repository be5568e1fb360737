"""The command line of ``pytest bench``, declared, and read once into a frozen record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

from likeforlike.bench.plan.asked.presets import PRESETS, Preset


class OptionError(ValueError):
    """A wrong value on the command line; one line."""


_DTYPES = ("float32",)
"""What journals and files say where none were asked for; runs from before declarations say the same."""


LAUNCHES_OF_SIDES = 10
"""At most, where a run has several sides."""


@dataclass(frozen=True)
class Options:
    """What a run was asked for. None: the preset decides."""

    preset_name: str
    workloads: tuple[str, ...] | None
    implementations: tuple[str, ...] | None
    devices: tuple[str, ...] | None
    sizes: Mapping[str, tuple[Any, ...]]
    """Sizes asked for, by workload; as written, and those without a workload under an empty name, until the
    registry is known."""
    dtypes: tuple[str, ...] | None
    """Precision modes asked for, of every workload that has them for an axis."""
    recipes: tuple[str, ...] | None
    ladder: str | None
    ladder_orders: int | None
    ladder_ways: tuple[str, ...] | None
    """Which ways of the loops are rungs of their own; None: as the ladder's ends have it."""
    workers: tuple[int, ...] | None
    strategies: tuple[str, ...] | None
    epochs: int | None
    train_samples: int | None
    repeats: int | None
    """Whole trainings asked for, each with a further seed."""
    threads: int | None
    data: str
    data_dir: Path | None
    plugins: tuple[str, ...]
    timing: str
    transfer: bool
    concurrent: bool
    target_accuracy: float | None
    cell_timeout_seconds: float
    cell_memory_bytes: int | None
    order_seed: int | None
    resume: bool
    retry_failed: bool
    min_rounds: int
    max_seconds: float
    precision: float | None
    confidence: float
    result_file: Path | None
    warm_up: bool
    disable_gc: bool
    timer: str
    resume_anyway: bool = False
    """Keep what other code has measured, and mark it."""
    resume_elsewhere: bool = False
    """Keep what was measured on another host, and mark it."""
    clean_environment: bool = False
    """Start what measures without the inherited variables that change speed or results."""
    pin: bool = False
    """Hold each worker's threads to a processor each."""
    measured_ceiling: bool = True
    """Hold figures against the best rate that this machine was measured to reach."""
    patience_seconds: float = 0.0
    """How long the run waits for others to pause, and half of its time besides; 0: not at all."""
    launches: tuple[int, int] | None = None
    """Sets of fresh processes asked for, at least and at most; of each training as many runs as at least."""

    caches: tuple[str, ...] = ("warm",)
    """Where operands of kernels lie when a timed call begins: in the caches, or in memory (cold)."""
    operands: tuple[str, ...] = ("uniform",)
    """From which distributions operands are drawn, where a workload has the choice."""
    sustained: bool = False
    """Load the device before the rounds until its clock and its temperature are level."""
    sustained_seconds: float | None = None
    """Load it for so long instead; None: until it is level."""
    statistic: str = "median"
    """What verdicts on kernels are asked on: the median of samples, or a quantile of all timed calls."""
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values asked for, as written, by ``workload.axis``."""
    sides: Mapping[str, str] = field(default_factory=dict)
    """In which interpreters, commits, packages or variables each cell is measured, as written, by name."""
    text_file: Path | None = None
    """The text that networks of characters train on; None: the one that comes with Python."""
    own_models: Any = None
    """What of the user's own is trained: ``own_model_options.OwnModels``."""

    @property
    def preset(self) -> Preset:
        """The preset that fills in what was not asked for."""
        return PRESETS[self.preset_name]

    @property
    def samples(self) -> tuple[int, int]:
        """Training and validation images to use."""
        train, validation = self.preset.samples
        return self.train_samples or train, validation

    @property
    def runs(self) -> int:
        """Whole trainings, each with a further seed."""
        return self.repeats or (self.launches[0] if self.launches else self.preset.runs)

    @property
    def kernel_launches(self) -> tuple[int, int]:
        """Sets of fresh processes in which each group of kernels is measured: at least, and at most.

        Who compares sides asks after small differences: a preset that has several has more of them, until
        the ratio is precise.
        """
        if self.launches is not None:
            return self.launches
        least, most = self.preset.launches
        return least, max(most, LAUNCHES_OF_SIDES) if self.sides and least > 1 else most

    def conditions(self) -> dict[str, Any]:
        """The options that a resumed run must share, by name, in plain types."""
        how = {"resume", "resume_anyway", "resume_elsewhere", "retry_failed", "result_file", "order_seed"}
        bounds = {"measured_ceiling", "patience_seconds", "cell_timeout_seconds", "cell_memory_bytes"}
        own = how | bounds | ({"axes"} if not self.axes else set())
        own |= {"statistic"} if self.statistic == "median" else set()  # as journals before it have it
        own |= {"sides"} if not self.sides else set()
        own |= {"own_models"} if self.own_models is None else set()
        own |= {"text_file"} if self.text_file is None else set()
        told = {**vars(self), "dtypes": self.dtypes or _DTYPES}
        return {f"option {k}": _plain(v) for k, v in sorted(told.items()) if k not in own}


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
