"""Presets: how large a grid is and how long each of its cells may take.

What a preset measures of a kernel, its sizes and so on, is in the kernel's own declaration.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """What a run measures unless the command line says otherwise."""

    trainers: tuple[str, ...]
    recipes: tuple[str, ...]
    matched_epochs: int
    published_epochs: int
    """Epochs of the notebook's own two recipes."""
    min_rounds: int
    max_seconds: float
    """A cell's time for warm rounds, turns included; ``--benchmark-max-time`` overrides it. Each launch after
    the third has a third of it besides."""
    precision: float | None
    confidence: float
    cell_timeout_seconds: float
    samples: tuple[int, int]
    """Training and validation images, generated or the first of Fashion-MNIST."""
    data: str = "auto"
    floors: bool = True
    """Whether the workload's floors take turns with trainers on equal terms."""
    absent_gpu: bool = True
    """Whether a machine without a GPU is told of the cells that it misses."""
    launches: tuple[int, int] = (1, 1)
    """Sets of fresh processes in which each group of kernels is measured: at least, and at most."""
    runs: int = 1
    """Whole trainings, each with a further seed: a training's launches."""
    twins: bool = True
    """Whether a copy of one entrant is measured beside it, for each workload and device."""
    patience_seconds: float = 60.0
    """How long a run waits for other programs to pause, and half of its time besides; 0: not at all."""
    training_twin: str = "tf-epoch"
    """The trainer whose copy is measured, if it is among the entrants: a quick one."""


_TRAINERS = (
    "keras-fit",
    "eager-loop",
    "graph-loop",
    "tf-epoch",
    "torch-loop",
    "jax-scan",
)

PRESETS = {
    "smoke": Preset(
        trainers=("keras-fit", "eager-loop"),
        recipes=("matched",),
        matched_epochs=3,
        published_epochs=2,
        min_rounds=6,
        max_seconds=0.2,
        precision=0.05,
        confidence=0.95,
        cell_timeout_seconds=120.0,
        samples=(2000, 500),
        data="synthetic",
        floors=False,
        absent_gpu=False,
        twins=False,
        patience_seconds=0.0,
    ),
    "quick": Preset(
        trainers=_TRAINERS,
        recipes=("keras-2020", "manual-2020", "matched"),
        matched_epochs=4,
        published_epochs=2,
        min_rounds=10,
        max_seconds=1.0,
        precision=0.02,
        confidence=0.95,
        cell_timeout_seconds=1800.0,
        samples=(10000, 10000),
        launches=(3, 3),
        runs=2,
    ),
    "published": Preset(
        trainers=("keras-fit", "eager-loop"),
        recipes=("keras-2020", "manual-2020", "matched"),
        matched_epochs=20,  # well past the epoch of least validation loss
        published_epochs=70,
        min_rounds=10,
        max_seconds=0.0,
        precision=None,
        confidence=0.95,
        cell_timeout_seconds=6 * 3600.0,
        samples=(60000, 10000),
        floors=False,
        launches=(5, 5),
        runs=5,
    ),
}
