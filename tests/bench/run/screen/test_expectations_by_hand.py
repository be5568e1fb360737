"""What parts are expected to take, and what experience makes of it, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from made_up_plan import WORKLOAD, kernel, training

from likeforlike.bench.run.screen import expectations
from likeforlike.bench.run.screen.expectations import (
    Evidence,
    Expectation,
    Experience,
    expect,
    start_seconds,
)
from likeforlike.models.contract.training.recipe import MATCHED

RATES = {("cpu:0", "float32"): 1e9, ("gpu:1", "float32"): 1e12}
COUNTED = replace(WORKLOAD, flop=lambda axes: 1e6)


def plan() -> Any:
    """Ten steps of training in batches of 64, and three of validation, a third of which count."""
    options, context = SimpleNamespace(samples=(640, 192)), SimpleNamespace(fingerprint={"a": "machine"})
    return SimpleNamespace(options=options, threads=2, context=context)


@pytest.fixture(autouse=True)
def ceiling(monkeypatch) -> SimpleNamespace:
    """That of every device, of which it is told which it was."""
    found = SimpleNamespace(flop_per_second=1e11, of_device=True, asked=[])

    def device_ceiling(fingerprint, device, precision):
        assert fingerprint == {"a": "machine"}
        found.asked.append((device, precision))
        return found if found.flop_per_second else None

    monkeypatch.setattr(expectations, "device_ceiling", device_ceiling)
    return found


class TestKernels:
    def test_every_figure(self):
        """1e6 operations at 1e9 a second, and a tenth of a millisecond besides."""
        cell = kernel("a", axes=(("size", 500), ("dtype", "float32")), declared=COUNTED)
        kind = ("made-up", "cpu:0", "a", "500 float32")
        assert expect(cell, plan(), RATES) == Expectation(
            kind, "numpy", pytest.approx(1.1e-3), 0.01, 0.0, None, 0.0, False
        )

    def test_of_work_that_nobody_counted_it_is_a_guess(self):
        found = expect(kernel("a"), plan(), RATES)
        assert (found.unit_seconds, found.guessed) == (1e-3, True)

    @pytest.mark.parametrize(
        ("framework", "division", "compiling"),
        [
            ("numpy", "default", 0.0),
            ("torch", "default", 0.2),
            ("jax", "default", 2.0),
            ("tensorflow", "default", 0.8),
            ("another", "default", 1.0),
            ("numpy", "tuned", 0.0),
            ("torch", "tuned", 15.0),
            ("jax", "tuned", 3.0),
            ("tensorflow", "tuned", 3.0),
            ("another", "tuned", 1.0),
        ],
    )
    def test_compiling_takes_a_share_of_what_a_step_s_takes(self, framework, division, compiling):
        entrant = {"framework": framework, "division": division}
        share = 0.03 if division == "default" else 0.2
        found = expect(kernel("a", entrant=entrant, declared=COUNTED), plan())
        assert found.set_up_seconds == pytest.approx(0.01 + share * compiling)
        assert found.framework == framework
        found = expect(training(entrant=entrant), plan())
        assert found.compile_seconds == compiling
        assert found.proof_seconds == pytest.approx(2.0 + 2.0 * compiling)


class TestRates:
    def call(self, device: str, rates: Any = RATES) -> float:
        """Seconds of the million operations alone."""
        return expect(kernel("a", device=device, declared=COUNTED), plan(), rates).unit_seconds - 1e-4

    def test_a_logical_processor_has_the_whole_one_s_and_a_gpu_its_own(self, ceiling):
        assert self.call("cpu:1") == pytest.approx(1e-3)
        assert self.call("gpu:1") == pytest.approx(1e-6)
        assert ceiling.asked == []

    def test_unmeasured_a_processor_reaches_a_quarter_of_its_ceiling_and_a_gpu_more(self, ceiling):
        assert self.call("cpu:0", None) == pytest.approx(1e6 / 0.27e11)
        assert self.call("gpu:0") == pytest.approx(1e6 / 0.6e11)
        assert self.call("npu:0") == pytest.approx(1e6 / 0.5e11)
        assert ceiling.asked == [("cpu:0", "float32"), ("gpu:0", "float32"), ("npu:0", "float32")]

    @pytest.mark.parametrize("known", [{"of_device": False}, {"flop_per_second": 0.0}])
    def test_of_an_unknown_one_each_thread_reaches_as_much(self, ceiling, known):
        vars(ceiling).update(known)
        assert self.call("gpu:0") == pytest.approx(1e6 / 1e11)  # two threads of 5e10


class TestTrainings:
    def declared(self, flop: Any) -> Any:
        return replace(WORKLOAD, kind="task", task=SimpleNamespace(flop=flop))

    def epoch(self, rates: Any = RATES, flop: Any = None, **more: Any) -> float:
        declared = WORKLOAD if flop is None else self.declared(flop)
        return expect(training(declared=declared, **more), plan(), rates).unit_seconds

    def test_every_figure(self):
        cell = training(declared=self.declared(lambda recipe, samples: 1e6 * samples))
        # 640 and a third of 192 million operations at 1e9 a second, and 10 + 3 / 3 steps of 2.7 ms
        assert expect(cell, plan(), RATES) == Expectation(
            ("made-up", "cpu:0", "t", "0"), "numpy", pytest.approx(0.704 + 0.0297), 0.6, 0.0, 7, 2.0, False
        )

    def test_steps_of_loops_of_each_kind(self):
        assert self.epoch() == pytest.approx(11 * 2.7e-3)
        assert self.epoch(entrant={"division": "tuned"}) == pytest.approx(11 * 0.5e-3)
        assert self.epoch(name="eager-loop") == pytest.approx(11 * 17e-3)
        eager = replace(MATCHED, execution="eager")
        assert self.epoch(recipe=eager, entrant={"division": "tuned"}) == pytest.approx(11 * 17e-3)

    def test_of_products_in_the_precision_of_the_recipe(self, ceiling):
        mixed = replace(MATCHED, precision="mixed")
        self.epoch(recipe=mixed, flop=lambda recipe, samples: 1.0)
        assert ceiling.asked == [("cpu:0", "bfloat16")]

    def test_what_nobody_counted_adds_nothing(self):
        slow = {("cpu:0", "float32"): 1.0}
        assert self.epoch(slow, lambda recipe, samples: None) == pytest.approx(11 * 2.7e-3)
        assert self.epoch(slow) == pytest.approx(11 * 2.7e-3)

    def test_a_floor_proves_nothing_afterwards(self):
        assert expect(training(entrant={"role": "floor"}), plan()).proof_seconds == 0.0


class TestStart:
    @pytest.mark.parametrize(
        ("framework", "seconds"),
        [("numpy", 0.25), ("torch", 2.0), ("jax", 0.8), ("tensorflow", 3.3), ("another", 2.0)],
    )
    def test_one_alone_takes_what_its_import_takes(self, framework, seconds):
        assert start_seconds([framework], 2) == seconds

    @pytest.mark.parametrize(("cores", "seconds"), [(0, 1.55), (1, 1.55), (2, 0.8), (3, 0.8)])
    def test_together_no_less_than_the_slowest_nor_than_the_cores_can_do(self, cores, seconds):
        """0.8 and three times a quarter are 1.55."""
        found = start_seconds(["numpy", "jax", "numpy", "numpy"], cores)
        assert found == pytest.approx(seconds)

    def test_cores_share_them(self):
        assert start_seconds(["numpy"] * 6, 2) == 0.75

    def test_nobody_takes_no_time(self):
        assert start_seconds([], 2) == 0.0


def levels(*own: tuple[float, float]) -> list[float]:
    """The estimate at each level of a path, from weight and weighted logarithm; the prior weighs 0.3."""
    found, above = [], 0.0
    for weight, logarithm in own:
        above = (logarithm + 0.3 * above) / (weight + 0.3)
        found.append(math.exp(above))
    return found


class TestExperience:
    def seen(self, *evidence: Evidence) -> Experience:
        known = Experience()
        for each in evidence:
            known.add(each)
        return known

    def test_without_any_it_is_what_was_expected(self):
        assert Experience().seconds(("a", "b"), 3.0) == 3.0

    def test_each_level_is_drawn_towards_the_one_above(self):
        """Twice as long as expected: ln 2 / 1.3 at the top, and less far from ln 2 at each further level."""
        known, two = self.seen(Evidence(("a", "b"), 1.0, 2.0)), math.log(2)
        top, middle, own = levels((1.0, two), (1.0, two), (1.0, two))
        assert top == pytest.approx(2 ** (1 / 1.3))
        assert known.seconds(("a", "b"), 3.0) == pytest.approx(3.0 * own)
        assert known.seconds(("a", "c"), 3.0) == pytest.approx(3.0 * middle)
        assert known.seconds(("d", "b"), 3.0) == pytest.approx(3.0 * top)
        assert known.seconds(("a", "b", "c"), 1.0) == pytest.approx(own)

    def test_what_is_short_says_less_of_others_than_of_itself(self):
        """A quarter of a second: half of what is long enough to tell."""
        known, two = self.seen(Evidence(("a",), 0.25, 0.5)), math.log(2)
        top, own = levels((0.5, two / 2), (1.0, two))
        assert (known.seconds(("b",), 1.0), known.seconds(("a",), 1.0)) == pytest.approx((top, own))

    def test_what_is_longer_than_that_says_no_more(self):
        known, longer = (self.seen(Evidence(("a",), each, 2 * each)) for each in (0.5, 50.0))
        assert known.seconds(("b",), 1.0) == pytest.approx(longer.seconds(("b",), 1.0))
        assert known.seconds(("b",), 1.0) == pytest.approx(2 ** (1 / 1.3))

    @pytest.mark.parametrize("sign", [1, -1])
    def test_of_others_nothing_is_said_beyond_five_times(self, sign):
        ten, five = sign * math.log(10), sign * math.log(5)
        known = self.seen(Evidence(("a",), 1.0, 10.0**sign))
        top, own = levels((1.0, five), (1.0, ten))
        assert (known.seconds(("b",), 1.0), known.seconds(("a",), 1.0)) == pytest.approx((top, own))
        within = self.seen(Evidence(("a",), 1.0, 4.0**sign))
        (top,) = levels((1.0, sign * math.log(4)))
        assert within.seconds(("b",), 1.0) == pytest.approx(top)

    def test_what_weighs_less_counts_less(self):
        known = self.seen(Evidence(("a",), 1.0, 2.0, 0.5), Evidence(("a",), 1.0, 4.0))
        # half of ln 2 and all of ln 4
        weighed = (1.5, 2.5 * math.log(2))
        assert known.seconds(("a",), 1.0) == pytest.approx(levels(weighed, weighed)[1])

    def test_what_is_apart_tells_of_its_own_workload_alone(self):
        known, two = self.seen(Evidence(("call", "mine", "x"), 1.0, 2.0, apart=True)), math.log(2)
        assert known.seconds(("call", "theirs", "x"), 1.0) == 1.0
        assert known.seconds(("call",), 1.0) == 1.0
        middle, own = levels((1.0, two), (1.0, two))
        assert known.seconds(("call", "mine"), 1.0) == pytest.approx(middle)
        assert known.seconds(("call", "mine", "x"), 1.0) == pytest.approx(own)

    def test_what_is_taken_back_leaves_no_trace(self):
        known, seen = Experience(), Evidence(("a",), 0.2, 7.0, 0.4)
        known.add(seen)
        known.add(seen, -1)
        assert known.seconds(("a",), 1.0) == pytest.approx(1.0)

    @pytest.mark.parametrize(("expected", "seconds"), [(0.0, 1.0), (1.0, 0.0), (-1.0, 1.0), (0.0, 0.0)])
    def test_what_takes_no_time_tells_nothing(self, expected, seconds):
        assert self.seen(Evidence(("a",), expected, seconds)).seconds(("a",), 1.0) == 1.0
