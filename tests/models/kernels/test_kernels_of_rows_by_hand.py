"""Softmax, layer normalisation, sorting, transforms, triad and copy: all that judges them, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from likeforlike.models.contract.change import Factors
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem, Verification
from likeforlike.models.kernels.copy import workload as copy
from likeforlike.models.kernels.fft import workload as fft
from likeforlike.models.kernels.layernorm import workload as layernorm
from likeforlike.models.kernels.softmax import workload as softmax
from likeforlike.models.kernels.sort import workload as sort
from likeforlike.models.kernels.triad import arrays
from likeforlike.models.kernels.triad import workload as triad

U64, U32, U16, UB16 = 2.0**-53, 2.0**-24, 2.0**-11, 2.0**-8
PLAIN = Kernel(call=lambda: None)
LN2, LN3 = math.log(2), math.log(3)


def precisely(value):
    """Without pytest's floor of 1e-12, below which all tolerances of float64 lie."""
    return pytest.approx(value, rel=1e-12, abs=0.0)


def problem_of(*operands, dtype="float64", axes=None):
    host = np.float64 if dtype == "float64" else np.float32
    return Problem(tuple(np.array(o, host) for o in operands), dtype, "cpu:0", axes or {})


def probe_of(workload, problem):
    """The workload's probe, of a result that is an array already."""
    made = workload.probe(problem.axes, problem, np.random.default_rng(0))
    return lambda result, factors: made(PLAIN, result, np.array(factors))


SOFTMAX_AXES = {"rows": 3, "columns": 8, "dtype": "float16"}


class TestSoftmax:
    @pytest.mark.parametrize(("dtype", "host"), [("float64", np.float64), ("bfloat16", np.float32)])
    def test_operands_are_drawn_from_2020_and_the_shape(self, dtype, host):
        found = softmax.problem({**SOFTMAX_AXES, "dtype": dtype}, "gpu:0")
        drawn = np.random.default_rng([2020, 3, 8]).standard_normal((3, 8)).astype(host)
        np.testing.assert_array_equal(found.operands, [drawn])
        assert (found.operands[0].dtype, found.dtype, found.device) == (host, dtype, "gpu:0")
        assert found.axes["rows"] == 3

    PROBLEM = problem_of([[0.0, LN2], [LN3, 0.0]], axes={"columns": 2})
    RIGHT = np.array([[1 / 3, 2 / 3], [3 / 4, 1 / 4]])

    def verified(self, problem, answer):
        return softmax.verify(problem.axes, problem, answer)

    def test_errors_are_relative_to_the_largest_of_their_row(self):
        """0.1 too much of 2/3, and of 3/4."""
        bound = softmax.tolerance("float64", 2)
        probed = probe_of(softmax, self.PROBLEM)(self.RIGHT, [1.0, 1.0])
        for found in (self.verified(self.PROBLEM, self.RIGHT), probed):
            assert found.error < 1e-15
            assert found.tolerance == bound
        assert self.verified(self.PROBLEM, np.add(self.RIGHT, [[0.1, 0], [0.1, 0]])).error == pytest.approx(
            0.15
        )
        assert self.verified(self.PROBLEM, self.RIGHT - [[0, 0], [0, 0.3]]).error == pytest.approx(0.4)
        for wrong in (self.RIGHT[:1], self.RIGHT[:, :1], None):
            assert self.verified(self.PROBLEM, wrong) == Verification(math.inf, bound)
            assert probe_of(softmax, self.PROBLEM)(wrong, [1.0, 1.0]) == Verification(math.inf, bound)

    def test_large_numbers_do_not_overflow(self):
        problem = problem_of([[800.0, 800.0 + LN2, 0.0]], axes={"columns": 3})
        assert self.verified(problem, [[1 / 3, 2 / 3, 0.0]]).error < 1e-12

    def test_a_probe_follows_factors_and_reads_by_the_kernel(self):
        """Half of ln 2: 1 to √2."""
        changed = np.array([[1, math.sqrt(2)], [3 / 4, 1 / 4]]) / [[1 + math.sqrt(2)], [1.0]]
        assert probe_of(softmax, self.PROBLEM)(changed, [0.5, 1.0]).error < 1e-15
        assert not probe_of(softmax, self.PROBLEM)(self.RIGHT, [0.5, 1.0]).ok
        probe = softmax.probe(self.PROBLEM.axes, self.PROBLEM, np.random.default_rng(0))
        doubled = Kernel(call=lambda: None, to_numpy=lambda result: result / 2)
        assert probe(doubled, 2 * changed, np.array([0.5, 1.0])).error < 1e-15

    def test_operands_are_rounded_as_the_kernel_s(self):
        """float16 takes 1 + 2⁻¹² for 1."""
        problem = problem_of([[1 + 2.0**-12, 1.0]], dtype="float16", axes={"columns": 2})
        assert self.verified(problem, [[0.5, 0.5]]).error == 0.0

    @pytest.mark.parametrize(
        ("dtype", "exponential", "unit", "sums"),
        [("float32", 2, U32, U32), ("float64", 2, 2 * U64, 2 * U64), ("bfloat16", 1, UB16, U32)],
    )
    def test_tolerance_of_sixteen_columns(self, dtype, exponential, unit, sums):
        units = 1 / math.e + exponential + exponential + 2 / math.sqrt(3) * math.sqrt(4 * LN2 / math.e) + 3
        assert softmax.tolerance(dtype, 16) == precisely(units * unit + 2 * (2 + 4) * sums)

    def test_counts(self):
        assert softmax.flop(SOFTMAX_AXES) == 3 * 24
        assert softmax.bytes_moved(SOFTMAX_AXES) == 2 * 24 * 2
        assert softmax.memory_bytes(SOFTMAX_AXES) == 24 * (2 * 4 + 6 * 2 + 2 * 4 + 80)
        assert softmax.memory_bytes({**SOFTMAX_AXES, "dtype": "float64"}) == 24 * (16 + 48 + 16 + 80)


