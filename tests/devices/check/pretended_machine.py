"""A machine that is made up: NVML's stand-in, workers that answer at once, twins that are alike."""

from __future__ import annotations

import contextlib
import json

from pretended_gpu import Gpu

from likeforlike.devices.check.attempts import Attempt
from likeforlike.devices.check.clock import Pair
from likeforlike.devices.check.conduct import Machine
from likeforlike.devices.check.probes import precision, waiting
from likeforlike.devices.check.probes.worker import PROBES
from likeforlike.devices.vendors.device import EnergyCounter
from likeforlike.devices.vendors.makers import known_makers

TERA = 1e12


def facts_of(place, flop_per_second, threads, cores, **faults):
    """What a worker tells of a device that is made up."""
    gpu = place.startswith("gpu")
    device = Gpu(
        **{"lies_on": place, "blocks": not gpu, "returns_early": gpu, "events": gpu, **faults},
    )
    made = device.operations(("tf32", "float32", "bfloat16", "float64") if gpu else ("float32", "float64"))
    facts = {
        "start": {"version": "1.0", "complaint": None},
        "memory": {"before_bytes": 10**9, "after_bytes": 2 * 10**9, "held_bytes": 2**26},
        "placing": {
            "places": [place] * 2 + [device.lies_on],
            "complaint": None,
            "busy_threads": 1.0,
            "cores": cores,
        },
        "waiting": waiting.observe(made, 8, device.clock),
        "precision": precision.observe(made, device.configure),
        "product": {"flop_per_second": flop_per_second, "shape": [4096, 4096, 4096]},
        "end": {},
    }
    assert [name for name in facts if name in PROBES] == list(PROBES)
    return json.loads(json.dumps(facts))


class Pretended:
    """Hands out what the check asks a machine for; ``answers`` replaces what a framework's worker tells."""

    def __init__(self, nvml, cores, tmp_path, **answers):
        self.nvml, self.cores, self.answers = nvml, cores, answers
        self.commands, self.environments, self.seconds = [], [], 0.0
        self.moves = True
        self.ratio, self.twin_fault = 1.0, ""
        self.missing = ()
        self.machine = Machine(
            environ={},
            makers=known_makers(nvidia=nvml),
            now=lambda: self.seconds,
            read_clocks=lambda: Pair(self.seconds, self.seconds),
            attempt=self.attempt,
            two_processes=self.two_processes,
            energy=lambda: EnergyCounter("pretended", lambda: 5.0 * self.seconds, 1e-6),
            version=lambda framework: None if framework in self.missing else "1.0",
            cache=tmp_path / "kept.json",
            sys_cpu=tmp_path,
        )

    def attempt(self, command, environment, limit_seconds, left_seconds, look):
        framework, place, threads = command[-3:]
        self.commands.append((framework, place))
        self.environments.append(environment)
        self.seconds += 2.0
        look()
        for gpu in self.nvml.gpus:
            if gpu.millijoules is not None and self.moves:
                gpu.millijoules += 500_000
        answer = self.answers.get(framework, {})
        if isinstance(answer, Attempt):
            return answer
        rate = 18 * TERA if place.startswith("gpu") else 1e11
        return Attempt(facts_of(place, answer.pop("rate", rate), int(threads), self.cores, **answer))

    @contextlib.contextmanager
    def two_processes(self, command, environment, limit_seconds):
        assert command[-5] == "likeforlike.devices.check.twins"
        if self.twin_fault:
            raise RuntimeError(self.twin_fault)
        yield (lambda: 0.01), (lambda: 0.01 * self.ratio)
