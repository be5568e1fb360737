"""The function to differentiate, written once for every framework."""

from __future__ import annotations

from typing import Any


def polynomial(x: Any) -> Any:
    """Return y = 3x² + 2x + 3, elementwise; its derivative is 6x + 2 by hand."""
    return 3.0 * x * x + 2.0 * x + 3.0
