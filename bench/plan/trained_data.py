"""Where the data come from on which a run trains, found before anything is measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from likeforlike.bench.plan.asked.options import Options
from likeforlike.bench.plan.cells import Cell
from likeforlike.models.contract.training.data import GENERATED, DataChoice, Located


def located_data(cells: Iterable[Cell], options: Options) -> dict[str, Located]:
    """By workload, of those that are trained; of those that bring theirs nothing is to be found.

    Raises DataError.
    """
    choice = DataChoice(options.data, options.data_dir, options.text_file)
    trained = [cell for cell in cells if cell.recipe is not None and cell.skip_reason is None]
    tasks = {cell.workload: cell.declaration.task for cell in trained}
    found: dict[str, Located] = {}
    known: dict[Any, Located] = {}  # several tasks look in the same places, which may take a while
    for name, task in tasks.items():
        if task is not None and task.locate is not None:
            if task.locate not in known:
                known[task.locate] = task.locate(choice)
            found[name] = known[task.locate]
    return found


def sources_text(data: Mapping[str, Located]) -> str:
    """All sources in words: a run that is taken up must have the same."""
    return "; ".join(dict.fromkeys(found.source for found in data.values())) or GENERATED.source


def generated_notes(data: Mapping[str, Located], options: Options) -> list[str]:
    """What to say of data that are generated though nobody asked for that."""
    if options.data == GENERATED.name:
        return []
    sources = dict.fromkeys(found.source for found in data.values() if found.path is None)
    return [f"NOTE: training on generated data ({source}); its accuracies mean nothing" for source in sources]
