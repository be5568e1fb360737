"""The findings that warn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from likeforlike.reports.sort.measurements import Measurement, grouped
from likeforlike.reports.tell.context import MOST_ALIKE, View
from likeforlike.reports.tell.formatting import count, significant
from likeforlike.reports.tell.sections.trainers import SYNTHETIC_WARNING


def warnings_findings(view: View) -> Iterator[str]:
    if view.study.synthetic:
        yield SYNTHETIC_WARNING
    yield from _implausible(view, view.study.measurements)
    unmeasured = [cell for file in view.study.files for cell in file.unmeasured]
    failed = [cell for cell in unmeasured if cell.outcome != "skipped"]
    if failed:
        outcomes = ", ".join(sorted({cell.outcome for cell in failed}))
        skipped = len(unmeasured) - len(failed)
        yield f"{count(failed, 'cell')} failed ({outcomes})" + (f"; {skipped} skipped." if skipped else ".")
    elif unmeasured:
        yield f"{count(unmeasured, 'cell')} skipped; the reasons stand below."
    for spread in view.kinds:
        for unit in spread.odd[:MOST_ALIKE]:
            what = "run" if spread.repetitions else "machine"
            yield (
                f"{unit.name} is the odd one out: ×{significant(unit.ratio)} the time of the median of "
                f"{len(spread.units)} {what}s of the kind {view.study.titles[spread.machine.id]}."
            )
    yield from _left_out_plugins(view)
    busy = [file for file in view.study.files if file.header is not None and file.header.busy]
    if busy:
        first = busy[0]
        assert first.header is not None
        more = f", and so with {count(busy[1:], 'more file')}" if busy[1:] else ""
        yield f"Before {first.label} began: {'; '.join(first.header.busy)}{more}."
    disturbed = [item for item in view.study.measurements if item.disturbed]
    if disturbed:
        yield (
            f"{count(disturbed, 'cell')} disturbed in most samples: compared only with what was measured "
            "in turns with them."
        )


def _left_out_plugins(view: View) -> Iterator[str]:
    faults = dict.fromkeys(
        (fault.name, fault.error)
        for file in view.study.files
        if file.header is not None
        for fault in file.header.plugin_faults
    )
    for name, error in list(faults)[:MOST_ALIKE]:
        yield f"Plug-in {name} was left out: {error}."
    if len(faults) > MOST_ALIKE:
        yield f"And {count(list(faults)[MOST_ALIKE:], 'more plug-in')} left out."


def _implausible(view: View, items: Sequence[Measurement]) -> Iterator[str]:
    """One sentence for each device whose figures can't be true."""
    bad = grouped(((item.machine.id, item.key.device), item) for item in items if item.implausible)
    for number, members in enumerate(bad.values()):
        if number == 4:
            yield f"Figures of {len(bad) - 4} more devices can't be true; they are listed below."
            return
        worst = max(members, key=lambda item: item.flop_per_second or 0.0)
        yield (
            f"{count(members, 'figure')} {view.where(worst)} can't be true: {worst.key.text} "
            f"{worst.implausible[0]}."
        )