LAYERNORM_AXES = {"rows": 3, "columns": 8, "dtype": "float16"}


class TestLayerNormalisation:
    @pytest.mark.parametrize(("dtype", "host"), [("float64", np.float64), ("bfloat16", np.float32)])
    def test_operands_are_drawn_from_2020_and_the_shape(self, dtype, host):
        found = layernorm.problem({**LAYERNORM_AXES, "dtype": dtype}, "gpu:0")
        draw = np.random.default_rng([2020, 3, 8])
        x, gain, bias = found.operands
        np.testing.assert_array_equal(x, (0.03125 + draw.random((3, 8)) * 0.125).astype(host))
        np.testing.assert_array_equal(gain, (0.5 + draw.random(8)).astype(host))
        np.testing.assert_array_equal(bias, (1.0 + draw.random(8)).astype(host))
        assert (x.dtype, found.dtype, found.device, found.axes["rows"]) == (host, dtype, "gpu:0", 3)

    def test_the_reference(self):
        """1, 3, 5 less 3, over √(8/3 + 1/1024), and a row that is all one number: its bias alone."""
        problem = problem_of([[1.0, 3.0, 5.0], [7.0, 7.0, 7.0]], [2.0, 3.0, 4.0], [10.0, 20.0, 30.0])
        over = 2 / math.sqrt(8 / 3 + 1 / 1024)
        expected = [[10 - 2 * over, 20.0, 30 + 4 * over], [10.0, 20.0, 30.0]]
        np.testing.assert_allclose(layernorm.reference(problem), expected, rtol=1e-14)
        assert layernorm.EPSILON == 1 / 1024

    @pytest.mark.parametrize(
        ("dtype", "by_hand"),
        [
            ("float32", (19 * 12 + 38) * U32),
            ("float64", (19 * 12 + 38) * 2 * U64),
            ("float16", (19 * 12 + 38) * U32 + U16),
            ("bfloat16", (19 * 12 + 38) * U32 + UB16),
        ],
    )
    def test_tolerance_of_sixteen_columns(self, dtype, by_hand):
        """A sum of 16 numbers is good to 2 (2 + 4) = 12 units."""
        axes = {"columns": 16, "dtype": dtype}
        assert layernorm.tolerance(axes) == precisely(by_hand)
        problem = problem_of(np.ones((2, 16)), np.ones(16), np.zeros(16), dtype=dtype, axes=axes)
        found = layernorm.WORKLOAD.verify(axes, problem, np.zeros((2, 16)))
        assert found == Verification(0.0, precisely(by_hand))

    def test_counts(self):
        assert layernorm.flop(LAYERNORM_AXES) == 7 * 24
        assert layernorm.bytes_moved(LAYERNORM_AXES) == (24 + 24 + 8 + 8) * 2
        assert layernorm.memory_bytes(LAYERNORM_AXES) == 40 * (2 * 4 + 6 * 2 + 3 * 4 + 80)
        assert layernorm.memory_bytes({**LAYERNORM_AXES, "dtype": "float64"}) == 40 * (16 + 48 + 24 + 80)


SORT_AXES = {"rows": 3, "numbers": 8, "dtype": "float16"}


