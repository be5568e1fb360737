"""What a run hands to its parts and what it keeps: a campaign whose workers and rounds are made up."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from made_up_plan import CONTEXT, CPU, WORKLOAD, kernel, plan, training
from stand_ins import SPEC

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.measure.launches import Enough, draw_starts
from likeforlike.bench.measure.levelling import EXPECTED_SECONDS, Levelling
from likeforlike.bench.measure.pool import PoolKilled
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.measure.worker_process import MemoryLimits
from likeforlike.bench.plan.sides import Side
from likeforlike.bench.run import campaign as campaigns
from likeforlike.bench.run.campaign import Campaign, _by_launch, _slowest
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.devices.process.interpreter import Interpreter

MIB = 2**20


@dataclass
class World:
    """Stands in for all that a campaign orders about; what it was told, in that order."""

    log: list[tuple[Any, ...]] = field(default_factory=list)
    groups: list[SimpleNamespace] = field(default_factory=list)
    """What each call of the schedule was handed."""
    fails: dict[tuple[str, int], CellFailed] = field(default_factory=dict)
    """By the cell's id and the launch."""
    free_bytes: int = 2**40
    asked: int = 0

    def __getattr__(self, name: str) -> Any:
        """As the progress, or the watch: whatever it is told is noted."""
        return lambda *what: self.log.append((name, *what))

    def of(self, name: str) -> list[tuple[Any, ...]]:
        return [tuple(what) for told, *what in self.log if told == name]

    def free(self) -> int:
        self.asked += 1
        assert self.asked < 50, "it goes on without end"
        return self.free_bytes

    def group(self, turns, limits, draw, watch, ended, first, await_peace, levelling):
        """Each cell takes its turns at once, or fails."""
        assert watch is self

        def measure(once: bool) -> None:
            self.log.append(("measure", once))
            for turn in turns:
                turn.failure = self.fails.get((turn.cell.id, turn.launch))
                turn.finished = turn.failure is None
                ended(turn)

        self.groups.append(
            SimpleNamespace(
                names=[turn.cell.entry.name for turn in turns],
                turns=turns,
                limits=limits,
                drawn=draw.random(),
                first=first,
                await_peace=await_peace,
                levelling=levelling,
                measure=measure,
                stopping="how it stopped",
            )
        )
        return self.groups[-1]

    def states(self, cell):
        return {"state of": cell.id}

    def time_left(self, coming, left, limits, cores, once, loads):
        self.log.append(("forecast", coming, left, limits, cores, once, loads))
        return self


class Lends:
    """A pool whose workers do nothing."""

    def __init__(self, log: list[tuple[Any, ...]], name: str = "pool") -> None:
        self.log, self.name = log, name
        self.limits = MemoryLimits(2**40, 0)

    def lend(self, environment, has_peers, interpreter):
        worker = SimpleNamespace(entrant=environment["ENTRANT"])
        self.log.append(("lent", worker.entrant, environment, has_peers, interpreter))
        return worker

    def take_back(self, worker, clean):
        assert callable(worker.while_waiting)
        self.log.append(("taken back", worker.entrant, clean))

    def end(self):
        self.log.append(("ended pool", self.name))


def measured(turn, stopping, context, state, log_dir) -> CellRecord:
    """A launch's one sample: as many seconds as there were launches before it, and one."""
    assert (stopping, context, state) == ("how it stopped", CONTEXT, {"state of": turn.cell.id})
    number = turn.launch + 1
    return CellRecord(turn.cell.id, "measured", "", [float(number)], [number], launch=turn.launch)


def joined(cell, launches, why, context) -> CellRecord:
    assert context is CONTEXT
    seconds = [sample for record in launches for sample in record.seconds]
    return CellRecord(cell.id, "measured", "", seconds, extra_info={"why": why})


@pytest.fixture
def world(monkeypatch):
    made = World()
    stand_ins = {
        "free_memory_bytes": made.free,
        "usable_cores": lambda: 3,
        "expect": lambda cell, plan, rates: (cell.id, rates),
        "TimeLeft": made.time_left,
        "Group": made.group,
        "MachineWatch": lambda devices: made,
        "measured_record": measured,
        "launches_joined": joined,
        "environment_of": lambda cell, plan: {"ENTRANT": cell.entry.name, **dict(cell.entry.environment)},
        "spec_of": lambda cell, plan: msgspec.structs.replace(SPEC, cell=cell.id),
        "with_answers": lambda spec, cell, plan: msgspec.structs.replace(spec, answer_file="kept"),
    }
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(campaigns, name, stand_in)
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    return made


