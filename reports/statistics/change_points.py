"""Where a series has stepped: E-divisive's places, Student's tests, and what they owe to having searched.

A series are logs of times, one a run, in the order of commits. Where a step may be is found as E-divisive
finds it (Matteson and James 2014, doi:10.1080/01621459.2013.849605): the split at which the energy distance
between what lies before and what lies after is largest, again in each part. Whether it is one is decided as
Hunter does it (Fleming et al. 2023, doi:10.1145/3578244.3583719): weak places are collected by a lenient
Student's test, then the weakest is taken back again and again until all that are left are sure.

Beyond Hunter, whose limit is a bare p-value of 0.001: the p-value is multiplied by the number of places that
were searched, runs that follow each other count for less the more they resemble each other, a part has at
least :data:`LEAST_RUNS` runs, lone outliers are set aside, and what is smaller than a threshold is no step.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special

from likeforlike.reports.statistics.moderated_variance import Spread, moderated

LEAST_RUNS = 3
"""Of a part, before or after a step: fewer can't be told from outliers."""

LEVEL = 0.05
"""Largest p-value of a step, after the search for its place is paid for."""

LENIENT = 10.0
"""So many times the level is the limit for places that are looked at again (Hunter's factor)."""

OUTLYING = 6.0
"""A lone run so many robust standard deviations off its neighbours is set aside."""

COMES_BACK = 0.5
"""An outlier is as far from what follows as from what was before it, up to this share."""
NEIGHBOURS = 3
"""Runs at either side that an outlier is held against: what lasts longer is none."""

WILD = 4.0
"""A part whose variance is so many times what it should be counts with its own."""

MOST_LAGS = 8
"""Runs further apart are taken to have nothing to do with each other."""

MOST_INFLATION = 20.0
"""Of the variance of means because runs resemble the ones before."""

_MAD_TO_SIGMA = 1.4826
_ITERATIONS = 12
_LIKELY = 6.635
"""99 % of a chi-square variable with one degree of freedom lie below."""


@dataclass(frozen=True)
class Step:
    """A lasting change: between the runs before ``position`` and those from it on."""

    position: int
    """Of the first value after it."""
    earliest: int
    """Where it may lie, too, by the likelihood (99 %): the earliest position,"""
    latest: int
    """and the latest."""
    log_ratio: float
    """Mean after less mean before, up to the next step."""
    low: float
    high: float
    """Its interval, 95 %."""
    p_value: float
    """Times the number of places where it might have been found."""


@dataclass(frozen=True)
class Segmented:
    """A series with its steps, the parts between them, and what was set aside."""

    steps: tuple[Step, ...]
    levels: tuple[float, ...]
    """Mean of each part, one more than there are steps."""
    outliers: frozenset[int]
    least_p_value: float
    """Of the best place, step or none; 1 where there is no place for any."""


@dataclass(frozen=True)
class Rule:
    """What a step must show."""

    level: float = LEVEL
    threshold: float = 0.0
    """Least size of the log of its ratio."""
    pays_for_search: bool = True
    counts_likeness: bool = True
    drops_outliers: bool = True
    borrows: bool = True
    """Whether the variance is moved towards that of other series."""


HUNTER = Rule(level=0.001, pays_for_search=False, counts_likeness=False, borrows=False)
"""Hunter's own limit."""

PLAIN_ERRORS = 5.8
"""A step of so many standard errors is plain: weaker ones may be the drift that is to be seen."""


@dataclass(frozen=True)
class Noise:
    """What a series shows besides its steps."""

    variance: float
    freedom: float
    """Degrees of freedom of the variance, were its runs independent."""
    runs: int
    correlations: np.ndarray
    """Of runs with those 1 to :data:`MOST_LAGS` later; NaN where there are too few runs. In short series they
    are too low, which :func:`inflation_of` mends."""


