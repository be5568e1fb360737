"""Copies of entrants and the neighbour beside them: what they are; nothing is timed or started."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from likeforlike.bench.studies.replication import copies
from likeforlike.bench.studies.staging import busy_neighbour
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.registry import load_registry


class Machine:
    """A clock that only the work moves: a call of 10 ms, a spin as long as it is told."""

    def __init__(self):
        self.now = 0.0
        self.seconds = 0.010
        self.spins = []

    def call(self):
        self.now += self.seconds / 2
        return "result"

    def wait(self, result):
        assert result == "result"
        self.now += self.seconds / 2

    def spin(self, seconds):
        self.spins.append(seconds)
        self.now += seconds


class TestCopies:
    def test_every_built_in_product_and_trainer_has_copies(self):
        registry = load_registry([copies.__name__])
        assert registry.faults == ()
        for workload in ("matmul", "training"):
            for entry in registry.of(workload):
                if entry.origin == "likeforlike" and entry.role != "floor":
                    copy = registry.find(workload, copies.copy_name(entry.name, copies.MOST_COPIES))
                    assert (copy.target, copy.division) == (entry.target, entry.division)
                    assert (copy.needs, copy.environment) == (entry.needs, entry.environment)

    def test_what_is_slower_is_the_kernel_and_a_spin_of_its_share(self):
        machine = Machine()
        work = copies.Slowed(Kernel(machine.call, machine.wait), 0.1, machine.spin, lambda: machine.now)
        for seconds in (0.010, 0.5, 0.001):
            machine.seconds, start = seconds, machine.now
            assert work() == "result"
            assert machine.now - start == pytest.approx(1.1 * seconds)

    def test_all_but_the_call_stays(self):
        kernel = Kernel(
            lambda: 1, upload=lambda: 2, download=lambda result: 3, device_of=lambda result: "cpu:0"
        )
        slower = copies.slowed(kernel, 5)
        changed = {name for name, value in vars(kernel).items() if vars(slower)[name] is not value}
        assert changed == {"call"}

    @pytest.mark.parametrize(("name", "share"), [("numpy-slower-5", 0.05), ("numpy-gated", 0.15)])
    def test_targets_load_as_a_worker_loads_them(self, monkeypatch, name, share):
        monkeypatch.setenv(copies.VARIABLE, "15")
        entry = load_registry([copies.__name__]).find("matmul", name)
        problem = SimpleNamespace(operands=(np.eye(3), np.full((3, 3), 2.0)))
        kernel = entry.load()(problem)
        assert kernel.call.share == pytest.approx(share)
        np.testing.assert_array_equal(kernel.call(), np.full((3, 3), 2.0))

    def test_gated_is_as_fast_as_its_original_unless_told(self, monkeypatch):
        monkeypatch.delenv(copies.VARIABLE, raising=False)
        entry = load_registry([copies.__name__]).find("matmul", "numpy-gated")
        assert entry.load()(SimpleNamespace(operands=(np.eye(2), np.eye(2)))).call.share == 0.0

    def test_nothing_else_is_an_attribute(self):
        assert not hasattr(copies, "no_such_thing")

    @pytest.mark.parametrize(
        ("name", "percent"),
        [
            ("numpy", 0),
            ("numpy-copy-3", 0),
            ("tf-eager-slower-5", 5),
            ("x-slower-10", 10),
            ("slower-much", 0),
        ],
    )
    def test_the_truth_stands_in_the_name(self, name, percent):
        assert copies.true_percent(name) == percent


class TestNeighbour:
    def spells(self, *options, seed=1, count=400):
        asked = busy_neighbour.arguments([str(seed), "7", *options])
        found = busy_neighbour.spells(asked)
        return [next(found) for _ in range(count)]

    def test_bursts_and_rests_of_seconds(self):
        spells = self.spells(*busy_neighbour.BURSTY)
        for times in zip(*spells, strict=True):
            assert 2.0 <= min(times) < 2.2
            assert 11.8 < max(times) <= 12.0
        assert spells == self.spells(*busy_neighbour.BURSTY)
        assert spells != self.spells(*busy_neighbour.BURSTY, seed=2)

    def test_a_share_of_the_time(self):
        busy, idle = (sum(times) for times in zip(*self.spells(*busy_neighbour.steady(0.25)), strict=True))
        assert busy / (busy + idle) == pytest.approx(0.25)

    @pytest.mark.parametrize(
        "options", [[], ["--on", "1", "2"], ["--share", "1", "--on", "1", "2", "--off", "1", "2"]]
    )
    def test_neither_or_both_is_no_neighbour(self, options, capsys):
        with pytest.raises(SystemExit) as ended:
            self.spells(*options)
        assert ended.value.code == 2
        assert "expected --share, or --on and --off" in capsys.readouterr().err
