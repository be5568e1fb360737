"""Readings beside the measuring: marks of memory, clocks, counters. None of them may ever end a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Reading = TypeVar("Reading")


def told(read: Callable[..., Reading], *arguments: Any, **named: Any) -> Reading | None:
    """What ``read`` gives; None where it raises anything at all, as libraries and drivers do.

    For what only accompanies a figure. What a figure rests on (placing, answers, threads held) must raise.
    """
    try:
        return read(*arguments, **named)
    except Exception:
        return None
