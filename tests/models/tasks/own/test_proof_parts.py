"""The proof of a brought model, part by part and without a framework: shares by hand, loops as stand-ins."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest

from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.contract.training.trainer import Dataset, Epoch
from likeforlike.models.tasks.own import proof
from likeforlike.models.tasks.own.bringing.reference_files import Figures, Reference
from likeforlike.models.tasks.own.proof import Share, Trained, farthest, shares

DECAYS = replace(MATCHED, name="decays", optimizer="adamw", weight_decay=0.01)
SGD = replace(MATCHED, name="sgd", optimizer="sgd", learning_rate=0.5)


def epoch(loss=1.0, val_loss=2.0, number=1):
    return Epoch(number, 1.0, 1.0, 0.0, loss, 0.5, val_loss, 0.25)


def reference(moved, allowed=0.1, losses=None, trained=("w",), epochs=1):
    losses = losses or {"loss": 0.01, "val_loss": 0.02}
    figures = Figures(
        tuple({"loss": 1.0, "val_loss": 2.0} for _ in range(epochs)),
        tuple(dict.fromkeys(moved, allowed) for _ in range(epochs)),
        tuple(losses for _ in range(epochs)),
        (),
        1.0,
        trained,
    )
    return Reference(
        figures, tuple({name: np.array(v, float) for name, v in moved.items()} for _ in range(epochs))
    )


def trained(moved, *epochs):
    epochs = epochs or (epoch(),)
    return Trained(epochs, tuple({name: np.array(v, float) for name, v in moved.items()} for _ in epochs))


def told(*of, mode="training", recipe=MATCHED):
    return [(share.of_allowed, share.what, share.when) for share in shares(*of, recipe, mode)]


class TestShares:
    def test_of_what_is_right_nothing_is_used_up(self):
        found = told(trained({"w": [3.0, 4.0]}), reference({"w": [3.0, 4.0]}))
        assert found == [
            (0.0, "loss of epoch 1, as in training, is 1, it should be 1", (0, 0)),
            (0.0, "val_loss of epoch 1, as in training, is 2, it should be 2", (0, 0)),
            (
                0.0,
                "w at the end of epoch 1, as in training, is 0 of its movement away from where it should be",
                (0, 0),
            ),
        ]

    @pytest.mark.parametrize("off", [0.005, -0.005])
    def test_losses_and_movements_over_what_is_allowed(self, off):
        found = told(
            trained({"w": [3.0 + 60 * off, 4.0 - 80 * off]}, epoch(1.0 + off)),
            reference({"w": [3.0, 4.0]}),
            mode="inference",
        )
        loss, val_loss, weight = found
        assert (loss[0], val_loss[0], weight[0]) == pytest.approx((0.5, 0.0, 5.0))
        assert loss[1] == f"loss of epoch 1, as in inference, is {1 + off:.6g}, it should be 1"
        assert weight[1].endswith("is 0.1 of its movement away from where it should be")
        assert {share[2] for share in found} == {(1, 0)}

    @pytest.mark.parametrize(
        ("precision", "wider"), [("float32", 1.0), ("float64", 1.0), ("tf32", 30.0), ("bfloat16", 100.0)]
    )
    def test_lower_precision_may_be_farther_off(self, precision, wider):
        found = told(
            trained({"w": [3.0, 4.5]}, epoch(1.1)),
            reference({"w": [3.0, 4.0]}),
            recipe=replace(MATCHED, precision=precision),
        )
        assert [share[0] for share in found] == pytest.approx([10 / wider, 0.0, 5.0 / wider])

    def test_epoch_by_epoch(self):
        loop = trained({"w": [1.0]}, epoch(), epoch(2.0, number=2))
        found = told(loop, reference({"w": [1.0]}, epochs=2))
        assert [share[0] for share in found] == pytest.approx([0.0, 0.0, 0.0, 100.0, 0.0, 0.0])
        assert [share[2] for share in found] == [(0, 0)] * 3 + [(0, 1)] * 3
        assert found[3][1].startswith("loss of epoch 2, as in training,")

    def test_another_number_of_epochs_is_infinitely_far_off(self):
        (found,) = told(trained({"w": [1.0]}), reference({"w": [1.0]}, epochs=2))
        assert found == (math.inf, "1 epochs were trained, 2 were asked for", (0, 0))

    def test_a_loss_that_is_not_told_is_infinitely_far_off(self):
        found = told(trained({}, epoch(None)), reference({}))
        assert found[0][:2] == (math.inf, "loss of epoch 1, as in training, is not told, it should be 1")
        figures = replace(reference({}).figures, epochs=({"loss": None, "val_loss": 2.0},))
        found = told(trained({}), Reference(figures, ({},)))
        assert found[0][:2] == (math.inf, "loss of epoch 1, as in training, is 1, it should be not told")
        assert found[1][0] == 0.0

    def accuracies(self, said, recipe=MATCHED):
        """Of an epoch that tells it, where the reference has 0.75 and may be 0.125 off."""
        held = reference({}, losses={"loss": 0.01, "accuracy": 0.125})
        held = replace(held, figures=replace(held.figures, epochs=({"loss": 1.0, "accuracy": 0.75},)))
        return told(trained({}, replace(epoch(), accuracy=said)), held, recipe=recipe)[1:]

    @pytest.mark.parametrize(("said", "share"), [(0.75, 0.0), (0.5, 2.0), (0.875, 1.0)])
    def test_an_accuracy_is_held_as_losses_are(self, said, share):
        what = f"accuracy of epoch 1, as in training, is {said}, it should be 0.75"
        assert self.accuracies(said) == [(share, what, (0, 0))]

    def test_an_accuracy_that_nobody_tells_is_not_a_wrong_one(self):
        """A model's own train_step may leave it out; the loss it may not."""
        assert self.accuracies(None) == []
        assert self.accuracies(0.5, replace(MATCHED, metrics="none")) == []

    def test_a_weight_that_is_missing_is_infinitely_far_off_and_others_are_judged(self):
        found = told(trained({"v": [1.0]}), reference({"w": [1.0], "v": [1.0]}))
        assert found[2][:2] == (math.inf, "w at the end of epoch 1, as in training, is missing or misshapen")
        assert found[3][0] == 0.0

    def test_a_weight_that_should_stay(self):
        found = told(trained({"w": [0.25, 0.0]}), reference({"w": [0.0, 0.0]}), recipe=SGD)
        assert found[2][1].endswith("is 0.25 away, without movement, from where it should be")
        assert found[2][0] == 2.5

    @pytest.mark.parametrize(
        ("moved", "off"), [(-0.5, 0.0), (0.0, 0.0), (-0.25, 2.5), (0.5, 5.0), (-1.0, 5.0)]
    )
    def test_what_never_has_a_gradient_may_decay_or_stay(self, moved, off):
        held = reference({"w": [-0.5], "v": [-0.5]})
        held = replace(held, figures=replace(held.figures, without_gradient=("w",)))
        found = told(trained({"w": [moved], "v": [moved]}), held, recipe=DECAYS)
        assert found[2][0] == pytest.approx(off)
        assert found[3][0] == pytest.approx(abs(moved + 0.5) / 0.1)

    @pytest.mark.parametrize(
        ("off", "far"), [(100 * math.sqrt(4) * 0.5 * 1.01, True), (100 * math.sqrt(4) * 0.5 * 0.99, False)]
    )
    def test_where_no_ten_steps_lead_it_is_said(self, off, far):
        """Ten times ten steps of the learning rate 0.5 in each of four numbers."""
        still = np.zeros(4)
        there = np.array([0.0, off, 0.0, 0.0])
        found = told(trained({"w": there}), reference({"w": still}), recipe=SGD)
        assert found[2][1].endswith("is where no ten steps from the given weights lead") == far
        assert found[2][0] == pytest.approx(off / 0.1)
        untrained = told(trained({"w": there}), reference({"w": still}, trained=()), recipe=SGD)
        assert "no ten steps" not in untrained[2][1]

    @pytest.mark.parametrize(("off", "far"), [(10 * 300 * 1.01, True), (10 * 300 * 0.99, False)])
    def test_or_ten_times_as_far_as_the_reference_went(self, off, far):
        moved = np.array([300.0, 0.0])
        found = told(trained({"w": moved + np.array([0.0, off])}), reference({"w": moved}), recipe=SGD)
        assert ("no ten steps" in found[2][1]) == far


