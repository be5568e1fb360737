"""Under what circumstances a kernel is called: where its operands lie, and from what they were drawn.

The usual ones, warm caches and the workload's own distribution, are no axis, so that figures with and without
them bear the names that they always had; what is asked for besides is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.models.contract.axis import Value
from likeforlike.models.contract.workload import Workload

CACHE, OPERANDS = "cache", "operands"
"""Names of the two axes."""
USUAL_CACHE = "warm"

Axes = tuple[tuple[str, Value], ...]


def with_circumstances(every: Iterable[Axes], workload: Workload, options: Options) -> Iterator[Axes]:
    """The axes of a workload's kernels, once for each of the circumstances that were asked for."""
    ways = _drawn_from(workload, options)
    for axes, drawn, cache in product(every, ways, options.caches):
        more: Axes = ((OPERANDS, drawn),) if drawn else ()
        yield (*axes, *more, *(() if cache == USUAL_CACHE else ((CACHE, cache),)))


def _drawn_from(workload: Workload, options: Options) -> list[str]:
    """The distributions for a workload; empty text for its usual one, the only one where it has no choice."""
    own = workload.distributions
    return ["" if not own or drawn == own[0] else drawn for drawn in options.operands if drawn in own] or [""]


def check_circumstances(options: Options, kernels: Sequence[Workload]) -> None:
    """Raise OptionError for one that would have no effect on any of these workloads of kernels."""
    if not kernels:
        asked = {
            "--cache": options.caches != (USUAL_CACHE,),
            "--operands": options.operands != ("uniform",),
            "--statistic": options.statistic != "median",
            "--timing": options.timing == "unsynchronised",
            "--transfer": options.transfer,
        }
        for option in (name for name, given in asked.items() if given):
            raise OptionError(f"{option}: of use with kernels alone, and no workload of kernels is asked for")
    known = {drawn for workload in kernels for drawn in workload.distributions}
    names = ", ".join(workload.name for workload in kernels)
    for drawn in options.operands:
        if drawn != "uniform" and drawn not in known:
            raise OptionError(f"--operands: none of {names} draws {drawn} operands; leave it out")
    if options.transfer and options.timing == "unsynchronised":
        raise OptionError("--transfer: calls that are not waited for are timed alone; leave one of them out")
    if options.transfer and not any(workload.transfers for workload in kernels):
        raise OptionError(f"--transfer: none of {names} is timed with its copies; leave it out")
