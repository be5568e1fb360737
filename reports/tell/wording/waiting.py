"""What waiting adds to short times, under every table of times over size in which it is worth telling."""

from __future__ import annotations

from dataclasses import replace

from likeforlike.devices.limits.units import format_seconds
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.document import Block, Section, Table
from likeforlike.reports.tell.formatting import percent

WORTH_TELLING = 0.02
"""Of a time; the least threshold of a verdict."""
TELLING_COLUMNS = ("size", "pays from size")
"""A table with one of them is of times over size, or of where they cross."""


def with_waiting_told(section: Section, context: Context) -> Section:
    """The section, its tables' notes completed."""
    return replace(section, blocks=tuple(_told(block, context) for block in section.blocks))


def _told(block: Block, context: Context) -> Block:
    if not isinstance(block, Table) or not set(TELLING_COLUMNS) & set(block.columns):
        return block
    workloads = {row.workload for row in block.rows}
    items = [item for workload in workloads for item in context.detailed_of(workload)]
    text = waiting_text(items)
    return replace(block, note=" ".join(filter(None, (block.note, text)))) if text else block


def waiting_text(items: list[Measurement]) -> str:
    """Of the cell that waiting adds most to, how much; empty where that is worth no word."""
    shares = [(share, item) for item in items if (share := waiting_share(item)) is not None]
    if not shares:
        return ""
    share, item = max(shares, key=lambda pair: pair[0])
    if share < WORTH_TELLING:
        return ""
    return (
        f"Waiting for work that is done takes {format_seconds(item.waiting_seconds or 0.0)} of each call of "
        f"{item.key.implementation} on {item.key.device}, up to {percent(share)} of these times: it is in "
        "all of them, and taken out of none."
    )


def waiting_share(item: Measurement) -> float | None:
    """Share of the median time that a wait alone takes; None where it isn't told, or no sample waits."""
    waiting = item.waiting_seconds
    if waiting is None or not item.median_seconds or item.extra.timing != "synchronised":
        return None
    return waiting / item.median_seconds
