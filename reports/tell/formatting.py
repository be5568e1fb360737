"""Figures as readers see them; table entries keep the bare number beside."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from likeforlike.devices.limits.units import (
    LEAST_DECIMAL,
    beyond_shown,
    format_rate,
    format_seconds,
    format_seconds_interval,
    plain_number,
    size_of,
)
from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.schema.runs import Declared
from likeforlike.reports.sort.epochs import epochs_left_out
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.statistics.ratios import RatioEstimate
from likeforlike.reports.statistics.verdicts import Verdict
from likeforlike.reports.tell.document import Entry

LEAST_SHOWN_SECONDS = 0.001
"""A phase of an epoch that takes less than half of it is told to be less."""

ENVIRONMENT_MARK = "†"
"""Stands beside a figure that an inherited variable changes."""

SUSPICION_MARK = "‡"
"""Stands beside a figure above the best that its machine was measured to reach."""

LAUNCH_MARK = "°"
"""Stands beside a ratio of what was launched once, so that its interval rests on more than its file."""

NOT_SURE = "Not sure: measured in one launch, or by another tool."


def marked(text: str, *items: Measurement) -> str:
    """The text of a figure of these measurements, with the marks that it needs."""
    touched = any(item.environment for item in items)
    suspicious = any(item.suspicious for item in items)
    marks = (ENVIRONMENT_MARK if touched else "") + (SUSPICION_MARK if suspicious else "")
    return f"{text} {marks}" if marks else text


MOST_UNSURE = 1_000
"""The farthest that an end of an interval is told, in times of its ratio."""

MEMORY = HOST_MEMORY, DEVICE_MEMORY = "peak memory", "peak device memory"
ENERGY = "energy"


def time_entry(item: Measurement | None) -> Entry:
    """Median time of a measurement, struck through if it is in doubt."""
    if item is None:
        return Entry("–")
    text = marked(format_seconds(item.median_seconds), item)
    return Entry(text, item.median_seconds, struck=bool(item.doubt))


def seconds_entry(seconds: float | None) -> Entry:
    """A time; a dash where it is not known."""
    return Entry("–") if seconds is None else Entry(format_seconds(seconds), seconds)


def seconds_per_epoch(item: Measurement) -> Entry:
    """Median seconds of an epoch, struck through if it is in doubt."""
    plain = epoch_entry(item.median_seconds, struck=bool(item.doubt))
    return replace(plain, text=marked(plain.text, item))


def epoch_entry(seconds: float | None, struck: bool = False) -> Entry:
    """Seconds of an epoch or of a part of it, always in seconds so that rows compare at a glance."""
    if seconds is None:
        return Entry("–")
    text = (
        f"<{LEAST_SHOWN_SECONDS} s" if 0 < seconds < LEAST_SHOWN_SECONDS / 2 else f"{significant(seconds)} s"
    )
    return Entry(text, seconds, struck)


def epoch_words(item: Measurement) -> str:
    """What its seconds are of, so that no ratio stands without its basis."""
    return "whole epoch" if item.whole else "epoch as timed"


def basis_note(items: Iterable[Measurement]) -> str:
    """What the seconds of a table are of, in a sentence."""
    every = list(items)
    bases, left_out = {item.whole for item in every}, left_out_text(every)
    if bases == {True}:
        return f"Seconds, ratios and verdicts are of whole epochs, with evaluation and logging{left_out}."
    if bases == {False}:
        return (
            f"Seconds, ratios and verdicts are of epochs as timed{left_out}: not everyone tells evaluation "
            "and logging."
        )
    return (
        "Seconds, ratios and verdicts are of whole epochs where all that share machine and device tell "
        f"evaluation and logging, else of epochs as timed{left_out}."
    )


def left_out_text(items: Iterable[Measurement]) -> str:
    """``, the first epoch left out`` or ``, the first 2 epochs left out``; empty where none is."""
    counts = epochs_left_out(items)
    if not counts or counts[-1] == 0:
        return ""
    if counts == [1]:
        return ", the first epoch left out"
    told = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f", the first {told} epochs left out"


def rate_entry(item: Measurement | None) -> Entry:
    """Implied FLOP/s of a measurement."""
    if item is None or item.flop_per_second is None:
        return Entry("–")
    text = marked(format_rate(item.flop_per_second), item)
    return Entry(text, item.flop_per_second, struck=bool(item.doubt))


def items_columns(items: Iterable[Measurement]) -> tuple[str, ...]:
    """``images a second`` where any of them counts such; else no column."""
    counted = (item.declared.wording.items or "items" for item in items if item.items_per_second)
    return tuple(f"{name} a second" for name in dict.fromkeys(counted))[:1]


def items_entry(item: Measurement | None) -> Entry:
    """How many of what its workload counts it does in a second."""
    if item is None or item.items_per_second is None:
        return Entry("–")
    text = marked(significant(float(f"{item.items_per_second:.3g}")), item)
    return Entry(text, item.items_per_second, struck=bool(item.doubt))


def share_entry(item: Measurement | None) -> Entry:
    """Share of the device's ceiling; of one that is not known, only a share that none can reach."""
    if item is None or item.flop_per_second is None or item.ceiling is None:
        return Entry("–")
    share = item.flop_per_second / item.ceiling.flop_per_second
    if share <= 1 and not item.ceiling.of_device:
        return Entry("–")
    return Entry(percent(share), share, struck=bool(item.doubt))


