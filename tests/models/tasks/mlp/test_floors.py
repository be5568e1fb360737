"""A floor multiplies every batch: a compiler must find no product that it may leave out."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import ClassVar

import numpy as np
import pytest

from likeforlike.models.contract.training.recipe import MATCHED, RecipeRefused
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Run
from likeforlike.models.registry import load_registry
from likeforlike.models.tasks.mlp import counts
from likeforlike.models.tasks.mlp.floors.floor import Floor, Job, Way, make_job
from likeforlike.models.tasks.mlp.floors.layouts import LAYOUTS
from likeforlike.models.tasks.mlp.floors.with_numpy import FloorNumpy
from likeforlike.models.tasks.mlp.proof import initial_parameters

FLOORS = [entry for entry in load_registry().of("training") if entry.role == "floor"]


def truth(job: Job, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hand-derived gradients but for the loss, in float64."""
    first, second = job.hidden_kernel.astype(np.float64), job.output_kernel.astype(np.float64)
    hidden = batch @ first
    return batch.T @ (hidden @ second @ second.T), hidden.T @ (hidden @ second)


def test_jax_waits_for_the_whole_batches_where_a_smaller_one_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """XLA drops a scan whose result nobody is given: the floor was once that of the last batch alone."""
    jax = pytest.importorskip("jax")
    from likeforlike.models.tasks.mlp.floors.with_jax import FloorJax

    images = np.random.default_rng(2).random((2 * 64 + 10, 784))
    job = make_job(MATCHED, images, "cpu:0")
    waited: list[tuple[np.ndarray, ...]] = []

    def wait(answer: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        waited.append(tuple(map(np.asarray, answer)))
        return answer

    monkeypatch.setattr(jax, "block_until_ready", wait)
    for way in FloorJax.ways_of(job):
        waited.clear()
        given = way.once()
        (returned,) = waited
        assert len(returned) == 2 * len(given)
        for batch, found in (
            (images[128:], returned[: len(given)]),
            (images[64:128], returned[len(given) :]),
        ):
            for one, other in zip(way.layout.gathered(found), truth(job, batch), strict=True):
                assert np.abs(one - other).max() <= 1e-4 * np.abs(other).max()


def test_numpy_multiplies_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []
    matmul = np.matmul
    monkeypatch.setattr(
        np, "matmul", lambda a, b, out: done.append((a.shape, b.shape)) or matmul(a, b, out=out)
    )
    job = make_job(MATCHED, np.ones((3 * 64 + 32, 784)), "cpu:0")
    for way in FloorNumpy.ways_of(job):
        done.clear()
        way.once()
        flop = sum(2 * a[0] * a[1] * b[1] for a, b in done)
        assert flop == counts.flop(MATCHED, 3 * 64 + 32), way.name


def test_pytorch_s_captured_epoch_multiplies_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU: nothing but what is captured is done by a call, and it is waited for."""
    torch = pytest.importorskip("torch")
    from likeforlike.models.tasks.mlp.floors import with_torch

    recorded, multiplied = [], []
    mm = torch.mm
    monkeypatch.setattr(torch, "mm", lambda a, b, out: multiplied.append(a.shape) or mm(a, b, out=out))
    monkeypatch.setattr(with_torch, "captured", lambda device, work: recorded.append(device) or work)
    images = np.random.default_rng(2).random((2 * 64 + 10, 784))
    job = make_job(MATCHED, images, "cpu:0")
    for layout in LAYOUTS:
        once = with_torch._captured_pass(torch.tensor(job.images), job, layout)
        multiplied.clear()
        found = layout.gathered([array.numpy() for array in once()])
        assert len(multiplied) >= 3 * 4
        for one, other in zip(found, truth(job, images[128:]), strict=True):
            assert np.abs(one - other).max() <= 1e-4 * np.abs(other).max()
    assert len(recorded) == len(LAYOUTS)


class Told(Floor):
    """Two ways that take the seconds they are told, on a clock of our own."""

    name, library = "told", "none"
    now = 0.0
    plan: ClassVar[dict[str, list[float]]] = {}

    @classmethod
    def ways_of(cls, job: Job) -> tuple[Way, ...]:
        def way(name: str, seconds: list[float]) -> Way:
            number = count()

            def once() -> tuple[()]:
                cls.now += seconds[min(next(number), len(seconds) - 1)]
                return ()

            return Way(name, once, LAYOUTS[0])

        return tuple(way(name, seconds) for name, seconds in cls.plan.items())


def told(plan: dict[str, list[float]], epochs: int) -> tuple[Told, list[float]]:
    Told.plan, Told.now = plan, 0.0
    recipe = replace(MATCHED, epochs=epochs)
    data = Dataset("d", "d", np.zeros((64, 784), np.float32), np.zeros(64, np.int32), *(np.zeros(0),) * 2)
    floor = Told(Run(recipe, data, initial_parameters(recipe), "cpu:0", clock=lambda: Told.now))
    seconds: list[float] = []

    def between(epoch: Epoch) -> bool:
        seconds.append(epoch.train_seconds)
        return True

    floor.train(between)
    return floor, seconds


def test_a_turn_takes_what_its_fastest_way_took() -> None:
    _, seconds = told({"a": [9.0, 1.0, 1.2], "b": [5.0, 1.1]}, 5)
    assert seconds == pytest.approx([5.0, 1.0, 1.1, 1.1, 1.1])


def test_a_way_far_from_the_fastest_is_left_after_its_tries_and_told() -> None:
    floor, seconds = told({"a": [9.0, 1.0], "far": [1.0, 1.6]}, 8)
    assert [len(times) for times in floor.ways.times.values()] == [7, 3]
    assert seconds == pytest.approx([1.0] * 8)
    assert floor.terms["fastest_way"] == "a"
    assert floor.terms["microseconds_per_batch"] == {"a": 1e6, "far": 1.6e6}


@pytest.mark.parametrize("entry", FLOORS, ids=lambda entry: entry.name)
def test_a_floor_refuses_what_products_cannot_do(entry) -> None:
    if entry.missing():
        pytest.skip(entry.missing())
    factory = entry.load()
    assert (factory.name, entry.division) == (entry.name, "default")
    for changed in ({"execution": "xla"}, {"precision": "tf32"}):
        with pytest.raises(RecipeRefused, match=f"{entry.name} refuses {next(iter(changed))}"):
            factory.verify(replace(MATCHED, **changed), "cpu:0")