def find_steps(
    values: Sequence[float] | np.ndarray,
    rule: Rule = Rule(),
    places: Collection[int] | None = None,
    inflation: float | None = None,
    spread: Spread | None = None,
) -> Segmented:
    """The steps of a series of logs in order.

    ``places``: the only positions at which a step may begin, such as the first run of each commit; all
    where None. ``inflation``: of the variance of means, because runs resemble the ones before; that of
    :func:`inflation_of` where None. ``spread``: what other series of the kind show of the variance, towards
    which this one's is moved. Raises ValueError for a value that is not finite.
    """
    series = np.asarray(values, dtype=float)
    if series.size and not np.isfinite(series).all():
        raise ValueError("a series of logs must be finite")
    set_aside = outliers(series) if rule.drops_outliers else frozenset()
    kept = np.array([i for i in range(series.size) if i not in set_aside], dtype=int)
    wanted = set(range(series.size)) if places is None else set(places)
    allowed = _allowed(kept, wanted)
    if not rule.counts_likeness:
        inflation = 1.0
    elif inflation is None:
        inflation = inflation_of(noise_of(series, places).correlations, kept.size)
    search = _Search(series[kept], allowed, rule, inflation, spread)
    found, least = search.run()
    steps = tuple(search.step(found, n, kept) for n in range(len(found)))
    bounds = [0, *found, kept.size]
    levels = tuple(float(search.values[a:b].mean()) if b > a else 0.0 for a, b in pairwise(bounds))
    return Segmented(steps, levels, set_aside, least)


def outliers(series: np.ndarray) -> frozenset[int]:
    """One or two values far off the median of their neighbours, and off the values right beside them.

    Hampel's filter, by one standard for the whole series, or by how far runs lie from the next where that is
    more: of few runs many are their own median. The last run before a step is like the one before, and the
    first behind one is nearer to what follows than to what was before: a spike comes back.
    """
    near = [series[max(n - NEIGHBOURS, 0) : n + NEIGHBOURS + 1] for n in range(series.size)]
    rest = np.abs(series - np.array([np.median(values) for values in near]))
    if series.size <= LEAST_RUNS:
        return frozenset()
    to_the_next = float(np.median(np.abs(np.diff(series)))) / math.sqrt(2.0)
    limit = OUTLYING * _MAD_TO_SIGMA * max(float(np.median(rest)), to_the_next)
    if limit <= 0.0:
        return frozenset()
    found: set[int] = set()
    for count in range(1, LEAST_RUNS):
        for start in range(series.size - count + 1):
            stop = start + count
            beside = [n for n in (start - 1, stop) if 0 <= n < series.size]
            apart = [min(abs(series[n] - series[other]) for n in range(start, stop)) for other in beside]
            comes_back = min(apart) > COMES_BACK * max(apart)
            if rest[start:stop].min() > limit and min(apart) > limit and comes_back:
                found |= set(range(start, stop))
    return frozenset(found)


