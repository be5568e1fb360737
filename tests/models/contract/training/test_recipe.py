"""What a recipe says of itself: its numbers, and its count of operations against one that counts."""

from __future__ import annotations

from dataclasses import fields, replace
from unittest.mock import patch

import msgspec
import pytest

from likeforlike.models.contract.training import recipe as module
from likeforlike.models.contract.training.recipe import (
    KERAS_2020,
    MANUAL_2020,
    MATCHED,
    RECIPES,
    Recipe,
    RecipeRefused,
)
from likeforlike.models.tasks.mlp.counts import flop, parameter_count
from likeforlike.reports.read.schema.cells import Extra
from likeforlike.reports.read.schema.training import LATER_RECIPE_FIELDS

LAYERS = ((784, 512), (512, 10))


def counted_flop(recipe: Recipe, samples: int) -> int:
    """Two operations a multiplication of each matrix product that a training needs, batch by batch."""
    total = 0
    for start in range(0, samples, recipe.batch_size):
        batch = min(recipe.batch_size, samples - start)
        if batch < recipe.batch_size and recipe.remainder == "drop":
            continue
        for number, (inputs, outputs) in enumerate(LAYERS):
            forward = 2 * batch * inputs * outputs
            weights = 2 * inputs * batch * outputs
            activations = 2 * batch * outputs * inputs if number > 0 else 0  # nobody asks for the images'
            total += forward + weights + activations
    return total


@pytest.mark.parametrize("samples", [1, 63, 64, 65, 1000, 60_000])
@pytest.mark.parametrize("remainder", ["keep", "drop"])
@pytest.mark.parametrize("batch_size", [1, 64, 512])
def test_operations_are_those_that_a_training_does(samples, remainder, batch_size):
    recipe = replace(MATCHED, batch_size=batch_size, remainder=remainder)
    assert flop(recipe, samples) == counted_flop(recipe, samples)


def test_operations_of_the_published_epoch_by_hand():
    """60,000 images: 4 · 784 · 512 = 1,605,632 and 6 · 512 · 10 = 30,720 each."""
    assert flop(MATCHED, 60_000) == 60_000 * 1_636_352 == 98_181_120_000


@pytest.mark.parametrize(
    ("samples", "kept", "dropped"), [(0, 0, 0), (1, 1, 0), (63, 1, 0), (64, 1, 1), (65, 2, 1), (128, 2, 2)]
)
def test_batches_of_an_epoch(samples, kept, dropped):
    assert MATCHED.steps(samples) == kept
    assert replace(MATCHED, remainder="drop").steps(samples) == dropped


def test_parameters_of_both_layers():
    assert parameter_count(MATCHED) == 784 * 512 + 512 + 512 * 10 + 10 == 407_050
    assert parameter_count(replace(MATCHED, bias=False)) == 406_528


def test_the_matched_recipe_is_kept_as_published_results_have_it():
    assert {field.name: getattr(MATCHED, field.name) for field in fields(MATCHED)} == {
        "name": "matched",
        "batch_size": 64,
        "bias": True,
        "dropout_rate": 0.2,
        "dropout_at_evaluation": False,
        "learning_rate": 0.001,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
        "epochs": 7,
        "shuffle": "every-epoch",
        "remainder": "keep",
        "seed": 2020,
        "logging": "none",
        "execution": "default",
        "precision": "float32",
        "published_with": None,
        "optimizer": "adam",
        "momentum": 0.0,
        "weight_decay": 0.0,
        "clip_norm": None,
        "schedule": "constant",
        "warmup_steps": 0,
        "feeding": "default",
        "steps_per_call": "default",
        "logs_read": "default",
        "metrics": "default",
        "layers": "default",
    }


def test_the_published_recipes_differ_in_what_the_notebook_differs_in():
    """The fit has batches of 32 and logs histograms; the loop has no bias and leaves its dropout on."""
    assert MATCHED.differences(KERAS_2020) == {
        "batch_size": (64, 32),
        "epochs": (7, 70),
        "logging": ("none", "histograms"),
    }
    assert MATCHED.differences(MANUAL_2020) == {
        "bias": (True, False),
        "dropout_at_evaluation": (False, True),
        "epochs": (7, 70),
        "logging": ("none", "scalars"),
    }
    assert MATCHED.differences(replace(MATCHED, name="other", published_with="keras-fit")) == {}
    assert [RECIPES[name] for name in ("matched", "keras-2020", "manual-2020")] == [
        MATCHED,
        KERAS_2020,
        MANUAL_2020,
    ]


def test_a_refusal_names_the_trainer_the_field_the_value_and_why():
    refused = RecipeRefused("keras-fit", "precision", "tf32", "no such switch")
    assert str(refused) == "keras-fit refuses precision='tf32': no such switch"
    assert refused.field == "precision"


