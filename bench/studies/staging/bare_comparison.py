"""What the studies share: kernels in turns against bare loops."""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import msgspec

from likeforlike.bench.measure.rounds import Group, Turn
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.measure.worker_process import MemoryLimits, Worker
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.studies.staging.account import ENOUGH_SECONDS, StudyFailed
from likeforlike.bench.worker.messages import CellSpec, Sample
from likeforlike.devices.machine.discovery import find_devices
from likeforlike.devices.machine.resources import usable_cores
from likeforlike.devices.process.interpreter import module_command, same_imports
from likeforlike.devices.process.placement import local_device, worker_environment
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.problem import Axes
from likeforlike.models.kernels.matmul.workload import WORKLOAD as MATMUL
from likeforlike.models.registry import load_registry
from likeforlike.reports.statistics.ratios import RatioEstimate, paired_ratio

_END_SECONDS = 2.0


class BareLoop:
    """A fresh process that loops over one framework's call; stopped but for its own bursts."""

    def __init__(self, framework: str, size: int, environment: Mapping[str, str]) -> None:
        """Start it; the framework is imported before the first burst."""
        self._what = f"the bare loop of {framework} at {size}"
        self.process = subprocess.Popen(
            module_command(
                "likeforlike.bench.studies.staging.bare_loop", framework, str(size), str(os.getpid())
            ),
            env={**same_imports(), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def burst(self, untimed: int, timed: int) -> list[float]:
        """Run alone for so many calls; seconds of the timed ones. Raises StudyFailed if it has died."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        os.kill(self.process.pid, signal.SIGCONT)
        with suppress(BrokenPipeError):
            self.process.stdin.write(f"{untimed} {timed}\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise StudyFailed(f"{self._what} ended with status {self.process.wait()}")
        os.kill(self.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        return msgspec.json.decode(line, type=list[float])

    def end(self) -> None:
        """Kill it; nothing of it is left to do."""
        self.process.kill()
        self.process.communicate(timeout=_END_SECONDS)


class RestlessWorker(Worker):
    """A worker that the schedule can't freeze: its idle threads may go on spinning."""

    def freeze(self) -> None:
        """Leave it as it is."""


@dataclass(frozen=True)
class Bursts:
    """How turns and bare bursts alternate."""

    blocks: int
    """Pairs of figures: a block of rounds, then each bare loop's burst."""
    rounds: int
    """Rounds of all workers in a block."""
    untimed: int
    """First calls of a bare burst, which wake the thread pool after the stop."""
    timed: int


@dataclass
class Alternation:
    """The watcher of a group: after each block of rounds, workers stand still and the bare loops run."""

    turns: Sequence[Turn]
    bare: Mapping[str, BareLoop]
    bursts: Bursts
    in_turns: dict[str, list[float]] = field(default_factory=dict)
    """Implementation: the median of its samples in each block."""
    alone: dict[str, list[float]] = field(default_factory=dict)
    """Framework: the median of its bare burst after each block."""
    _block: dict[str, list[float]] = field(default_factory=dict)

    def before(self, cell: Cell, pids: Sequence[int]) -> None:
        """Nothing: the turn comes as it does in the harness."""

    def after(self, cell: Cell, sample: Sample, turn: int) -> list[str]:
        """Collect the sample; at the end of a block let the bare loops run."""
        self._block.setdefault(cell.entry.name, []).append(sample.seconds)
        alive = sum(turn.failure is None for turn in self.turns)
        if sum(map(len, self._block.values())) == alive * self.bursts.rounds:
            for name, seconds in self._block.items():
                self.in_turns.setdefault(name, []).append(statistics.median(seconds))
            self._block.clear()
            with stopped([turn.hand for turn in self.turns if isinstance(turn.hand, Worker)]):
                self._run_bare()
        return []

    def waited_seconds(self, cell: Cell) -> None:
        """Nobody asks for it."""

    def needs_load(self, cell: Cell) -> bool:
        """Never."""
        return False

    def loaded(self, cell: Cell, calls: int) -> None:
        """Nothing to note."""

    def pace(self, cell: Cell) -> None:
        """Nobody asks for it."""

    def _run_bare(self) -> None:
        for framework, loop in self.bare.items():
            seconds = loop.burst(self.bursts.untimed, self.bursts.timed)
            self.alone.setdefault(framework, []).append(statistics.median(seconds))


@contextmanager
def stopped(workers: Sequence[Worker]) -> Iterator[None]:
    """Stop the workers that still run, whatever their own way of freezing, and let those go on after."""
    running = [worker for worker in workers if not worker.frozen]
    for worker in running:
        Worker.freeze(worker)
    yield
    for worker in running:
        worker.thaw()


@dataclass(frozen=True)
class Turns:
    """Medians of each block, by implementation and by bare framework; parallel, so that they are pairs."""

    in_turns: Mapping[str, Sequence[float]]
    alone: Mapping[str, Sequence[float]]
    failures: Mapping[str, str]
    """Implementations that gave no figure, and why."""

    def ratio(self, implementation: str, framework: str) -> RatioEstimate:
        """Time in turns over time alone, block by block."""
        return paired_ratio(self.alone[framework], self.in_turns[implementation])


def products_against_bare(
    implementations: Sequence[str],
    bare_frameworks: Sequence[str],
    size: int,
    bursts: Bursts,
    make_worker: Callable[..., Worker] = Worker,
    seed: int = 2020,
) -> Turns:
    """Measure products float32 on ``cpu:0`` in the harness's turns, alternating with bare loops.

    Raises StudyFailed if a bare loop dies or no implementation gives figures.
    """
    registry = load_registry()
    entries = [registry.find(MATMUL.name, name) for name in implementations]
    axes: Axes = {"size": size, "dtype": "float32"}
    bare_sizes = dict.fromkeys(bare_frameworks, size)
    return kernels_against_bare(entries, axes, bare_sizes, bursts, make_worker, seed)


def kernels_against_bare(
    entries: Sequence[Implementation],
    axes: Axes,
    bare_sizes: Mapping[str, int],
    bursts: Bursts,
    make_worker: Callable[..., Worker] = Worker,
    seed: int = 2020,
) -> Turns:
    """Measure implementations of one kernel on ``cpu:0``, all cores, in the harness's turns, as above.

    ``bare_sizes``: the bare loops, by framework, and the size that each is given.
    """
    device = next(device for device in find_devices() if device.id == "cpu:0")
    environment = worker_environment(device, usable_cores())
    limits = MemoryLimits.of_machine(None)
    turns: list[Turn] = []
    bare: dict[str, BareLoop] = {}
    try:
        for entry in entries:
            worker = make_worker(environment | dict(entry.environment), limits)
            turns.append(_turn(entry, axes, local_device(device), worker))
        for framework, size in bare_sizes.items():
            bare[framework] = BareLoop(framework, size, environment)
            bare[framework].burst(1, 1)  # imported, called once, and stopped
        watcher = Alternation(turns, bare, bursts)
        rounds = Limits(bursts.rounds * bursts.blocks, 0.0, None, 0.95)
        Group(turns, rounds, random.Random(seed), watcher, lambda turn: None).measure()
    finally:
        for turn in turns:
            turn.hand.kill()
        for loop in bare.values():
            loop.end()
    failures = {turn.cell.entry.name: str(turn.failure) for turn in turns if turn.failure is not None}
    in_turns = {name: seconds for name, seconds in watcher.in_turns.items() if name not in failures}
    if not in_turns:
        raise StudyFailed(f"nothing was measured: {failures}")
    return Turns(in_turns, watcher.alone, failures)


def _turn(entry: Implementation, axes: Axes, place: str, worker: Worker) -> Turn:
    cell = Cell(entry, "cpu:0", tuple(axes.items()), "study")
    spec = CellSpec(
        cell=cell.id,
        target=entry.target,
        workload=entry.workload,
        framework=entry.framework,
        axes=dict(axes),
        device=place,
        threads=usable_cores(),
        precision="float32",
        timing="synchronised",
        asynchronous=False,
        transfer=False,
        warm_up=True,
        disable_gc=False,
        timer="time:perf_counter",
    )
    return Turn(cell, spec, worker, ENOUGH_SECONDS)