def run_of(world: World, *cells, journal=None, stops=None, rates=None, **asked) -> Campaign:
    """A campaign of these cells, chosen; ``asked`` of the plan and its options."""
    further = {} if stops is None else {"stops": stops}
    campaign = Campaign(plan(**asked), journal, world, rates, Lends(world.log), **further)
    campaign.choose(cells)
    return campaign


def kept(world: World, *cells, **asked) -> list[CellRecord]:
    campaign = run_of(world, *cells, **asked)
    return [campaign.record(cell) for cell in cells]


def a_journal(records=(), launches=(), session=0, warning=None) -> SimpleNamespace:
    made: dict[str, dict[int, CellRecord]] = {}
    for cell, *numbers in launches:
        made[cell.id] = {n: CellRecord(cell.id, "measured", "", [10.0 + n], [n], launch=n) for n in numbers}
    by_id = {cell.id: CellRecord(cell.id, "measured", "", [3.0]) for cell in records}
    taken: list[CellRecord] = []

    def add(few):
        taken.extend(few)
        return warning

    return SimpleNamespace(records=by_id, launches=made, session=session, add=add, taken=taken)


def whys(records) -> list[tuple[str, int]]:
    return [(record.extra_info["why"].reason, record.extra_info["why"].launches) for record in records]


class TestOrder:
    def test_every_group_s_first_launch_comes_before_any_second(self, world):
        records = kept(world, kernel("a", 1), kernel("b", 2))
        assert [group.names for group in world.groups] == [["a"], ["b"], ["a"], ["b"]]
        assert [group.first for group in world.groups] == [0, 0, 1_000_000, 1_000_000]
        assert [record.seconds for record in records] == [[1.0, 2.0]] * 2
        assert whys(records) == [("launches", 2)] * 2

    def test_cells_of_a_group_take_turns(self, world):
        records = kept(world, kernel("a"), kernel("b"), kernel("c", 2), launches=(1, 1))
        assert [group.names for group in world.groups] == [["a", "b"], ["c"]]
        assert [record.seconds for record in records] == [[1.0]] * 3

    def test_a_run_of_a_training_is_a_launch(self, world):
        late, early = training(run=1), training(run=0)
        records = kept(world, late, kernel("a"), early, launches=(2, 2))
        assert [group.names for group in world.groups] == [["a"], ["t"], ["t"], ["a"]]
        assert [group.turns[0].cell.run for group in world.groups] == [0, 0, 1, 0]
        assert [group.turns[0].launch for group in world.groups] == [0, 0, 0, 1]
        assert [what[1] for what in world.of("begun")] == [0, 0, 0, 1]
        # each run of a training is a cell of its own, with one launch, its first; and no word why it ended
        assert [record.seconds for record in records] == [[1.0], [1.0, 2.0], [1.0]]
        assert [record.extra_info["why"] for record in (records[0], records[2])] == [None, None]

    def test_an_ended_cell_is_not_measured_for_its_record(self, world):
        first = kernel("a")
        campaign = run_of(world, first, launches=(1, 1))
        assert campaign.record(first) is campaign.record(first)
        assert len(world.groups) == 1


