"""What ``likeforlike.compare`` returns."""

from __future__ import annotations

import html
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from likeforlike.bench.keep.result_file import plain, write_result
from likeforlike.comparison.pairs import Pair
from likeforlike.devices.limits.units import format_seconds
from likeforlike.reports.judge.comparisons import compare_pairs
from likeforlike.reports.read.recognition import read_content
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.tell.formatting import ratio_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_COLUMNS = ("function", "time", "ratio to the first", "verdict")


class CompareError(ValueError):
    """Why functions could not be compared, in one line."""


class Result:
    """Functions compared with the first of them: figures, a word, a sentence, and the file of it all."""

    def __init__(
        self, document: Mapping[str, Any], names: tuple[str, ...], point_axes: tuple[str, ...]
    ) -> None:
        """``document``: the result document; ``names``: its entrants, of whom the first is the base."""
        self._document = plain(dict(document))
        self.names = names
        content = json.dumps(self._document, allow_nan=False).encode()
        self._study: Study = build_study([read_content(content, "this comparison")])
        self._point_axes = point_axes
        self.notes: tuple[str, ...] = tuple(self._document["likeforlike"]["notes"])
        """What one must know of how they were measured, a sentence each."""
        self.failures: dict[str, str] = {
            self._named(item["implementation"], item["axes"]): f"{item['outcome']}: {item['reason']}"
            for item in self._document["likeforlike"]["unmeasured"]
        }
        """Why a function gave no figure, by its name, over a grid also by the point."""
        self.pairs: tuple[Pair, ...] = self._judged()
        """Each function over the first, point by point."""

    def _judged(self) -> tuple[Pair, ...]:
        places: dict[tuple[Any, ...], dict[str, Measurement]] = {}
        for item in self._study.measurements:
            places.setdefault(item.key.place, {})[item.key.implementation] = item
        asked = [
            (found[self.names[0]], found[name])
            for found in places.values()
            for name in self.names[1:]
            if self.names[0] in found and name in found
        ]
        return tuple(
            Pair(
                item.base.key.implementation,
                item.other.key.implementation,
                {k: v for k, v in item.base.key.axes if k in self._point_axes},
                item,
            )
            for item in compare_pairs(self._study, asked)
        )

    @property
    def pair(self) -> Pair:
        """The only pair. Raises ValueError where there are several, or none."""
        if len(self.pairs) != 1:
            raise ValueError(f"there are {len(self.pairs)} pairs, not one: see .pairs, each over the first")
        return self.pairs[0]

    @property
    def was_measured(self) -> bool:
        """Whether there are times at all; there are none where each was called once, to check the answers."""
        return bool(self._study.measurements)

    @property
    def ratio(self) -> float:
        """Of two functions the second's time over the first's; NaN where nothing was measured."""
        return self.pair.ratio if self.was_measured else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Of two functions the interval of that ratio, at 95 %; from 0 to infinity where nothing is known."""
        return self.pair.interval if self.was_measured else (0.0, math.inf)

    @property
    def word(self) -> str:
        """Of two functions what the second is: ``faster``, ``slower``, ``same`` or ``unclear``."""
        return self.pair.word if self.was_measured else "unclear"

    @property
    def sure(self) -> bool:
        """Of two functions whether the word is sure."""
        return self.was_measured and self.pair.sure

    @property
    def sentences(self) -> tuple[str, ...]:
        """Verdicts, then failures, then notes."""
        told = [pair.sentence for pair in self.pairs]
        told += [f"{name} has no figure: {why}." for name, why in self.failures.items()]
        if not told:
            told = [
                f"{item.key.implementation}: {format_seconds(item.median_seconds)}."
                for item in self._study.measurements
            ]
        return (
            *(told or ["Each was called once, and the answers agree; nothing was measured."]),
            *self.notes,
        )

    def __str__(self) -> str:
        """The sentences, a line each."""
        return "\n".join(self.sentences)

    def __repr__(self) -> str:
        """The first sentence."""
        return f"<likeforlike comparison: {self.sentences[0]}>"

    def _repr_html_(self) -> str:
        """For a notebook: the sentences and a table."""
        told = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self.sentences)
        head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
        rows = "".join(
            f"<tr>{''.join(f'<td>{html.escape(entry)}</td>' for entry in row)}</tr>" for row in self._rows()
        )
        return f"<div>{told}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """For IPython's prompt: what ``print`` shows."""
        printer.text(str(self))

    def _rows(self) -> list[tuple[str, str, str, str]]:
        pairs = {id(pair.comparison.other): pair for pair in self.pairs}
        rows = []
        for item in self._study.measurements:
            pair = pairs.get(id(item))
            name = self._named(item.key.implementation, dict(item.key.axes))
            ratio = "" if pair is None else ratio_text(pair.comparison.verdict.estimate)
            word = (
                ""
                if pair is None
                else pair.word + ("" if pair.sure or pair.word == "unclear" else ", not sure")
            )
            rows.append((name, format_seconds(item.median_seconds), ratio, word))
        return rows

    def _named(self, function: str, axes: Mapping[str, Any]) -> str:
        """A function, and where on the grid it was called."""
        point = ", ".join(f"{name}={value}" for name, value in axes.items() if name in self._point_axes)
        return f"{function} at {point}" if point else function

    def to_frame(self, samples: bool = True) -> pd.DataFrame:
        """One row a sample, or one a function: the columns of ``likeforlike.read``. Needs pandas."""
        from likeforlike.reports.frame.frames import frame_of

        return frame_of(self._study, samples)

    def plot(self) -> Figure:
        """The ratios with their intervals on one axis, as a matplotlib figure."""
        from likeforlike.reports.draw.render import figure_of
        from likeforlike.reports.tell.plot_data import ForestPlot, ForestRow

        if not self.pairs:
            raise ValueError("there is no ratio to draw: nothing was compared")
        rows = [
            ForestRow(
                name=" ".join(
                    [f"{pair.other} over {pair.first}", *(f"{k}={v}" for k, v in pair.point.items())]
                ),
                ratio=pair.ratio,
                label=ratio_text(pair.comparison.verdict.estimate),
                word=pair.word,
                low=pair.interval[0] if pair.comparison.verdict.estimate.has_interval else None,
                high=pair.interval[1] if pair.comparison.verdict.estimate.has_interval else None,
                threshold=pair.comparison.verdict.threshold,
                checked=pair.comparison.checked,
            )
            for pair in self.pairs
        ]
        return figure_of(ForestPlot(tuple(rows)))

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write a result file, whole or not at all, for ``likeforlike report`` and ``likeforlike.read``."""
        path = Path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_result(path, self._document)
        return path
