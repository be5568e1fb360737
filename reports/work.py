"""What the work of a cell is: two figures are of one thing only where their work is the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reports.records import Extra

LABELS = ("name", "published_with", "seed", "epochs")
"""Fields of a recipe that leave the work of an epoch as it is."""


def unlike_work(first: Extra, second: Extra) -> str:
    """In what the work of two cells with one key differs; empty if what both state is the same."""
    mine, theirs = _work(first), _work(second)
    told = [
        f"{name} {mine[name]} and {theirs[name]}"
        for name in mine
        if name in theirs and mine[name] != theirs[name]
    ]
    return "; ".join(told)


def unlike_runs(first: Extra, second: Extra) -> str:
    """In what two runs on one machine differ so that they are no repetitions; empty if they are.

    Beside the work of an epoch, how many epochs there were: last epochs and curves are told of runs.
    """
    lengths = [(extra.recipe or {}).get("epochs") for extra in (first, second)]
    epochs = [] if None in lengths or lengths[0] == lengths[1] else [f"epochs {lengths[0]} and {lengths[1]}"]
    return "; ".join([*filter(None, [unlike_work(first, second)]), *epochs])


def sorted_by_work(runs: Iterable[Any]) -> list[tuple[list[Any], str]]:
    """Runs of one key in sets of the same work, and in what each further set differs from the first."""
    sets: list[tuple[list[Any], str]] = []
    for run in runs:
        extra = run.cell.extra
        for members, _ in sets:
            if not unlike_runs(members[0].cell.extra, extra):
                members.append(run)
                break
        else:
            sets.append(([run], unlike_runs(sets[0][0][0].cell.extra, extra) if sets else ""))
    return sets


def _work(extra: Extra) -> dict[str, Any]:
    work: dict[str, Any] = {"timing": extra.timing}
    if extra.flop is not None:
        work["operations"] = extra.flop
    work |= {name: value for name, value in (extra.recipe or {}).items() if name not in LABELS}
    if extra.data is not None:
        work |= {"data": extra.data.name, "training images": extra.data.train_samples}
    return work
