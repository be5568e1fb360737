"""What the parts of a cell are expected to take, and how experience corrects that.

The first figures are of two ordinary cores; a run soon learns how far its machine is from them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Plan
from likeforlike.devices.limits.ceilings import device_ceiling
from likeforlike.models.contract.training.recipe import Recipe

Path = tuple[str, ...]
"""What was timed, from general to special: ``("call", WORKLOAD, "cpu:0", "numpy", "500 float32")``."""

Rates = Mapping[tuple[str, str], float]
"""FLOP/s by device and precision; a logical CPU has the whole processor."""

_IMPORT_SECONDS = {"numpy": 0.25, "torch": 2.0, "jax": 0.8, "tensorflow": 3.3}
_COMPILE_SECONDS = {"numpy": 0.0, "torch": 0.2, "jax": 2.0, "tensorflow": 0.8}
_TUNED_COMPILE_SECONDS = {"torch": 15.0, "jax": 3.0, "tensorflow": 3.0}
_SHARE_OF_COMPILING, _TUNED_SHARE_OF_COMPILING = 0.03, 0.2
"""A kernel's, of a training step's."""
_UNKNOWN_CALL_SECONDS = 1e-3
_CALL_OVERHEAD_SECONDS = 1e-4
_STEP_SECONDS, _TUNED_STEP_SECONDS, _EAGER_STEP_SECONDS = 2.7e-3, 0.5e-3, 17e-3
"""Of a training step, beside its matrix products."""
_EAGER = "eager-loop"
_TRAINER_SET_UP_SECONDS = 0.6
_PROOF_SECONDS, _COMPILED_IN_A_PROOF = 2.0, 2.0
"""Of a trainer's proof, the processor's: it compiles anew for each of two small problems."""
_TELLING_SECONDS = 0.5
"""Parts that are expected to be as long say as much of others as longer ones do."""
_SHARE_OF_CEILING = {"cpu": 0.27, "gpu": 0.6}
"""What products reach of what a processor, mostly a virtual one, and a GPU can do on paper."""


@dataclass(frozen=True)
class Expectation:
    """One cell's parts, in seconds."""

    kind: Path
    """Where experience with it belongs, from general to special."""
    framework: str
    unit_seconds: float
    """A call, or a warm epoch."""
    set_up_seconds: float
    """Placing it, and proving a kernel, beside calls."""
    compile_seconds: float
    """What a trainer's first epoch takes beyond a warm one."""
    epochs: int | None
    """All epochs of a trainer; None for a kernel, whose rounds end by precision or time."""
    proof_seconds: float = 0.0
    """The processor's, of a trainer's proof after its last epoch; those of a group run side by side."""
    guessed: bool = False
    """Nothing is known of what a call takes: experience with it tells of its own workload alone."""


def expect(cell: Cell, plan: Plan, rates: Rates | None = None) -> Expectation:
    """What a cell's parts take on two ordinary cores, or on its GPU at a usual share of its peak.

    ``rates``: what products were measured to reach here.
    """
    rates = rates or {}
    framework, recipe = cell.entry.framework, cell.recipe
    axes = " ".join(str(value) for _, value in cell.axes)
    kind = (cell.workload, cell.device, cell.entry.name, axes)
    compiling = _COMPILE_SECONDS.get(framework, 1.0)
    if cell.entry.division != "default":
        compiling = max(compiling, _TUNED_COMPILE_SECONDS.get(framework, 0.0))
    if recipe is not None:
        epoch = _epoch_seconds(cell, recipe, plan, rates)
        proof = 0.0 if cell.entry.role == "floor" else _PROOF_SECONDS + _COMPILED_IN_A_PROOF * compiling
        return Expectation(kind, framework, epoch, _TRAINER_SET_UP_SECONDS, compiling, recipe.epochs, proof)
    precision = cell.declaration.precision_of(dict(cell.axes))
    flop = cell.declaration.flop(dict(cell.axes))
    if flop is None:
        call = _UNKNOWN_CALL_SECONDS
    else:
        call = _CALL_OVERHEAD_SECONDS + flop / _product_rate(cell.device, precision, plan, rates)
    share = _SHARE_OF_COMPILING if cell.entry.division == "default" else _TUNED_SHARE_OF_COMPILING
    set_up = 0.01 + share * compiling
    return Expectation(kind, framework, call, set_up, 0.0, None, guessed=flop is None)


