"""Ladders between loops that are made up, rung by rung; and orders of changes that are letters."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from made_up_plan import entry

from likeforlike.bench.plan import ladder as ladders
from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.ladder import (
    Change,
    _backwards,
    _orders_of,
    _trainers_between,
    build_ladder,
    climb,
    ladder_facts,
    parse_ends,
)
from likeforlike.models.contract.training.recipe import RECIPES
from likeforlike.models.contract.workload import Workload
from likeforlike.models.registry import Registry

CHAIN = ("keras-fit", "graph-loop", "eager-loop")
DECLARED = {name: Workload(name, "", kind="task") for name in ("train", "second")}


def registry(**ways: dict[str, tuple[str, ...]]) -> Registry:
    """Loops of two tasks; of each the values of fields that it honours, its own first."""
    known: dict[str, Any] = {name: {} for name in (*CHAIN, "far", "other")}
    known |= {name.replace("_", "-"): has for name, has in ways.items()}
    entries = [
        entry(name, workload=task, ways=tuple(has.items()))
        for task in DECLARED
        for name, has in known.items()
    ]
    return Registry(tuple(entries), (), DECLARED)


def way(ends: str, known: Registry | None = None, ways: Any = ()) -> list[tuple[str, Any, Any]]:
    """The changes from one end to the other, without what goes with them."""
    known = known or registry()
    rungs = climb(*parse_ends(ends, known), known, ways)
    assert rungs[0].change is None
    return [(rung.change.field, rung.change.before, rung.change.after) for rung in rungs[1:] if rung.change]


class TestEnds:
    @pytest.mark.parametrize(
        ("text", "trainer", "recipe"),
        [
            ("keras-2020", "keras-fit", "keras-2020"),
            ("manual-2020", "eager-loop", "manual-2020"),
            ("matched", "keras-fit", "matched"),
            ("matched+bias=false", "keras-fit", "matched+bias=false"),
            ("keras-2020+bias=false", "keras-fit", "keras-2020+bias=false"),
            ("far", "far", "matched"),
            ("far@keras-2020", "far", "keras-2020"),
            ("far@matched+bias=false", "far", "matched+bias=false"),
        ],
    )
    def test_a_recipe_a_trainer_or_both(self, text, trainer, recipe):
        (entrant, found), (other, _) = parse_ends(f"{text}:other", registry())
        assert (entrant.name, found.name, other.name) == (trainer, recipe, "other")
        assert entrant.workload == "train"
        _, (entrant, found) = parse_ends(f"other:{text}", registry(), "second")
        assert (entrant.name, found.name, entrant.workload) == (trainer, recipe, "second")

    @pytest.mark.parametrize("text", ["far", "far:", ":far", ":", ""])
    def test_both_are_needed(self, text):
        with pytest.raises(OptionError) as refusal:
            parse_ends(text, registry())
        told = f"--ladder: {text!r} is not of the form A:B, such as keras-2020:manual-2020"
        assert str(refusal.value) == told

    @pytest.mark.parametrize(
        "text", ["nobody", "nobody@matched", "far@nothing", "far@bias=false", "nobody+bias=false"]
    )
    def test_an_unknown_one_is_refused_with_those_that_are_known(self, text):
        with pytest.raises(OptionError) as refusal:
            parse_ends(f"{text}:far", registry())
        recipes, trainers = ", ".join(RECIPES), "keras-fit, graph-loop, eager-loop, far, other"
        assert str(refusal.value) == (
            f"--ladder: unknown end {text!r}; known: recipes {recipes}; trainers {trainers}"
        )


class TestBetween:
    @pytest.mark.parametrize(
        ("first", "last", "between"),
        [
            ("keras-fit", "eager-loop", ["graph-loop", "eager-loop"]),
            ("eager-loop", "keras-fit", ["graph-loop", "keras-fit"]),
            ("keras-fit", "graph-loop", ["graph-loop"]),
            ("graph-loop", "eager-loop", ["eager-loop"]),
            ("eager-loop", "graph-loop", ["graph-loop"]),
            ("graph-loop", "keras-fit", ["keras-fit"]),
            ("keras-fit", "far", ["far"]),
            ("far", "keras-fit", ["keras-fit"]),
            ("far", "far", []),
            ("graph-loop", "graph-loop", []),
        ],
    )
    def test_of_a_chain_those_in_between_are_stepped_to(self, first, last, between):
        assert _trainers_between(first, last) == between


class TestClimb:
    def test_logging_goes_first_and_comes_last_and_the_batch_before_the_trainer(self):
        assert way("far@keras-2020:other@matched+bias=false+logging=histograms+precision=mixed") == [
            ("batch_size", 32, 64),
            ("implementation", "far", "other"),
            ("bias", True, False),
            ("precision", "float32", "mixed"),
        ]
        assert way("far@keras-2020:other@manual-2020") == [
            ("logging", "histograms", "scalars"),
            ("logging", "scalars", "none"),
            ("batch_size", 32, 64),
            ("implementation", "far", "other"),
            ("bias", True, False),
            ("dropout_at_evaluation", False, True),
            ("logging", "none", "scalars"),
        ]
        assert way("far@matched+logging=scalars:far@matched+logging=histograms") == [
            ("logging", "scalars", "none"),
            ("logging", "none", "scalars"),
            ("logging", "scalars", "histograms"),
        ]
        assert way("far:far@matched+logging=histograms") == [
            ("logging", "none", "scalars"),
            ("logging", "scalars", "histograms"),
        ]
        assert way("far@matched+logging=scalars:far") == [("logging", "scalars", "none")]

    def test_nothing_changes_between_the_same(self):
        assert way("far:far") == []

    def test_an_optimizer_s_own_fields_come_with_it(self):
        known = registry()
        ends = "far@matched+beta_1=0.5:far@matched+optimizer=sgd+momentum=0.5"
        first, last = climb(*parse_ends(ends, known), known, ())
        assert last.change is not None
        assert (last.change.field, last.change.before, last.change.after) == ("optimizer", "adam", "sgd")
        along = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "weight_decay": 0.0, "momentum": 0.5}
        assert dict(last.change.along) == along
        assert (first.recipe.beta_1, last.recipe.beta_1, last.recipe.momentum) == (0.5, 0.9, 0.5)

    def test_no_other_change_takes_anything_along(self):
        known = registry()
        *_, last = climb(*parse_ends("far:far@matched+bias=false", known), known, ())
        assert last.change == Change("bias", True, False)


CHAINED = {
    "keras_fit": {
        "feeding": ("arrays", "tf.data"),
        "logs_read": ("each-step", "each-epoch"),
        "metrics": ("keras",),
    },
    "graph_loop": {
        "feeding": ("tf.data",),
        "logs_read": ("each-epoch", "each-step"),
        "metrics": ("keras", "sums"),
    },
    "eager_loop": {"feeding": ("tf.data", "arrays"), "logs_read": ("each-epoch",), "metrics": ("sums",)},
}


class TestWays:
    def test_each_is_changed_at_the_first_loop_where_it_can_be(self):
        """The loop in the middle has no arrays, and the first one no sums; all can read after each epoch."""
        expected = [
            ("feeding", "arrays", "tf.data"),
            ("logs_read", "each-step", "each-epoch"),
            ("implementation", "keras-fit", "graph-loop"),
            ("metrics", "keras", "sums"),
            ("implementation", "graph-loop", "eager-loop"),
        ]
        known = registry(**CHAINED)
        assert way("keras-fit:eager-loop", known, None) == expected
        assert way("keras-fit:eager-loop", known, ("metrics",)) == [expected[n] for n in (2, 3, 4)]
        assert way("keras-fit:eager-loop", known, ()) == [expected[2], expected[4]]

    def test_at_the_last_loop_where_it_alone_can_go_the_other(self):
        known = registry(far={"metrics": ("keras",)}, other={"metrics": ("sums", "keras")})
        assert way("far:other", known, None) == [
            ("implementation", "far", "other"),
            ("metrics", "keras", "sums"),
        ]

    def test_where_no_loop_can_go_both_it_goes_with_the_loop(self):
        known = registry(far={"metrics": ("keras",)}, other={"metrics": ("sums",)})
        assert way("far:other", known, None) == [("implementation", "far", "other")]

    def test_nor_is_it_a_rung_to_or_from_a_loop_that_tells_none(self):
        known = registry(far={"metrics": ("keras",)})
        assert way("far:other", known, None) == [("implementation", "far", "other")]
        assert way("other:far", known, None) == [("implementation", "other", "far")]

    @pytest.mark.parametrize(
        "ends", ["far@keras-2020+batch_size=64:other@manual-2020", "far@manual-2020:other"]
    )
    def test_between_published_recipes_none_is_a_rung_unless_asked_for(self, ends):
        known = registry(far={"metrics": ("keras", "sums")}, other={"metrics": ("sums",)})
        assert "metrics" not in [field for field, *_ in way(ends, known, None)]
        assert "metrics" in [field for field, *_ in way(ends, known, ("metrics",))]
        assert "metrics" in [field for field, *_ in way("far:other", known, None)]

    def test_a_word_of_the_recipes_is_a_rung_whatever_was_asked_for(self):
        known = registry(far={"feeding": ("arrays", "gathered"), "metrics": ("keras", "sums")})
        assert way("far:far@matched+feeding=gathered", known, ()) == [("feeding", "arrays", "gathered")]

    def test_one_that_a_loop_alone_has_not_is_changed_all_the_same(self):
        """Its cell says so."""
        found = way("far:far@matched+feeding=gathered", registry(), ())
        assert found == [("feeding", "default", "gathered")]

    def test_one_that_the_next_loop_has_not_goes_with_the_loop(self):
        known = registry(far={"feeding": ("arrays", "gathered")})
        assert self.along("far@matched+feeding=gathered:other", known) == [
            ("other", (("feeding", "default"),))
        ]

    def test_on_the_way_only_if_the_next_has_it_not(self):
        """To the eager loop, which has no feeding of any name: it goes there, or already in between."""
        ends = "keras-fit@matched+feeding=gathered:eager-loop"
        keras, graph = {"feeding": ("arrays", "gathered")}, {"feeding": ("tf.data", "gathered")}
        default = (("feeding", "default"),)
        known = registry(keras_fit=keras, graph_loop=graph)
        assert self.along(ends, known) == [("graph-loop", ()), ("eager-loop", default)]
        known = registry(keras_fit=keras, graph_loop={"feeding": ("tf.data",)})
        assert self.along(ends, known) == [("graph-loop", default), ("eager-loop", ())]

    def test_the_last_loop_goes_the_way_that_was_asked_of_it(self):
        known = registry(other={"feeding": ("arrays", "gathered")})
        found = self.along("far:other@matched+feeding=gathered", known)
        assert found == [("other", (("feeding", "gathered"),))]

    def along(self, ends: str, known: Registry) -> list[tuple[str, Any]]:
        rungs = climb(*parse_ends(ends, known), known, ())
        changed = [rung.change for rung in rungs if rung.change is not None]
        assert {change.field for change in changed} == {"implementation"}
        return [(change.after, change.along) for change in changed]


class Can:
    """What can be made, and how often that was asked."""

    def __init__(self, rule=lambda fields: True) -> None:
        self.rule, self.asked = rule, 0

    def __call__(self, fields) -> bool:
        self.asked += 1
        return self.rule(fields)


class TestOrders:
    """To go back through n fields takes n questions where all can be made, and each new order one."""

    def test_two_are_the_way_there_and_back(self):
        can = Can()
        assert _orders_of(["a", "b", "c"], 2, can) == [("a", "b", "c"), ("c", "b", "a")]
        assert can.asked == 3 + 1

    def test_one_is_the_way_there(self):
        can = Can()
        assert _orders_of(["a", "b", "c"], 1, can) == [("a", "b", "c")]
        assert can.asked == 3 + 1

    def test_all_are_found_each_once_and_with_its_reverse(self):
        can = Can()
        found = _orders_of(list("abc"), 99, can)
        assert sorted(found) == sorted(itertools.permutations("abc"))
        assert [order[::-1] for order in found[::2]] == found[1::2]
        assert can.asked < 200, "and then no more are drawn"

    def test_as_many_as_asked_for(self):
        assert len(_orders_of(list("abcd"), 5)) == 5
        assert _orders_of(list("abcd"), 3) == _orders_of(list("abcd"), 5)[:3]

    def test_steps_of_one_field_are_not_told_apart(self):
        can = Can()
        assert _orders_of(["a", "a"], 5, can) == [("a", "a")]
        assert can.asked == 2
        assert sorted(_orders_of(["a", "a", "b"], 9)) == [("a", "a", "b"), ("a", "b", "a"), ("b", "a", "a")]

    def test_of_nothing_there_is_one(self):
        assert _orders_of([], 3) == [()]

    def test_those_that_can_not_be_made_are_left_out(self, monkeypatch):
        monkeypatch.setattr(ladders, "_DRAWS", 300)
        found = _orders_of(list("abc"), 99, lambda fields: "".join(fields).find("c") != 0)
        assert sorted(map("".join, found)) == ["abc", "acb", "bac", "bca"]

    def test_the_first_is_there_whether_it_can_be_made_or_not(self, monkeypatch):
        monkeypatch.setattr(ladders, "_DRAWS", 30)
        assert _orders_of(list("ab"), 9, lambda fields: False) == [("a", "b")]

    def test_back_is_by_the_last_change_that_can_be_made(self):
        assert _backwards("abc", lambda fields: True) == ("c", "b", "a")
        assert _backwards("abc", lambda fields: fields[0] != "c") == ("b", "c", "a")
        assert _backwards("abcd", lambda fields: fields[0] == "a") == ("a", "d", "c", "b")

    def test_or_by_the_last_one_where_none_can(self):
        assert _backwards("abc", lambda fields: False) == ("c", "b", "a")


class TestBuilt:
    def test_orders_meet_in_rungs_of_one_name(self):
        made = build_ladder("far:other@matched+bias=false", registry())
        assert made.asked == "far:other@matched+bias=false"
        there, back = made.orders
        assert [rung.recipe.name for rung in there] == ["ladder-00", "ladder-01", "ladder-02"]
        assert [rung.recipe.name for rung in back] == ["ladder-00", "ladder-03", "ladder-02"]
        assert [(rung.entry.name, rung.recipe.bias) for rung in made.rungs] == [
            ("far", True),
            ("other", True),
            ("other", False),
            ("far", False),
        ]
        assert [rung.recipe.name for rung in made.rungs] == [f"ladder-0{n}" for n in range(4)]
        assert {rung.recipe.published_with for rung in made.rungs} == {None}

    def test_there_are_two_orders_where_nobody_says_how_many(self):
        assert len(build_ladder("far:other@matched+bias=false+precision=mixed", registry()).orders) == 2

    def test_of_the_task_that_is_named_and_in_as_many_orders(self):
        made = build_ladder("far:other@matched+bias=false", registry(), 1, "second")
        assert len(made.orders) == 1
        assert {rung.entry.workload for rung in made.rungs} == {"second"}

    def test_an_order_is_made_only_if_all_its_rungs_can_be(self):
        """The other loop alone can do sums, so that it comes before them in every order."""
        known = registry(far={"metrics": ("keras",)}, other={"metrics": ("sums", "keras")})
        made = build_ladder("far:other@matched+bias=false", known, 99)
        fields = [[rung.change.field for rung in order[1:]] for order in made.orders]
        assert sorted(map(tuple, fields)) == [
            ("bias", "implementation", "metrics"),
            ("implementation", "bias", "metrics"),
            ("implementation", "metrics", "bias"),
        ]

    def test_what_goes_along_does_so_in_every_order(self):
        known = registry(far={"feeding": ("arrays", "gathered")})
        made = build_ladder("far@matched+feeding=gathered:other@matched+bias=false", known, 2)
        assert [[rung.recipe.feeding for rung in order] for order in made.orders] == [
            ["gathered", "default", "default"],
            ["gathered", "gathered", "default"],
        ]

    def test_steps_of_one_field_keep_their_order(self):
        made = build_ladder("far@matched+logging=histograms:far@matched+bias=false", registry(), 99)
        told = [[rung.recipe.logging for rung in order] for order in made.orders]
        assert len(told) == 3
        assert {tuple(dict.fromkeys(levels)) for levels in told} == {("histograms", "scalars", "none")}

    def test_facts_are_the_first_order_s_and_then_the_others(self):
        known = registry()
        facts = ladder_facts(build_ladder("far:other@matched+bias=false", known))

        def rung(number: int, name: str, entrant: str, *change: Any) -> dict[str, Any]:
            told = dict(zip(("field", "before", "after"), change, strict=True)) if change else None
            return {"rung": number, "change": told, "recipe": name, "implementation": entrant}

        loop, bias = ("implementation", "far", "other"), ("bias", True, False)
        first, last = rung(0, "ladder-00", "far"), "ladder-02"
        assert facts == {
            "asked": "far:other@matched+bias=false",
            "ends": ["far@ladder-00", "other@ladder-02"],
            "rungs": [first, rung(1, "ladder-01", "other", *loop), rung(2, last, "other", *bias)],
            "other_orders": [[first, rung(1, "ladder-03", "far", *bias), rung(2, last, "other", *loop)]],
        }


def test_a_rung_differs_by_its_change_alone():
    known = registry()
    rungs = climb(*parse_ends("far@keras-2020:other@manual-2020", known), known)
    for below, above in itertools.pairwise(rungs):
        assert above.change is not None
        if above.change.field == "implementation":
            assert above.recipe == below.recipe
        else:
            assert above.entry is below.entry
            assert above.recipe == replace(below.recipe, **{above.change.field: above.change.after})
