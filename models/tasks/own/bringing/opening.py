"""A model opened again and again, and its arrays under its own names and under the canonical ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from likeforlike.models.contract.training.network import Family
from likeforlike.models.tasks.own.families.model import Model
from likeforlike.models.tasks.own.families.open import opened
from likeforlike.models.tasks.own.given import Asked, ModelTold


@dataclass(frozen=True)
class Opening:
    """What is needed to open a model again and again."""

    asked: Asked
    number: int
    family: Family
    few: np.ndarray
    """Inputs of two samples."""

    @property
    def target(self) -> str:
        """``module:function``."""
        return self.asked.models[self.number]

    @property
    def loss(self) -> str:
        """The loss's name or function."""
        return self.asked.loss_of(self.number)

    def open(self, precision: str = "float32", seed: int | None = None) -> Model:
        """The model built anew. Raises Refused."""
        return opened(self.target, self.family, self.loss, self.few, precision, seed)


def to_own(told: ModelTold, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Canonical arrays under own names and in own layout."""
    return {match.own: match.to_own(arrays[match.name]) for match in told.network_matches}


def to_canonical(told: ModelTold, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Own arrays, those that there are, under canonical names and in canonical layout."""
    return {
        match.name: match.to_canonical(arrays[match.own])
        for match in told.network_matches
        if match.own in arrays
    }
