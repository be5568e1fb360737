"""The network in PyTorch."""

from __future__ import annotations

from collections import OrderedDict

import torch

from likeforlike.models.contract.training.network import Match, Network
from likeforlike.models.contract.training.recipe import Recipe


class AlwaysOnDropout(torch.nn.Dropout):
    """Dropout that stays on at evaluation."""

    def forward(self, units: torch.Tensor) -> torch.Tensor:
        """Drop whatever the module's mode is."""
        return torch.nn.functional.dropout(units, self.p, training=True)


def build(recipe: Recipe) -> torch.nn.Module:
    """A sequential module."""
    return torch.nn.Sequential(
        OrderedDict(
            hidden=torch.nn.Linear(784, 512, bias=recipe.bias),
            relu=torch.nn.ReLU(),
            dropout=(AlwaysOnDropout if recipe.dropout_at_evaluation else torch.nn.Dropout)(
                recipe.dropout_rate
            ),
            output=torch.nn.Linear(512, 10, bias=recipe.bias),
        )
    )


NETWORK = Network(
    name="mlp",
    family="torch",
    build=build,
    matches=(
        Match("hidden_kernel", "hidden.weight", (1, 0)),
        Match("hidden_bias", "hidden.bias"),
        Match("output_kernel", "output.weight", (1, 0)),
        Match("output_bias", "output.bias"),
    ),
    takes=("bias", "dropout_rate", "dropout_at_evaluation"),
)