class TestChosen:
    def test_of_a_journal_s_records_those_of_the_chosen_cells(self, world):
        one, two, other = kernel("a"), kernel("b"), kernel("c")
        campaign = run_of(world, one, two, journal=a_journal([two, other]))
        assert list(campaign.records) == [two.id]
        assert campaign.unreached == [one]

    @pytest.mark.parametrize(("once", "least"), [(False, 2), (True, 1)])
    def test_the_progress_hears_of_the_fewest_launches(self, world, once, least):
        cells = kernel("a"), kernel("b")
        run_of(world, *cells, launches=(2, 5), once=once)
        assert world.of("plan") == [(cells, world, least)]

    def test_launches_that_all_of_a_group_have_are_taken_up(self, world):
        one, two, alone = kernel("a"), kernel("b"), kernel("c", 2)
        journal = a_journal(launches=[(one, 0, 1), (two, 0), (alone, 0, 1)])
        records = kept(world, one, two, alone, journal=journal, launches=(3, 3))
        # of the first two launches 1 and 2 are measured, of the last one launch 2: it has fewer to come
        assert [(group.names, group.turns[0].launch) for group in world.groups] == [
            (["a", "b"], 1),
            (["a", "b"], 2),
            (["c"], 2),
        ]
        seconds = [record.seconds for record in records]
        assert seconds == [[10.0, 2.0, 3.0], [10.0, 2.0, 3.0], [10.0, 11.0, 3.0]]

    def test_launches_of_two_sessions_are_none_that_a_group_has(self, world):
        """Of a retry that was killed: one's second launch is of session 1, the other's still of session 0."""
        one, two = kernel("a"), kernel("b")
        journal = a_journal(launches=[(one, 0, 1), (two, 0, 1)], session=2)
        anew = CellRecord(one.id, "measured", "", [20.0], [101_000_000], launch=1)
        journal.launches[one.id][1] = anew
        records = kept(world, one, two, journal=journal, launches=(3, 3))
        assert [(group.names, group.turns[0].launch) for group in world.groups] == [
            (["a", "b"], 1),
            (["a", "b"], 2),
        ]
        assert [record.seconds for record in records] == [[10.0, 2.0, 3.0]] * 2

    def test_a_group_that_was_launched_often_enough_has_ended(self, world):
        one = kernel("a")
        campaign = run_of(world, one, journal=a_journal(launches=[(one, 0, 1)]))
        assert campaign.records[one.id].seconds == [10.0, 11.0]
        assert campaign.unreached == []
        assert campaign.ended_early() == {}

    def test_a_group_whose_end_was_written_of_some_has_ended_for_all(self, world):
        """The run was killed between two lines: b, of 10 s and then 11 as a, was launched again, alone."""
        one, two = kernel("a"), kernel("b")
        journal = a_journal([one], [(one, 0, 1), (two, 0, 1)])
        campaign = run_of(world, one, two, journal=journal, launches=(2, 5), precision=0.05)
        assert campaign.unreached == []
        assert campaign.records[one.id].seconds == [3.0]
        assert campaign.records[two.id].seconds == [10.0, 11.0]
        assert whys([campaign.records[two.id]]) == [("precision", 2)]
        assert [taken.cell for taken in journal.taken] == [two.id]

    @pytest.mark.parametrize(
        ("group", "outcome", "launches", "round_number"),
        [
            ("another", "measured", (0, 1), 0),
            ("group 1", "crashed", (0, 1), 0),
            ("group 1", "measured", (0, 1, 2), 0),
            ("group 1", "measured", (0,), 0),
            ("group 1", "measured", (0, 1), 100_000_000),
        ],
    )
    def test_of_no_other_s_end_anything_follows(self, world, group, outcome, launches, round_number):
        """By themselves b's 10 s and 11 s are not as precise as asked."""
        one, two = kernel("a", group=group), kernel("b")
        journal = a_journal([], [(one, *launches), (two, 0, 1)])
        journal.records[one.id] = CellRecord(one.id, outcome, "", [3.0])
        first = journal.launches[one.id][0]
        journal.launches[one.id][0] = msgspec.structs.replace(first, round_numbers=[round_number])
        campaign = run_of(world, one, two, journal=journal, launches=(2, 5), precision=0.05)
        assert campaign.unreached == [two]
        assert [record.seconds for record in campaign._launches[two.id]] == [[10.0], [11.0]]

    def test_launches_of_trainings_are_none_to_go_on_behind(self, world):
        one = training()
        campaign = run_of(world, one, journal=a_journal(launches=[(one, 0)]))
        assert campaign.unreached == [one]
        assert campaign.ended_early() == {}

    def test_what_is_known_of_cells_that_have_not_ended(self, world):
        one, two, three = kernel("a"), kernel("b", 2), kernel("c", 3)
        journal = a_journal([three], [(one, 0)])
        campaign = run_of(world, one, two, three, journal=journal)
        known = CellRecord(one.id, "measured", "", [10.0], extra_info={"why": None})
        assert campaign.ended_early() == {one.id: known}


