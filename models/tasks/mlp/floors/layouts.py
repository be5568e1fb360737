"""The products of one batch, in the layouts in which trainers hold the two kernels.

Forward and backward take five products. Each is fed by the one before it, so that no compiler can move one
out of the loop; there is no activation, no loss and no update between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from likeforlike.models.tasks.mlp.weight_layout import HALF


class Operations(Protocol):
    """A library's product of two matrices, either of them transposed first."""

    def product(
        self, left: Any, right: Any, *, left_transposed: bool = False, right_transposed: bool = False
    ) -> Any:
        """``left @ right``."""
        ...

    def add_product(self, total: Any, left: Any, right: Any) -> Any:
        """``total + left @ right``; may change ``total``."""
        ...


@dataclass(frozen=True)
class Layout:
    """How the kernels lie in memory, and the products of one batch over them."""

    name: str
    laid_out: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, ...]]
    """From the kernels [784, 512] and [512, 10] to the arrays that are multiplied."""
    products: Callable[[Operations, Any, Sequence[Any]], tuple[Any, ...]]
    """``products(operations, batch [n, 784], arrays)``: the arrays' gradients, but for the loss."""
    gathered: Callable[[Sequence[np.ndarray]], tuple[np.ndarray, np.ndarray]]
    """From gradients in this layout to [784, 512] and [512, 10]."""


def _plain(operations: Operations, batch: Any, kernels: Sequence[Any]) -> tuple[Any, ...]:
    first, second = kernels
    product = operations.product
    hidden = product(batch, first)
    logits = product(hidden, second)
    d_hidden = product(logits, second, right_transposed=True)
    return product(batch, d_hidden, left_transposed=True), product(hidden, logits, left_transposed=True)


def _transposed(operations: Operations, batch: Any, kernels: Sequence[Any]) -> tuple[Any, ...]:
    first, output = kernels
    product = operations.product
    hidden = product(batch, first)
    logits = product(hidden, output, right_transposed=True)
    d_hidden = product(logits, output)
    return product(batch, d_hidden, left_transposed=True), product(logits, hidden, left_transposed=True)


def _halves(operations: Operations, batch: Any, kernels: Sequence[Any]) -> tuple[Any, ...]:
    upper, lower, output = kernels
    product = operations.product
    left, right = batch[:, :HALF], batch[:, HALF:]
    hidden = operations.add_product(product(left, upper), right, lower)
    logits = product(hidden, output, right_transposed=True)
    d_hidden = product(logits, output)
    gradients = [product(half, d_hidden, left_transposed=True) for half in (left, right)]
    return (*gradients, product(logits, hidden, left_transposed=True))


LAYOUTS = (
    Layout("plain", lambda first, second: (first, second), _plain, lambda found: (found[0], found[1])),
    Layout(
        "output transposed",
        lambda first, second: (first, np.ascontiguousarray(second.T)),
        _transposed,
        lambda found: (found[0], found[1].T),
    ),
    Layout(
        "hidden in halves, output transposed",
        lambda first, second: (first[:HALF], first[HALF:], np.ascontiguousarray(second.T)),
        _halves,
        lambda found: (np.concatenate(found[:2]), found[2].T),
    ),
)
"""That of the ordinary loops, and what the tuned trainers make of it in one step and in two."""
