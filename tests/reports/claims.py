"""What a report claims of who is faster than whom: read from its findings, tables and prose.

Of one scope (what is compared, on which device of which machine) all claims must agree, wherever they stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OPPOSITE = {"faster": "slower", "slower": "faster", "same": "same", "unclear": "unclear", "barred": "barred"}
BARRED = ("trained worse", "base trained worse", "accuracy unknown")
RATIO = re.compile(r"×([\d.,]+)")
EAGER, KERAS = "eager-loop", "keras-fit"


@dataclass(frozen=True)
class Claim:
    """``who`` is ``word`` than ``than``."""

    scope: tuple[str, ...]
    who: str
    than: str
    word: str
    source: str

    @property
    def ordered(self):
        """The same with the two in alphabetical order."""
        if self.who <= self.than:
            return self
        return Claim(self.scope, self.than, self.who, OPPOSITE[self.word], self.source)


@dataclass(frozen=True)
class Accuracy:
    """Somebody's validation accuracy in per cent, and half of its last digit's worth."""

    scope: tuple[str, ...]
    who: str
    percent: float
    precision: float
    source: str


def number(text):
    """``1,234.5`` as a number."""
    return float(text.replace(",", ""))


def ratio_of(text):
    """The ratio that a text gives first; None without one."""
    found = RATIO.search(text)
    return None if found is None else number(found[1].rstrip(".,"))


def word_of(text):
    """The verdict that an entry begins with, *barred* where quality forbids one; None for none."""
    if text.startswith(BARRED):
        return "barred"
    found = re.match(r"(faster|slower|same|unclear)\b", text)
    return found and found[1]
