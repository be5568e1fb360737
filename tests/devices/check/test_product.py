"""The best product against the ceiling: rates and machines that are made up."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import pytest

from likeforlike.devices.check.probes import product
from likeforlike.devices.check.rows import Place
from likeforlike.devices.process.measured_ceilings import Rate
from likeforlike.devices.vendors.device import Device

CPU = Device("cpu", 0, "a processor")
KNOWN = {"cpu": {"usable_cores": 2, "vector": "avx2", "hertz": 3e9, "max_hertz": 4e9}, "threads": 2}
CEILING = 2 * 4e9 * 32
"""Two cores at 4 GHz, two units of eight float32 multiply-adds a cycle."""


def rate(share, name=CPU.name, device="cpu:0"):
    return Rate(device, name, "float32", "numpy", share * CEILING, (1024, 1024, 1024))


@pytest.mark.parametrize(
    ("share", "verdict"), [(1.01, "bad"), (0.9, "good"), (0.31, "good"), (0.2, "warn"), (0.02, "bad")]
)
def test_above_and_far_below_the_ceiling_are_bad(share, verdict):
    row = product.row(Place("cpu:0"), CPU, KNOWN, [rate(share)])
    assert row.verdict == verdict
    assert f"{share * 100:.0f} % of the ceiling" in row.found
    assert "1024 x 1024 x 1024 by numpy" in row.found


def test_a_clock_that_is_not_known_asks_for_less():
    unknown = KNOWN | {"cpu": KNOWN["cpu"] | {"max_hertz": None}}
    row = product.row(Place("cpu:0"), CPU, unknown, [rate(0.2)])
    assert row.verdict == "good"
    assert "13 % of a ceiling by the highest clock sold" in row.found


def test_a_device_nobody_knows_and_no_product_at_all_are_not_measurable():
    board = Device("gpu", 0, "a board nobody knows")
    measured = [rate(0.5, board.name, "gpu:0")]
    assert product.row(Place("gpu:0"), board, KNOWN, measured).verdict == "not measurable"
    assert product.row(Place("cpu:0"), CPU, KNOWN, [rate(0.5, "another")]).verdict == "not measurable"


def test_what_was_kept_counts_and_a_slower_today_is_told():
    assert product.row(Place("cpu:0"), CPU, KNOWN, [], [rate(0.5)]).verdict == "good"
    assert product.row(Place("cpu:0"), CPU, KNOWN, [rate(0.4)], [rate(0.5)]).verdict == "good"
    row = product.row(Place("cpu:0"), CPU, KNOWN, [rate(0.1)], [rate(0.5)])
    assert (row.verdict, row.found) == ("warn", "25.6 GFLOP/s now, 128 GFLOP/s within the week")


def test_kept_rates_are_fresh_for_a_week(tmp_path):
    path = tmp_path / "kept.json"
    assert product.fresh_rates(path) == []
    path.write_text(json.dumps({"rates": [asdict(rate(0.5))]}))
    os.utime(path, (1e9, 1e9))
    assert product.fresh_rates(path, 1e9 + 6 * 86400) == [rate(0.5)]
    assert product.fresh_rates(path, 1e9 + 8 * 86400) == []


def test_a_real_product_becomes_a_rate():
    facts = json.loads(json.dumps(product.observe("numpy", "cpu:0", 0.01)))
    found = product.as_rate(CPU, "numpy", facts)
    assert found is not None
    assert (found.flop_per_second, list(found.shape)) == (facts["flop_per_second"], facts["shape"])
    assert product.as_rate(CPU, "numpy", {"flop_per_second": None, "shape": None}) is None
