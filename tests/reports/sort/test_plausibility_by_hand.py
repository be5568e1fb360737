"""Against which ceiling, best rate and series each measurement is held, and what is said of it."""

from __future__ import annotations

import pytest
from report_by_hand import cell, machine, measured, run_of

from likeforlike.reports.read.schema.cells import (
    Ceiling,
    MemoryCeiling,
    Plausible,
    ReachedBandwidth,
    ReachedRate,
)
from likeforlike.reports.sort.plausibility import judged_flop, precision_of, with_plausibility

HIGHEST = 163.4e12
"""FLOP/s in float32 of any device sold: what holds for a machine that nobody described."""
KNOWN = machine(
    "known",
    fingerprint={"cpu": {"usable_cores": 2, "vector": "avx2", "max_hertz": 1e9, "cache_bytes": 1_000_000}},
)


def judged(*items):
    return with_plausibility(list(items))


def one(*cells, **fields):
    """One measurement, judged alone; its cells' files have these fields."""
    (found,) = judged(measured(*(run_of(each, **fields) for each in cells)))
    return found


def rate(flop_per_second, source="s"):
    """What a file says was reached on its device."""
    return {"ceiling": Ceiling(flop_per_second=1e15, reached=ReachedRate(flop_per_second, source))}


def bandwidth(bytes_per_second, source="s"):
    return {"memory_ceiling": MemoryCeiling(reached=ReachedBandwidth(bytes_per_second, source))}


class TestCeilings:
    @pytest.mark.parametrize(
        ("dtype", "precision", "recipe", "found"),
        [
            ("float64", "tf32", "bfloat16", "float64"),
            (None, "tf32", "bfloat16", "tf32"),
            (None, None, "bfloat16", "bfloat16"),
            (None, None, None, "float32"),
            ("int8", "tf32", "bfloat16", "float32"),
        ],
    )
    def test_the_precision_is_that_of_the_axis_the_cell_or_the_recipe(self, dtype, precision, recipe, found):
        axes = {"size": 8} if dtype is None else {"dtype": dtype}
        told = None if recipe is None else {"precision": recipe}
        assert precision_of(cell(axes=axes, precision=precision, recipe=told).extra) == found

    def test_the_fewest_operations_count_where_they_are_told(self):
        counts = [cell(flop=4.0), cell(flop=4.0, fewest_flop=2.0), cell(flop=4.0, fewest_flop=0.0), cell()]
        assert [judged_flop(each.extra) for each in counts] == [4.0, 2.0, 0.0, None]

    def test_each_has_that_of_its_machine_device_and_precision(self):
        items = [
            measured(run_of(cell(axes={"dtype": dtype}, device=device), of=of))
            for of, device, dtype in (
                (machine(), "cpu:0", "float32"),
                (machine(), "cpu:0", "bfloat16"),
                (KNOWN, "cpu:0", "float32"),
                (KNOWN, "gpu:0", "float32"),
                (KNOWN, "cpu:0", "float64"),
            )
        ]
        highest, half, own, gpu, wide = (item.ceiling for item in judged(*items))
        assert (highest.flop_per_second, highest.of_device) == (HIGHEST, False)
        assert half.flop_per_second > 10 * HIGHEST
        assert own.of_device
        assert own.flop_per_second == 2 * wide.flop_per_second < 1e12
        assert gpu == highest

    def test_memory_is_looked_at_where_bytes_are_counted(self):
        assert one(cell()).memory is None
        known = one(cell(bytes_moved=8.0), of=KNOWN).memory
        assert (known.bytes_per_second, known.cache_bytes) == (8e12, 1e6)


class TestReached:
    def test_the_best_of_all_runs_of_a_place_the_first_of_equals(self):
        """A logical processor has the whole one; GPUs, precisions and machines have their own."""
        items = judged(
            measured(cell(**rate(2e9, "a")), cell(**rate(1e9, "b"))),
            measured(cell("jax", device="cpu:1", **rate(3e9, "c")), cell("jax", device="cpu:1")),
            measured(cell("torch", **rate(3e9, "d")), cell("torch", ceiling=Ceiling(flop_per_second=1e15))),
            measured(cell(device="gpu:0", **rate(9e9, "e"))),
            measured(cell(axes={"dtype": "float64"}, **rate(8e9, "f"))),
            measured(run_of(cell(**rate(7e9, "g")), of=KNOWN)),
            measured(cell(device="gpu:1")),
        )
        found = [item.reached and (item.reached.flop_per_second, item.reached.source) for item in items]
        assert found == [*[(3e9, "c")] * 3, (9e9, "e"), (8e9, "f"), (7e9, "g"), None]

    def test_the_best_bandwidth_of_a_device_whatever_the_precision(self):
        items = judged(
            measured(cell(**bandwidth(2e9, "a")), cell(**bandwidth(1e9, "b"))),
            measured(cell(device="cpu:1", axes={"dtype": "float64"}, **bandwidth(3e9, "c"))),
            measured(cell("torch", **bandwidth(3e9, "d")), cell("torch", memory_ceiling=MemoryCeiling())),
            measured(cell(device="gpu:0", **bandwidth(9e9, "e"))),
            measured(cell(device="gpu:1")),
        )
        found = [
            item.bandwidth and (item.bandwidth.bytes_per_second, item.bandwidth.source) for item in items
        ]
        assert found == [*[(3e9, "c")] * 3, (9e9, "e"), None]

    def test_above_the_best_is_suspicious_by_the_fastest_run(self):
        slow, fast = (cell(samples=(seconds,), flop=1.5e9, **rate(1e9)) for seconds in (4.0, 1.0))
        told = "implies 1.5 GFLOP/s, 50 % above the best measured here, 1 GFLOP/s (s)"
        assert one(slow, fast).suspicious == one(fast, slow).suspicious == told
        assert one(slow).suspicious == one(cell()).suspicious == ""

    def test_above_the_best_bandwidth_is_suspicious_too(self):
        """3 MB, one of which the caches may hold, in a millisecond are 2 GB/s."""
        busy = cell(samples=(1e-3,), bytes_moved=3e6, **bandwidth(1e9))
        assert one(busy, of=KNOWN).suspicious.startswith("implies 2 GB/s through memory")
        assert ", 100 % above the best measured here, 1 GB/s (s)" in one(busy, of=KNOWN).suspicious

    def test_what_can_t_be_true_is_not_suspicious_besides(self):
        marked = cell(samples=(1.0,), flop=1.5e9, plausible=Plausible(False, ("queued",)), **rate(1e9))
        assert (one(marked).implausible, one(marked).suspicious) == (("queued",), "")