class TestSorting:
    @pytest.mark.parametrize(("dtype", "host"), [("float64", np.float64), ("bfloat16", np.float32)])
    def test_operands_are_drawn_from_2020_and_the_shape(self, dtype, host):
        found = sort.problem({**SORT_AXES, "dtype": dtype}, "gpu:0")
        draw = np.random.default_rng([2020, 3, 8])
        magnitudes = np.exp2(draw.uniform(-8.0, 8.0, (3, 8)))
        negative = draw.random((3, 8)) < 0.5
        np.testing.assert_array_equal(found.operands[0], np.where(negative, -1, 1) * magnitudes.astype(host))
        assert (found.operands[0].dtype, found.dtype, found.device) == (host, dtype, "gpu:0")
        assert found.axes["rows"] == 3

    PROBLEM = problem_of([[3.0, -1.0, 2.0], [0.5, -4.0, 2.0]], dtype="float16")
    RIGHT = np.array([[-1.0, 2.0, 3.0], [-4.0, 0.5, 2.0]])

    def test_nothing_but_the_right_order_is_right(self):
        assert sort.verify({}, self.PROBLEM, self.RIGHT) == Verification(0.0, 0.0)
        # 3 and 2 in each other's place are off by 1, of 4
        assert sort.verify({}, self.PROBLEM, self.RIGHT[:, [0, 2, 1]]).error == 1.5 / 4
        assert sort.verify({}, self.PROBLEM, [[-1.0, 3.0, 2.0], [-4.0, 0.5, 2.0]]) == Verification(0.25, 0.0)
        for wrong in (self.RIGHT[:1], self.RIGHT[:, :2], None):
            assert sort.verify({}, self.PROBLEM, wrong) == Verification(math.inf, 0.0)

    def test_a_probe_follows_factors_and_reads_by_the_kernel(self):
        changed = self.RIGHT * [[0.5], [1.0]]
        assert probe_of(sort, self.PROBLEM)(changed, [0.5, 1.0]) == Verification(0.0, 0.0)
        assert not probe_of(sort, self.PROBLEM)(self.RIGHT, [0.5, 1.0]).ok
        probe = sort.probe({}, self.PROBLEM, np.random.default_rng(0))
        halved = Kernel(call=lambda: None, to_numpy=lambda result: result / 2)
        assert probe(halved, 2 * changed, np.array([0.5, 1.0])).error == 0.0

    def test_before_a_timed_call_every_row_is_written_anew(self):
        """A kernel that sorts a buffer of its own in place, as it did in the calls that woke the threads."""
        own = self.PROBLEM.operands[0]
        kept = own.copy()
        factors = Factors(len(own), sort.WORKLOAD.rows_alike, "float16", np.random.default_rng(1))
        kept.sort(axis=1)
        rows, told = factors.change_one()
        kept[rows] = own[rows] * told[:, np.newaxis]
        assert (np.diff(kept, axis=1) < 0).any(axis=1).all()

    def test_numbers_are_rounded_before_and_after_factors(self):
        """float16's spacing is 2⁻¹⁰ above 1 and 2⁻¹¹ below: 3/4 of 1 + 2⁻¹⁰ is 1537.5 of those, so 1538."""
        problem = problem_of([[1 + 2.0**-10 + 2.0**-13, 0.25]], dtype="float16")
        assert sort.verify({}, problem, [[0.25, 1 + 2.0**-10]]).ok
        assert probe_of(sort, problem)([[0.1875, 1538 / 2048]], [0.75]).ok

    def test_counts(self):
        assert sort.bytes_moved(SORT_AXES) == 2 * 24 * 2
        assert sort.memory_bytes(SORT_AXES) == 24 * (2 * 4 + 4 * 2 + 3 * (2 + 8) + 48)
        assert sort.memory_bytes({**SORT_AXES, "dtype": "float64"}) == 24 * (16 + 32 + 48 + 48)


FFT_AXES = {"rows": 3, "size": 8, "dtype": "float32"}


