"""Which logical processors share a core, and which cores a NUMA node: how many threads, and where.

Files: Linux, Documentation/admin-guide/cputopology.rst.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from likeforlike.devices.machine.resources import usable_cores
from likeforlike.devices.machine.setup import SYS, numa_nodes, parse_cores
from likeforlike.devices.vendors.cpu import SYS_CPU

SIBLINGS = ("core_cpus_list", "thread_siblings_list")
"""Where a processor's hyperthreads are listed; the second is the name before Linux 5.3."""


def usable_processors(count: int | None = None) -> tuple[int, ...]:
    """The logical processors of this process's affinity; off Linux the first ``count``, or all."""
    if count is None and hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(count or os.cpu_count() or 1))


def physical_cores(usable: Collection[int], sys_cpu: Path = SYS_CPU) -> list[tuple[int, ...]]:
    """The usable logical processors core by core; one whose siblings can't be read is a core by itself."""
    cores: dict[tuple[int, ...], None] = {}
    for processor in sorted(usable):
        folder = sys_cpu / f"cpu{processor}" / "topology"
        siblings = next((found for name in SIBLINGS if (found := _cores(folder / name))), set())
        cores.setdefault(tuple(sorted((siblings | {processor}) & set(usable))))
    return list(cores)


def usable_physical_cores(
    usable: Collection[int] | None = None, sys_cpu: Path = SYS_CPU, most: int | None = None
) -> int:
    """A thread for each usable physical core: two hyperthreads share the units that multiply.

    Never more than ``most``, by default what affinity and cgroup quotas allow.
    """
    processors = usable_processors() if usable is None else usable
    return max(1, min(len(physical_cores(processors, sys_cpu)), usable_cores() if most is None else most))


def pinned_processors(
    threads: int, usable: Collection[int] | None = None, sys: Path = SYS, lane: int = 0
) -> tuple[int, ...]:
    """Where ``threads`` threads are held: a logical processor each, first one of each core, node by node.

    As few NUMA nodes as hold them: the one with most free cores first. More threads than processors
    have all of them.

    ``lane`` is the place among workers that run at the same time: each has processors of its own, where there
    are so many.
    """
    processors = usable_processors() if usable is None else usable
    cores = physical_cores(processors, sys / SYS_CPU.relative_to("/sys"))
    nodes = numa_nodes(sys / "devices" / "system" / "node")

    def node(core: tuple[int, ...]) -> int:
        return next((number for number, members in nodes.items() if core[0] in members), -1)

    sizes: dict[int, int] = {}
    for core in cores:
        sizes[node(core)] = sizes.get(node(core), 0) + 1
    ordered = sorted(cores, key=lambda core: (-sizes[node(core)], node(core), core))
    widest = max((len(core) for core in ordered), default=0)
    by_sibling = [core[place] for place in range(widest) for core in ordered if place < len(core)]
    own = by_sibling[lane * threads : (lane + 1) * threads]
    return tuple(sorted(own if len(own) == threads else by_sibling[:threads]))


def nodes_of(processors: Collection[int], sys: Path = SYS) -> tuple[int, ...]:
    """The NUMA nodes that logical processors are of; empty where nobody tells."""
    nodes = numa_nodes(sys / "devices" / "system" / "node")
    return tuple(number for number, members in nodes.items() if members & set(processors))


def pinning_text(processors: Collection[int], sys: Path = SYS) -> str:
    """``4 processors (0, 2, 4, 6) of NUMA node 0``."""
    named = ", ".join(str(processor) for processor in processors)
    nodes = nodes_of(processors, sys)
    words = f" of NUMA node{'s' if len(nodes) > 1 else ''} {', '.join(map(str, nodes))}" if nodes else ""
    return f"{len(processors)} processor{'' if len(processors) == 1 else 's'} ({named}){words}"


def _cores(path: Path) -> set[int]:
    try:
        return parse_cores(path.read_text())
    except OSError:
        return set()
