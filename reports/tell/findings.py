"""The first ten lines: which findings are told, in what order, and how many.

No finding rests on a figure that is implausible, disturbed, unverified or unclear; what can't be believed
is told as a warning. That Keras against the hand-written trainer is undecided is told, as undecided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain, islice

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.tell.context import MOST_ALIKE, Context, Kinds, SectionModule
from likeforlike.reports.tell.document import Finding
from likeforlike.reports.tell.formatting import count_text
from likeforlike.reports.tell.sections import implementations, machines, plain_benchmarks
from likeforlike.reports.tell.sections.training import distributed
from likeforlike.reports.tell.warnings import warnings

MOST = 12
MOST_REASONS = 3
"""Reasons that are told where there is no finding."""
TOLD_LAST: tuple[SectionModule, ...] = (distributed, implementations, plain_benchmarks, machines)
"""Modules whose findings follow those of all others, in this order, wherever their sections stand."""


def findings(context: Context, modules: Iterable[SectionModule]) -> tuple[Finding, ...]:
    """The findings of these modules, most asked for first, at most a dozen; then warnings."""
    ordered = sorted(modules, key=lambda module: TOLD_LAST.index(module) if module in TOLD_LAST else -1)
    told = _limited([kind for module in ordered for kind in module.findings(context)])
    texts = [Finding(text) for text in told] or [Finding(_nothing(context))]
    return (*texts, *(Finding(text, "warning") for text in warnings(context)))


def _limited(kinds: Kinds) -> list[str]:
    """A few of each kind; of too many one each, before the second of a kind crowds out another's only one."""
    each = [list(islice(kind, MOST_ALIKE)) for kind in kinds]
    if sum(map(len, each)) > MOST:
        each = [told[:1] for told in each]
    return list(chain.from_iterable(each))


def _nothing(context: Context) -> str:
    cells = count_text(context.study.measurements, "cell")
    if not context.study.measurements:
        if not any(file.unmeasured for file in context.study.files):
            return f"{'The files hold' if len(context.study.files) > 1 else 'The file holds'} no cell."
        return "No cell gave a figure; the reasons stand under “Not measured, and why”."
    pairs = context.comparisons.every
    if not pairs:
        return f"{cells}, of which no two are there to be compared with each other; their times stand below."
    reasons = Counter(_hindrance(item) for item in pairs)
    told = [
        f"{reason} ({count} of {count_text(pairs, 'comparison')})" if len(pairs) > 1 else reason
        for reason, count in reasons.most_common(MOST_REASONS)
    ]
    left = len(pairs) - sum(count for _, count in reasons.most_common(MOST_REASONS))
    others = f"; {left} for other reasons" if left else ""
    return f"{cells}, and nothing to conclude: {'; '.join(told)}{others}."


def _hindrance(pair: Comparison) -> str:
    """Why no finding rests on a comparison."""
    if pair.withheld:
        return pair.withheld
    if pair.base.unproven or pair.other.unproven:
        return "an entrant is not proven to train the same network"
    if pair.doubt:
        return "a figure is implausible, wrong or disturbed"
    if not pair.clear:
        return pair.verdict.reason
    if pair.unsure:
        return pair.unsure
    if not (pair.base.verified and pair.other.verified):
        return "the answers are not verified"
    return pair.barred or "told in the tables alone"