class TestFarthest:
    def test_the_worst_where_none_is_too_far_off(self):
        found = [Share(0.5, "a", (1, 1)), Share(1.0, "b", (1, 0)), Share(0.7, "c")]
        assert farthest(found) == found[1]

    def test_the_worst_of_the_first_epoch_in_which_any_is(self):
        found = [
            Share(90.0, "late", (1, 0)),
            Share(2.0, "x", (0, 1)),
            Share(3.0, "y", (0, 1)),
            Share(0.9, "z", (0, 0)),
        ]
        assert farthest(found) == found[2]

    def test_what_is_no_number_is_infinitely_far_off(self):
        found = [Share(2.0, "a"), Share(math.nan, "b"), Share(0.1, "c")]
        assert farthest(found) == Share(math.inf, "b")
        assert farthest([Share(0.0, "")]) == Share(0.0, "")


class Loop:
    """A trainer whose weight grows by 1 an epoch."""

    def __init__(self, run):
        self.run, self.now, self.went_on = run, 0.0, []

    def parameters(self):
        named = {"w": np.array([1.0, 2.0]) + self.now, "misshapen": np.zeros(3), "other": np.zeros(1)}
        return SimpleNamespace(named=lambda: named)

    def train(self, between):
        for number in range(1, self.run.recipe.epochs + 1):
            self.now += 1.0
            self.went_on.append(between(epoch(number=number)))


