"""Data-parallel training, declared: driven as training is, its axes are further ones."""

from __future__ import annotations

from likeforlike.models.contract.workload import Workload
from likeforlike.models.distributed.assignment import DISTRIBUTED
from likeforlike.models.tasks.mlp.task import MLP

WORKLOAD = Workload(
    name=DISTRIBUTED,
    summary="the same training, each batch divided among 1, 2, 4 ... workers",
    kind="divided task",
    presets=(),
    order=1,
    task=MLP,
)
