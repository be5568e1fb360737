"""Counters of memory and energy, clocks and throttling: from folders and states that are made up."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from pretended_gpu import Gpu

from likeforlike.devices.check import counters
from likeforlike.devices.check.probes import memory
from likeforlike.devices.check.rows import Place
from likeforlike.devices.vendors import cpu_pace
from likeforlike.devices.vendors.cpu_maker import Cpu
from likeforlike.devices.vendors.cpu_pace import heat_events
from likeforlike.devices.vendors.device import Device

CPU = Device("cpu", 0, "a processor")
BOARD = Device("gpu", 0, "a board", sm_clock_max_hertz=1.4e9)
HERE = Place("gpu:0")


@pytest.mark.parametrize(("step", "verdict"), [(64 * 2**20, "good"), (0, "bad"), (30 * 2**20, "bad")])
def test_a_memory_counter_that_stands_still_is_bad(step, verdict):
    readings = itertools.count(10**9, step or 1) if step else itertools.repeat(10**9)
    facts = memory.observe(Gpu().operations(), False, lambda: next(readings))
    assert memory.row(HERE, facts).verdict == verdict


def test_memory_that_nobody_counts_is_not_measurable():
    def denied():
        raise PermissionError

    facts = memory.observe(Gpu().operations(), True, denied)
    assert memory.row(HERE, facts).verdict == "not measurable"


def test_the_host_s_mark_is_read(tmp_path):
    (tmp_path / "status").write_text("Name:\tpython\nVmHWM:\t  2048 kB\n")
    assert memory.resident_peak_bytes(tmp_path / "status") == 2048 * 1024


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [
        ((100.0, 600.0), "good"),
        ((100.0, 100.0), "bad"),
        ((100.0, 3.0), "warn"),
        ((None, 600.0), "not measurable"),
    ],
)
def test_an_energy_counter_that_stands_still_is_bad(readings, verdict):
    for device in (CPU, BOARD):
        assert counters.energy_row(Place(device.id), device, readings, 10.0).verdict == verdict
    assert counters.energy_row(HERE, CPU, (100.0, 600.0), 10.0).found == "500 J in 10 s, 50 W"


def rapl_zone(folder, joules, most=65_000.0):
    zone = folder / "powercap" / "intel-rapl:0"
    zone.mkdir(parents=True, exist_ok=True)
    texts = {"name": "package-0", "energy_uj": int(joules * 1e6), "max_energy_range_uj": int(most * 1e6)}
    for name, text in texts.items():
        (zone / name).write_text(f"{text}\n")


def test_a_processor_s_counter_that_goes_round_meanwhile_is_read_as_the_bench_reads_it(tmp_path):
    rapl_zone(tmp_path, 64_900.0)
    reading = counters.EnergyReading(counters.processor_counter([Cpu(tmp_path)]))
    before = reading.joules({})
    rapl_zone(tmp_path, 100.0)
    row = counters.energy_row(HERE, CPU, (before, reading.joules({})), 10.0, reading.reason)
    assert (row.verdict, row.found) == ("good", "200 J in 10 s, 20 W")


def test_why_a_processor_s_energy_is_not_measurable_is_told(tmp_path):
    reading = counters.EnergyReading(counters.processor_counter([Cpu(tmp_path)]))
    row = counters.energy_row(HERE, CPU, (reading.joules({}), None), 10.0, reading.reason)
    assert row.verdict == "not measurable"
    assert "no RAPL package" in row.found


def test_a_gpu_s_energy_is_its_state_s():
    assert counters.EnergyReading(None).joules({"gpu": {"energy_joules": 3.0}}) == 3.0
    assert counters.EnergyReading(None).joules({"gpu": None}) is None


def test_heat_of_cores(tmp_path, monkeypatch):
    monkeypatch.setattr(cpu_pace, "usable", lambda: {0, 1})
    assert heat_events(tmp_path) is None
    for core, count in enumerate((3, 4)):
        folder = tmp_path / f"cpu{core}" / "thermal_throttle"
        folder.mkdir(parents=True)
        (folder / "core_throttle_count").write_text(str(count))
    assert heat_events(tmp_path) == 7
    verdicts = [
        counters.processor_throttle_row(HERE, *pair).verdict for pair in ((7, 7), (7, 9), (None, None))
    ]
    assert verdicts == ["good", "warn", "not measurable"]


HOT = "too hot, held back by the driver"


def state(megahertz=1380, *reasons):
    held = [reason for reason in reasons if reason == HOT]
    return {"sm_clock_hertz": megahertz * 1e6, "throttle_reasons": list(reasons), "held_back": held}


def test_a_gpu_s_clock_and_why_it_is_held_back():
    clock, held = counters.gpu_rows(HERE, BOARD, [None, state(210, "idle"), state()])
    assert (clock.verdict, clock.found) == ("good", "210 to 1380 MHz, at most 1400 MHz")
    assert (held.verdict, held.found) == ("good", "not held back (idle)")
    clock, held = counters.gpu_rows(HERE, BOARD, [state(600, "power limit", HOT)])
    assert (clock.verdict, held.verdict) == ("warn", "warn")
    assert held.found == "held back: too hot, held back by the driver"


def test_a_gpu_that_takes_one_process_at_a_time_is_told():
    *_, row = counters.gpu_rows(HERE, replace(BOARD, exclusive=True), [state()])
    assert (row.what, row.verdict) == ("shared use", "warn")
    assert row.found.startswith("one process at a time")
    assert [row.what for row in counters.gpu_rows(HERE, BOARD, [state()])] == ["GPU clock", "throttling"]


def test_a_gpu_that_tells_nothing():
    unread = {"sm_clock_hertz": None, "throttle_reasons": None}
    assert [row.verdict for row in counters.gpu_rows(HERE, BOARD, [unread, None])] == ["not measurable"] * 2


def test_a_gpu_that_tells_only_what_disturbs_is_held_back_by_it():
    """As AMD's: no list of all reasons, and heat among what disturbs."""
    hot, cool = ({"clock_hertz": 1.38e9, "held_back": held} for held in ([HOT], []))
    _, held = counters.gpu_rows(HERE, BOARD, [cool, hot, cool])
    assert (held.verdict, held.found) == ("warn", "held back: too hot, held back by the driver")
    _, held = counters.gpu_rows(HERE, BOARD, [cool])
    assert held.verdict == "not measurable"
