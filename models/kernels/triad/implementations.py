"""The implementations on offer. Nothing is imported until one of them runs."""

from __future__ import annotations

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.kernels.usual_implementations import usual_implementations

_PACKAGE = "likeforlike.models.kernels.triad"
_PAST_THE_CACHES = (
    "glibc.cpu.x86_non_temporal_threshold=65536:glibc.cpu.x86_rep_movsb_threshold=1099511627776"
)
"""How glibc is to copy from 64 KiB on: by stores past the caches, never by the processor's own copying."""

IMPLEMENTATIONS = (
    *usual_implementations(
        "triad",
        _PACKAGE,
        numpy="the product, then the sum, into an array that is there already, by one thread",
        tensorflow="b + 3 c",
        torch="torch.add with alpha, into an array that is there already",
        jax="b + 3 c, into the donated array of the last call,",
    ),
    Implementation(
        name="numpy-blocked",
        workload="triad",
        framework="numpy",
        summary="NumPy in blocks that stay in the caches, on all cores, written past the caches",
        target=f"{_PACKAGE}.with_numpy:blocked",
        division="tuned",
        environment=(("GLIBC_TUNABLES", _PAST_THE_CACHES),),
        device_kinds=("cpu",),
        dtypes=("float64", "float32"),
        dtypes_reason="NumPy has no bfloat16, and its float16 is computed number by number",
    ),
)
