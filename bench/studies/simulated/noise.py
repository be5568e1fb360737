"""Made-up times with the noise of shared machines, and windows of recorded ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from likeforlike.bench.studies.staging.account import StudyFailed

Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
"""Of a number of rounds: logarithms of the times of two cells that do the same."""

BURST_BEGINS, BURST_GOES_ON = 0.04, 0.5
"""Chance in each round that a neighbour begins, and that it stays for the next: two rounds on average."""

LEAST_RECORDED = 60
"""Samples that a recorded cell must have: two windows of thirty rounds."""


def quiet(draw: np.random.Generator, rounds: int, spread: float = 0.03) -> np.ndarray:
    """Log-normal times: logarithms with this standard deviation."""
    return draw.normal(0.0, spread, rounds)


def outliers(draw: np.random.Generator, rounds: int) -> np.ndarray:
    """Eight samples in a hundred take 1.1 to 2 times as long, the others not."""
    hit = draw.random(rounds) < 0.08
    return np.asarray(np.where(hit, np.log(draw.uniform(1.1, 2.0, rounds)), 0.0))


def bursts(draw: np.random.Generator, rounds: int, goes_on: float = BURST_GOES_ON) -> np.ndarray:
    """A neighbour that comes for some rounds on end and makes them 5 to 30 % slower."""
    share = BURST_BEGINS / (BURST_BEGINS + 1.0 - goes_on)  # of all rounds, in the long run
    chances = draw.random(rounds + 1)
    busy = np.zeros(rounds, dtype=bool)
    there = chances[rounds] < share
    for number in range(rounds):
        there = chances[number] < (goes_on if there else BURST_BEGINS)
        busy[number] = there
    return np.where(busy, np.log(draw.uniform(1.05, 1.3)), 0.0)


def drift(draw: np.random.Generator, rounds: int) -> np.ndarray:
    """A machine that slows down and recovers at random, by some 30 % over the file."""
    return np.asarray(np.cumsum(draw.normal(0.0, 0.3 / np.sqrt(rounds), rounds)))


def realistic(draw: np.random.Generator, rounds: int) -> np.ndarray:
    """Log-normal times with outliers and bursts."""
    return np.asarray(quiet(draw, rounds) + outliers(draw, rounds) + bursts(draw, rounds))


def restless(draw: np.random.Generator, rounds: int) -> np.ndarray:
    """The same with 10 % spread, which no threshold of 2 % hides."""
    return np.asarray(quiet(draw, rounds, 0.10) + outliers(draw, rounds) + bursts(draw, rounds))


def independent(draw: np.random.Generator, rounds: int) -> np.ndarray:
    """Log-normal times with outliers, each round apart from the others."""
    return np.asarray(quiet(draw, rounds) + outliers(draw, rounds))


def two_levels(draw: np.random.Generator, rounds: int) -> np.ndarray:
    """Half of the samples 20 % slower, as by two clock rates."""
    return np.asarray(quiet(draw, rounds, 0.02) + np.log(1.2) * (draw.random(rounds) < 0.5))


def alone(one: Callable[[np.random.Generator, int], np.ndarray]) -> Draw:
    """Two files measured apart: nothing is shared."""
    return lambda draw, rounds: (one(draw, rounds), one(draw, rounds))


def together(one: Callable[[np.random.Generator, int], np.ndarray]) -> Draw:
    """Two cells in the same rounds: drift and bursts hit both, spread and outliers each."""

    def pair(draw: np.random.Generator, rounds: int) -> tuple[np.ndarray, np.ndarray]:
        both = drift(draw, rounds) + bursts(draw, rounds)
        return one(draw, rounds) + both, one(draw, rounds) + both

    return pair


INDEPENDENT, BURSTS = "3 % spread, outliers", "3 % spread, outliers, bursts"
TWO_LEVELS = "two levels 20 % apart"

UNPAIRED: Mapping[str, Draw] = MappingProxyType(
    {
        INDEPENDENT: alone(independent),
        BURSTS: alone(realistic),
        "10 % spread, outliers, bursts": alone(restless),
        TWO_LEVELS: alone(two_levels),
    }
)
"""Two files of independent rounds, but for bursts of two rounds on average."""

PAIRED: Mapping[str, Draw] = MappingProxyType(
    {
        "3 % spread, outliers, on a drifting machine": together(independent),
        "10 % spread, outliers, on a drifting machine": together(
            lambda d, n: quiet(d, n, 0.1) + outliers(d, n)
        ),
    }
)
"""Rounds in which both take turns."""

BEYOND: Mapping[str, Draw] = MappingProxyType(
    {
        "bursts of ten rounds on average": alone(lambda d, n: quiet(d, n) + bursts(d, n, 0.9)),
        "a machine that drifts by 30 % within each file": alone(lambda d, n: quiet(d, n) + drift(d, n)),
    }
)
"""Noise that lasts as long as a file: no number of rounds shows it."""


def recorded(paths: Sequence[Path], shuffled: bool) -> Draw:
    """Two windows of one recorded cell's samples, drawn at random among all cells that have sixty.

    Neighbouring windows, so that what lasted is in them, or of shuffled samples, which are independent.
    Raises StudyFailed for a file that isn't pytest-benchmark's, or if none has such a cell.
    """
    cells = [cell for path in paths for cell in _recorded_cells(path)]
    if not cells:
        raise StudyFailed(f"--recorded: no cell with {LEAST_RECORDED} samples or more in {paths[0]}")

    def windows(draw: np.random.Generator, rounds: int) -> tuple[np.ndarray, np.ndarray]:
        samples = cells[draw.integers(len(cells))]
        if shuffled:
            samples = draw.permutation(samples)
        start = int(draw.integers(samples.size - 2 * rounds + 1))
        return samples[start : start + rounds], samples[start + rounds : start + 2 * rounds]

    return windows


def _recorded_cells(path: Path) -> list[np.ndarray]:
    try:
        content: Any = json.loads(path.read_bytes())
        found = [entry["stats"].get("data") or [] for entry in content["benchmarks"]]
        samples = [np.asarray(data, dtype=float) for data in found if len(data) >= LEAST_RECORDED]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        told = f"--recorded {path}: expected a result file of pytest-benchmark ({error})"
        raise StudyFailed(told) from error
    return [np.log(times) for times in samples if times.min() > 0.0]
