"""Does one trainer train as well as another? Accuracies over seeds, and who may be called faster for it.

Accuracies are shares, 0.884 for 88.4 %. A difference is *other minus base*. What is judged is the mean over
seeds on the validation images that both used; other images would add their own chance.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy import special

from likeforlike.reports.statistics.moderated_variance import (
    LEAST_SEEDS,
    SeedScatter,
    Spread,
    joint_freedom,
    moderated,
)
from likeforlike.reports.statistics.rank_tests import LEAST_P_VALUE
from likeforlike.reports.statistics.verdicts import Word, adjusted_p_values

AccuracyWord = Literal["higher", "lower", "same", "unclear"]

MARGIN = 0.005
"""Half a percentage point: accuracies nearer than this are never called different."""

ROUNDING = 1e-9
"""What a difference of two accuracies may be off by itself."""

MOST_SEEDS = 1_000
"""Beyond so many no number of further seeds is named."""

SUPPOSED_IMAGES = 10_000
"""Validation images where their number isn't known: accuracies are printed to a hundredth of a per cent."""

GAP_ERRORS = 2.0
"""Beyond the margin, so many standard errors are allowed before an unsettled gap counts."""


@dataclass(frozen=True)
class AccuracyVerdict:
    """One word on two trainers' accuracies, and what it rests on."""

    word: AccuracyWord
    """Of the other against the base."""
    base: float
    """Mean over the seeds that were compared."""
    other: float
    low: float
    """Interval of the difference; infinite on both sides where nothing is concluded."""
    high: float
    p_value: float
    """Two-sided, of no difference; 1 where nothing is concluded."""
    base_seeds: int
    other_seeds: int
    paired: bool
    """Whether differences were taken seed by seed."""
    margin: float
    images: int
    """Validation images of which the accuracies are shares, given or supposed."""
    reason: str
    further_seeds: int | None = None
    """More seeds of each that would settle an unclear one, if the scatter stays; None where none would."""
    usual_error: float = 0.0
    """Standard error of the difference if seeds scatter as the trainers of the table do; 0 where unknown."""

    @property
    def difference(self) -> float:
        """Other minus base."""
        return self.other - self.base

    @property
    def seeds(self) -> int:
        """Of the side that has fewer."""
        return min(self.base_seeds, self.other_seeds)

    @property
    def has_interval(self) -> bool:
        """Whether there were seeds enough to conclude anything."""
        return math.isfinite(self.low)

    @property
    def beyond_chance(self) -> bool:
        """Whether neither the margin nor chance explains the gap: the draw of the images, or of the seeds.

        Seeds count by the usual scatter, not by the pair's own: who scatters more would be excused by it.
        """
        error = max(_binomial_error(self), self.usual_error)
        return abs(self.difference) > self.margin + GAP_ERRORS * error


@dataclass(frozen=True)
class MeanAccuracy:
    """One trainer's accuracy over seeds."""

    mean: float
    low: float
    """Student's interval of the mean, within 0 and 1; the mean itself on both sides for one seed."""
    high: float
    seeds: int


@dataclass(frozen=True)
class Announcement:
    """Whether a trainer may be called faster, and what there is to say to it."""

    allowed: bool
    reason: str
    """Why not, or what the reader must know beside it; the end of a sentence."""


def mean_accuracy(
    accuracies: Mapping[Any, float],
    images: int | None = None,
    confidence: float = 0.95,
    scatter: SeedScatter | None = None,
) -> MeanAccuracy:
    """Mean over seeds and Student's interval, no narrower than so many validation images can show.

    ``scatter`` of the seeds, where several trainers show it: the variance is moderated towards it (Smyth
    2004). Raises ValueError without a seed, or if an accuracy is no share.
    """
    _check(accuracies, accuracies, images)
    values = np.array(list(accuracies.values()))
    mean = float(values.mean())
    if values.size < LEAST_SEEDS:
        return MeanAccuracy(mean, mean, mean, values.size)
    spread = _Spread.of_sides([values], images or SUPPOSED_IMAGES, scatter.alone if scatter else None)
    arm = spread.half_width(0, confidence)
    return MeanAccuracy(mean, max(mean - arm, 0.0), min(mean + arm, 1.0), values.size)


