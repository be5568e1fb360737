from __future__ import annotations

from dataclasses import replace
from typing import get_args, get_type_hints

import pytest

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import MATCHED, Recipe
from likeforlike.models.contract.training.ways import WAYS, own_way, resolved, why_refused
from likeforlike.models.registry import load_registry

TRAINERS = [
    entry
    for task in ("training", "convnet", "transformer")
    for entry in load_registry().of(task)
    if entry.role != "floor"
]
LOOP = Implementation(
    "mine",
    "training",
    "numpy",
    "a loop",
    "mine:Loop",
    ways=(("feeding", ("numpy", "arrays")), ("steps_per_call", ("1", "N"))),
)


def test_a_way_that_is_not_declared_is_refused_by_its_name() -> None:
    assert why_refused(LOOP, MATCHED) is None
    assert why_refused(LOOP, replace(MATCHED, feeding="arrays", steps_per_call="32")) is None
    told = why_refused(LOOP, replace(MATCHED, feeding="workers"))
    assert told == "mine refuses feeding='workers': it has numpy, arrays"
    told = why_refused(LOOP, replace(MATCHED, steps_per_call="epoch"))
    assert told == "mine refuses steps_per_call='epoch': it has 1, any number"
    told = why_refused(LOOP, replace(MATCHED, metrics="none"))
    assert told == "mine refuses metrics='none': it has its own way alone"


@pytest.mark.parametrize("field", WAYS)
def test_a_loop_that_declares_nothing_is_given_no_way_but_its_own(field: str) -> None:
    bare, value = replace(LOOP, ways=()), "16" if field == "steps_per_call" else values(field)[-1]
    assert f"refuses {field}='{value}'" in str(why_refused(bare, replace(MATCHED, **{field: value})))  # type: ignore[arg-type]
    floor = replace(bare, role="floor")
    assert why_refused(floor, replace(MATCHED, **{field: value})) is None, "it trains nothing"  # type: ignore[arg-type]


def values(field: str) -> tuple[str, ...]:
    kinds = get_args(get_type_hints(Recipe)[field])
    return kinds or ("default", "1", "N", "epoch")


@pytest.mark.parametrize("entry", TRAINERS, ids=lambda entry: f"{entry.workload} {entry.name}")
def test_what_is_declared_are_values_of_a_recipe(entry: Implementation) -> None:
    for field, known in entry.ways:
        assert field in WAYS
        assert set(known) <= set(values(field)) - {"default"}
        assert len(set(known)) == len(known) > 0
    if entry.ways:
        assert {"feeding", "steps_per_call", "logs_read", "metrics"} <= dict(entry.ways).keys()
        assert resolved(entry, MATCHED, "feeding") == own_way(entry, "feeding") != "default"


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "", "01"])
def test_steps_in_a_call_are_a_number_or_an_epoch(value: str) -> None:
    with pytest.raises(ValueError, match="steps_per_call=.*expected default, epoch or a whole number"):
        replace(MATCHED, steps_per_call=value)


def test_steps_in_a_call() -> None:
    def steps(asked: str) -> int:
        return replace(MATCHED, steps_per_call=asked).steps_in_call(65)

    assert [steps(asked) for asked in ("default", "1", "2", "9", "epoch")] == [1, 1, 2, 2, 2]
