from __future__ import annotations

import itertools
from dataclasses import fields, replace

import pytest

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.ladder import Ladder, Rung, build_ladder, changes, climb, ladder_facts, parse_ends
from likeforlike.models.contract.training.recipe import RECIPES, Recipe
from likeforlike.models.contract.training.ways import WAYS, resolved, why_refused
from likeforlike.models.registry import Registry, load_registry


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


def rungs(text: str, registry: Registry, ways: tuple[str, ...] | None = None) -> tuple[Rung, ...]:
    return climb(*parse_ends(text, registry), registry, ways)


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
        assert terms(as_done(rung)) == terms(as_done(Rung(entry, recipe, None)))


def as_done(rung: Rung) -> Rung:
    """With what ``default`` means to the loop in its place."""
    done = {field: resolved(rung.entry, rung.recipe, field) for field in WAYS}
    return Rung(rung.entry, replace(rung.recipe, **done), None)  # type: ignore[arg-type]


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
    facts = ladder_facts(build_ladder("keras-2020:manual-2020", registry))
    assert [rung["recipe"] for rung in facts["rungs"]] == [f"ladder-{n:02d}" for n in range(9)]
    assert facts["rungs"][3]["change"] == {"field": "batch_size", "before": 32, "after": 64}


def told(rungs: tuple[Rung, ...]) -> list[tuple[str, object, object]]:
    return [(change.field, change.before, change.after) for change in changes(rungs)]


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_order_makes_the_same_changes_between_the_same_ends(
    ends: str, count: int, registry: Registry
) -> None:
    ladder = build_ladder(ends, registry, count)
    first, *others = ladder.orders
    assert told(first) == told(rungs(ends, registry))
    for order in others:
        assert sorted(map(str, told(order))) == sorted(map(str, told(first)))
        assert told(order) != told(first)
        assert [terms(order[0]), terms(order[-1])] == [terms(first[0]), terms(first[-1])]
        for below, above in itertools.pairwise(order):
            before, after = terms(below), terms(above)
            assert above.change is not None
            changed = [name for name in before if before[name] != after[name]]
            assert changed == [above.change.field]
            assert (above.change.before, above.change.after) == (before[changed[0]], after[changed[0]])


def test_the_second_order_is_the_way_back(registry: Registry) -> None:
    """From the far end, the changes undone in the order in which they were made."""
    there, back = build_ladder("keras-2020:eager-loop@matched", registry).orders
    fields = [field for field, _, _ in told(there)]
    assert [field for field, _, _ in told(back)] == fields[::-1]
    undone = [("eager-loop", "histograms"), ("eager-loop", "scalars"), ("eager-loop", "none")]
    assert [(r.entry.name, r.recipe.logging) for r in back][-3:] == undone


def names(ladder: Ladder) -> dict[str, set[str]]:
    """For each name of a rung, what bears it."""
    found: dict[str, set[str]] = {}
    for rung in itertools.chain(*ladder.orders):
        found.setdefault(rung.recipe.name, set()).add(str(sorted(terms(rung).items())))
    return found


@pytest.mark.parametrize("ends", ENDS)
def test_orders_share_the_rungs_at_which_they_meet(ends: str, registry: Registry) -> None:
    ladder = build_ladder(ends, registry, 6)
    found = names(ladder)
    assert all(len(bearers) == 1 for bearers in found.values())
    assert len({text for bearers in found.values() for text in bearers}) == len(found) == len(ladder.rungs)
    assert [rung.recipe.name for rung in ladder.rungs] == [f"ladder-{n:02d}" for n in range(len(found))]
    ends_shared = 2 * (len(ladder.orders) - 1)
    assert len(found) <= sum(map(len, ladder.orders)) - ends_shared


def test_there_are_no_more_orders_than_there_are(registry: Registry) -> None:
    one = build_ladder("keras-fit:tf-epoch", registry, 9, ways=())
    assert len(one.orders) == 1
    two = build_ladder("keras-fit@matched:keras-fit@manual-2020", registry, 99)
    fields = [field for field, _, _ in told(two.orders[0])]
    assert sorted(fields) == ["bias", "dropout_at_evaluation", "logging"]
    assert {tuple(field for field, _, _ in told(order)) for order in two.orders} == set(
        itertools.permutations(fields)
    )


def test_a_run_taken_up_again_finds_the_same_orders(registry: Registry) -> None:
    first, second = (build_ladder("keras-2020:manual-2020", registry, 7) for _ in range(2))
    assert first == second
    assert build_ladder("keras-2020:manual-2020", registry, 3).orders == first.orders[:3]


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


def test_what_an_optimizer_alone_has_comes_and_goes_with_it(registry: Registry) -> None:
    """No rung has a momentum beside Adam, which would have no effect there; recipes refuse it."""
    ends = "keras-fit@matched+beta_1=0.5+clip_norm=1:keras-fit@matched+optimizer=sgd+momentum=0.9"
    ladder = build_ladder(ends, registry, 2)
    for order in ladder.orders:
        assert sorted(told(order)) == [("clip_norm", 1.0, None), ("optimizer", "adam", "sgd")]
        assert [(r.recipe.optimizer, r.recipe.momentum, r.recipe.beta_1) for r in (order[0], order[-1])] == [
            ("adam", 0.0, 0.5),
            ("sgd", 0.9, 0.9),
        ]


