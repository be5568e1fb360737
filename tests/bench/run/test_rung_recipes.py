"""What a brought model is trained by plainly, so that each rung of a ladder can be proven."""

from __future__ import annotations

import pytest

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.ladder import build_ladder
from likeforlike.bench.run.own_models import rung_recipes
from likeforlike.models.registry import load_registry
from likeforlike.models.tasks.own.small_problem import shaping

FURTHER = "+learning_rate=0.05+clip_norm=1.0"


def test_each_change_with_and_without_each_other() -> None:
    ladder = f"torch-loop@matched:torch-loop@matched+optimizer=sgd+momentum=0.9{FURTHER}"
    found = {(r.optimizer, r.momentum, r.learning_rate, r.clip_norm) for r in rung_recipes(ladder)}
    optimizers = [("adam", 0.0), ("sgd", 0.9)]
    assert found == {(*o, rate, clip) for o in optimizers for rate in (0.001, 0.05) for clip in (None, 1.0)}


@pytest.mark.parametrize(
    "ladder",
    [
        "torch-loop:torch-compiled",
        f"torch-loop@matched:torch-loop@matched{FURTHER}",
        f"keras-fit@matched+optimizer=sgd+momentum=0.5:graph-loop@matched{FURTHER}+schedule=cosine",
        "keras-2020:manual-2020",
    ],
)
def test_each_rung_of_each_order_is_among_them(ladder: str) -> None:
    built = build_ladder(ladder, load_registry(), 4)
    known = {shaping(recipe) for recipe in rung_recipes(ladder)}
    assert {shaping(rung.recipe) for order in built.orders for rung in order} <= known


def test_what_is_no_recipe_is_refused() -> None:
    with pytest.raises(OptionError, match="--ladder: "):
        rung_recipes("torch-loop@nonesuch:torch-loop")
