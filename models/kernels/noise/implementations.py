"""One product under two names, and a call that does nothing."""

from __future__ import annotations

from likeforlike.models.contract.implementation import Implementation


def _twin(name: str) -> Implementation:
    return Implementation(
        name=name,
        workload="noise",
        framework="numpy",
        summary="one NumPy product of some 10 ms, the same under two names",
        target="likeforlike.models.kernels.noise.with_numpy:twin",
        device_kinds=("cpu",),
    )


IMPLEMENTATIONS = (
    _twin("twin-a"),
    _twin("twin-b"),
    Implementation(
        name="nothing",
        workload="noise",
        framework="numpy",
        summary="a call that does nothing: the harness's own cost",
        target="likeforlike.models.kernels.noise.with_numpy:nothing",
        device_kinds=("cpu",),
    ),
)
