"""The proof's parts by hand: problems, errors, bounds. What they catch together is in ``test_proof.py``."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.contract.training.trainer import Epoch, Parameters
from likeforlike.models.contract.workload import Verification
from likeforlike.models.tasks.mlp.loops import numpy_loop as mlp
from likeforlike.models.tasks.mlp.loops.numpy_loop import ORACLE
from likeforlike.models.tasks.oracle import proof
from likeforlike.models.tasks.text.oracle import ORACLE as CHARACTERS

HAND = replace(MATCHED, batch_size=32, logging="scalars", execution="graph", seed=5)


def epoch(loss=1.0, accuracy=0.5, val_loss=2.0, val_accuracy=0.25) -> Epoch:
    return Epoch(1, 1.0, 1.0, 0.0, loss, accuracy, val_loss, val_accuracy)


@pytest.mark.parametrize("bias", [True, False])
def test_starting_weights_are_glorot_s_of_the_seed(bias):
    weights = mlp.initial_parameters(replace(HAND, bias=bias))
    draw = np.random.default_rng(5)
    for array, inputs, outputs in ((weights.hidden_kernel, 784, 512), (weights.output_kernel, 512, 10)):
        limit = (6 / (inputs + outputs)) ** 0.5
        np.testing.assert_array_equal(
            array, draw.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)
        )
    if bias:
        np.testing.assert_array_equal(weights.hidden_bias, np.zeros(512))
        np.testing.assert_array_equal(weights.output_bias, np.zeros(10))
    else:
        assert weights.hidden_bias is weights.output_bias is None


@pytest.mark.parametrize(("batch", "train", "validation"), [(32, 96 + 16, 35), (33, 99 + 17, 36), (1, 4, 4)])
def test_graded_images_are_three_batches_and_a_half_from_1_to_a_millionth(batch, train, validation):
    data = mlp.graded_problem(batch)
    draw = np.random.default_rng(7)
    grade = np.array([10 ** (-6 * column / 783) for column in range(784)], np.float32)
    for images, labels, count in (
        (data.train_images, data.train_labels, train),
        (data.validation_images, data.validation_labels, validation),
    ):
        np.testing.assert_allclose(images, draw.random((count, 784), dtype=np.float32) * grade, rtol=1e-5)
        np.testing.assert_array_equal(labels, draw.integers(10, size=count, dtype=np.int32))
        assert (images.dtype, labels.dtype) == (np.float32, np.int32)


@pytest.mark.parametrize(("batch", "train"), [(64, 8192), (100, 8200), (8191, 16382)])
def test_gates_are_whole_batches_of_one_bright_pixel(batch, train):
    data = proof.gate_problem(ORACLE, batch)
    assert (len(data.train_images), len(data.validation_images)) == (train, 8192)
    for images, labels in (
        (data.train_images, data.train_labels),
        (data.validation_images, data.validation_labels),
    ):
        assert images.shape[1] == 784
        assert (images[:, 0] == 1).all()
        assert images.sum() == len(images)
        assert labels[:21].tolist() == [*range(10), *range(10), 0]
        assert (images.dtype, labels.dtype) == (np.float32, np.int32)


def test_gates_at_several_places_are_as_many_targets():
    data = proof.gate_problem(CHARACTERS, 10)
    assert data.train_images.shape == data.train_labels.shape == (260, 32)
    assert data.validation_labels.shape == (256, 32)
    assert not data.train_images.any()
    assert data.train_labels.ravel()[:12].tolist() == [*range(10), 0, 1]
    assert (data.train_images.dtype, data.train_labels.dtype) == (np.int32, np.int32)
    weights = CHARACTERS.gate_weights(HAND).named()
    units = CHARACTERS.units(weights, data.train_images[:2])
    np.testing.assert_allclose(units[..., :10], np.ones((2, 32, 10)), rtol=1e-6)
    logits = CHARACTERS.logits(weights, units)
    np.testing.assert_allclose(logits, np.tile(np.where(np.arange(96) < 10, 4, 0), (2, 32, 1)), rtol=1e-6)


def test_dropout_at_several_places_is_drawn_for_each():
    mask = CHARACTERS.dropout_mask(np.random.default_rng(1), 3, 0.25, np.dtype("float64"))
    assert mask.shape == (3, 32, 64)
    assert set(np.unique(mask)) == {0, 1 / 0.75}
    assert len({row.tobytes() for row in mask.reshape(-1, 64)}) == 3 * 32


def test_gates_lead_to_one_class_each():
    weights = mlp.gate_parameters(HAND)
    hidden = np.zeros((784, 512))
    hidden[0, :] = 1
    output = np.zeros((512, 10))
    for unit in range(10):
        output[unit, unit] = 4
    np.testing.assert_array_equal(weights.hidden_kernel, hidden)
    np.testing.assert_array_equal(weights.output_kernel, output)
    np.testing.assert_array_equal(weights.hidden_bias, np.zeros(512))
    np.testing.assert_array_equal(weights.output_bias, np.zeros(10))
    none = mlp.gate_parameters(replace(HAND, bias=False))
    assert none.hidden_bias is none.output_bias is None


@pytest.mark.parametrize(("rate", "classes"), [(0.2, 10), (0.5, 10), (0.9, 10), (0.2, 96)])
def test_the_gates_loss_is_that_of_all_1024_cases(rate, classes):
    """Every way to keep some of ten gates, with its probability, and every label."""
    mean = square = 0.0
    for kept in itertools.product((False, True), repeat=10):
        probability = math.prod(1 - rate if one else rate for one in kept)
        logits = np.where(kept, 4.0 / (1 - rate), 0.0)
        losses = np.log(np.exp(logits).sum() + classes - 10) - logits
        mean += probability * losses.mean()
        square += probability * (losses**2).mean()
    found = proof.gate_loss(rate, classes=classes)
    assert found == pytest.approx((mean, math.sqrt(square - mean**2)), rel=1e-9)


def weights(**arrays) -> Parameters:
    whole = {"hidden_kernel": np.zeros((2, 3)), "output_kernel": np.zeros((3, 1))}
    return Parameters.of({name: np.asarray(array, np.float64) for name, array in {**whole, **arrays}.items()})


def test_movement_of_an_output_by_hand():
    """Moved by (3, 4), which is 5; wrong by (0, 1), which is a fifth."""
    start, truth = weights(output_kernel=[[10.0], [10.0]]), weights(output_kernel=[[13.0], [14.0]])
    answer = weights(output_kernel=[[13.0], [15.0]])
    with np.errstate(invalid="ignore"):
        assert proof.movement_errors(start, answer, truth)[1] == pytest.approx(1 / 5)


def test_movement_of_hidden_units_leaves_out_the_worst_hundredth():
    """Of 201 units the 0.99 quantile is the one that two exceed."""
    moved = np.full((2, 201), 3.0)
    for wrong_units, expected in ((2, 0.0), (3, 0.5 * math.sqrt(201) / np.linalg.norm(moved))):
        off = np.zeros((2, 201))
        off[:, :wrong_units] = [[0.3], [0.4]]
        arrays = {"output_kernel": np.ones((3, 1))}
        errors = proof.movement_errors(
            weights(hidden_kernel=np.zeros((2, 201))), weights(hidden_kernel=moved + off, **arrays),
            weights(hidden_kernel=moved, **arrays), ("hidden",)
        )  # fmt: skip
        assert errors == pytest.approx([expected, 0.0])


def test_movement_of_a_hidden_bias_is_by_unit_too():
    arrays = {"hidden_kernel": np.ones((2, 3)), "output_kernel": np.ones((3, 1))}
    start = weights(hidden_bias=np.zeros(3))
    truth, answer = (
        weights(hidden_bias=[1.0, 2.0, 2.0], **arrays),
        weights(hidden_bias=[1.5, 2.5, 2.5], **arrays),
    )
    assert proof.movement_errors(start, answer, truth, ("hidden",))[1] == pytest.approx(
        0.5 * math.sqrt(3) / 3
    )


def test_weights_that_are_missing_or_misshapen_are_infinitely_wrong():
    start, truth = weights(), weights(hidden_kernel=np.ones((2, 3)), output_kernel=np.ones((3, 1)))
    assert proof.movement_errors(start, weights(output_bias=[0.0]), truth) == [math.inf]
    assert proof.movement_errors(start, weights(hidden_kernel=np.ones((3, 3))), truth) == [math.inf]
    assert proof.movement_errors(start, weights(output_kernel=np.ones((3, 2))), truth) == [math.inf]


@pytest.fixture
def finishing(monkeypatch):
    """What two runs come to: the trainer's, then the oracle's; returns the runs that were asked for."""

    def script(*outcomes):
        asked, coming = [], iter(outcomes)

        def finish(factory, run):
            asked.append((factory, run))
            return next(coming)

        monkeypatch.setattr(proof, "finish", finish)
        return asked

    monkeypatch.setattr(proof, "movement_errors", lambda start, answer, truth, kinked, rounding: [0.0])
    return script


def parity(finishing, answers, truths, recipe=HAND):
    finishing((None, answers), (None, truths))
    return proof.parity_error(ORACLE, "factory", recipe, "gpu:0")


def test_parity_asks_both_for_two_quiet_epochs_of_the_graded_images(finishing):
    asked = finishing((None, [epoch()]), (None, [epoch()]))
    proof.parity_error(ORACLE, "factory", HAND, "gpu:0")
    (factory, run), (oracle, exact) = asked
    assert factory == "factory"
    assert (oracle.func, oracle.keywords) == (proof.OracleLoop, {"oracle": ORACLE})
    assert run.recipe == replace(HAND, dropout_rate=0.0, shuffle="none", logging="none", epochs=2)
    assert exact.recipe == replace(run.recipe, precision="float64", execution="default")
    assert (run.device, exact.device) == ("gpu:0", "cpu:0")
    assert len(run.data.train_images) == 112
    assert exact.data is run.data
    assert exact.initial is run.initial


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({}, 0.0),
        ({"loss": 1.1}, 10 * 0.1),
        ({"loss": 0.9}, 10 * 0.1),
        ({"val_loss": 2.2}, 10 * 0.1),
        # one of 112 may fall to either side, one of 35; what lies beyond counts in full
        ({"accuracy": 0.5 + 1 / 112}, 0.0),
        ({"accuracy": 0.5 - 1 / 112}, 0.0),
        ({"accuracy": 0.5 + 2 / 112}, 10 * 0.99 / 112),
        ({"val_accuracy": 0.25 + 1 / 35}, 0.0),
        ({"val_accuracy": 0.25 - 2 / 35}, 10 * 0.99 / 35),
        ({"loss": None}, math.inf),
        ({"accuracy": math.nan}, math.inf),
        ({"val_accuracy": None}, math.inf),
    ],
)
def test_parity_by_hand(finishing, answer, error):
    assert parity(finishing, [epoch(), epoch(**answer)], [epoch(), epoch()]) == pytest.approx(
        error, abs=1e-12
    )


@pytest.mark.parametrize(
    ("answer", "worst"),
    [
        ({"val_loss": 2.2}, "val_loss of epoch 2"),
        ({"loss": None, "val_loss": 9.0}, "loss of epoch 2"),
        ({"accuracy": 1.0}, "accuracy of epoch 2"),
    ],
)
def test_the_part_that_is_farthest_off_is_named(finishing, answer, worst):
    second = replace(epoch(), epoch=2)
    finishing((None, [epoch(), replace(second, **answer)]), (None, [epoch(), second]))
    parts = proof.parity_parts(ORACLE, "factory", HAND, "gpu:0")
    assert proof.worst_part(parts)[0] == worst


def test_another_number_of_epochs_is_infinitely_wrong(finishing):
    for count in (1, 3):
        assert parity(finishing, [epoch()] * count, [epoch()] * 2) == math.inf


def test_what_storing_a_weight_rounds_is_no_error():
    """Weights of norm 5 that move by 1e-6 and end 2e-6 off: of that 5 * 2e-7 may be rounding."""
    start = weights(output_kernel=np.array([[3.0, 4.0]]))
    truth = weights(output_kernel=np.array([[3.0 + 1e-6, 4.0]]))
    answer = weights(output_kernel=np.array([[3.0 + 3e-6, 4.0]]))
    with np.errstate(invalid="ignore"):
        off = [proof.movement_errors(start, answer, truth, (), rounding)[1] for rounding in (0.0, 2e-7, 1.0)]
    assert off == pytest.approx([2.0, 1.0, 0.0], rel=1e-5)


@pytest.mark.parametrize(
    ("off", "error", "what", "seeds"),
    [
        ([1e-3], 1e-3, "without dropout, bias", [2020]),
        ([2e-3, 1e-3], 1e-3, "without dropout, bias from another start", [2020, 3029]),
        ([2e-3, 9e-3, 1e-4], 1e-4, "without dropout, bias from another start", [2020, 3029, 4023]),
        # who strays from all is told by the recipe's own
        ([2e-3, 9e-3, 5e-3], 2e-3, "without dropout, bias", [2020, 3029, 4023]),
        ([math.inf, 9e-3, 5e-3], math.inf, "without dropout, bias", [2020, 3029, 4023]),
    ],
)
def test_where_it_strays_other_starts_are_tried(monkeypatch, off, error, what, seeds):
    """Rounding at ReLU's kink carries a unit off from some; from that of seed 2023 `fit` on one EPYC."""
    coming, asked = iter(off), []

    def parity_parts(oracle, factory, recipe, device):
        asked.append(recipe.seed)
        return [("loss", 0.0), ("bias", next(coming))]

    monkeypatch.setattr(proof, "parity_parts", parity_parts)
    found = proof.verify(ORACLE, "factory", replace(HAND, seed=2020, dropout_rate=0.0), "cpu:0")
    assert (found.error, found.what, asked) == (pytest.approx(error), what, seeds)
    assert found.ok == (error <= 1e-3)


