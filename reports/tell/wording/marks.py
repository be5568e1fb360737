"""What the marks beside figures mean, under every table that holds one."""

from __future__ import annotations

from dataclasses import replace

from likeforlike.reports.statistics.ratios import RatioEstimate
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.document import Block, Section, Table
from likeforlike.reports.tell.formatting import (
    ENVIRONMENT_MARK,
    LAUNCH_MARK,
    NOT_SURE,
    SUSPICION_MARK,
    widening_text,
)

MOST_VARIABLES = 4


def with_marks_explained(section: Section, context: Context) -> Section:
    """The section, its tables' notes completed."""
    return replace(section, blocks=tuple(_explained(block, context) for block in section.blocks))


def _explained(block: Block, context: Context) -> Block:
    if not isinstance(block, Table):
        return block
    ends = {end for row in block.rows for entry in row.entries for end in entry.text.split(" ")[-2:]}
    notes = [block.note] if block.note else []
    if any(ENVIRONMENT_MARK in end for end in ends):
        notes.append(f"{ENVIRONMENT_MARK} Measured under {variables_text(context)}.")
    if any(SUSPICION_MARK in end for end in ends):
        notes.append(f"{SUSPICION_MARK} Above the best rate that its machine was measured to reach.")
    if any(end.endswith(LAUNCH_MARK) for end in ends):
        notes.append(f"{LAUNCH_MARK} {widening_text(_estimates(block, context)) or NOT_SURE}")
    return replace(block, note=" ".join(notes))


def _estimates(table: Table, context: Context) -> list[RatioEstimate]:
    """The ratios of the table's workloads: of comparisons, and of trainers over their floors."""
    workloads = {row.workload for row in table.rows}
    compared = [
        item.verdict.estimate for item in context.comparisons.every if item.base.key.workload in workloads
    ]
    over_floors = [
        over.estimate
        for line in context.floors
        for over in line.trainers
        if over.trainer.key.workload in workloads
    ]
    return compared + over_floors


def variables_text(context: Context) -> str:
    """The inherited variables that change any figure of the report."""
    told = list(
        dict.fromkeys(
            f"{name}={value}"
            for item in context.study.measurements
            for name, value in item.environment.items()
        )
    )
    more = f" and {len(told) - MOST_VARIABLES} more" if len(told) > MOST_VARIABLES else ""
    return f"inherited variables: {', '.join(told[:MOST_VARIABLES])}{more}"