def ratio_entry(comparison: Comparison | None) -> Entry:
    """Ratio with its interval, struck through if either figure is in doubt; a dash where there is none."""
    if comparison is None or comparison.verdict.estimate.untold:
        return Entry("–")
    estimate = comparison.verdict.estimate
    text = with_launch_mark(ratio_text(estimate), estimate)
    told = marked(text, comparison.base, comparison.other)
    return Entry(told, estimate.ratio, struck=bool(comparison.doubt))


def speed_up_entry(comparison: Comparison | None) -> Entry:
    """Speed-up, the inverse of the ratio of times, with its interval; a dash where there is none."""
    if comparison is None or comparison.verdict.estimate.untold:
        return Entry("–")
    estimate = comparison.verdict.estimate
    low = 1 / estimate.low if estimate.low else math.inf
    inverse = replace(estimate, ratio=1 / estimate.ratio, low=1 / estimate.high, high=low)
    text = marked(with_launch_mark(ratio_text(inverse), estimate), comparison.base, comparison.other)
    return Entry(text, inverse.ratio, struck=bool(comparison.doubt))


def ratio_text(estimate: RatioEstimate) -> str:
    """``×1.31 (1.29 to 1.33)``; the ratio alone without an interval, a dash where there is no figure.

    An interval that reaches a thousandfold either way says nothing but that.
    """
    if estimate.untold:
        return "–"
    text = f"×{significant(estimate.ratio)}"
    if not estimate.has_interval:
        return text
    if estimate.high > MOST_UNSURE * estimate.ratio or MOST_UNSURE * estimate.low < estimate.ratio:
        return f"{text} (unsure by more than ×{MOST_UNSURE:,})"
    return f"{text} ({significant(estimate.low)} to {significant(estimate.high)})"


def comparison_text(comparison: Comparison) -> str:
    """Its ratio as :func:`ratio_text` has it, with the marks that its figures need."""
    return marked(ratio_text(comparison.verdict.estimate), comparison.base, comparison.other)


def with_launch_mark(text: str, estimate: RatioEstimate) -> str:
    """The text of a ratio, marked if its interval was widened for want of launches."""
    return f"{text}{LAUNCH_MARK}" if estimate.assumed and estimate.has_interval else text


def widening_text(estimates: Iterable[RatioEstimate]) -> str:
    """Why intervals are marked as of one launch, and by what they were widened; empty if none is."""
    marked_ones = [item for item in estimates if item.assumed and item.has_interval]
    if not marked_ones:
        return ""
    known = sorted({(item.spread, item.spread_assumed) for item in marked_ones if item.spread})
    assumed = list(dict.fromkeys(percent(spread) for spread, alone in known if alone))
    shown = list(dict.fromkeys(percent(spread) for spread, alone in known if not alone))
    by = [f"{_from_to(assumed)}, which is assumed"] if assumed else []
    by += [f"{_from_to(shown)}, as other cells there show"] if shown else []
    widened = f"; the interval is widened by how far launches lie apart ({'; '.join(by)})" if by else ""
    return f"{NOT_SURE[:-1]}{widened}."


def _from_to(shares: Sequence[str]) -> str:
    return shares[0] if len(shares) == 1 else f"{shares[0]} to {shares[-1]}"


def verdict_entry(comparison: Comparison | None) -> Entry:
    """The word, for an unclear one what would settle it, and on accuracies where they surely differ."""
    if comparison is None:
        return Entry("–")
    return Entry(comparison_words(comparison))


def comparison_words(comparison: Comparison) -> str:
    """What is said of times, and of accuracies where they surely differ: ``slower; accuracy lower``."""
    if comparison.doubt:
        return "no verdict"
    if comparison.barred:
        return comparison.word
    accuracy = None if comparison.quality is None else comparison.quality.accuracy
    differs = accuracy is not None and accuracy.word in ("higher", "lower")
    told = f"; accuracy {accuracy.word}" if accuracy is not None and differs else ""
    return verdict_text(comparison.verdict) + told


def verdict_text(verdict: Verdict) -> str:
    """``slower``, or ``unclear: 3 pairs, too few (3 more rounds)``."""
    if verdict.word != "unclear":
        return verdict.word
    return f"unclear: {verdict.reason}{more_rounds_text(verdict)}"