class TestForecast:
    def test_of_what_is_to_come_by_what_is_known(self, world):
        ended, begun, new = kernel("a"), kernel("b", 2), kernel("c", 3)
        skipped, train = kernel("d", 4, skip_reason="no GPU"), training()
        journal = a_journal([ended, skipped], [(begun, 0, 1)])
        cells = ended, begun, new, skipped, train
        asked = {"launches": (3, 5), "min_rounds": 10, "max_seconds": 6.0}
        run_of(world, *cells, journal=journal, rates={"a": 1.0}, **asked)
        expected = {cell.id: (cell.id, {"a": 1.0}) for cell in cells}
        coming = [(cell, expected[cell.id]) for cell in (begun, new, train)]
        left = {begun.id: 1, new.id: 3, train.id: 1}
        # a third of the ten rounds, rounded up, and of the six seconds
        limits = Limits(4, 2.0, None, 0.95)
        assert world.of("forecast") == [(coming, left, limits, 3, False, 0.0)]
        of_begun = [CellRecord(begun.id, "measured", "", [10.0 + n], [n], launch=n) for n in (0, 1)]
        assert world.of("remember") == [
            (ended, expected[ended.id], CellRecord(ended.id, "measured", "", [3.0])),
            *((begun, expected[begun.id], record) for record in of_begun),
        ]

    @pytest.mark.parametrize(
        ("asked", "seconds"),
        [
            ({"sustained": True}, EXPECTED_SECONDS),
            ({"sustained": True, "sustained_seconds": 4.0}, 4.0),
            ({"sustained": False, "sustained_seconds": 4.0}, 0.0),
        ],
    )
    def test_loading_the_device(self, world, asked, seconds):
        one = kernel("a")
        kept(world, one, launches=(1, 1), **asked)
        ((*_, loads),) = world.of("forecast")
        assert loads == seconds
        on = Levelling(asked.get("sustained_seconds")) if asked["sustained"] else None
        assert [group.levelling for group in world.groups] == [on]

    def test_once_each_group_has_one_launch(self, world):
        one = kernel("a")
        records = kept(world, one, launches=(3, 5), once=True)
        ((_, left, *_, once, _),) = world.of("forecast")
        assert (left, once) == ({one.id: 1}, True)
        assert world.of("measure") == [(True,)]
        assert whys(records) == [("launches", 1)]


class TestWhere:
    def test_alone_a_group_may_have_nine_tenths_of_the_memory(self, world, monkeypatch):
        one = kernel("a")
        campaign = run_of(world, one)
        world.free_bytes = 1000
        seen = []

        def measure(cells, pool, usable):
            seen.append((list(cells), pool.name, usable))
            campaign.records[one.id] = CellRecord(one.id, "measured")

        monkeypatch.setattr(campaign, "_measure", measure)
        campaign.record(one)
        assert seen == [([one], "pool", 900)]

    def test_of_its_own_pool_workers_have_what_was_asked(self, world, monkeypatch):
        made = []

        def pool(limits, clean):
            made.append((limits, clean))
            return Lends(world.log, "own")

        monkeypatch.setattr(campaigns, "Pool", pool)
        monkeypatch.setattr(
            campaigns, "MemoryLimits", SimpleNamespace(of_machine=lambda asked: ("limits of", asked))
        )
        one = kernel("a")
        campaign = Campaign(plan(cell_memory_bytes=77, clean_environment=True), None, world)
        campaign.choose([one])
        campaign.record(one)
        assert made == [(("limits of", 77), True)]
        campaign.end()
        campaign.end()
        assert world.of("ended pool") == [("own",)]

    def test_devices_side_by_side_share_the_memory(self, world, monkeypatch):
        class MadeUpLanes:
            def __init__(self, devices, limit, clean):
                world.log.append(("lanes", devices, limit, clean))
                self.number = len(devices)

            def measure(self, groups, measure, stop):
                world.log.append(("side by side", [[cell.device for cell in group] for group in groups]))
                world.log.append(("share", measure.keywords, stop))
                for cells in groups:
                    measure(cells, Lends(world.log))

            def end(self):
                world.log.append(("ended lanes",))

        monkeypatch.setattr(campaigns, "Lanes", MadeUpLanes)
        devices = {f"cpu:{n}": replace(CPU, index=n) for n in range(2)}
        beside = [kernel("a", device=name, group=name, concurrent=True) for name in devices]
        alone = kernel("b", 9, device="gpu:0", skip_reason="no GPU")
        world.free_bytes = 1000 * MIB
        campaign = run_of(world, *beside, alone, devices=devices, cell_memory_bytes=5, launches=(2, 2))
        for cell in beside:
            campaign.record(cell)
        assert world.of("lanes") == [(["cpu:0", "cpu:1"], 5, False)]
        assert world.of("side by side") == [([["cpu:0"], ["cpu:1"]],)] * 2
        assert world.of("share") == [({"usable_bytes": 450 * MIB}, campaign._stop)] * 2
        assert all(group.await_peace() is True for group in world.groups)
        assert not any(group.await_peace == campaign._patience.wait for group in world.groups)
        campaign.end()
        campaign.end()
        assert world.of("ended lanes") == [()]

    def test_alone_it_waits_for_peace(self, world):
        one = kernel("a")
        campaign = run_of(world, one)
        campaign.record(one)
        assert {group.await_peace == campaign._patience.wait for group in world.groups} == {True}

    def test_patience_is_what_was_asked(self, world):
        assert run_of(world, kernel("a"), patience_seconds=7.0)._patience._first_seconds == 7.0


