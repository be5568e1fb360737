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


ASV_FACTOR = 1.1
"""``--factor`` of ``asv compare`` and ``asv continuous``."""
ASV_SIGNIFICANCE = 0.002


def asv(base: Sequence[float], other: Sequence[float]) -> Word:
    """``asv compare``: medians more than a factor of 1.1 apart, and the samples significantly different.

    Significant (``is_different`` of airspeed-velocity/asv, asv/_stats.py): a two-sided Mann-Whitney U test
    below 0.002, exact up to twenty samples a side and by the normal approximation beyond. With so few that no
    p-value could be, asv looks whether 99 % intervals overlap; here they are taken to.
    """
    medians = statistics.median(base), statistics.median(other)
    if max(medians) <= ASV_FACTOR * min(medians):
        return "not different"
    if 1.0 / math.comb(len(base) + len(other), len(base)) >= ASV_SIGNIFICANCE:
        return "not different"
    exact = max(len(base), len(other)) <= 20
    how = {"method": "exact"} if exact else {"method": "asymptotic", "use_continuity": False}
    p_value = stats.mannwhitneyu(base, other, alternative="two-sided", **how).pvalue
    return _direction(base, other, statistics.median) if p_value < ASV_SIGNIFICANCE else "not different"


NVBENCH_GAP = 0.005
"""``clear_gap_relative`` of nvbench's default preset."""


def nvbench(base: Sequence[float], other: Sequence[float]) -> Word:
    """The robust compare of nvbench: the samples from the least to the third quartile don't meet.

    As in NVIDIA/nvbench, python/scripts/nvbench_compare_robust.py, preset *default*: the gap between the two
    stretches must be at least 0.5 % of the lower one's end, whose quartiles are the samples of the nearest
    rank. The tool asks that the same holds in cycles of the GPU's clock and is undecided without them; a
    processor's clock is in no file, and is taken to have stood still.
    """
    (low, high), (other_low, other_high) = _to_third_quartile(base), _to_third_quartile(other)
    if other_high < low and (low - other_high) / other_high >= NVBENCH_GAP:
        return "faster"
    return "slower" if other_low > high and (other_low - high) / high >= NVBENCH_GAP else "not different"


def _to_third_quartile(samples: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(samples)
    return ordered[0], ordered[(75 * (len(ordered) - 1) + 50) // 100]


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
        "asv, factor 1.1 and U test": asv,
        "nvbench, robust compare": nvbench,
    }
)
"""The published rules of other tools, by tool and rule."""
