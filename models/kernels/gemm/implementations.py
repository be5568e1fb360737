"""The calls that square products have, given other shapes. Nothing is imported until one of them runs."""

from __future__ import annotations

from dataclasses import replace

from likeforlike.models.kernels.matmul.implementations import IMPLEMENTATIONS as SQUARE

IMPLEMENTATIONS = tuple(replace(entry, workload="gemm") for entry in SQUARE)