class TestKept:
    def test_each_launch_and_each_end_is_journalled_and_told(self, world):
        one, journal = kernel("a"), a_journal()
        asked = {"code": {"likeforlike": "c0de", "other": "0"}, "host": {"name": "here"}}
        (record,) = kept(world, one, journal=journal, **asked)
        assert [taken.launch for taken in journal.taken] == [0, 1, None]
        assert journal.taken[2] is record
        assert all(
            (taken.code, taken.host) == ({"likeforlike": "c0de"}, {"name": "here"}) for taken in journal.taken
        )
        assert world.of("launched") == [(one, journal.taken[0]), (one, journal.taken[1])]
        assert world.of("ended") == [(one, record)]
        assert world.of("say") == []

    def test_a_disk_that_takes_nothing_is_told(self, world):
        kept(world, kernel("a"), journal=a_journal(warning="the disk is full"), launches=(1, 1))
        assert world.of("say") == [("WARNING: the disk is full",)] * 2

    def test_rounds_of_a_later_session_have_numbers_of_their_own(self, world):
        kept(world, kernel("a"), journal=a_journal(session=2))
        assert [group.first for group in world.groups] == [200_000_000, 201_000_000]

    def test_nothing_is_kept_once_it_was_stopped(self, world):
        one, journal = kernel("a"), a_journal()
        campaign = run_of(world, one, journal=journal)
        campaign._stop()
        campaign._keep(one, CellRecord(one.id, "crashed"))
        assert (campaign.records, journal.taken, world.of("ended")) == ({}, [], [])

    def test_once_it_was_stopped_no_cell_is_asked_for_without_end(self, world):
        """After an error in a lane the next test measured its cell again and again, as nothing was kept."""
        measured, skipped = kernel("a"), kernel("b", 2, skip_reason="no GPU")
        campaign = run_of(world, measured, skipped, launches=(1, 1))
        record = campaign.record(measured)
        campaign._stop()
        assert campaign.record(measured) is record
        with pytest.raises(PoolKilled, match="in an earlier cell has ended the run"):
            campaign.record(skipped)
        assert len(world.groups) == 1

    def test_a_launch_that_is_taken_once_more_takes_the_place_of_the_one_before(self, world):
        """It was broken off by an error after some had ended it: theirs would pair with the next one's."""
        one = kernel("a")
        campaign = run_of(world, one)
        for launch, seconds in ((0, 1.0), (1, 2.0), (0, 3.0), (1, 4.0)):
            campaign._keep(one, CellRecord(one.id, "measured", "", [seconds], [launch], launch=launch))
        assert [record.seconds for record in campaign._launches[one.id]] == [[3.0], [4.0]]

    def test_each_cell_is_taken_in_hand_and_back(self, world):
        cells = kernel("a"), kernel("b")
        world.fails[cells[1].id, 0] = CellFailed("crashed", "as made up")
        records = kept(world, *cells, launches=(1, 1))
        assert world.of("begun") == [(list(cells), 0)]
        assert world.of("taken back") == [("a", True), ("b", False)]
        assert world.of("group_ended") == [(list(cells),)]
        assert (records[1].outcome, records[1].reason) == ("crashed", "as made up")

    def test_the_machine_is_watched_from_before_to_after(self, world):
        cells = kernel("a"), kernel("b")
        kept(world, *cells, launches=(1, 1))
        told = [name for name, *_ in world.log if name in ("begin", "measure", "end", "launched")]
        assert told == ["begin", "measure", "launched", "launched", "end"]
        assert world.of("begin") == [(list(cells),)]
        assert world.of("measure") == [(False,)]

    def test_what_breaks_ends_the_watch_and_gives_workers_back_all_the_same(self, world, monkeypatch):
        def fails(once):
            raise RuntimeError("as made up")

        def broken(*arguments, **more):
            made = world.group(*arguments, **more)
            made.measure = fails
            return made

        monkeypatch.setattr(campaigns, "Group", broken)
        one = kernel("a")
        campaign = run_of(world, one)
        with pytest.raises(RuntimeError, match="as made up"):
            campaign.record(one)
        assert world.of("end") == [()]
        assert world.of("taken back") == [("a", False)]
        assert world.of("group_ended") == [([one],)]

    def test_answers_are_asked_of_the_first_launch_and_cleared_away(self, world, tmp_path):
        one = kernel("a")
        (tmp_path / f"{one.folder}.npz").write_text("an answer")
        kept(world, one, answers_folder=tmp_path)  # which the second launch doesn't find
        assert [group.turns[0].spec.answer_file for group in world.groups] == ["kept", ""]
        assert list(tmp_path.iterdir()) == []

    def test_a_worker_knows_how_much_it_may_hold(self, world):
        kept(world, kernel("a", 1))
        specs = [turn.spec for group in world.groups for turn in group.turns]
        assert {(spec.memory_bytes, spec.free_floor_bytes) for spec in specs} == {(2**40, 0)}


