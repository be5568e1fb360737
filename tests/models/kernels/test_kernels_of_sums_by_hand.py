"""Attention, convolution, rows of a table, products: operands, references, tolerances and memory by hand."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from likeforlike.models.contract.against_reference import widened_problem
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.kernels.attention import workload as attention
from likeforlike.models.kernels.conv2d import workload as conv2d
from likeforlike.models.kernels.embedding import workload as embedding
from likeforlike.models.kernels.gemm import workload as gemm
from likeforlike.models.kernels.random_sums import signed

U64, U32, UB16 = 2.0**-53, 2.0**-24, 2.0**-8
PLAIN = Kernel(call=lambda: None)
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def close(sums, values, squares):
    np.testing.assert_allclose(sums.values, values, **CLOSE)
    np.testing.assert_allclose(sums.spread, np.sqrt(squares), **CLOSE)


def held(workload, axes, problem, answer, factors):
    """An answer, and that of a changed first operand, each held by the workload's own check and probe."""
    shaped = factors.reshape(-1, *[1] * (answer.ndim - 1))
    probe = workload.probe(axes, problem, np.random.default_rng(0))
    return workload.verify(axes, problem, answer), probe(PLAIN, shaped * answer, factors)


ATTENTION_AXES = {"mask": "none", "batch": 2, "heads": 3, "sequence": 5, "width": 4, "dtype": "float64"}