class TestTransforms:
    PROBLEM = problem_of([[1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 0.0, 0.0]], axes={"size": 4})
    RIGHT = np.array([[10, -2 + 2j, -2], [1, 1, 1]])

    @pytest.mark.parametrize(("dtype", "host"), [("float64", np.float64), ("float32", np.float32)])
    def test_operands_are_drawn_from_2020_and_the_shape(self, dtype, host):
        found = fft.problem({**FFT_AXES, "dtype": dtype}, "gpu:0")
        drawn = np.random.default_rng([2020, 3, 8]).standard_normal((3, 8)).astype(host)
        np.testing.assert_array_equal(found.operands, [drawn])
        assert (found.operands[0].dtype, found.dtype, found.device) == (host, dtype, "gpu:0")
        assert found.axes["size"] == 8

    def test_errors_are_relative_to_the_transform_of_their_row(self):
        """Off by 1 of √(100 + 8 + 4), and by 0.5 of √3."""
        bound = fft.tolerance("float64", 4)

        def verified(answer):
            return fft.verify({"size": 4}, self.PROBLEM, answer)

        assert verified(self.RIGHT) == Verification(pytest.approx(0.0, abs=1e-15), bound)
        assert verified(np.add(self.RIGHT, [[1, 0, 0], [0, 0, 0]])).error == pytest.approx(1 / math.sqrt(112))
        assert verified(np.add(self.RIGHT, [[1, 0, 0], [0, 0.5j, 0]])).error == pytest.approx(
            0.5 / math.sqrt(3)
        )
        for wrong in (self.RIGHT[:1], self.RIGHT[:, :2], None):
            assert verified(wrong) == Verification(math.inf, bound)

    @pytest.mark.parametrize(("dtype", "unit"), [("float64", U64), ("float32", U32)])
    def test_a_probe_follows_factors_within_one_more_rounding(self, dtype, unit):
        problem = problem_of(*self.PROBLEM.operands, dtype=dtype, axes={"size": 4})
        changed, factors = self.RIGHT * [[0.5], [1.0]], np.array([0.5, 1.0])
        found = probe_of(fft, problem)(changed, factors)
        assert found.error < 1e-15
        assert found.tolerance == precisely(fft.tolerance(dtype, 4) + unit)
        assert not probe_of(fft, problem)(self.RIGHT, factors).ok
        probe = fft.probe({"size": 4}, problem, np.random.default_rng(0))
        halved = Kernel(call=lambda: None, to_numpy=lambda result: result / 2)
        assert probe(halved, 2 * changed, factors).error < 1e-15

    @pytest.mark.parametrize(
        ("size", "levels"), [(2, 2), (64, 7), (60, 3 * (7 + 1)), (65, 3 * (8 + 1)), (63, 3 * (7 + 1))]
    )
    @pytest.mark.parametrize(("dtype", "unit"), [("float32", U32), ("float64", 2 * U64)])
    def test_tolerances_by_higham_s_theorem(self, dtype, unit, size, levels):
        """Levels of a power of two and one; else thrice those of the power of two above twice the size."""
        gamma = 4 * unit / (1 - 4 * unit)
        eta = unit + gamma * (math.sqrt(2) + unit)
        assert fft.tolerance(dtype, size) == precisely(levels * eta / (1 - levels * eta))

    def test_counts(self):
        """Of 8 numbers log₂ is 3; five complex ones are written."""
        assert fft.flop(FFT_AXES) == 2.5 * 3 * 8 * 3
        assert fft.bytes_moved(FFT_AXES) == 3 * (8 + 2 * 5) * 4
        assert fft.bytes_moved({**FFT_AXES, "size": 9}) == 3 * (9 + 2 * 5) * 4
        assert fft.memory_bytes(FFT_AXES) == 30 * (12 * 4 + 64)
        assert fft.memory_bytes({**FFT_AXES, "dtype": "float64"}) == 30 * (12 * 8 + 64)


