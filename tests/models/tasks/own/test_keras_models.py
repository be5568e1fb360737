"""A Keras model opened: the same names each time, and its own precision whatever a loop has set."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from likeforlike.models.contract.training.recipe import Recipe  # noqa: E402
from likeforlike.models.contract.training.trainer import Dataset  # noqa: E402
from likeforlike.models.tasks.own.bringing.reference import course_of  # noqa: E402
from likeforlike.models.tasks.own.families.open import opened  # noqa: E402
from likeforlike.models.tasks.own.given import Refused  # noqa: E402

INPUTS = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
LABELS = np.array([0, 1, 2, 0, 1], np.int32)


class Inner(keras.layers.Layer):
    """Makes a layer of its own when it is first called."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.dense = keras.layers.Dense(3)
        self.dense.build(shape)

    def call(self, inputs: object) -> object:
        return self.dense(inputs)


class Counts(keras.layers.Layer):
    """Counts its calls in training, and scales."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.scale = self.add_weight(shape=(), initializer="ones")
        self.count = self.add_weight(shape=(), initializer="zeros", dtype="int32", trainable=False)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if training:
            self.count.assign(self.count + 1)
        return inputs * self.scale


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = keras.layers.Dense(4), Inner()

    def call(self, inputs: object) -> object:
        return self.second(self.first(inputs))


@pytest.fixture
def module() -> Iterator[ModuleType]:
    made = ModuleType("a_users_module")
    sys.modules["a_users_module"] = made
    before = keras.config.dtype_policy()
    yield made
    keras.config.set_dtype_policy(before)
    del sys.modules["a_users_module"]


def test_layers_that_a_model_makes_when_it_is_called_have_the_same_names_each_time(
    module: ModuleType,
) -> None:
    module.net = Subclassed  # type: ignore[attr-defined]
    found = [opened("a_users_module:net", "keras", "sparse-crossentropy", INPUTS) for _ in range(3)]
    assert list(found[0].weights()) == list(found[1].weights()) == list(found[2].weights())
    assert len(found[0].weights()) == 4


def test_a_plain_model_is_of_float32_where_a_loop_has_set_another_policy(module: ModuleType) -> None:
    module.net = lambda: keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])  # type: ignore[attr-defined]
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = opened("a_users_module:net", "keras", "sparse-crossentropy", INPUTS)
    assert keras.config.dtype_policy().name == "mixed_bfloat16"
    kernel, bias = (array.astype(np.float64) for array in model.weights().values())
    logits = INPUTS @ kernel + bias
    expected = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(5), LABELS]
    loss, outputs = model.evaluated(INPUTS, LABELS)
    assert outputs == pytest.approx(logits, rel=1e-5, abs=1e-6)
    assert loss == pytest.approx(expected.mean(), rel=1e-5)


def test_layers_tell_how_their_kernels_start_as_keras_calls_it(module: ModuleType) -> None:
    layers = keras.layers
    module.net = lambda: keras.Sequential(  # type: ignore[attr-defined]
        [
            keras.Input((4,), dtype="int32"),
            layers.Embedding(3, 2),
            layers.GRU(3, kernel_initializer="orthogonal"),
            layers.BatchNormalization(),
            layers.Dense(3, kernel_initializer=keras.initializers.HeNormal()),
            layers.Dense(3),
        ]
    )
    rows = np.zeros((2, 4), np.int32)
    found = opened("a_users_module:net", "keras", "sparse-crossentropy", rows).layers()
    told = [layer.settings.get("kernel_initializer") for layer in found]
    assert list(filter(None, told)) == ["random_uniform", "orthogonal", "he_normal", "glorot_uniform"]


@pytest.mark.parametrize(("zeros", "whole"), [(True, False), (False, True)])
def test_outputs_with_masked_places_are_refused(module: ModuleType, zeros: bool, whole: bool) -> None:
    """Keras's fit leaves them out of the mean; where no place is masked it is everybody's mean."""
    module.net = lambda: keras.Sequential(  # type: ignore[attr-defined]
        [
            keras.Input((3,), dtype="int32"),
            keras.layers.Embedding(4, 2, mask_zero=True),
            keras.layers.Dense(3),
        ]
    )
    rows = np.array([[1, 2, 3], [3, 1, 0 if zeros else 2]], np.int32)
    model = opened("a_users_module:net", "keras", "sparse-crossentropy", rows)
    if whole:
        assert model.outputs(rows).shape == (2, 3, 3)
    else:
        with pytest.raises(Refused, match="its outputs are masked, as Embedding"):
            model.outputs(rows)


def test_a_mask_that_a_layer_has_used_up_is_no_matter(module: ModuleType) -> None:
    layers = keras.layers
    module.net = lambda: keras.Sequential(  # type: ignore[attr-defined]
        [
            keras.Input((3,), dtype="int32"),
            layers.Embedding(4, 2, mask_zero=True),
            layers.GRU(2),
            layers.Dense(3),
        ]
    )
    rows = np.array([[1, 2, 0]], np.int32)
    assert opened("a_users_module:net", "keras", "sparse-crossentropy", rows).outputs(rows).shape == (1, 3)


def test_many_small_losses_are_summed_in_float64(module: ModuleType) -> None:
    """In bfloat16 a running sum of numbers of 0.5 ends at 128, where the next one is lost."""
    module.net = lambda: keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])  # type: ignore[attr-defined]
    module.loss = lambda targets, outputs: keras.ops.cast(  # type: ignore[attr-defined]
        keras.ops.zeros_like(outputs[:, 0]) + 0.5, "bfloat16"
    )
    rows = np.zeros((10_000, 1), np.float32)
    model = opened("a_users_module:net", "keras", "a_users_module:loss", rows)
    assert model.evaluated(rows, rows[:, 0])[0] == pytest.approx(0.5)


def test_the_reference_holds_weights_to_their_constraints_as_keras_does(module: ModuleType) -> None:
    """(w + 1)² from w = 1/2 by a rate of 1: steps lead to -5/2 and then to -2, both held to 0."""
    dense = partial(keras.layers.Dense, 1, use_bias=False, kernel_constraint="non_neg")
    module.net = lambda: keras.Sequential([keras.Input((1,)), dense()])  # type: ignore[attr-defined]
    rows = np.ones((2, 1), np.float32)
    model = opened("a_users_module:net", "keras", "mse", rows)
    (name,) = model.weights()
    recipe = Recipe("plain", batch_size=16, epochs=2, shuffle="none", optimizer="sgd", learning_rate=1.0)
    data = Dataset("ones", "test", rows, -rows, rows, -rows)
    course = course_of(model, {name: np.full((1, 1), 0.5, np.float32)}, data, recipe, training=True)
    assert [moved[name].item() for moved in course.moved] == [-0.5, -0.5]
    assert [(epoch["loss"], epoch["val_loss"]) for epoch in course.epochs] == [(2.25, 1.0), (1.0, 1.0)]


def test_a_count_goes_on_from_step_to_step_and_anew_where_a_training_begins(module: ModuleType) -> None:
    module.net = lambda: keras.Sequential([keras.Input((1,)), Counts()])  # type: ignore[attr-defined]
    rows = np.ones((2, 1), np.float32)
    model: Any = opened("a_users_module:net", "keras", "mse", rows)
    start, counts = model.weights(), []
    for _ in range(2):
        model.step(rows, rows, training=True)
        model.assign(start)
        counts.append(int(keras.ops.convert_to_numpy(model.model.layers[-1].count)))
    assert counts == [1, 2]
    model.restart(start)
    assert int(keras.ops.convert_to_numpy(model.model.layers[-1].count)) == 0


def test_outputs_in_16_bits_are_judged_in_the_model_s_precision(module: ModuleType) -> None:
    """Of 1 and 2 they are [1/2, -1/4] and [1, -1/2]: log(1 + exp(-3/4)), and by class 1 log(1 + exp(3/2))."""
    layers = keras.layers
    module.net = lambda: keras.Sequential(  # type: ignore[attr-defined]
        [
            keras.Input((1,)),
            layers.Dense(2, use_bias=False),
            layers.Activation("linear", dtype="bfloat16"),
        ]
    )
    rows, labels = np.array([[1.0], [2.0]], np.float32), np.array([0, 1], np.int32)
    model = opened("a_users_module:net", "keras", "sparse-crossentropy", rows)
    (name,) = model.weights()
    model.assign({name: np.array([[0.5, -0.25]], np.float32)})
    right = [np.log1p(np.exp(-0.75)), np.log1p(np.exp(1.5))]
    step = model.step(rows, labels, training=True)
    assert step.losses == pytest.approx(right, rel=1e-5)
    loss, outputs = model.evaluated(rows, labels)
    assert loss == pytest.approx(np.mean(right), rel=1e-5)
    assert step.outputs.dtype == outputs.dtype == np.float32
    assert outputs.tolist() == [[0.5, -0.25], [1.0, -0.5]]