def _epoch_seconds(cell: Cell, recipe: Recipe, plan: Plan, rates: Rates) -> float:
    """Products of training, of evaluation (a third of them a sample), and what each step takes beside."""
    train, validation = plan.options.samples
    task = cell.declaration.task
    counted = None if task is None else (task.flop(recipe, train), task.flop(recipe, validation))
    flop = sum(share * (each or 0.0) for share, each in zip((1.0, 1 / 3), counted or (), strict=False))
    steps = recipe.steps(train) + recipe.steps(validation) / 3
    each = _STEP_SECONDS if cell.entry.division == "default" else _TUNED_STEP_SECONDS
    if cell.entry.name == _EAGER or recipe.execution == "eager":
        each = _EAGER_STEP_SECONDS
    return flop / _product_rate(cell.device, recipe.arithmetic, plan, rates) + steps * each


def _product_rate(device: str, precision: str, plan: Plan, rates: Rates) -> float:
    """FLOP/s that products reach on a device, as measured, else as usual."""
    kind = device.partition(":")[0]
    measured = rates.get(("cpu:0" if kind == "cpu" else device, precision))
    if measured is not None:
        return measured
    ceiling = device_ceiling(plan.context.fingerprint, device, precision)
    if ceiling is None or not ceiling.of_device:
        return 5e10 * plan.threads
    return ceiling.flop_per_second * _SHARE_OF_CEILING.get(kind, 0.5)


def start_seconds(frameworks: list[str], cores: int) -> float:
    """New workers import side by side: no sooner than the slowest, nor than the cores can do them all."""
    each = [_IMPORT_SECONDS.get(framework, 2.0) for framework in frameworks]
    return max([*each, sum(each) / max(1, cores)], default=0.0)


class Evidence(NamedTuple):
    """Something that was timed."""

    path: Path
    expected_seconds: float
    seconds: float
    weight: float = 1.0
    apart: bool = False
    """It tells of nothing beyond its own workload, the second of the path."""


@dataclass
class _Sum:
    weight: float = 0.0
    logarithm: float = 0.0


class Experience:
    """How much longer than expected things took in this run; of what was not seen yet, things like it.

    The logarithm of the ratio is estimated level by level of the path, each level drawn towards the one above
    by a prior that weighs a third of an observation (normal means and prior: Efron and Morris, 1975);
    at the top stands what was expected.
    """

    _PRIOR_WEIGHT = 0.3
    _MOST_RATIO = math.log(5)

    def __init__(self) -> None:
        self._sums: dict[Path, _Sum] = {}

    def add(self, seen: Evidence, sign: int = 1) -> None:
        """Take it into account, or back.

        What is very short says less of others than of itself, and so does what is out of all proportion.
        """
        if seen.expected_seconds <= 0 or seen.seconds <= 0:
            return
        path, ratio = seen.path, math.log(seen.seconds / seen.expected_seconds)
        of_others = min(max(ratio, -self._MOST_RATIO), self._MOST_RATIO)
        elsewhere = min(1.0, seen.expected_seconds / _TELLING_SECONDS)
        for depth in range(2 if seen.apart else 0, len(path) + 1):
            known = self._sums.setdefault(path[:depth], _Sum())
            share = sign * seen.weight * (1.0 if depth == len(path) else elsewhere)
            known.weight += share
            known.logarithm += share * (ratio if depth == len(path) else of_others)

    def seconds(self, path: Path, expected_seconds: float) -> float:
        """What something is to take, by what was expected and by experience."""
        estimate = 0.0
        for depth in range(len(path) + 1):
            known = self._sums.get(path[:depth])
            if known is not None:
                estimate = (known.logarithm + self._PRIOR_WEIGHT * estimate) / (
                    known.weight + self._PRIOR_WEIGHT
                )
        return expected_seconds * math.exp(estimate)
