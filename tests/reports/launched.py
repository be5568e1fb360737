"""Products launch by launch, every second of them given: small enough to compute by hand."""

from __future__ import annotations

import report_samples as samples
from report_hostile import read


def cell(name, launches, size=500, device="cpu:0", workload="matmul", **extra):
    """A cell from the seconds of each launch; cells of one size and device took turns."""
    times = [float(seconds) for rounds in launches for seconds in rounds]
    numbers = [number for number, rounds in enumerate(launches) for _ in rounds]
    told = {"group": f"{workload} {device} {size}", "launch_numbers": numbers, "launches": []}
    axes = {"size": size, "dtype": "float32"}
    return samples.cell(workload, name, device, axes, times, **told | extra)


def document(*cells, machine=None, **header):
    """A file of them, which tells no noise of its machine."""
    return samples.document(list(cells), machine, **{"noise": None} | header)


def file(name, *cells, **more):
    """The same, read."""
    return read(document(*cells, **more), name)


def steady(seconds, launches=1, rounds=8):
    """Launches in which nothing moves."""
    return [[seconds] * rounds] * launches
