"""Joules of a sample against a device whose power is known: in steps, round and round, denied, too coarse."""

from __future__ import annotations

import math
import random
from contextlib import contextmanager
from pathlib import Path

import pytest

from likeforlike.bench.measure.watch import energy
from likeforlike.bench.measure.watch.energy import (
    LOAD_SECONDS,
    EnergyWatch,
    Idle,
    TurnEnergy,
    energies_joined,
    energy_of,
)
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.messages import Sample
from likeforlike.devices.vendors.cpu_maker import Cpu
from likeforlike.devices.vendors.device import Device, EnergyCounter, NotMeasurable
from likeforlike.models.contract.implementation import Implementation

ENTRY = Implementation("numpy", "matmul", "numpy", "a product", "operator:add")
CELL = Cell(ENTRY, "cpu:0", (), "g")
OTHER = Cell(ENTRY, "cpu:0", (("size", 2),), "g")
DEVICES = {"cpu:0": Device("cpu", 0, "a processor", maker="cpu")}
RANGE_MICROJOULES = 40_000_000


class Processor:
    """A package at rest at 20 W and at work at 80 W, told by a powercap tree that moves in updates."""

    def __init__(self, root: Path, update_seconds: float = 0.001, wraps: int = 10**15) -> None:
        self.now, self.joules, self.busy_watts = 0.0, 39.0, 80.0
        self.update_seconds, self.wraps = update_seconds, wraps
        self.zone = root / "powercap" / "intel-rapl:0"
        self.zone.mkdir(parents=True)
        (self.zone / "name").write_text("package-0")
        (self.zone / "max_energy_range_uj").write_text(str(wraps))
        (self.zone / "constraint_0_power_limit_uw").write_text("100000000")
        self._tell(self.joules)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.spend(seconds, 20.0)

    def work(self, seconds: float) -> None:
        self.spend(seconds, self.busy_watts)

    def spend(self, seconds: float, watts: float) -> None:
        end = self.now + seconds
        last_update = math.floor(end / self.update_seconds) * self.update_seconds
        if last_update > self.now:
            self._tell(self.joules + watts * (last_update - self.now))
        self.now, self.joules = end, self.joules + watts * seconds

    def _tell(self, joules: float) -> None:
        (self.zone / "energy_uj").write_text(str(int(joules * 1e6) % self.wraps))


def measure(
    processor: Processor,
    root: Path,
    turns: int = 40,
    turn_seconds: float = 0.025,
    calls: int = 5,
    loads: bool = True,
) -> dict:
    """Turns of a cell with pauses of random length, as other cells' turns make."""
    draw = random.Random(1)
    watch = EnergyWatch(DEVICES, (Cpu(root),), processor.clock, processor.sleep)
    watch.begin([CELL])
    for _ in range(turns):
        processor.sleep(draw.uniform(0.0, 0.01))
        watch.before(CELL)
        processor.work(turn_seconds)
        watch.after(CELL, Sample(turn_seconds / calls, calls=calls))
    if loads and watch.needs_load(CELL):
        processor.sleep(draw.uniform(0.0, 0.01))
        watch.before(CELL)
        processor.work(LOAD_SECONDS)
        watch.loaded(CELL, round(LOAD_SECONDS / turn_seconds * calls))
    told = watch.of(CELL)
    watch.end()
    return told


def test_joules_above_idle_within_the_counter_s_resolution(tmp_path: Path) -> None:
    told = measure(Processor(tmp_path), tmp_path)
    true = 60.0 * 0.025 / 5
    assert told["low"] < true < told["high"]
    assert told["joules_per_sample"] == pytest.approx(true, rel=0.05)
    assert told["high"] - told["low"] < 0.1 * true
    assert told["idle_watts"] == pytest.approx(20.0, rel=0.01)
    assert told["source"] == "RAPL through powercap: package-0"
    assert len(told["sample_joules"]) == 40


def test_a_counter_that_goes_round_changes_nothing(tmp_path: Path) -> None:
    whole, small = tmp_path / "whole", tmp_path / "small"
    plain = measure(Processor(whole), whole)
    # 40 J: it goes round while the turns, 80 J of them, are taken
    round_and_round = measure(Processor(small, wraps=RANGE_MICROJOULES), small, turns=20)
    assert round_and_round["joules_per_sample"] == pytest.approx(plain["joules_per_sample"], rel=0.05)


def test_a_coarser_counter_widens_the_range_and_still_holds_the_truth(tmp_path: Path) -> None:
    fine, coarse = tmp_path / "fine", tmp_path / "coarse"
    narrow = measure(Processor(fine), fine)
    told = measure(Processor(coarse, update_seconds=0.05), coarse, loads=False)
    true = 60.0 * 0.025 / 5
    assert told["low"] < true < told["high"]
    assert told["high"] - told["low"] > 5 * (narrow["high"] - narrow["low"])


