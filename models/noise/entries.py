"""One product under two names, and a call that does nothing."""

from __future__ import annotations

from models.entry import Entry


def _twin(name: str) -> Entry:
    return Entry(
        name=name,
        workload="noise",
        framework="numpy",
        summary="one NumPy product of some 10 ms, the same under two names",
        target="models.noise.kernels:twin",
        device_kinds=("cpu",),
    )


ENTRIES = (
    _twin("twin-a"),
    _twin("twin-b"),
    Entry(
        name="nothing",
        workload="noise",
        framework="numpy",
        summary="a call that does nothing: the harness's own cost",
        target="models.noise.kernels:nothing",
        device_kinds=("cpu",),
    ),
)
