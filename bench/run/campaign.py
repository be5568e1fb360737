"""A run: groups measured when their first cell's turn comes, every ended cell kept at once."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Sequence
from dataclasses import asdict

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.keep.extra_info import lost_record, measured_record
from likeforlike.bench.keep.journal import Journal
from likeforlike.bench.measure.device_lanes import Lanes, side_by_side
from likeforlike.bench.measure.disturbances import MachineWatch
from likeforlike.bench.measure.pool import Pool
from likeforlike.bench.measure.rounds import Group, Turn
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.measure.worker_process import MemoryLimits, Worker, WorkerKey
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Plan
from likeforlike.bench.run.expectations import Rates, expect
from likeforlike.bench.run.progress import Progress
from likeforlike.bench.run.time_left import TimeLeft
from likeforlike.bench.run.watched_hand import WatchedHand
from likeforlike.bench.worker.messages import CellSpec
from likeforlike.devices.machine.resources import usable_cores
from likeforlike.devices.process.placement import local_device, worker_environment
from likeforlike.devices.vendors.device import Device
from likeforlike.models.registry import kernel_workloads

_ROUNDS_A_SESSION = 1_000_000
"""Rounds of a resumed session are counted from a multiple of this: nothing pairs across sessions."""


class Campaign:
    """Measures the cells that pytest selected, group by group."""

    def __init__(
        self, plan: Plan, journal: Journal | None, progress: Progress, rates: Rates | None = None
    ) -> None:
        """``rates``: what this machine was measured to reach, for a forecast."""
        self.plan = plan
        self.journal = journal
        self.progress = progress
        self.rates = rates
        self.records: dict[str, CellRecord] = dict(journal.records) if journal else {}
        self._cells: tuple[Cell, ...] = ()
        self._pool: Pool | None = None
        self._lanes: Lanes | None = None
        self._keeping = threading.Lock()
        self._stopped = False
        self._unseen: dict[tuple[str, str], str] = {}
        """Why a framework's cells on a device are skipped, once one of its workers has found that out."""

    def choose(self, cells: Sequence[Cell]) -> None:
        """Say which cells will be asked for; only they are measured."""
        self._cells = tuple(cells)
        self.records = {cell.id: self.records[cell.id] for cell in cells if cell.id in self.records}
        self.progress.plan(cells, self._time_left())

    def _time_left(self) -> TimeLeft:
        """The forecast of the cells that have not ended, by what those that have tell of them."""
        measured = [
            (cell, expect(cell, self.plan, self.rates)) for cell in self._cells if cell.skip_reason is None
        ]
        coming = [(cell, expected) for cell, expected in measured if cell.id not in self.records]
        time_left = TimeLeft(coming, self._process_of, self._limits, usable_cores(), self.plan.once)
        for cell, expected in measured:
            if cell.id in self.records:
                time_left.remember(cell, expected, self.records[cell.id])
        return time_left

    def _process_of(self, cell: Cell) -> WorkerKey | None:
        return None if self._alone(cell) else self._key(cell)

    @property
    def _limits(self) -> Limits:
        options = self.plan.options
        return Limits(options.min_rounds, options.max_seconds, options.precision, options.confidence)

    @property
    def unreached(self) -> list[Cell]:
        """Cells that were chosen and have not ended."""
        return [cell for cell in self._cells if cell.id not in self.records]

    def record(self, cell: Cell) -> CellRecord:
        """The cell's record; measures its whole group if it has none yet."""
        if cell.id not in self.records:
            self._measure_beside(cell)
        return self.records[cell.id]

    def _measure_beside(self, cell: Cell) -> None:
        """Measure the cell's group; where it is concurrent, groups of the other devices at the same time."""
        groups = side_by_side(cell, self.unreached)
        limit, clean = self.plan.options.cell_memory_bytes, self.plan.options.clean_environment
        if not cell.concurrent:
            self._pool = self._pool or Pool(MemoryLimits.of_machine(limit), clean)
            self._measure(groups[0], self._pool)
            return
        if self._lanes is None:
            devices = dict.fromkeys(other.device for other in self._cells if other.concurrent)
            self._lanes = Lanes(list(devices), limit, clean)
        self._lanes.measure(groups, self._measure, self._stop)

    def _stop(self) -> None:
        with self._keeping:
            self._stopped = True

    def end(self) -> None:
        """End all workers."""
        if self._pool is not None:
            self._pool.end()
            self._pool = None
        if self._lanes is not None:
            self._lanes.end()
            self._lanes = None

    def _keep(self, cell: Cell, record: CellRecord) -> None:
        with self._keeping:
            if self._stopped:  # what fails now was killed by us
                return
            self.records[cell.id] = record
            if self.journal is not None:
                warning = self.journal.add([record])
                if warning is not None:
                    self.progress.say(f"WARNING: {warning}")
            self.progress.ended(cell, record)

    def _measure(self, cells: Sequence[Cell], pool: Pool) -> None:
        fit = []
        for cell in cells:
            unseen = self._unseen.get((cell.entry.framework, cell.device))
            reason = cell.skip_reason or unseen or self._too_large(cell, pool.limits)
            if reason is None:
                fit.append(cell)
            else:
                self._keep(cell, CellRecord(cell.id, "skipped", reason))
        if not fit:
            return
        self.progress.begun(fit)
        lent = [(cell, self._lend(cell, pool)) for cell in fit]
        timeout_seconds = self.plan.options.cell_timeout_seconds
        turns = [
            Turn(cell, self._spec(cell), WatchedHand(worker, cell, self.progress), timeout_seconds)
            for cell, worker in lent
        ]
        try:
            self._run(turns)
        finally:
            for turn, (cell, worker) in zip(turns, lent, strict=True):
                clean = turn.failure is None and cell.id in self.records
                pool.take_back(worker, clean, reusable=not self._alone(cell))
            pool.keep_only({self._key(cell) for cell in self.unreached})
            self.progress.group_ended(fit)

    def _run(self, turns: list[Turn]) -> None:
        watch = MachineWatch(self.plan.devices)
        session = self.journal.session if self.journal else 0
        draw = random.Random(f"{self.plan.order_seed} {turns[0].cell.group} {session}")

        def ended(turn: Turn) -> None:
            self._ended(turn, group, watch)

        group = Group(turns, self._limits, draw, watch, ended, session * _ROUNDS_A_SESSION)
        watch.begin([turn.cell for turn in turns])
        try:
            group.measure(once=self.plan.once)
        finally:
            watch.end()

    def _ended(self, turn: Turn, group: Group, watch: MachineWatch) -> None:
        if turn.failure is not None:
            record = lost_record(turn)
            if turn.failure.device_unseen:
                self._unseen[turn.cell.entry.framework, turn.cell.device] = turn.failure.reason
        else:
            state = watch.states(turn.cell)
            record = measured_record(turn, group.stopping, self.plan.context, state, turn.spec.log_dir)
        self._keep(turn.cell, record)

    def _too_large(self, cell: Cell, limits: MemoryLimits) -> str | None:
        """Why a cell can't fit into memory; None if it can."""
        if cell.recipe is not None:
            return None
        need = kernel_workloads()[cell.workload].memory_bytes(dict(cell.axes))
        device = self.plan.devices[cell.device]
        for place, have in (("host", limits.worker_bytes), (device.id, device.memory_bytes)):
            if have is not None and need > have:
                return f"needs about {need / 2**30:.2f} GiB, {have / 2**30:.2f} GiB may be used ({place})"
        return None

    def _key(self, cell: Cell) -> WorkerKey:
        precision = cell.recipe.precision if cell.recipe else str(dict(cell.axes).get("dtype", "float64"))
        mode = "tf32" if precision == "tf32" else "ieee"
        threads = self._threads(cell)
        return WorkerKey(cell.entry.framework, cell.device, mode, cell.entry.environment, threads)

    def _lend(self, cell: Cell, pool: Pool) -> Worker:
        plan = self.plan
        device = plan.devices[cell.device]
        inherited = "" if plan.options.clean_environment else os.environ.get("XLA_FLAGS", "")
        environment = worker_environment(
            device, self._threads(cell), inherited_xla_flags=inherited, beside=self._beside(cell)
        )
        environment |= dict(cell.entry.environment)
        has_peers = dict(cell.axes).get("strategy") == "multi-worker"
        worker = pool.lend(self._key(cell), environment, fresh=self._alone(cell), has_peers=has_peers)
        worker.while_waiting = self.progress.tick
        return worker

    def _alone(self, cell: Cell) -> bool:
        """Whether a cell has a process of its own: trainings, and JAX on a GPU, whose peak can't be reset."""
        return cell.recipe is not None or (cell.entry.framework == "jax" and cell.device.startswith("gpu"))

    def _threads(self, cell: Cell) -> int:
        """Threads of one process: those of a data-parallel training's processes add up to what was asked."""
        axes = dict(cell.axes)
        processes = int(axes["workers"]) if axes.get("strategy") == "multi-worker" else 1
        return max(1, self.plan.threads_of(cell.group) // processes)

    def _beside(self, cell: Cell) -> list[Device]:
        """The further GPUs of a data-parallel training."""
        count = int(dict(cell.axes).get("workers", 1)) - 1
        gpus = [device for name, device in self.plan.devices.items() if name.startswith("gpu:")]
        return [gpu for gpu in gpus if gpu.id != cell.device][:count] if cell.device.startswith("gpu") else []

    def _spec(self, cell: Cell) -> CellSpec:
        plan, options, recipe = self.plan, self.plan.options, cell.recipe
        device = plan.devices[cell.device]
        precision = recipe.precision if recipe else str(dict(cell.axes).get("dtype", "float64"))
        logs = plan.results_folder / plan.run_id / "tensorboard" / cell.folder
        queueing = options.timing == "unsynchronised" and recipe is None and cell.workload != "noise"
        return CellSpec(
            cell=cell.id,
            target=cell.entry.target,
            workload=cell.workload,
            framework=cell.entry.framework,
            axes=dict(cell.axes),
            device=local_device(device),
            threads=self._threads(cell),
            precision=precision,
            timing="unsynchronised" if queueing else "synchronised",
            asynchronous=queueing and device.kind == "cpu",
            transfer=options.transfer and cell.workload == "matmul",
            warm_up=options.warm_up,
            disable_gc=options.disable_gc,
            timer=options.timer,
            recipe=asdict(recipe) if recipe else None,
            data=plan.data.name if plan.data.folder else "synthetic",
            data_dir=str(plan.data.folder) if plan.data.folder else None,
            samples=options.samples,
            log_dir=str(logs) if recipe is not None and recipe.logging != "none" else None,
        )
