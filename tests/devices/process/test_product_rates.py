"""The search for the best product rate, on a clock and products that are made up; and NumPy's real ones."""

from __future__ import annotations

import numpy as np
import pytest

from likeforlike.devices.process.product_rates import LEAST_CALLS, Stopwatch, best_rate, operands, products

SHAPES = ((10, 10, 10), (20, 20, 20), (40, 40, 40), (400, 400, 400))


class Machine:
    """Products take what a table of rates says; time stands still beside them."""

    def __init__(self, rates):
        self.rates = rates
        self.now = 0.0
        self.made = []
        self.calls = 0

    def clock(self):
        return self.now

    def make(self, shape):
        self.made.append(shape)
        flop = 2.0 * shape[0] * shape[1] * shape[2]
        rate = self.rates[shape]
        if rate is None:
            raise MemoryError

        def product():
            self.calls += 1
            self.now += flop / rate * (2.0 if self.calls % 3 else 1.0)  # every third call is undisturbed

        return product


def test_the_best_shape_s_fastest_call_counts():
    machine = Machine({SHAPES[0]: 1e6, SHAPES[1]: 3e6, SHAPES[2]: 2e6, SHAPES[3]: 2e6})
    rate, shape = best_rate(machine.make, SHAPES, 10.0, machine.clock)
    assert (rate, shape) == (pytest.approx(3e6), SHAPES[1])


def test_a_shape_that_would_take_too_long_is_left_out():
    machine = Machine(dict.fromkeys(SHAPES, 1e6))
    best_rate(machine.make, SHAPES, 1.0, machine.clock)
    assert machine.made == list(SHAPES[:3])
    assert machine.now < 3.0


def test_the_smallest_shape_is_called_however_slow():
    machine = Machine(dict.fromkeys(SHAPES, 1.0))
    assert best_rate(machine.make, SHAPES, 0.1, machine.clock) == (pytest.approx(1.0), SHAPES[0])
    assert machine.calls == 1 + LEAST_CALLS


def test_what_was_found_stands_when_a_shape_does_not_fit():
    machine = Machine({SHAPES[0]: 1e6, SHAPES[1]: None, SHAPES[2]: 9e6, SHAPES[3]: 9e6})
    assert best_rate(machine.make, SHAPES, 10.0, machine.clock) == (pytest.approx(1e6), SHAPES[0])
    assert best_rate(Machine(dict.fromkeys(SHAPES)).make, SHAPES, 10.0, machine.clock) is None


class TestStopwatch:
    """Compiling takes seconds a shape, and leaves the time for multiplying as it is."""

    def machine(self, compiling):
        machine = Machine(dict.fromkeys(SHAPES, 1e6))
        compiled = set()

        def make(shape):
            product = machine.make(shape)

            def call():
                if shape not in compiled:
                    compiled.add(shape)
                    machine.now += compiling
                product()

            return call

        return machine, make

    def test_every_shape_is_reached_however_long_it_is_compiled(self):
        machine, make = self.machine(5.0)
        watch = Stopwatch(100.0, machine.clock)
        best_rate(lambda shape: watch.prepared(make, shape), SHAPES[:3], 1.0, watch)
        assert machine.made == list(SHAPES[:3])
        assert watch() < 3.0
        assert machine.now > 15.0

    def test_compiling_without_end_counts_from_its_limit_on(self):
        machine, make = self.machine(5.0)
        watch = Stopwatch(6.0, machine.clock)
        best_rate(lambda shape: watch.prepared(make, shape), SHAPES, 1.0, watch)
        assert machine.made == list(SHAPES[:2])
        assert machine.now - watch() == pytest.approx(6.0)


def test_operands_are_normally_distributed_at_any_size():
    left, right = operands((30, 50, 20))
    assert (left.shape, right.shape, left.dtype) == ((30, 50), (50, 20), np.float32)
    large = operands((1100, 1100, 1))[0]
    assert abs(large.mean()) < 0.01
    assert large.std() == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_numpy_multiplies_at_its_two_precisions(precision):
    (make,) = products("numpy", "cpu:0", precision)
    assert make((4, 5, 6))().dtype == precision
    np.testing.assert_allclose(make((4, 5, 6))(), np.matmul(*operands((4, 5, 6))), rtol=1e-5)


@pytest.mark.parametrize(
    ("framework", "device", "precision"),
    [
        ("numpy", "cpu:0", "bfloat16"),
        ("numpy", "gpu:0", "float32"),
        ("numpy", "cpu:0", "tf32"),
        ("plug-in", "cpu:0", "float32"),
    ],
)
def test_what_a_framework_cannot_multiply_is_none(framework, device, precision):
    assert list(products(framework, device, precision)) == []
