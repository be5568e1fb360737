"""What a file declares of its workloads; of older files, which declare none, what theirs were."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from likeforlike.reports.read.schema.runs import Declared

KERNEL = "kernel"
"""A sample is a call."""
TASK = "task"
"""A sample is an epoch of training."""
DIVIDED_TASK = "divided task"
"""The same, each batch divided among workers."""
NOISE_FLOOR = "noise floor"
"""Tells of the machine: one thing under two names, and nothing at all."""
UNDECLARED = ""
"""Nobody said what kind of workload it is: benchmarks of other tools, and of older plug-ins."""

_OLDER = "workloads_of_older_files.json"


@cache
def of_older_files() -> Mapping[str, Declared]:
    """The workloads of files from before they were declared there."""
    content = files("likeforlike.reports.read").joinpath(_OLDER).read_bytes()
    return msgspec.json.decode(content, type=dict[str, Declared])


def declared(workload: str, in_file: Mapping[str, Declared]) -> Declared:
    """What is known of a workload: what its file declares, else what older files meant by the name."""
    return in_file.get(workload) or of_older_files().get(workload) or Declared(workload, UNDECLARED)
