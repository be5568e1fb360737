"""The weights' names in each framework. Imports none."""

from __future__ import annotations

from likeforlike.models.tasks.blocks.names import AFTER_EMBEDDING, TAKES, Parts, flax, keras, torch

_PARTS: Parts = (("embedding", "kernel"), ("embedding", "bias"), *AFTER_EMBEDDING)
KERAS, FLAX, TORCH = keras(_PARTS), flax(_PARTS), torch(_PARTS)

__all__ = ["FLAX", "KERAS", "TAKES", "TORCH"]
