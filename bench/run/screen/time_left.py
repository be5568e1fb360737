"""How long a run will go on: every part of every cell to come, by what was expected and by what was seen.

Fed with what the harness orders and workers answer; knows no clock of its own.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.measure.levelling import LOAD_SECONDS
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.run.screen.expectations import Evidence, Expectation, Experience, Path, start_seconds
from likeforlike.bench.run.screen.launch_state import Launch, Part, Proving, Step

_WAKING_SECONDS = 0.02
_TURN_OVERHEAD_SECONDS = 0.004
_FINISH_SECONDS = 0.1
_OVERDUE_SHARE = 0.25
"""A step that takes longer than expected goes on for a quarter of what it has taken."""
_UNUSED_TIME = 0.8
"""Of the time between the fewest rounds and the most, what a cell takes before any has shown it."""


def _proof_path(part: Part) -> Path:
    return ("proof", *part.expected.kind[:2])


def launches_to_come(cell: Cell, least: int, done: int = 0) -> int:
    """Of a cell that has not ended: of a kernel's ``least``; a training's repetitions are further cells."""
    return 1 if cell.recipe is not None else max(1, least - done)


class TimeLeft:
    """A forecast that is corrected by all that happens."""

    def __init__(
        self,
        cells: Sequence[tuple[Cell, Expectation]],
        launches: Mapping[str, int],
        limits: Limits,
        cores: int,
        once: bool = False,
        sustain_seconds: float = 0.0,
    ) -> None:
        """``launches``: how many of each cell are still to come, by its id; ``limits``: of one of them.

        ``sustain_seconds``: for how long each launch is expected to load its device beforehand.
        """
        self._limits = limits
        self._cores = cores
        self._once = once
        self._experience = Experience()
        self._used, self._usable = _UNUSED_TIME, 1.0
        self._levelled: dict[str, float] = {}
        """For how long each device was loaded the last time: by the clock, however fast the machine is."""
        self._gone: set[str] = set()
        """Cells that have ended."""
        self._expected = {cell.id: (cell, expected) for cell, expected in cells}
        self._loads = 0.0 if once else sustain_seconds
        self._parts: dict[str, int] = {}
        """Of groups whose launches go in parts: how many."""
        self._launches: dict[str, list[Launch]] = {}
        """Of each comparison group those that have not ended; the first one is measured now, or next."""
        for cell, expected in cells:
            coming = self._launches.setdefault(cell.group, [])
            while len(coming) < launches[cell.id]:
                coming.append(Launch({}, [], cell.device, cell.concurrent, self._loads))
            for group in coming[: launches[cell.id]]:
                group.parts[cell.id] = Part(cell, expected)
                group.frameworks.append(expected.framework)

    def divide(self, group: str, parts: Sequence[Sequence[str]]) -> None:
        """Each launch of a group that is to come goes in these parts, one after the other; ids of cells."""
        before = self._parts.get(group, 1)
        known = [[name for name in ids if name in self._expected and name not in self._gone] for ids in parts]
        known = [ids for ids in known if ids]
        if not known or len(known) == before == 1:
            return
        coming = [one for one in self._launches[group] if not one.ended]
        launches = max(1, -(-len(coming) // before))
        self._parts[group] = len(known)
        self._launches[group] = [self._together(ids) for _ in range(launches) for ids in known]

    def _together(self, ids: Sequence[str]) -> Launch:
        """Cells that are started together."""
        known = [self._expected[name] for name in ids]
        parts = {cell.id: Part(cell, expected) for cell, expected in known}
        frameworks = [expected.framework for _, expected in known]
        first, _ = known[0]
        return Launch(parts, frameworks, first.device, first.concurrent, self._loads)

    def remember(self, cell: Cell, expected: Expectation, record: CellRecord) -> None:
        """Learn from a cell that an earlier session of the run has measured."""
        if not record.seconds:
            return
        self._experience.add(_units(expected, record.seconds))

    def begin(self, group: str, now: float) -> None:
        """A group's workers are about to be started."""
        known = self._known(group)
        known.step, known.since = ("", "load"), now

    def order(self, cell: Cell, step: Step, now: float) -> None:
        """A step begins; the first that is no loading says that all are loaded."""
        group = self._known(cell.group)
        if step == "load":
            return
        if not group.loaded:
            self._learn(self._evidence(group, now - group.since))
            group.loaded, group.since = True, now
        if step == "go" and group.sustain_seconds and group.parts[cell.id].warm:
            self._levelled[group.device] = group.sustained or group.sustain_seconds
            group.sustain_seconds = 0.0
        if step == "finish" and group.proving is None and self._trained(group.parts[cell.id]):
            live = [part for part in group.parts.values() if not part.ended]
            expected = sum(part.expected.proof_seconds for part in live) / self._cores
            path, told = _proof_path(group.parts[cell.id]), sum(self._finish(part) for part in live)
            group.proving = Proving(now, path, expected, now, told)
        group.step = (cell.id, step)

    def _trained(self, part: Part) -> bool:
        """Whether it is a trainer with no epoch to come; a slow candidate for the floor ends earlier."""
        epochs = part.expected.epochs
        return epochs is not None and (self._once or part.rounds >= epochs - 1)

    def answer(self, cell: Cell, now: float, sample_seconds: float | None = None) -> None:
        """The step that was ordered has ended well; ``sample_seconds`` of a sample."""
        group = self._known(cell.group)
        if group.step is None or group.step[1] == "load":
            return
        part, step, seconds = group.parts[cell.id], group.step[1], now - group.since
        self._learn(self._evidence(group, seconds))
        if step == "prepare":
            part.prepared = True
        elif step == "sustain":
            group.sustained += seconds
        elif step == "go" and part.expected.epochs is not None and not part.cold:
            part.cold = True
        elif step == "go":
            part.rounds += 1
            part.used_seconds += seconds
            part.samples.append(seconds if sample_seconds is None else sample_seconds)
        group.step, group.since = None, now

    def _evidence(self, group: Launch, seconds: float) -> list[Evidence]:
        """What it says of like things that the step of now takes so long."""
        assert group.step is not None
        cell, step = group.step
        if step == "load":
            return [Evidence(*self._start(group), seconds)]
        part = group.parts[cell]
        kind, expected = part.expected.kind, part.expected
        if step == "prepare":
            return [Evidence(*self._prepare(part), seconds, apart=expected.guessed)]
        if step in ("sustain", "finish") or expected.epochs is None:
            return []
        if part.cold:
            return [Evidence(("epoch", *kind), expected.unit_seconds, seconds)]
        # what the first epoch takes beyond expectation is laid on its two parts alike
        epoch, compiling = self._epoch(part), self._compile(part)
        whole = epoch + compiling
        longer = seconds / whole
        return [
            Evidence(("epoch", *kind), expected.unit_seconds, longer * epoch, epoch / whole),
            Evidence(("compile", *kind), expected.compile_seconds, longer * compiling, compiling / whole),
        ]

    def _learn(self, evidence: Sequence[Evidence], sign: int = 1) -> None:
        for seen in evidence:
            self._experience.add(seen, sign)

    def end(self, cell: Cell, now: float) -> None:
        """A cell has ended, well or not: none of its launches is to come."""
        self.end_launch(cell, now)
        self._gone.add(cell.id)
        for group in self._launches.get(cell.group, ()):
            if cell.id in group.parts:
                group.parts[cell.id].ended = True

    def end_launch(self, cell: Cell, now: float) -> None:
        """A cell has ended the launch that is measured now."""
        group = next(iter(self._launches.get(cell.group, ())), None)
        if group is None or group.ended or not group.begun or cell.id not in group.parts:
            return  # of one that went in pairs it is told when all of them have ended
        part = group.parts[cell.id]
        if part.ended:
            return
        part.ended, group.since = True, now
        if group.proving is not None:
            live = [self._finish(other) for other in group.parts.values() if not other.ended]
            group.proving = replace(group.proving, since=now, seconds=sum(live))
        self._learn_of_rounds(part)

    def _learn_of_rounds(self, part: Part) -> None:
        """What a kernel's launch tells when it has ended: of its calls, and of how long rounds went on."""
        if part.expected.epochs is not None or not part.rounds:
            return
        self._experience.add(_units(part.expected, part.samples))
        least = self._limits.min_rounds * part.used_seconds / part.rounds
        usable = self._limits.max_seconds - least
        if usable > 0:
            self._used += min(usable, max(0.0, part.used_seconds - least))
            self._usable += usable

    def end_group(self, group: str, now: float) -> None:
        """A launch of a group has ended, and what it left behind is cleared away."""
        coming = self._launches.get(group)
        if coming:
            proving = coming[0].proving
            if proving is not None:
                seen = Evidence(proving.path, proving.expected_seconds, now - proving.begun)
                self._learn([seen])
            for part in coming[0].parts.values():
                if not part.ended:  # a pair's, of which nothing was told yet
                    self._learn_of_rounds(part)
            coming[0].ended, coming[0].step = True, None
            if len(coming) > 1:
                del coming[0]

    def seconds(self, now: float) -> float:
        """What is still to come."""
        overdue = [e for group in self._groups() for e in self._overdue(group, now)]
        self._learn(overdue)
        left = [(group, self._group_left(group, now)) for group in self._groups()]
        self._learn(overdue, -1)
        alone = sum(seconds for group, seconds in left if not group.concurrent)
        lanes: dict[str, list[float]] = {}
        for group, seconds in left:
            if group.concurrent:
                lanes.setdefault(group.device, []).append(seconds)
        # the lanes' first groups begin together and wait for each other, then the second ones
        return alone + sum(max(beside) for beside in zip_longest(*lanes.values(), fillvalue=0.0))

    def _known(self, group: str) -> Launch:
        """The launch of a group that is measured now, or next; one more than was planned is like the last."""
        coming = self._launches[group]
        if coming[0].ended:
            again = [(name, part) for name, part in coming[0].parts.items() if name not in self._gone]
            parts = {name: Part(part.cell, part.expected) for name, part in again}
            last = coming[0]
            coming[0] = Launch(parts, last.frameworks, last.device, last.concurrent, last.sustained)
        return coming[0]

    def _groups(self) -> Iterator[Launch]:
        for coming in self._launches.values():
            yield from coming

    def _overdue(self, group: Launch, now: float) -> list[Evidence]:
        """A step that takes longer than it should tells so before it has ended."""
        elapsed = (1 + _OVERDUE_SHARE) * (now - group.since)
        if group.step is None or group.ended or elapsed <= self._step_seconds(group):
            return []
        return self._evidence(group, elapsed)

    def _group_left(self, group: Launch, now: float) -> float:
        live = [part for part in group.parts.values() if not part.ended]
        if group.ended or not live:
            return 0.0
        if group.proving is not None:
            elapsed = max(0.0, now - group.proving.since)
            return max(group.proving.seconds - elapsed, _OVERDUE_SHARE * elapsed)
        left = 0.0 if group.loaded else self._experience.seconds(*self._start(group))
        left += self._sustain_left(group) + sum(self._part_left(part) for part in live)
        if group.step is None:
            return left
        expected = self._step_seconds(group)
        elapsed = max(0.0, now - group.since)
        return left - expected + max(expected - elapsed, _OVERDUE_SHARE * elapsed)

    def _step_seconds(self, group: Launch) -> float:
        assert group.step is not None
        cell, step = group.step
        if step == "load":
            return self._experience.seconds(*self._start(group))
        part = group.parts[cell]
        if part.ended:
            return 0.0
        if step == "prepare":
            return self._experience.seconds(*self._prepare(part))
        if step == "sustain":
            return min(LOAD_SECONDS, self._sustain_left(group))
        if step == "finish":
            return self._finish(part)
        if part.expected.epochs is None:
            return min(self._turn(part), self._rounds_left(part))
        return self._epoch(part) + (0.0 if part.cold else self._compile(part))

    def _sustain_left(self, group: Launch) -> float:
        """Of loading the device, which goes on until it is level: for longer, if it has taken longer."""
        if not group.sustain_seconds:
            return 0.0
        left = self._levelled.get(group.device, group.sustain_seconds) - group.sustained
        return left if left > 0 else _OVERDUE_SHARE * group.sustained

    def _part_left(self, part: Part) -> float:
        left = self._finish(part)
        if not part.prepared:
            left += self._experience.seconds(*self._prepare(part))
        if self._once:
            return left
        if part.expected.epochs is None:
            return left + self._rounds_left(part)
        if not part.cold:
            left += self._epoch(part) + self._compile(part)
        return left + (part.expected.epochs - 1 - part.rounds) * self._epoch(part)

    def _start(self, group: Launch) -> tuple[Path, float]:
        path = ("start", " ".join(sorted(set(group.frameworks))))
        return path, start_seconds(group.frameworks, self._cores)

    def _prepare(self, part: Part) -> tuple[Path, float]:
        """A kernel is called once, proven, and called until it is warm, for a second at most."""
        path = ("prepare", *part.expected.kind)
        if part.expected.epochs is not None:
            return path, part.expected.set_up_seconds
        call = self._call(part)
        return path, part.expected.set_up_seconds + 3 * call + max(call, min(1.0, 15 * call))

    def _finish(self, part: Part) -> float:
        """A kernel's last check; of a trainer's proof its share, as those of a group run side by side."""
        if part.expected.epochs is None:
            return 0.01 + 2 * self._call(part)
        proof = self._experience.seconds(_proof_path(part), part.expected.proof_seconds)
        return _FINISH_SECONDS + proof / self._cores

    def _call(self, part: Part) -> float:
        if part.samples:
            return statistics.median(part.samples)
        return self._experience.seconds(("call", *part.expected.kind), part.expected.unit_seconds)

    def _epoch(self, part: Part) -> float:
        return self._experience.seconds(("epoch", *part.expected.kind), part.expected.unit_seconds)

    def _compile(self, part: Part) -> float:
        return self._experience.seconds(("compile", *part.expected.kind), part.expected.compile_seconds)

    def _turn(self, part: Part) -> float:
        """A kernel's turn: woken by calls for 20 ms, by one at least, then the sample or many timed calls."""
        if part.rounds:
            return part.used_seconds / part.rounds
        call, rounds = self._call(part), max(self._limits.min_rounds, 1)
        timed = call * max(1, self._limits.calls / rounds)
        if self._limits.max_seconds:
            timed = min(timed, max(call, self._limits.max_seconds / rounds))
        return max(_WAKING_SECONDS, call) + timed + _TURN_OVERHEAD_SECONDS

    def _rounds_left(self, part: Part) -> float:
        """Rounds go on until they are precise or the time is used up, but for the fewest at least."""
        turn = self._turn(part)
        least = max(0, self._limits.min_rounds - part.rounds) * turn
        more = max(0.0, self._limits.max_seconds - part.used_seconds - least)
        return least + more * (1.0 if self._limits.precision is None else self._used / self._usable)


def _units(expected: Expectation, seconds: Sequence[float]) -> Evidence:
    """Calls or warm epochs that were measured, as long as they took together."""
    what, count = "call" if expected.epochs is None else "epoch", len(seconds)
    middle = statistics.median(seconds)
    path = (what, *expected.kind)
    return Evidence(path, count * expected.unit_seconds, count * middle, apart=expected.guessed)