class TestAttention:
    @pytest.mark.parametrize(("dtype", "host"), [("float64", np.float64), ("float16", np.float32)])
    def test_operands_are_drawn_from_2020_and_the_shape(self, dtype, host):
        draw = np.random.default_rng([2020, 2, 3, 5, 4])
        found = attention.problem({**ATTENTION_AXES, "dtype": dtype}, "gpu:0")
        values, queries, keys = found.operands
        np.testing.assert_array_equal(values, signed(draw, (2, 3, 5, 4), dtype))
        for operand in (queries, keys):
            np.testing.assert_array_equal(operand, draw.standard_normal((2, 3, 5, 4), dtype=host))
        assert (found.dtype, found.device, found.axes["heads"]) == (dtype, "gpu:0", 3)

    @pytest.mark.parametrize("mask", ["none", "causal"])
    @pytest.mark.parametrize("block", [2, 512])
    def test_the_reference_number_by_number(self, mask, block, monkeypatch):
        monkeypatch.setattr(attention, "_BLOCK_ROWS", block)
        axes = {**ATTENTION_AXES, "mask": mask, "dtype": "float32"}
        problem = attention.problem(axes, "cpu:0")
        wide = widened_problem(problem)
        values, queries, keys = wide.operands
        expected, squares = np.zeros(values.shape), np.zeros(values.shape)
        for b, h, q in product(range(2), range(3), range(5)):
            seen = range(q + 1) if mask == "causal" else range(5)
            scores = {k: sum(queries[b, h, q, i] * keys[b, h, k, i] for i in range(4)) / 2 for k in seen}
            likely = {k: math.exp(score) for k, score in scores.items()}
            for k, i in product(seen, range(4)):
                share = likely[k] / sum(likely.values()) * values[b, h, k, i]
                expected[b, h, q, i] += share
                squares[b, h, q, i] += share**2
        close(attention.reference(wide), expected, squares)
        for verification in held(attention.WORKLOAD, axes, problem, expected, np.array([0.5, 0.75])):
            assert verification.ok
            deviation = math.sqrt(attention.variance(axes))
            assert verification.tolerance == pytest.approx(2 * deviation, rel=1e-12, abs=0.0)
        assert not any(v.ok for v in held(attention.WORKLOAD, axes, problem, 1.01 * expected, np.ones(2)))

    def test_large_scores_do_not_overflow(self):
        """Scores 800, 799 and 0: weights e to 1 and nothing."""
        column = np.ones((1, 1, 3, 1))
        values = column * np.array([[1.0], [3.0], [7.0]])
        keys = column * np.array([[20.0], [19.975], [0.0]])
        axes = {**ATTENTION_AXES, "width": 1}
        found = attention.reference(Problem((values, 40 * column, keys), "float64", "cpu:0", axes))
        np.testing.assert_allclose(found.values[0, 0, :, 0], [(math.e + 3) / (math.e + 1)] * 3, rtol=1e-9)

    def test_scale_and_mask(self):
        problem = attention.problem(ATTENTION_AXES, "cpu:0")
        assert attention.scale(problem) == 0.5
        assert attention.with_mask(problem) is problem
        causal = attention.problem({**ATTENTION_AXES, "mask": "causal"}, "cpu:0")
        *own, mask = attention.with_mask(causal).operands
        assert all(a is b for a, b in zip(own, causal.operands, strict=True))
        assert mask.tolist() == [[key <= query for key in range(5)] for query in range(5)]

    @pytest.mark.parametrize(
        ("dtype", "by_hand"),
        [
            ("float32", (268 + 1 / 3 + 43) * U32**2 / 3),
            ("tf32", (268 + 1 / 3 + 43) * U32**2 / 3 + 4 / 1024**2),
            ("bfloat16", (268 + 1 / 3) * U32**2 / 3 + 43 * UB16**2 / 3),
            ("float64", 2 * (268 + 1 / 3 + 43) * U64**2 / 3),
        ],
    )
    def test_roundings_of_5_numbers_and_7_tokens(self, dtype, by_hand):
        """A score (5 + 3)/2 = 4, the exponential 16² = 256, the weights' sum 7/3, division 1, values' sum 5:
        268 1/3. Stored: 2 + 6² + 2 + 3 = 43.
        """
        axes = {"width": 5, "sequence": 7, "dtype": dtype}
        assert attention.variance(axes) == pytest.approx(by_hand, rel=1e-12, abs=0.0)

    def test_counts(self):
        """Of 2 · 3 · 5 · 4 = 120 numbers and 2 · 3 · 5² = 150 pairs, 15 of 25 of them seen with a mask."""
        assert attention.numbers(ATTENTION_AXES) == 120
        assert attention.flop(ATTENTION_AXES) == 4 * 150 * 4
        assert attention.flop({**ATTENTION_AXES, "mask": "causal"}) == 4 * 90 * 4
        assert attention.bytes_moved(ATTENTION_AXES) == 4 * 120 * 8

    def test_memory(self):
        """120 · (4 · 4 + 12 · 2) + 150 · (3 · 4 + 2 · 2) + 2 · 25, the check 56 · 120 + 24 · 25; of long ones a
        block of 512: 1000 · (4 + 12) · 8 + 10⁶ · (5 · 8 + 2) + 56 · 1000 + 24 · 512 · 1000.
        """
        assert attention.memory_bytes({**ATTENTION_AXES, "dtype": "float16"}) == 4800 + 2400 + 50 + 6720 + 600
        long = {"batch": 1, "heads": 1, "sequence": 1000, "width": 1, "dtype": "float64"}
        assert attention.memory_bytes(long) == 128_000 + 42_000_000 + 56_000 + 12_288_000


CONV2D_AXES = {"batch": 2, "size": 4, "channels": 2, "dtype": "float64"}


