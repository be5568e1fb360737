"""The layout of the parameters in which XLA trains fastest: hidden kernel in two, output kernel transposed.

Adam reads and writes each half three times, and finds it in the processor's caches the second time. The
transposed output kernel spares two of its three products a transposition; `docs/speed.md` has figures.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.training.trainer import Parameters

HALF = 392
"""Rows of the hidden kernel's upper half, and the images' columns that meet them."""


def laid_out(parameters: Parameters) -> dict[str, np.ndarray]:
    """``upper`` and ``lower`` [392, 512], ``output`` [10, 512], and the biases that there are."""
    kernel = parameters.hidden_kernel
    arrays = {"upper": kernel[:HALF], "lower": kernel[HALF:], "output": parameters.output_kernel.T}
    biases = {"hidden_bias": parameters.hidden_bias, "output_bias": parameters.output_bias}
    return arrays | {name: bias for name, bias in biases.items() if bias is not None}


def gathered(arrays: Mapping[str, np.ndarray]) -> Parameters:
    """The reverse of :func:`laid_out`, in arrays of its own."""
    copies = {name: np.array(array) for name, array in arrays.items()}
    kernel = np.concatenate([copies.pop("upper"), copies.pop("lower")])
    return Parameters.of({**copies, "hidden_kernel": kernel, "output_kernel": copies.pop("output").T.copy()})