DATA = Dataset(
    "d", "s", np.zeros((200, 3)), np.zeros(200, np.int32), np.zeros((60, 3)), np.zeros(60, np.int32)
)


@pytest.fixture
def brought(monkeypatch, tmp_path):
    """A folder of which nothing is read but what stands here."""
    start = {"w": np.array([1.0, 2.0]), "misshapen": np.zeros(2), "missing": np.zeros(1)}
    asked = SimpleNamespace(recipes=(asdict(MATCHED), asdict(SGD)), seeds=(2020, 7))
    opened = []
    monkeypatch.setattr(proof, "load_kept", lambda folder, name: DATA)
    monkeypatch.setattr(proof, "arrays_of", lambda path: opened.append(path.name) or start)
    model = SimpleNamespace(modes=("training", "inference"), unproven="", undecided=(), family="torch")
    data = SimpleNamespace(name="d")
    return SimpleNamespace(folder=tmp_path, asked=asked, models=(model, model), data=data, opened=opened)


class TestTraining:
    @pytest.mark.parametrize(("asked", "epochs"), [(None, 2), (12, 12)])
    def test_as_the_reference_was_trained_or_longer(self, brought, asked, epochs):
        loops = []
        found = proof.train(
            brought, 1, lambda run: loops.append(Loop(run)) or loops[-1], "net", MATCHED, "cpu:0", asked
        )
        (loop,) = loops
        assert brought.opened == ["start-1-2020.npz"]
        assert loop.went_on == [True] * epochs
        assert [told.epoch for told in found.epochs] == list(range(1, epochs + 1))
        assert [sorted(moved) for moved in found.moved] == [["w"]] * epochs
        assert [moved["w"].tolist() for moved in found.moved] == [[n, n] for n in range(1, epochs + 1)]
        assert found.moved[0]["w"].dtype == np.float64
        assert (loop.run.network, loop.run.device, len(loop.run.data.train_images)) == ("net", "cpu:0", 72)


