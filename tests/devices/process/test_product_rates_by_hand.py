"""The search for the best product, second by second; frameworks' products on stand-ins of frameworks."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from likeforlike.devices.process import product_rates
from likeforlike.devices.process.product_rates import (
    Stopwatch,
    best_rate,
    fastest_call,
    host_bytes,
    operands,
    products,
)


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self, now=100.0):
        self.now = now

    def __call__(self):
        return self.now

    def taking(self, *seconds):
        """Work that takes so long, call after call; the last for all that follow."""
        left = list(seconds)

        def work():
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return work


class TestBestRate:
    @pytest.fixture
    def search(self, monkeypatch):
        """A search of 9 seconds; of each shape its fastest call is told, and how long finding it takes."""
        clock, told = Clock(), SimpleNamespace(made=[], shares=[])

        def fastest(product, share, used):
            assert used is clock
            told.shares.append(share)
            clock.now += product[1]
            return product[0]

        def searched(shapes):
            def make(shape):
                told.made.append(shape)
                if shapes[shape] is None:
                    raise MemoryError
                return shapes[shape]

            return best_rate(make, tuple(shapes), 9.0, clock)

        monkeypatch.setattr(product_rates, "fastest_call", fastest)
        return searched, told

    def test_what_is_left_is_shared_equally(self, search):
        """2 operations in 1/64 s are 128 a second; 60 in 0.5 s are 120, 48 in 1/4 s are 192."""
        searched, told = search
        found = searched({(1, 1, 1): (1 / 64, 3.0), (2, 3, 5): (0.5, 2.0), (2, 3, 4): (1 / 4, 1.0)})
        assert found == (192.0, (2, 3, 4))
        assert told.shares == [3.0, 3.0, 4.0]

    @pytest.mark.parametrize(("columns", "called"), [(4, True), (5, False)])
    def test_three_calls_at_the_best_rate_may_take_twice_the_share(self, search, columns, called):
        """At 128 a second 2 · 8 · 4 · 4 operations take 2 s, three times that 6: twice the 3 that are left."""
        searched, told = search
        searched({(1, 1, 1): (1 / 64, 6.0), (8, 4, columns): (10.0, 1.0)})
        assert (told.made == [(1, 1, 1), (8, 4, columns)]) is called

    def test_a_later_smaller_shape_is_tried_all_the_same(self, search):
        searched, told = search
        found = searched({(1, 1, 1): (1 / 64, 3.0), (100, 100, 100): (1.0, 1.0), (1, 1, 2): (1 / 64, 1.0)})
        assert told.made == [(1, 1, 1), (1, 1, 2)]
        assert found == (256.0, (1, 1, 2))

    def test_when_the_time_is_over_nothing_more_is_tried(self, search):
        searched, told = search
        assert searched({(1, 1, 1): (1 / 64, 10.0), (1, 1, 2): (1 / 64, 1.0)}) == (128.0, (1, 1, 1))
        assert told.made == [(1, 1, 1)]

    def test_of_two_as_fast_the_first_counts(self, search):
        searched, _ = search
        assert searched({(1, 1, 2): (1 / 32, 1.0), (1, 2, 1): (1 / 32, 1.0)}) == (128.0, (1, 1, 2))

    def test_a_call_in_no_time_has_no_rate(self, search):
        searched, told = search
        assert searched({(1, 1, 1): (0.0, 1.0), (1, 1, 2): (1 / 32, 1.0), (1, 2, 2): (0.0, 1.0)}) == (
            128.0,
            (1, 1, 2),
        )
        assert len(told.made) == 3

    def test_a_shape_that_raises_ends_the_search(self, search):
        searched, told = search
        shapes = {(1, 1, 1): (1 / 64, 1.0), (1, 1, 2): None, (1, 2, 2): (1 / 64, 1.0)}
        assert searched(shapes) == (128.0, (1, 1, 1))
        assert told.made == [(1, 1, 1), (1, 1, 2)]
        assert searched({(1, 1, 1): None, (1, 1, 2): (1 / 64, 1.0)}) is None

    def test_no_shape_has_no_rate(self, search):
        assert search[0]({}) is None


class TestFastestCall:
    @pytest.mark.parametrize(("seconds", "calls"), [(0.0, 3), (3.0, 3), (4.0, 4), (4.5, 5)])
    def test_three_at_least_and_as_many_as_begin_in_time_after_one_that_is_not_timed(self, seconds, calls):
        clock = Clock()
        begin = clock.now
        assert fastest_call(clock.taking(8.0, 1.0), seconds, clock) == 1.0
        assert clock.now - begin == 8.0 + calls

    def test_it_is_the_fastest(self):
        clock = Clock()
        assert fastest_call(clock.taking(0.25, 2.0, 0.5, 1.0), 0.0, clock) == 0.5


class TestStopwatch:
    def test_it_stands_still_while_products_are_made_and_first_called(self):
        clock = Clock()
        watch = Stopwatch(6.0, clock)
        assert watch() == 100.0

        def make(shape):
            assert shape == (1, 2, 3)
            clock.now += 1.0
            return clock.taking(1.5, 0.25)

        product = watch.prepared(make, (1, 2, 3))
        assert (clock.now, watch()) == (102.5, 100.0)
        product()
        assert watch() == 100.25

    def test_beyond_its_limit_it_goes_on(self):
        clock = Clock()
        watch = Stopwatch(6.0, clock)
        for seconds, shown in ((5.0, 100.0), (5.0, 104.0), (5.0, 109.0)):
            watch.prepared(lambda shape, seconds=seconds: clock.taking(seconds), (1, 1, 1))
            assert watch() == shown


def test_shapes_searched():
    k = 1024
    assert (
        (k // 2,) * 3,
        (k,) * 3,
        (k, 4 * k, k),
        (2 * k,) * 3,
        (2 * k, 4 * k, 2 * k),
        (4 * k,) * 3,
    ) == product_rates.CPU_SHAPES
    assert (
        (2 * k,) * 3,
        (4 * k,) * 3,
        (4 * k, 8 * k, 4 * k),
        (8 * k,) * 3,
        (8 * k, 16 * k, 8 * k),
        (16 * k,) * 3,
    ) == product_rates.GPU_SHAPES
    assert (product_rates.LEAST_CALLS, product_rates.PREPARING_SHARE) == (3, 8.0)


def test_operands_are_drawn_from_the_shape_and_repeated():
    """2²⁰ numbers of 4100 · 257: the right operand has them from the last one on."""
    shape = (4100, 257, 3)
    drawn = np.random.default_rng(shape).standard_normal(1_048_576, np.float32)
    left, right = operands(shape)
    np.testing.assert_array_equal(left.ravel()[:1_048_576], drawn)
    np.testing.assert_array_equal(left.ravel()[1_048_576:], drawn[: 4100 * 257 - 1_048_576])
    np.testing.assert_array_equal(right.ravel(), drawn[-1 : -257 * 3 - 1 : -1])


@pytest.mark.parametrize(
    ("precision", "needed"),
    [
        # 2 x 3 and 3 x 4 are 18 numbers: drawn in 4 bytes, and twice at their own width; the result has 8
        ("float64", 18 * (4 + 16) + 8 * 8),
        ("float32", 18 * (4 + 8) + 8 * 4),
        ("tf32", 18 * (4 + 8) + 8 * 4),
        ("bfloat16", 18 * (4 + 4) + 8 * 2),
        ("float16", 18 * (4 + 4) + 8 * 2),
    ],
)
def test_no_operands_are_made_that_the_host_can_t_hold(precision, needed):
    """Nine tenths of what is free may be taken; of 424, 248 and 160 bytes the least that do are plain."""
    assert host_bytes((2, 3, 4), precision) == needed
    least = {424: 472, 248: 276, 160: 178}[needed]
    left, right = operands((2, 3, 4), precision, lambda: least)
    assert (left.shape, right.shape) == ((2, 3), (3, 4))
    with pytest.raises(MemoryError, match="too little memory is free for a product of 2 x 3 x 4"):
        operands((2, 3, 4), precision, lambda: least - 1)


@pytest.mark.parametrize(("framework", "precision"), [("numpy", "float64"), ("torch", "float16")])
def test_operands_are_made_for_the_precision_they_are_multiplied_at(framework, precision, monkeypatch):
    asked = []

    def made(*told):
        asked.append(told)
        raise MemoryError

    monkeypatch.setattr(product_rates, "operands", made)
    torch = SimpleNamespace(device=lambda *told: told, float16="of 16")
    monkeypatch.setitem(sys.modules, "torch", torch)
    (make,) = products(framework, "cpu:0", precision)
    with pytest.raises(MemoryError):
        make((2, 3, 4))
    assert asked == [((2, 3, 4), precision)]


@pytest.mark.parametrize("framework", ["torch", "jax", "tensorflow"])
def test_tf32_is_a_gpu_s(framework, monkeypatch):
    monkeypatch.setattr(product_rates, f"_{framework}", lambda *asked: iter([asked]))
    assert list(products(framework, "cpu:0", "tf32")) == []
    assert list(products(framework, "gpu:1", "tf32")) == [("gpu:1", "tf32")]
    assert list(products(framework, "cpu:0", "bfloat16")) == [("cpu:0", "bfloat16")]
    assert list(products("plug-in", "gpu:0", "float32")) == []


@pytest.mark.parametrize(
    ("device", "precision", "ways"),
    [("cpu:0", "float64", 1), ("cpu:0", "float32", 1), ("cpu:0", "float16", 0), ("gpu:0", "float32", 0)],
)
def test_numpy_multiplies_two_precisions_on_the_processor(device, precision, ways):
    found = list(products("numpy", device, precision))
    assert len(found) == ways
    for make in found:
        left, right = operands((4, 5, 6))
        result = make((4, 5, 6))()
        assert (result.shape, result.dtype) == ((4, 6), precision)
        np.testing.assert_allclose(result, left.astype(float) @ right.astype(float), rtol=1e-4, atol=1e-5)


class Moved:
    """A matrix on a device of a framework that is none."""

    def __init__(self, matrix, told=()):
        self.matrix, self.told = matrix, told

    def to(self, *told):
        return Moved(self.matrix, told)


def test_torch_waits_for_a_gpu_after_each_product(monkeypatch):
    log = []
    torch = SimpleNamespace(
        device=lambda kind, number=None: (kind, number),
        float32="of 32",
        float16="of 16",
        from_numpy=Moved,
        matmul=lambda left, right: log.append((left.told, right.told, left.matrix.shape, right.matrix.shape)),
        cuda=SimpleNamespace(synchronize=lambda device: log.append(device)),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    for place, precision, device, dtype in (
        ("gpu:2", "tf32", ("cuda", 2), "of 32"),
        ("gpu:2", "float16", ("cuda", 2), "of 16"),
        ("cpu:0", "float32", ("cpu", None), "of 32"),
    ):
        (make,) = products("torch", place, precision)
        product = make((2, 3, 4))
        log.clear()
        product()
        multiplied = ((device, dtype), (device, dtype), (2, 3), (3, 4))
        assert log == [multiplied, *([device] if place == "gpu:2" else [])]


def test_jax_waits_for_each_product(monkeypatch):
    log = []
    numpy = SimpleNamespace(float32=np.float32, dtype=np.dtype, matmul=np.matmul)
    jax = SimpleNamespace(
        devices=lambda kind: [f"{kind} {number}" for number in range(3)],
        jit=lambda work: work,
        device_put=lambda matrices, device: log.append(device) or matrices,
        block_until_ready=lambda result: log.append((result.shape, result.dtype)),
        numpy=numpy,
    )
    monkeypatch.setitem(sys.modules, "jax", jax)
    monkeypatch.setitem(sys.modules, "jax.numpy", numpy)
    for place, precision, dtype in (
        ("gpu:1", "tf32", np.float32),
        ("gpu:1", "float64", np.float64),
        ("cpu:0", "float32", np.float32),
    ):
        (make,) = products("jax", place, precision)
        product = make((2, 3, 4))
        assert log == [place.replace(":", " ")]
        product()
        assert log[1:] == [((2, 4), dtype)]
        log.clear()


def test_tensorflow_multiplies_eagerly_and_compiled_and_waits_for_a_gpu(monkeypatch):
    log = []

    class Device:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            log.append(self.name)

        def __exit__(self, *error):
            pass

    def matmul(left, right):
        log.append((left.told, right.told))

    def function(work, jit_compile):
        return lambda *given: (log.append(("compiled", jit_compile)), work(*given))

    tensorflow = SimpleNamespace(
        float32="of 32",
        as_dtype=lambda name: f"as {name}",
        device=Device,
        cast=lambda matrix, dtype: Moved(matrix, dtype),
        matmul=matmul,
        function=function,
        test=SimpleNamespace(experimental=SimpleNamespace(sync_devices=lambda: log.append("waited"))),
    )
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    for place, precision, dtype in (("gpu:0", "tf32", "of 32"), ("cpu:0", "bfloat16", "as bfloat16")):
        eager, compiled = products("tensorflow", place, precision)
        for make, before in ((eager, []), (compiled, [("compiled", True)])):
            product = make((2, 3, 4))
            assert log == [place.upper()]
            log.clear()
            product()
            assert log == [*before, (dtype, dtype), *(["waited"] if place == "gpu:0" else [])]
            log.clear()