def test_where_turns_are_too_short_for_it_calls_without_a_pause_are_counted(tmp_path: Path) -> None:
    """As on a real GPU: the counter moves every tenth of a second, a turn takes a fortieth."""
    told = measure(Processor(tmp_path, update_seconds=0.1), tmp_path, turns=12)
    true = 60.0 * 0.025 / 5
    assert told["low"] < true < told["high"]
    assert told["high"] - told["low"] < 0.5 * true
    assert told["calls"] == round(LOAD_SECONDS / 0.025 * 5)
    assert len(told["sample_joules"]) == 12


def test_no_load_is_asked_for_where_turns_tell_or_nothing_can(tmp_path: Path) -> None:
    fine = measure(Processor(tmp_path / "fine"), tmp_path / "fine")
    assert fine["calls"] == 40 * 5
    processor = Processor(tmp_path / "none", update_seconds=10.0)
    watch = EnergyWatch(DEVICES, (Cpu(tmp_path / "none"),), processor.clock, processor.sleep)
    watch.begin([CELL])
    assert not watch.needs_load(CELL)
    watch.before(CELL)
    watch.after(CELL, Sample(1.0))
    assert not watch.needs_load(CELL)
    assert not EnergyWatch(DEVICES).needs_load(CELL)


def test_what_the_counter_cannot_tell_from_rest_has_no_figure(tmp_path: Path) -> None:
    processor = Processor(tmp_path, update_seconds=0.1)
    processor.busy_watts = 20.5
    told = measure(processor, tmp_path, turns=4)
    assert not {"joules_per_sample", "low", "high"} & set(told)
    assert "above rest" in told["not_measurable"]


def test_a_counter_that_stands_still_is_too_coarse(tmp_path: Path) -> None:
    told = measure(Processor(tmp_path, update_seconds=10.0), tmp_path)
    assert told == {
        "not_measurable": "RAPL through powercap: package-0 is too coarse: it moved 0 times in 3.0 s of rest"
    }


def test_a_denied_counter_has_no_figure_and_costs_no_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor = Processor(tmp_path)
    denied, read = processor.zone / "energy_uj", Path.read_text

    def refuse(self: Path, *arguments: object, **named: object) -> str:
        if self == denied:
            raise PermissionError(13, "Permission denied")
        return read(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "read_text", refuse)
    watch = EnergyWatch(DEVICES, (Cpu(tmp_path),), processor.clock, processor.sleep)
    watch.begin([CELL])
    watch.before(CELL)
    assert processor.now == 0.0
    watch.after(CELL, Sample(1.0))
    assert watch.of(CELL) == {
        "not_measurable": f"{denied} may not be read: root alone may, or all after chmod a+r"
    }


def test_a_counter_that_fails_in_between_leaves_no_figure(tmp_path: Path) -> None:
    processor = Processor(tmp_path)
    watch = EnergyWatch(DEVICES, (Cpu(tmp_path),), processor.clock, processor.sleep)
    watch.begin([CELL])
    for text in ("", None):
        watch.before(CELL)
        processor.work(0.1)
        if text is not None:
            (processor.zone / "energy_uj").write_text(text)
        watch.after(CELL, Sample(0.1))
        processor.sleep(0.01)
    assert watch.of(CELL) == {"not_measurable": "its counter could not be read in every turn"}


def test_a_turn_so_long_that_it_may_have_gone_round_twice_has_no_figure(tmp_path: Path) -> None:
    processor = Processor(tmp_path, wraps=RANGE_MICROJOULES)  # 40 J at twice 100 W: 0.2 s
    told = measure(processor, tmp_path, turns=1, turn_seconds=0.3)
    assert "may go round more than once" in told["not_measurable"]


def test_each_cell_has_its_own_and_a_cold_epoch_is_nobody_s(tmp_path: Path) -> None:
    processor = Processor(tmp_path)
    watch = EnergyWatch(DEVICES, (Cpu(tmp_path),), processor.clock, processor.sleep)
    watch.begin([CELL, OTHER])
    for number, seconds in enumerate((9.0, 1.0, 1.0), 1):
        for cell, factor in ((CELL, 1), (OTHER, 2)):
            watch.before(cell)
            processor.work(seconds * factor)
            watch.after(cell, Sample(seconds, {"epoch": number}))
    assert watch.of(CELL)["joules_per_sample"] == pytest.approx(60.0, rel=0.01)
    assert watch.of(OTHER)["joules_per_sample"] == pytest.approx(120.0, rel=0.01)
    assert len(watch.of(CELL)["sample_joules"]) == 2


