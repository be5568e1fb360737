"""What two models of one call are held to, and what of one model is told, refused or left unproven."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from likeforlike.bench.worker.measure_trainer import Trains
from likeforlike.models.contract.implementation import missing
from likeforlike.models.contract.training.recipe import MATCHED, Recipe
from likeforlike.models.tasks.own.families.losses import loss_in
from likeforlike.models.tasks.own.given import (
    ASKED_FILE,
    Asked,
    ModelTold,
    Refused,
    read_brought,
    read_model,
    write,
)
from likeforlike.models.tasks.own.networks import network_of
from likeforlike.models.tasks.own.proof import verify

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(missing(("torch",)) is not None, reason=missing(("torch",)) or "")


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(HERE))
    yield
    sys.modules.pop("never_seen", None)


def brought(
    folder: Path,
    *models: str,
    data: str = "batches",
    losses: tuple[str, ...] = (),
    recipes: Sequence[Recipe] = (MATCHED,),
) -> ModelTold:
    """The last of the models, each brought by this very process."""
    import torch

    from likeforlike.models.tasks.own.bringing.__main__ import bring

    torch.set_num_threads(1)
    asked = Asked(
        tuple(f"never_seen:{model}" for model in models),
        f"never_seen:{data}",
        (100, 30),
        (2020,),
        tuple(asdict(recipe) for recipe in recipes),
        **({"losses": losses} if losses else {}),
    )
    write(folder / ASKED_FILE, asked)
    for number in range(len(models)):
        bring(folder, number)
    return read_model(folder, len(models) - 1)


def test_what_nobody_can_switch_off_is_held_in_inference(tmp_path: Path) -> None:
    told = brought(tmp_path, "mlp_torch_drops", "mlp_torch_drops_by_hand")
    assert read_model(tmp_path, 0).modes == ("training",)
    assert told.modes == ("inference",)
    assert not told.unproven


@pytest.mark.parametrize("turned", [False, True])
def test_another_network_is_refused_though_their_modes_differ(tmp_path: Path, turned: bool) -> None:
    models = ["mlp_torch_drops", "mlp_torch_drops_by_hand_otherwise"]
    with pytest.raises(Refused, match="another network than .*: with the same weights their outputs"):
        brought(tmp_path, *(models[::-1] if turned else models))


@pytest.mark.parametrize("models", [("mlp_torch_drops", "mlp_torch"), ("mlp_torch", "mlp_torch_drops")])
def test_one_that_drops_and_one_that_does_not_are_two_networks(tmp_path: Path, models) -> None:
    with pytest.raises(Refused, match="mlp_torch_drops draws at random in training, as dropout does, and"):
        brought(tmp_path, *models)


def test_another_rate_of_dropout_is_another_network(tmp_path: Path) -> None:
    with pytest.raises(
        Refused, match=r"dropout takes 0.3 in mlp_torch_drops and 0.8 in mlp_torch_drops_more"
    ):
        brought(tmp_path, "mlp_torch_drops", "mlp_torch_drops_more")


def test_what_is_no_float64_is_unproven_and_measured(tmp_path: Path) -> None:
    told = brought(tmp_path, "mlp_torch_in_float32_alone")
    assert told.modes == ()
    assert told.unproven.startswith("it can't be trained plainly in float64: ")
    after = brought(tmp_path, "mlp_torch_in_float32_alone", "mlp_torch_in_float32_alone_too")
    assert after.unproven


def test_a_module_loaded_in_fewer_bits_is_brought_in_float32(tmp_path: Path) -> None:
    """As loops train it; NumPy has no bfloat16 for its weights and outputs."""
    told = brought(tmp_path, "mlp_torch_in_bfloat16")
    assert {weight.dtype for weight in told.weights} == {"float32"}
    assert (told.unproven, told.undecided) == ("", ("",))
    found = verify(read_brought(tmp_path), 0, torch_loop(told), MATCHED, "cpu:0")
    assert (found.ok, found.unproven) == (True, "")


def test_a_recipe_that_rounding_decides_leaves_the_others_proven(tmp_path: Path) -> None:
    tame = replace(MATCHED, name="tame", optimizer="sgd", learning_rate=1e-6)
    recipes = [tame, *(replace(tame, name=n, learning_rate=r) for n, r in (("wild", 1.0), ("beyond", 1e30)))]
    told = brought(tmp_path, "waves_torch", recipes=recipes)
    assert not told.unproven
    plain, wild, infinite = told.undecided
    assert not plain
    assert wild.startswith("by the recipe wild: rounding in float32 decides where ")
    assert infinite == "by the recipe beyond: its plain training ends in numbers that are not finite"
    assert f"waves_torch is measured unproven {wild}" in told.remarks
    for recipe, why in zip(recipes, told.undecided, strict=True):
        found = verify(read_brought(tmp_path), 0, torch_loop(told), recipe, "cpu:0")
        assert (found.ok, found.unproven) == (True, why), recipe.name


def test_tied_weights_are_one(tmp_path: Path) -> None:
    """Counted once, and once in the norm that gradients are clipped to."""
    clipped = replace(MATCHED, name="clipped", clip_norm=0.1)
    told = brought(tmp_path, "tied_torch", recipes=(MATCHED, clipped))
    assert told.parameters == 108 * 108 + 108 + 108 * 4 + 4
    assert [weight.name for weight in told.weights] == [
        "first.weight", "second.bias", "output.weight", "output.bias",
    ]  # fmt: skip
    for recipe in (MATCHED, clipped):
        found = verify(read_brought(tmp_path), 0, torch_loop(told), recipe, "cpu:0")
        assert (found.ok, found.unproven) == (True, ""), recipe.name


def test_a_weight_that_is_never_used_may_decay_by_adamw_or_stay(tmp_path: Path) -> None:
    """PyTorch leaves what has no gradient; JAX, torch-compiled and the reference let it decay."""
    import torch

    from likeforlike.models.loops.torch_loop import TorchLoop

    class After(TorchLoop):
        """What a subclass does after each step to the weight that is not used, which lies in the last place."""

        def __init__(self, run) -> None:
            super().__init__(run)
            step, rate = self.optimizer.step, run.recipe.learning_rate * run.recipe.weight_decay

            def stepped() -> None:
                step()
                with torch.no_grad():
                    self.change(self.optimizer.weights[0], self.optimizer.weights[-1], rate)

            self.optimizer.step = stepped  # type: ignore[method-assign]

    class Decays(After):
        def change(self, used, unused, rate) -> None:
            unused.mul_(1 - rate)

    class DecaysTwice(After):
        def change(self, used, unused, rate) -> None:
            unused.mul_((1 - rate) ** 2)

    class DecaysWhatIsUsed(After):
        def change(self, used, unused, rate) -> None:
            used.mul_(1 - rate)

    decays = replace(MATCHED, name="decays", optimizer="adamw", weight_decay=0.5)
    told = brought(tmp_path, "unused_torch", recipes=(MATCHED, decays))
    assert not told.unproven
    assert told.idle == ("unused.weight",)
    assert "unused.weight of unused_torch never has a gradient: by adamw it decays" in told.remarks[-1]
    assert not [text for text in brought(tmp_path, "unused_torch").remarks if "adamw" in text]
    brought(tmp_path, "unused_torch", recipes=(MATCHED, decays))
    for loop, ok in ((TorchLoop, True), (Decays, True), (DecaysTwice, False), (DecaysWhatIsUsed, False)):
        found = verify(read_brought(tmp_path), 0, Trains(loop, network_of(told)), decays, "cpu:0")
        assert (found.ok, found.unproven) == (ok, ""), (loop, found)


def torch_loop(told: ModelTold) -> Trains:
    from likeforlike.models.loops.torch_loop import TorchLoop

    return Trains(TorchLoop, network_of(told))


def test_a_regression_is_held_by_its_own_loss(tmp_path: Path) -> None:
    from likeforlike.models.loops.torch_loop import TorchLoop

    told = brought(tmp_path, "lstm_torch", data="series", losses=("mse",))
    assert told.parameters == 4 * 6 * (2 + 6 + 2) + 6 + 1
    assert (told.modes, told.unproven, told.undecided) == (("training",), "", ("",))
    for loss, ok in (("mse", True), ("mae", False)):
        network = replace(network_of(told), loss=loss_in("torch", loss))
        found = verify(read_brought(tmp_path), 0, Trains(TorchLoop, network), MATCHED, "cpu:0")
        assert (found.ok, found.unproven) == (ok, ""), found


def test_an_exponent_called_p_is_no_rate(tmp_path: Path) -> None:
    told = brought(tmp_path, "power_torch")
    assert (told.modes, told.unproven) == (("training",), "")


def test_a_softmax_at_the_end_is_told(tmp_path: Path) -> None:
    told = brought(tmp_path, "probabilities_torch")
    assert [text for text in told.remarks if "sum to 1, as behind a softmax" in text]
    assert not [text for text in brought(tmp_path, "mlp_torch").remarks if "softmax" in text]


def test_outputs_that_are_no_array_are_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"never_seen:pair_torch gives no array of outputs \[n, ...\]") as told:
        brought(tmp_path, "pair_torch")
    assert "\n" not in str(told.value)


def test_a_loss_of_one_s_own_gets_class_numbers_as_its_framework_takes_them(tmp_path: Path) -> None:
    assert not brought(tmp_path, "mlp_torch", losses=("never_seen:smoothed",)).unproven


def test_a_loss_that_smooths_labels_is_told_and_named_where_losses_differ(tmp_path: Path) -> None:
    told = brought(tmp_path, "mlp_torch", losses=("never_seen:smoothing",))
    assert told.smoothing == 0.1
    assert "never_seen:smoothing, the loss of mlp_torch, smooths labels by 0.1" in told.remarks
    losses = ("never_seen:smoothing", "sparse-crossentropy")
    apart = "label smoothing is 0.1 in the loss of mlp_torch and 0 in that of mlp_again_torch"
    with pytest.raises(Refused, match=f"losses of one batch.*; {apart}"):
        brought(tmp_path, "mlp_torch", "mlp_again_torch", losses=losses)


@pytest.mark.parametrize(
    ("models", "names"),
    [
        (("a.b:net",), ("net",)),
        (("a.v1:net", "a.v2:net"), ("v1-net", "v2-net")),
        (
            ("one.nets:net", "two.nets:net", "two.nets:other"),
            ("one-nets-net", "two-nets-net", "two-nets-other"),
        ),
        (("a:make.net", "a:make.other"), ("net", "other")),
    ],
)
def test_models_are_told_apart_by_as_much_of_their_modules_as_it_takes(models, names) -> None:
    assert Asked(models, "d:d", (1, 1), (0,), ()).names == names


def test_one_function_twice_is_refused() -> None:
    with pytest.raises(Refused, match="a:net is named twice"):
        getattr(Asked(("a:net", "a:net"), "d:d", (1, 1), (0,), ()), "names")  # noqa: B009
