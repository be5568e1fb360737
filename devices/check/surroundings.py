"""What around a measurement would disturb it: inherited variables, set-up, memory, others at work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from likeforlike.devices.check.rows import Place, Row
from likeforlike.devices.machine.environment import Inherited

LEAST_FREE_BYTES = 2 * 2**30
"""Below it products of the larger sizes don't fit."""

HELD_BACK = ("powersave", "ondemand", "conservative")
"""Governors that raise the clock after the work has begun."""


def environment_rows(
    place: Place,
    variables: Sequence[Inherited],
    frameworks: Collection[str],
    kinds: Collection[str],
    blas: Sequence[str] = (),
) -> list[Row]:
    """A row for each variable that reaches a worker and touches a framework on a kind of device checked."""
    touching = [
        item
        for item in variables
        if any(item.touches(framework, kind, (), blas) for framework in frameworks for kind in kinds)
    ]
    if not touching:
        return [place.good("environment", "no variable that changes speed or results")]
    return [
        place.warn(
            "environment", item.sentence, f"unset {item.name}, or likeforlike bench --clean-environment"
        )
        for item in touching
    ]


def setup_rows(place: Place, setup: Mapping[str, Any]) -> list[Row]:
    """Governor, the BLAS's kernels, NUMA nodes; ``setup`` is :func:`read_setup`'s."""
    rows = []
    governor = setup["governor"]
    if governor is None:
        rows.append(place.not_measurable("governor", "the kernel tells none, as on virtual machines"))
    elif any(name in HELD_BACK for name in governor.split(", ")):
        rows.append(place.warn("governor", governor, "cpupower frequency-set -g performance"))
    else:
        rows.append(place.good("governor", governor))
    if setup["blas_remark"]:
        rows.append(place.warn("NumPy's BLAS", setup["blas_remark"], "unset OPENBLAS_CORETYPE; update NumPy"))
    else:
        rows.append(place.good("NumPy's BLAS", setup["blas"] or "none that tells"))
    nodes = setup["numa_nodes_used"]
    if nodes is not None and nodes > 1:
        remedy = "numactl --cpunodebind=0 --membind=0 likeforlike bench"
        rows.append(place.warn("NUMA nodes", f"threads may wander between {nodes}", remedy))
    return rows


def memory_row(place: Place, free_bytes: int) -> Row:
    """Host memory that may still be taken."""
    found = f"{free_bytes / 2**30:.1f} GiB free"
    if free_bytes < LEAST_FREE_BYTES:
        return place.warn("host memory", found, "end other programs, or measure small sizes")
    return place.good("host memory", found)


def quiet_row(place: Place, busy: str | None, reasons: Sequence[str]) -> Row:
    """Whether others used the device: before (``busy``), and while it was checked (``reasons``).

    That a GPU was held back has a row of its own.
    """
    others = [reason for reason in reasons if not reason.startswith("GPU throttled")]
    told = [*([busy.partition(" is ")[2] or busy] if busy else []), *others]
    if told:
        return place.warn("quiet", "; ".join(told), "end other programs; measure on a machine of your own")
    return place.good("quiet", "nobody else at work")