def test_fewer_bits_are_proven_in_float32_as_well(monkeypatch):
    asked = []

    def parity_parts(oracle, factory, recipe, device):
        asked.append(recipe.precision)
        return [("loss of epoch 1", 0.0 if recipe.precision == "mixed" else 2e-3)]

    monkeypatch.setattr(proof, "parity_parts", parity_parts)
    found = proof.verify(ORACLE, "factory", replace(HAND, precision="mixed", dropout_rate=0.0), "cpu:0")
    assert asked == ["mixed", *["float32"] * 3]
    assert not found.ok
    assert found.error == pytest.approx(2 * found.tolerance)
    assert found.what == "without dropout in float32, loss of epoch 1"


def test_the_movement_counts_beside_the_losses(finishing, monkeypatch):
    monkeypatch.setattr(proof, "movement_errors", lambda start, answer, truth, kinked, rounding: [0.25, 0.75])
    assert parity(finishing, [epoch()], [epoch()]) == 0.75


def test_dropout_asks_for_one_epoch_that_learns_nothing(finishing):
    asked = finishing((None, [epoch()]))
    proof.dropout_error(ORACLE, "factory", HAND, "gpu:0")
    ((factory, run),) = asked
    assert factory == "factory"
    assert run.recipe == replace(HAND, shuffle="none", logging="none", epochs=1, learning_rate=1e-9)
    assert run.device == "gpu:0"
    assert len(run.data.train_images) == 8192
    assert run.initial.output_kernel[9, 9] == 4.0


