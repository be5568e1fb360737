"""A recipe by name and what is changed in it."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.recipes import FIELDS, recipe_named
from likeforlike.models.contract.training.recipe import KERAS_2020, MATCHED, RECIPES, Recipe


def test_a_name_alone_is_the_recipe_itself():
    assert all(recipe_named("--recipes", name) is recipe for name, recipe in RECIPES.items())


def test_a_changed_recipe_is_named_apart():
    found = recipe_named("--recipes", "matched+optimizer=sgd+momentum=0.9+clip_norm=1+bias=false")
    name = "matched+bias=false+optimizer=sgd+momentum=0.9+clip_norm=1.0"
    assert found == replace(
        MATCHED, name=name, optimizer="sgd", momentum=0.9, clip_norm=1.0, bias=False, published_with=None
    )
    assert recipe_named("--recipes", "matched+clip_norm=1.0+bias=false+momentum=.9+optimizer=sgd") == found


def test_a_changed_published_recipe_is_nobody_s():
    found = recipe_named("--recipes", "keras-2020+logging=none")
    assert found == replace(KERAS_2020, name="keras-2020+logging=none", logging="none", published_with=None)


def test_every_field_but_labels_and_what_other_options_set_can_be_changed():
    assert set(FIELDS) == {field.name for field in fields(Recipe)} - {
        "name",
        "published_with",
        "epochs",
        "seed",
    }
    for text, name, value in [
        ("batch_size=32", "batch_size", 32),
        ("learning_rate=1e-2", "learning_rate", 0.01),
        ("precision=mixed", "precision", "mixed"),
        ("schedule=cosine", "schedule", "cosine"),
        ("warmup_steps=5", "warmup_steps", 5),
        ("dropout_at_evaluation=true", "dropout_at_evaluation", True),
    ]:
        assert getattr(recipe_named("--recipes", f"matched+{text}"), name) == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("other", "unknown 'other'; known: keras-2020, manual-2020, matched"),
        ("other+bias=false", "unknown 'other'; known: keras-2020"),
        ("matched+", "'' in 'matched+' is not of the form FIELD=VALUE, such as optimizer=sgd"),
        ("matched+sgd", "'sgd' in 'matched+sgd' is not of the form FIELD=VALUE"),
        ("matched+rate=3", "a recipe has no 'rate'; it has batch_size, bias,"),
        (
            "matched+batch_size=many",
            "batch_size='many' in 'matched+batch_size=many', expected a whole number",
        ),
        ("matched+bias=0", "bias='0' in 'matched+bias=0', expected true or false"),
        ("matched+optimizer=lion", "expected one of adam, adamw, sgd"),
        ("matched+clip_norm=x", "expected a number or none"),
        ("matched+epochs=3", "epochs in 'matched+epochs=3' is set by --epochs"),
        ("matched+seed=3", "seed in 'matched+seed=3' is set by --repeats"),
        ("matched+batch_size=64", "batch_size is 64 in matched already; leave it out"),
        ("matched+clip_norm=none", "clip_norm is none in matched already; leave it out"),
        ("matched+batch_size=8+batch_size=16", "changes batch_size twice"),
        ("matched+momentum=0.9", "momentum=0.9 has no effect with optimizer='adam', only with sgd"),
        ("matched+dropout_rate=1", "dropout_rate=1.0, expected 0 or more and below 1"),
    ],
)
def test_what_is_no_recipe_is_refused_in_a_line(text, told):
    with pytest.raises(OptionError) as caught:
        recipe_named("--recipes", text)
    assert str(caught.value).startswith("--recipes: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
