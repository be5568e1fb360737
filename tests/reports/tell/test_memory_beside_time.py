"""Peak memory, the host's and the device's, in every table that has the time of single cells."""

from __future__ import annotations

import itertools

import pytest
import report_samples as samples

from likeforlike.reports.read.files import read_named
from likeforlike.reports.tell.report import build_report

BYTES = itertools.count(2**30, 2**20)
ROOFS = {
    "bytes_moved": 1.2e7,
    "memory_ceiling": {
        "cache_bytes": 2**25,
        "reached": {"bytes_per_second": 2e10, "source": "a = b + 3 c"},
    },
    "launch_cost": {"back_to_back": {"seconds": [9e-6, 1e-5], "calls": 500}},
}
TABLES = {
    "products": "{} peak memory",
    "matmul-implementations": "peak memory",
    "launch-cost": "peak memory",
    "roofline": "peak memory",
    "ladder": "peak memory",
    "scaling": "peak memory",
    "jacobian": "peak memory",
    "eigen": "peak memory",
}
"""By name, each with its column for the memory of a device's cells."""


def divided(noise):
    """A data-parallel training with one worker and with two."""
    for workers in (1, 2):
        cell = samples.training("keras-fit", samples.RECIPE, 0, noise, 4.0 / workers, 9)
        axes = {"recipe": "matched", "strategy": "mirrored", "workers": workers}
        told = {"workload": "distributed", "axes": axes, "group": "distributed", "cell": f"d-{workers}"}
        cell["extra_info"] |= told
        yield cell | {"name": f"test_cell[d-{workers}]"}


def report_of(tmp_path, known):
    document = samples.quick_run(gpu=True, with_ladder=True)
    document["benchmarks"] += divided(samples.Noise(3))
    told = {}
    for cell in document["benchmarks"]:
        extra = cell["extra_info"]
        extra |= ROOFS if extra["workload"] == "matmul" else {}
        memory = {"peak_memory_bytes": next(BYTES) if known else None}
        if extra["device"].startswith("gpu"):
            memory["device_peak_memory_bytes"] = next(BYTES) if known else None
        extra |= memory
        told[extra["device"], extra["implementation"], str(extra["axes"].get("size"))] = memory
    path = samples.write(tmp_path / "r.json", document)
    return {table.name: table for table in build_report([read_named(str(path))]).tables}, told


@pytest.fixture(scope="module")
def with_memory(tmp_path_factory):
    return report_of(tmp_path_factory.mktemp("with"), known=True)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_its_memory(with_memory, name):
    tables, _ = with_memory
    column = tables[name].columns.index(TABLES[name].format("cpu:0"))
    for row in tables[name].rows:
        assert row.entries[column].text.endswith(" MiB"), row


@pytest.mark.parametrize(
    ("device", "what", "field"),
    [
        ("cpu:0", "peak memory", "peak_memory_bytes"),
        ("gpu:0", "peak memory", "peak_memory_bytes"),
        ("gpu:0", "peak device memory", "device_peak_memory_bytes"),
    ],
)
def test_beside_the_rates_each_device_has_its_own(with_memory, device, what, field):
    tables, told = with_memory
    table = tables["products"]
    name, size = table.columns.index("implementation"), table.columns.index("size")
    column = table.columns.index(f"{device} {what}")
    assert "cpu:0 peak device memory" not in table.columns
    found = {
        (device, row.entries[name].text, row.entries[size].text.replace(",", "")): row.entries[column].value
        for row in table.rows
    }
    known = {place: memory[field] for place, memory in told.items() if place in found}
    assert known
    assert {place: found[place] for place in known} == known


def test_where_nothing_is_known_of_it_these_tables_are_as_they_were(tmp_path):
    tables, _ = report_of(tmp_path, known=False)
    for name in ("products", "launch-cost", "roofline", "ladder", "scaling"):
        assert not [column for column in tables[name].columns if "memory" in column]
