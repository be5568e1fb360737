"""Joules by hand: a counter that moves when it is told to, on a clock whose times have exact sums."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from likeforlike.bench.measure.watch.energy import (
    LOAD_SECONDS,
    EnergyWatch,
    Idle,
    TurnEnergy,
    energies_joined,
    energy_of,
    watch_idle,
)
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.messages import Sample
from likeforlike.devices.vendors.cpu_maker import Cpu
from likeforlike.devices.vendors.device import Device, EnergyCounter, NotMeasurable
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import MATCHED

ENTRY = Implementation("numpy", "matmul", "numpy", "a product", "operator:add")
CELL = Cell(ENTRY, "cpu:0", (), "g")
DEVICES = {
    "cpu:0": Device("cpu", 0, "a processor", maker="cpu"),
    "gpu:0": Device("gpu", 0, "a GPU", maker="cpu"),
}
AT_REST = ((1 / 4, 4.0), (3 / 8, 6.0), (1 / 2, 8.0))
"""16 W in updates of an eighth of a second. Polls of 1/64 s leave it 2 · 1/64 of the quarter between the first
and the last move uncertain: 2 W."""
COARSE, FINE = 47.0, 48.0
"""Of a turn of 1 s: 47 J are 31 above rest, within 47/8 + 2 = 7.875 J, more than a quarter; 48 are 32 within 8."""


class Meter:
    """Joules that stand at these figures from these seconds on; a poll takes 1/64 s, whatever was asked for."""

    def __init__(self, *moves: tuple[float, float], poll: float | None = 1 / 64) -> None:
        self.now, self.moves, self.poll = 100.0, moves, poll
        self.worked = self.reading_seconds = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += self.poll or seconds

    def read(self) -> float:
        self.now += self.reading_seconds
        return max((joules for at, joules in self.moves if self.now - 100.0 >= at), default=0.0) + self.worked

    def work(self, seconds: float, joules: float) -> None:
        self.now += seconds
        self.worked += joules

    def idle(self, step_joules: float = 0.0, update_seconds: float = 0.0) -> Idle | NotMeasurable:
        counter = EnergyCounter("made up", self.read, step_joules, update_seconds)
        return watch_idle(counter, self.clock, self.sleep)


def over(meter: Meter, **more: Any) -> EnergyWatch:
    """A watch over this counter, whichever device is asked about."""
    counter = EnergyCounter("made up", meter.read, 0.0, **more)

    class Maker(Cpu):
        @contextmanager
        def opened(self, device: Device) -> Iterator[Any]:
            yield SimpleNamespace(energy=lambda: counter)

    return EnergyWatch(DEVICES, (Maker(),), meter.clock, meter.sleep)


def turn(watch: EnergyWatch, meter: Meter, seconds: float, joules: float, cell: Cell = CELL) -> None:
    watch.before(cell)
    meter.work(seconds, joules)
    watch.after(cell, Sample(seconds))


def test_power_at_rest_is_that_between_the_first_and_the_last_move() -> None:
    """2, 4 and 7 J at 1/8, 1/4 and 7/16 s: 5 J in 5/16 s; half a second is watched."""
    meter = Meter((1 / 8, 2.0), (1 / 4, 4.0), (7 / 16, 7.0))
    assert meter.idle(0.25) == Idle(16.0, pytest.approx((16 * 2 / 64 + 0.25) / (5 / 16)), 3 / 16)
    assert meter.now == 100.5


def test_three_moves_are_enough_and_are_waited_for() -> None:
    meter = Meter((1 / 4, 4.0), (1 / 2, 8.0), (3 / 4, 12.0))
    assert meter.idle() == Idle(16.0, pytest.approx(16 * 2 / 64 / (1 / 2)), 1 / 4)
    assert meter.now == 100.75


def test_two_moves_in_three_seconds_are_too_few() -> None:
    meter = Meter((5 / 4, 20.0), (5 / 2, 40.0))
    told = "made up is too coarse: it moved 2 times in 3.0 s of rest"
    assert meter.idle() == NotMeasurable(told)
    assert meter.now == 103.0


@pytest.mark.parametrize(("known", "update"), [(0.01, 1 / 8), (1.0, 1.0)])
def test_the_slower_update_counts_of_the_known_and_the_seen_one(known: float, update: float) -> None:
    idle = Meter(*AT_REST).idle(update_seconds=known)
    assert isinstance(idle, Idle)
    assert idle.update_seconds == update


def test_a_counter_at_rest_is_read_every_two_milliseconds() -> None:
    idle = Meter(*AT_REST, poll=None).idle()
    assert isinstance(idle, Idle)
    assert idle.error_watts == pytest.approx(16 * 2 * 0.002 / (1 / 4), rel=0.03)


def test_a_counter_that_goes_back_while_nothing_runs_tells_no_power() -> None:
    """By 2 J at each poll of 1/8 s."""
    meter = Meter(poll=1 / 8)
    counter = EnergyCounter("made up", lambda: -16.0 * meter.now, 0.0)
    told = watch_idle(counter, meter.clock, meter.sleep)
    assert told == NotMeasurable("made up went back while nothing ran")


def test_nor_does_one_that_ends_where_it_began() -> None:
    """2, 0 and 2 J at polls of a quarter of a second: three moves to nowhere."""
    meter = Meter(poll=1 / 4)
    counter = EnergyCounter("made up", lambda: 2.0 * (int(4 * meter.now) % 2), 0.0)
    told = watch_idle(counter, meter.clock, meter.sleep)
    assert told == NotMeasurable("made up went back while nothing ran")


def test_a_counter_that_goes_back_during_a_turn_loses_the_cell() -> None:
    meter = Meter(*AT_REST)
    watch = over(meter)
    watch.begin([CELL])
    turn(watch, meter, 1.0, 48.0)
    turn(watch, meter, 1.0, -1.0)
    turn(watch, meter, 1.0, 48.0)
    assert watch.of(CELL) == {"not_measurable": "its counter went back during a turn"}
    assert not watch.needs_load(CELL)


def test_a_turn_of_no_joules_is_a_turn() -> None:
    """48 J and none in two turns of 1 s, of each of which 16 J are rest."""
    meter = Meter(*AT_REST)
    watch = over(meter)
    watch.begin([CELL])
    turn(watch, meter, 1.0, 48.0)
    turn(watch, meter, 1.0, 0.0)
    assert watch.of(CELL)["sample_joules"] == [32.0, -16.0]


def test_a_load_takes_ten_updates_of_nvml_s_counter() -> None:
    """So it is known within a tenth, and within less than what a load is asked for."""
    assert pytest.approx(10 * 0.1) == LOAD_SECONDS


def test_a_turn_is_from_the_middle_of_one_reading_to_that_of_the_next() -> None:
    """Readings of 1/8 s about 1 s of work: 9/8 s. 54 J are 48 W, off by an update and both readings.

    36 J above rest, within 48 · (1/8 + 2/8) + 2 · 9/8 = 20.25.
    """
    meter = Meter(*AT_REST)
    watch = over(meter)
    watch.begin([CELL])
    watch.before(CELL)
    meter.reading_seconds = 1 / 8
    turn(watch, meter, 1.0, 54.0)
    told = watch.of(CELL)
    assert (told["joules_per_sample"], told["low"], told["high"]) == (36.0, 15.75, 56.25)
    assert told["sample_joules"] == [36.0]


def test_a_load_is_needed_where_the_counter_is_off_by_more_than_a_quarter() -> None:
    for joules, needed in ((COARSE, True), (FINE, False)):
        meter = Meter(*AT_REST)
        watch = over(meter)
        watch.begin([CELL])
        watch.before(CELL)
        assert not watch.needs_load(CELL)
        turn(watch, meter, 1.0, joules)
        assert watch.needs_load(CELL) is needed


def test_a_turn_just_as_long_as_the_counter_goes_round_counts_and_a_longer_one_loses_the_cell() -> None:
    meter = Meter(*AT_REST)
    watch = over(meter, wraps_within_seconds=1.0)
    watch.begin([CELL])
    turn(watch, meter, 1.0, COARSE)
    assert watch.needs_load(CELL)
    assert watch.of(CELL)["net_joules"] == 31.0
    turn(watch, meter, 1.25, 60.0)
    assert not watch.needs_load(CELL)
    told = "a turn took 1 s, in 1 s the counter may go round more than once"
    assert watch.of(CELL) == {"not_measurable": told}


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        (replace(CELL, device="gpu:0"), ""),
        (replace(CELL, device="gpu:0", concurrent=True), ""),
        (replace(CELL, device="gpu:0", axes=(("workers", 1),), recipe=MATCHED), ""),
        (replace(CELL, device="gpu:0", axes=(("workers", 2),)), ""),
        (replace(CELL, device="gpu:0", axes=(("workers", "many"),)), ""),
        (
            replace(CELL, device="gpu:0", axes=(("workers", 2),), recipe=MATCHED),
            "it works on several GPUs, and one of them is read",
        ),
        (replace(CELL, axes=(("workers", 2),), recipe=MATCHED), ""),
        (replace(CELL, concurrent=True), "other devices' cells used the processor at the same time"),
    ],
)
def test_whose_energy_it_is(cell: Cell, why: str) -> None:
    meter = Meter(*AT_REST)
    watch = over(meter)
    watch.begin([cell])
    turn(watch, meter, 1.0, COARSE, cell)
    assert watch.needs_load(cell) is (not why)
    told = watch.of(cell)
    assert told == {"not_measurable": why} if why else told["net_joules"] == 31.0


def test_a_device_that_is_not_watched_or_that_nobody_reads_says_so() -> None:
    watch = EnergyWatch(DEVICES, ())
    watch.before(CELL)
    watch.after(CELL, Sample(1.0))
    watch.loaded(CELL, 1)
    assert watch.of(CELL) == {"not_measurable": "it was not watched"}
    watch.begin([CELL])
    assert watch.of(CELL) == {"not_measurable": "nothing reads this device"}


def test_a_counter_that_can_not_be_read_at_all_says_so() -> None:
    meter = Meter()
    meter.read = lambda: 1 / 0  # type: ignore[method-assign]
    watch = over(meter)
    watch.begin([CELL])
    turn(watch, meter, 1.0, 1.0)
    assert watch.of(CELL) == {"not_measurable": "its counter can't be read"}


def test_each_sample_s_own_joules_and_the_figure_of_the_load() -> None:
    """Turns of 1/2 s and 4 calls, of 10 and 14 J, 2 of them of rest; then 20 calls without a pause, 44 J in 2 s."""
    counter = EnergyCounter("made up", lambda: 0.0, step_joules=0.0)
    turns = [TurnEnergy(10.0, 0.5, 4), TurnEnergy(14.0, 0.5, 4)]
    told = energy_of(turns, Idle(4.0, 0.0, 0.0), counter, [TurnEnergy(44.0, 2.0, 20)])
    assert told["sample_joules"] == [2.0, 3.0]
    assert (told["net_joules"], told["calls"], told["joules_per_sample"]) == (36.0, 20, 1.8)


@pytest.mark.parametrize("turns", [[], [TurnEnergy(1.0, 0.0, 1)], [TurnEnergy(1.0, 1.0, 0)]])
def test_of_no_time_or_no_call_there_is_no_figure(turns: list[TurnEnergy]) -> None:
    counter = EnergyCounter("made up", lambda: 0.0, step_joules=0.0)
    assert energy_of(turns, Idle(0.0, 0.0, 0.0), counter) == {"not_measurable": "no sample was taken"}


@pytest.mark.parametrize(("joules", "told"), [(0.5, False), (1.0, False), (1.5, True)])
def test_work_is_told_from_rest_where_it_is_more_than_the_error(joules: float, told: bool) -> None:
    """A counter of steps of 1 J, a device that takes nothing at rest."""
    counter = EnergyCounter("made up", lambda: 0.0, step_joules=1.0)
    found = energy_of([TurnEnergy(joules, 1.0, 1)], Idle(0.0, 0.0, 0.0), counter)
    assert ("joules_per_sample" in found) is told


def test_one_launch_is_the_whole_and_none_is_nothing() -> None:
    counter = EnergyCounter("made up", lambda: 0.0, step_joules=1.0)
    one = energy_of([TurnEnergy(6.0, 1.0, 2)], Idle(2.0, 0.0, 0.0), counter)
    assert energies_joined([one]) == one
    assert energies_joined([]) is None
