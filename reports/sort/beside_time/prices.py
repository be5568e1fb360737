"""``--price``: what an hour of a machine costs, as its user pays it. Nothing is taken from any list."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.sort.measured.study import Study

EXPECTED = "expected euros an hour such as 2.50, or part of a machine's name with its price such as a100=2.50"


@dataclass(frozen=True)
class Prices:
    """Euros an hour: of all machines, and of those that a word names."""

    common: float | None = None
    named: tuple[tuple[str, float], ...] = ()
    """Words and their prices, in the order given; the last that fits counts."""

    def of(self, item: Measurement, study: Study) -> float | None:
        """The price of a measurement's machine, by its label, id or file name; None where none is given."""
        title, machine = study.titles[item.machine.id].casefold(), item.machine.id.casefold()
        labels = [run.file.label.casefold() for run in item.runs]
        own = [
            price
            for word, price in self.named
            if word in title or machine.startswith(word) or any(word in label for label in labels)
        ]
        return own[-1] if own else self.common

    def __bool__(self) -> bool:
        """Whether any price is given."""
        return self.common is not None or bool(self.named)


def parse_prices(texts: Sequence[str]) -> Prices:
    """Prices from ``2.50`` (all machines) and ``a100=2.50`` (those that the word names), in any order.

    Raises ValueError for anything else.
    """
    common, named = None, []
    for text in texts:
        word, sign, number = text.rpartition("=")
        try:
            price = float(number)
        except ValueError:
            price = math.nan
        if not 0.0 < price < math.inf or (sign and not word.strip()):
            raise ValueError(f"--price {text!r}: {EXPECTED}")
        if sign:
            named.append((word.strip().casefold(), price))
        else:
            common = price
    return Prices(common, tuple(named))
