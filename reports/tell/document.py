"""A report as blocks, before any mark-up: what Markdown, HTML and CSV are all rendered from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from likeforlike.devices.limits.units import plain_number
from likeforlike.reports.tell.plot_data import PlotData


@dataclass(frozen=True)
class Entry:
    """One entry of a table."""

    text: str
    value: float | None = None
    """What it sorts by and what CSV holds, in base units; None for words."""
    struck: bool = False
    """Struck through: not to be believed."""


@dataclass(frozen=True)
class Row:
    """One row, and what a reader can filter it by."""

    entries: tuple[Entry, ...]
    workload: str = ""
    machine: str = ""
    verdict: tuple[str, ...] = ()
    """One for each comparison of the row."""


EMPTY = "–"
"""Stands where nothing is known."""
PLACES = ("device", "machine", "dtype", "division", "recipe", "strategy")
"""Columns that tell a row's place: of no need where all rows share it."""


@dataclass(frozen=True)
class Table:
    """A table with a name of its own, which is also its CSV file's."""

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""
    folded: bool = False
    """Long: shown folded, its caption only."""
    minor: tuple[str, ...] = ()
    """Columns to be left out where the table would be too wide, least needed first."""

    @cached_property
    def foldable(self) -> tuple[int, ...]:
        """Columns that may be left out, in that order: empty ones, places all rows share, minor ones."""
        texts = {
            column: {row.entries[column].text for row in self.rows} for column in range(1, len(self.columns))
        }
        shared = [column for column, told in texts.items() if told == {EMPTY}]
        shared += [
            column
            for column, told in texts.items()
            if self.columns[column] in PLACES and len(told) == 1 and len(self.rows) > 1
        ]
        minor = [
            column
            for name in self.minor
            for column, told in enumerate(self.columns)
            if told == name and column
        ]
        return tuple(dict.fromkeys([*shared, *minor]))

    @cached_property
    def numeric(self) -> tuple[bool, ...]:
        """For each column whether its entries are figures."""
        return tuple(
            any(row.entries[i].value is not None for row in self.rows) for i in range(len(self.columns))
        )


@dataclass(frozen=True)
class Figure:
    """A plot as figures, drawn only when it is rendered."""

    name: str
    caption: str
    alternative: str
    """What it shows, in words, for those who can't see it."""
    data: PlotData


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Warn:
    """A paragraph that must not be overlooked."""

    text: str


@dataclass(frozen=True)
class Points:
    """A list."""

    items: tuple[str, ...]


Block = Table | Figure | Text | Warn | Points


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]

    def opens(self, table: Table) -> bool:
        """Whether a folded table is all that the section has to show, and so must not hide it."""
        return [block for block in self.blocks if isinstance(block, Table | Figure | Points)] == [table]


@dataclass(frozen=True)
class Finding:
    """One sentence or two that a reader came for."""

    text: str
    kind: str = "finding"
    """``finding``, or ``warning`` for what can't be believed."""


@dataclass(frozen=True)
class Report:
    """The whole."""

    title: str
    subtitle: str
    findings: tuple[Finding, ...]
    sections: tuple[Section, ...]
    csv_only: tuple[Table, ...] = field(default=())
    """Tables too long to show."""
    picture: Figure | None = None
    """All that was compared at a glance: what a reader sees first."""

    @property
    def tables(self) -> list[Table]:
        """All tables, shown or not."""
        shown = [block for section in self.sections for block in section.blocks if isinstance(block, Table)]
        return [*shown, *self.csv_only]

    @property
    def figures(self) -> list[Figure]:
        """All plots, the picture of the findings first."""
        shown = [block for section in self.sections for block in section.blocks if isinstance(block, Figure)]
        return shown if self.picture is None else [self.picture, *shown]


def entry(value: str | float | Entry | None) -> Entry:
    """An entry of a table from a word, a bare number or nothing known."""
    if isinstance(value, Entry):
        return value
    if value is None:
        return Entry(EMPTY)
    if isinstance(value, str):
        return Entry(value)
    text = f"{value:g}"
    return Entry(plain_number(value, 6) if "e" in text else text, float(value))


def row(
    *values: str | float | Entry | None,
    workload: str = "",
    machine: str = "",
    verdict: str | Sequence[str] = "",
) -> Row:
    """A row from such values; several verdicts where it holds several comparisons."""
    words = (verdict,) if isinstance(verdict, str) else tuple(dict.fromkeys(verdict))
    return Row(tuple(entry(value) for value in values), workload, machine, tuple(filter(None, words)))


def section(anchor: str, title: str, blocks: Sequence[Block | None]) -> Section | None:
    """A section of the blocks that are there; None if none is."""
    there = tuple(block for block in blocks if block is not None)
    return Section(anchor, title, there) if there else None


def numbered(figures: Sequence[Figure], name: str, mark: str = "") -> list[Figure]:
    """Figures of one kind under names of their own: ``name``, then ``name`` with ``mark`` and a number."""
    return [
        replace(figure, name=name if number == 1 else f"{name}{mark}-{number}")
        for number, figure in enumerate(figures, 1)
    ]
