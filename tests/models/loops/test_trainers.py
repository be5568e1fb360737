"""Every trainer against the float64 oracle, step by step, and every field of a recipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from likeforlike.devices.machine.discovery import find_devices
from likeforlike.devices.process.placement import worker_environment
from likeforlike.models.contract.implementation import Implementation, missing
from likeforlike.models.registry import load_registry

HERE = Path(__file__).parent
LONG = ("keras-fit-tuned", "keras-fit-jax", "keras-fit-torch", "torch-compiled")
"""Too slow to train twenty times over: the oracle's proof and the orders alone. A floor trains nothing."""
ALL = [entry for entry in load_registry().of("training") if entry.origin == "likeforlike"]
TRAINERS = [entry for entry in ALL if entry.name not in LONG and entry.role != "floor"]
PROOF = """
import sys
sys.path.append(sys.argv[2])
from examine import factory_of, orders
from likeforlike.models.tasks.mlp.proof import verify
from likeforlike.models.contract.training.recipe import MATCHED
factory = factory_of(sys.argv[1], sys.argv[4])
found = verify(factory, MATCHED, "cpu:0")
drawn = {"fresh": True} if sys.argv[3] == "floor" else orders(factory)
sys.exit(0 if found.ok and all(drawn.values()) else f"{found} {drawn}")
"""


@pytest.fixture(scope="module", params=TRAINERS, ids=lambda entry: entry.name)
def findings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What ``examine.py`` found of a trainer, in a process of its own: frameworks share none."""
    entry: Implementation = request.param
    if lacking := entry.missing() or missing(("tensorboard",)):
        pytest.skip(lacking)
    folder = tmp_path_factory.mktemp(entry.name)
    done = run(entry, str(HERE / "examine.py"), entry.name, entry.target, entry.network, str(folder))
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def run(entry: Implementation, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with the environment that the entry's workers get, of one thread: others' tests run beside this."""
    environment = {
        **os.environ,
        **worker_environment(find_devices()[0], threads=1),
        "PYTHONPATH": os.pathsep.join([str(HERE.parents[2]), *filter(None, sys.path)]),
        **dict(entry.environment),
    }
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1500)


@pytest.mark.parametrize(
    "entry", [e for e in ALL if e.name in LONG or e.role == "floor"], ids=lambda entry: entry.name
)
def test_the_proof_holds_for_those_that_take_long(entry: Implementation) -> None:
    if lacking := entry.missing():
        pytest.skip(lacking)
    done = run(entry, "-c", PROOF, entry.target, str(HERE), entry.role, entry.network)
    assert done.returncode == 0, done.stderr[-4000:]


def test_losses_of_thirty_steps_follow_the_oracle(findings: dict[str, list[float]]) -> None:
    assert len(findings["step_loss_errors"]) == 30
    assert max(findings["step_loss_errors"]) < 1e-4


def test_parameters_after_them_do_too(findings: dict[str, list[float]]) -> None:
    assert max(findings["parameter_errors"]) < 1e-3


def test_batches_follow_in_the_data_s_order(findings: dict[str, list[float]]) -> None:
    """Five batches and a half, six times over: a trainer that took the first one again and again would show.

    A unit at ReLU's kink may fall to either side, which moves its bias by thousandths here.
    """
    losses, parameters = findings["several_batches_errors"][:6], findings["several_batches_errors"][6:]
    assert max(losses) < 1e-4
    assert max(parameters) < 1e-2


def test_every_epoch_has_a_fresh_order(findings: dict[str, dict[str, bool]]) -> None:
    assert findings["orders"] == {"shuffled": True, "fresh": True}


def test_without_bias_it_has_none_and_follows_too(findings: dict[str, object]) -> None:
    assert findings["parameters"] == {"bias": 407_050, "no bias": 406_528}
    assert findings["no_bias_error"] < 1e-3  # type: ignore[operator]


def test_dropout_keeps_and_scales_in_training(findings: dict[str, float]) -> None:
    assert findings["kept_fraction"] == pytest.approx(0.8, abs=0.01)
    assert findings["scale"] == pytest.approx(1.25, rel=1e-5)


def test_dropout_is_off_at_evaluation_unless_the_recipe_leaves_it_on(findings: dict[str, float]) -> None:
    assert findings["evaluation_kept_fraction"] == 1.0
    assert findings["evaluation_with_dropout_kept_fraction"] in ("refused", pytest.approx(0.8, abs=0.01))


def test_every_field_of_a_recipe_takes_effect_or_is_refused_by_name(
    findings: dict[str, dict[str, str]],
) -> None:
    """``ignored`` is the one thing that must not be: the same weights, bit by bit, as without the change."""
    found = dict(findings["fields"])
    assert found.pop("nothing") == "ignored", "two runs under one recipe differ, so that nothing can be told"
    assert set(found.values()) <= {"takes effect", "refused"}, found
    accepted = {
        "batch_size",
        "bias",
        "dropout_rate",
        "learning_rate",
        "beta_1",
        "beta_2",
        "epsilon",
        "epochs",
        "shuffle",
    }
    assert {findings["fields"][name] for name in accepted} == {"takes effect"}


def test_event_files_have_the_same_tags_for_all(findings: dict[str, dict[str, list[str]]]) -> None:
    tags = ["epoch_accuracy", "epoch_loss"]
    assert findings["scalar_tags"] == {"train": tags, "validation": tags}
    assert findings["scalar_steps"] == [0, 1]
    assert findings["histograms"] in ("refused", True)


def test_it_stops_when_told_and_waiting_is_in_no_phase(findings: dict[str, object]) -> None:
    assert findings["epochs_until_stopped"] == 2
    assert findings["seconds_seen"] < findings["seconds_waited"] / 100  # type: ignore[operator]
