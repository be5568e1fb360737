"""When launches end, by workers that are made up: the real campaign, no process, no time that goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from likeforlike.bench.functions.asked import Asked, cells_of, entrants_of
from likeforlike.bench.functions.measuring import _plan
from likeforlike.bench.measure.memory_shares import expected_bytes
from likeforlike.bench.measure.pool import Pool
from likeforlike.bench.measure.worker_process import MemoryLimits
from likeforlike.bench.run import campaign as campaigns
from likeforlike.bench.run.campaign import Campaign
from likeforlike.bench.run.screen.progress import Progress
from likeforlike.bench.worker.messages import Finish, Finished, Go, Load, Loaded, Prepare, Ready, Sample
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.devices.machine.discovery import find_devices
from likeforlike.models.functions.given import ENTRANT_VARIABLE


class MadeUp:
    """Answers at once; the entrant of the number that fails is wrong when it is prepared."""

    pids = ()
    alive = True

    def __init__(self, number: str, fails: str, draw: np.random.Generator, noise: float) -> None:
        self.number, self.fails, self.draw, self.noise = number, fails, draw, noise

    def order(self, message):
        self.message = message

    def answer(self, timeout_seconds):
        if isinstance(self.message, Prepare) and self.number == self.fails:
            raise CellFailed("wrong-answer", "as made up")
        return {
            Load: Loaded(0.1),
            Prepare: Ready(0.1, 0.1, 0.0, 1.0, 5, {}),
            Go: Sample(0.005 * float(np.exp(self.noise * self.draw.normal()))),
            Finish: Finished({"verified": {"error": 0.0, "tolerance": 1.0}}),
        }[type(self.message)]

    def freeze(self):
        pass

    def kill(self):
        pass

    end = kill


class Lends(Pool):
    def __init__(self, fails: str = "", restless: str = "012") -> None:
        super().__init__(MemoryLimits(2**40, 0))
        self.fails, self.restless, self.lent = fails, restless, 0
        self.draw = np.random.default_rng(1)

    def lend(self, environment: Mapping[str, str], has_peers: bool = False, interpreter=None):
        self.lent += 1
        number = environment[ENTRANT_VARIABLE]
        return MadeUp(number, self.fails, self.draw, 0.2 if number in self.restless else 0.0)

    def take_back(self, worker, clean):
        pass


@pytest.fixture
def run(tmp_path):
    asked = Asked({"mine": np.sort, "theirs": np.sort}, launches=(2, 6), precision=1e-9)
    device = find_devices()[0]
    plan = _plan(asked, {device.id: device}, tmp_path, one_process=False)
    plan = replace(plan, options=replace(plan.options, max_seconds=0.0))
    cells = cells_of(asked, entrants_of(asked), "where", device.id)

    def measured(pool, stops=lambda *_: False):
        campaign = Campaign(plan, None, Progress(lambda text: None, None), pool=pool, stops=stops)
        campaign.choose(cells)
        records = [campaign.record(cell) for cell in cells]
        return SimpleNamespace(lent=pool.lent, records=records)

    return measured


def test_launches_go_on_to_the_most_while_the_ratio_is_not_known(run):
    assert run(Lends()).lent == 2 * 6


def test_launches_end_when_they_are_told_to(run):
    seen = []

    def stops(live, launches, seconds):
        seen.append((len(live), launches))
        assert 0.001 < seconds < 0.02
        return launches == 3

    done = run(Lends(), stops)
    assert done.lent == 2 * 3
    assert seen == [(2, 1), (2, 2), (2, 3)]
    stop = done.records[0].extra_info["stop"]
    assert (stop["launches"], stop["reason"]) == (3, "time")
    assert stop["ratio_half_width"] > 1e-9


def test_all_launches_that_are_allowed_are_no_want_of_time(run):
    stop = run(Lends(), lambda live, launches, seconds: launches == 6).records[0].extra_info["stop"]
    assert (stop["launches"], stop["reason"]) == (6, "launches")


def test_who_is_left_alone_after_some_launches_had_nothing_to_be_held_against(run):
    class LosesOne(Lends):
        def lend(self, environment, has_peers=False, interpreter=None):
            self.fails = "1" if self.lent >= 2 else "-"
            return super().lend(environment, has_peers, interpreter)

    done = run(LosesOne(), lambda live, launches, seconds: len(live) < 2)
    stop = done.records[0].extra_info["stop"]
    assert (stop["launches"], stop["reason"]) == (2, "alone")
    assert done.records[1].outcome == "wrong-answer"


def test_who_is_left_alone_is_launched_once(run):
    done = run(Lends(fails="1"), lambda live, launches, seconds: len(live) < 2)
    assert done.lent == 2
    assert [record.outcome for record in done.records] == ["measured", "wrong-answer"]


@pytest.mark.parametrize(("restless", "launches"), [("", 2), ("1", 6), ("2", 6)])
def test_of_a_group_in_pairs_all_pairs_decide(tmp_path, monkeypatch, restless, launches):
    """Memory for two of three: each of the others takes turns with the first alone."""
    asked = Asked(dict.fromkeys(("base", "one", "two"), np.sort), launches=(2, 6), precision=0.01)
    device = find_devices()[0]
    plan = _plan(asked, {device.id: device}, tmp_path, one_process=False)
    plan = replace(plan, options=replace(plan.options, max_seconds=0.0))
    cells = cells_of(asked, entrants_of(asked), "where", device.id)
    two = 2 * expected_bytes(cells[0], plan)
    monkeypatch.setattr(campaigns, "free_memory_bytes", lambda: two * 10 // 9 + 9)
    pool = Lends(restless=restless)
    campaign = Campaign(plan, None, Progress(lambda text: None, None), pool=pool)
    campaign.choose(cells)
    records = [campaign.record(cell) for cell in cells]
    assert pool.lent == 4 * launches
    assert [record.extra_info["stop"]["launches"] for record in records] == [launches] * 3