def noise_of(values: Sequence[float] | np.ndarray, places: Collection[int] | None = None) -> Noise:
    """What a series shows of its noise between plain steps."""
    level = 2.0 * float(special.stdtr(max(len(values) - 2.0, 1.0), -PLAIN_ERRORS))
    plain = Rule(level, pays_for_search=False, counts_likeness=False, borrows=False)
    found = find_steps(values, plain, places)
    kept = [n for n in range(len(values)) if n not in found.outliers]
    series = np.asarray(values, dtype=float)[kept]
    bounds = [0, *(kept.index(step.position) for step in found.steps), series.size]
    rest = np.concatenate([series[a:b] - series[a:b].mean() for a, b in pairwise(bounds) if b > a] or [[]])
    square = float((rest**2).mean()) if rest.size else 0.0
    correlated = np.full(MOST_LAGS, np.nan)
    for lag in range(1, min(MOST_LAGS, rest.size // 3) + 1):
        correlated[lag - 1] = float((rest[lag:] * rest[:-lag]).mean()) / square if square > 0.0 else 0.0
    freedom = rest.size - len(found.steps) - 1.0
    return Noise(square * rest.size / max(freedom, 1.0), freedom, rest.size, correlated)


def inflation_of(correlated: np.ndarray, runs: float) -> float:
    """How many times larger the variance of a mean is than that of so many independent runs; 1 at least.

    One and twice the sum of the correlations up to the first that is none (Geyer 1992). Taking the mean from
    n runs lowers every autocovariance by the variance of that mean, which is what is sought: by iteration.
    """
    known = correlated[~np.isnan(correlated)]
    lags = min(known.size, max(int(runs // 4), 1))
    inflation = 1.0
    for _ in range(_ITERATIONS):
        lost = min(inflation / max(runs, 1.0), 0.5)
        mended = known[:lags] * (1.0 - lost) + lost
        until = int(np.argmax(mended <= 0.0)) if (mended <= 0.0).any() else lags
        inflation = min(1.0 + 2.0 * float(mended[:until].sum()), MOST_INFLATION)
    return inflation


def _allowed(kept: np.ndarray, wanted: set[int]) -> list[int]:
    """Positions among the kept at which a step may begin: those with a wanted one since the kept before."""
    return [
        n
        for n in range(1, kept.size)
        if any(position in wanted for position in range(kept[n - 1] + 1, kept[n] + 1))
    ]


def energies(values: np.ndarray, start: int, end: int) -> Iterator[tuple[int, int, float]]:
    """Q of every split of ``values[start:end]``: (first after the split, end of what lies after it, Q).

    Q is m n / (m + n) times the energy distance of exponent 1 between the m values before and the n after.
    """
    part = values[start:end]
    count = part.size
    sums = np.zeros((count + 1, count + 1))
    sums[1:, 1:] = np.abs(part[:, None] - part[None, :]).cumsum(0).cumsum(1)
    for split in range(LEAST_RUNS, count - LEAST_RUNS + 1):
        inside = sums[split, split] / 2.0
        ends = np.arange(split + LEAST_RUNS, count + 1)
        before, after = float(split), (ends - split).astype(float)
        across = sums[split, ends] - sums[split, split]
        later = (sums[ends, ends] - sums[split, ends] - sums[ends, split] + sums[split, split]) / 2.0
        distance = (
            2.0 * across / (before * after)
            - inside / (before * (before - 1.0) / 2.0)
            - later / (after * (after - 1.0) / 2.0)
        )
        weighed = before * after / (before + after) * distance
        best = int(np.argmax(weighed))
        yield start + split, start + int(ends[best]), float(weighed[best])


class _Search:
    """One series, searched."""

    def __init__(
        self,
        values: np.ndarray,
        allowed: Sequence[int],
        rule: Rule,
        inflation: float,
        spread: Spread | None,
    ) -> None:
        self.values = values
        self.allowed = allowed
        self.rule = rule
        self.inflation = inflation
        self.spread = spread

    def run(self) -> tuple[list[int], float]:
        """The positions of the steps, and the least p-value of any place."""
        weak: list[int] = []
        least = self._split(0, self.values.size, weak)
        return self._merge(sorted(set(weak))), least

    def _split(self, start: int, end: int, weak: list[int]) -> float:
        """Collect weak places of a part, and its own parts' (Hunter's splitting); the first one's p-value."""
        places = set(self.allowed)
        candidates = [found for found in energies(self.values, start, end) if found[0] in places]
        if not candidates:
            return 1.0
        split, until, _ = max(candidates, key=lambda found: found[2])
        p_value = min(self._p_value(start, split, stop) for stop in {until, end})
        if p_value > min(self.rule.level * LENIENT, 0.5):
            return p_value
        weak.append(split)
        self._split(start, split, weak)
        self._split(split, end, weak)
        return p_value

    def _merge(self, found: list[int]) -> list[int]:
        """Take back the weakest place, again and again, until all are sure and large enough."""
        while found:
            bounds = [0, *found, self.values.size]
            worst, strength = 0, (-1.0, 0.0)
            for n in range(len(found)):
                start, split, end = bounds[n : n + 3]
                p_value = self._p_value(start, split, end)
                size = abs(self._difference(start, split, end))
                weakness = (p_value, -size) if p_value > self.rule.level else (0.0, -size)
                if size > self.rule.threshold and p_value <= self.rule.level:
                    continue
                if weakness > strength:
                    worst, strength = n, weakness
            if strength[0] < 0.0:
                return found
            del found[worst]
        return found

    def _difference(self, start: int, split: int, end: int) -> float:
        return float(self.values[split:end].mean() - self.values[start:split].mean())

    def _error(self, start: int, split: int, end: int) -> tuple[float, float]:
        """Standard error of the difference of two parts' means, and its degrees of freedom.

        Where runs resemble the ones before, fewer count. Few runs tell their variance badly: it is moved
        towards that of other series.
        """
        parts = self.values[start:split], self.values[split:end]
        total = end - start
        squares = [float(((part - part.mean()) ** 2).sum()) for part in parts]
        freedom = max(total / self.inflation - 2.0, 1.0)
        shared, freedom = moderated(sum(squares) / (total - 2.0), freedom, self.spread)
        errors = []
        for part, square in zip(parts, squares, strict=True):
            own = square / (part.size - 1.0)
            wild = own > WILD * shared
            count = part.size / self.inflation
            errors.append(((own if wild else shared) / count, part.size - 1.0 if wild else math.inf))
        known = [d for _, d in errors if math.isfinite(d)]
        error = math.sqrt(sum(square for square, _ in errors))
        return error, min([freedom, *known])

    def _p_value(self, start: int, split: int, end: int) -> float:
        error, freedom = self._error(start, split, end)
        difference = abs(self._difference(start, split, end))
        if difference <= 1e-12:
            return 1.0
        bare = 2.0 * float(special.stdtr(freedom, -difference / error)) if error > 0.0 else 0.0
        return min(bare * self._searched(start, end), 1.0)

    def _searched(self, start: int, end: int) -> int:
        """In how many places a step between two bounds was looked for."""
        if not self.rule.pays_for_search:
            return 1
        least, most = start + LEAST_RUNS, end - LEAST_RUNS
        return max(sum(least <= place <= most for place in self.allowed), 1)

    def step(self, found: Sequence[int], number: int, kept: np.ndarray) -> Step:
        """A step that was found, in positions of the whole series."""
        bounds = [0, *found, self.values.size]
        start, split, end = bounds[number : number + 3]
        difference = self._difference(start, split, end)
        error, freedom = self._error(start, split, end)
        half = float(special.stdtrit(freedom, 0.975)) * error
        earliest, latest = self._likely(start, split, end)
        return Step(
            position=int(kept[split]),
            earliest=int(kept[earliest - 1]) + 1,  # what was set aside may be of either side
            latest=int(kept[latest]),
            log_ratio=difference,
            low=difference - half,
            high=difference + half,
            p_value=self._p_value(start, split, end),
        )

    def _likely(self, start: int, split: int, end: int) -> tuple[int, int]:
        """First and last place at which the step is not much less likely than where it was found."""
        part = self.values[start:end]
        rest: dict[int, float] = {}
        for place in range(2, part.size - 1):
            if start + place in self.allowed or start + place == split:
                before, after = part[:place], part[place:]
                squares = ((before - before.mean()) ** 2).sum() + ((after - after.mean()) ** 2).sum()
                rest[start + place] = float(squares)
        least = min(rest.values(), default=0.0)
        if least <= 0.0:
            return split, split
        within = [p for p, squares in rest.items() if part.size * math.log(squares / least) <= _LIKELY]
        return min([split, *within]), max([split, *within])