class TestConvolution:
    def test_operands_are_drawn_from_2020_and_the_shape(self):
        draw = np.random.default_rng([2020, 2, 4, 2])
        found = conv2d.problem({**CONV2D_AXES, "dtype": "bfloat16"}, "gpu:1")
        images, kernel = found.operands
        np.testing.assert_array_equal(images, signed(draw, (2, 4, 4, 2), "bfloat16"))
        np.testing.assert_array_equal(kernel, signed(draw, (3, 3, 2, 2), "bfloat16"))
        assert (found.dtype, found.device, found.axes["size"]) == ("bfloat16", "gpu:1", 4)

    def test_the_reference_number_by_number(self):
        axes = {**CONV2D_AXES, "dtype": "float32"}
        problem = conv2d.problem(axes, "cpu:0")
        wide = widened_problem(problem)
        images, kernel = wide.operands
        expected, squares = np.zeros((2, 4, 4, 2)), np.zeros((2, 4, 4, 2))
        for b, y, x, o, dy, dx, c in product(*map(range, (2, 4, 4, 2, 3, 3, 2))):
            if 0 <= y + dy - 1 < 4 and 0 <= x + dx - 1 < 4:
                share = images[b, y + dy - 1, x + dx - 1, c] * kernel[dy, dx, c, o]
                expected[b, y, x, o] += share
                squares[b, y, x, o] += share**2
        close(conv2d.reference(wide), expected, squares)
        for verification in held(conv2d.WORKLOAD, axes, problem, expected, np.array([0.5, 0.75])):
            assert verification.ok
            deviation = math.sqrt(conv2d.variance(axes))
            assert verification.tolerance == pytest.approx(2 * deviation, rel=1e-12, abs=0.0)
        assert not any(v.ok for v in held(conv2d.WORKLOAD, axes, problem, 1.01 * expected, np.ones(2)))

    @pytest.mark.parametrize(
        ("dtype", "by_hand"),
        [
            ("float32", (256 * 19 / 2 + 256 + 1) * U32**2 / 3),
            ("bfloat16", (256 * 19 / 2 + 256) * U32**2 / 3 + 4 * UB16**2 / 3),
        ],
    )
    def test_winograd_s_sums_of_18_products(self, dtype, by_hand):
        """A sum of 9 · 2 products costs 1 + 19/2 roundings, 16² times of it allowed for; and the result's."""
        assert conv2d.variance({"channels": 2, "dtype": dtype}) == pytest.approx(by_hand, rel=1e-12, abs=0.0)

    def test_counts(self):
        """Along a side of 4 pixels 3 · 4 - 2 = 10 places: 2 · 2 · 2² · 100; Winograd's does with 16 of 81."""
        assert conv2d.flop(CONV2D_AXES) == 1600
        assert conv2d.fewest_flop(CONV2D_AXES) == pytest.approx(1600 * 16 / 81, rel=1e-12, abs=0.0)
        assert conv2d.elements(CONV2D_AXES) == (64, 36)
        assert conv2d.bytes_moved(CONV2D_AXES) == (2 * 64 + 36) * 8

    def test_memory(self):
        """Of 2 · 5² · 3 = 150 numbers, 75 an image, and 81 in the kernel."""
        axes = {"batch": 2, "size": 5, "channels": 3, "dtype": "float16"}
        assert conv2d.memory_bytes(axes) == 150 * (11 * 4 + 6 * 2 + 4 * 8) + 75 * 144 + 81 * 64
        axes["dtype"] = "float64"
        assert conv2d.memory_bytes(axes) == 150 * (11 * 8 + 6 * 8 + 4 * 8) + 75 * 144 + 81 * 64


GATHER = {"what": "gather", "vocabulary": 3, "tokens": 4, "width": 2, "dtype": "float32"}
SCATTER = {"what": "scatter-add", "vocabulary": 4, "tokens": 3, "width": 2, "dtype": "float32"}


