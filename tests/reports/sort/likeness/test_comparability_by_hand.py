"""What makes two cells other work, or no repetitions, field by field, and which cells of a set meet."""

from __future__ import annotations

import pytest
from report_by_hand import cell, measured, plain, run_of, training

from likeforlike.reports.read.schema.training import Data
from likeforlike.reports.sort.likeness.comparability import (
    WorkSet,
    recipe_differences,
    unlike_material,
    unlike_runs,
    unlike_terms,
    unlike_work,
    work_text,
)

RECIPE = {"name": "matched", "batch_size": 32, "epochs": 3, "seed": 1, "published_with": None}
BASE = {"flop": 2.0, "recipe": RECIPE, "data": Data("fashion", train_samples=10)}
EVERY = {"terms": unlike_terms, "work": unlike_work, "runs": unlike_runs, "material": unlike_material}


def extra(**fields):
    return cell(**fields).extra


def keyed(*cells):
    return [(measured(each).key, run_of(each)) for each in cells]


def set_of(*cells):
    made = WorkSet()
    made.add(keyed(*cells))
    return made


class TestUnlike:
    @pytest.mark.parametrize(
        ("change", "text", "tellers"),
        [
            ({}, "", set()),
            ({"timing": "unsynchronised"}, "timing synchronised and unsynchronised", set(EVERY)),
            ({"data": Data("other", train_samples=10)}, "data fashion and other", set(EVERY)),
            ({"data": Data("fashion", train_samples=20)}, "training images 10 and 20", set(EVERY)),
            ({"data": Data("fashion", "elsewhere", 10, 5)}, "", set()),
            ({"flop": 4.0}, "operations 2 and 4", {"work", "runs"}),
            ({"recipe": RECIPE | {"batch_size": 64}}, "batch_size 32 and 64", {"terms", "work", "runs"}),
            ({"recipe": RECIPE | {"epochs": 4}}, "epochs 3 and 4", {"terms", "runs"}),
            ({"recipe": RECIPE | {"name": "x", "seed": 2, "published_with": "y"}}, "", set()),
            (
                {"environment": {"B": "2", "A": "1"}},
                "environment without variables and A=1 B=2",
                {"runs"},
            ),
            ({"flop": None}, "", set()),
            ({"recipe": None}, "", set()),
            ({"data": None}, "", set()),
        ],
    )
    def test_each_field_speaks_where_it_should(self, change, text, tellers):
        first, second = extra(**BASE), extra(**BASE | change)
        found = {name: unlike(first, second) for name, unlike in EVERY.items()}
        assert found == {name: text if name in tellers else "" for name in EVERY}

    def test_several_differences_are_told_in_order(self):
        second = extra(**BASE | {"timing": "unsynchronised", "flop": 1.2345678})
        told = "timing synchronised and unsynchronised; operations 2 and 1.23457"
        assert unlike_work(extra(**BASE), second) == told


class TestWorkText:
    def test_of_a_kernel(self):
        assert work_text(extra(flop=1.2345678)) == "timing synchronised; operations 1.23457"
        assert work_text(extra()) == "timing synchronised"

    def test_of_a_training_its_data_recipe_and_length_last(self):
        text = work_text(extra(**BASE))
        start = "timing synchronised; data fashion; training images 10; operations 2; batch_size 32; "
        assert text.startswith(start)
        assert text.endswith("; epochs 3")


