"""What kernels need to know of a precision mode: its bytes, its unit roundoff, the host's type for it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

BYTES: Mapping[str, int] = {"float64": 8, "float32": 4, "tf32": 4, "bfloat16": 2, "float16": 2}
UNIT_ROUNDOFF: Mapping[str, float] = {
    "float64": 2.0**-53,
    "float32": 2.0**-24,
    "tf32": 2.0**-24,
    "bfloat16": 2.0**-8,
    "float16": 2.0**-11,
}
"""Half the distance from 1 to the next number, of what is stored: TF32's numbers are float32's."""
PRODUCT_MODES = tuple(BYTES)
"""Those of kernels that multiply matrices."""
MODES = tuple(mode for mode in BYTES if mode != "tf32")
"""All but TF32, which is a mode of products of matrices alone."""


def host_type(dtype: str) -> type[np.floating]:
    """What the problem's operands are of: float64, or float32, which kernels round to 16 bits themselves."""
    return np.float64 if dtype == "float64" else np.float32


def host_bytes(dtype: str) -> int:
    """Bytes of one number of it."""
    return max(4, BYTES[dtype])


def working_roundoff(dtype: str) -> float:
    """The unit roundoff of what is between operands and result: float32's for all modes below it.

    For float64 twice its own: the reference in float64 is no better.
    """
    return 2 * UNIT_ROUNDOFF["float64"] if dtype == "float64" else UNIT_ROUNDOFF["float32"]


def result_roundoff(dtype: str) -> float:
    """What storing a result costs on top of it: its unit roundoff in 16 bits, else nothing."""
    return UNIT_ROUNDOFF[dtype] if BYTES[dtype] == 2 else 0.0