class TestRows:
    ROWS = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)

    def test_numbers_are_drawn_from_2020_and_the_shape_without_putting_back(self):
        for vocabulary, tokens, copies in ((10, 25, 4), (10, 40, 4), (10, 41, 5), (10, 55, 6), (7, 3, 4)):
            assert embedding.copies({"vocabulary": vocabulary, "tokens": tokens}) == copies
            every = np.tile(np.arange(vocabulary), copies)
            drawn = np.random.default_rng([2020, vocabulary, tokens]).permutation(every)[:tokens]
            np.testing.assert_array_equal(embedding.numbers(vocabulary, tokens), drawn)

    @pytest.mark.parametrize(("what", "rows"), [("gather", 10), ("scatter-add", 25)])
    def test_operands_are_drawn_from_2020_and_the_shape(self, what, rows):
        axes = {"what": what, "vocabulary": 10, "tokens": 25, "width": 4, "dtype": "float16"}
        found = embedding.problem(axes, "gpu:0")
        given, asked = found.operands
        drawn = signed(np.random.default_rng([2020, 10, 25, 4]), (rows, 4), "float16")
        np.testing.assert_array_equal(given, drawn)
        np.testing.assert_array_equal(asked, embedding.numbers(10, 25))
        assert (found.dtype, found.device, found.axes["what"]) == ("float16", "gpu:0", what)

    def test_rows_looked_up(self):
        problem = Problem((self.ROWS, np.array([2, 0, 2, 2])), "float32", "cpu:0", GATHER)
        right = np.array([[5.0, 6.0], [1.0, 2.0], [5.0, 6.0], [5.0, 6.0]])
        close(embedding.reference(problem), right, right**2)
        self.holds(GATHER, problem, right, 1.0)

    def test_rows_added_up(self):
        problem = Problem((self.ROWS, np.array([2, 0, 2])), "float32", "cpu:0", SCATTER)
        right = np.array([[3.0, 4.0], [0.0, 0.0], [6.0, 8.0], [0.0, 0.0]])
        squares = np.array([[9.0, 16.0], [0.0, 0.0], [1 + 25.0, 4 + 36.0], [0.0, 0.0]])
        close(embedding.reference(problem), right, squares)
        self.holds(SCATTER, problem, right, 1 + 1 + 5 / 2)

    def holds(self, axes, problem, right, roundings):
        """The check, and the probe with a factor that is read of the first row, since all have it."""
        factors = np.array([0.5, math.nan, math.nan])
        probe = embedding.probe(axes, problem, np.random.default_rng(0))
        bound = pytest.approx(2 * math.sqrt(roundings * U32**2 / 3), rel=1e-12, abs=0.0)
        halved = Kernel(call=lambda: None, to_numpy=lambda result: result / 2)
        for found in (
            embedding.verify(axes, problem, right),
            probe(PLAIN, right / 2, factors),
            probe(halved, right, factors),
        ):
            assert (found.error, found.tolerance) == (0.0, bound)
        assert not probe(PLAIN, right, factors).ok
        for place in np.ndindex(right.shape):
            wrong = right.copy()
            wrong[place] += 0.001
            assert not embedding.verify(axes, problem, wrong).ok
            assert not probe(PLAIN, wrong / 2, factors).ok

    def test_of_a_table_of_one_row(self):
        axes = {**GATHER, "vocabulary": 1, "tokens": 2}
        problem = Problem((self.ROWS[:1], np.array([0, 0])), "float32", "cpu:0", axes)
        probe = embedding.probe(axes, problem, np.random.default_rng(0))
        assert probe(PLAIN, np.array([[0.5, 1.0]] * 2), np.array([0.5])).error == 0.0

    @pytest.mark.parametrize(
        ("what", "dtype", "by_hand"),
        [
            ("gather", "float32", U32**2 / 3),
            ("gather", "float64", 2 * U64**2 / 3),
            ("scatter-add", "bfloat16", 5 * UB16**2 / 3),
            ("scatter-add", "float64", 10 * U64**2 / 3),
        ],
    )
    def test_roundings(self, what, dtype, by_hand):
        """25 tokens of 5 rows: five each at most, 1 + 6/2 roundings beside that of the factor."""
        axes = {"what": what, "vocabulary": 5, "tokens": 25, "dtype": dtype}
        assert embedding.variance(axes) == pytest.approx(by_hand, rel=1e-12, abs=0.0)

    def test_counts(self):
        axes = {"what": "gather", "vocabulary": 10, "tokens": 25, "width": 4, "dtype": "float16"}
        asked = len(set(embedding.numbers(10, 25).tolist()))
        assert embedding.flop(axes) is None
        assert embedding.bytes_moved(axes) == (25 + asked) * 4 * 2 + 4 * 25
        axes["what"] = "scatter-add"
        assert embedding.flop(axes) == 100
        assert embedding.bytes_moved(axes) == (25 + 10) * 4 * 2 + 4 * 25

    def test_memory(self):
        """40 numbers of a table, 100 of tokens; 10 · 4 row numbers to draw from, 25 drawn, four times."""
        axes = {"what": "gather", "vocabulary": 10, "tokens": 25, "width": 4, "dtype": "float16"}
        assert embedding.memory_bytes(axes) == 10 * 140 + 8 * (800 + 400) + 16 * (40 + 100)
        axes["what"] = "scatter-add"
        assert embedding.memory_bytes(axes) == 10 * 140 + 8 * (800 + 160) + 16 * (40 + 100)
        axes["dtype"] = "float64"
        assert embedding.memory_bytes(axes) == 32 * 140 + 8 * (800 + 160) + 16 * (40 + 100)


