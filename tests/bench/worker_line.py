"""A worker's driver without the process: orders to read, answers written, and what a cell asks for."""

from __future__ import annotations

from typing import Any

import msgspec

from likeforlike.bench.worker.messages import Answer, CellSpec, Order

AXES = {"size": 8, "dtype": "float32"}


class Line:
    """Both ends of a worker's socket: orders to read, answers written."""

    def __init__(self, *orders: Order) -> None:
        self.orders = iter(orders)
        self.answers: list[Answer] = []

    def recv_bytes(self) -> bytes:
        order = next(self.orders, None)
        if order is None:
            raise EOFError
        return msgspec.msgpack.encode(order)

    def send_bytes(self, data: bytes) -> None:
        self.answers.append(msgspec.msgpack.decode(data, type=Answer))


def spec(**changes: Any) -> CellSpec:
    """A product of 8 by 8 on NumPy, but for what is changed."""
    fields: dict[str, Any] = {
        "cell": "c",
        "target": "",
        "workload": "matmul",
        "framework": "numpy",
        "axes": AXES,
        "device": "cpu:0",
        "threads": 1,
        "precision": "float32",
        "timing": "synchronised",
        "asynchronous": False,
        "transfer": False,
        "warm_up": True,
        "disable_gc": False,
        "timer": "time:perf_counter",
    }
    return CellSpec(**{**fields, **changes})