class TestNotMeasured:
    def test_what_was_known_beforehand(self, world):
        records = kept(world, kernel("a", skip_reason="no GPU"), kernel("b"), launches=(1, 1))
        assert (records[0].outcome, records[0].reason) == ("skipped", "no GPU")
        assert [group.names for group in world.groups] == [["b"]]
        assert records[1].outcome == "measured"

    def test_a_group_of_which_none_is_measured_begins_no_launch(self, world):
        records = kept(world, kernel("a", skip_reason="no GPU"), kernel("b", skip_reason="no GPU"))
        assert [record.outcome for record in records] == ["skipped"] * 2
        assert (world.groups, world.of("begun")) == ([], [])

    def test_a_framework_that_does_not_see_the_device_has_no_further_cell_there(self, world):
        first, again = kernel("a", 1), kernel("b", 2)
        other, aside = kernel("c", 3, {"framework": "torch"}), kernel("d", 4, axes=(("side", "x"),))
        world.fails[first.id, 0] = CellFailed("failed", "no GPU seen", device_unseen=True)
        sides = {"x": Side("x", Interpreter("python"))}
        records = kept(world, first, again, other, aside, sides=sides, launches=(1, 1))
        assert [record.outcome for record in records] == ["failed", "skipped", "measured", "measured"]
        assert records[1].reason == "no GPU seen"

    def test_any_other_failure_is_one_cell_s_own(self, world):
        first, again = kernel("a", 1), kernel("b", 2)
        world.fails[first.id, 0] = CellFailed("failed", "no memory")
        records = kept(world, first, again, launches=(1, 1))
        assert [record.outcome for record in records] == ["failed", "measured"]

    def test_what_is_larger_than_the_memory(self, world):
        large = kernel("a", declared=replace(WORKLOAD, memory_bytes=lambda axes: 2**41))
        (record,) = kept(world, large)
        assert record.outcome == "skipped"
        assert record.reason == "needs about 2048.00 GiB, 1024.00 GiB may be used (host)"

    def test_a_floor_that_was_far_in_the_first_run_of_its_training(self, world):
        """The fastest takes 1 s, the other 2, of which 1.5 are near."""
        floor = {"role": "floor"}
        cells = [training(name, run, floor) for run in (0, 1) for name in ("near", "far")]
        seconds = {cells[0].id: 1.0, cells[1].id: 2.0}
        campaign = run_of(world, *cells)
        for name, each in seconds.items():
            campaign.records[name] = CellRecord(name, "measured", "", [each])
        records = [campaign.record(cell) for cell in cells[2:]]
        assert [record.outcome for record in records] == ["measured", "skipped"]
        assert records[1].reason == "far from the fastest candidate for the floor in the first run"

    def test_who_fails_in_a_later_launch_leaves_the_others(self, world):
        one, two = kernel("a"), kernel("b")
        world.fails[two.id, 1] = CellFailed("crashed", "as made up")
        records = kept(world, one, two, launches=(3, 3))
        assert [group.names for group in world.groups] == [["a", "b"], ["a", "b"], ["a"]]
        assert [record.outcome for record in records] == ["measured", "crashed"]
        assert records[0].seconds == [1.0, 2.0, 3.0]


