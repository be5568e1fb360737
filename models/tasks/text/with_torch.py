"""The network of characters in PyTorch."""

from __future__ import annotations

import torch
from torch.nn import functional

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.blocks.by_hand import EPSILON
from likeforlike.models.tasks.blocks.with_torch import Block, positions
from likeforlike.models.tasks.text.names import TAKES, TORCH
from likeforlike.models.tasks.text.oracle import WIDTHS


class Characters(torch.nn.Module):
    """From the numbers of characters to the logits of those that follow each."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(WIDTHS.characters, 64)
        self.positions = positions(WIDTHS.context)
        self.block1, self.block2 = Block(recipe.bias, causal=True), Block(recipe.bias, causal=True)
        self.norm = torch.nn.LayerNorm(64, EPSILON, bias=recipe.bias)
        self.output = torch.nn.Linear(64, WIDTHS.characters, bias=recipe.bias)
        self.dropout_rate, self.always_drops = recipe.dropout_rate, recipe.dropout_at_evaluation

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        """Logits [n, context, characters] of whole numbers [n, context]."""
        stream = self.embedding(numbers) + self.positions
        units = self.norm(self.block2(self.block1(stream)))
        drops = self.training or self.always_drops
        return self.output(functional.dropout(units, self.dropout_rate, drops))


NETWORK = Network("text-torch", "torch", Characters, TORCH, TAKES)
