"""Which candidates for the floor go on: those that are far from the fastest get a few rounds."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

TRIED_ROUNDS = 3
"""Warm rounds that every candidate gets."""

NEAR = 1.5
"""Candidates whose median in these rounds is within this factor of the fastest one's go on."""


def far_from_the_fastest(seconds: Mapping[str, Sequence[float]]) -> list[str]:
    """Candidates that need no further round, by the warm samples of all that are still measured.

    Nobody is far before all have had their rounds: the fastest may be the last one to be tried.
    """
    if not seconds or min(map(len, seconds.values())) < TRIED_ROUNDS:
        return []
    tried = {name: statistics.median(samples[:TRIED_ROUNDS]) for name, samples in seconds.items()}
    best = min(tried.values())
    return [name for name, median in tried.items() if median > NEAR * best]