class TestInPairs:
    """Two of NumPy's workers of 70 MiB each fit, three don't."""

    def cells(self):
        return [kernel(name, entrant={"framework": "numpy"}) for name in "abc"]

    def test_each_other_takes_turns_with_the_first(self, world):
        world.free_bytes = 200 * MIB  # 180 may be used
        records = kept(world, *self.cells(), launches=(2, 2))
        assert [group.names for group in world.groups] == [["a", "b"], ["a", "c"]] * 2
        assert [group.first for group in world.groups] == [0, 10_000, 1_000_000, 1_010_000]
        assert [record.seconds for record in records] == [[1.0, 2.0]] * 3
        assert [record.cell for _, record in world.of("launched")] == [cell.id for cell in self.cells()] * 2

    def test_the_forecast_and_the_screen_know_of_them(self, world):
        world.free_bytes = 200 * MIB
        one, two, three = cells = self.cells()
        kept(world, *cells, launches=(2, 2))
        ids = [[one.id, two.id], [one.id, three.id]]
        assert world.of("divide") == [("group 1", ids)]
        assert world.of("divided") == [(cells, [[one, two], [one, three]])] * 2

    def test_which_is_told_once(self, world):
        world.free_bytes = 200 * MIB
        kept(world, *self.cells(), launches=(2, 2))
        (told,) = world.of("say")
        assert told[0].startswith("NOTE: group 1: 3 entrants need about 0.2 GiB together, 0.2 GiB may be")

    def test_who_was_lost_in_a_pair_is_in_no_further_one(self, world):
        world.free_bytes = 200 * MIB
        world.fails["made-up-a-cpu:0-1", 0] = CellFailed("crashed", "as made up")
        records = kept(world, *self.cells(), launches=(1, 1))
        assert [group.names for group in world.groups] == [["a", "b"], ["c"]]
        assert [record.outcome for record in records] == ["crashed", "measured", "measured"]

    def test_what_fits_goes_together(self, world):
        world.free_bytes = 240 * MIB  # 216 may be used, 210 are needed
        kept(world, *self.cells(), launches=(1, 1))
        assert [group.names for group in world.groups] == [["a", "b", "c"]]
        assert world.of("say") == []
        assert [len(parts) for _, parts in world.of("divided")] == [1]


class TestStarts:
    def test_what_is_drawn_for_each_process(self, world):
        cells = [kernel("a"), kernel("b", entrant={"environment": (("OWN", "1"),)}), kernel("c")]
        kept(world, *cells, launches=(2, 2), order_seed=5)
        names = [cell.id for cell in cells]
        lent, position = world.of("lent"), 0
        for launch, group in enumerate(world.groups):
            draw = random.Random(f"5 group 1 0 {launch} 0")
            starts = draw_starts(names, launch, draw)
            assert group.drawn == draw.random()
            for turn in group.turns:
                assert {"launch": turn.launch, **turn.start} == asdict(starts[turn.cell.id])
                assert "launch" not in turn.start
                assert turn.seconds_left == 50.0
            for name, start in starts.items():
                entrant, environment, has_peers, interpreter = lent[position]
                cell = cells[names.index(name)]
                own = {"ENTRANT": cell.entry.name, **dict(cell.entry.environment)}
                assert (entrant, environment) == (cell.entry.name, {**own, **start.environment})
                assert (has_peers, interpreter) == (False, None)
                position += 1
        assert position == len(lent) == 6

    def test_a_side_has_its_own_interpreter(self, world, monkeypatch):
        monkeypatch.setattr(campaigns, "has_peers", lambda cell: cell.entry.name == "b")
        cells = kernel("a", axes=(("side", "new"),)), kernel("b")
        kept(world, *cells, sides={"new": Side("new", Interpreter("other"))}, launches=(1, 1))
        lent = {entrant: more for entrant, _, *more in world.of("lent")}
        assert lent == {"a": [False, Interpreter("other")], "b": [True, None]}

    @pytest.mark.parametrize(
        ("variable", "clean", "entrants", "fixed"),
        [
            (False, False, 0, False),
            (True, False, 0, True),
            (True, True, 0, False),
            (False, True, 0, False),
            (False, False, 1, True),
            (True, True, 2, True),
        ],
    )
    def test_a_hash_seed_that_is_fixed_is_drawn_for_none(
        self, world, monkeypatch, variable, clean, entrants, fixed
    ):
        if variable:
            monkeypatch.setenv("PYTHONHASHSEED", "0")
        own = [{"environment": (("PYTHONHASHSEED", "1"),)} if n < entrants else {} for n in range(2)]
        cells = [kernel(name, entrant=entrant) for name, entrant in zip("ab", own, strict=True)]
        kept(world, *cells, clean_environment=clean, launches=(1, 1))
        assert {turn.start["hash_seed"] is None for turn in world.groups[0].turns} == {fixed}


