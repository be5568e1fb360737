"""The blocks in PyTorch."""

from __future__ import annotations

import torch
from torch.nn import functional

from likeforlike.models.tasks.blocks.by_hand import EPSILON


class Block(torch.nn.Module):
    """Attention and a dense layer, each after a normalisation and beside what it is added to."""

    def __init__(self, bias: bool, causal: bool = False) -> None:
        super().__init__()
        self.norm1 = torch.nn.LayerNorm(64, EPSILON, bias=bias)
        self.query = torch.nn.Linear(64, 64, bias=False)
        self.key = torch.nn.Linear(64, 64, bias=False)
        self.value = torch.nn.Linear(64, 64, bias=False)
        self.attended = torch.nn.Linear(64, 64, bias=False)
        self.norm2 = torch.nn.LayerNorm(64, EPSILON, bias=bias)
        self.inner = torch.nn.Linear(64, 256, bias=bias)
        self.outer = torch.nn.Linear(256, 64, bias=bias)
        self.causal = causal

    def forward(self, stream: torch.Tensor) -> torch.Tensor:
        """[n, tokens, 64], the same shape."""
        stream = stream + self.attention(self.norm1(stream))
        return stream + self.outer(functional.gelu(self.inner(self.norm2(stream))))

    def attention(self, rows: torch.Tensor) -> torch.Tensor:
        """Of four heads, [n, tokens, 64]."""
        query, key, value = (
            layer(rows).unflatten(2, (4, 16)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=self.causal)
        return self.attended(mixed.transpose(1, 2).flatten(2))


def positions(tokens: int) -> torch.nn.Parameter:
    """What is added to the token of each place, [tokens, 64]."""
    made = torch.nn.Parameter(torch.empty(tokens, 64))
    torch.nn.init.xavier_uniform_(made)
    return made
