"""The transformer in PyTorch."""

from __future__ import annotations

import torch
from torch.nn import functional

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.blocks.by_hand import EPSILON
from likeforlike.models.tasks.blocks.with_torch import Block, positions
from likeforlike.models.tasks.transformer.names import TAKES, TORCH


class Transformer(torch.nn.Module):
    """From rows of 784 pixels to logits."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.embedding = torch.nn.Linear(28, 64, bias=recipe.bias)
        self.positions = positions(28)
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
