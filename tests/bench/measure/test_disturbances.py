"""The watch over a measurement: whatever its probes raise, the cell goes on."""

from __future__ import annotations

import pytest

from likeforlike.bench.measure import disturbances
from likeforlike.bench.measure.disturbances import MachineWatch
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.messages import Sample
from likeforlike.devices.vendors.device import Device
from likeforlike.models.contract.implementation import Implementation

CELL = Cell(Implementation("torch", "matmul", "torch", "a product", "operator:add"), "gpu:0", (), "g")


@pytest.mark.parametrize("broken", [("Probe",), ("busy",), ("snapshot",), ("Probe", "busy", "snapshot")])
def test_a_probe_that_raises_tells_nothing(monkeypatch: pytest.MonkeyPatch, broken: tuple[str, ...]) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("the driver has gone")

    monkeypatch.setattr(disturbances, "busy", lambda device: None)
    monkeypatch.setattr(disturbances, "snapshot", lambda device, previous=None: {})
    for name in broken:
        monkeypatch.setattr(disturbances, name, refuse)
    watch = MachineWatch({"gpu:0": Device("gpu", 0, "a GPU")})
    watch.begin([CELL])
    watch.before(CELL, ())
    assert watch.after(CELL, Sample(1.0), 0) == []
    state = watch.states(CELL)
    assert state["disturbances"] == []
    assert (state["after"] is None) == ("snapshot" in broken)
    watch.end()