def test_an_optimizer_s_own_field_is_a_change_where_the_optimizer_stays(registry: Registry) -> None:
    ends = "keras-fit@matched+optimizer=sgd:keras-fit@matched+optimizer=sgd+momentum=0.9"
    assert told(rungs(ends, registry)) == [("momentum", 0.0, 0.9)]


def test_an_end_that_is_a_changed_recipe_alone_is_keras_s_fit(registry: Registry) -> None:
    first, last = parse_ends("matched+precision=mixed:numpy-loop", registry)
    assert (first[0].name, first[1].precision, last[0].name) == ("keras-fit", "mixed", "numpy-loop")


FIT_TO_LOOP = [
    ("feeding", "arrays", "tf.data"),
    ("logs_read", "each-step", "each-epoch"),
    ("implementation", "keras-fit", "graph-loop"),
    ("metrics", "keras", "sums"),
    ("layers", "keras", "by-hand"),
]


@pytest.mark.parametrize("task", ["training", "convnet", "transformer"])
def test_between_two_loops_all_in_which_they_go_about_it_is_a_rung(task: str, registry: Registry) -> None:
    ladder = build_ladder("keras-fit:graph-loop", registry, 2, task)
    there, back = ladder.orders
    assert told(there) == FIT_TO_LOOP
    # fit has no sums by hand and no layers: as far back as can be
    fields = [field for field, _, _ in told(back)]
    assert fields == ["implementation", "layers", "metrics", "logs_read", "feeding"]


def test_a_call_of_a_whole_epoch_and_gathering_are_rungs_on_the_way_to_it(registry: Registry) -> None:
    assert told(rungs("keras-fit:tf-epoch", registry)) == [
        ("feeding", "arrays", "gathered"),
        ("steps_per_call", "1", "epoch"),
        ("logs_read", "each-step", "each-epoch"),
        ("implementation", "keras-fit", "tf-epoch"),
    ], "metrics and layers, which neither can do as the other does, stay part of the loop"


@pytest.mark.parametrize("ends", ["keras-fit:graph-loop", "graph-loop:keras-fit", "keras-fit:eager-loop"])
def test_every_rung_of_every_order_can_be_done(ends: str, registry: Registry) -> None:
    ladder = build_ladder(ends, registry, 6)
    assert len(ladder.orders) == 6
    assert [why_refused(rung.entry, rung.recipe) for rung in ladder.rungs] == [None] * len(ladder.rungs)
    assert len({tuple(told(order)) for order in ladder.orders}) == 6


def test_metrics_of_a_loop_are_changed_once_the_loop_is_the_one_that_can(registry: Registry) -> None:
    for order in build_ladder("keras-fit:graph-loop", registry, 12).orders:
        fields = [field for field, _, _ in told(order)]
        assert fields.index("implementation") < min(fields.index("metrics"), fields.index("layers"))


def test_the_ways_that_are_asked_for_alone_are_rungs(registry: Registry) -> None:
    assert told(rungs("keras-fit:graph-loop", registry, ())) == [FIT_TO_LOOP[2]]
    assert told(rungs("keras-fit:graph-loop", registry, ("metrics", "feeding"))) == [
        FIT_TO_LOOP[0],
        FIT_TO_LOOP[2],
        FIT_TO_LOOP[3],
    ]


def test_published_recipes_keep_their_ladder_unless_ways_are_asked_for(registry: Registry) -> None:
    assert len(rungs("keras-2020:manual-2020", registry)) == 9
    fields = [field for field, _, _ in told(rungs("keras-2020:manual-2020", registry, WAYS))]
    assert {"feeding", "logs_read", "metrics", "layers"} < set(fields)


def test_a_way_that_an_end_names_is_a_rung_whatever_was_asked_for(registry: Registry) -> None:
    ends = "keras-fit@matched:keras-fit@matched+feeding=arrays-untuned+steps_per_call=16"
    assert told(rungs(ends, registry, ())) == [
        ("feeding", "arrays", "arrays-untuned"),
        ("steps_per_call", "1", "16"),
    ]


def test_a_way_that_the_next_loop_has_not_goes_with_the_loop(registry: Registry) -> None:
    ends = "keras-fit@matched+feeding=arrays-untuned:numpy-loop"
    first, last = rungs(ends, registry)
    assert last.change is not None
    assert last.change.along == (("feeding", "default"),)
    assert (first.recipe.feeding, last.recipe.feeding) == ("arrays-untuned", "default")
    assert why_refused(last.entry, last.recipe) is None


@pytest.mark.parametrize(
    "ends",
    ["numpy-loop:keras-fit@matched+feeding=gathered", "numpy-loop:numpy-loop@matched+feeding=gathered"],
)
def test_the_last_rung_goes_the_ways_that_it_was_asked_for(ends: str, registry: Registry) -> None:
    way = rungs(ends, registry)
    assert (way[0].recipe.feeding, way[-1].recipe.feeding, len(way)) == ("default", "gathered", 2)


def test_a_loop_that_declares_nothing_is_climbed_to_in_one_step(registry: Registry) -> None:
    assert told(rungs("keras-fit:numpy-loop", registry)) == [("implementation", "keras-fit", "numpy-loop")]
