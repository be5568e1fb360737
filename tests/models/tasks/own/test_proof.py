"""A loop on a model never seen before: proven where it is right, refused with what differs where it is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from likeforlike.models.contract.implementation import missing
from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.contract.training.recipe import MATCHED, Recipe
from likeforlike.models.contract.training.task import Told
from likeforlike.models.contract.training.trainer import Run
from likeforlike.models.contract.workload import Verification
from likeforlike.models.tasks.own.data import load_kept
from likeforlike.models.tasks.own.given import (
    ASKED_FILE,
    Asked,
    Brought,
    arrays_of,
    read_brought,
    start_file,
    write,
)

HERE = Path(__file__).parent
SGD = replace(MATCHED, name="sgd", optimizer="sgd", momentum=0.9, learning_rate=0.05, beta_1=0.9)
pytestmark = pytest.mark.skipif(missing(("torch",)) is not None, reason=missing(("torch",)) or "")


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brought]:
    """The residual network of PyTorch, brought by this very process."""
    import torch

    from likeforlike.models.tasks.own.bringing.__main__ import bring

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("brought")
    asked = Asked(
        ("never_seen:resnet_torch",), "never_seen:batches", (200, 60), (2020,), (asdict(MATCHED), asdict(SGD))
    )
    write(folder / ASKED_FILE, asked)
    sys.path.insert(0, str(HERE))
    try:
        bring(folder, 0)
        yield read_brought(folder)
    finally:
        sys.path.remove(str(HERE))


def verified(brought: Brought, fault: str, recipe: Recipe = MATCHED) -> Verification:
    import plain_loops

    from likeforlike.bench.worker.measure_trainer import Trains
    from likeforlike.models.tasks.own.networks import network_of
    from likeforlike.models.tasks.own.proof import verify

    loop = getattr(plain_loops, fault)
    return verify(brought, 0, Trains(loop, network_of(brought.models[0])), recipe, "cpu:0")


def test_a_right_loop_is_proven_as_in_training_and_as_in_inference(brought: Brought) -> None:
    told = brought.models[0]
    assert told.modes == ("training", "inference")
    assert not told.unproven
    found = verified(brought, "Plain")
    assert found.ok, found
    assert not found.unproven


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("IgnoresWeights", "no ten steps from the given weights lead"),
        ("OtherBatches", "of epoch 2"),
        ("SkipsOneUpdate", "of epoch 2"),
        ("EpsilonElsewhere", "of epoch"),
        ("InInferenceAlways", "as in training"),
        ("TellsAnotherLoss", "loss of epoch"),
        ("DropsNothing", "from pass to pass, the model's own by"),
        ("DropsTheSame", "from pass to pass, the model's own by"),
    ],
)
def test_a_faulty_loop_is_refused_with_what_differs(brought: Brought, fault: str, what: str) -> None:
    found = verified(brought, fault)
    assert not found.ok
    assert what in found.what


def test_a_recipe_of_another_optimizer_has_a_reference_of_its_own(brought: Brought) -> None:
    assert verified(brought, "Descends", SGD).ok
    assert not verified(brought, "Plain", SGD).ok


def test_a_recipe_without_a_reference_is_unproven(brought: Brought) -> None:
    found = verified(brought, "Plain", replace(MATCHED, name="slow", learning_rate=1e-4))
    assert found.unproven == "there is no plain training by the recipe slow to hold it against"


def trainer_of(brought: Brought, fault: str = "Plain"):
    import plain_loops

    from likeforlike.models.tasks.own.networks import network_of

    recipe = replace(MATCHED, epochs=1, batch_size=32)
    data = load_kept(brought.folder, brought.data.name)
    start = NamedWeights(arrays_of(brought.folder / start_file(0, 2020)))
    trainer = getattr(plain_loops, fault)(
        Run(recipe, data, start, "cpu:0", network=network_of(brought.models[0]))
    )
    return trainer, recipe, data, start


def watched(brought: Brought, fault: str = "Plain", change=lambda epoch: epoch) -> tuple[str | None, str]:
    from likeforlike.models.tasks.own.timed_epochs import OwnEpochs

    trainer, recipe, data, start = trainer_of(brought, fault)
    watch, found = OwnEpochs(brought, 0, trainer, recipe, data, start), []

    def between(epoch) -> bool:
        epoch = change(epoch)
        found.append(
            watch.fault(Told(epoch, epoch.train_seconds + epoch.evaluation_seconds + epoch.logging_seconds))
        )
        return True

    trainer.train(between)
    return found[0], watch.proven


def test_a_timed_epoch_is_held_against_the_weights_that_it_leaves(brought: Brought) -> None:
    assert watched(brought) == (None, "proven")
    fault, _ = watched(brought, change=lambda epoch: replace(epoch, val_loss=epoch.val_loss * 1.01))
    assert "val_loss of epoch 1" in str(fault)
    fault, _ = watched(brought, change=lambda epoch: replace(epoch, val_accuracy=epoch.val_accuracy + 0.1))
    assert "val_accuracy of epoch 1" in str(fault)
    fault, _ = watched(brought, change=lambda epoch: replace(epoch, loss=epoch.loss * 3))
    assert "loss of epoch 1" in str(fault)


def test_weights_that_stay_and_steps_left_out_are_seen(brought: Brought) -> None:
    import plain_loops

    class Still(plain_loops.Plain):
        def update(self) -> None:
            pass

    class Fewer(plain_loops.Plain):
        def steps_taken(self) -> int:
            return self.steps - 1

    plain_loops.Still, plain_loops.Fewer = Still, Fewer
    fault, _ = watched(brought, "Still")
    assert "did not move in epoch 1" in str(fault)
    fault, _ = watched(brought, "Fewer")
    assert "steps of the optimizer after epoch 1" in str(fault)


def test_what_nothing_but_rounding_moves_may_stay(brought: Brought) -> None:
    """The bias of a convolution before a batch normalisation: by sgd it rests, and is no fault of the loop."""
    from likeforlike.models.tasks.own.proof import moved_by_rounding

    for recipe in (MATCHED, SGD):
        assert "stem.bias" in moved_by_rounding(brought, 0, recipe)
        assert "head.weight" not in moved_by_rounding(brought, 0, recipe)
    assert not moved_by_rounding(brought, 0, replace(MATCHED, learning_rate=1e-4))
    import plain_loops

    class Rests(plain_loops.Plain):
        def update(self) -> None:
            kept = self.module.stem.bias.detach().clone()
            super().update()
            self.module.stem.bias.data.copy_(kept)

    plain_loops.Rests = Rests
    assert watched(brought, "Rests")[0] is None


def test_an_accuracy_of_outputs_that_are_no_classes_is_false(brought: Brought, monkeypatch) -> None:
    from likeforlike.models.tasks.own.timed_epochs import OwnEpochs

    plain = OwnEpochs._validation_fault
    shown = []

    def narrowed(self, epoch):
        model = self.plain
        truth, outputs = model.evaluated(self.data.validation_images, self.data.validation_labels)
        monkeypatch.setattr(type(model), "evaluated", lambda *_: (truth, outputs[:, :1]))
        shown.append(plain(self, epoch))

    monkeypatch.setattr(OwnEpochs, "_validation_fault", narrowed)
    watched(brought)
    assert shown == ["epoch 1 tells an accuracy, but the outputs are not one for each class"]


def test_the_start_and_the_data_are_kept_for_all(brought: Brought) -> None:
    data = load_kept(brought.folder, brought.data.name)
    assert (data.name, data.train_images.shape, data.validation_images.shape) == (
        "never_seen:batches",
        (200, 6, 6, 3),
        (60, 6, 6, 3),
    )
    start = arrays_of(brought.folder / start_file(0, 2020))
    assert list(start) == [weight.name for weight in brought.models[0].weights]
    assert all(np.isfinite(array).all() for array in start.values())
