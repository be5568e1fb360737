"""The watch over a measurement: whatever its probes raise, the cell goes on."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from likeforlike.bench.measure.watch import disturbances
from likeforlike.bench.measure.watch.disturbances import MachineWatch
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.run.screen.watched_hand import WatchedHand
from likeforlike.bench.worker.messages import Sample
from likeforlike.devices.machine import state as machine_state
from likeforlike.devices.vendors.device import Device
from likeforlike.models.contract.implementation import Implementation

CELL = Cell(Implementation("torch", "matmul", "torch", "a product", "operator:add"), "gpu:0", (), "g")


@pytest.mark.parametrize("broken", [("Probe",), ("busy",), ("snapshot",), ("Probe", "busy", "snapshot")])
def test_a_probe_that_raises_tells_nothing(monkeypatch: pytest.MonkeyPatch, broken: tuple[str, ...]) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("the driver has gone")

    # a probe of this machine would tell of what runs beside the tests
    quiet = SimpleNamespace(start=lambda pids: None, read=list, close=lambda: None)
    monkeypatch.setattr(disturbances, "Probe", lambda device: quiet)
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


@pytest.mark.parametrize(
    ("device", "state", "reason"),
    [
        ("gpu:0", {}, ""),
        ("gpu:0", {"gpu": {"other_processes": [7]}}, "1 other process on the GPU"),
        ("gpu:0", {"processors": 0.5}, ""),
        ("cpu:0", {"processors": 0.5}, "other programs used 50 % of the processor"),
        ("cpu:0", {"gpu": {"other_processes": [7]}}, ""),
    ],
)
def test_energy_that_others_drew_as_well_is_nobody_s(
    monkeypatch: pytest.MonkeyPatch, device: str, state: dict[str, Any], reason: str
) -> None:
    """On an H200 that six programs shared an epoch of 34 ms was said to take 205 J: six kilowatts."""
    monkeypatch.setattr(disturbances, "Probe", lambda device: None)
    monkeypatch.setattr(disturbances, "busy", lambda device: None)
    monkeypatch.setattr(disturbances, "snapshot", lambda device, previous=None: state)
    monkeypatch.setattr(machine_state, "competing_fraction", lambda before, after: after.get("processors"))
    watch = MachineWatch({device: Device(device[:3], 0, "a device")})
    cell = replace(CELL, device=device)
    watch.begin([cell])
    counted = {"joules_per_sample": 205.0, "net_joules": 410.0}
    monkeypatch.setattr(watch._energy, "of", lambda cell: counted)
    told = watch.states(cell)["energy"]
    expected = {"not_measurable": f"{reason}, whose energy the counter counts, too"} if reason else counted
    assert told == expected


def test_the_probe_is_told_whose_sample_comes_and_says_what_disturbed_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[tuple[int, ...]] = []
    probe = SimpleNamespace(start=started.append, read=lambda: ["waited"], close=lambda: None)
    monkeypatch.setattr(disturbances, "Probe", lambda device: probe)
    watch = MachineWatch({"gpu:0": Device("gpu", 0, "a GPU")})
    watch.begin([CELL])
    hand = WatchedHand(SimpleNamespace(pids=(71, 72)), CELL, None)  # type: ignore[arg-type]
    watch.before(CELL, hand.pids)
    assert watch.after(CELL, Sample(1.0), 0) == ["waited"]
    assert started == [(71, 72)]


class Recorder:
    """Stands in for the watches of energy and of pace: what it was told, in order."""

    def __init__(self, devices: object) -> None:
        self.told: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.told.append((name, *arguments)) or f"{name} said so"

    def of(self, cell: Cell) -> dict[str, Any]:
        return {"not_measurable": "denied"}


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> MachineWatch:
    """Over a GPU and a processor, with a probe and two recorders."""
    monkeypatch.setattr(disturbances, "EnergyWatch", Recorder)
    monkeypatch.setattr(disturbances, "PaceWatch", Recorder)
    monkeypatch.setattr(disturbances, "busy", lambda device: f"{device.id} is busy")
    monkeypatch.setattr(disturbances, "snapshot", lambda device, previous=None: {"since": previous})
    devices = {"gpu:0": Device("gpu", 0, "a GPU"), "cpu:0": Device("cpu", 0, "a processor")}
    return MachineWatch(devices)


def test_energy_and_pace_are_told_of_each_step(watch: MachineWatch) -> None:
    sample = Sample(1.0)
    watch.begin([CELL])
    watch.before(CELL, (71,))
    watch.after(CELL, sample, 0)
    assert watch.needs_load(CELL)
    watch.loaded(CELL, 5)
    assert watch.pace(CELL) == "read said so"
    watch.end()
    steps = [("begin", [CELL]), ("before", CELL), ("after", CELL, sample), ("needs_load", CELL)]
    assert watch._energy.told == [*steps, ("loaded", CELL, 5), ("end",)]  # type: ignore[attr-defined]
    assert watch._pace.told == [("begin", [CELL]), ("read", CELL), ("end",)]  # type: ignore[attr-defined]


def test_reasons_begin_with_who_used_the_gpu_before(
    watch: MachineWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processor is asked at the run's begin, not with each group: there the harness itself works."""
    monkeypatch.setattr(disturbances, "disturbance", lambda before, after: ["stolen", "throttled"])
    processor = replace(CELL, device="cpu:0")
    watch.begin([CELL, processor])
    state = watch.states(CELL)
    assert state["disturbances"] == ["gpu:0 is busy", "stolen", "throttled"]
    assert (state["before"], state["after"]) == ({"since": None}, {"since": {"since": None}})
    assert watch.states(processor)["disturbances"] == ["stolen", "throttled"]


def test_why_there_is_no_energy_stays_where_others_drew_some(
    watch: MachineWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disturbances, "drew_as_well", lambda kind, before, after: ["another process"])
    watch.begin([CELL])
    assert watch.states(CELL)["energy"] == {"not_measurable": "denied"}


def test_the_wait_is_the_probe_s_and_a_probe_is_closed_once(
    watch: MachineWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []
    probe = SimpleNamespace(waited_seconds=0.25, close=lambda: closed.append("probe"))
    monkeypatch.setattr(disturbances, "Probe", lambda device: probe if device.kind == "gpu" else None)
    processor = replace(CELL, device="cpu:0")
    watch.begin([CELL, processor])
    assert watch.waited_seconds(CELL) == 0.25
    assert watch.waited_seconds(processor) is None
    watch.end()
    watch.end()
    assert closed == ["probe"]