GEMM_AXES = {"batch": 3, "m": 2, "k": 5, "n": 4, "dtype": "float64"}


class TestProducts:
    @pytest.mark.parametrize("batch", [1, 2, 3])
    def test_operands_are_drawn_from_2020_and_the_shape(self, batch):
        draw, several = np.random.default_rng([2020, batch, 2, 5, 4]), (batch,) if batch > 1 else ()
        found = gemm.problem({**GEMM_AXES, "batch": batch, "dtype": "float16"}, "gpu:0")
        left, right = found.operands
        np.testing.assert_array_equal(left, signed(draw, (*several, 2, 5), "float16"))
        np.testing.assert_array_equal(right, signed(draw, (*several, 5, 4), "float16"))
        assert (found.dtype, found.device, found.axes["k"]) == ("float16", "gpu:0", 5)

    @pytest.mark.parametrize("batch", [1, 3])
    def test_the_reference_number_by_number(self, batch):
        axes = {**GEMM_AXES, "batch": batch, "dtype": "float32"}
        problem = gemm.problem(axes, "cpu:0")
        wide = widened_problem(problem)
        left, right = (operand.reshape(batch, *operand.shape[-2:]) for operand in wide.operands)
        expected, squares = np.zeros((batch, 2, 4)), np.zeros((batch, 2, 4))
        for b, row, k, column in product(range(batch), range(2), range(5), range(4)):
            share = left[b, row, k] * right[b, k, column]
            expected[b, row, column] += share
            squares[b, row, column] += share**2
        if batch == 1:
            expected, squares = expected[0], squares[0]
        close(gemm.reference(wide), expected, squares)
        factors = np.linspace(0.5, 1.0, len(expected))
        for verification in held(gemm.WORKLOAD, axes, problem, expected, factors):
            assert verification.ok
            # 1 + 6/2 of the sum, and its own rounding
            assert verification.tolerance == pytest.approx(2 * math.sqrt(5 * U32**2 / 3), rel=1e-12, abs=0.0)
        assert not any(v.ok for v in held(gemm.WORKLOAD, axes, problem, 1.01 * expected, factors))

    def test_counts(self):
        assert gemm.flop(GEMM_AXES) == 2 * 3 * 2 * 5 * 4
        assert gemm.elements(GEMM_AXES) == (3 * (10 + 20), 3 * 8)
        assert gemm.bytes_moved(GEMM_AXES) == (90 + 24) * 8

    @pytest.mark.parametrize(
        ("dtype", "by_hand"),
        [
            ("float64", (8 + 24 + 16) * 90 + (8 + 16 + 32) * 24),
            ("float32", (4 + 12 + 16) * 90 + (4 + 8 + 32) * 24),
            ("float16", (4 + 6 + 16) * 90 + (4 + 4 + 32) * 24 + 4 * 114),
        ],
    )
    def test_memory(self, dtype, by_hand):
        assert gemm.memory_bytes({**GEMM_AXES, "dtype": dtype}) == by_hand