class TestRecipes:
    def test_fields_then_terms_then_data(self):
        first = training(
            recipe=RECIPE | {"bias": True},
            terms={"jit": True, "keras_backend": "jax", "KERAS_BACKEND": "jax", "OMP": "1", "same": 3},
            data=Data("fashion", train_samples=10),
        )
        second = training(
            recipe=RECIPE | {"batch_size": 64, "epochs": 9, "name": "x", "momentum": 0.9},
            terms={"jit": False, "keras_backend": "torch", "KERAS_BACKEND": "torch", "same": 3},
        )
        assert recipe_differences(measured(first), measured(second)) == [
            ("batch_size", "32", "64"),
            ("bias", "True", "not stated"),
            ("momentum", "0.0", "0.9"),
            ("jit", "True", "False"),
            ("keras_backend", "jax", "torch"),
            ("OMP", "1", "not stated"),
            ("data", "fashion 10", "not stated"),
        ]

    def test_without_recipes_and_terms_there_is_nothing_to_tell(self):
        assert recipe_differences(measured(cell()), measured(cell())) == []
        told = recipe_differences(measured(cell()), measured(cell(recipe={"lr": 1})))
        assert told[0] == ("lr", "not stated", "1")

    def test_data_without_a_count_are_called_by_their_name(self):
        pair = [measured(cell(data=Data(name))) for name in ("a", "b")]
        assert recipe_differences(*pair) == [("data", "a", "b")]


class TestWorkSet:
    @pytest.mark.parametrize(
        ("other", "told"),
        [
            (cell(**BASE), ""),
            (cell(**BASE | {"flop": 4.0}), "operations 2 and 4"),
            (cell(**BASE, environment={"A": "1"}), "environment without variables and A=1"),
            (cell(**BASE, threads={"intra": 1}), "threads None and {'intra': 1}"),
            (cell("jax", **BASE | {"flop": 4.0}), ""),
            (cell("jax", **BASE, environment={"A": "1"}), ""),
            (cell("jax", **BASE, threads={"intra": 1}), ""),
            (cell("jax", **BASE | {"recipe": RECIPE | {"epochs": 4}}), "epochs 3 and 4"),
            (cell(**BASE | {"recipe": RECIPE | {"epochs": 4}}, device="gpu:0"), "epochs 3 and 4"),
            (cell(axes={"size": 9}, **BASE | {"recipe": RECIPE | {"epochs": 4}}), ""),
            (cell(axes={"size": 9}, **BASE | {"data": Data("other")}), "data fashion and other"),
            (cell(workload="eigen", **BASE | {"data": Data("other")}), ""),
        ],
    )
    def test_one_key_repeats_one_place_compares_and_one_workload_stands_beside(self, other, told):
        found = set_of(cell(**BASE)).conflict(keyed(other))
        assert found.partition(";")[0] == told

    def test_one_that_differs_among_several_is_found(self):
        made = set_of(cell(flop=2.0), cell("jax", flop=3.0))
        several = keyed(cell(flop=2.0), cell("torch"), cell("jax", flop=4.0))
        assert made.conflict(several) == "operations 3 and 4"
        assert made.conflict(keyed(cell(flop=2.0), cell("jax", flop=3.0))) == ""

    def test_two_of_a_name_in_a_plain_file_are_not_known_to_be_the_same(self):
        why = "nothing says that two of one name are the same work"
        assert set_of(plain()).conflict(keyed(plain())) == why
        assert set_of(plain()).conflict(keyed(plain("test_b"))) == ""

    def test_an_empty_set_takes_whatever_comes_and_keeps_it(self):
        made = WorkSet()
        runs = keyed(cell(), cell("jax"))
        assert made.conflict(runs) == ""
        made.add(runs)
        assert made.runs == [run for _, run in runs]

    def test_what_the_first_does_not_tell_is_held_against_those_that_do(self):
        """Were each held against the first alone, 2 and 4 operations would be one measurement."""
        made = set_of(cell(), cell(flop=2.0))
        assert made.conflict(keyed(cell(flop=4.0))) == "operations 2 and 4"
        assert made.conflict(keyed(cell(flop=2.0))) == made.conflict(keyed(cell())) == ""

    def test_a_floor_without_data_and_recipe_hides_nobodys(self):
        made = set_of(cell("floor"), cell("keras-fit", **BASE))
        other = {"data": Data("fashion", train_samples=20)}
        assert made.conflict(keyed(cell("jax", **BASE | other))) == "training images 10 and 20"
        assert made.conflict(keyed(cell("jax", axes={"size": 9}, **other))) == "training images 10 and 20"
        shorter = {"recipe": RECIPE | {"epochs": 2}}
        assert made.conflict(keyed(cell("jax", **BASE | shorter))) == "epochs 3 and 2"