def more_rounds_text(verdict: Verdict) -> str:
    """What would settle an unclear verdict, launches or rounds, in brackets; empty if no number would."""
    if verdict.more_launches is not None:
        return f" ({count_text(verdict.more_launches, 'more launch')})"
    if verdict.more_rounds is None:
        return ""
    noun = "round" if verdict.more_rounds == 1 else "rounds"
    return f" ({verdict.more_rounds:,} more {noun})"


def significant(value: float) -> str:
    """Three significant digits, never an exponent; two decimals around 1."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if out_of_range := beyond_shown(value):
        return out_of_range
    return f"{value:,.{min(max(0, 2 - size_of(value, 3)), LEAST_DECIMAL)}f}"


def interval_entry(low: float, high: float, like: float) -> Entry:
    """An interval of times in the unit of the figure whose it is; ``not known`` where there is none."""
    known = low > 0 and high < math.inf
    return Entry(format_seconds_interval(low, high, like)) if known else Entry("not known")


def percent(share: float) -> str:
    """``12.3 %``; one significant digit where it is small, none after the point where it is large."""
    if share >= 10:
        return f"{share * 100:,.0f} %"
    if share >= 0.001:
        return f"{share * 100:.1f} %"
    return f"{plain_number(share * 100, 1)} %"


def accuracy_entry(value: float | None) -> Entry:
    """An accuracy as the notebook printed it."""
    return Entry("–") if value is None else Entry(f"{value * 100:.2f} %", value)


def loss_entry(value: float | None) -> Entry:
    """A loss."""
    return Entry("–") if value is None else Entry(f"{value:.4f}", value)


def duration_text(seconds: float) -> str:
    """``9 m 58 s``."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} m" if hours else f"{minutes} m {rest} s"


def duration_entry(seconds: float | None) -> Entry:
    """A total time."""
    return Entry("–") if seconds is None else Entry(duration_text(seconds), seconds)


def beside_columns(name: str, others: int) -> tuple[str, str, str]:
    """Columns of one of ``others`` that stand beside a base: its time, ratio and verdict."""
    return (name, "ratio", "verdict") if others == 1 else (name, f"ratio, {name}", f"verdict, {name}")


def beside_minor(columns: Sequence[str]) -> tuple[str, ...]:
    """Of a cell's, the base's and others' such columns those that a narrow table does without."""
    return (*columns[2::3], *columns[4::3])


def bytes_entry(count: int | None) -> Entry:
    """Memory."""
    return Entry("–") if count is None else Entry(f"{count / 2**20:,.0f} MiB", float(count))


def resource_columns(items: Iterable[Measurement]) -> tuple[str, ...]:
    """The columns for peak memory, the host's, and the device's and those for energy where any is known."""
    every = list(items)
    device = any(item.peak_device_memory_bytes is not None for item in every)
    energy = any(item.joules is not None for item in every)
    return (HOST_MEMORY, *((DEVICE_MEMORY,) if device else ()), *((ENERGY,) if energy else ()))


def known_resources(items: Iterable[Measurement]) -> tuple[str, ...]:
    """Those of the columns for peak memory and energy of which anything is known."""
    every = list(items)
    host = any(item.peak_memory_bytes is not None for item in every)
    return tuple(column for column in resource_columns(every) if host or column != HOST_MEMORY)


def resource_entries(item: Measurement | None, columns: tuple[str, ...]) -> list[Entry]:
    """Peak memory, the most of all runs, and energy for those columns; a dash where it is not known."""
    if item is None:
        return [Entry("–") for _ in columns]
    told = {
        HOST_MEMORY: bytes_entry(item.peak_memory_bytes),
        DEVICE_MEMORY: bytes_entry(item.peak_device_memory_bytes),
        ENERGY: joules_entry(item.joules),
    }
    return [told[column] for column in columns]


def joules_entry(joules: tuple[float, float, float] | None) -> Entry:
    """Energy of a sample, and between what it lies: ``12.3 J (11.9 to 12.7)``."""
    if joules is None:
        return Entry("–")
    middle, least, most = joules
    factor, unit = next(
        ((f, unit) for f, unit in ((1e3, "kJ"), (1.0, "J"), (1e-3, "mJ")) if middle >= f), (1e-6, "µJ")
    )
    low, high = (f"{value / factor:.3g}" for value in (least, most))
    return Entry(f"{middle / factor:.3g} {unit} ({low} to {high})", middle)


def count_text(items: Collection[object] | int, noun: str) -> str:
    """``1 cell``, ``3 cells``, ``4,000 rounds``: of things, or of their number."""
    count = items if isinstance(items, int) else len(items)
    ending = "es" if noun.endswith("ch") else "s"
    return f"{count:,} {noun}{'' if count == 1 else ending}"


def listed(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def title_of(declared: Declared) -> str:
    """The title of a workload's section."""
    return declared.wording.title or f"Workload {declared.name}"
