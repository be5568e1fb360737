"""The proof that a trainer of the notebook's network computes what its float64 oracle computes."""

from __future__ import annotations

from functools import partial

from likeforlike.models.tasks.mlp.loops.numpy_loop import ORACLE, initial_parameters
from likeforlike.models.tasks.oracle import proof

__all__ = ["initial_parameters", "verify"]

verify = partial(proof.verify, ORACLE)
"""``verify(factory, recipe, device)``, see :func:`likeforlike.models.tasks.oracle.proof.verify`."""
