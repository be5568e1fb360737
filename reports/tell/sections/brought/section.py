"""What a user's own models are, which weight of one is which of another, and how they differ all the same."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.reports.read.schema.declarations import TASK
from likeforlike.reports.read.schema.training import Brought
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Block, Entry, Points, Section, Table, Text, row, section

MOST_FOLDLESS = 12


def sections(context: Context) -> list[Section | None]:
    """One section for each workload whose models were brought."""
    trained = [item for item in context.study.of_kind(TASK) if item.extra.brought is not None]
    workloads = grouped((item.key.workload, item) for item in trained)
    return [
        section(f"models-{name}", f"The models of {name}", _blocks(name, items))
        for name, items in workloads.items()
    ]


def findings(context: Context) -> Kinds:
    """None: what can't be proven is told as a doubt."""
    return ()


def _blocks(name: str, items: Sequence[Measurement]) -> list[Block | None]:
    models: dict[str, tuple[Brought, Measurement]] = {}
    for item in items:
        if item.extra.brought is not None:
            models.setdefault(item.extra.brought.model, (item.extra.brought, item))
    rows = tuple(
        row(
            brought.model,
            brought.family,
            Entry(f"{item.extra.parameters or 0:,}", float(item.extra.parameters or 0)),
            brought.loss,
            _matched(brought, item, len(models) > 1),
            workload=name,
        )
        for brought, item in models.values()
    )
    columns = ("model", "framework", "trained parameters", "loss", "weights")
    blocks: list[Block | None] = [Table(f"models-{name}", f"The models of {name}", columns, rows)]
    for brought, _ in models.values():
        if brought.matches:
            pairs = tuple(row(*match.split(" = ", 1), workload=name) for match in brought.matches)
            title = f"Weights of {brought.model}, matched {brought.matched}"
            note = "Behind a name stands the order of axes in which the first model's weight is the other's."
            blocks.append(
                Table(
                    f"weights-{brought.model.replace(':', '-')}",
                    title,
                    ("of the first model", "its own"),
                    pairs,
                    note,
                    folded=len(pairs) > MOST_FOLDLESS,
                )
            )
    remarks = dict.fromkeys(remark for brought, _ in models.values() for remark in brought.remarks)
    if remarks:
        blocks += [
            Text("What differs although the network is one, or is worth knowing:"),
            Points(tuple(remarks)),
        ]
    return blocks


def _matched(brought: Brought, item: Measurement, several: bool) -> str:
    if brought.matched:
        return f"matched {brought.matched}"
    if item.unproven and several:
        return "not matched"
    return "its own names, with which others are matched" if several else "its own names"
