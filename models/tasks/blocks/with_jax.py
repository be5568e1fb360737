"""The blocks in plain JAX."""

from __future__ import annotations

import jax

from likeforlike.models.tasks.blocks.by_hand import BLOCKS, EPSILON
from likeforlike.models.tasks.oracle.jax_layers import Weights, dense, norm


def blocks(weights: Weights, stream: jax.Array, causal: bool = False) -> jax.Array:
    """All of them: [n, tokens, 64], the same shape."""
    for block in BLOCKS:
        stream += attention(weights, block, norm(weights, f"{block}_norm1", stream, EPSILON), causal)
        inner = dense(weights, f"{block}_inner", norm(weights, f"{block}_norm2", stream, EPSILON))
        stream += dense(weights, f"{block}_outer", jax.nn.gelu(inner, approximate=False))
    return stream


def attention(weights: Weights, block: str, rows: jax.Array, causal: bool) -> jax.Array:
    """Of four heads, [n, tokens, 64]."""
    tokens = rows.shape[1]
    query, key, value = (
        dense(weights, f"{block}_{name}", rows).reshape(-1, tokens, 4, 16)
        for name in ("query", "key", "value")
    )
    mixed = jax.nn.dot_product_attention(query, key, value, is_causal=causal)
    return dense(weights, f"{block}_attended", mixed.reshape(-1, tokens, 64))
