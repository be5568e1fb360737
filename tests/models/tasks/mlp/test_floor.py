"""The floor multiplies every batch: a compiler must find no product that it may leave out."""

from __future__ import annotations

import numpy as np
import pytest

from likeforlike.models.contract.recipe import MATCHED
from likeforlike.models.tasks.mlp.floor import make_job, with_jax


def test_jax_waits_for_the_whole_batches_where_a_smaller_one_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """XLA drops a scan whose result nobody is given: the floor was once that of the last batch alone."""
    jax = pytest.importorskip("jax")
    images = np.random.default_rng(2).random((2 * 64 + 10, 784))
    job = make_job(MATCHED, images, "cpu:0")
    waited: list[tuple[np.ndarray, ...]] = []

    def wait(answer: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        waited.append(tuple(map(np.asarray, answer)))
        return answer

    monkeypatch.setattr(jax, "block_until_ready", wait)
    answers = with_jax(job)()
    (returned,) = waited
    for batch, found in ((images[128:], returned[:2]), (images[64:128], returned[2:])):
        hidden = batch @ job.hidden_kernel.astype(np.float64)
        logits = hidden @ job.output_kernel
        truth = batch.T @ (logits @ job.output_kernel.T), hidden.T @ logits
        for one, other in zip(found, truth, strict=True):
            assert np.abs(one - other).max() <= 1e-4 * np.abs(other).max()
    assert len(answers) == 2
