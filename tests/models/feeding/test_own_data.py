"""Feeding of a user's own data: what is trained on, in its types, with targets that tell which sample they are of."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from likeforlike.bench.worker.calls.timed_calls import PROVEN, timed_calls
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.models.contract.problem import Problem, WrongAnswer
from likeforlike.models.contract.workload import Workload
from likeforlike.models.feeding.epoch import changed, fed, numbered, numbers_of
from likeforlike.models.feeding.own import declared
from likeforlike.models.registry import load_registry
from likeforlike.models.tasks.own.data import keep_data
from likeforlike.models.tasks.own.given import Asked, Brought

SAMPLES = 300
AXES = {"samples": SAMPLES, "batch": 64}
ENTRIES = load_registry().of("feeding")
DRAW = np.random.default_rng(0)
DATA = {
    "pixels and classes": (DRAW.integers(0, 256, (SAMPLES, 5, 4, 3), np.uint8), DRAW.integers(0, 9, SAMPLES)),
    "tokens and tokens": (DRAW.integers(0, 50, (SAMPLES, 7)), DRAW.integers(0, 50, (SAMPLES, 7))),
    "floats and floats": (DRAW.normal(size=(SAMPLES, 6)), DRAW.normal(size=(SAMPLES, 2))),
    "floats and bits": (DRAW.normal(size=(SAMPLES, 6)), DRAW.integers(0, 2, (SAMPLES, 1), np.uint8)),
    "one number each": (DRAW.normal(size=SAMPLES), DRAW.normal(size=SAMPLES)),
}
FED = {
    "pixels and classes": ("uint8", (5, 4, 3), "int32", 60 + 4),
    "tokens and tokens": ("int32", (7,), "int32", 28 + 28),
    "floats and floats": ("float32", (6,), "float32", 24 + 8),
    "floats and bits": ("float32", (6,), "int32", 24 + 4),
    "one number each": ("float32", (), "float32", 4 + 4),
}
"""Type and shape of a sample's inputs, type of its targets, bytes of both, by hand."""


