"""The findings that warn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from likeforlike.reports.read.schema.runs import Unmeasured
from likeforlike.reports.sort.measured.keys import axes_text
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.tell.context import MOST_ALIKE, Context
from likeforlike.reports.tell.formatting import count_text, significant
from likeforlike.reports.tell.sections.training.floors import struck_floors
from likeforlike.reports.tell.sections.training.trainers import SYNTHETIC_WARNING
from likeforlike.reports.tell.wording.marks import MOST_VARIABLES

LONGEST_REASON = 120
"""Characters of a reason that a warning tells; the table of cells without a figure has longer ones."""


def warnings(context: Context) -> Iterator[str]:
    """What can't be believed, failed, was odd, left out, busy or disturbed: a sentence each."""
    if context.study.synthetic:
        yield SYNTHETIC_WARNING
    yield from _implausible(context, context.study.measurements)
    yield from struck_floors(context)[:MOST_ALIKE]
    yield from _suspicious(context.study.measurements)
    yield from _environment(context)
    every = [cell for file in context.study.files for cell in file.unmeasured]
    unreached = [cell for cell in every if cell.outcome == "interrupted"]
    if unreached:
        yield f"{count_text(unreached, 'cell')} not reached: the run was ended before."
    unmeasured = [cell for cell in every if cell.outcome != "interrupted"]
    failed = [cell for cell in unmeasured if cell.outcome != "skipped"]
    if failed:
        skipped = len(unmeasured) - len(failed)
        yield f"{count_text(failed, 'cell')} failed{_failure_text(failed)}" + (
            f"; {skipped} skipped." if skipped else "."
        )
    elif unmeasured:
        yield f"{count_text(unmeasured, 'cell')} skipped: {_reasons(unmeasured)}."
    for spread in context.kinds:
        for unit in spread.odd[:MOST_ALIKE]:
            what = "run" if spread.repetitions else "machine"
            where = (f" on {spread.device}" if spread.device else "") + f" at {spread.workload}"
            yield (
                f"{unit.name} is the odd one out{where}: ×{significant(unit.ratio)} the time of the median "
                f"of {len(spread.units)} {what}s of the kind {context.study.titles[spread.machine.id]}."
            )
    yield from _withheld(context)
    yield from _left_out_plugins(context)
    busy = [file for file in context.study.files if file.header is not None and file.header.busy]
    if busy:
        first = busy[0]
        assert first.header is not None
        more = f", and so with {count_text(busy[1:], 'more file')}" if busy[1:] else ""
        yield f"Before {first.label} began: {'; '.join(first.header.busy)}{more}."
    crowded = [item.crowded for item in context.study.measurements if item.crowded]
    if crowded:
        first_of = "the first: " if len(set(crowded)) > 1 else ""
        yield (
            f"{count_text(crowded, 'cell')} measured while others used the machine ({first_of}{crowded[0]}): "
            "no verdict on them is called sure."
        )
    yield from _kept_answers(context.study.measurements)
    yield from _kept_on_resuming(context.study.measurements)
    yield from _in_pairs(context)
    disturbed = [item for item in context.study.measurements if item.disturbed]
    if disturbed:
        yield (
            f"{count_text(disturbed, 'cell')} disturbed in most samples: compared only with what was "
            "measured in turns with them."
        )


def _kept_answers(items: Sequence[Measurement]) -> Iterator[str]:
    """Of which timed calls nothing proves that they computed their answers: reason by reason."""
    reasons = grouped((item.unproven_calls, item) for item in items if item.unproven_calls)
    for reason, keeping in list(reasons.items())[:MOST_ALIKE]:
        yield f"{count_text(keeping, 'cell')} with {reason}: no verdict on them is called sure."
    left = [item for keeping in list(reasons.values())[MOST_ALIKE:] for item in keeping]
    if left:
        more = count_text(left, "more cell")
        yield f"And {more} whose timed calls or epochs are not proven for other reasons."


def _kept_on_resuming(items: Sequence[Measurement]) -> Iterator[str]:
    """What other code, or another host, had measured before the run was taken up again."""
    for name, when in (
        ("other_code", "before the source code of {} changed, and kept by --resume-anyway"),
        ("other_hosts", "on {}, before the run was taken up here, and kept by --resume-elsewhere"),
    ):
        told = [[other for run in item.runs for other in getattr(run.cell.extra, name)] for item in items]
        marked = [others for others in told if others]
        if marked:
            places = dict.fromkeys(other for others in marked for other in others)
            yield f"{count_text(marked, 'cell')} measured {when.format(' and '.join(places))}."


def _in_pairs(context: Context) -> Iterator[str]:
    """Groups that did not fit into memory at once."""
    bases = [i for i in context.study.measurements if any(run.cell.extra.beside for run in i.runs)]
    for item in bases[:MOST_ALIKE]:
        work = f"{item.key.workload} {axes_text(item.key.axes)}".strip()
        yield (
            f"Not all of {work} {context.where(item)} fits into memory at once: each took turns with "
            f"{item.key.name} alone, and the others have no rounds in common."
        )
    if len(bases) > MOST_ALIKE:
        yield f"And {count_text(bases[MOST_ALIKE:], 'more group')} went in pairs."


