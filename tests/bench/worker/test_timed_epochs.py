"""Trainers that skip work in timed epochs end *wrong-answer*; the first epoch is the process's first work."""

from __future__ import annotations

import itertools
from dataclasses import asdict, replace

import numpy as np
import pytest
from command import PLUGINS
from worker_line import Line, spec

from likeforlike.bench.worker import measure_trainer
from likeforlike.bench.worker.messages import (
    CellSpec,
    Finish,
    Finished,
    Go,
    Ready,
    Sample,
    Sustain,
    Sustained,
)
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.models.contract.training.recipe import KERAS_2020, MANUAL_2020, MATCHED, Recipe

OF_PROCESS = {"import_seconds": 0.5, "fresh_process": True}
EPOCHS = 4


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PLUGINS))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    import skips_work

    monkeypatch.setattr(skips_work.Honest, "log", [])
    return skips_work.Honest.log


def asked(name: str, recipe: Recipe = MATCHED) -> CellSpec:
    return spec(
        target=f"skips_work:{name}",
        workload="training",
        recipe=asdict(replace(recipe, epochs=EPOCHS, logging="none")),
        data="synthetic",
        samples=(1500, 400),
    )


def trained(name: str, recipe: Recipe = MATCHED, orders: int = EPOCHS) -> Line:
    line = Line(*[Go()] * orders, Finish())
    measure_trainer.measure(asked(name, recipe), line, OF_PROCESS)  # type: ignore[arg-type]
    return line


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("HalfTheBatches", "36 steps of the optimizer after epoch 2, the recipe asks for 48"),
        ("KeptLosses", "48 steps of the optimizer after epoch 3, the recipe asks for 72"),
        ("KeptValidation", "val_loss of epoch 2 is .*, the weights give "),
        ("MadeUpLoss", "loss of epoch 1 is .*, the weights give "),
        ("SkipsAnEpoch", "epoch 2 says that it is epoch 3"),
        ("WrongInTheProof", "strays from the float64 oracle"),
    ],
)
def test_who_skips_work_ends_with_a_wrong_answer(name: str, reason: str) -> None:
    with pytest.raises(CellFailed, match=reason) as failure:
        trained(name)
    assert failure.value.outcome == "wrong-answer"
    assert "\n" not in failure.value.reason


def test_weights_that_rest_are_found_without_a_count_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    import skips_work

    monkeypatch.setattr(skips_work.KeptLosses, "steps_taken", None)
    with pytest.raises(CellFailed, match="hidden_kernel did not move in epoch 3"):
        trained("KeptLosses")


def test_seconds_that_a_trainer_keeps_to_itself_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One tick of a made-up clock at each reading: the trainer's phases take one each, an epoch more."""
    ticks = itertools.count()

    def clock() -> float:
        return float(next(ticks))

    monkeypatch.setattr(measure_trainer, "named_clock", lambda name: clock)
    training, _, _ = measure_trainer.prepare(asked("HalfTheSeconds"))
    with pytest.raises(CellFailed, match=r"epoch 2 tells of 2\.5 s, 7 s passed"):
        measure_trainer.take_turns(Line(*[Go()] * EPOCHS), replace(training, witness=clock))  # type: ignore[arg-type]


@pytest.mark.parametrize("recipe", [MATCHED, KERAS_2020, MANUAL_2020], ids=lambda recipe: recipe.name)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_an_honest_trainer_is_proven(recipe: Recipe, precision: str) -> None:
    line = trained("Honest", replace(recipe, precision=precision))  # type: ignore[arg-type]
    finished = line.answers[-1]
    assert isinstance(finished, Finished)
    assert finished.facts["timed_calls"] == "proven"
    assert finished.facts["verified"]["error"] <= finished.facts["verified"]["tolerance"]
    samples = [answer for answer in line.answers if isinstance(answer, Sample)]
    assert [sample.epoch["epoch"] for sample in samples if sample.epoch] == [1, 2, 3, 4]
    assert all(sample.turn_seconds > sample.seconds for sample in samples if sample.turn_seconds)


def test_loading_the_device_changes_no_training() -> None:
    def epochs(line: Line) -> list[tuple[float, float]]:
        told = [answer.epoch for answer in line.answers if isinstance(answer, Sample)]
        return [(epoch["loss"], epoch["val_loss"]) for epoch in told if epoch]

    orders = [Go(), Go(), Sustain(0.05), Sustain(0.0), Go(), Go(), Finish()]
    line = Line(*orders)
    measure_trainer.measure(asked("Honest"), line, OF_PROCESS)  # type: ignore[arg-type]
    first, second = (answer.calls for answer in line.answers if isinstance(answer, Sustained))
    assert first >= second == 1
    assert epochs(line) == epochs(trained("Honest"))
    assert isinstance(line.answers[-1], Finished)


def test_a_trainer_without_a_count_of_steps_is_said_not_to_be_proven() -> None:
    told = trained("TellsNoSteps").answers[-1]
    assert isinstance(told, Finished)
    assert told.facts["timed_calls"].startswith("not proven: the trainer doesn't tell its optimizer's steps")


def test_the_first_epoch_is_the_first_work_of_the_process_and_the_proof_the_last(log: list[str]) -> None:
    line = trained("Honest")
    real = [f"epoch {number} on synthetic" for number in range(1, EPOCHS + 1)]
    assert log[:2] == ["made for synthetic", real[0]]
    assert [entry for entry in log if entry in real] == real
    last = log.index(real[-1])
    assert not any("graded" in entry or "gates" in entry for entry in log[:last])
    assert {"made for graded", "made for gates"} <= set(log[last:])
    ready = line.answers[0]
    assert isinstance(ready, Ready)
    assert ready.cold_seconds is None
    assert ready.error is None
    assert ready.facts["import_seconds"] == 0.5
    assert ready.facts["fresh_process"] is True


def test_a_trainer_that_trains_no_epoch_is_proven_all_the_same(log: list[str]) -> None:
    told = trained("Honest", orders=0).answers[-1]
    assert isinstance(told, Finished)
    assert told.facts["verified"]["error"] <= told.facts["verified"]["tolerance"]
    assert told.facts["timed_calls"] == "not proven: no epoch was timed"
    assert "made for graded" in log


def test_in_bfloat16_a_gain_of_one_may_rest_and_smaller_weights_may_not() -> None:
    """Numbers near 1 lie 1/128 apart, those near 0.1 1/2048: steps of 0.001 move the latter alone."""
    from likeforlike.models.tasks.epoch_faults import may_rest

    narrow = replace(MATCHED, precision="bfloat16")
    gain = np.ones(4, np.float32)
    assert may_rest(narrow, gain, 1e-3)
    assert not may_rest(narrow, np.append(gain, np.float32(0.1)), 1e-3)
    assert not may_rest(narrow, gain, 3e-3)
    assert not may_rest(MATCHED, gain, 1e-3)
