"""Worker samples into the ordinary fixture: a clock that advances by just what the worker measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from pytest_benchmark.stats import Metadata


class ReplayClock:
    """A timer for pytest-benchmark that stands still until told.

    It starts each round from 0, so that the difference of two readings is the sample to the last bit.
    """

    __name__ = "replayed_worker_clock"

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """The reading, in seconds."""
        return self.seconds

    def rewind(self) -> None:
        """Go back to 0 before a round."""
        self.seconds = 0.0


def replay_samples(benchmark: BenchmarkFixture, clock: ReplayClock, samples: Sequence[float]) -> None:
    """Make the samples (seconds) the rounds of a benchmark whose timer is ``clock``."""
    coming = iter(samples)

    def advance() -> None:
        clock.seconds = next(coming)

    benchmark.pedantic(advance, setup=clock.rewind, rounds=len(samples), iterations=1)


def use_without_samples(benchmark: BenchmarkFixture) -> None:
    """Tell the fixture that the cell gave no samples, so that it neither warns nor records."""
    benchmark.disabled = True
    benchmark.pedantic(lambda: None)


def without_a_test(
    item: pytest.Item,
    group: str,
    samples: Sequence[float],
    extra_info: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Metadata:
    """pytest-benchmark's record of samples (seconds) whose test had no time to replay them."""
    callspec = getattr(item, "callspec", None)
    fixture = SimpleNamespace(
        name=item.name,
        fullname=item.nodeid,
        group=group,
        param=callspec and callspec.id,
        params=callspec and callspec.params,
        extra_info=dict(extra_info),
        cprofile_stats=None,
        has_error=False,
    )
    made = Metadata(fixture, iterations=1, options=dict(options))
    for seconds in samples:
        made.stats.update(seconds)
    return made
