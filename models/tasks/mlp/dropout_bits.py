"""Cheap random bits for dropout: one xorshift32 generator for every two hidden units of a batch row.

Marsaglia, "Xorshift RNGs" (2003): ``x ^= x << 13; x ^= x >> 17; x ^= x << 5``. Each step gives 32 bits,
16 for each of two units; the generators' starting points are drawn by NumPy.
"""

from __future__ import annotations

import numpy as np

HALF_UNITS = 256
LEVELS = 1 << 16


def threshold(rate: float) -> int:
    """16 bits below it drop a unit; the rate is met to within 8 millionths."""
    return round(rate * LEVELS)


def lane_seeds(seed: int, samples: int) -> np.ndarray:
    """Generators for that many rows, uint32 [samples, 256]; never 0, from which xorshift can't move."""
    generator = np.random.default_rng(seed)
    return generator.integers(1, 1 << 32, (samples, HALF_UNITS), dtype=np.uint32)
