"""Which files' samples are one measurement, said under every table that holds such figures."""

from __future__ import annotations

from dataclasses import replace

from likeforlike.reports.sort.duplicates import some
from likeforlike.reports.sort.likeness.repetitions import commit_text
from likeforlike.reports.sort.measured.study import Pool, Study
from likeforlike.reports.tell.document import Block, Section, Table

MOST_POOLS = 2
"""Pools that a table's note tells; of more their number follows."""


def with_pools_told(section: Section, study: Study) -> Section:
    """The section, its tables' notes completed."""
    return replace(section, blocks=tuple(_told(block, study) for block in section.blocks))


def _told(block: Block, study: Study) -> Block:
    if not isinstance(block, Table):
        return block
    places = {(row.workload, row.machine) for row in block.rows if row.workload}
    pools = {
        pool_text(pool): None
        for pool in study.pools
        if pool.shared
        for machine in ("", study.titles[pool.machine.id])
        if (pool.workload, machine) in places
    }
    if not pools:
        return block
    notes = [block.note] if block.note else []
    notes += list(pools)[:MOST_POOLS]
    left = len(pools) - MOST_POOLS
    they = "set of files; it stands" if left == 1 else "sets of files; they stand"
    notes += [f"And {left} more such {they} under “How to read this”."] if left > 0 else []
    return replace(block, note=" ".join(notes))


def pool_text(pool: Pool) -> str:
    """Why several files are one measurement."""
    files = pool.files
    first = files[0]
    if first.run_id and all(file.run_id == first.run_id for file in files):
        return f"{_names(pool)} are parts of one run: their samples are one measurement."
    commits = [commit_text(file.commit) for file in files]
    code = f"commit {commits[0]}" if commits[0] and set(commits) == {commits[0]} else "source code"
    what = f"{code}, machine, set-up and the options that say how to measure"
    return f"{_names(pool)} are pooled, since {what} are the same: their samples are one measurement."


def _names(pool: Pool) -> str:
    return some([file.label for file in pool.files])
