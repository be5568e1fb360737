"""A clock that shows a tenth of the seconds."""

from __future__ import annotations

import time

_true_clock = time.monotonic


def seconds() -> float:
    return _true_clock() / 10