def test_beside_other_devices_the_processor_s_energy_is_nobody_s(tmp_path: Path) -> None:
    processor = Processor(tmp_path, update_seconds=0.1)
    cell = Cell(ENTRY, "cpu:0", (), "g", concurrent=True)
    watch = EnergyWatch(DEVICES, (Cpu(tmp_path),), processor.clock, processor.sleep)
    watch.begin([cell])
    assert "other devices" in watch.of(cell)["not_measurable"]
    watch.before(cell)
    processor.work(0.025)
    watch.after(cell, Sample(0.025))
    assert not watch.needs_load(cell)


def test_the_counter_is_closed_with_the_group() -> None:
    closed = []

    class Maker(Cpu):
        @contextmanager
        def opened(self, device):  # type: ignore[no-untyped-def]
            class Readings:
                def energy(self) -> EnergyCounter:
                    return EnergyCounter("made up", lambda: 0.0, 0.0, close=lambda: closed.append("counter"))

            yield Readings()
            closed.append("device")

    watch = EnergyWatch(DEVICES, (Maker(),))
    watch.begin([CELL])
    watch.end()
    assert closed == ["counter", "device"]


@pytest.mark.parametrize("raising", ["opened", "energy"])
def test_whatever_a_maker_raises_no_cell_ends(raising: str) -> None:
    class Maker(Cpu):
        @contextmanager
        def opened(self, device):  # type: ignore[no-untyped-def]
            if raising == "opened":
                raise RuntimeError("the driver has gone")
            yield object()

    watch = EnergyWatch(DEVICES, (Maker(),))
    watch.begin([CELL])
    watch.before(CELL)
    watch.after(CELL, Sample(1.0))
    assert watch.of(CELL) == {"not_measurable": "its counter can't be opened"}
    watch.end()


def test_the_range_is_the_bounds_of_turns_as_independent_errors_and_of_idle_as_one() -> None:
    counter = EnergyCounter("c", lambda: 0.0, step_joules=0.5)
    turns = [TurnEnergy(10.0, 1.0, 2)] * 4
    told = energy_of(turns, Idle(2.0, 0.1, update_seconds=0.01), counter)
    half = ((10.0 * 0.01 + 0.5) * math.sqrt(4) + 0.1 * 4) / 8
    assert told["joules_per_sample"] == pytest.approx(8 * 4 / 8)
    assert (told["low"], told["high"]) == (pytest.approx(4.0 - half), pytest.approx(4.0 + half))


def test_the_watch_rests_longer_only_for_a_counter_that_is_slow(tmp_path: Path) -> None:
    processor = Processor(tmp_path, update_seconds=0.4)
    counter = Cpu(tmp_path)
    with counter.opened(DEVICES["cpu:0"]) as readings:
        assert readings is not None
        found = readings.energy()
        assert not isinstance(found, NotMeasurable)
        idle = energy.watch_idle(found, processor.clock, processor.sleep)
    assert isinstance(idle, Idle)
    assert idle.watts == pytest.approx(20.0, rel=0.02)
    assert 0.5 < processor.now < 3.0


def test_launches_add_up_and_their_errors_as_independent_ones_do() -> None:
    counter = EnergyCounter("c", lambda: 0.0, step_joules=1.0)
    idle = Idle(2.0, 0.0, 0.0)
    one, two = (energy_of([TurnEnergy(joules, 1.0, 2)], idle, counter) for joules in (6.0, 10.0))
    both = energies_joined([one, two])
    assert both is not None
    assert both["joules_per_sample"] == pytest.approx((4 + 8) / 4)
    assert both["high"] - both["joules_per_sample"] == pytest.approx(math.sqrt(2) / 4)
    assert both["sample_joules"] == [2.0, 4.0]


def test_launches_too_short_by_themselves_may_tell_together() -> None:
    counter = EnergyCounter("c", lambda: 0.0, step_joules=1.0)
    short = energy_of([TurnEnergy(0.9, 1.0, 1)], Idle(0.0, 0.0, 0.0), counter)
    assert "not_measurable" in short
    both = energies_joined([short] * 4)
    assert both is not None
    assert (both["joules_per_sample"], both["low"]) == (pytest.approx(0.9), pytest.approx((3.6 - 2) / 4))


def test_a_launch_without_a_figure_leaves_the_cell_without_one() -> None:
    counter = EnergyCounter("c", lambda: 0.0, step_joules=0.0)
    good = energy_of([TurnEnergy(0.9, 1.0, 1)], Idle(0.0, 0.0, 0.0), counter)
    assert energies_joined([good, {"not_measurable": "denied"}]) == {"not_measurable": "denied"}
    assert energies_joined([good, None]) is None
