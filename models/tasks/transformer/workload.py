"""Training the transformer, declared; measured where it is asked for."""

from __future__ import annotations

from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.tasks.transformer.task import TRANSFORMER

WORKLOAD = Workload(
    name="transformer",
    summary="training of a transformer of two blocks over the rows of Fashion-MNIST, an epoch a sample",
    kind="task",
    presets=(),
    order=3,
    task=TRANSFORMER,
    wording=Wording(title="transformer"),
)