class TestReasons:
    def test_the_fastest_run_is_held_against_the_ceiling(self):
        slow, fast = (cell(samples=(seconds,), flop=2 * HIGHEST) for seconds in (4.0, 1.0))
        for pair in ((slow, fast), (fast, slow)):
            (reason,) = one(*pair).implausible
            assert reason.startswith("implies 326.8 TFLOP/s, above the device's ceiling of 163.4 TFLOP/s")
        assert one(slow).implausible == ()

    def test_and_against_what_its_call_took_when_it_was_waited_for(self):
        """What is told of a call that was waited for besides says nothing."""
        told = {"samples": (0.25,), "synchronised_median_seconds": 1.0}
        (reason,) = one(cell(timing="unsynchronised", **told)).implausible
        assert reason.startswith("queueing time: 250 ms unsynchronised, 1 s synchronised; 75 %")
        assert one(cell(**told)).implausible == ()

    @pytest.mark.parametrize(
        ("said", "reasons"),
        [
            (Plausible(True, ("never mind",)), ()),
            (Plausible(False, ("queued", "odd")), ("queued", "odd")),
            (Plausible(False), ("marked implausible by its own run",)),
            (None, ()),
        ],
    )
    def test_what_a_run_says_against_itself_stands(self, said, reasons):
        assert one(cell(plausible=said)).implausible == reasons
        assert one(cell(), cell(plausible=said)).implausible == reasons

    def test_unless_its_figures_show_more(self):
        item = one(cell(samples=(1.0,), flop=2 * HIGHEST, plausible=Plausible(False, ("queued",))))
        assert len(item.implausible) == 1
        assert item.implausible[0].startswith("implies")


class TestFlatSeries:
    """At 0.6 of the ceiling: a hundred times the work in 1.25 times the time needs 59 ms more, and got 20."""

    POINTS = ((1e6, 1e-5), (9.8e10, 0.08), (1e12, 0.09), (9.8e12, 0.1), (9.8e14, 10.0))

    @staticmethod
    def series(points, name="numpy", **extra):
        return [
            measured(cell(name, (seconds,), {"size": number}, flop=flop, **extra))
            for number, (flop, seconds) in enumerate(points)
        ]

    @staticmethod
    def flat(items):
        found = judged(*items)
        told = [item.implausible[0] for item in found if item.implausible]
        assert all(text.startswith("time is nearly flat: 80 ms to 100 ms") for text in told)
        return [bool(item.implausible) for item in found]

    def test_all_between_its_ends_are_marked_and_none_beyond(self):
        assert self.flat(self.series(self.POINTS)) == [False, True, True, True, False]
        assert self.flat(self.series(self.POINTS)[::-1]) == [False, True, True, True, False]

    def test_two_points_are_a_series_and_one_is_none(self):
        assert self.flat(self.series((self.POINTS[1], self.POINTS[3]))) == [True, True]
        assert self.flat(self.series(self.POINTS[3:4])) == [False]

    def test_every_series_is_looked_at_by_itself(self):
        """One size alone, one that grows, one that does not, and one of other operations each."""
        alone = self.series(self.POINTS[:1], "alone")
        grows = self.series(self.POINTS[3:], "grows")
        flat = self.series(self.POINTS[1:4], "flat")
        split = [
            *self.series(self.POINTS[1:2], "split", device="cpu:0"),
            *self.series(self.POINTS[3:4], "split", device="cpu:1"),
        ]
        uncounted = self.series([(None, 0.08)], "flat", device="gpu:0")
        items = [*alone, *grows, *flat, *split, *uncounted]
        assert self.flat(items) == [False] * 3 + [True] * 3 + [False] * 3

    def test_other_axes_make_other_series(self):
        pair = (self.POINTS[1], self.POINTS[3])
        items = [
            measured(cell(samples=(seconds,), axes={"size": 1, "layout": n}, flop=flop))
            for n, (flop, seconds) in enumerate(pair)
        ]
        assert self.flat(items) == [False, False]

    def test_the_fewest_operations_are_what_grows(self):
        items = self.series((self.POINTS[1], self.POINTS[3]), fewest_flop=9.8e10)
        assert self.flat(items) == [False, False]