def workload(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Workload:
    module = ModuleType("own_data")
    module.some = lambda: (DATA[name], DATA[name])  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_data", module)
    asked = Asked(("m:net",), "own_data:some", (SAMPLES, 10), (0,), ())
    return declared(Brought(folder, asked, (), keep_data(folder, asked)), "net-feeding")


@pytest.fixture(params=DATA)
def own(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Workload]:
    return request.param, workload(tmp_path, request.param, monkeypatch)


def test_it_is_what_is_trained_on_in_its_types(own: tuple[str, Workload]) -> None:
    name, feeding = own
    *_, inputs, targets = feeding.problem(AXES, "cpu:0").operands
    dtype, shape, of_targets, sample_bytes = FED[name]
    assert (inputs.dtype.name, inputs.shape, targets.dtype.name) == (dtype, (SAMPLES, *shape), of_targets)
    assert targets.shape == DATA[name][1].shape
    assert np.array_equal(inputs, DATA[name][0].astype(dtype))
    assert feeding.bytes_moved is not None
    assert feeding.bytes_moved(AXES) == 2 * SAMPLES * sample_bytes
    beyond = targets.reshape(SAMPLES, -1)[:, 1:]
    assert np.array_equal(beyond, DATA[name][1].reshape(SAMPLES, -1)[:, 1:].astype(of_targets))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_pipeline_s_timed_epochs_are_proven(entry: Any, own: tuple[str, Workload]) -> None:
    for needed in entry.needs:
        pytest.importorskip(needed)
    if entry.environment and sys.modules["keras"].backend.backend() != "tensorflow":
        pytest.skip("this process has loaded Keras on another backend")
    _, feeding = own
    given = feeding.problem(AXES, "cpu:0")
    kernel = entry.load()(given)
    assert feeding.verify is not None
    assert feeding.verify(AXES, given, kernel.to_numpy(kernel.call())).ok
    calls = timed_calls(feeding, AXES, given, kernel)
    for _ in range(2):
        calls.before_waking()()
        calls.after(kernel.call(), 1e-3, 1e-3)
    assert calls.facts()["timed_calls"] == PROVEN
    calls.restore()
    assert feeding.verify(AXES, given, kernel.to_numpy(kernel.call())).ok


Batch = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def kernel_of(given: Problem, batch_of: Batch, ahead: bool = False) -> Any:
    """A pipeline by NumPy whose batches are as given."""
    draw = np.random.default_rng(2)

    def pipeline(images: np.ndarray, labels: np.ndarray, batch: int) -> Callable[[], list[Any]]:
        rows = images.copy() if ahead else images

        def epoch() -> list[Any]:
            order = np.array_split(draw.permutation(SAMPLES), range(batch, SAMPLES, batch))
            return [batch_of(rows, labels, part) for part in order]

        return epoch

    return fed(given, pipeline, np.asarray)


def right(images: np.ndarray, labels: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return images[rows], labels[rows]


def widened(images: np.ndarray, labels: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return images[rows].astype(np.float64), labels[rows]


def beyond_the_number(
    images: np.ndarray, labels: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    own = labels[rows]
    own[:, 1] = np.roll(own[:, 1], 1)
    return images[rows], own


@pytest.mark.parametrize(
    ("name", "batch_of", "what"),
    [
        ("pixels and classes", widened, "images came as float64, expected uint8"),
        ("tokens and tokens", beyond_the_number, r"the labels of batch \d are not those of its samples"),
        ("floats and floats", beyond_the_number, r"the labels of batch \d are not those of its samples"),
    ],
)
def test_other_types_and_other_targets_are_refused(
    name: str, batch_of: Batch, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeding = workload(tmp_path, name, monkeypatch)
    given = feeding.problem(AXES, "cpu:0")
    assert feeding.verify is not None
    good, bad = (kernel_of(given, way) for way in (right, batch_of))
    assert feeding.verify(AXES, given, good.to_numpy(good.call())).ok
    with pytest.raises(WrongAnswer, match=what):
        feeding.verify(AXES, given, bad.to_numpy(bad.call()))


def test_batches_prepared_before_a_call_are_refused(own: tuple[str, Workload]) -> None:
    _, feeding = own
    given = feeding.problem(AXES, "cpu:0")
    for ahead in (False, True):
        kernel = kernel_of(given, right, ahead)
        calls = timed_calls(feeding, AXES, given, kernel)
        calls.before_waking()()
        if not ahead:
            calls.after(kernel.call(), 1e-3, 1e-3)
            continue
        with pytest.raises((WrongAnswer, CellFailed), match="or with one prepared earlier"):
            calls.after(kernel.call(), 1e-3, 1e-3)


def test_whole_numbers_move_by_a_factor_and_around_their_ends() -> None:
    pixels = np.array([[0, 100], [200, 255]], np.uint8)
    assert changed(pixels, np.array([0.5, 0.75])).tolist() == [[128, 228], [136, 191]]
    assert changed(pixels, np.ones(2)).tolist() == pixels.tolist()
    tokens = np.array([5, -(2**31)], np.int32)
    assert changed(tokens, np.array([0.5, 0.5])).tolist() == [-123, 2**31 - 128]
    out = np.empty((2, 2), np.float32)
    changed(np.array([[1, 2], [3, 4]], np.float32), np.array([0.5, 1.0]), out)
    assert out.tolist() == [[0.5, 1.0], [3.0, 4.0]]


def test_targets_tell_which_sample_they_are_of_in_their_own_type() -> None:
    assert numbered(np.array([7, 7, 7], np.int32)).tolist() == [0, 1, 2]
    masks = numbered(np.full((300, 2, 3), 9, np.uint8))
    assert masks.dtype == np.uint8
    assert masks[257].tolist() == [[1, 1, 0], [0, 9, 9]]
    floats = numbered(np.zeros((300, 2), np.float32))
    assert (floats[:, 0] >= 1).all()
    assert not floats[:, 1].any()
    assert numbers_of(floats).tolist() == list(range(300))
    assert numbers_of(masks[[7, 299]]).tolist() == [7, 299]
    assert numbered(np.full((3, 3), 9, np.uint8)).tolist() == [[0, 9, 9], [1, 9, 9], [2, 9, 9]]
    assert numbered(np.full((3, 3), 9, np.uint8)).dtype == np.int32
