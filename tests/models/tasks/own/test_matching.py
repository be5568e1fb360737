"""Which weight is which: found layer by layer, or as a user says, with one line for what can't be."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from likeforlike.models.tasks.own.bringing import defaults
from likeforlike.models.tasks.own.bringing.agreement import Compared, disagreement
from likeforlike.models.tasks.own.bringing.matching import (
    NotFound,
    found_matches,
    given_matches,
)
from likeforlike.models.tasks.own.given import LayerTold, MatchTold, ModelTold, Refused, WeightTold


def weights(*told: tuple[str, tuple[int, ...], bool]) -> tuple[WeightTold, ...]:
    return tuple(WeightTold(name, shape, "float32", trained) for name, shape, trained in told)


KERAS = weights(
    ("conv2d/kernel", (3, 3, 2, 5), True),
    ("conv2d/bias", (5,), True),
    ("norm/gamma", (5,), True),
    ("norm/beta", (5,), True),
    ("norm/moving_mean", (5,), False),
    ("norm/moving_variance", (5,), False),
    ("dense/kernel", (5, 5), True),
    ("dense/bias", (5,), True),
)
TORCH = weights(
    ("stem.weight", (5, 2, 3, 3), True),
    ("stem.bias", (5,), True),
    ("bn.weight", (5,), True),
    ("bn.bias", (5,), True),
    ("bn.running_mean", (5,), False),
    ("bn.running_var", (5,), False),
    ("head.weight", (5, 5), True),
    ("head.bias", (5,), True),
)


def model(
    family: str, weights: tuple[WeightTold, ...], layers: tuple[LayerTold, ...] = (), name: str = "net"
) -> ModelTold:
    return ModelTold(name, f"m:{name}", family, "sparse-crossentropy", weights, layers, (5,), ("0",))


def test_layers_are_matched_in_order_their_kernels_turned() -> None:
    found = found_matches(model("keras", KERAS), "torch", TORCH)
    assert [(m.name, m.own, m.axes) for m in found] == [
        ("conv2d/kernel", "stem.weight", (3, 2, 0, 1)),
        ("conv2d/bias", "stem.bias", ()),
        ("norm/gamma", "bn.weight", ()),
        ("norm/beta", "bn.bias", ()),
        ("norm/moving_mean", "bn.running_mean", ()),
        ("norm/moving_variance", "bn.running_var", ()),
        ("dense/kernel", "head.weight", (1, 0)),
        ("dense/bias", "head.bias", ()),
    ]


def test_the_way_back_turns_them_back() -> None:
    back = {m.own: m for m in found_matches(model("torch", TORCH), "keras", KERAS)}
    there = {m.name: m for m in found_matches(model("keras", KERAS), "torch", TORCH)}
    array = np.arange(3 * 3 * 2 * 5).reshape(3, 3, 2, 5)
    turned = np.transpose(array, there["conv2d/kernel"].axes)
    assert np.array_equal(np.transpose(turned, back["conv2d/kernel"].axes), array)


def test_flax_s_collections_of_one_layer_belong_together_and_its_numbers_count_as_numbers() -> None:
    """Linen's names, in the order of letters in which JAX's trees are: Conv_10 before Conv_2."""
    flax = weights(
        ("batch_stats/BatchNorm_0/mean", (5,), False),
        ("batch_stats/BatchNorm_0/var", (5,), False),
        ("params/BatchNorm_0/bias", (5,), True),
        ("params/BatchNorm_0/scale", (5,), True),
        ("params/Conv_10/kernel", (3, 3, 5, 5), True),
        ("params/Conv_2/kernel", (3, 3, 5, 5), True),
    )
    keras = weights(
        ("conv2d/kernel", (3, 3, 5, 5), True),
        ("norm/gamma", (5,), True),
        ("norm/beta", (5,), True),
        ("norm/moving_mean", (5,), False),
        ("norm/moving_variance", (5,), False),
        ("conv2d_1/kernel", (3, 3, 5, 5), True),
    )
    found = found_matches(model("keras", keras), "jax", flax)
    assert [(m.name, m.own) for m in found] == [
        ("conv2d/kernel", "params/Conv_2/kernel"),
        ("norm/gamma", "params/BatchNorm_0/scale"),
        ("norm/beta", "params/BatchNorm_0/bias"),
        ("norm/moving_mean", "batch_stats/BatchNorm_0/mean"),
        ("norm/moving_variance", "batch_stats/BatchNorm_0/var"),
        ("conv2d_1/kernel", "params/Conv_10/kernel"),
    ]
    assert "n - 1" in defaults.in_general(model("jax", flax), model("torch", TORCH))[0]


def test_tables_of_embeddings_are_as_they_are() -> None:
    first = model("keras", weights(("embedding/embeddings", (5, 5), True)))
    (found,) = found_matches(first, "torch", weights(("table.weight", (5, 5), True)))
    assert found.axes == ()


def test_a_layer_that_stands_elsewhere_is_found_by_its_shapes() -> None:
    own = (*TORCH[6:], *TORCH[:6])
    assert found_matches(model("keras", KERAS), "torch", own)[0].own == "stem.weight"


@pytest.mark.parametrize(
    ("own", "what"),
    [
        (TORCH[:6], r"no layer of it fits dense \(dense/kernel \[5, 5\]"),
        ((*TORCH, *weights(("more.weight", (5,), True))), r"net has nothing for more.weight \[5\]"),
        ((*TORCH[:4], *TORCH[6:]), "no layer of it fits norm"),
    ],
)
def test_what_is_not_alike_is_not_matched(own: tuple[WeightTold, ...], what: str) -> None:
    with pytest.raises(NotFound, match=what):
        found_matches(model("keras", KERAS), "torch", own)


def given(offer: object) -> tuple[MatchTold, ...]:
    module = ModuleType("a_mapping")
    module.offer = offer  # type: ignore[attr-defined]
    sys.modules["a_mapping"] = module
    try:
        return given_matches("a_mapping:offer", model("keras", KERAS[6:]), "other", TORCH[6:])
    finally:
        del sys.modules["a_mapping"]


def test_a_mapping_is_taken_as_a_dict_or_from_a_function() -> None:
    mapping = {"head.weight": ("dense/kernel", (1, 0)), "head.bias": "dense/bias"}
    expected = (MatchTold("dense/kernel", "head.weight", (1, 0)), MatchTold("dense/bias", "head.bias"))
    assert given(mapping) == given({"other": mapping}) == given(lambda first, own: mapping) == expected


@pytest.mark.parametrize(
    ("offer", "what"),
    [
        ({"head.bias": "dense/bias"}, "leaves out dense/kernel of net"),
        ({"hat.bias": "dense/bias"}, "other has no weight 'hat.bias'; it has head.weight, head.bias"),
        ({"head.bias": "dense/bios"}, "net has no weight 'dense/bios'"),
        (
            {"head.bias": "dense/kernel"},
            r"dense/kernel \[5, 5\] in the order of axes as it is is no head.bias \[5\]",
        ),
        (
            {"head.weight": ("dense/kernel", (2, 0, 1))},
            r"dense/kernel \[5, 5\] in the order of axes \(2, 0, 1\) is no head.weight",
        ),
        ({"head.weight": ("dense/kernel", (1, 1))}, "neither a name nor"),
        ({"head.weight": 3}, "neither a name nor"),
        (3, "is of type int, expected a dict"),
        (lambda first: None, "failed: TypeError"),
        (
            {"head.bias": "dense/bias", "head.weight": ("dense/bias", ())},
            "dense/bias is given twice|is no head.weight",
        ),
    ],
)
def test_a_mapping_that_can_not_be_is_refused_in_a_line(offer: object, what: str) -> None:
    with pytest.raises(Refused, match=what) as refusal:
        given(offer)
    assert "\n" not in str(refusal.value)


def test_settings_that_differ_are_told_by_name_and_once() -> None:
    first = model(
        "keras",
        KERAS,
        (
            LayerTold("conv2d", "Conv2D", {"padding": "same", "strides": [2, 2]}),
            LayerTold("norm", "BatchNormalization", {"epsilon": 0.001, "momentum": 0.99}),
        ),
    )
    other = model(
        "torch",
        TORCH,
        (
            LayerTold("stem", "Conv2d", {"padding": [1, 1], "stride": [2, 2]}),
            LayerTold("bn", "BatchNorm2d", {"eps": 1e-05, "momentum": 0.1}),
        ),
    )
    told = defaults.differences(first, other, found_matches(first, "torch", TORCH))
    assert [text.split(" ")[0] for text in told] == ["padding", "epsilon", "running"]
    assert "0.001 in norm and 1e-05 in bn" in told[1]
    assert "0.99 of themselves a step in norm and 0.9 in bn" in told[2]
    assert "n - 1" in defaults.in_general(first, other)[0]
    assert defaults.in_general(first, first) == ()


def test_layers_without_weights_are_compared_by_their_order() -> None:
    def told(family: str, *layers: tuple[str, str, dict[str, object]]) -> ModelTold:
        return model(family, KERAS[:1], tuple(LayerTold(*layer) for layer in layers))

    pool = {"pool_size": [3, 3], "strides": [2, 2], "padding": "same"}
    first = told("keras", ("pool", "MaxPooling2D", pool), ("leaky", "LeakyReLU", {"negative_slope": 0.3}))
    same = {"kernel_size": 3, "stride": 2, "padding": 1}
    other = told("torch", ("4", "MaxPool2d", same), ("5", "LeakyReLU", {"negative_slope": 0.01}))
    assert defaults.differences(first, other, ()) == (
        "the padding of a pool is 'same' in pool and 1 in 4",
        "the negative slope is 0.3 in leaky and 0.01 in 5",
    )
    valid = told("keras", ("pool", "MaxPooling2D", {**pool, "padding": "valid"}))
    assert defaults.differences(valid, told("torch", ("4", "MaxPool2d", {**same, "padding": 0})), ()) == ()
    assert defaults.differences(first, told("torch", ("4", "MaxPool2d", same)), ())[0].startswith(
        "the padding"
    )
    gelu = told("keras", ("gelu", "GELU", {"approximate": False}))
    assert defaults.differences(gelu, told("torch", ("1", "GELU", {"approximate": "none"})), ()) == ()
    assert len(defaults.differences(gelu, told("torch", ("1", "GELU", {"approximate": "tanh"})), ())) == 1
    assert defaults.layers_that_bite(other) == "MaxPool2d, LeakyReLU"


def test_initialisers_that_differ_are_told_in_a_line_though_weights_are_copied() -> None:
    def told(family: str, *layers: tuple[str, dict[str, object]]) -> ModelTold:
        return model(family, KERAS[:1], tuple(LayerTold(kind, kind, settings) for kind, settings in layers))

    glorot = {"kernel_initializer": "glorot_uniform"}
    keras = told("keras", ("Conv2D", glorot), ("BatchNormalization", {}), ("Dense", glorot))
    torch = told("torch", ("Conv2d", {}), ("BatchNorm2d", {}), ("Linear", {}), ("Linear", {}))
    assert defaults.initial_weights(keras, torch) == (
        "initial weights: glorot_uniform (Keras), kaiming_uniform(a=sqrt(5)) (PyTorch's default of Conv2d and "
        "Linear): both start from the first model's here"
    )
    looks_up = told("torch", ("Embedding", {}), ("Linear", {}))
    assert defaults.initial_weights(looks_up, keras) == (
        "initial weights: normal and kaiming_uniform(a=sqrt(5)) (PyTorch's default of Embedding and Linear), "
        "glorot_uniform (Keras): both start from the first model's here"
    )
    he = told("keras", ("Dense", {"kernel_initializer": "he_normal"}))
    assert "glorot_uniform (Keras), he_normal (Keras)" in defaults.initial_weights(keras, he)
    for alike in ((keras, keras), (torch, told("torch", ("Linear", {}))), (keras, told("jax"))):
        assert defaults.initial_weights(*alike) == ""


def test_label_smoothing_that_differs_is_told_by_name() -> None:
    def told(name: str, smoothing: float | None) -> ModelTold:
        return replace(model("torch", TORCH, name=name), smoothing=smoothing)

    assert defaults.smoothed_labels(told("mine", 0.1), told("theirs", 0.0)) == (
        "label smoothing is 0.1 in the loss of mine and 0 in that of theirs"
    )
    assert "is not told in the loss of mine and 0.2 in" in defaults.smoothed_labels(
        told("mine", None), told("theirs", 0.2)
    )
    for same in ((0.1, 0.1), (0.0, None), (None, None), (0.0, 0.0)):
        assert defaults.smoothed_labels(told("mine", same[0]), told("theirs", same[1])) == ""


def of(**changed: object) -> Compared:
    draw = np.random.default_rng(0)
    arrays = {"a/kernel": draw.normal(size=(3, 4)), "a/moving_variance": draw.random(4)}
    told = {
        "outputs": draw.normal(size=(5, 2)),
        "loss": 1.5,
        "gradients": {"a/kernel": arrays["a/kernel"]},
        "moved": arrays,
    }
    return Compared(**{**told, **changed})  # type: ignore[arg-type]


def test_two_networks_agree_or_it_is_said_in_what_they_differ() -> None:
    first = of()
    assert disagreement(first, of(), "training", 16, 1e-5) == ""
    assert "outputs in inference" in disagreement(
        first, of(outputs=first.outputs * 1.001), "training", 16, 1e-5
    )
    assert "losses of one batch, as in training" in disagreement(first, of(loss=1.6), "training", 16, 1e-5)
    wrong = {"a/kernel": first.gradients["a/kernel"] * 1.01}
    assert "gradients of a/kernel" in disagreement(first, of(gradients=wrong), "training", 16, 1e-5)
    unbiased = {**first.moved, "a/moving_variance": first.moved["a/moving_variance"] * 16 / 15}
    variances = {"a/moving_variance"}
    assert disagreement(first, of(moved=unbiased), "training", 16, 1e-5, variances) == ""
    assert "a/moving_variance" in disagreement(first, of(moved=unbiased), "training", 16, 1e-5)
    momentum = {**first.moved, "a/moving_variance": first.moved["a/moving_variance"] * 10}
    told = disagreement(first, of(moved=momentum), "training", 16, 1e-5, variances)
    assert "a/moving_variance after 3 steps" in told
