"""``--fail-if-slower`` and ``--only``: how much slower which cell may be, and which cells are looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.statistics.verdicts import THRESHOLD

DEFAULT = "5%"
"""The limit where none is given, and of cells that no pattern matches."""

MOST_NAMES = 8
"""Known names that an error lists."""


@dataclass(frozen=True)
class Limits:
    """By how much a cell may be slower than it was, as a share such as 0.05."""

    share: float
    patterns: tuple[tuple[str, float], ...] = ()
    """Patterns of names with limits of their own, in the order given."""

    def of(self, item: Measurement) -> float:
        """The limit of a cell: of the patterns that match it the last one's, else the common one."""
        own = [share for pattern, share in self.patterns if matches(pattern, item)]
        return own[-1] if own else self.share


def parse_limits(texts: Sequence[str]) -> Limits:
    """Limits from ``5%`` (all cells) and ``matmul*=2%`` (those that the pattern matches), in any order.

    Raises ValueError for anything else, and for a share less than the threshold.
    """
    common, patterns = parse_share(DEFAULT), []
    for text in texts:
        pattern, sign, share = text.rpartition("=")
        if not sign:
            common = parse_share(share)
        elif pattern.strip():
            patterns.append((pattern.strip(), parse_share(share, text)))
        else:
            raise ValueError(f"--fail-if-slower {text!r}: the pattern before = is missing, as in *torch*=2%")
    return Limits(common, tuple(patterns))


def parse_share(text: str, whole: str | None = None) -> float:
    """``5%`` or ``0.05`` as a share. Raises ValueError for anything else, and for less than the threshold."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    if match is None:
        expected = "expected a share such as 5%, or a pattern with its share such as *torch*=2%"
        raise ValueError(f"--fail-if-slower {whole or text!r}: {expected}")
    share = float(match.group(1)) / (100.0 if match.group(2) else 1.0)
    if share >= 1.0 and not match.group(2):
        meant = f"{match.group(1)}% or {share:.0%}"
        raise ValueError(f"--fail-if-slower {whole or text!r}: {meant}? Expected a share such as 5% or 0.05")
    if not THRESHOLD <= share <= 10.0:
        raise ValueError(f"--fail-if-slower {whole or text!r}: expected between {THRESHOLD:.0%} and 1000%")
    return share


def names_of(item: Measurement) -> list[str]:
    """What a cell is called: as the report has it, its id, the test's name, short and in full."""
    cell = item.runs[0].cell
    names = (f"{item.key.workload} {item.key.bare.text}", item.key.bare.text)
    return list(dict.fromkeys((*names, cell.id, cell.name, cell.fullname)))


def matches(pattern: str, item: Measurement) -> bool:
    """Whether the pattern is one of the cell's whole names; ``*`` is any text and ``?`` any character.

    Brackets stand for themselves, since names of parametrised tests have them.
    """
    return is_among(pattern, names_of(item))


def is_among(pattern: str, names: Iterable[str]) -> bool:
    """The same of names alone."""
    return any(_compiled(pattern)(name) for name in names if name)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Callable[[str], re.Match[str] | None]:
    parts = {"*": ".*", "?": "."}
    whole = "".join(parts.get(char, re.escape(char)) for char in pattern)
    return re.compile(whole, re.DOTALL).fullmatch


def check_patterns(option: str, patterns: Iterable[str], items: Sequence[Measurement]) -> None:
    """Raise ValueError, with the names that there are, for a pattern that is no cell's."""
    for pattern in patterns:
        if not any(matches(pattern, item) for item in items):
            names = list(dict.fromkeys(_known_as(item) for item in items))
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            told = ", ".join(names[:MOST_NAMES]) + more if names else "none"
            raise ValueError(f"{option} {pattern!r} is the name of no cell; known: {told}")


def _known_as(item: Measurement) -> str:
    cell = item.runs[0].cell
    return cell.fullname or cell.id if cell.plain else cell.id
