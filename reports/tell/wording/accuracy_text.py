"""Accuracies and the time to reach one, as a reader sees them."""

from __future__ import annotations

from collections.abc import Iterable

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.sort.beside_time.accuracies import (
    accuracies_by_seed,
    arrivals,
    compared_accuracies,
    losses_by_seed,
    target_of,
    validation_images,
)
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.statistics.moderated_variance import SeedScatter
from likeforlike.reports.statistics.training.accuracy import AccuracyVerdict, MeanAccuracy, mean_accuracy
from likeforlike.reports.statistics.training.time_to_accuracy import TimeToAccuracyOverRuns, time_to_accuracy
from likeforlike.reports.statistics.training.validation_loss import mean_loss
from likeforlike.reports.tell.document import Entry
from likeforlike.reports.tell.formatting import comparison_text, epoch_words, significant

ABOUT_LOSS = (
    "Validation loss is that after the recipe's last epoch, its mean over seeds and the interval of the mean "
    "(Student's). No accuracy is told, so that the loss says who trained worse: who is not called faster."
)
ABOUT = (
    "Validation accuracy is that after the recipe's last epoch, its mean over seeds and the interval of the "
    "mean (Student's), and what may be said of it against the base's. Who trained worse is not called "
    "faster. Time to accuracy is the median over runs, the first epoch of each counted, with its interval "
    "from six runs on, else with its range; a run that never arrived counts as longer than it was trained."
)


def accuracy_over_seeds(
    item: Measurement, comparison: Comparison | None = None, scatter: SeedScatter | None = None
) -> Entry:
    """Mean validation accuracy, its interval over seeds, and the verdict on it against the base's.

    ``scatter``: how far seeds move the accuracies of all that train there.
    """
    known = _mean(item, scatter)
    if known is None:
        return Entry("–")
    seeds = "1 seed" if known.seeds == 1 else f"{known.seeds} seeds"
    interval = "" if known.seeds == 1 else f"{known.low * 100:.2f} to {known.high * 100:.2f}, "
    quality = None if comparison is None else comparison.quality
    word = "" if quality is None or quality.accuracy is None else f": {_short_word(quality.accuracy)}"
    return Entry(f"{known.mean * 100:.2f} % ({interval}{seeds}){word}", known.mean)


def loss_over_seeds(item: Measurement) -> Entry:
    """Mean validation loss and its interval over seeds, for what tells no accuracy."""
    losses = losses_by_seed(item)
    if not losses:
        return Entry("–")
    mean, low, high = mean_loss(losses)
    if len(losses) == 1:
        return Entry(f"{mean:.4g} (1 seed)", mean)
    return Entry(f"{mean:.4g} ({low:.4g} to {high:.4g}, {len(losses)} seeds)", mean)


def tells_losses_alone(items: Iterable[Measurement]) -> bool:
    """Whether losses are all that these trainings tell of how well they train, as of a regression."""
    told = list(items)
    return not any(map(accuracies_by_seed, told)) and any(map(losses_by_seed, told))


def _mean(item: Measurement, scatter: SeedScatter | None) -> MeanAccuracy | None:
    values = accuracies_by_seed(item)
    return mean_accuracy(values, validation_images([item]), scatter=scatter) if values else None


def _short_word(accuracy: AccuracyVerdict) -> str:
    if accuracy.word != "unclear":
        return accuracy.word
    if accuracy.beyond_chance:
        return "far higher" if accuracy.difference > 0 else "far lower"
    if not accuracy.has_interval:
        return "no conclusion"
    return f"unclear{_further_text(accuracy)}"


def _further_text(accuracy: AccuracyVerdict) -> str:
    """What would settle an unclear one, in brackets; empty if no number of seeds would."""
    if accuracy.further_seeds is None:
        return ""
    return f" ({accuracy.further_seeds:,} more seed{'' if accuracy.further_seeds == 1 else 's'} each)"


def accuracies_text(comparison: Comparison, names: tuple[str, str]) -> str:
    """The end of a sentence: both accuracies with their intervals, and the verdict on them.

    ``names`` of base and other. Empty where one isn't known, and of generated data, where they say nothing.
    """
    base, other = comparison.base, comparison.other
    accuracy = None if comparison.quality is None else comparison.quality.accuracy
    generated = any(run.cell.extra.data_is_generated for item in (base, other) for run in item.runs)
    if accuracy is None or generated:
        return ""
    told = " and ".join(
        f"{name} {text}" for name, text in zip(names, _both(comparison, accuracy), strict=True)
    )
    return f"; validation accuracy {told}, {_verdict_words(accuracy, names[1])}"


def _both(comparison: Comparison, accuracy: AccuracyVerdict) -> list[str]:
    """``89.3 % (89.1 to 89.5)`` of base and other, with as many digits as tell them apart."""
    images = validation_images([comparison.base, comparison.other])
    scatter = None if comparison.quality is None else comparison.quality.scatter
    values = compared_accuracies(comparison.base, comparison.other)
    means = [mean_accuracy(value, images, scatter=scatter) for value in values]
    arms = [mean.high - mean.mean for mean in means if mean.seeds > 1]
    digits = 1 if abs(accuracy.difference) >= 0.001 and min(arms, default=1.0) >= 0.0005 else 2
    return [
        f"{mean.mean * 100:.{digits}f} %"
        + ("" if mean.seeds == 1 else f" ({mean.low * 100:.{digits}f} to {mean.high * 100:.{digits}f})")
        for mean in means
    ]


