"""How the values of options are read: names, numbers, sizes. Each complaint is one line."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.models.distributed.assignment import STRATEGIES

LEVEL = "level"
"""What ``--sustained`` without a number stands for."""


def names(text: str | None) -> tuple[str, ...] | None:
    """``a, b``; None where nothing was given."""
    if text is None:
        return None
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def listed(option: str, text: str | None) -> tuple[str, ...] | None:
    """The names that an option gives; None where it was not given. Raises OptionError where it gives none."""
    found = names(text)
    if found == ():
        raise OptionError(f"{option}: names nothing; leave it out, or name what is meant")
    return found


def one_of(option: str, value: str, known: Sequence[str]) -> str:
    """Raises OptionError for an unknown one."""
    if value not in known:
        raise OptionError(f"{option}: unknown {value!r}; known: {', '.join(known)}")
    return value


def some_of(option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Raises OptionError for an unknown one, and for none."""
    found = tuple(one_of(option, name, known) for name in names(text) or ())
    if not found:
        raise OptionError(f"{option}: names nothing; known: {', '.join(known)}")
    return found


def sustained(text: str | None) -> float | None:
    """For how long the device is loaded; None: until it is level, or not at all."""
    return None if text in (None, LEVEL) else seconds("--sustained", text)


def _parsed(
    option: str, text: str, of: Callable[[str], Any], valid: Callable[[Any], bool], expected: str
) -> Any:
    try:
        value = of(text)
    except ValueError:
        value = None
    if value is None or not valid(value):
        raise OptionError(f"{option}: {text!r} is not {expected}")
    return value


def number(option: str, text: str | None, least: int) -> int | None:
    """Raises OptionError for less, and for what is none."""
    if text is None:
        return None
    return _parsed(option, text, int, lambda n: n >= least, f"a whole number of at least {least}")


def patience(text: str | None, of_preset: float) -> float:
    """Seconds, 0 or more. Raises OptionError."""
    if text is None:
        return of_preset
    expected = "a number of seconds, 0 or more"
    return _parsed("--patience", text, float, lambda x: 0 <= x < float("inf"), expected)


def launches(text: str | None) -> tuple[int, int] | None:
    """``5``, or ``3-10``: at least and at most."""
    if text is None:
        return None
    least, _, most = text.partition("-")
    first = number("--launches", least, 1) or 1
    return first, number("--launches", most, first) or first if most else first


def workers(text: str | None) -> tuple[int, ...] | None:
    """Counts, each once. Raises OptionError."""
    counts = [number("--workers", name, 1) or 1 for name in listed("--workers", text) or ()]
    return tuple(dict.fromkeys(counts)) or None


def strategies(text: str | None) -> tuple[str, ...] | None:
    """Raises OptionError for an unknown one."""
    found = listed("--strategies", text) or ()
    return tuple(one_of("--strategies", name, STRATEGIES) for name in found) or None


def fraction(option: str, text: str | None) -> float | None:
    """Between 0 and 1. Raises OptionError."""
    if text is None:
        return None
    return _parsed(option, text, float, lambda x: 0 < x < 1, "a fraction between 0 and 1")


def seconds(option: str, text: str | None) -> float | None:
    """More than 0. Raises OptionError."""
    if text is None:
        return None
    return _parsed(option, text, float, lambda x: 0 < x < float("inf"), "a number of seconds above 0")


def parse_bytes(option: str, text: str | None) -> int | None:
    """``8GiB``, ``512MiB`` or plain bytes. Raises OptionError."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(|KiB|MiB|GiB|TiB)", text)
    count = float(match[1]) * 1024 ** ("", "KiB", "MiB", "GiB", "TiB").index(match[2]) if match else 0.0
    if not 1.0 <= count < 2.0**63:  # no byte at all, or more than a worker can be told
        raise OptionError(f"{option}: {text!r} is not a size such as 512MiB or 8GiB")
    return int(count)


def parse_sizes(text: str | None) -> dict[str, tuple[str, ...]]:
    """``500,1000,NAME:200`` as sizes by workload, plain ones under an empty name; not checked yet.

    Raises OptionError for none.
    """
    sizes: dict[str, list[str]] = {}
    for item in listed("--sizes", text) or ():
        workload, _, number = item.rpartition(":")
        sizes.setdefault(workload, []).append(number)
    return {workload: tuple(dict.fromkeys(numbers)) for workload, numbers in sizes.items()}


def parse_axes(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """``NAME.AXIS=1,2`` as values by ``NAME.AXIS``, not checked yet. Raises OptionError."""
    axes: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, _, listed = text.partition("=")
        values = names(listed)
        if not values or not all(name.partition(".")):
            raise OptionError(f"--axis: {text!r} is not WORKLOAD.AXIS=VALUE or WORKLOAD.AXIS=VALUE,VALUE")
        if name in axes:
            raise OptionError(f"--axis: {name} is given twice; its values go behind one =, with commas")
        axes[name] = values
    return axes


def pin(asked: bool, concurrent: bool) -> bool:
    """Raises OptionError where two workers would be held to the same processors, or the system can't."""
    if asked and concurrent:
        raise OptionError("--pin: with --concurrent devices share the processors; leave one of them out")
    if asked and not hasattr(os, "sched_setaffinity"):
        raise OptionError("--pin: this system holds no process to processors; leave it out")
    return asked
