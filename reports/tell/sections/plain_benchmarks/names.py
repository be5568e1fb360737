"""How plain benchmarks are called: as short as tells them apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

from likeforlike.reports.read.safe_text import visible
from likeforlike.reports.sort.group_by import LONGEST_VALUE, parameter_id, value_text
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.sort.plain_groups import PlainGroup, cell_of, file_of
from likeforlike.reports.tell.document import Entry

MOST_PARAMETERS = 3
"""Parameters that have a column each; of more one column holds them all."""


def names_of(items: Sequence[Measurement]) -> list[str]:
    """A name each, as in the file; with the module's path, or the file, where these tell them apart."""
    names = [cell_of(item).name for item in items]
    files = [file_of(item) for item in items]
    paths = [cell_of(item).fullname for item in items]
    for told in (
        names,
        [f"{name} of {file}" for name, file in zip(names, files, strict=True)],
        paths,
        [f"{path} of {file}" for path, file in zip(paths, files, strict=True)],
    ):
        if _distinct(told):
            return told
    return [f"{name} ({number})" for number, name in enumerate(names, 1)]


def short_names(group: PlainGroup) -> list[str]:
    """A name for each of a group's items, without what all of them have in common.

    ``torch`` and ``jax`` of ``test_train[torch-4000]`` and ``test_train[jax-4000]``; the file where the names
    are one, as in groups by name.
    """
    files = [file_of(item) for item in group.items]
    first = {cell_of(item).name: item for item in group.items}
    if len(group.items) > 1 and len(first) == 1 and _distinct(files):
        return files
    short = dict(zip(first, _shortened(list(first.values())), strict=True))
    names = [short[cell_of(item).name] for item in group.items]
    told = [f"{name} of {file}" for name, file in zip(names, files, strict=True)]
    return next((found for found in (names, told) if _distinct(found)), names_of(group.items))


def _shortened(items: Sequence[Measurement]) -> list[str]:
    """Of benchmarks whose names differ."""
    cells = [cell_of(item) for item in items]
    names = [cell.name for cell in cells]
    if len(names) < 2 or len({cell.function for cell in cells}) > 1:
        return names
    ids = _without_common_parts([parameter_id(cell) for cell in cells])
    if _distinct(ids) and all(any(c.isalpha() for c in text) for text in ids):
        return ids
    told = _unlike_parameters(items)
    return told if _distinct(told) and all(told) else names


def _without_common_parts(ids: Sequence[str]) -> list[str]:
    parts = [text.split("-") for text in ids]
    if len({len(told) for told in parts}) > 1 or not _distinct(ids):
        return list(ids)
    unlike = [place for place in zip(*parts, strict=True) if len(set(place)) > 1]
    return ["-".join(told) for told in zip(*unlike, strict=True)]


def _unlike_parameters(items: Sequence[Measurement]) -> list[str]:
    """``n=500, dtype=float32``: those parameters whose values differ."""
    params = [{name: value_text(value) for name, value in cell_of(item).params.items()} for item in items]
    names = dict.fromkeys(name for told in params for name in told)
    unlike = [name for name in names if len({told.get(name) for told in params}) > 1]
    return [", ".join(f"{name}={told[name]}" for name in unlike if name in told) for told in params]


def functions_of(items: Sequence[Measurement]) -> list[str] | None:
    """What each benchmarks, where parameters tell the rest; None where they don't tell all apart."""
    cells = [cell_of(item) for item in items]
    told = [(cell.function, str(cell.params), file_of(item)) for cell, item in zip(cells, items, strict=True)]
    if not _distinct([str(place) for place in told]):
        return None
    return [cell.function if cell.params else cell.name for cell in cells]


def _distinct(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names)


def parameter_columns(items: Sequence[Measurement]) -> tuple[str, ...]:
    """The columns for parameters whose values differ: their names, or one for all where there are many.

    Where files have a column there is room for one parameter fewer.
    """
    most = MOST_PARAMETERS - (len({file_of(item) for item in items}) > 1)
    names = tuple(name for name, values in _values(items).items() if len(values) > 1)
    return names if len(names) <= most else ("parameters",)


def constant_parameters(items: Sequence[Measurement]) -> str:
    """``dtype=float32``: those that have one value wherever they are told."""
    constant = {name: next(iter(told)) for name, told in _values(items).items() if len(told) == 1}
    return ", ".join(f"{name}={value}" for name, value in list(constant.items())[: 2 * MOST_PARAMETERS])


def _values(items: Sequence[Measurement]) -> dict[str, dict[str, None]]:
    """All values of each parameter."""
    found: dict[str, dict[str, None]] = {}
    for item in items:
        for name, value in cell_of(item).params.items():
            found.setdefault(visible(name, LONGEST_VALUE), {})[value_text(value)] = None
    return found


def parameter_values(item: Measurement, columns: Sequence[str]) -> list[Entry]:
    """An entry for each such column."""
    params = {visible(name, LONGEST_VALUE): value for name, value in cell_of(item).params.items()}
    if tuple(columns) == ("parameters",) and "parameters" not in params:
        return [Entry(", ".join(f"{name}={value_text(value)}" for name, value in params.items()) or "–")]
    return [_value(params[name]) if name in params else Entry("–") for name in columns]


def _value(value: object) -> Entry:
    """As it stands; a whole number sorts as one, also where the tool wrote it as text."""
    text = value_text(value)
    return Entry(text, float(text) if re.fullmatch(r"-?\d{1,15}", text) else None)


def group_text(group: PlainGroup) -> str:
    """``group 'train'``; of those without one what they are."""
    return f"group '{group.label}'" if group.label else "the group without a name"