class TestVerify:
    """``train`` and the files replaced: what is asked of them, and what is made of the answers."""

    @pytest.fixture
    def world(self, brought, monkeypatch):
        world = SimpleNamespace(
            brought=brought,
            asked=[],
            moved={"training": 1.0, "inference": 1.0},
            passes=(),
            losses=(0.9, 1.0, 1.1, 1.0),
        )
        monkeypatch.setattr(proof, "quiet", lambda network, mode: mode)
        monkeypatch.setattr(
            proof, "read_reference", lambda path: world.asked.append(path.name) or reference({"w": [1.0]})
        )
        monkeypatch.setattr(proof, "read_passes", lambda folder, number: world.passes)

        def train(brought, number, factory, network, recipe, device, epochs_asked=None):
            if epochs_asked:
                world.asked.append((number, network, recipe.learning_rate, device, epochs_asked))
                return Trained(tuple(epoch(loss) for loss in world.losses), ())
            return trained({"w": [world.moved[network]]})

        monkeypatch.setattr(proof, "train", train)
        return world

    def verify(self, world, recipe=MATCHED, number=0):
        return proof.verify(world.brought, number, SimpleNamespace(network="dropping"), recipe, "cpu:0")

    def test_in_each_mode_by_the_recipe_s_own_reference(self, world):
        found = self.verify(world, SGD, 1)
        assert world.asked == ["reference-1-training-1.npz", "reference-1-inference-1.npz"]
        assert (found.error, found.tolerance, found.unproven) == (0.0, proof.RELATIVE, "")
        world.asked.clear()
        self.verify(world)
        assert world.asked == ["reference-0-training-0.npz", "reference-0-inference-0.npz"]

    def test_of_one_mode_alone(self, world):
        world.brought.models[0].modes = ("training",)
        world.moved["inference"] = 9.0
        assert self.verify(world).ok
        assert world.asked == ["reference-0-training-0.npz"]

    @pytest.mark.parametrize(("mode", "asked"), [("training", 1), ("inference", 2)])
    def test_the_first_mode_in_which_it_fails_ends_it(self, world, mode, asked):
        world.moved[mode], world.passes = 1.5, (1.0, 1.1, 0.9)
        found = self.verify(world)
        assert len(world.asked) == asked
        assert found.error == pytest.approx(5.0 * proof.RELATIVE)
        assert f"w at the end of epoch 1, as in {mode}, is 0.5 of its movement away" in found.what

    def test_within_what_is_allowed_the_share_is_told(self, world):
        world.moved["inference"] = 1.09
        found = self.verify(world)
        assert found.ok
        assert found.error == pytest.approx(0.9 * proof.RELATIVE)
        assert "as in inference" in found.what

    def test_what_the_model_drops_is_held_against_it_with_weights_that_stay(self, world):
        world.passes = (1.0, 1.1, 0.9, 1.05)
        found = self.verify(world)
        assert world.asked[2:] == [(0, "dropping", proof.STANDS_STILL, "cpu:0", proof.PASSES_OF_A_LOOP)]
        assert found.ok
        world.losses = (1.0, 1.0, 1.0, 1.0)
        found = self.verify(world)
        assert found.error == math.inf
        assert "scatter" in found.what
        world.losses = (1.0, None, 1.0, 1.1)
        assert self.verify(world).what == "losses with what is dropped are not finite"

    def test_what_a_recipe_leaves_undecided_is_told_of_it_alone(self, world):
        world.brought.models[0].undecided = ("", "by the recipe sgd: rounding decides")
        assert self.verify(world).unproven == ""
        assert self.verify(world, SGD).unproven == "by the recipe sgd: rounding decides"
        world.moved["training"] = 1.5
        assert not self.verify(world, SGD).ok

    def test_a_reference_that_runs_away_holds_nothing(self, world, monkeypatch):
        world.brought.models[0].undecided = ("runs away", "")
        endless = reference({"w": [math.inf]})
        monkeypatch.setattr(proof, "read_reference", lambda path: endless)
        found = self.verify(world)
        assert (found.ok, found.unproven) == (True, "runs away")

    def test_what_the_model_itself_can_t_prove_is_told(self, world):
        world.brought.models[0].unproven = "draws in inference too"
        found = self.verify(world)
        assert (found.ok, found.unproven) == (True, "draws in inference too")

    def test_a_recipe_that_was_not_asked_for_has_no_reference(self, world):
        slow = replace(MATCHED, name="slow", learning_rate=1e-4)
        found = self.verify(world, slow)
        assert (found.error, found.tolerance) == (0.0, proof.RELATIVE)
        assert found.unproven == "there is no plain training by the recipe slow to hold it against"
        world.brought.models[0].unproven = "draws in inference too"
        assert self.verify(world, slow).unproven == "draws in inference too"
        assert world.asked == []

    def test_a_loop_without_a_network_is_none_for_brought_models(self, world):
        with pytest.raises(TypeError, match="given a network"):
            proof.verify(world.brought, 0, SimpleNamespace(), MATCHED, "cpu:0")
