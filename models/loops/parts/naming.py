"""A network's weights under their own names and under the canonical ones. Imports no framework."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from likeforlike.models.contract.training.network import Match, NamedWeights, Network
from likeforlike.models.contract.training.trainer import Weights


class Naming:
    """The matches of those weights that a run starts from, checked against the network that was built."""

    def __init__(
        self,
        network: Network,
        initial: Weights,
        own_shapes: Mapping[str, tuple[int, ...]],
        trained: Collection[str],
    ) -> None:
        """``own_shapes``: of every array of the network, by own name; ``trained``: those a gradient moves.

        State that the run brings no value for (a count of batches) stays as it was built. Raises ValueError
        for a weight that one side has and the other lacks, or that has another shape.
        """
        given = initial.named()
        matches = {match.name: match for match in network.matches} or {
            name: Match(name, name) for name in given
        }
        self.matches = [_match(network.name, matches, name) for name in given]
        for match in self.matches:
            shape = np.shape(match.to_own(given[match.name]))
            if own_shapes.get(match.own) != shape:
                found = own_shapes.get(match.own, "no such weight")
                raise ValueError(
                    f"{network.name}: {match.name} is {match.own} {shape}, the network has {found}"
                )
        lacking = [name for name in trained if name not in {match.own for match in self.matches}]
        if lacking:
            raise ValueError(f"{network.name}: no starting weight is matched to {', '.join(lacking)}")
        self.initial = {match.own: match.to_own(given[match.name]) for match in self.matches}
        """The starting weights by own name, in the framework's layout."""

    def canonical(self, own: Mapping[str, np.ndarray]) -> NamedWeights:
        """The network's arrays under the names and in the layout of the starting ones."""
        return NamedWeights({match.name: match.to_canonical(own[match.own]) for match in self.matches})


def _match(network: str, matches: Mapping[str, Match], name: str) -> Match:
    if name not in matches:
        raise ValueError(f"{network}: the starting weight {name} has no match among {', '.join(matches)}")
    return matches[name]


def network_of(loop: str, network: Network | None) -> Network:
    """What a loop is to train. Raises ValueError where it was given nothing."""
    if network is None:
        raise ValueError(
            f"{loop} trains whatever network it is given, and was given none: Run.network is None"
        )
    return network


def are_classes(targets: np.ndarray) -> bool:
    """Whether targets are class numbers, of which an accuracy can be told."""
    return targets.dtype.kind in "iu"
