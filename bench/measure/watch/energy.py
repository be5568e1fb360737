"""Joules of each sample: what a device's counter says of a turn, idle power taken out, how sure that is.

A turn holds a sample and the untimed calls before it (an epoch with its evaluation and logging), so its
energy is divided by its calls. A counter moves now and then: how seldom is watched while the device idles.
Where that is too seldom for a kernel's turns (NVML's total energy counter moves every tenth of a second), the
kernel is called for a second more after its rounds, and its energy is that of those calls.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.messages import Sample
from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.vendors.device import Device, EnergyCounter, Maker, NotMeasurable
from likeforlike.devices.vendors.makers import MAKERS, opened

IDLE_SECONDS = 0.5
LONGEST_IDLE_SECONDS = 3.0
"""As long is waited for a counter to move thrice; one that doesn't is too coarse for anything here."""
POLL_SECONDS = 0.002
LOAD_SECONDS = 1.0
"""For so long a kernel is called whose turns are too short for the counter."""
WIDEST = 0.25
"""So far may the counter be off, as a share of the figure, before a kernel is called for that."""


@dataclass(frozen=True)
class Idle:
    """A device at rest, by its own counter."""

    watts: float
    error_watts: float
    update_seconds: float
    """The longest that the counter was seen to stand still."""


@dataclass(frozen=True)
class TurnEnergy:
    """What the counter said of one turn."""

    joules: float
    seconds: float
    calls: int
    reading_seconds: float = 0.0
    """How long its two readings took: when within them a counter was read nobody knows."""


