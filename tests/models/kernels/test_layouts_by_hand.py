"""Operands in another order of axes, and the answer back in the workload's."""

from __future__ import annotations

import numpy as np
import pytest

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.kernels.layouts import answering, arranged

FIRST = np.arange(24.0).reshape(2, 3, 4)
SECOND = np.arange(6.0).reshape(2, 3)


def test_each_operand_has_its_own_order_and_lies_in_it():
    problem = Problem((FIRST, SECOND), "float32", "gpu:0", {"size": 3})
    found = arranged(problem, ((0, 2, 1), (1, 0)))
    first, second = found.operands
    assert (first.shape, second.shape) == ((2, 4, 3), (3, 2))
    for i, j, k in np.ndindex(FIRST.shape):
        assert first[i, k, j] == FIRST[i, j, k]
    assert second.tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    assert all(operand.flags.c_contiguous for operand in found.operands)
    assert (found.dtype, found.device, found.axes) == ("float32", "gpu:0", {"size": 3})
    assert problem.operands[0] is FIRST


def test_an_order_is_told_for_every_operand():
    with pytest.raises(ValueError, match="zip"):
        arranged(Problem((FIRST, SECOND), "float32", "cpu:0"), ((0, 2, 1),))


def test_the_answer_alone_is_put_into_an_order():
    kernel = Kernel(call=lambda: FIRST, to_numpy=lambda result: result + 1, wait=print)
    found = answering(kernel, (0, 2, 1))
    assert found.call() is FIRST
    answer = found.to_numpy(FIRST)
    assert answer.shape == (2, 4, 3)
    for i, j, k in np.ndindex(FIRST.shape):
        assert answer[i, k, j] == FIRST[i, j, k] + 1
    assert found.wait is print