def accuracy_verdict(
    base: Mapping[Any, float],
    other: Mapping[Any, float],
    images: int | None = None,
    margin: float = MARGIN,
    confidence: float = 0.95,
    scatter: SeedScatter | None = None,
) -> AccuracyVerdict:
    """Say higher, lower, same or unclear of the other's accuracies, each given by seed, against the base's.

    Paired where all seeds of one side, two at least, are the other's too: the interval is Student's on the
    differences. Else it is Welch's. Student's is exact for normal differences from two seeds on, where it is
    honestly wide. Seeds can agree by chance to the last image, so no accuracy is taken to be known more
    precisely than ``images`` (10,000 if not known) can show: to 1 / (√12 images), a uniform error of one
    image. ``scatter`` is that of the seeds as several trainers show it, towards which variances are
    moderated: two seeds whose differences agree by chance would make an interval too narrow to be believed.

    Different means that the interval excludes 0 and the difference is beyond the margin; same, that the whole
    interval lies within it. Raises ValueError without a seed, or if an accuracy is no share.
    """
    _check(base, other, images)
    images = images or SUPPOSED_IMAGES
    shared = sorted(base.keys() & other.keys())
    paired = len(shared) >= LEAST_SEEDS and len(shared) == min(len(base), len(other))
    seeds = (shared, shared) if paired else (sorted(base), sorted(other))
    values = np.array([base[seed] for seed in seeds[0]]), np.array([other[seed] for seed in seeds[1]])
    means = float(values[0].mean()), float(values[1].mean())
    counts = values[0].size, values[1].size
    verdict = _nothing_concluded(means, counts, paired, margin, images)
    if min(counts) < LEAST_SEEDS:
        return verdict
    if paired:
        spread = _Spread.of_pairs(values[1] - values[0], images, scatter.paired if scatter else None)
    else:
        spread = _Spread.of_sides(values, images, scatter.alone if scatter else None)
    arm, difference = spread.half_width(0, confidence), verdict.difference
    word, reason = _word(difference, arm, margin)
    return replace(
        verdict,
        word=word,
        low=difference - arm,
        high=difference + arm,
        p_value=spread.p_value(difference),
        reason=reason,
        further_seeds=_further(spread, difference, margin, confidence) if word == "unclear" else None,
        usual_error=math.sqrt(scatter.alone.variance * sum(1.0 / count for count in counts))
        if scatter
        else 0.0,
    )


def _nothing_concluded(
    means: tuple[float, float], counts: tuple[int, int], paired: bool, margin: float, images: int
) -> AccuracyVerdict:
    """What is known before any seed is compared, and all where one side has a single seed."""
    return AccuracyVerdict(
        word="unclear",
        base=means[0],
        other=means[1],
        low=-math.inf,
        high=math.inf,
        p_value=1.0,
        base_seeds=counts[0],
        other_seeds=counts[1],
        paired=paired,
        margin=margin,
        images=images,
        reason="one seed each" if max(counts) == 1 else f"one seed against {max(counts)}",
        further_seeds=LEAST_SEEDS - 1,
    )


def accuracies_with_false_discovery_rate(
    verdicts: Sequence[AccuracyVerdict], rate: float = 0.05
) -> list[AccuracyVerdict]:
    """Take back what many comparisons at once would find by chance (Benjamini and Hochberg 1995).

    Same order as given. What is taken back is unclear; twice the seeds would tell.
    """
    tested = [position for position, item in enumerate(verdicts) if item.has_interval]
    adjusted = adjusted_p_values([verdicts[position].p_value for position in tested])
    result = list(verdicts)
    for position, value in zip(tested, adjusted, strict=True):
        item = result[position]
        if item.word in ("higher", "lower") and value > rate:
            reason = f"may be chance among {len(tested)} comparisons (adjusted p {value:.3f})"
            result[position] = replace(item, word="unclear", reason=reason, further_seeds=item.seeds)
    return result


def may_be_called_faster(time_word: Word, accuracy: AccuracyVerdict | None, rival: str = "") -> Announcement:
    """No trainer that misses the quality the other reaches is announced as faster.

    ``time_word`` is of the other against the base, as the accuracy's is; for *slower* it is the base that
    would be called faster, and for *same* and *unclear* nobody is. ``rival`` names the slower of the two. A
    trainer misses the quality if its accuracy is lower for sure, or so far below that neither the margin nor
    the chance of drawing the images explains it: by the margin and two binomial standard errors. That holds
    for one seed, too, from which nothing else is concluded. None is an accuracy that isn't known.
    """
    if time_word not in ("faster", "slower"):
        return Announcement(False, "the times don't differ for sure")
    if accuracy is None:
        return Announcement(False, "its accuracy isn't known")
    mine, theirs, word = accuracy.other, accuracy.base, accuracy.word
    if time_word == "slower":
        mine, theirs, word = theirs, mine, _MIRRORED[word]
    told = f"{_told(mine, theirs, rival)} ({_seeds_text(accuracy)}"
    if word != "unclear":
        return Announcement(word != "lower", f"{told}: {word})")
    if theirs > mine and accuracy.beyond_chance:
        return Announcement(False, f"{told})")
    return Announcement(True, f"{told}: {'unclear' if accuracy.has_interval else 'nothing is concluded'})")


