"""A device that is made up: work queues on a clock of its own, and every fault can be switched on."""

from __future__ import annotations

import numpy as np

from likeforlike.devices.check.probes.operations import Operations


def rounded(matrix, bits, cut=False):
    """Numbers with a significand of so many bits, the leading one counted; as float64."""
    fraction, exponent = np.frexp(np.asarray(matrix, np.float64))
    scaled = fraction * 2.0**bits
    return np.ldexp((np.trunc if cut else np.rint)(scaled) / 2.0**bits, exponent)


BITS = {"tf32": 11, "bfloat16": 8, "float32": 24, "float64": 53}


class Array:
    """A matrix on the device, and when it is done."""

    def __init__(self, values, done, place):
        self.values, self.done, self.place = values, done, place

    def __getitem__(self, part):
        return Array(self.values[part], self.done, self.place)


class Gpu:
    """Products take ``work`` seconds one after another; calls ``launch`` seconds; copies ``copy`` seconds."""

    def __init__(self, work=0.004, launch=2e-5, copy=1e-4, **faults):
        self.now, self.free = 0.0, 0.0
        self.work, self.launch, self.copy = work, launch, copy
        self.waits = faults.get("waits", True)
        self.blocks = faults.get("blocks", False)
        self.event_factor = faults.get("event_factor", 1.0)
        self.lies_on = faults.get("lies_on", "gpu:0")
        self.switch, self.stuck_at = "float32", faults.get("stuck_at")
        self.returns_early = faults.get("returns_early", True)
        self.events = faults.get("events", True)

    def clock(self):
        return self.now

    def configure(self, precision):
        self.switch = precision

    def operations(self, precisions=("tf32", "float32", "bfloat16", "float64")):
        return Operations(
            put=lambda matrix, precision: Array(matrix, 0.0, "gpu:0"),
            multiply=self.multiply,
            wait=self.wait,
            place_of=lambda array: array.place,
            fetch=self.fetch,
            precisions=precisions,
            returns_early=self.returns_early,
            seconds_by_events=self.seconds_by_events if self.events else None,
        )

    def multiply(self, left, right):
        self.now += self.launch
        self.free = max(self.now, self.free, left.done, right.done) + self.work
        if self.blocks:
            self.now = self.free
        bits = BITS[self.stuck_at or self.switch]
        product = rounded(left.values, bits) @ rounded(right.values, bits)
        return Array(rounded(product, max(bits, 24) if bits == 11 else bits), self.free, self.lies_on)

    def wait(self, array):
        if self.waits:
            self.now = max(self.now, array.done)

    def fetch(self, array):
        self.now = max(self.now, array.done) + self.copy
        return array.values

    def seconds_by_events(self, work):
        begin = self.now
        work()
        self.now = self.free
        return (self.now - begin) * self.event_factor