class TestEnough:
    def test_launches_go_on_to_the_most_where_nothing_is_precise(self, world):
        """One a launch, of 1, 2, 3 and 4 s: launches that differ that much are never precise."""
        records = kept(world, kernel("a"), launches=(2, 4), precision=1e-9)
        assert whys(records) == [("launches", 4)]

    @pytest.mark.parametrize(("names", "reason"), [("a", "alone"), ("ab", "time"), ("abc", "time")])
    def test_a_group_that_is_told_to_end(self, world, names, reason):
        asked = []

        def stops(live, launches, seconds):
            asked.append((len(live), launches, seconds))
            return launches == 2

        records = kept(world, *map(kernel, names), stops=stops, launches=(3, 6))
        assert whys(records) == [(reason, 2)] * len(names)
        # the samples of launch 1 take 1 s, of launch 2 two
        assert asked == [(len(names), 1, 1.0), (len(names), 2, 2.0)]

    def test_that_it_has_all_launches_that_are_allowed_is_no_want_of_time(self, world):
        asked = {"launches": (2, 4), "precision": 1e-9}
        records = kept(world, kernel("a"), stops=lambda live, launches, seconds: launches == 4, **asked)
        assert whys(records) == [("launches", 4)]

    def test_as_many_as_asked_is_no_want_of_time(self, world):
        assert whys(kept(world, kernel("a"), launches=(2, 5))) == [("launches", 2)]

    def test_of_a_group_that_has_failed_nobody_is_asked(self, world):
        one, asked = kernel("a"), []
        world.fails[one.id, 0] = CellFailed("crashed", "as made up")
        kept(world, one, stops=lambda *what: asked.append(what))
        assert asked == []

    @pytest.mark.parametrize(("stop", "bounds"), [(False, (2, 5)), (True, (1, 1))])
    def test_what_is_precise_stays_so(self, world, monkeypatch, stop, bounds):
        """Whatever would have ended it: the reason is the first."""
        seen = []

        def enough(seconds, least, most, precision, confidence):
            seen.append((seconds, least, most, precision, confidence))
            return Enough("precision", len(seconds), 0.01)

        monkeypatch.setattr(campaigns, "enough", enough)
        one = kernel("a")
        asked = {"launches": (2, 5), "precision": 0.1, "confidence": 0.9}
        records = kept(world, one, stops=lambda *_: stop, **asked)
        assert whys(records) == [("precision", 1)]
        assert seen == [([{one.id: {1: 1.0}}], *bounds, 0.1, 0.9)]

    def test_once_one_launch_is_least_and_most(self, world, monkeypatch):
        seen = []

        def enough(seconds, least, most, precision, confidence):
            seen.append((least, most))
            return Enough("launches", 1, None)

        monkeypatch.setattr(campaigns, "enough", enough)
        kept(world, kernel("a"), launches=(2, 5), once=True)
        assert seen == [(1, 1)]

    @pytest.mark.parametrize(("freedom", "precision"), [(1, 0.25), (0, 0.1)])
    def test_a_launch_need_be_no_more_precise_than_launches_are_alike(
        self, world, monkeypatch, freedom, precision
    ):
        seen = []

        def spread(seconds):
            seen.append(seconds)
            return 0.25, freedom

        monkeypatch.setattr(campaigns, "spread_between", spread)
        one = kernel("a")
        kept(world, one, launches=(2, 2), precision=0.1, max_seconds=9.0)
        # of six rounds and nine seconds each of the two launches has half
        assert [group.limits for group in world.groups] == [Limits(3, 4.5, precision, 0.95)] * 2
        assert seen == [[], [{one.id: {1: 1.0}}]]


def test_the_slowest_is_that_of_the_last_launch_by_its_median():
    launches = [
        {"a": {0: 50.0}},
        {"a": {0: 60.0}},
        {"a": {0: 1.0, 1: 3.0, 2: 2.0}, "b": {0: 1.5}, "c": {}},
    ]
    assert _slowest(launches) == 2.0
    assert _slowest([]) == 0.0
    assert _slowest([{"a": {}}]) == 0.0


def test_only_launches_that_all_have_are_held_against_each_other():
    one, two = kernel("a"), kernel("b")
    records = [CellRecord("", "measured", "", [float(n)], [n]) for n in range(3)]
    assert _by_launch([one, two], [records, records[1:]]) == [
        {one.id: {0: 0.0}, two.id: {1: 1.0}},
        {one.id: {1: 1.0}, two.id: {2: 2.0}},
    ]
    assert _by_launch([], []) == []