_MIRRORED: dict[AccuracyWord, AccuracyWord] = {
    "higher": "lower",
    "lower": "higher",
    "same": "same",
    "unclear": "unclear",
}


@dataclass(frozen=True)
class _Spread:
    """Variances of one accuracy (or difference) by side, floor included, with their numbers of seeds."""

    variances: tuple[float, ...]
    counts: tuple[int, ...]
    freedoms: tuple[float, ...]
    """Degrees of freedom of each variance."""

    @classmethod
    def of_pairs(cls, differences: np.ndarray, images: int, scatter: Spread | None) -> _Spread:
        return cls._of([differences], 2.0 * _floor(images), scatter)

    @classmethod
    def of_sides(cls, sides: Sequence[np.ndarray], images: int, scatter: Spread | None) -> _Spread:
        return cls._of(sides, _floor(images), scatter)

    @classmethod
    def _of(cls, sides: Sequence[np.ndarray], floor: float, scatter: Spread | None) -> _Spread:
        known = [moderated(float(side.var(ddof=1)), side.size - 1.0, scatter) for side in sides]
        return cls(
            tuple(max(variance, floor) for variance, _ in known),
            tuple(side.size for side in sides),
            tuple(freedom for _, freedom in known),
        )

    def error(self, further: int) -> tuple[float, float]:
        """Standard error of the difference and its degrees of freedom, with so many more seeds."""
        counts = [count + further for count in self.counts]
        squares = [variance / count for variance, count in zip(self.variances, counts, strict=True)]
        freedoms = [freedom + further for freedom in self.freedoms]
        return math.sqrt(sum(squares)), joint_freedom(list(zip(squares, freedoms, strict=True)))

    def half_width(self, further: int, confidence: float) -> float:
        error, freedom = self.error(further)
        return float(special.stdtrit(freedom, (1.0 + confidence) / 2.0)) * error

    def p_value(self, difference: float) -> float:
        error, freedom = self.error(0)
        return float(max(2.0 * special.stdtr(freedom, -abs(difference) / error), LEAST_P_VALUE))


def _floor(images: int) -> float:
    return 1.0 / (12.0 * images**2)


def _check(base: Mapping[Any, float], other: Mapping[Any, float], images: int | None) -> None:
    for side in (base, other):
        if not side:
            raise ValueError("no seed: expected an accuracy of one at least")
        for seed, value in side.items():
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"accuracy {value!r} of seed {seed}: expected a share from 0 to 1")
    if images is not None and images < 1:
        raise ValueError(f"images {images!r}: expected at least 1")


def _word(difference: float, arm: float, margin: float) -> tuple[AccuracyWord, str]:
    if abs(difference) > max(arm, margin + ROUNDING):
        return ("higher" if difference > 0.0 else "lower"), "the interval excludes 0"
    if abs(difference) + arm <= margin + ROUNDING:
        return "same", f"the whole interval lies within {margin * 100:g} points"
    reason = "the interval holds 0" if abs(difference) <= arm else "the interval spans the margin"
    return "unclear", reason


def _further(spread: _Spread, difference: float, margin: float, confidence: float) -> int | None:
    """Seeds that would narrow the interval enough, Student's factor included."""
    distance = abs(difference)
    wanted = distance if distance > margin + ROUNDING else margin - distance
    numbers = range(1, MOST_SEEDS + 1)
    position = bisect_right(numbers, -wanted, key=lambda further: -spread.half_width(further, confidence))
    return numbers[position] if position < len(numbers) else None


def _binomial_error(accuracy: AccuracyVerdict) -> float:
    """Standard error of the difference if every image were drawn anew for every seed."""
    sides = ((accuracy.base, accuracy.base_seeds), (accuracy.other, accuracy.other_seeds))
    return math.sqrt(sum(share * (1.0 - share) / (accuracy.images * seeds) for share, seeds in sides))


def _told(mine: float, theirs: float, rival: str) -> str:
    digits = 1 if abs(mine - theirs) >= 0.001 else 2
    whose = f"{rival}'s " if rival else ""
    return f"trained to {mine * 100:.{digits}f} % against {whose}{theirs * 100:.{digits}f} %"


def _seeds_text(accuracy: AccuracyVerdict) -> str:
    fewer, more = sorted((accuracy.base_seeds, accuracy.other_seeds))
    if fewer == more:
        return "one seed each" if more == 1 else f"{more} seeds each"
    return f"{'one seed' if fewer == 1 else f'{fewer} seeds'} against {more}"
