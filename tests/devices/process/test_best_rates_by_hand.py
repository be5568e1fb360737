"""The process that measures a framework: what it prints, and how its seconds are divided."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from likeforlike.devices.process import best_rates
from likeforlike.devices.process.product_rates import CPU_SHAPES, GPU_SHAPES


@pytest.fixture
def process(monkeypatch, capsys):
    """Run it for a framework whose products and memory are told; what it prints, and what was set and asked."""
    log = []

    def configure(*told):
        log.append(("configure", *told))

    def run(device, *precisions, complaint=None, products=None, memory=None):
        log.clear()
        monkeypatch.setattr(best_rates.sys, "argv", ["it", "torch", device, "3", "0.5", *precisions])
        monkeypatch.setattr(best_rates, "end_with_parent", lambda pid: log.append("ends with its parent"))
        monkeypatch.setattr(
            best_rates, "runtime", lambda name: SimpleNamespace(name=name, configure=configure)
        )
        monkeypatch.setattr(best_rates, "gpu_complaint", lambda switches, place: complaint)
        monkeypatch.setattr(best_rates, "bandwidth", lambda *told: log.append(told) or memory)
        monkeypatch.setattr(best_rates, "_best_product", lambda *told: log.append(told) or products)
        best_rates.main()
        return json.loads(capsys.readouterr().out), list(log)

    return run


def test_each_precision_is_set_and_measured(process):
    product, memory = {"flop_per_second": 1.0, "shape": [1, 2, 3]}, {"bytes_per_second": 2.0}
    found, log = process("cpu:0", "float64", "memory", "tf32", products=product, memory=memory)
    assert found == {"float64": product, "memory": memory, "tf32": product}
    assert log == [
        "ends with its parent",
        ("configure", "cpu:0", 3, "float64"),
        ("torch", "cpu:0", "float64", 0.5),
        ("configure", "cpu:0", 3, "float32"),
        ("torch", "cpu:0", 3, 0.5),
        ("configure", "cpu:0", 3, "tf32"),
        ("torch", "cpu:0", "tf32", 0.5),
    ]


def test_what_could_not_be_measured_is_left_out(process):
    found, _ = process("cpu:0", "float32", "memory", memory={"bytes_per_second": 2.0})
    assert found == {"memory": {"bytes_per_second": 2.0}}


def test_where_the_framework_does_not_see_the_gpu_nothing_more_is_measured(process):
    found, log = process(
        "gpu:0", "float32", "float64", complaint="it sees none", products={"flop_per_second": 1.0}
    )
    assert found == {}
    assert log == ["ends with its parent", ("configure", "gpu:0", 3, "float32")]


class TestBestProduct:
    @pytest.fixture
    def search(self, monkeypatch):
        """A search whose ways have the rates told; the shapes, seconds and limits it was asked with."""
        asked = []

        def best(make, shapes, seconds, watch):
            assert make.func == watch.prepared
            asked.append((shapes, seconds, watch._most))
            return make.args[0]

        def searched(device, *rates):
            def products(*told):
                assert told == ("torch", device, "float32")
                return iter(rates)

            monkeypatch.setattr(best_rates, "products", products)
            monkeypatch.setattr(best_rates, "best_rate", best)
            return best_rates._best_product("torch", device, "float32", 0.5)

        return searched, asked

    def test_its_ways_share_the_seconds_and_eight_times_as_many_to_prepare(self, search):
        searched, asked = search
        found = searched("cpu:0", (1.0, (1, 2, 3)), (3.0, (4, 5, 6)), None, (2.0, (7, 8, 9)))
        assert found == {"flop_per_second": 3.0, "shape": [4, 5, 6]}
        assert asked == [(CPU_SHAPES, 0.125, 1.0)] * 4

    def test_a_gpu_has_shapes_of_its_own(self, search):
        searched, asked = search
        assert searched("gpu:0", (1.0, (1, 2, 3))) == {"flop_per_second": 1.0, "shape": [1, 2, 3]}
        assert asked == [(GPU_SHAPES, 0.5, 4.0)]

    def test_without_a_way_or_a_rate_there_is_none(self, search):
        searched, _ = search
        assert searched("cpu:0") is None
        assert searched("cpu:0", None) is None
