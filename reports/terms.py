"""In what two trainers differ by their own declaration: recipe, terms and data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reports.study import Measurement
from reports.work import LABELS

NOT_STATED = "not stated"
"""In a table of differences, what one side does not tell."""


def recipe_differences(first: Measurement, second: Measurement) -> list[tuple[str, str, str]]:
    """Everything declared in which two training cells differ: recipe fields, then terms; as text."""
    mine, theirs = first.extra.recipe or {}, second.extra.recipe or {}
    rows = _differing(mine, theirs, [name for name in {**mine, **theirs} if name not in LABELS])
    mine, theirs = first.extra.terms, second.extra.terms
    rows += _differing(mine, theirs, list({**mine, **theirs}))
    data = [_data_text(item) for item in (first, second)]
    if data[0] != data[1]:
        rows.append(("data", data[0], data[1]))
    return rows


def _data_text(item: Measurement) -> str:
    data = item.extra.data
    return NOT_STATED if data is None else f"{data.name} {data.train_samples or ''}".strip()


def _differing(mine: Any, theirs: Any, names: Iterable[str]) -> list[tuple[str, str, str]]:
    missing = object()
    values = ((name, mine.get(name, missing), theirs.get(name, missing)) for name in names)
    return [
        (name, *(NOT_STATED if value is missing else str(value) for value in pair))  # type: ignore[misc]
        for name, *pair in values
        if pair[0] != pair[1]
    ]