def _withheld(context: Context) -> Iterator[str]:
    """Files or machines on which there is no verdict, since they were measured differently."""
    compared = (*context.comparisons.files, *context.comparisons.machines)
    reasons = grouped((item.withheld, item) for item in compared if item.withheld)
    for reason, items in list(reasons.items())[:MOST_ALIKE]:
        base, other = (run.file.label for run in (items[0].base.runs[0], items[0].other.runs[0]))
        yield f"No verdict on {count_text(items, 'cell')} of {base} and {other}: {reason}."
    if len(reasons) > MOST_ALIKE:
        yield f"And no verdict for {count_text(len(reasons) - MOST_ALIKE, 'more reason')} of the kind."


def _failure_text(failed: Sequence[Unmeasured]) -> str:
    """How they ended; of cells that just failed the reason, where all have one that is short."""
    outcomes = sorted({cell.outcome for cell in failed})
    reasons = {cell.reason for cell in failed}
    if outcomes != ["failed"]:
        return f" ({', '.join(outcomes)})"
    reason = reasons.pop()
    return "" if reasons or len(reason) > LONGEST_REASON else f": {reason}"


def _reasons(unmeasured: Sequence[Unmeasured]) -> str:
    """The commonest reasons, counted where there are several."""
    reasons = Counter(cell.reason for cell in unmeasured)
    if len(reasons) == 1:
        return next(iter(reasons))
    told = [f"{reason} ({count})" for reason, count in reasons.most_common(MOST_ALIKE)]
    left = len(unmeasured) - sum(count for _, count in reasons.most_common(MOST_ALIKE))
    return "; ".join(told) + (f"; other reasons ({left})" if left else "")


def _left_out_plugins(context: Context) -> Iterator[str]:
    faults = dict.fromkeys(
        (fault.name, fault.error)
        for file in context.study.files
        if file.header is not None
        for fault in file.header.plugin_faults
    )
    for name, error in list(faults)[:MOST_ALIKE]:
        yield f"Plug-in {name} was left out: {error}."
    if len(faults) > MOST_ALIKE:
        yield f"And {count_text(list(faults)[MOST_ALIKE:], 'more plug-in')} left out."


def _implausible(context: Context, items: Sequence[Measurement]) -> Iterator[str]:
    """One sentence for each device whose figures can't be true."""
    bad = grouped(((item.machine.id, item.key.device), item) for item in items if item.implausible)
    for number, members in enumerate(bad.values()):
        if number == 4:
            left = count_text(len(bad) - 4, "more device")
            yield f"Figures of {left} can't be true."
            return
        worst = max(members, key=lambda item: item.flop_per_second or 0.0)
        yield (
            f"{count_text(members, 'figure')} {context.where(worst)} can't be true: {worst.key.text} "
            f"{worst.implausible[0]}."
        )


def _suspicious(items: Sequence[Measurement]) -> Iterator[str]:
    found = [item for item in items if item.suspicious]
    for item in found[:MOST_ALIKE]:
        yield f"Suspicious: {item.key.workload} {item.key.text} {item.suspicious}."
    if len(found) > MOST_ALIKE:
        yield f"And {count_text(found[MOST_ALIKE:], 'more suspicious figure')}, marked ‡."


def _environment(context: Context) -> Iterator[str]:
    """A sentence for each inherited variable that changes figures, and for kernels below the processor's."""
    touched = grouped(
        (variable, item) for item in context.study.measurements for variable in item.environment.items()
    )
    effects = {
        name: effect
        for file in context.study.files
        if file.header is not None
        for name, effect in file.header.environment_effects.items()
    }
    for (name, value), items in list(touched.items())[:MOST_VARIABLES]:
        files = dict.fromkeys(run.file.label for item in items for run in item.runs)
        labels = ", ".join(list(files)[:MOST_ALIKE])
        more = f" and {count_text(list(files)[MOST_ALIKE:], 'more file')}" if len(files) > MOST_ALIKE else ""
        effect = f" It {effects[name]}." if name in effects else ""
        yield (
            f"{name}={value} was set in the environment of {count_text(items, 'figure')} of {labels}{more}, "
            f"marked †.{effect} To measure without: --clean-environment."
        )
    if len(touched) > MOST_VARIABLES:
        left = count_text(list(touched)[MOST_VARIABLES:], "more variable")
        yield f"And {left} in the environment of figures marked †."
    remarks = grouped(
        (file.header.setup.get("blas_remark"), file.label)
        for file in context.study.files
        if file.header is not None and file.header.setup.get("blas_remark")
    )
    for remark, labels_of in list(remarks.items())[:MOST_ALIKE]:
        yield f"{remark} ({', '.join(labels_of[:MOST_ALIKE])})."
