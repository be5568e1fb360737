"""What TensorFlow, PyTorch and JAX return, fetched and waited for; each is skipped where it is missing."""

from __future__ import annotations

import numpy as np
import pytest

from likeforlike.models.functions.structures import on_host, waiter_for


@pytest.mark.parametrize("name", ["jax", "torch", "tensorflow"])
def test_what_real_frameworks_return_comes_to_the_host(name):
    module = pytest.importorskip(name)
    made = {
        "jax": lambda: module.numpy.arange(3.0, dtype="bfloat16"),
        "torch": lambda: module.arange(3.0, dtype=module.bfloat16, requires_grad=True),
        "tensorflow": lambda: module.cast(module.range(3.0), module.bfloat16),
    }[name]()
    host = on_host({"x": (made, 1)})
    assert isinstance(host["x"][0], np.ndarray)
    assert host["x"][0].dtype == np.float32
    assert host["x"][0].tolist() == [0.0, 1.0, 2.0]
    wait = waiter_for([made])
    if wait is not None:
        wait([made])