class TestArrays:
    def test_rows_of_4096_numbers_fill_the_size(self):
        for dtype, rows in (("float64", 96), ("float32", 192), ("bfloat16", 384)):
            assert arrays.row_count({"mebibytes": 3, "dtype": dtype}) == rows
        assert arrays.COLUMNS == 4096

    @pytest.mark.parametrize(
        ("dtype", "rows", "host"), [("float64", 32, np.float64), ("float16", 128, np.float32)]
    )
    def test_they_are_drawn_from_2020_and_the_size(self, dtype, rows, host):
        axes, draw = {"mebibytes": 1, "dtype": dtype}, np.random.default_rng([2020, rows])
        b, c = (draw.integers(128, 256, (rows, 4096), dtype=np.uint8) / 256 for _ in range(2))
        of_triad, of_copy = triad.problem(axes, "gpu:0"), copy.problem(axes, "gpu:0")
        np.testing.assert_array_equal(of_triad.operands, (b, c / 4))
        np.testing.assert_array_equal(of_copy.operands, (b,))
        for found in (of_triad, of_copy):
            assert {operand.dtype for operand in found.operands} == {np.dtype(host)}
            assert (found.dtype, found.device, found.axes["mebibytes"]) == (dtype, "gpu:0", 1)

    @pytest.mark.parametrize(
        ("dtype", "unit"),
        [("float32", U32), ("float64", 2 * U64), ("bfloat16", UB16 + U32), ("float16", U16 + U32)],
    )
    def test_tolerances_of_roundings_one_after_the_other(self, dtype, unit):
        assert arrays.tolerance(dtype, 0) == 0.0
        assert arrays.tolerance(dtype, 1) == precisely(unit)
        assert arrays.tolerance(dtype, 3) == precisely(3 * unit + 3 * unit**2 + unit**3)

    def test_every_element_is_held_by_64_rows_at_a_time(self):
        """Of 130 rows of 2 one element off by a half: a quarter, wherever it is."""
        asked = []

        def expected(rows):
            asked.append((rows.start, rows.stop))
            return np.full((len(range(130)[rows]), 4096), 2.0)

        for place in ((0, 0), (63, 4095), (64, 0), (129, 4095)):
            for wrong in (2.5, 1.5):
                found = np.full((130, 4096), 2.0, np.float32)
                found[place] = wrong
                assert arrays.largest_error(found, 130, expected) == 0.25
        assert asked[:3] == [(0, 64), (64, 128), (128, 192)]
        found[place] = math.nan
        assert math.isnan(arrays.largest_error(found, 130, expected))
        for wrong in (found[:129], found[:, :4095], None):
            assert arrays.largest_error(wrong, 130, expected) == math.inf

    def test_memory(self):
        """131072 numbers of float64, 524288 of float16, whose operands are float32 on the host; and 16 MiB."""
        wide, narrow = {"mebibytes": 1, "dtype": "float64"}, {"mebibytes": 1, "dtype": "float16"}
        assert triad.memory_bytes(wide) == 131_072 * (3 * 8 + 7 * 8) + 16_777_216
        assert triad.memory_bytes(narrow) == 524_288 * (3 * 4 + 7 * 2) + 16_777_216
        assert copy.memory_bytes(wide) == 131_072 * (2 * 8 + 5 * 8) + 16_777_216
        assert copy.memory_bytes(narrow) == 524_288 * (2 * 4 + 5 * 2) + 16_777_216

    def test_counts(self):
        axes = {"mebibytes": 3, "dtype": "float16"}
        assert (triad.flop(axes), triad.bytes_moved(axes)) == (2 * 1_572_864, 9_437_184)
        assert copy.bytes_moved(axes) == 6_291_456


class TestTriadAndCopy:
    """Two rows: b is 1/2 and 3/4, c 1/8, so that a is 7/8 and 9/8; with half of the first row 5/8."""

    ROWS, C = np.repeat([[0.5], [0.75]], 4096, axis=1), np.full((2, 4096), 0.125)
    TRIAD, COPY = (problem_of(*operands, dtype="float32") for operands in ((ROWS, C), (ROWS,)))

    def test_a_triad_rounds_twice_and_once_more_after_a_change(self):
        right, changed = (np.repeat([[a], [1.125]], 4096, axis=1) for a in (0.875, 0.625))
        unit = U32
        assert triad.verify({}, self.TRIAD, right) == Verification(0.0, precisely(2 * unit + unit**2))
        found = probe_of(triad, self.TRIAD)(changed, [0.5, 1.0])
        assert found == Verification(0.0, precisely(3 * unit + 3 * unit**2 + unit**3))
        assert not probe_of(triad, self.TRIAD)(right, [0.5, 1.0]).ok
        right[1, 7] += 0.25
        assert triad.verify({}, self.TRIAD, right).error == pytest.approx(0.25 / 1.125)

    def test_a_copy_rounds_never_and_once_after_a_change(self):
        assert copy.verify({}, self.COPY, self.ROWS) == Verification(0.0, 0.0)
        changed = self.ROWS * [[0.5], [1.0]]
        assert probe_of(copy, self.COPY)(changed, [0.5, 1.0]) == Verification(0.0, precisely(U32))
        assert not probe_of(copy, self.COPY)(self.ROWS, [0.5, 1.0]).ok
        wrong = self.ROWS.copy()
        wrong[1, 7] += 0.25
        assert copy.verify({}, self.COPY, wrong) == Verification(pytest.approx(0.25 / 0.75), 0.0)

    @pytest.mark.parametrize("workload", [triad, copy])
    def test_a_probe_reads_by_the_kernel(self, workload):
        problem, right = (
            (self.TRIAD, [[0.875], [1.125]]) if workload is triad else (self.COPY, [[0.5], [0.75]])
        )
        probe = workload.probe({}, problem, np.random.default_rng(0))
        halved = Kernel(call=lambda: None, to_numpy=lambda result: result / 2)
        assert probe(halved, 2 * np.repeat(right, 4096, axis=1), np.ones(2)).error == 0.0
