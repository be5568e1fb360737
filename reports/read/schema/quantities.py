"""The kinds of figures that result files hold, with their bounds."""

from __future__ import annotations

import sys
from typing import Annotated

from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0.0)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
LEAST_POSITIVE = sys.float_info.min
"""Of numbers in full precision. Where a library has the processor take smaller ones for 0, as what
``torch.compile`` makes may, ``gt=0.0`` would let 0 pass: msgspec holds it against the smallest of all."""
Positive = Annotated[float, Meta(ge=LEAST_POSITIVE)]
Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Scalar = str | bool | Whole | float | None
Text = Annotated[str, Meta(min_length=1)]
