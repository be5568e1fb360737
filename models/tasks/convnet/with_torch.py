"""The convolutional network in PyTorch."""

from __future__ import annotations

import torch
from torch.nn import functional

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.convnet.names import TAKES, TORCH


class ConvNet(torch.nn.Module):
    """From rows of 784 pixels to logits; maps are flattened by rows, columns, channels, as Keras has them."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 16, 3, padding="same", bias=recipe.bias)
        self.conv2 = torch.nn.Conv2d(16, 32, 3, padding="same", bias=recipe.bias)
        self.hidden = torch.nn.Linear(7 * 7 * 32, 64, bias=recipe.bias)
        self.output = torch.nn.Linear(64, 10, bias=recipe.bias)
        self.dropout_rate, self.always_drops = recipe.dropout_rate, recipe.dropout_at_evaluation

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits [n, 10] of images [n, 784]."""
        maps = functional.max_pool2d(functional.relu(self.conv1(images.view(-1, 1, 28, 28))), 2)
        maps = functional.max_pool2d(functional.relu(self.conv2(maps)), 2)
        units = functional.relu(self.hidden(maps.permute(0, 2, 3, 1).flatten(1)))
        drops = self.training or self.always_drops
        return self.output(functional.dropout(units, self.dropout_rate, drops))


NETWORK = Network("convnet-torch", "torch", ConvNet, TORCH, TAKES)
