"""Options, a plan and cells by hand, of a workload that nobody has: nothing is looked up in a registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from likeforlike.bench.plan.asked.options import Options
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Context, Plan
from likeforlike.devices.vendors.device import Device
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.contract.workload import Workload

CPU = Device("cpu", 0, "a CPU")
CONTEXT = Context({"cpu": {}, "gpus": [], "precision_mode": "ieee"}, {}, 0.9, {})
WORKLOAD = Workload("made-up", "for tests")


def options(**asked: Any) -> Options:
    """Two launches of three rounds and of as much time as they take, but for what is changed."""
    nothing = dict.fromkeys(Options.__dataclass_fields__)
    plain: Mapping[str, Any] = {
        "preset_name": "quick",
        "sizes": {},
        "axes": {},
        "plugins": (),
        "sides": {},
        "timing": "synchronised",
        "transfer": False,
        "concurrent": False,
        "cell_timeout_seconds": 50.0,
        "resume": False,
        "min_rounds": 6,
        "max_seconds": 0.0,
        "confidence": 0.95,
        "warm_up": True,
        "disable_gc": True,
        "timer": "time:perf_counter",
        "clean_environment": False,
        "pin": False,
        "patience_seconds": 0.0,
        "launches": (2, 2),
        "sustained": False,
        "statistic": "median",
    }
    return Options(**{**nothing, **plain, **asked})


def plan(devices: Mapping[str, Device] | None = None, **changed: Any) -> Plan:
    """A plan of two threads on one processor; what is changed are the plan's own fields or its options'."""
    own = {name: changed.pop(name) for name in list(changed) if name in Plan.__dataclass_fields__}
    made = Plan(options(**changed), devices or {"cpu:0": CPU}, 2, {}, "r", 1, Path("results"), CONTEXT)
    return replace(made, **own)


def entry(name: str = "a", **more: Any) -> Implementation:
    plain = {"workload": "made-up", "framework": "numpy", "summary": "", "target": "nowhere:nothing"}
    return Implementation(**{"name": name, **plain, **more})


def kernel(name: str = "a", size: int = 1, entrant: Mapping[str, Any] | None = None, **more: Any) -> Cell:
    """``entrant``: fields of its implementation, ``more`` those of the cell."""
    made = entry(name, **(entrant or {}))
    fields = {"device": "cpu:0", "axes": (("size", size),), "group": f"group {size}", "declared": WORKLOAD}
    return Cell(made, **{**fields, **more})


def training(name: str = "t", run: int = 0, entrant: Mapping[str, Any] | None = None, **more: Any) -> Cell:
    fields = {"axes": (("run", run),), "group": f"training run {run}", "recipe": MATCHED}
    return kernel(name, entrant=entrant, **{**fields, **more})
