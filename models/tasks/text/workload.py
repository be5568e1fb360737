"""Training the network of characters, declared; measured where it is asked for."""

from __future__ import annotations

from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.tasks.text.task import TEXT

WORKLOAD = Workload(
    name="text",
    summary="training of two blocks of causal attention on the characters of any text, an epoch a sample",
    kind="task",
    presets=(),
    order=4,
    task=TEXT,
    wording=Wording(title="text"),
)
