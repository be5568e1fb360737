"""As much of PyTorch as the eager product needs, on NumPy; its GPUs are the named machine's.

What a process sees follows from the maker's variable. Each product costs that machine's joules: it is counted in
a file that the stand-ins for the counters read.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from named import MACHINES

_MACHINE = MACHINES[os.environ["NAMED_MACHINE"]]
_FOLDER = Path(os.environ["NAMED_MACHINE_FOLDER"])
_threads = 1

float64, float32, float16, bfloat16 = np.float64, np.float32, np.float16, "bfloat16"


class device:  # noqa: N801
    def __init__(self, kind, index=0):
        self.type, self.index = kind, index


class Tensor:
    def __init__(self, array, place=None):
        self.array, self.device = array, place or device("cpu")
        self.dtype = array.dtype.type
        self.is_cuda = self.device.type == "cuda"

    def to(self, *wanted):
        array, place = self.array, self.device
        for one in wanted:
            if isinstance(one, device):
                place = one
            else:
                array = array.astype(one)
        return Tensor(array, place)

    def __getitem__(self, rows):
        return Tensor(self.array[rows], self.device)

    def __mul__(self, other):
        return Tensor(self.array * other.array, self.device)

    def __iter__(self):
        return (Tensor(row, self.device) for row in self.array)

    def dim(self):
        return self.array.ndim

    def sum(self, dim):
        return Tensor(self.array.sum(axis=dim), self.device)

    def split(self, rows):
        return [self[start : start + rows] for start in range(0, len(self.array), rows)]

    def clone(self):
        return Tensor(self.array.copy(), self.device)

    def detach(self):
        return self

    def cpu(self):
        return Tensor(self.array)

    def numpy(self):
        return self.array


def mul(left, right, out):
    np.multiply(left.array, right.array, out=out.array)


def stack(tensors, dim):
    return Tensor(np.stack([tensor.array for tensor in tensors], axis=dim), tensors[0].device)


def cat(tensors):
    return Tensor(np.concatenate([tensor.array for tensor in tensors]), tensors[0].device)


def from_numpy(array):
    return Tensor(array)


def matmul(left, right):
    place = "gpu-products" if left.device.type == "cuda" else "cpu-products"
    with open(_FOLDER / place, "ab", buffering=0) as file:
        file.write(b".")
    return Tensor(left.array @ right.array, left.device)


def compile(function, **_):  # noqa: A001
    return function


def set_num_threads(count):
    global _threads
    _threads = count


def get_num_threads():
    return _threads


def set_num_interop_threads(count):
    pass


def set_float32_matmul_precision(name):
    pass


def _count():
    shown = os.environ.get(_MACHINE.variable, "")
    return 0 if shown in ("", "-1") else len(shown.split(","))


def _check(number):
    if not 0 <= (number.index if isinstance(number, device) else number) < _count():
        raise RuntimeError(f"Invalid device argument {number}")


def _peak(number):
    _check(number)
    return _MACHINE.peak_bytes


cuda = SimpleNamespace(
    device_count=_count,
    is_available=lambda: _count() > 0,
    is_initialized=lambda: False,
    synchronize=_check,
    max_memory_allocated=_peak,
    reset_peak_memory_stats=_check,
)
backends = SimpleNamespace(cudnn=SimpleNamespace(allow_tf32=False))
