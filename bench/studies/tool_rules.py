"""The rules by which benchmark tools call two sets of samples different, ours among them, as pure functions.

Each takes the times of the base and of the other, and says what has become of the other.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from scipy import stats

from likeforlike.reports.statistics.ratios import paired_ratio
from likeforlike.reports.statistics.verdicts import verdict

Word = Literal["faster", "slower", "not different"]
Rule = Callable[[Sequence[float], Sequence[float]], Word]

SIGNIFICANCE = 0.05
"""Both pyperf's (a confidence of 0.95) and google/benchmark's default."""
MEAN_CHANGE = 0.05
"""``--benchmark-compare-fail=mean:5%``, the example of pytest-benchmark's documentation."""


def likeforlike(
    base: Sequence[float], other: Sequence[float], noise_interval: tuple[float, float] | None = None
) -> Word:
    """Median of paired ratios with its interval; samples must be pairs.

    The threshold is 2 %, or the noise of an A/A pair measured beside them, whichever is larger.
    """
    word = verdict(paired_ratio(base, other), noise_interval).word
    return word if word in ("faster", "slower") else "not different"


def pytest_benchmark(base: Sequence[float], other: Sequence[float]) -> Word:
    """``--benchmark-compare-fail=mean:5%``: the other's mean is more than 5 % above the base's.

    The tool looks for slower only. ``faster`` here is what it says when the two are exchanged.
    """
    first, second = statistics.fmean(base), statistics.fmean(other)
    if second / first - 1 > MEAN_CHANGE:
        return "slower"
    return "faster" if first / second - 1 > MEAN_CHANGE else "not different"


def pyperf(base: Sequence[float], other: Sequence[float]) -> Word:
    """``pyperf compare_to``: Student's t-test of two samples, two-tailed, pooled variance."""
    significant = stats.ttest_ind(base, other, equal_var=True).pvalue <= SIGNIFICANCE
    return _direction(base, other) if significant else "not different"


def google_benchmark(base: Sequence[float], other: Sequence[float]) -> Word:
    """``compare.py`` of google/benchmark: the Mann-Whitney U test, two-sided."""
    p_value = stats.mannwhitneyu(base, other, alternative="two-sided").pvalue
    return _direction(base, other, statistics.median) if p_value < SIGNIFICANCE else "not different"


def hyperfine(base: Sequence[float], other: Sequence[float]) -> Word:
    """Hyperfine's summary "x ± y times faster": different where the ratio x of the means is beyond 1 + y.

    y is one standard deviation of the ratio: x √((s₁/m₁)² + (s₂/m₂)²), of the slower over the faster.
    """
    relative = [statistics.stdev(samples) / statistics.fmean(samples) for samples in (base, other)]
    means = statistics.fmean(base), statistics.fmean(other)
    ratio = max(means) / min(means)
    return _direction(base, other) if ratio - ratio * math.hypot(*relative) > 1 else "not different"


def _direction(
    base: Sequence[float],
    other: Sequence[float],
    centre: Callable[[Sequence[float]], float] = statistics.fmean,
) -> Word:
    return "slower" if centre(other) > centre(base) else "faster"


OURS = "likeforlike"
PEERS: Mapping[str, Rule] = MappingProxyType(
    {
        "pytest-benchmark, mean:5%": pytest_benchmark,
        "pyperf, t-test": pyperf,
        "google/benchmark, Mann-Whitney U": google_benchmark,
        "hyperfine, one standard deviation": hyperfine,
    }
)
"""The published rules of other tools, by tool and rule."""