def seeds_text(accuracy: AccuracyVerdict) -> str:
    """``one seed each``, ``3 seeds each``, ``one seed against 3``."""
    fewer, more = sorted((accuracy.base_seeds, accuracy.other_seeds))
    told = "one seed" if fewer == 1 else f"{fewer} seeds"
    return f"{told} each" if fewer == more else f"{told} against {more}"


def _verdict_words(accuracy: AccuracyVerdict, other: str) -> str:
    seeds, points = seeds_text(accuracy), f"{abs(accuracy.difference) * 100:.2f} points"
    if not accuracy.has_interval:
        if accuracy.beyond_chance:
            return f"{seeds}: {points} apart, more than chance explains, but no seed repeats it"
        return f"{seeds}: no conclusion on accuracy"
    if accuracy.word == "unclear":
        return f"{seeds}: unclear whether they differ{_further_text(accuracy)}"
    if accuracy.word == "same":
        return f"{seeds}: the same within {accuracy.margin * 100:g} points"
    return f"{seeds}: {other}'s is {accuracy.word} by {_difference_text(accuracy)}"


def _difference_text(accuracy: AccuracyVerdict) -> str:
    low, high = sorted((abs(accuracy.low), abs(accuracy.high)))
    return f"{abs(accuracy.difference) * 100:.2f} ({low * 100:.2f} to {high * 100:.2f}) points"


def barred_sentence(comparison: Comparison, names: tuple[str, str], where: str) -> str:
    """Why nobody is called faster: ``A trains to 84.6 %, B to 99.8 %: not compared as faster``."""
    share = f"{comparison_text(comparison)} of {names[0]}'s time per {epoch_words(comparison.base)}"
    told = _quality_text(comparison, names, where)
    told = told.replace("the ", "The ", 1) if told.startswith("the ") else told
    return f"{told}, though {names[1]} takes {share}."


def _quality_text(comparison: Comparison, names: tuple[str, str], where: str) -> str:
    """Both accuracies where one bars the other, else how a third is missed, or that one isn't known."""
    accuracy = None if comparison.quality is None else comparison.quality.accuracy
    barred = f"not compared as faster ({where}"
    order = -1 if comparison.verdict.word == "faster" else 1  # who takes less time is told first
    name, rival = names[::order]
    if accuracy is None and comparison.quality is not None and comparison.quality.by_loss:
        return f"{name} {comparison.barred}: {barred})"
    if accuracy is None:
        return f"{comparison.barred[:1].upper()}{comparison.barred[1:]}: {barred})"
    mine, theirs = _both(comparison, accuracy)[::order]
    missed = accuracy.difference * order > 0
    if missed and (accuracy.word in ("higher", "lower") or accuracy.beyond_chance):
        return f"{name} trains to {mine}, {rival} to {theirs}: {barred}, {seeds_text(accuracy)})"
    return f"{name} {comparison.barred}: {barred})"


def time_to_accuracy_over_runs(item: Measurement) -> TimeToAccuracyOverRuns | None:
    """Of a measurement's runs; None where no target or no course of training is told."""
    target = target_of(item)
    runs = [] if target is None else arrivals(item, target)
    return time_to_accuracy(runs) if runs else None


def time_to_accuracy_entry(item: Measurement) -> Entry:
    """``88 %: 12.3 s (11.0 to 14.1, 6 runs)``, the runs that never arrived among them."""
    target, known = target_of(item), time_to_accuracy_over_runs(item)
    if target is None or known is None:
        return Entry("–")
    goal = f"{target * 100:g} %"
    if known.median_seconds is None:
        quickest = f", quickest {significant(known.least_seconds)} s" if known.least_seconds else ""
        return Entry(f"{goal}: {known.missed_text}{quickest}")
    told = f"{goal}: {significant(known.median_seconds)} s{_spread_text(known)}"
    return Entry(told, known.median_seconds, struck=bool(item.doubt))


def cost_to_accuracy_entry(item: Measurement, euros_an_hour: float | None) -> Entry:
    """``88 %: 0.12 EUR``: the hours of training until the target by their price; a dash where unknown."""
    target, known = target_of(item), time_to_accuracy_over_runs(item)
    if target is None or known is None or known.median_seconds is None or euros_an_hour is None:
        return Entry("–")
    euros = known.median_seconds / 3600 * euros_an_hour
    return Entry(f"{target * 100:g} %: {significant(euros)} EUR", euros, struck=bool(item.doubt))


def _spread_text(known: TimeToAccuracyOverRuns) -> str:
    if known.runs == 1:
        return " (1 run)"
    if known.has_interval:
        ends = f"{significant(known.low_seconds)} to {significant(known.high_seconds)}"
    elif known.most_seconds is not None and known.least_seconds is not None:
        ends = f"range {significant(known.least_seconds)} to {significant(known.most_seconds)}"
    else:
        ends = f"from {significant(known.least_seconds or 0.0)} s on"
    return f" ({ends}, {known.missed_text or f'{known.runs} runs'})"


def time_column(items: Iterable[Measurement]) -> str:
    """The heading of times to accuracy, with what they are of."""
    bases = {item.whole for item in items}
    basis = {frozenset({True}): "whole epochs", frozenset({False}): "training alone"}
    return f"time to accuracy ({basis.get(frozenset(bases), 'as the seconds per epoch')})"
