"""A run: launch after launch of each group, every ended cell and launch kept at once."""

from __future__ import annotations

import os
import random
import statistics
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial

import msgspec

from likeforlike.bench.keep.call_times import launch_seconds
from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.keep.extra_info import lost_record, measured_record
from likeforlike.bench.keep.held_records import HeldRecords
from likeforlike.bench.keep.journal import Journal
from likeforlike.bench.keep.launch_records import launches_in_turns, launches_joined
from likeforlike.bench.measure.cell_spec import (
    answer_file,
    environment_of,
    has_peers,
    spec_of,
    why_too_large,
    with_answers,
    within,
)
from likeforlike.bench.measure.device_lanes import Lanes, side_by_side
from likeforlike.bench.measure.floors import far_in_an_earlier_run
from likeforlike.bench.measure.launches import (
    Enough,
    Start,
    draw_starts,
    enough,
    first_round,
    spread_between,
)
from likeforlike.bench.measure.levelling import EXPECTED_SECONDS, Levelling
from likeforlike.bench.measure.many_calls import limits_of, with_calls
from likeforlike.bench.measure.memory_shares import parts_text, parts_that_fit
from likeforlike.bench.measure.pool import Pool, PoolKilled
from likeforlike.bench.measure.rounds import Group, Turn
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.measure.watch.disturbances import MachineWatch
from likeforlike.bench.measure.watch.patience import Patience
from likeforlike.bench.measure.worker_process import MemoryLimits, Worker
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Plan
from likeforlike.bench.run.screen.expectations import Rates, expect
from likeforlike.bench.run.screen.progress import Progress
from likeforlike.bench.run.screen.time_left import TimeLeft, launches_to_come
from likeforlike.bench.run.screen.watched_hand import WatchedHand
from likeforlike.bench.worker.outcomes import MEASURED
from likeforlike.devices.machine.resources import free_memory_bytes, usable_cores

Keep = Callable[[Cell, CellRecord], None]