@pytest.mark.parametrize(("logging", "lacks"), [("none", False), ("scalars", True), ("histograms", True)])
def test_what_logging_lacks_is_asked_only_where_something_is_logged(logging, lacks):
    recipe = replace(MATCHED, logging=logging)
    with patch.object(module, "missing", lambda needs: f"{needs[0]} is not installed"):
        told = module.why_not_logged(recipe)
    assert (told is not None and "tensorboard is not installed" in told) == lacks
    with patch.object(module, "missing", lambda needs: None):
        assert module.why_not_logged(recipe) is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"batch_size": 0}, "batch_size=0, expected at least 1"),
        ({"learning_rate": float("nan")}, "learning_rate=nan, expected a number above 0"),
        ({"clip_norm": 0.0}, "clip_norm=0.0, expected a number above 0, or None"),
        ({"optimizer": "lion"}, "optimizer='lion', expected one of adam, adamw, sgd"),
        ({"momentum": 0.9}, "momentum=0.9 has no effect with optimizer='adam', only with sgd"),
        (
            {"optimizer": "sgd", "beta_1": 0.5},
            "beta_1=0.5 has no effect with optimizer='sgd', only with adam",
        ),
        ({"weight_decay": 0.1}, "weight_decay=0.1 has no effect with optimizer='adam', only with adamw"),
        ({"optimizer": "adamw"}, "optimizer='adamw' without weight_decay is adam"),
        ({"warmup_steps": -1}, "warmup_steps=-1, expected 0 or more"),
        ({"dropout_rate": 1.0}, "dropout_rate=1.0, expected 0 or more and below 1"),
    ],
)
def test_a_value_without_meaning_or_effect_is_refused(changes, told):
    with pytest.raises(ValueError, match="recipe matched: ") as caught:
        replace(MATCHED, **changes)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("batch_size", [1]),
        ("epochs", [1]),
        ("dropout_rate", [0.0]),
        ("beta_1", [0.0, 0.999]),
        ("learning_rate", [1e-30, 1e30]),
        ("clip_norm", [1e-30, None]),
        ("warmup_steps", [0]),
    ],
)
def test_the_least_that_has_a_meaning_is_taken(name, values):
    for value in values:
        assert getattr(replace(MATCHED, **{name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("batch_size", [0, -1]),
        ("epochs", [0, -1]),
        ("dropout_rate", [-0.5, -1e-9, 1.0]),
        ("beta_2", [-1e-9, 1.0]),
        ("learning_rate", [0.0, -1.0, float("inf")]),
        ("epsilon", [0.0, float("inf")]),
        ("clip_norm", [0.0, -1.0, float("inf")]),
        ("warmup_steps", [-1]),
    ],
)
def test_what_lies_just_outside_is_refused(name, values):
    for value in values:
        with pytest.raises(ValueError, match=f"recipe matched: {name}="):
            replace(MATCHED, **{name: value})


def test_a_precision_that_device_or_trainer_lacks_is_refused_by_name():
    def told(precision, device, *can):
        try:
            module.refuse_precision("mine", replace(MATCHED, precision=precision), device, *can)
        except RecipeRefused as refused:
            return str(refused)
        return None

    assert told("tf32", "cpu:0") == "mine refuses precision='tf32': a CPU has no TF32"
    assert [told(name, "cpu:0") for name in ("float32", "float64")] == [None, None]
    assert [told(name, "gpu:0") for name in ("float32", "float64", "tf32")] == [None, None, None]
    assert told("mixed", "gpu:0") == "mine refuses precision='mixed': it has float32, float64, tf32"
    assert told("mixed", "gpu:0", ["float32", "mixed"]) is None
    assert told("float64", "cpu:0", ["mixed"]) == "mine refuses precision='float64': it has mixed"


def test_mixed_precision_multiplies_in_bfloat16():
    assert replace(MATCHED, precision="mixed").arithmetic == "bfloat16"
    assert [replace(MATCHED, precision=name).arithmetic for name in ("float32", "tf32", "bfloat16")] == [
        "float32",
        "tf32",
        "bfloat16",
    ]


def test_steps_of_a_training():
    assert replace(MATCHED, epochs=3).total_steps(65) == 6
    assert replace(MATCHED, epochs=3, remainder="drop").total_steps(65) == 3


def test_a_field_that_a_trainer_does_not_know_is_refused_by_name():
    module.refuse_changed("mine", MATCHED, module.OPTIMIZING, "it does Adam")
    with pytest.raises(RecipeRefused) as caught:
        module.refuse_changed("mine", replace(MATCHED, schedule="cosine"), module.OPTIMIZING, "it does Adam")
    assert str(caught.value) == "mine refuses schedule='cosine': it does Adam"
    assert caught.value.field == "schedule"


def test_files_from_before_a_field_are_read_with_its_default():
    """What the reader adds is what a recipe has unasked; it can't import the recipe to see."""
    assert {name: getattr(MATCHED, name) for name in LATER_RECIPE_FIELDS} == LATER_RECIPE_FIELDS
    first = (
        "name batch_size bias dropout_rate dropout_at_evaluation learning_rate beta_1 beta_2 epsilon epochs "
        "shuffle remainder seed logging execution precision published_with"
    )
    assert {field.name for field in fields(MATCHED)} - LATER_RECIPE_FIELDS.keys() == set(first.split())
    older = {"name": "matched", "batch_size": 64}
    cell = {
        "workload": "training",
        "implementation": "keras-fit",
        "framework": "tensorflow",
        "division": "default",
    }
    read = msgspec.convert({**cell, "device": "cpu:0", "axes": {}, "recipe": older}, Extra)
    assert read.recipe == older | LATER_RECIPE_FIELDS
    told = {**older, "optimizer": "sgd"}
    again = msgspec.convert({**cell, "device": "cpu:0", "axes": {}, "recipe": told}, Extra)
    assert again.recipe is not None
    assert again.recipe["optimizer"] == "sgd"
