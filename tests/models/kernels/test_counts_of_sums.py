"""Operations and bytes of attention, convolution, rows of a table and products, counted one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from likeforlike.models.kernels.attention import workload as attention
from likeforlike.models.kernels.conv2d import workload as conv2d
from likeforlike.models.kernels.embedding import workload as embedding
from likeforlike.models.kernels.gemm import workload as gemm


@pytest.mark.parametrize("mask", ["none", "causal"])
def test_attention(mask):
    axes = {"mask": mask, "batch": 2, "heads": 3, "sequence": 5, "width": 4, "dtype": "bfloat16"}
    operations = 0
    for query, key in product(range(5), range(5)):
        if mask == "none" or key <= query:
            operations += 2 * 3 * (2 * 4 + 2 * 4)  # a score, and its weight times a value
    assert attention.flop(axes) == operations
    assert attention.bytes_moved(axes) == 4 * (2 * 3 * 5 * 4) * 2


@pytest.mark.parametrize("size", [1, 2, 5])
def test_convolution_meets_no_padding(size):
    axes = {"batch": 2, "size": size, "channels": 3, "dtype": "float32"}
    operations = 0
    for y, x, dy, dx in product(range(size), range(size), (-1, 0, 1), (-1, 0, 1)):
        if 0 <= y + dy < size and 0 <= x + dx < size:
            operations += 2 * 2 * 3 * 3
    assert conv2d.flop(axes) == operations
    assert conv2d.bytes_moved(axes) == (2 * 2 * size**2 * 3 + 9 * 3 * 3) * 4


def test_rows_of_a_table():
    axes = {"what": "gather", "vocabulary": 10, "tokens": 25, "width": 4, "dtype": "float16"}
    asked = embedding.problem(axes, "cpu:0").operands[1]
    assert embedding.flop(axes) is None
    assert embedding.bytes_moved(axes) == (25 + len(set(asked.tolist()))) * 4 * 2 + 25 * 4
    axes = {**axes, "what": "scatter-add"}
    assert embedding.flop(axes) == 25 * 4
    assert embedding.bytes_moved(axes) == (25 + 10) * 4 * 2 + 25 * 4
    np.testing.assert_array_equal(embedding.problem(axes, "cpu:0").operands[1], asked)


@pytest.mark.parametrize(
    ("vocabulary", "tokens", "most"), [(10, 25, 4), (10, 40, 4), (10, 55, 6), (1000, 300, 4)]
)
def test_no_row_comes_more_often_than_is_allowed_for(vocabulary, tokens, most):
    asked = embedding.numbers(vocabulary, tokens)
    counts = np.bincount(asked, minlength=vocabulary)
    assert len(asked) == tokens
    assert len(counts) == vocabulary
    assert 2 <= counts.max() <= most == embedding.copies({"vocabulary": vocabulary, "tokens": tokens})


def test_products():
    axes = {"batch": 3, "m": 2, "k": 5, "n": 4, "dtype": "float64"}
    assert gemm.flop(axes) == sum(2 for _ in product(range(3), range(2), range(5), range(4)))
    assert gemm.bytes_moved(axes) == 3 * (2 * 5 + 5 * 4 + 2 * 4) * 8
    assert [o.shape for o in gemm.problem(axes, "cpu:0").operands] == [(3, 2, 5), (3, 5, 4)]
    alone = gemm.problem({**axes, "batch": 1}, "cpu:0")
    assert [o.shape for o in alone.operands] == [(2, 5), (5, 4)]
