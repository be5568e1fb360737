"""How many threads each comparison group works with where nobody says: what all of its entrants can do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from likeforlike.bench.plan.cells import Cell
from likeforlike.devices.process.thread_pools import default_threads, most_threads


@dataclass(frozen=True)
class ThreadCounts:
    """Threads of the groups that can't have a thread for each usable core; the others have one."""

    usable: int
    of_group: dict[str, int]
    held_back_by: dict[str, str]
    """The framework that bounds a group, by group."""

    def lines(self) -> list[str]:
        """For the terminal, a line for each bound; none where no group is bounded."""
        bounds = Counter((self.held_back_by[group], count) for group, count in self.of_group.items())
        return [
            f"threads: {count} in {groups} of the groups, since {framework} takes part and has {count} at "
            f"most; {self.usable} cores are usable (--threads sets one number for all)"
            for (framework, count), groups in sorted(bounds.items())
        ]


def thread_counts(cells: Iterable[Cell], usable: int, asked: int | None) -> ThreadCounts:
    """The groups' threads; what was asked for holds for all. Cells that will be skipped bound nothing."""
    if asked is not None:
        return ThreadCounts(usable, {}, {})
    frameworks: dict[str, dict[str, None]] = {}
    for cell in cells:
        if cell.skip_reason is None:
            frameworks.setdefault(cell.group, {})[cell.entry.framework] = None
    most = {name: most_threads(name) for name in {name for named in frameworks.values() for name in named}}
    counts, held_back_by = {}, {}
    for group, named in frameworks.items():
        count, least = default_threads(tuple(named), usable, most)
        if least is not None:
            counts[group], held_back_by[group] = count, least
    return ThreadCounts(usable, counts, held_back_by)
