"""The layout of the parameters in which XLA trains fastest: hidden kernel in two, output kernel transposed.

Adam reads and writes each half three times, and finds it in the processor's caches the second time. The
transposed output kernel spares two of its three products a transposition.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from likeforlike.models.contract.training.trainer import Parameters

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
    kernel = np.concatenate([arrays["upper"], arrays["lower"]])
    biases = {name: np.array(arrays[name]) for name in ("hidden_bias", "output_bias") if name in arrays}
    return Parameters.of({"hidden_kernel": kernel, "output_kernel": arrays["output"].T.copy(), **biases})