@pytest.mark.parametrize("sign", [1, -1])
def test_dropout_by_hand(finishing, sign):
    """Two standard errors of 8192 images off are two fifths of what is allowed."""
    mean, deviation = proof.gate_loss(0.2)
    error = sign * 2 * deviation / math.sqrt(8192)
    finishing((None, [epoch(loss=mean + error, val_loss=math.log(10))]))
    assert proof.dropout_error(ORACLE, "factory", HAND, "cpu:0") == pytest.approx(0.4)
    # without dropout at evaluation its loss is log 10, to a tenth of the parameters' tolerance
    finishing((None, [epoch(loss=mean, val_loss=math.log(10) * (1 + sign * 0.75e-4))]))
    assert proof.dropout_error(ORACLE, "factory", HAND, "cpu:0") == pytest.approx(0.75)
    left_on = replace(HAND, dropout_at_evaluation=True)
    finishing((None, [epoch(loss=mean, val_loss=mean + error)]))
    assert proof.dropout_error(ORACLE, "factory", left_on, "cpu:0") == pytest.approx(0.4)
    finishing((None, [epoch(loss=None, val_loss=mean)]))
    assert proof.dropout_error(ORACLE, "factory", left_on, "cpu:0") == math.inf


def test_without_dropout_classes_that_no_gate_leads_to_have_their_share(finishing):
    """Of 96 classes ten have a logit of 4, and 86 one of 0."""
    mean, _ = proof.gate_loss(0.2, classes=96)
    right = math.log(10 + 86 * math.exp(-4.0))
    for off, share in ((0.0, 0.0), (0.75e-4, 0.75)):
        finishing((None, [epoch(loss=mean, val_loss=right * (1 + off))]))
        assert proof.dropout_error(CHARACTERS, "factory", HAND, "cpu:0") == pytest.approx(share, abs=1e-9)


