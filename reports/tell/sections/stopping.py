"""Which comparison groups ended before they were as precise as asked, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.read.schema.cells import Extra
from likeforlike.reports.read.schema.declarations import NOISE_FLOOR
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.document import Block, Points, Text
from likeforlike.reports.tell.formatting import count_text, percent

PRECISE = "precision"
WHY = {
    "interrupted": ("ended early, with the run", "--resume goes on"),
    "alone": ("had one entrant left, and nothing to hold it against", ""),
    "time": ("used up the time for launches", ""),
    "launches": ("had all launches that were allowed", "a larger --launches allows more"),
    "max-time": ("used up the time for rounds, in one launch", "a larger --benchmark-max-time gives more"),
    "rounds": ("had all rounds asked for, in one launch", "a larger --benchmark-min-rounds has more"),
    "settled": ("became no more precise by further rounds, in one launch", "further launches may tell more"),
}
"""Why a group of kernels ended: what it did, and what would help. Of several reasons the first counts."""
_NEVER_SOUGHT = "once"
_WIDEST_SHOWN = 10.0


@dataclass(frozen=True)
class Ended:
    """How a comparison group of one file ended."""

    name: str
    asked: float
    """Half the width of an interval, relative to the figure."""
    reason: str
    launches: int | None
    half_width: float | None
    """The widest of its cells', where it is told and wider than asked."""


def precision_blocks(context: Context) -> list[Block]:
    """A sentence where all are as precise as asked, else a line for each reason; nothing if nobody asked."""
    ended = ended_groups(context)
    if not ended:
        return []
    asked = " or ".join(f"±{percent(share)}" for share in sorted({group.asked for group in ended}))
    short = [group for group in ended if group.reason != PRECISE]
    if not short:
        return [Text(f"Every comparison group of kernels came to be as precise as asked: {asked}.")]
    reasons = grouped((group.reason, group) for group in short)
    lines = [_line(reason, groups) for reason, groups in sorted(reasons.items(), key=lambda r: -len(r[1]))]
    groups = f"{len(short):,} of {count_text(ended, 'comparison group')} of kernels"
    were = "was" if len(short) == 1 else "were"
    return [Text(f"{groups} {were} less precise than asked ({asked}) at the end:"), Points(tuple(lines))]


def ended_groups(context: Context) -> list[Ended]:
    """Those of kernels of which the file tells how precise they were to be, and why they ended."""
    found = grouped(
        ((run.file.digest, run.cell.extra.group or item.key.text), (item, run.file, run.cell.extra))
        for item in context.study.measurements
        if item.kind != NOISE_FLOOR
        for run in item.runs
        if run.cell.extra.recipe is None  # a training has the epochs of its recipe
    )
    made = [_ended(context, name, cells) for (_, name), cells in found.items()]
    return [group for group in made if group is not None]


def _ended(
    context: Context, name: str, cells: Sequence[tuple[Measurement, ResultFile, Extra]]
) -> Ended | None:
    item, file, _ = cells[0]
    asked = _asked(file)
    stops = [extra.stop for _, _, extra in cells if extra.stop is not None]
    stops = [stop for stop in stops if stop.reason != _NEVER_SOUGHT]
    if asked is None or not stops:
        return None
    order = [*WHY, *sorted({stop.reason for stop in stops} - {*WHY, PRECISE}), PRECISE]
    reason = min((stop.reason for stop in stops), key=order.index)
    widths = [_half_width(extra) for _, _, extra in cells]
    wide = [width for width in widths if width is not None and width > asked]
    launches = max((stop.launches for stop in stops if stop.launches is not None), default=None)
    where = f" of {context.title(item)}" if context.several else ""
    return Ended(f"{name}{where}", asked, reason, launches, max(wide, default=None))


def _asked(file: ResultFile) -> float | None:
    """The precision asked for; None where none was, or the file does not say."""
    told = ((file.header.options if file.header else None) or {}).get("precision")
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    return float(told) if 0 < told < math.inf else None


def _half_width(extra: Extra) -> float | None:
    """Reached: of the ratio over launches; of one launch that of the median, if that is what was sought."""
    stop = extra.stop
    if stop is None or stop.ratio_half_width is not None:
        return None if stop is None else stop.ratio_half_width
    if stop.median_interval is None or extra.statistic != "median":
        return None
    low, high = stop.median_interval
    return (high - low) / 2


def _line(reason: str, groups: Sequence[Ended]) -> str:
    did, help_ = WHY.get(reason, (f"ended with {reason!r}", ""))
    counts = sorted({group.launches for group in groups if group.launches is not None})
    launches = f", {_from_to([f'{count:,}' for count in counts])}" if reason == "launches" and counts else ""
    advice = f" ({help_})" if help_ else ""
    return f"{count_text(groups, 'group')} {did}{launches}{_widths(groups)}{advice}."


def _widths(groups: Sequence[Ended]) -> str:
    """``: ±2.3 % to ±15 %, the widest matmul cpu:0 1000``; empty where no width is told."""
    known = sorted((group.half_width, group.name) for group in groups if group.half_width is not None)
    if not known:
        return ""
    some = "" if len(known) == len(groups) else "where it is known "
    widths = _from_to([_width_text(width) for width, _ in known])
    return f": {some}{widths}, {'the widest ' if len(known) > 1 else ''}{known[-1][1]}"


def _width_text(width: float) -> str:
    return f"±{percent(width)}" if width <= _WIDEST_SHOWN else f"more than ±{percent(_WIDEST_SHOWN)}"


def _from_to(sorted_texts: Sequence[str]) -> str:
    first, last = sorted_texts[0], sorted_texts[-1]
    return first if first == last else f"{first} to {last}"
