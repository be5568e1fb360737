"""The processor's energy on trees of files: ranges that go round, denied readings, what counts twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from likeforlike.devices.vendors.device import EnergyCounter, NotMeasurable
from likeforlike.devices.vendors.integrated_power import PowerIntegral
from likeforlike.devices.vendors.rapl import processor_energy

RANGE = 262_143_328_850


@pytest.fixture
def zone(tmp_path):
    def write(name, label, microjoules, most=RANGE, limit=None):
        folder = tmp_path / "powercap" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "name").write_text(label + "\n")
        (folder / "energy_uj").write_text(f"{microjoules}\n")
        (folder / "max_energy_range_uj").write_text(f"{most}\n")
        if limit:
            (folder / "constraint_0_power_limit_uw").write_text(f"{limit}\n")
        return folder / "energy_uj"

    return write


def test_packages_and_their_memory_count_and_nothing_twice(zone, tmp_path):
    zone("intel-rapl:0", "package-0", 1_000_000)
    zone("intel-rapl:0:0", "core", 900_000)
    zone("intel-rapl:0:1", "dram", 200_000)
    zone("intel-rapl:1", "package-1", 3_000_000)
    zone("intel-rapl:2", "psys", 90_000_000)
    zone("intel-rapl-mmio:0", "package-0", 1_000_000)
    counter = processor_energy(tmp_path)
    assert isinstance(counter, EnergyCounter)
    assert counter.read() == pytest.approx(4.2)
    assert counter.source == "RAPL through powercap: package-0, dram, package-1"
    assert counter.step_joules == pytest.approx(3e-6)


def test_a_counter_that_goes_round_goes_on(zone, tmp_path):
    most = 65_532_610_987
    path = zone("intel-rapl:0", "package-0", most - 2_000_000, most)
    counter = processor_energy(tmp_path)
    before = counter.read()
    for after in (3_000_000, most - 1_000_000, 500_000):
        path.write_text(str(after))
        counter.read()
    assert counter.read() - before == pytest.approx(5 + (most / 1e6 - 4) + 1.5)


@pytest.mark.parametrize(("limit", "seconds"), [(None, 131.07), (65_000_000, 2016.5)])
def test_how_long_it_cannot_have_gone_round_twice(zone, tmp_path, limit, seconds):
    """The range at twice the limit that the zone names, or at more than any package draws."""
    zone("intel-rapl:0", "package-0", 5, limit=limit)
    assert processor_energy(tmp_path).wraps_within_seconds == pytest.approx(seconds, rel=1e-3)


def test_a_reading_that_is_denied_is_no_figure(zone, tmp_path, monkeypatch):
    denied = zone("intel-rapl:0", "package-0", 5)
    read = Path.read_text

    def refuse(self, *arguments, **named):
        if self == denied:
            raise PermissionError(13, "Permission denied", str(self))
        return read(self, *arguments, **named)

    monkeypatch.setattr(Path, "read_text", refuse)
    assert processor_energy(tmp_path) == NotMeasurable(
        f"{denied} may not be read: root alone may, or all after chmod a+r"
    )


@pytest.mark.parametrize("text", ["", "unknown\n"])
def test_a_file_without_a_number_is_no_figure(zone, tmp_path, text):
    zone("intel-rapl:0", "package-0", 5).write_text(text)
    assert "gives no number" in processor_energy(tmp_path).reason


def test_memory_alone_is_no_energy_of_the_work(zone, tmp_path):
    zone("intel-rapl:0:1", "dram", 200_000)
    assert isinstance(processor_energy(tmp_path), NotMeasurable)


def test_amd_energy_s_sockets_count_and_its_cores_are_part_of_them(tmp_path):
    driver = tmp_path / "hwmon/hwmon4"
    driver.mkdir(parents=True)
    (driver / "name").write_text("amd_energy\n")
    for number, (label, microjoules) in enumerate(
        [("Ecore000", 100), ("Esocket0", 2_000_000), ("Esocket1", 1_000_000)], 1
    ):
        (driver / f"energy{number}_label").write_text(label + "\n")
        (driver / f"energy{number}_input").write_text(f"{microjoules}\n")
    counter = processor_energy(tmp_path)
    assert (counter.read(), counter.wraps_within_seconds) == (pytest.approx(3.0), None)
    assert counter.source == "amd_energy: Esocket0, Esocket1"


def test_a_machine_without_counters_says_so(tmp_path):
    assert "no RAPL package" in processor_energy(tmp_path / "nothing").reason


def test_power_that_rises_evenly_is_integrated_exactly():
    now = [0.0]
    integral = PowerIntegral(lambda: 100 + 10 * now[0], lambda: now[0])
    for now[0] in (0.5, 2.0, 3.0):
        joules = integral.read()
    assert joules == pytest.approx(100 * 3 + 10 * 3**2 / 2)
