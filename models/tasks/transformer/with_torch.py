"""The transformer in PyTorch."""

from __future__ import annotations

import torch
from torch.nn import functional

from likeforlike.models.contract.network import Network
from likeforlike.models.contract.recipe import Recipe
from likeforlike.models.tasks.transformer.names import TAKES, TORCH
from likeforlike.models.tasks.transformer.oracle import EPSILON


class Block(torch.nn.Module):
    """Attention and a dense layer, each after a normalisation and beside what it is added to."""

    def __init__(self, bias: bool) -> None:
        super().__init__()
        self.norm1 = torch.nn.LayerNorm(64, EPSILON, bias=bias)
        self.query = torch.nn.Linear(64, 64, bias=False)
        self.key = torch.nn.Linear(64, 64, bias=False)
        self.value = torch.nn.Linear(64, 64, bias=False)
        self.attended = torch.nn.Linear(64, 64, bias=False)
        self.norm2 = torch.nn.LayerNorm(64, EPSILON, bias=bias)
        self.inner = torch.nn.Linear(64, 256, bias=bias)
        self.outer = torch.nn.Linear(256, 64, bias=bias)

    def forward(self, stream: torch.Tensor) -> torch.Tensor:
        """[n, rows, 64], the same shape."""
        stream = stream + self.attention(self.norm1(stream))
        return stream + self.outer(functional.gelu(self.inner(self.norm2(stream))))

    def attention(self, rows: torch.Tensor) -> torch.Tensor:
        """Of four heads, [n, rows, 64]."""
        heads = [
            layer(rows).unflatten(2, (4, 16)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        ]
        mixed = functional.scaled_dot_product_attention(*heads)
        return self.attended(mixed.transpose(1, 2).flatten(2))


class Transformer(torch.nn.Module):
    """From rows of 784 pixels to logits."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.embedding = torch.nn.Linear(28, 64, bias=recipe.bias)
        self.positions = torch.nn.Parameter(torch.empty(28, 64))
        torch.nn.init.xavier_uniform_(self.positions)
        self.block1, self.block2 = Block(recipe.bias), Block(recipe.bias)
        self.norm = torch.nn.LayerNorm(64, EPSILON, bias=recipe.bias)
        self.output = torch.nn.Linear(64, 10, bias=recipe.bias)
        self.dropout_rate, self.always_drops = recipe.dropout_rate, recipe.dropout_at_evaluation

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits [n, 10] of images [n, 784]."""
        stream = self.embedding(images.view(-1, 28, 28)) + self.positions
        units = self.norm(self.block2(self.block1(stream)).mean(dim=1))
        drops = self.training or self.always_drops
        return self.output(functional.dropout(units, self.dropout_rate, drops))


NETWORK = Network("transformer-torch", "torch", Transformer, TORCH, TAKES)