def test_metrics_that_nobody_asked_for_are_a_fault(finishing):
    without = replace(HAND, metrics="none")
    none = replace(epoch(), accuracy=None, val_accuracy=None)
    assert parity(finishing, [none] * 2, [epoch()] * 2, without) == 0.0
    assert parity(finishing, [none, epoch()], [epoch()] * 2, without) == math.inf


@pytest.mark.parametrize(
    ("precision", "bits"), [("float32", 24), ("tf32", 24), ("mixed", 24), ("float64", 53), ("bfloat16", 9)]
)
def test_a_weight_is_stored_once_at_the_start_and_once_a_step(finishing, monkeypatch, precision, bits):
    """112 images in batches of 32 are four steps, in two epochs eight: nine times half a last digit."""
    given = []

    def movement_errors(start, answer, truth, kinked, rounding):
        given.append(rounding)
        return [0.0]

    monkeypatch.setattr(proof, "movement_errors", movement_errors)
    parity(finishing, [epoch()], [epoch()], replace(HAND, precision=precision))
    assert given == pytest.approx([3 / 2**bits], rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("precision", "tolerance"),
    [("float32", 1e-3), ("float64", 5e-5), ("tf32", 3e-2), ("mixed", 0.6), ("bfloat16", 0.6)],
)
def test_the_error_is_the_worse_of_both_in_units_of_the_tolerance(monkeypatch, precision, tolerance):
    recipe = replace(HAND, precision=precision)
    for parity, dropout, worst in ((0.25, 0.5, 0.5), (0.75, 0.5, 0.75)):

        def parity_parts(oracle, factory, recipe, device, share=parity):
            return [("a", 0.0), ("b", share * tolerance if recipe.precision == precision else 0.0)]

        monkeypatch.setattr(proof, "parity_parts", parity_parts)
        monkeypatch.setattr(proof, "dropout_error", lambda *asked, share=dropout: share)
        found = proof.verify(ORACLE, "factory", recipe, "cpu:0")
        assert (found.error, found.tolerance) == (pytest.approx(worst * tolerance), tolerance)
        assert found.what.startswith("with dropout" if dropout > parity else "without dropout, b")
        found = proof.verify(ORACLE, "factory", replace(recipe, dropout_rate=0.0), "cpu:0")
        assert found.error == pytest.approx(parity * tolerance)
        assert proof.verify(
            ORACLE, "factory", replace(recipe, dropout_rate=1e-6), "cpu:0"
        ).error == pytest.approx(worst * tolerance)


def test_who_has_a_proof_of_its_own_is_asked():
    own = Verification(0.5, 1.0)
    factory = SimpleNamespace(
        verify=lambda recipe, device: own if (recipe, device) == (HAND, "gpu:1") else None
    )
    assert proof.verify(ORACLE, factory, HAND, "gpu:1") is own


def test_a_trainer_is_let_on_to_its_end():
    class Trainer:
        def __init__(self, run):
            self.run = run

        def train(self, between):
            assert [between(epoch(loss=float(number))) for number in range(3)] == [True] * 3

        def parameters(self):
            return self.run

    assert proof.finish(Trainer, "run") == ("run", [epoch(loss=float(number)) for number in range(3)])
