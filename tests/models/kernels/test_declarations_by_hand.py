"""What kernels declare of themselves: the sizes of each preset, by which earlier runs are found again."""

from __future__ import annotations

import pytest

from likeforlike.models.kernels.attention.workload import WORKLOAD as ATTENTION
from likeforlike.models.kernels.conv2d.workload import WORKLOAD as CONV2D
from likeforlike.models.kernels.copy.workload import WORKLOAD as COPY
from likeforlike.models.kernels.embedding.workload import WORKLOAD as EMBEDDING
from likeforlike.models.kernels.fft.workload import WORKLOAD as FFT
from likeforlike.models.kernels.gemm.workload import WORKLOAD as GEMM
from likeforlike.models.kernels.layernorm.workload import WORKLOAD as LAYERNORM
from likeforlike.models.kernels.noise.workload import WORKLOAD as NOISE
from likeforlike.models.kernels.softmax.workload import WORKLOAD as SOFTMAX
from likeforlike.models.kernels.sort.workload import WORKLOAD as SORT
from likeforlike.models.kernels.triad.workload import WORKLOAD as TRIAD

# of each axis: what smoke, quick and published measure
SIZES = (1,), (64, 256), (64, 256, 512)
DECLARED = [
    (
        ATTENTION,
        {
            "mask": (("none", "causal"), (), ()),
            "batch": ((2,), (4,), ()),
            "heads": ((2,), (8,), ()),
            "sequence": ((16, 64), (128, 512), (128, 512, 2048)),
            "width": ((16,), (64,), ()),
        },
        "sequence",
        50,
    ),
    (
        CONV2D,
        {
            "batch": ((2,), (8,), (32,)),
            "size": ((8, 16), (14, 28, 56), (14, 28, 56, 112)),
            "channels": ((8,), (64,), ()),
        },
        "size",
        50,
    ),
    (
        EMBEDDING,
        {
            "what": (("gather", "scatter-add"), (), ()),
            "vocabulary": ((60,), (32_000,), ()),
            "tokens": ((16, 64), (512, 4096), (512, 4096, 32_768)),
            "width": ((16,), (512,), ()),
        },
        "tokens",
        50,
    ),
    (
        GEMM,
        {
            "batch": ((1,), (1, 16), ()),
            "m": ((16, 64), (64, 256, 1024), ()),
            "k": ((96,), (512,), (1024,)),
            "n": ((48,), (512,), (1024,)),
        },
        "m",
        50,
    ),
    (TRIAD, {"mebibytes": SIZES}, "mebibytes", 60),
    (COPY, {"mebibytes": SIZES}, "mebibytes", 61),
    (SOFTMAX, {"columns": ((64,), (128, 1024), (128, 1024, 8192)), "rows": ((64,), (1024,), ())}, "columns", 62),
    (LAYERNORM, {"columns": ((64,), (256, 1024), (256, 1024, 4096)), "rows": ((64,), (1024,), ())}, "columns", 63),
    (SORT, {"numbers": ((64,), (1000, 10_000), (1000, 10_000, 100_000)), "rows": ((4,), (16,), ())}, "numbers", 64),
    (FFT, {"size": ((64,), (1024, 16_384), (1024, 16_384, 262_144)), "rows": ((4,), (64,), ())}, "size", 65),
    (NOISE, {}, None, 90),
]  # fmt: skip


@pytest.mark.parametrize(("workload", "axes", "size", "order"), DECLARED)
def test_each_preset_measures_these_sizes(workload, axes, size, order):
    told = {axis.name: (axis.smoke, axis.quick, axis.published) for axis in workload.axes}
    precision = told.pop("dtype", None)
    assert precision == (None if workload is NOISE else (("float32",), (), ()))
    assert list(told.items()) == list(axes.items())
    assert [axis.name for axis in workload.axes if axis.size] == ([] if size is None else [size])
    assert (workload.order, workload.presets) == (
        order,
        ("smoke", "quick", "published") if workload is NOISE else (),
    )


def test_the_least_that_can_be_asked_for():
    least = {w.name: {axis.name: axis.least for axis in w.axes if axis.least != 1} for w, *_ in DECLARED}
    two = {"softmax": {"columns": 2}, "layernorm": {"columns": 2}, "fft": {"size": 2}}
    assert least == {**{w.name: {} for w, *_ in DECLARED}, **two}


def test_which_are_products_alone_and_whose_rows_change_alike():
    assert [w.name for w, *_ in DECLARED if w.multiplies] == ["gemm"]
    assert [w.name for w, *_ in DECLARED if w.rows_alike] == ["embedding", "sort"]
    assert not any(w.transfers or w.feeds for w, *_ in DECLARED)


def test_what_has_no_count_tells_none():
    assert [w.name for w, *_ in DECLARED if w.flop({"what": "gather", **ONE}) is None] == [
        "embedding", "copy", "sort", "noise",
    ]  # fmt: skip
    assert [w.name for w, *_ in DECLARED if w.fewest_flop({"what": "gather", **ONE}) is not None] == [
        "conv2d"
    ]


ONE = dict.fromkeys(
    [axis.name for w, *_ in DECLARED for axis in w.axes if axis.name not in ("what", "mask", "dtype")], 4
) | {"mask": "none", "dtype": "float32"}
