"""One candidate for the floor: a library's products of a training run, which no trainer can do without.

No candidate is chosen beforehand. Each is a cell that takes turns with the trainers, and the floor of a round
is the fastest candidate of that round. A candidate itself tries every layout in every turn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused, refuse_precision
from likeforlike.models.contract.training.trainer import Between, Parameters, Phases, Run
from likeforlike.models.contract.workload import Verification
from likeforlike.models.loops.floors import ways
from likeforlike.models.tasks.mlp.floors.layouts import LAYOUTS, Layout

TOLERANCES = {"float32": 1e-4, "float64": 1e-10, "tf32": 1e-2}

Pass = Callable[[], Sequence[Any]]
"""All batches once; the last batch's gradients in the layout's order, done when it returns."""


@dataclass(frozen=True)
class Job:
    """Batches in the data's own order, the last one smaller if the recipe keeps it."""

    images: np.ndarray
    hidden_kernel: np.ndarray
    output_kernel: np.ndarray
    batch_size: int
    keep: bool
    device: str
    tf32: bool

    @property
    def whole(self) -> int:
        """Whole batches."""
        return len(self.images) // self.batch_size

    @property
    def rest(self) -> slice | None:
        """Rows of the last, smaller batch, if there is one to multiply."""
        rows = self.whole * self.batch_size
        return slice(rows, None) if self.keep and rows < len(self.images) else None

    def laid_out(self, layout: Layout) -> tuple[np.ndarray, ...]:
        """The kernels as a layout has them."""
        return layout.laid_out(self.hidden_kernel, self.output_kernel)


@dataclass(frozen=True)
class Way(ways.Way):
    """One way in which a candidate does its products."""

    layout: Layout


def make_job(recipe: Recipe, images: np.ndarray, device: str, initial: Parameters | None = None) -> Job:
    """The products of a recipe over these images; kernels of its own where none are given."""
    dtype = np.dtype("float64" if recipe.precision == "float64" else "float32")
    generator = np.random.default_rng(recipe.seed)
    first = generator.uniform(-0.05, 0.05, (784, 512)) if initial is None else initial.hidden_kernel
    second = generator.uniform(-0.05, 0.05, (512, 10)) if initial is None else initial.output_kernel
    pixels, hidden, output = (np.ascontiguousarray(array, dtype) for array in (images, first, second))
    keep = recipe.remainder == "keep"
    return Job(pixels, hidden, output, recipe.batch_size, keep, device, recipe.precision == "tf32")


class Floor(ABC):
    """Timed like a trainer, with no loss and no accuracy.

    Of the recipe it takes what shapes the products: batch size, remainder, epochs, precision. The rest
    is work that a trainer adds to them.
    """

    name: ClassVar[str]
    library: ClassVar[str]

    def __init__(self, run: Run) -> None:
        refuse(self.name, run.recipe, run.device)
        self.run = run
        job = make_job(run.recipe, run.data.train_images, run.device, run.initial)
        self.ways = ways.Ways(self.ways_of(job), run.clock)
        few = np.resize(run.data.train_images[:1], (run.recipe.batch_size, 784))
        self.wake = self.ways_of(replace(job, images=few.astype(job.images.dtype)))[0].once

    @classmethod
    @abstractmethod
    def ways_of(cls, job: Job) -> tuple[Way, ...]:
        """The ways in which the library does these products; the one for a quick wake-up first."""

    @property
    def terms(self) -> Mapping[str, object]:
        """The library, and the median microseconds a batch of every way that was timed."""
        batches = self.run.recipe.steps(len(self.run.data.train_images))
        return {
            "execution": "matrix products alone",
            "library": self.library,
            **self.ways.told(batches),
            "products_per_batch": 5,
            "shuffle": "none",
            "residence": "on the device",
            "remainder": self.run.recipe.remainder,
        }

    def train(self, between: Between) -> None:
        """Multiply for the recipe's epochs; the seconds of an epoch are those of the fastest way in it."""
        for number in range(1, self.run.recipe.epochs + 1):
            phases = Phases(self.run.clock)
            phases.seconds["train"] = self.ways.turn(number)
            if not between(phases.epoch(number, None, None)):
                break

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Softmax of the two forward products, by NumPy; the library's own threads are woken first."""
        self.wake()
        initial = self.run.initial
        powers = np.exp((images @ initial.hidden_kernel) @ initial.output_kernel)
        return powers / powers.sum(axis=1, keepdims=True)

    def parameters(self) -> Parameters:
        """The weights it was given: nothing learns."""
        return self.run.initial

    @classmethod
    def verify(cls, recipe: Recipe, device: str) -> Verification:
        """The products of every way against NumPy in float64, with a last smaller batch and without."""
        refuse(cls.name, recipe, device)
        images = np.random.default_rng(1).random((2 * recipe.batch_size + (recipe.batch_size + 1) // 2, 784))
        errors = []
        for keep in (True, False):
            job = replace(make_job(recipe, images, device), keep=keep)
            truths = exact_gradients(job)
            for way in cls.ways_of(job):
                found = way.layout.gathered([_host(array) for array in way.once()])
                for answer, truth in zip(found, truths, strict=True):
                    errors.append(float(np.abs(answer - truth).max() / np.abs(truth).max()))
        return Verification(max(errors), TOLERANCES[recipe.precision])


def exact_gradients(job: Job) -> tuple[np.ndarray, np.ndarray]:
    """What the last batch must give, in float64: [784, 512] and [512, 10]."""
    rows = job.rest or slice((job.whole - 1) * job.batch_size, job.whole * job.batch_size)
    batch, first, second = (
        array.astype(np.float64) for array in (job.images[rows], job.hidden_kernel, job.output_kernel)
    )
    hidden = batch @ first
    logits = hidden @ second
    return batch.T @ (logits @ second.T), hidden.T @ logits


def every_layout(build: Callable[[Job, Layout], Pass], job: Job, how: str = "") -> tuple[Way, ...]:
    """A way for each layout; ``how`` stands before its name where a library has several for each."""
    return tuple(
        Way(f"{how}, {layout.name}" if how else layout.name, build(job, layout), layout) for layout in LAYOUTS
    )


def refuse(name: str, recipe: Recipe, device: str) -> None:
    """Raise :class:`RecipeRefused` for what products alone can't do."""
    if recipe.execution != "default":
        raise RecipeRefused(name, "execution", recipe.execution, "products alone have no other way to run")
    refuse_precision(name, recipe, device)


def _host(array: Any) -> np.ndarray:
    return np.asarray(array.cpu() if hasattr(array, "detach") else array)  # PyTorch's alone must be told
