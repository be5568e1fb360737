from __future__ import annotations

import itertools
from dataclasses import fields

import pytest

from likeforlike.bench.plan.ladder import Rung, climb, ladder_facts, parse_ends
from likeforlike.bench.plan.options import OptionError
from likeforlike.models.contract.recipe import RECIPES, Recipe
from likeforlike.models.registry import Registry, load_registry


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


def rungs(text: str, registry: Registry) -> tuple[Rung, ...]:
    return climb(*parse_ends(text, registry), registry)


def terms(rung: Rung) -> dict[str, object]:
    """Everything about a rung that could be unequal, read off it independently of Recipe.differences."""
    labels = {"name", "published_with", "epochs", "seed"}
    values: dict[str, object] = {
        f.name: getattr(rung.recipe, f.name) for f in fields(Recipe) if f.name not in labels
    }
    return {**values, "implementation": rung.entry.name}


ENDS = [
    "keras-2020:manual-2020",
    "manual-2020:keras-2020",
    "keras-fit:tf-epoch",
    "eager-loop@matched:keras-fit@keras-2020",
]


@pytest.mark.parametrize("ends", ENDS)
def test_each_rung_differs_from_its_neighbour_in_exactly_the_declared_thing(
    ends: str, registry: Registry
) -> None:
    way = rungs(ends, registry)
    assert way[0].change is None
    for below, above in itertools.pairwise(way):
        before, after = terms(below), terms(above)
        changed = [name for name in before if before[name] != after[name]]
        assert above.change is not None
        assert changed == [above.change.field]
        assert (above.change.before, above.change.after) == (before[changed[0]], after[changed[0]])


@pytest.mark.parametrize("ends", ENDS)
def test_the_ends_are_what_was_asked_for(ends: str, registry: Registry) -> None:
    way = rungs(ends, registry)
    for rung, (entry, recipe) in zip((way[0], way[-1]), parse_ends(ends, registry), strict=True):
        assert terms(rung) == terms(Rung(entry, recipe, None))


def test_the_notebooks_way_in_the_order_of_the_design(registry: Registry) -> None:
    way = rungs("keras-2020:manual-2020", registry)
    changes = [(r.change.field, r.change.after) for r in way if r.change is not None]
    assert changes == [
        ("logging", "scalars"),
        ("logging", "none"),
        ("batch_size", 64),
        ("implementation", "graph-loop"),
        ("implementation", "eager-loop"),
        ("bias", False),
        ("dropout_at_evaluation", True),
        ("logging", "scalars"),
    ]


def test_rungs_are_told_in_order_with_recipes_of_their_own(registry: Registry) -> None:
    way = rungs("keras-2020:manual-2020", registry)
    facts = ladder_facts(way, "keras-2020:manual-2020")
    assert [rung["recipe"] for rung in facts["rungs"]] == [f"ladder-{n:02d}" for n in range(9)]
    assert facts["rungs"][3]["change"] == {"field": "batch_size", "before": 32, "after": 64}


@pytest.mark.parametrize(
    "text", ["keras-2020", ":", "a:b", "keras-fit@nope:matched", "nobody@matched:matched"]
)
def test_an_end_that_is_none_is_refused_in_one_line(text: str, registry: Registry) -> None:
    with pytest.raises(OptionError, match=r"--ladder: .*(known|form)") as refusal:
        rungs(text, registry)
    assert "\n" not in str(refusal.value)


def test_published_recipes_differ_as_the_notebook_did() -> None:
    assert set(RECIPES["keras-2020"].differences(RECIPES["manual-2020"])) == {
        "batch_size",
        "bias",
        "dropout_at_evaluation",
        "logging",
    }
