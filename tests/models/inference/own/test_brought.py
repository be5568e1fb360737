"""A brought model asked in each way of PyTorch and JAX: right, and found out where it is another one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from likeforlike.models.contract.implementation import missing
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.inference.own.entries import entries_of
from likeforlike.models.inference.own.workload import declared, known_of
from likeforlike.models.tasks.own.bringing.answering import in_bfloat16
from likeforlike.models.tasks.own.given import (
    ASKED_FILE,
    POINTERS,
    Asked,
    Brought,
    answers_file,
    arrays_of,
    read_brought,
    save_arrays,
    start_file,
    write,
)

OWN = Path(__file__).parents[2] / "tasks" / "own"
MODELS = {"torch": "resnet_torch", "jax": "pair_jax"}


@pytest.fixture(scope="module", params=MODELS)
def brought(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brought]:
    """A model of each framework, brought by this very process."""
    if lacking := missing((request.param,)):
        pytest.skip(lacking)
    from likeforlike.models.tasks.own.bringing.__main__ import bring

    folder = tmp_path_factory.mktemp("asked")
    asked = Asked(
        (f"never_seen:{MODELS[request.param]}",),
        "never_seen:batches",
        (100, 30),
        (2020,),
        (asdict(MATCHED),),
        answers=True,
    )
    write(folder / ASKED_FILE, asked)
    jax: Any = sys.modules.get("jax")
    before = jax.config.jax_enable_x64 if jax else None
    sys.path.insert(0, str(OWN))
    try:
        bring(folder, 0)
        if request.param == "jax":
            sys.modules["jax"].config.update("jax_enable_x64", bool(before))
        yield read_brought(folder)
    finally:
        sys.path.remove(str(OWN))
        sys.modules.pop("never_seen", None)


def axes_of(batch: int, dtype: str = "float32") -> dict[str, Any]:
    return {"batch": batch, "dtype": dtype}


def kernel_of(brought: Brought, batch: int, dtype: str = "float32") -> tuple[Any, Any, Any]:
    workload = declared(brought, "net-inference")
    axes = axes_of(batch, dtype)
    problem = workload.problem(axes, "cpu:0")
    if brought.first.family == "torch":
        from likeforlike.models.inference.with_torch import eager as way
    else:
        from likeforlike.models.inference.with_jax import jitted as way
    return workload, problem, way(problem)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("batch", [1, 8])
def test_a_model_gives_its_own_answers(brought: Brought, batch: int, dtype: str) -> None:
    workload, problem, kernel = kernel_of(brought, batch, dtype)
    check = workload.probe(axes_of(batch, dtype), problem, np.random.default_rng())
    for _ in range(3):
        kernel.supply.draw()()
        result = kernel.call()
        kernel.wait(result)
        found = check(kernel, result, np.ones(0))
        assert found.ok
        assert kernel.device_of(result) == "cpu:0"
    kernel.supply.restore()
    assert workload.verify(axes_of(batch, dtype), problem, kernel.to_numpy(kernel.call())).ok


def test_other_weights_are_found(brought: Brought) -> None:
    path = brought.folder / start_file(0, 2020)
    arrays = arrays_of(path)
    name = next(name for name, array in arrays.items() if array.ndim > 1)
    save_arrays(path, arrays | {name: arrays[name] * np.float32(1.001)})
    try:
        workload, problem, kernel = kernel_of(brought, 8)
        found = workload.verify(axes_of(8), problem, kernel.to_numpy(kernel.call()))
        assert not found.ok
        assert found.error > 1e-4
    finally:
        save_arrays(path, arrays)


def test_answers_are_in_float64_and_what_others_may_be_off_is_of_float32(brought: Brought) -> None:
    known = known_of(brought, 0)
    assert known.answers.dtype == np.float64
    assert known.answers.shape == (100, 4)
    assert 1e-5 <= known.tolerance < 1e-3
    assert 2.0**-6 <= known_of(brought, 0, "bfloat16").tolerance < 0.2
    kept = arrays_of(brought.folder / answers_file(0))
    assert np.abs(kept["outputs"] - kept["outputs"].astype(np.float32)).max() > 0


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_another_model_s_answers_are_found_in_each_precision(brought: Brought, dtype: str) -> None:
    workload, problem, kernel = kernel_of(brought, 8, dtype)
    answer = kernel.to_numpy(kernel.call())
    assert not workload.verify(axes_of(8, dtype), problem, answer * 1.5).ok
    assert not workload.verify(axes_of(8, dtype), problem, np.roll(answer, 1, axis=0)).ok


def test_its_operations_are_counted(brought: Brought) -> None:
    flop = declared(brought, "net-inference").flop(axes_of(3))
    if brought.first.family == "jax":
        assert flop == 3 * 2 * (108 * 8 + 8 * 4)
    else:
        places = 36 * (27 * 4 + 2 * 36 * 4 + 36 * 8 + 72 * 8 + 4 * 8)
        assert flop == 3 * 2 * (places + 8 * 4)


def test_each_way_of_its_framework_asks_it(brought: Brought) -> None:
    found = list(entries_of(brought, "net-inference"))
    expected = {"torch": ["torch", "torch-compiled"], "jax": ["jax"]}[brought.first.family]
    assert [entry.name for entry in found] == expected
    told = dict(found[0].environment)
    assert [told[name] for name in POINTERS] == [str(brought.folder), "0", "net-inference"]
    assert found[0].modules == ("never_seen",)


def test_rounding_to_bfloat16_is_that_of_its_own_type() -> None:
    reference = pytest.importorskip("ml_dtypes").bfloat16
    draw = np.random.default_rng(0)
    numbers = np.concatenate([draw.normal(size=1000), draw.normal(size=1000) * 1e-30, [0.0, -0.0, 65280.0]])
    halves = np.array([1.00390625, 1.01171875, -1.00390625])  # between two neighbours: to the even one
    given = np.concatenate([numbers, halves]).astype(np.float32)
    assert np.array_equal(in_bfloat16(given), given.astype(reference).astype(np.float32))
    whole = np.arange(5)
    assert in_bfloat16(whole) is whole
