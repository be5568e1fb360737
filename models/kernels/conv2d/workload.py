"""Convolution of images with 3 × 3 kernels, as networks do it: stride 1, padded with zeros, not flipped.

out[b, y, x, o] = Σ over dy, dx in -1..1 and c of images[b, y + dy, x + dx, c] kernel[dy + 1, dx + 1, c, o]:
what the frameworks call convolution is correlation, and so is this.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.problem import Axes, Problem
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.kernels.precision_modes import BYTES, PRODUCT_MODES, host_bytes
from likeforlike.models.kernels.random_sums import Sums, accumulation, probe, product_variance, signed, verify

SIDE = 3
_SEED = 2020
_FAST_ALGORITHM = 16.0


def flop(axes: Axes) -> float:
    """Of the direct algorithm, 2 for each product of a number within the image: 2 B C² (3 s - 2)².

    Along a side of s pixels the kernel's three places meet 3 s - 2 pixels; the others are padding.
    """
    return 2.0 * axes["batch"] * axes["channels"] ** 2 * (SIDE * axes["size"] - 2) ** 2


def fewest_flop(axes: Axes) -> float:
    """Of Winograd's algorithm for 6 × 6 pixels at once, 64 multiplications instead of 324.

    Lavin and Gray 2016, "Fast algorithms for convolutional neural networks"; larger ones round too much.
    """
    return flop(axes) * 64.0 / 324.0


def elements(axes: Axes) -> tuple[int, int]:
    """Numbers in the images (as many as in the result), and in the kernel."""
    channels = axes["channels"]
    return axes["batch"] * axes["size"] ** 2 * channels, SIDE**2 * channels**2


def bytes_moved(axes: Axes) -> float:
    """Images and kernel read, the result written."""
    images, kernel = elements(axes)
    return float((2 * images + kernel) * BYTES[axes["dtype"]])


def memory_bytes(axes: Axes) -> int:
    """On the host: images, three copies in the mode, the changed one, two results and the answer; a column of
    nine for a product of matrices (im2col), in float32; the check, two of nine and four in float64, of which
    the nines are of one image at a time.
    """
    images, kernel = elements(axes)
    item, host = BYTES[axes["dtype"]], host_bytes(axes["dtype"])
    one = images // axes["batch"]
    return images * (11 * host + 6 * item + 4 * 8) + one * 2 * 9 * 8 + kernel * 64


def problem(axes: Axes, device: str) -> Problem:
    """Numbers of random sign: images [batch, size, size, channels], kernel [3, 3, channels, channels]."""
    batch, size, channels = (axes[name] for name in ("batch", "size", "channels"))
    random = np.random.default_rng([_SEED, batch, size, channels])
    images = signed(random, (batch, size, size, channels), axes["dtype"])
    kernel = signed(random, (SIDE, SIDE, channels, channels), axes["dtype"])
    return Problem((images, kernel), axes["dtype"], device, axes)


def reference(problem: Problem) -> Sums:
    """Every pixel's window by sliding over the padded image, times the kernel; image by image, in float64."""
    images, kernel = problem.operands
    values = np.stack([_windows_times(image, kernel) for image in images])
    squares = np.stack([_windows_times(np.square(image), np.square(kernel)) for image in images])
    return Sums(values, np.sqrt(squares))


def _windows_times(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (SIDE, SIDE), axis=(0, 1))  # [y, x, c, dy, dx]
    return np.tensordot(windows, kernel, axes=((3, 4, 2), (0, 1, 2)))


def variance(axes: Axes) -> float:
    """Of an error in ρ: a sum of 9 C products, stored once.

    Winograd's algorithm for 4 × 4 pixels at once sums products of sums: in one dimension numbers up to 16
    times as large as the direct ones (the sums of magnitudes of its three transforms, multiplied, over 3: 5
    to 16), in two up to 16². Where their errors have random signs, deviations grow by √16² = 16.
    """
    dtype, terms = axes["dtype"], SIDE**2 * axes["channels"]
    return product_variance(dtype, terms) + (_FAST_ALGORITHM**2 - 1) * accumulation(dtype, terms)


WORKLOAD = Workload(
    name="conv2d",
    summary="convolution of images with 3 × 3 kernels, stride 1, padded with zeros",
    axes=(
        Axis("batch", smoke=(2,), quick=(8,), published=(32,), unit="images"),
        Axis(
            "size",
            smoke=(8, 16),
            quick=(14, 28, 56),
            published=(14, 28, 56, 112),
            unit="pixels",
            label="side of the images in pixels",
            size=True,
        ),
        Axis("channels", smoke=(8,), quick=(64,)),
        precision_axis(PRODUCT_MODES),
    ),
    flop=flop,
    fewest_flop=fewest_flop,
    bytes_moved=bytes_moved,
    memory_bytes=memory_bytes,
    problem=problem,
    verify=partial(verify, reference, variance),
    probe=partial(probe, reference, variance),
    smoke_only=("numpy", "tf-eager", "tf-graph"),
    presets=(),
    wording=Wording(
        title="Convolutions of images",
        about="Square images, as many channels in as out, 3 × 3 kernels, padded with zeros, each framework "
        "in its own order of axes; operations are those of the direct algorithm, of which Winograd's does "
        "with a fifth.",
        noun="convolution",
        growth="the direct algorithm alone grows to the 2nd power",
    ),
)
