"""The first ten lines: what the figures say, in plain words.

No finding rests on a figure that is implausible, disturbed, unverified or unclear; what can't be believed
is told as a warning.
"""

from __future__ import annotations

from itertools import chain, islice

from likeforlike.reports.tell.context import MOST_ALIKE, View
from likeforlike.reports.tell.document import Finding
from likeforlike.reports.tell.formatting import count
from likeforlike.reports.tell.sections.distributed import scaling_findings
from likeforlike.reports.tell.sections.implementations import others_findings
from likeforlike.reports.tell.sections.ladder import explanation_findings
from likeforlike.reports.tell.sections.machines import machines_findings
from likeforlike.reports.tell.sections.matrix_products import devices_findings, products_findings
from likeforlike.reports.tell.sections.published_pair import published_findings
from likeforlike.reports.tell.sections.trainers import fastest_findings, matched_findings
from likeforlike.reports.tell.warnings import warnings_findings

MOST = 12


def findings(view: View) -> tuple[Finding, ...]:
    """The findings, most asked for first, at most a dozen; then warnings."""
    kinds = (
        published_findings(view),
        matched_findings(view),
        fastest_findings(view),
        explanation_findings(view),
        devices_findings(view),
        products_findings(view),
        iter(scaling_findings(view)),
        others_findings(view),
    )
    each = [list(islice(kind, MOST_ALIKE)) for kind in kinds]
    machines = list(machines_findings(view))
    if sum(map(len, each)) + len(machines) > MOST:  # the second of a kind before the only one of another
        each = [told[:1] for told in each]
    told = [*chain.from_iterable(each), *machines]
    texts = [Finding(text) for text in told] or [Finding(_nothing(view))]
    return (*texts, *(Finding(text, "warning") for text in warnings_findings(view)))


def _nothing(view: View) -> str:
    return (
        f"{count(view.study.measurements, 'cell')}, and nothing to conclude: no two that are verified, "
        "plausible, undisturbed and measured often enough to compare."
    )
