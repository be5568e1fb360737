"""The blocks in Flax's Linen, to be called within a module's ``compact``."""

from __future__ import annotations

import jax
from flax import linen

from likeforlike.models.tasks.blocks.by_hand import BLOCKS, EPSILON


class Positions(linen.Module):
    """Adds what it learns of each token's place."""

    @linen.compact
    def __call__(self, inputs: jax.Array) -> jax.Array:
        """[n, tokens, width], the same shape."""
        start = linen.initializers.glorot_uniform()
        return inputs + self.param("positions", start, inputs.shape[1:]).astype(inputs.dtype)


def norm(name: str, bias: bool) -> linen.LayerNorm:
    """A normalisation over the width."""
    return linen.LayerNorm(EPSILON, use_bias=bias, name=name)


def blocks(stream: jax.Array, bias: bool, causal: bool = False) -> jax.Array:
    """All of them: [n, tokens, 64], the same shape."""
    mask = linen.make_causal_mask(stream[..., 0]) if causal else None
    for block in BLOCKS:
        attention = linen.MultiHeadDotProductAttention(4, use_bias=False, name=f"{block}_attention")
        stream += attention(norm(f"{block}_norm1", bias)(stream), mask=mask)
        inner = linen.Dense(256, use_bias=bias, name=f"{block}_inner")(norm(f"{block}_norm2", bias)(stream))
        inner = linen.gelu(inner, approximate=False)
        stream += linen.Dense(64, use_bias=bias, name=f"{block}_outer")(inner)
    return stream
