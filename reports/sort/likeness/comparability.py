"""In what two cells differ: by their own declaration, and so that they are not the same work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from likeforlike.devices.limits.units import plain_number
from likeforlike.reports.read.result_file import Cell
from likeforlike.reports.read.schema.cells import Extra
from likeforlike.reports.read.schema.training import LATER_RECIPE_FIELDS
from likeforlike.reports.sort.likeness.repetitions import unlike_cells
from likeforlike.reports.sort.measured.keys import Key
from likeforlike.reports.sort.measured.measurements import Measurement, Run

NOT_STATED = "not stated"
"""In a table of differences, what one side does not tell."""
LABELS = ("name", "published_with", "seed", "epochs")
"""Fields of a recipe that leave the work of an epoch as it is."""


def recipe_differences(first: Measurement, second: Measurement) -> list[tuple[str, str, str]]:
    """Everything declared in which two training cells differ: recipe fields, then terms; as text."""
    mine, theirs = first.extra.recipe or {}, second.extra.recipe or {}
    rows = _differing(mine, theirs, [name for name in {**mine, **theirs} if name not in LABELS])
    mine, theirs = first.extra.terms, second.extra.terms
    told = {**mine, **theirs}
    # KERAS_BACKEND says no more than keras_backend
    rows += _differing(mine, theirs, [name for name in told if not (name.isupper() and name.lower() in told)])
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


def unlike_work(first: Extra, second: Extra) -> str:
    """In what the work of two cells with one key differs; empty if what both state is the same."""
    return _unlike(_work(first), _work(second))


def work_text(extra: Extra) -> str:
    """What the work of a cell is beyond its axes, as text: equal for equal work, on any machine and day."""
    told = _work(extra) | _length(extra)
    return "; ".join(f"{name} {_value_text(value)}" for name, value in told.items())


def lasting_work_text(told: str) -> str:
    """A :func:`work_text` that was kept, without what recipes have as all had it before they told it.

    So that what was kept before a recipe got a field is the same work as what is kept after.
    """
    unasked = {f"{name} {_value_text(value)}" for name, value in LATER_RECIPE_FIELDS.items()}
    return "; ".join(part for part in told.split("; ") if part not in unasked)


def unlike_runs(first: Extra, second: Extra) -> str:
    """In what two runs on one machine differ so that they are no repetitions; empty if they are.

    Beside the work of an epoch, how many epochs there were: last epochs and curves are told of runs. And
    the inherited variables that changed one of them and not the other.
    """
    return _unlike(_of_run(first), _of_run(second))


def unlike_terms(first: Extra, second: Extra) -> str:
    """In what two cells differ that are to be compared, whichever implementation and device they are of."""
    return _unlike(_terms(first), _terms(second))


def unlike_material(first: Extra, second: Extra) -> str:
    """In what two cells of one workload differ whatever their axes: the data, and what was timed."""
    return _unlike(_material(first), _material(second))


class WorkSet:
    """Runs of one workload on one machine whose work is the same wherever they meet.

    Whole files stay together: were only the cells that two files share kept apart, what one of them has
    alone would be compared with the other's. What a cell does not tell is no difference to any: so every cell
    is remembered that tells more than those before it, and one is held against them all.
    """

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self._seen: dict[object, tuple[set[str], list[Cell]]] = {}

    def add(self, runs: Iterable[tuple[Key, Run]]) -> None:
        """Take runs, each with its key, as part of the set."""
        for key, run in runs:
            self.runs.append(run)
            for scope, told, _ in _scopes(key):
                names, cells = self._seen.setdefault(scope, (set(), []))
                further = told(run.cell.extra).keys() - names
                if further:
                    names.update(further)
                    cells.append(run.cell)

    def conflict(self, runs: Iterable[tuple[Key, Run]]) -> str:
        """In what runs differ from those of the set; empty if they belong to it."""
        for key, run in runs:
            for scope, _, unlike in _scopes(key):
                _, cells = self._seen.get(scope, ((), ()))
                told = next(filter(None, (unlike(cell, run.cell) for cell in cells)), "")
                if told:
                    return told
        return ""


_Scope = tuple[object, Callable[[Extra], dict[str, Any]], Callable[[Cell, Cell], str]]


def _scopes(key: Key) -> tuple[_Scope, ...]:
    """With which cells one meets, what a cell tells there, and in what two of them differ."""

    def repeated(first: Cell, second: Cell) -> str:
        return unlike_runs(first.extra, second.extra) or unlike_cells(first, second)

    def compared(first: Cell, second: Cell) -> str:
        return unlike_terms(first.extra, second.extra)

    def beside(first: Cell, second: Cell) -> str:
        return unlike_material(first.extra, second.extra)

    return (
        (key, _of_run, repeated),
        ((key.workload, key.axes), _terms, compared),
        (key.workload, _material, beside),
    )


def _unlike(mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    if mine == theirs:
        return ""
    told = [
        f"{name} {_value_text(mine[name])} and {_value_text(theirs[name])}"
        for name in mine
        if name in theirs and mine[name] != theirs[name]
    ]
    return "; ".join(told)


def _value_text(value: Any) -> str:
    return plain_number(value, 6) if isinstance(value, float) else str(value)


def _of_run(extra: Extra) -> dict[str, Any]:
    return _work(extra) | _length(extra) | _environment(extra)


def _terms(extra: Extra) -> dict[str, Any]:
    return {**_material(extra), **_shape(extra), **_length(extra)}


def _work(extra: Extra) -> dict[str, Any]:
    operations = {} if extra.flop is None else {"operations": extra.flop}
    return {**_material(extra), **operations, **_shape(extra)}


def _material(extra: Extra) -> dict[str, Any]:
    told: dict[str, Any] = {"timing": extra.timing}
    if extra.data is not None:
        told |= {"data": extra.data.name, "training images": extra.data.train_samples}
    return told


def _environment(extra: Extra) -> dict[str, Any]:
    told = " ".join(f"{name}={value}" for name, value in sorted(extra.environment.items()))
    return {"environment": told or "without variables"}


def _shape(extra: Extra) -> dict[str, Any]:
    return {name: value for name, value in (extra.recipe or {}).items() if name not in LABELS}


def _length(extra: Extra) -> dict[str, Any]:
    epochs = (extra.recipe or {}).get("epochs")
    return {} if epochs is None else {"epochs": epochs}
