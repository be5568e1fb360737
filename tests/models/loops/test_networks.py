"""Every loop of TensorFlow and Keras on networks that it has never seen, against plain tapes in float64."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from likeforlike.models.contract.implementation import missing

HERE = Path(__file__).parent
LOOPS = ("keras-fit", "train-on-batch", "keras-fit-tuned", "eager-loop", "graph-loop", "tf-epoch")


def examined(backend: str, *arguments: str, script: str = "examine_networks.py") -> Any:
    if lacking := missing(("tensorflow", "keras", "tensorboard", backend)):
        pytest.skip(lacking)
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "CUDA_VISIBLE_DEVICES": "-1",
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": os.pathsep.join([str(HERE.parents[2]), *filter(None, sys.path)]),
    }
    command = [sys.executable, str(HERE / script), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def findings() -> dict[str, Any]:
    return examined("tensorflow")


def test_ten_steps_are_those_of_plain_tapes(findings: dict[str, Any]) -> None:
    """With a convolution, a batch normalisation and a smaller last batch; Keras rounds constants to float32."""
    agreement = findings["agreement"]
    assert {name: off for name, off in agreement.items() if not off < 1e-6} == {}
    assert {name.partition(" ")[0] for name in agreement} == set(LOOPS)


def test_no_used_iterator_is_kept_while_others_have_their_turns() -> None:
    """Stopped meanwhile, the autotuner of the one that ``fit`` keeps would hold up its next epoch for longer.

    Those that are there are made for the next epoch and the next evaluation, and have not begun.
    """
    found = examined("tensorflow", script="examine_iterators.py")
    assert found == {
        f"{loop} {read}": [2, 2, 2]
        for loop in ("keras-fit", "keras-fit-tuned")
        for read in ("each-step", "each-epoch")
    }


@pytest.mark.parametrize(("loop", "backend"), [("keras-fit-jax", "jax"), ("keras-fit-torch", "torch")])
def test_the_other_backends_follow_in_float32(loop: str, backend: str) -> None:
    assert examined(backend, loop) < 1e-5


def test_fewer_bits_take_effect_where_layers_have_them(findings: dict[str, Any]) -> None:
    found = {name: told for name, told in findings["precisions"].items() if name != "rigid"}
    assert set(found) == {
        f"{loop} {mode}"
        for loop in ("keras-fit", "eager-loop", "graph-loop")
        for mode in ("bfloat16", "mixed")
    }
    for name, (off, scaling) in found.items():
        assert 1e-6 < off < 0.02, name
        assert scaling == ("none: bfloat16 has float32's exponents" if name.endswith("mixed") else "")


def test_layers_set_to_another_precision_are_refused(findings: dict[str, Any]) -> None:
    assert set(findings["precisions"]["rigid"].values()) == {"precision"}


def test_losses_of_a_network_s_own_are_the_same_in_all_loops(findings: dict[str, Any]) -> None:
    """Accuracy is told of classes alone, whatever the loss of them; what layers add is in it."""
    losses = findings["losses"]
    for told in losses.values():
        first, *others = told.values()
        assert all(other[::2] == pytest.approx(first[::2], rel=1e-6) for other in others)
        assert all(other[1::2] == pytest.approx(first[1::2]) for other in others if first[1] is not None)
    assert all(told[1::2] == [None, None] for told in losses["squares"].values())
    assert losses["bytes"]["graph-loop"] == pytest.approx(losses["plain"]["graph-loop"], rel=1e-6)
    plain, doubled = losses["plain"]["eager-loop"], losses["doubled"]["eager-loop"]
    assert doubled[3] is not None
    assert doubled[0] > 1.5 * plain[0]
    assert losses["regularised"]["eager-loop"][2] > plain[2] + 1e-4


def test_every_epoch_has_a_fresh_order(findings: dict[str, Any]) -> None:
    assert set(findings["orders"]) == {"tf-epoch", "train-on-batch"}
    assert all(drawn == {"shuffled": True, "fresh": True} for drawn in findings["orders"].values())


def test_the_model_stays_what_it_is_and_its_evaluation_is_timed_apart(findings: dict[str, Any]) -> None:
    assert findings["class"] == "Functional"
    assert all(train > 0 and evaluation > 0 for train, evaluation in findings["phases"])
    assert findings["dtypes"] == ["float32"]
    assert findings["probabilities"] == pytest.approx(3.0, rel=1e-5)


def test_a_field_that_the_network_does_not_take_is_refused(findings: dict[str, Any]) -> None:
    assert findings["untaken"] == "bias"
    assert findings["dropout"] == ["Dropout", "Dropout"]


@pytest.fixture(scope="module")
def split() -> dict[str, Any]:
    """Of batches split among three threads."""
    return examined("tensorflow", script="examine_split.py")  # type: ignore[no-any-return]


def test_split_batches_are_those_of_plain_tapes_over_whole_ones(split: dict[str, Any]) -> None:
    assert {name: off for name, off in split["agreement"].items() if not off < 1e-6} == {}


def test_a_batch_has_a_part_for_each_thread_but_none_too_small(split: dict[str, Any]) -> None:
    assert split["calls"] == [4, 4, 5, 5, 6]
    assert split["parts"] == {"3": 1, "9": 2, "13": 3}


def test_rows_of_a_table_are_trained_alike_and_what_has_no_gradient_stays(split: dict[str, Any]) -> None:
    assert split["slices"]["off"] < 1e-9 < 1e-3 < split["slices"]["moved"]
    assert split["slices"]["unused"] == 0


def test_a_network_in_which_samples_meet_is_not_split(split: dict[str, Any]) -> None:
    found = split["refused"]
    assert {name for name, told in found.items() if told == "taken"} == {"dropout", "dropout left on"}
    changed = "it splits batches, and training changes its state, as statistics of a batch do"
    assert found["normalised"] == f"tf-epoch-split refuses network='small': {changed}"
    assert found["normalised by hand"].endswith(changed)
    for name in ("less its mean", "loss of a batch"):
        assert found[name].endswith(
            "it splits batches, and a sample's answer depends on the others of its batch"
        )
    assert found["xla"] == "tf-epoch-split refuses execution='xla': it runs as graph"
