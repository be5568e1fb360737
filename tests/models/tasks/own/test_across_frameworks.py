"""A Keras model and an nn.Module never seen before: held for one network, and told apart where they are not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from likeforlike.devices.process.interpreter import module_command
from likeforlike.models.contract.implementation import missing
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.contract.workload import Verification
from likeforlike.models.tasks.own.drawn import drawn_file
from likeforlike.models.tasks.own.given import (
    ASKED_FILE,
    Asked,
    ModelTold,
    Refused,
    arrays_of,
    read_brought,
    read_model,
    start_file,
    write,
)

HERE = Path(__file__).parent
LACKING = missing(("tensorflow", "keras", "torch"))
pytestmark = pytest.mark.skipif(LACKING is not None, reason=LACKING or "")
ASKED = Asked(
    ("never_seen:resnet_keras", "never_seen:resnet_torch"),
    "never_seen:batches",
    (100, 30),
    (2020,),
    (asdict(MATCHED),),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The Keras model brought, by a process of its own; this one has PyTorch."""
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("across")
    write(folder / ASKED_FILE, ASKED)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)]),
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "-1",
        "OMP_NUM_THREADS": "1",
    }
    command = module_command("likeforlike.models.tasks.own.bringing", str(folder), "0")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(HERE))
    yield folder
    sys.path.remove(str(HERE))


def brought(folder: Path, model: str = "resnet_torch", weights: str = "") -> ModelTold:
    from likeforlike.models.tasks.own.bringing.__main__ import bring

    models = (ASKED.models[0], f"never_seen:{model}")
    (folder / drawn_file(1)).unlink(missing_ok=True)  # of the one before: a run has a folder of its own
    write(folder / ASKED_FILE, replace(ASKED, models=models, weights=weights))
    bring(folder, 1)
    return read_model(folder, 1)


def test_they_are_one_network_with_the_same_weights_found_by_order_and_shape(folder: Path) -> None:
    keras, torch = read_model(folder, 0), brought(folder)
    assert (keras.family, torch.family) == ("keras", "torch")
    assert keras.modes == torch.modes == ("training", "inference")
    assert keras.parameters == torch.parameters
    assert torch.found == "by order and shape, layer by layer"
    assert torch.starts == keras.starts
    first, other = (arrays_of(folder / start_file(number, 2020)) for number in (0, 1))
    assert list(first) == list(other)
    assert all(np.array_equal(first[name], other[name]) for name in first)
    assert any("n - 1 in the denominator" in remark for remark in torch.remarks)
    initial = (
        "initial weights: glorot_uniform (Keras), kaiming_uniform(a=sqrt(5)) (PyTorch's default of Conv2d"
    )
    assert any(initial in remark for remark in torch.remarks)
    assert not torch.unproven
    found = verified(folder)
    assert found.ok
    assert not found.unproven


def test_the_operations_of_both_are_those_counted_by_hand(folder: Path) -> None:
    """36 places: windows times channels times features; of the images nothing is derived."""
    stem, first, second, skip, head = 27 * 4, 2 * 36 * 4, 36 * 8 + 72 * 8, 4 * 8, 8 * 4
    others = 36 * (first + second + skip) + head
    counted = (0.0, 2.0 * (2 * 36 * stem + 3 * others)), (0.0, 2.0 * (36 * stem + others))
    for told in (read_model(folder, 0), brought(folder)):
        assert (told.flop, told.inference_flop) == counted


def test_a_mapping_by_hand_says_the_same(folder: Path) -> None:
    by_hand = brought(folder, weights="never_seen:mapping")
    assert by_hand.found == "by never_seen:mapping"
    found = brought(folder)
    assert {(m.name, m.own, m.axes) for m in found.matches} == {
        (m.name, m.own, m.axes) for m in by_hand.matches
    }


def test_a_wrong_mapping_is_refused_with_what_differs(folder: Path) -> None:
    with pytest.raises(Refused, match="another network than resnet_keras.*outputs in inference are"):
        brought(folder, weights="never_seen:swapped")


def test_another_epsilon_is_refused_by_name(folder: Path) -> None:
    with pytest.raises(Refused, match="epsilon is 1e-05 in batch_normalization and 0.001 in norm"):
        brought(folder, "resnet_torch_defaults")


def test_weights_that_can_not_be_matched_leave_the_model_unproven(folder: Path) -> None:
    told = brought(folder, "mlp_torch")
    assert told.matches == ()
    assert "not matched with those of resnet_keras: no layer of it fits conv2d" in told.unproven
    assert told.starts != read_model(folder, 0).starts
    found = verified(folder)
    assert found.ok
    assert found.unproven == told.unproven


def verified(folder: Path) -> Verification:
    """A right loop on the further model."""
    import plain_loops

    from likeforlike.bench.worker.measure_trainer import Trains
    from likeforlike.models.tasks.own.networks import network_of
    from likeforlike.models.tasks.own.proof import verify

    read = read_brought(folder)
    return verify(read, 1, Trains(plain_loops.Plain, network_of(read.models[1])), MATCHED, "cpu:0")


def test_a_model_that_ignores_its_weights_is_refused(folder: Path) -> None:
    with pytest.raises(Refused, match="never_seen:deaf_torch ignores its weights"):
        brought(folder, "deaf_torch")
