"""As much of PyTorch as the eager product needs, on NumPy; its GPUs are the named machine's.

What a process sees follows from the maker's variable. Each product costs that machine's joules: it is counted in
a file that the stand-ins for the counters read.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from named import MACHINES

_MACHINE = MACHINES[os.environ["NAMED_MACHINE"]]
_FOLDER = Path(os.environ["NAMED_MACHINE_FOLDER"])
_threads = 1

float64, float32, float16, bfloat16, uint8 = np.float64, np.float32, np.float16, "bfloat16", np.uint8


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

    def is_floating_point(self):
        return self.array.dtype.kind == "f"

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


class _Unwritten:
    """Memory of the device that is never there; what is written to it is told in a file."""

    def __init__(self, count):
        self.count = count

    def fill_(self, value):
        with open(_FOLDER / "gpu-written", "a") as file:
            file.write(f"{self.count}\n")


def empty(count, dtype, device):
    assert dtype is uint8
    _check(device)
    return _Unwritten(count)


_captured = None


def matmul(left, right):
    if _captured is not None:
        _captured.append((left, right))
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


def _products():
    return (_FOLDER / "gpu-products").stat().st_size


class Event:
    """On the device's own clock, which its products alone move."""

    def __init__(self, enable_timing):
        assert enable_timing

    def record(self, stream):
        self.at = _products()

    def query(self):
        return False  # the device is held back until both are recorded

    def elapsed_time(self, end):
        return (end.at - self.at) * _MACHINE.kernel_seconds * 1e3


class Stream:
    def __init__(self, device):
        _check(device)

    def wait_stream(self, other):
        pass


class CUDAGraph:
    def replay(self):
        for left, right in self.launched:
            matmul(left, right)


@contextlib.contextmanager
def _graph(made):
    global _captured
    _captured = made.launched = []
    yield
    _captured = None


cuda = SimpleNamespace(
    Event=Event,
    _sleep=lambda cycles: None,
    Stream=Stream,
    CUDAGraph=CUDAGraph,
    graph=_graph,
    stream=lambda stream: contextlib.nullcontext(),
    current_stream=Stream,
    device_count=_count,
    is_available=lambda: _count() > 0,
    is_initialized=lambda: False,
    synchronize=_check,
    max_memory_allocated=_peak,
    reset_peak_memory_stats=_check,
)
backends = SimpleNamespace(cudnn=SimpleNamespace(allow_tf32=False))
