"""Where data are looked for: once for tasks that share a place, and not at all where nothing is trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from likeforlike.bench.plan.trained_data import generated_notes, located_data, sources_text
from likeforlike.models.contract.training.data import GENERATED, DataChoice, Located

ASKED: Any = SimpleNamespace(data="auto", data_dir=Path("images"), text_file=Path("a.txt"))


def cell(workload: str, locate: Any, recipe: Any = "matched", skip_reason: str | None = None) -> Any:
    task = None if locate == "no task" else SimpleNamespace(locate=locate)
    declaration = SimpleNamespace(task=task)
    return SimpleNamespace(workload=workload, declaration=declaration, recipe=recipe, skip_reason=skip_reason)


def test_each_place_is_looked_at_once_for_what_is_trained() -> None:
    asked = []

    def images(choice: DataChoice) -> Located:
        asked.append(choice)
        return Located("images", "a folder", Path("images"))

    def words(choice: DataChoice) -> Located:
        return Located("words", "a file", choice.text_file)

    def never(choice: DataChoice) -> Located:
        raise AssertionError("nothing of it is trained")

    cells = [
        *(cell("one", images), cell("two", images), cell("three", words)),
        *(cell("kernel", never, recipe=None), cell("skipped", never, skip_reason="why")),
        *(cell("brought", None), cell("planned", "no task")),
    ]
    found = located_data(cells, ASKED)
    assert asked == [DataChoice("auto", Path("images"), Path("a.txt"))]
    assert {name: place.name for name, place in found.items()} == {
        "one": "images",
        "two": "images",
        "three": "words",
    }
    assert sources_text(found) == "a folder; a file"
    assert sources_text({}) == "generated", "as journals of runs that train nothing have it"


def test_generated_data_are_told_where_nobody_asked_for_them() -> None:
    why = replace(GENERATED, source="generated, since there are none")
    data = {"one": why, "two": why, "three": Located("words", "a file", Path("a.txt"))}
    (note,) = generated_notes(data, ASKED)
    assert (
        note
        == "NOTE: training on generated data (generated, since there are none); its accuracies mean nothing"
    )
    assert generated_notes(data, SimpleNamespace(data="synthetic")) == []  # type: ignore[arg-type]
