"""Kernels on TensorFlow: operands placed, results waited for, located and fetched. Loaded by workers only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from likeforlike.models.contract.change import SharedBuffer, as_column
from likeforlike.models.contract.kernel import SKETCHED_ROWS, Kernel, OnGpu, each, place_of, widened
from likeforlike.models.contract.workload import Problem

Work = Callable[..., Any]
_executes_synchronously = tf.config.experimental.get_synchronous_execution


def kernel(problem: Problem, work: Work) -> Kernel:
    """Place the operands in their precision mode and make a kernel of ``work(*operands)``.

    TF32 is a switch of the whole process: it is set here for every kernel, on or off.
    """
    tf.config.experimental.enable_tensor_float_32_execution(problem.dtype == "tf32")
    dtype = tf.float32 if problem.dtype == "tf32" else tf.as_dtype(problem.dtype)
    with tf.device("/CPU:0"):
        host = [_in_mode(operand, dtype) for operand in problem.operands]
    operands = _upload(host, problem.device)

    def call() -> Any:
        return work(*operands)

    return Kernel(
        call=call,
        wait=_wait_on_gpu if problem.device.startswith("gpu") else _wait_on_cpu,
        to_numpy=_to_numpy,
        device_of=partial(place_of, _device_of),
        upload=partial(_upload, host, problem.device),
        download=_to_numpy,
        change=_changer(operands, problem.device),
        sketch=_sketch if problem.device.startswith("gpu") else None,
        on_gpu=_on_gpu(problem.device) if problem.device.startswith("gpu") else None,
    )


def _on_gpu(device: str) -> OnGpu:
    def write(count: int) -> None:
        with tf.device(_name(device)):
            tf.fill([count], tf.constant(1, tf.uint8))
        tf.test.experimental.sync_devices()

    return OnGpu(
        write,
        no_events="TensorFlow offers no events to Python",
        no_capture="TensorFlow offers no capture; jit_compile=True makes one executable, which XLA may "
        "launch as a graph of its own",
    )


def _in_mode(operand: np.ndarray, dtype: Any) -> Any:
    """On the host, in the precision mode; numbers of rows and masks stay what they are."""
    host = tf.constant(operand)
    return tf.cast(host, dtype) if host.dtype.is_floating else host


def _changer(operands: list[Any], device: str) -> Callable[[slice, np.ndarray], None]:
    """How the first operand is changed: in memory shared with NumPy on the first CPU, else by a copy."""
    placed = operands[0]
    buffers: list[SharedBuffer] = []

    def change_shared(rows: slice, factors: np.ndarray) -> None:
        if not buffers:
            buffers.append(SharedBuffer(placed.numpy()))
            operands[0] = sharing(buffers[0].array)
        buffers[0].change(rows, factors)

    def change_copied(rows: slice, factors: np.ndarray) -> None:
        with tf.device(_name(device)):
            column = tf.cast(tf.constant(as_column(factors, len(placed.shape))), placed.dtype)
            numbers = tf.range(rows.start, rows.stop)[:, None]
            operands[0] = tf.tensor_scatter_nd_update(operands[0], numbers, placed[rows] * column)
        tf.test.experimental.sync_devices()

    return change_shared if device == "cpu:0" else change_copied


def sharing(array: np.ndarray) -> Any:
    """A tensor that reads the array's memory, aligned as TensorFlow needs it."""
    if array.dtype == tf.bfloat16.as_numpy_dtype:  # NumPy can't hand it on through DLPack; 16 bits it can
        return tf.bitcast(sharing(array.view(np.uint16)), tf.bfloat16)
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def _sketch(result: Any, columns: np.ndarray) -> np.ndarray:
    """Sums of products by blocks of rows, elementwise: no product of matrices, which might round to TF32."""
    wide = tf.float64 if result.dtype == tf.float64 else tf.float32
    blocks = []
    with tf.device(result.device):
        right = tf.constant(columns.T, wide)
        for start in range(0, len(result), SKETCHED_ROWS):
            block = tf.cast(result[start : start + SKETCHED_ROWS], wide)
            blocks.append(tf.stack([tf.reduce_sum(block * column, axis=1) for column in right], axis=1))
        return tf.concat(blocks, axis=0).numpy()


def eagerly(work: Work, device: str) -> Work:
    """The work, run on the device operation by operation.

    Entering ``tf.device`` costs some 10 microseconds a call, so it is done only where TensorFlow would
    choose another device by itself. The result's place is checked in either case.
    """
    if _device_of(tf.matmul(tf.zeros((1, 1)), tf.zeros((1, 1)))) == device:
        return work
    return on_device(work, device)


def on_device(work: Work, device: str) -> Work:
    """The work within ``tf.device``; in a traced function this costs nothing at run time."""

    def scoped(*operands: Any) -> Any:
        with tf.device(_name(device)):
            return work(*operands)

    return scoped


def _upload(host: Sequence[Any], device: str) -> list[Any]:
    """Copy to the device and wait; operands that lie there already are not copied."""
    with tf.device(_name(device)):
        placed = [tf.identity(operand) for operand in host]
    tf.test.experimental.sync_devices()
    return placed


def _wait_on_gpu(_: Any) -> None:
    """Wait for the CUDA streams and for asynchronous eager execution."""
    tf.test.experimental.sync_devices()


def _wait_on_cpu(_: Any) -> None:
    """Wait if eager execution is asynchronous; if not, an operation on a CPU is done when it returns.

    Asking takes 3 microseconds, ``sync_devices`` 30, which a product of 100 would show.
    """
    if not _executes_synchronously():
        tf.test.experimental.sync_devices()


def _name(device: str) -> str:
    """``cpu:1`` is TensorFlow's ``/CPU:1``."""
    return f"/{device.upper()}"


def _device_of(tensor: Any) -> str:
    """``/job:localhost/replica:0/task:0/device:CPU:1`` is ``cpu:1``; where the memory lies."""
    return ":".join(tensor.backing_device.split(":")[-2:]).lower()


def _to_numpy(result: Any) -> Any:
    return each(lambda tensor: widened(tensor.numpy()), result)