def watch_idle(
    counter: EnergyCounter,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Idle | NotMeasurable:
    """Power while nothing runs, between the first and the last move of the counter.

    Of a move it is known when, within a poll; so the power is known within two polls of the time between.
    """
    begin = now = clock()
    last = counter.read()
    moves: list[tuple[float, float]] = []
    longest_poll = 0.0
    while now - begin < (IDLE_SECONDS if len(moves) > 2 else LONGEST_IDLE_SECONDS):
        before = now
        sleep(POLL_SECONDS)
        joules, now = counter.read(), clock()
        longest_poll = max(longest_poll, now - before)
        if joules != last:
            moves.append((now, joules))
            last = joules
    if len(moves) < 3:
        return NotMeasurable(
            f"{counter.source} is too coarse: it moved {len(moves)} times in {now - begin:.1f} s of rest"
        )
    span = moves[-1][0] - moves[0][0]
    watts = (moves[-1][1] - moves[0][1]) / span
    if watts <= 0:
        return NotMeasurable(f"{counter.source} went back while nothing ran")
    longest = max(after[0] - before[0] for before, after in itertools.pairwise(moves))
    error = watts * 2 * longest_poll / span + counter.step_joules / span
    return Idle(watts, error, max(longest, counter.update_seconds))


def energy_of(
    turns: Sequence[TurnEnergy], idle: Idle, counter: EnergyCounter, loads: Sequence[TurnEnergy] = ()
) -> dict[str, Any]:
    """A cell's energy for the result file: joules above idle for each sample, or why there is no figure.

    ``loads``: calls without a pause after the rounds, of which alone the figure is, where there are any.

    A turn is off by what the device draws in one update of its counter and by one step, at either end:
    bounds, of which the sum of independent turns has the root of the squares (some 2.4 standard deviations,
    since where in an update a turn begins is drawn evenly). What idle power is off by is the same in all.
    """
    counting = loads or turns
    joules = math.fsum(turn.joules for turn in counting)
    seconds = math.fsum(turn.seconds for turn in counting)
    calls = sum(turn.calls for turn in counting)
    if not calls or seconds <= 0:
        return {"not_measurable": "no sample was taken"}
    watts = joules / seconds
    bounds = [watts * (idle.update_seconds + turn.reading_seconds) + counter.step_joules for turn in counting]
    error = math.hypot(*bounds) + idle.error_watts * seconds
    net = joules - idle.watts * seconds
    counted = {"net_joules": net, "error_joules": error, "calls": calls, "idle_watts": idle.watts}
    own = [(turn.joules - idle.watts * turn.seconds) / turn.calls for turn in turns]
    return _judged({**counted, "source": counter.source, "sample_joules": own})


def _judged(counted: Mapping[str, Any]) -> dict[str, Any]:
    """The figure for each sample beside what it comes from; a reason where rest can't be told from work."""
    net, error, calls = (counted[name] for name in ("net_joules", "error_joules", "calls"))
    if net - error > 0:
        figure = {
            "joules_per_sample": net / calls,
            "low": (net - error) / calls,
            "high": (net + error) / calls,
        }
        return {**figure, **counted}
    reason = f"{net:.3g} J above rest in all, and the counter tells them within {error:.3g} J"
    return {"not_measurable": f"{reason}: {counted['source']}", **counted}


def energies_joined(told: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """A cell's energy from those of its launches, whose errors are independent; None if none says anything.

    A launch that counted nothing leaves the whole without a figure.
    """
    known = [energy for energy in told if energy is not None]
    if len(known) < len(told) or not known:
        return None
    for energy in known:
        if "net_joules" not in energy:
            return dict(energy)
    counted = {
        "net_joules": math.fsum(energy["net_joules"] for energy in known),
        "error_joules": math.hypot(*(energy["error_joules"] for energy in known)),
        "calls": sum(energy["calls"] for energy in known),
        "idle_watts": statistics.median(energy["idle_watts"] for energy in known),
        "source": known[0]["source"],
        "sample_joules": [joules for energy in known for joules in energy["sample_joules"]],
    }
    return _judged(counted)


def _nobodys(cell: Cell) -> str:
    """Why what the counter says can't be told to be the cell's; empty if it can."""
    if cell.device.startswith("cpu") and cell.concurrent:
        return "other devices' cells used the processor at the same time"
    if cell.device.startswith("gpu") and cell.workers > 1:
        return "it works on several GPUs, and one of them is read"
    return ""


@dataclass
class _Metered:
    """A device's counter while its group is measured."""

    counter: EnergyCounter | None
    reason: str = ""
    idle: Idle | None = None
    began: tuple[float, float, float] | None = None
    turns: dict[str, list[TurnEnergy]] = field(default_factory=dict)
    loads: dict[str, list[TurnEnergy]] = field(default_factory=dict)
    """Calls without a pause, after the rounds."""
    lost: dict[str, str] = field(default_factory=dict)


class EnergyWatch:
    """Reads the counters around each turn. What can't be read has no figure, and ends no cell."""

    def __init__(
        self,
        devices: Mapping[str, Device],
        makers: Sequence[Maker] = MAKERS,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._devices, self._makers = devices, makers
        self._clock, self._sleep = clock or time.monotonic, sleep or time.sleep
        self._metered: dict[str, _Metered] = {}
        self._resources = contextlib.ExitStack()

    def begin(self, cells: Sequence[Cell]) -> None:
        """Open the counters of a group's devices."""
        for name in dict.fromkeys(cell.device for cell in cells):
            found = told(self._open, self._devices[name]) or NotMeasurable("its counter can't be opened")
            if isinstance(found, NotMeasurable):
                self._metered[name] = _Metered(None, found.reason)
            else:
                self._metered[name] = _Metered(found)

    def _open(self, device: Device) -> EnergyCounter | NotMeasurable:
        readings = self._resources.enter_context(opened(device, self._makers))
        if readings is None:
            return NotMeasurable("nothing reads this device")
        counter = readings.energy()
        if isinstance(counter, EnergyCounter):
            self._resources.callback(counter.close)
        return counter

    def before(self, cell: Cell) -> None:
        """All workers are frozen: the first time, watch the device idle; then read its counter."""
        metered = self._metered.get(cell.device)
        if metered is None or metered.counter is None:
            return
        if metered.idle is None:
            found = told(watch_idle, metered.counter, self._clock, self._sleep)
            if not isinstance(found, Idle):
                metered.counter = None
                metered.reason = found.reason if found else "its counter can't be read"
                return
            metered.idle = found
        metered.began = self._read(metered.counter)

    def _read(self, counter: EnergyCounter) -> tuple[float, float, float] | None:
        """Joules, when, and how long it took to read them; None where it can't be read."""
        before = self._clock()
        joules = told(counter.read)
        after = self._clock()
        return None if joules is None else (joules, (before + after) / 2, after - before)

    def after(self, cell: Cell, sample: Sample) -> None:
        """Read the counter again; of a first epoch, which is cold and no sample, nothing is kept."""
        metered = self._metered.get(cell.device)
        cold = sample.epoch is not None and sample.epoch.get("epoch") == 1
        if metered is not None and not cold:
            self._keep(cell, sample.calls, metered, metered.turns)

    def needs_load(self, cell: Cell) -> bool:
        """Whether its turns were too short for the counter, so that it is to be called without a pause."""
        metered = self._metered.get(cell.device)
        if metered is None or metered.counter is None or metered.idle is None or cell.id in metered.lost:
            return False
        if _nobodys(cell):
            return False
        found = energy_of(metered.turns.get(cell.id, ()), metered.idle, metered.counter)
        return "net_joules" in found and found["error_joules"] > WIDEST * found["net_joules"]

    def loaded(self, cell: Cell, calls: int) -> None:
        """Read the counter again, after so many calls without a pause."""
        metered = self._metered.get(cell.device)
        if metered is not None:
            self._keep(cell, calls, metered, metered.loads)

    def _keep(self, cell: Cell, calls: int, metered: _Metered, kept: dict[str, list[TurnEnergy]]) -> None:
        """What the counter says of the time since ``before``."""
        if metered.counter is None:
            return
        ended = self._read(metered.counter)
        if metered.began is None or ended is None:
            metered.lost[cell.id] = "its counter could not be read in every turn"
            return
        joules, seconds, _ = (end - begin for end, begin in zip(ended, metered.began, strict=True))
        if joules < 0:  # a driver that was loaded anew begins at nothing
            metered.lost[cell.id] = "its counter went back during a turn"
            return
        longest, reading = metered.counter.wraps_within_seconds, ended[2] + metered.began[2]
        if longest is not None and seconds > longest:
            metered.lost[cell.id] = (
                f"a turn took {seconds:.0f} s, in {longest:.0f} s the counter may go round more than once"
            )
            return
        kept.setdefault(cell.id, []).append(TurnEnergy(joules, seconds, calls, reading))

    def of(self, cell: Cell) -> dict[str, Any]:
        """The cell's ``energy`` for the result file."""
        metered = self._metered.get(cell.device)
        if metered is None or metered.counter is None:
            return {"not_measurable": metered.reason if metered else "it was not watched"}
        if nobodys := _nobodys(cell):
            return {"not_measurable": nobodys}
        turns = metered.turns.get(cell.id, ())
        if cell.id in metered.lost or metered.idle is None or not turns:
            return {"not_measurable": metered.lost.get(cell.id, "no sample was taken")}
        return energy_of(turns, metered.idle, metered.counter, metered.loads.get(cell.id, ()))

    def end(self) -> None:
        """Give the counters back."""
        told(self._resources.close)
