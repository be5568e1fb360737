"""The ways to ask a brought model, for each model of a framework; imports no framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.network import Family
from likeforlike.models.inference.implementations import IMPLEMENTATIONS
from likeforlike.models.tasks.own.entries import brought_entry, suffix_of
from likeforlike.models.tasks.own.given import Brought

_FAMILIES: Mapping[str, Family] = {
    "with_keras": "keras",
    "with_tensorflow": "keras",
    "with_torch": "torch",
    "with_jax": "jax",
}
"""Whose models a way takes, by its module."""


def entries_of(brought: Brought, workload: str) -> Iterator[Implementation]:
    """Each way with each model of its family."""
    for number, model in enumerate(brought.models):
        for way in IMPLEMENTATIONS:
            module = way.target.partition(":")[0].rpartition(".")[2]
            if _FAMILIES.get(module) == model.family:
                ours = replace(way, workload=workload)
                yield brought_entry(brought, number, ours, suffix_of(brought, number))
