"""Each function over the first, in figures, a word and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.tell.formatting import count_text, more_rounds_text, percent, ratio_text


@dataclass(frozen=True)
class Pair:
    """Two functions on the same arguments, or one function at two points of a grid."""

    first: str
    other: str
    point: Mapping[str, Any]
    """Where on the grid they were compared; empty without one."""
    comparison: Comparison

    @property
    def ratio(self) -> float:
        """The other's time over the first's."""
        return self.comparison.verdict.estimate.ratio

    @property
    def interval(self) -> tuple[float, float]:
        """Between which the ratio lies, at 95 %; from 0 to infinity where there is too little to tell."""
        estimate = self.comparison.verdict.estimate
        return estimate.low, estimate.high

    @property
    def word(self) -> str:
        """``faster``, ``slower``, ``same`` or ``unclear``; ``no verdict`` where a figure is in doubt."""
        return self.comparison.word

    @property
    def sure(self) -> bool:
        """Whether it rests on several launches, on answers that agree, and on a machine left alone."""
        return self.comparison.sure

    @property
    def unsure(self) -> str:
        """Why a clear word is not sure; empty if it is."""
        return self.comparison.unsure

    @property
    def seconds(self) -> tuple[float, float]:
        """Median seconds of the first and of the other."""
        return self.comparison.base.median_seconds, self.comparison.other.median_seconds

    @property
    def reason(self) -> str:
        """Why no more can be said, and what would settle it; empty for a clear word."""
        if self.comparison.doubt:
            return self.comparison.doubt
        verdict = self.comparison.verdict
        return f"{verdict.reason}{more_rounds_text(verdict)}" if verdict.word == "unclear" else ""

    @property
    def sentence(self) -> str:
        """The verdict as a reader wants it."""
        verdict = self.comparison.verdict
        where = f" at {', '.join(f'{k}={v}' for k, v in self.point.items())}" if self.point else ""
        if self.word == "no verdict":
            return f"No verdict on {self.other} against {self.first}{where}: {self.reason}."
        told = f"{self.other}{where} takes {ratio_text(verdict.estimate)} of the time of {self.first}"
        rests = f"over {count_text(verdict.estimate.launches, 'launch')}"
        if self.word == "unclear":
            return f"{told} {rests}: unclear, {self.reason}."
        word = f"the same within {percent(verdict.threshold)}" if self.word == "same" else self.word
        if self.sure:
            return f"{told}: {word}, {rests}."
        return f"{told}: {word}; not sure: {self.unsure or 'the answers were not checked'}."
