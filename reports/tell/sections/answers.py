"""Jacobian and eigenvectors: error against the hand-derived answer, and time."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.reports.sort.measurements import Measurement, axes_text, size_of
from likeforlike.reports.tell.context import View
from likeforlike.reports.tell.document import Entry, Section, Table, Text, row, section
from likeforlike.reports.tell.formatting import ratio_entry, time_entry, verdict_entry

DERIVATIONS = {
    "jacobian": "y = 3x² + 2x + 3, whose derivative by hand is 6x + 2: at [1, 3] the gradient is [8, 20] and "
    "the Jacobian diag(8, 20).",
    "eigen": "[[3, 2], [2, 3]] has the characteristic polynomial l² - 6l + 5 with the roots 5 and 1; larger "
    "symmetric matrices are checked by the residual A v - l v.",
}
TITLES = {"jacobian": "Jacobian: automatic against by hand", "eigen": "Eigenvalues: computed against by hand"}


def checks_section(view: View, workload: str) -> Section | None:
    """One workload's answers and times on the detailed machines."""
    items = view.detailed_of(workload)
    if not items:
        return None
    table = verification_table(view, items, workload)
    return section(workload, TITLES[workload], [Text(DERIVATIONS[workload]), table])


def verification_table(view: View, items: Sequence[Measurement], workload: str) -> Table:
    """Error, tolerance, time and verdict, one row an implementation, device and size."""
    rows = []
    for item in sorted(items, key=lambda item: (*_compared(view, item), item.median_seconds)):
        comparison = view.comparisons.against_base.get((item.machine.id, item.key))
        check = item.extra.verified
        rows.append(
            row(
                item.key.name,
                item.key.device,
                *([view.title(item)] if view.several else []),
                axes_text(item.key.bare.axes),
                item.extra.division,
                None if check is None else Entry(f"{check.error:.2g}", check.error),
                None if check is None else Entry(f"{check.tolerance:.2g}", check.tolerance),
                "not checked" if check is None else ("yes" if item.verified else "no"),
                time_entry(item),
                Entry("base") if comparison is None else ratio_entry(comparison),
                verdict_entry(comparison),
                workload=workload,
                machine=view.title(item),
                verdict=comparison.word if comparison else "base",
            )
        )
    machine = ("machine",) if view.several else ()
    columns = (
        "implementation",
        "device",
        *machine,
        "size",
        "division",
        "error",
        "tolerance",
        "agrees",
        "time",
        "ratio to the fastest",
        "verdict",
    )
    return Table(workload, "Error against the answer by hand, and time", columns, tuple(rows))


def _compared(view: View, item: Measurement) -> tuple[int, float, str, str, str]:
    """Orders rows so that those with one base stand together, the fastest first."""
    key = item.key
    return view.rank(item), size_of(item), key.device, axes_text(key.axes), item.extra.division