class Campaign:
    """Measures the cells that pytest selected: every group's first launch, then every group's second, ..."""

    def __init__(
        self,
        plan: Plan,
        journal: Journal | None,
        progress: Progress,
        rates: Rates | None = None,
        pool: Pool | None = None,
        stops: Callable[[Sequence[Cell], int, float], bool] = lambda *_: False,
    ) -> None:
        """``rates``: what this machine was measured to reach, for a forecast. ``pool``: who lends workers.

        A group of whose cells ``stops(live, launches, seconds)`` holds isn't launched again, be it precise or
        not; ``seconds`` are those of a call of the slowest.
        """
        self.plan = plan
        self.journal = journal
        self.progress = progress
        self.rates = rates
        self.records: dict[str, CellRecord] = dict(journal.records) if journal else {}
        """Of cells that have ended."""
        self._launches: dict[str, list[CellRecord]] = {}
        """Of kernels that have not: the launches that their whole group has done."""
        self._cells: tuple[Cell, ...] = ()
        self._pool = pool
        self._stops = stops
        self._lanes: Lanes | None = None
        self._keeping = threading.Lock()
        self._stopped = False
        self._patience = Patience(plan.options.patience_seconds)
        self._in_pairs: set[str] = set()
        """Groups of which was said that their entrants don't fit into memory together."""
        self._unseen: dict[tuple[str, str, str], str] = {}
        """Why a framework's cells on a device and a side are skipped, once a worker has found that out."""

    def choose(self, cells: Sequence[Cell]) -> None:
        """Say which cells will be asked for; only they are measured."""
        self._cells = tuple(cells)
        self.records = {cell.id: self.records[cell.id] for cell in cells if cell.id in self.records}
        for group in dict.fromkeys(cell.group for cell in self.unreached if cell.recipe is None):
            self._take_up(self._live(group))
        least = 1 if self.plan.once else self.plan.options.kernel_launches[0]
        self.progress.plan(cells, self._time_left(), least)

    def _take_up(self, live: Sequence[Cell]) -> None:
        """Go on behind the launches that all cells of a group took turns in: those of some alone are none.

        Of a run that was cut off while it wrote down that a group has ended, the others of it have, too.
        """
        kept = self.journal.launches if self.journal else {}
        known = [kept.get(cell.id, {}) for cell in live]
        whole = launches_in_turns(known)
        ended = [
            cell
            for cell in self._cells
            if cell.group == live[0].group
            and cell.id in self.records
            and self.records[cell.id].outcome == MEASURED
            # one that was measured at another time, before or after it failed, took no turns with these
            and 0 < whole == len(kept.get(cell.id, {})) == launches_in_turns([kept[cell.id], *known])
        ]
        for cell in (*ended, *live):
            self._launches[cell.id] = [kept[cell.id][number] for number in range(whole)]
        if whole:
            self._end_if_enough(live, ended)

    def _time_left(self) -> TimeLeft:
        """The forecast of the cells that have not ended, by what those that have tell of them."""
        measured = [
            (cell, expect(cell, self.plan, self.rates)) for cell in self._cells if cell.skip_reason is None
        ]
        coming = [(cell, expected) for cell, expected in measured if cell.id not in self.records]
        options, once = self.plan.options, self.plan.once
        least = 1 if once else options.kernel_launches[0]
        left = {
            cell.id: launches_to_come(cell, least, len(self._launches.get(cell.id, ()))) for cell, _ in coming
        }
        limits = with_calls(self._limits(None), options.statistic, options)
        loads = (options.sustained_seconds or EXPECTED_SECONDS) if options.sustained else 0.0
        time_left = TimeLeft(coming, left, limits, usable_cores(), once, loads)
        groups: dict[str, list[Cell]] = {}
        for cell, _ in coming:
            groups.setdefault(cell.group, []).append(cell)
        usable = free_memory_bytes() * 9 // 10
        for group, cells in groups.items():
            parts = [list(cells)] if cells[0].concurrent else parts_that_fit(cells, self.plan, usable)
            time_left.divide(group, [[cell.id for cell in part] for part in parts])
        for cell, expected in measured:
            known = [self.records[cell.id]] if cell.id in self.records else self._launches.get(cell.id, [])
            for record in known:
                time_left.remember(cell, expected, record)
        return time_left

    def _limits(self, spread: float | None) -> Limits:
        """How much a launch of kernels measures."""
        return limits_of(self.plan.options, spread)

    @property
    def unreached(self) -> list[Cell]:
        """Cells that were chosen and have not ended."""
        return [cell for cell in self._cells if cell.id not in self.records]

    def _live(self, group: str) -> list[Cell]:
        return [cell for cell in self.unreached if cell.group == group]

    def record(self, cell: Cell) -> CellRecord:
        """The cell's record; if it has none yet, measures whatever is due before and until it has.

        Raises PoolKilled where something else than a cell's own failure has stopped lanes.
        """
        while cell.id not in self.records:
            if self._stopped:
                raise PoolKilled("what went wrong in an earlier cell has ended the run: nothing more is kept")
            due = sorted(self.unreached, key=self._launch_due)  # keeps the order of the grid within a launch
            self._measure_beside(due[0], due)
        return self.records[cell.id]

    def _launch_due(self, cell: Cell) -> int:
        """The launch that a cell waits for; each run of a training is one."""
        return cell.run if cell.recipe is not None else len(self._launches.get(cell.id, ()))

    def _measure_beside(self, cell: Cell, due: Sequence[Cell]) -> None:
        """Measure the cell's group; where it is concurrent, groups of the other devices at the same time."""
        groups = side_by_side(cell, due)
        limit, clean = self.plan.options.cell_memory_bytes, self.plan.options.clean_environment
        usable = free_memory_bytes() * 9 // 10  # before any of them has a worker
        if not cell.concurrent:
            self._pool = self._pool or Pool(MemoryLimits.of_machine(limit), clean)
            self._measure(groups[0], self._pool, usable)
            return
        if self._lanes is None:
            devices = dict.fromkeys(other.device for other in self._cells if other.concurrent)
            self._lanes = Lanes(list(devices), limit, clean)
        share = usable // self._lanes.number
        self._lanes.measure(groups, partial(self._measure, usable_bytes=share), self._stop)

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

    def ended_early(self) -> dict[str, CellRecord]:
        """What is known of cells that have not ended, by the launches that they have; not for the journal."""
        return {
            cell.id: launches_joined(cell, self._launches[cell.id], None, self.plan.context)
            for cell in self.unreached
            if self._launches.get(cell.id)
        }

    def _keep(self, cell: Cell, record: CellRecord) -> None:
        """Of an ended cell, or of one launch of it."""
        with self._keeping:
            if self._stopped:  # what fails now was killed by us
                return
            record = msgspec.structs.replace(record, code=self.plan.code_of(cell), host=dict(self.plan.host))
            if record.launch is None:
                self.records[cell.id] = record
            else:
                known = self._launches.setdefault(cell.id, [])
                known[record.launch :] = [record]  # one that an error broke off is taken once more
            if self.journal is not None:
                warning = self.journal.add([record])
                if warning is not None:
                    self.progress.say(f"WARNING: {warning}")
            if record.launch is None:
                self.progress.ended(cell, record)
            else:
                self.progress.launched(cell, record)

    def _measure(self, cells: Sequence[Cell], pool: Pool, usable_bytes: int) -> None:
        """Measure a launch of a group: kernels may have more of them to come, a training's is its run.

        ``usable_bytes`` of the host's memory are the group's: its lane's part of them.
        """
        fit = []
        for cell in cells:
            reason = self._why_not(cell, pool.limits)
            if reason is None:
                fit.append(cell)
            else:
                self._keep(cell, CellRecord(cell.id, "skipped", reason))
        if not fit:
            return
        parts = parts_that_fit(fit, self.plan, usable_bytes)
        self.progress.divided(fit, parts)
        if len(parts) == 1:
            self._measure_together(fit, pool, 0, self._keep)
        else:
            self._measure_in_pairs(fit, parts, pool, usable_bytes)
        if fit[0].recipe is None:
            self._end_if_enough([cell for cell in fit if cell.id not in self.records])

    def _measure_in_pairs(
        self, cells: Sequence[Cell], pairs: Sequence[Sequence[Cell]], pool: Pool, usable_bytes: int
    ) -> None:
        """Measure one launch of a group that can't be resident together."""
        if cells[0].group not in self._in_pairs:
            self._in_pairs.add(cells[0].group)
            self.progress.say(f"NOTE: {parts_text(cells, self.plan, usable_bytes)}")
        held = HeldRecords()
        for number, pair in enumerate(pairs):
            left = [cell for cell in pair if not held.lost(cell)]
            self._measure_together(left, pool, number, partial(held.add, left))
        for cell, record in held.all():
            self._keep(cell, record)

    def _measure_together(self, fit: Sequence[Cell], pool: Pool, part: int, keep: Keep) -> None:
        """Measure cells that take turns, in a new process each, and end them."""
        launch = 0 if fit[0].recipe is not None else self._launch_due(fit[0])
        self.progress.begun(fit, launch)
        session = self.journal.session if self.journal else 0
        draw = random.Random(f"{self.plan.order_seed} {fit[0].group} {session} {launch} {part}")
        starts = draw_starts([cell.id for cell in fit], launch, draw, self._hash_seed_is_fixed(fit))
        # in the order in which they are to be started
        by_name = {cell.id: cell for cell in fit}
        workers = {name: self._lend(by_name[name], pool, start) for name, start in starts.items()}
        turns = [self._turn(cell, workers[cell.id], starts[cell.id], pool.limits) for cell in fit]
        try:
            self._run(turns, draw, first_round(launch, session, part), keep)
        finally:
            for turn in turns:
                pool.take_back(workers[turn.cell.id], clean=turn.finished)
                if self.plan.answers_folder is not None:
                    answer_file(turn.cell, self.plan.answers_folder).unlink(missing_ok=True)
            self.progress.group_ended(fit)

    def _why_not(self, cell: Cell, limits: MemoryLimits) -> str | None:
        """Why a cell is not measured after all, or not any more; None if it is."""
        unseen = self._unseen.get((cell.entry.framework, cell.device, cell.side))
        return (
            cell.skip_reason
            or unseen
            or why_too_large(cell, self.plan, limits.worker_bytes)
            or far_in_an_earlier_run(cell, self._cells, {k: r.seconds for k, r in self.records.items()})
        )

    def _turn(self, cell: Cell, worker: Worker, start: Start, limits: MemoryLimits) -> Turn:
        hand = WatchedHand(worker, cell, self.progress)
        spec = within(limits, spec_of(cell, self.plan))
        if start.launch == 0:
            spec = with_answers(spec, cell, self.plan)
        turn = Turn(cell, spec, hand, self.plan.options.cell_timeout_seconds)
        turn.launch = start.launch
        turn.start = {name: value for name, value in asdict(start).items() if name != "launch"}
        return turn

    def _run(self, turns: list[Turn], draw: random.Random, first: int, keep: Keep) -> None:
        watch = MachineWatch(self.plan.devices)
        known = [self._launches.get(turn.cell.id, []) for turn in turns]
        spread, freedom = spread_between(_by_launch([turn.cell for turn in turns], known))
        limits = self._limits(spread if freedom else None)
        limits = with_calls(limits, turns[0].spec.statistic, self.plan.options)

        def ended(turn: Turn) -> None:
            keep(turn.cell, self._record_of(turn, group, watch))

        # groups of several devices are measured at the same time on purpose
        await_peace = self._patience.wait if not turns[0].cell.concurrent else lambda: True
        options = self.plan.options
        levelling = Levelling(options.sustained_seconds) if options.sustained else None
        group = Group(turns, limits, draw, watch, ended, first, await_peace=await_peace, levelling=levelling)
        watch.begin([turn.cell for turn in turns])
        try:
            group.measure(once=self.plan.once)
        finally:
            watch.end()

    def _record_of(self, turn: Turn, group: Group, watch: MachineWatch) -> CellRecord:
        """What a cell that has ended its turns gave, or why it gave nothing."""
        cell = turn.cell
        if turn.failure is not None:
            if turn.failure.device_unseen:
                self._unseen[cell.entry.framework, cell.device, cell.side] = turn.failure.reason
            return lost_record(turn)
        state = watch.states(cell)
        record = measured_record(turn, group.stopping, self.plan.context, state, turn.spec.log_dir)
        if cell.recipe is not None:
            return launches_joined(cell, [record], None, self.plan.context)
        return record

    def _end_if_enough(self, live: Sequence[Cell], ended: Sequence[Cell] = ()) -> None:
        """End a group's kernels once they were launched often enough; ``ended``: those that have already."""
        why = self._enough([*ended, *live])
        for cell in live if why is not None else ():
            self._keep(cell, launches_joined(cell, self._launches.pop(cell.id), why, self.plan.context))

    def _enough(self, live: Sequence[Cell]) -> Enough | None:
        options = self.plan.options
        least, most = (1, 1) if self.plan.once else options.kernel_launches
        seconds = _by_launch(live, [self._launches.get(cell.id, []) for cell in live])
        told, allowed = False, most
        if live and seconds and self._stops(live, len(seconds), _slowest(seconds)):
            told, least, most = True, len(seconds), len(seconds)
        why = enough(seconds, least, most, options.precision, options.confidence)
        if told and why is not None and why.reason == "launches" and why.launches < allowed:
            return replace(why, reason="alone" if len(live) < 2 else "time")
        return why

    def _hash_seed_is_fixed(self, cells: Sequence[Cell]) -> bool:
        """By the environment of the run, or of a side or entrant: then it is drawn for none of the group."""
        inherited = "PYTHONHASHSEED" in os.environ and not self.plan.options.clean_environment
        return inherited or any("PYTHONHASHSEED" in environment_of(cell, self.plan) for cell in cells)

    def _lend(self, cell: Cell, pool: Pool, start: Start) -> Worker:
        environment = {**environment_of(cell, self.plan), **start.environment}
        interpreter = self.plan.sides[cell.side].interpreter if cell.side else None
        worker = pool.lend(environment, has_peers(cell), interpreter)
        worker.while_waiting = self.progress.tick
        return worker


def _slowest(seconds: Sequence[Mapping[str, Mapping[int, float]]]) -> float:
    """The median seconds of the slowest cell; 0 of none."""
    times = [list(rounds.values()) for rounds in (seconds[-1].values() if seconds else ()) if rounds]
    return max(map(statistics.median, times), default=0.0)


def _by_launch(
    cells: Sequence[Cell], launches: Sequence[Sequence[CellRecord]]
) -> list[dict[str, dict[int, float]]]:
    """Samples by round, or a quantile in their place, by cell, of each launch that all these cells have."""
    count = min(map(len, launches), default=0)
    return [
        {cell.id: launch_seconds(known[number]) for cell, known in zip(cells, launches, strict=True)}
        for number in range(count)
    ]
