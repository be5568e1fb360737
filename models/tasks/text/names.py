"""The weights' names in each framework. Imports none."""

from __future__ import annotations

from likeforlike.models.contract.training.network import Match
from likeforlike.models.tasks.blocks.names import AFTER_EMBEDDING, TAKES, flax, keras, torch

# a table of rows lies alike everywhere, as a dense layer's kernel does not
KERAS = (Match("embedding_kernel", "embedding/embeddings"), *keras(AFTER_EMBEDDING))
FLAX = (Match("embedding_kernel", "params/embedding/embedding"), *flax(AFTER_EMBEDDING))
TORCH = (Match("embedding_kernel", "embedding.weight"), *torch(AFTER_EMBEDDING))

__all__ = ["FLAX", "KERAS", "TAKES", "TORCH"]
