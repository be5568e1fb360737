"""What stands for the same work in two places: two machines, two files, before and now."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.reports.sort.likeness.comparability import unlike_runs, unlike_work
from likeforlike.reports.sort.measured.measurements import Measurement

Pair = tuple[Measurement, Measurement]


def pair_alike(
    bases: Sequence[Measurement], items: Sequence[Measurement]
) -> tuple[list[Pair], list[tuple[Measurement, Measurement, str]]]:
    """Each of the second with that of the first to which it is best compared, and why others are to none.

    All bear one name. The same work comes first, as many epochs, the same commit, and what was given first.
    """
    pairs, left = [], []
    for item in items:
        alike = [base for base in bases if not unlike_work(base.extra, item.extra)]
        if alike:
            pairs.append((min(alike, key=lambda base: _distance(base, item)), item))
        elif bases:
            left.append((bases[0], item, unlike_work(bases[0].extra, item.extra)))
    return pairs, left


def _distance(base: Measurement, item: Measurement) -> tuple[bool, bool]:
    commits = [one.runs[0].file.commit for one in (base, item)]
    same = commits[0] is not None and commits[1] is not None and commits[0].id == commits[1].id
    return bool(unlike_runs(base.extra, item.extra)), not same
