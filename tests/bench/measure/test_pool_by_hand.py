"""A pool whose workers are made up: what each is started with, and how each is ended."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from likeforlike.bench.measure import pool as pools
from likeforlike.bench.measure.pool import Pool, PoolKilled
from likeforlike.bench.measure.worker_process import MemoryLimits
from likeforlike.devices.process.interpreter import Interpreter

LIMITS = MemoryLimits(100, 5)


@pytest.fixture(autouse=True)
def log(monkeypatch) -> list[tuple[str, str]]:
    """What workers were told, by the name that their environment gives them."""
    told: list[tuple[str, str]] = []

    def worker(environment, *given):
        name = environment["NAME"]
        return SimpleNamespace(
            given=given,
            alive=True,
            end=lambda: told.append((name, "end")),
            kill=lambda: told.append((name, "kill")),
            process=SimpleNamespace(kill=lambda: told.append((name, "kill at once"))),
        )

    monkeypatch.setattr(pools, "Worker", worker)
    return told


def lend(pool: Pool, name: str):
    return pool.lend({"NAME": name})


def test_a_worker_has_what_was_asked_and_nothing_that_was_not():
    assert lend(Pool(LIMITS), "a").given == (LIMITS, False, False, None)
    interpreter = Interpreter("other")
    worker = Pool(LIMITS, True).lend({"NAME": "a"}, True, interpreter)
    assert worker.given == (LIMITS, True, True, interpreter)


@pytest.mark.parametrize(
    ("clean", "alive", "told"),
    [(True, True, "end"), (True, False, "kill"), (False, True, "kill"), (False, False, "kill")],
)
def test_only_a_clean_one_that_lives_may_leave(log, clean, alive, told):
    pool = Pool(LIMITS)
    worker = lend(pool, "a")
    worker.alive = alive
    pool.take_back(worker, clean)
    assert log == [("a", told)]
    pool.end()
    pool.kill()
    assert log == [("a", told)], "it is nobody's any more"


def test_all_that_are_lent_die_at_once_and_are_lent_still(log):
    pool = Pool(LIMITS)
    first, _ = lend(pool, "a"), lend(pool, "b")
    pool.kill()
    assert log == [("a", "kill at once"), ("b", "kill at once")]
    pool.take_back(first, clean=False)
    assert log[2:] == [("a", "kill")]


def test_the_end_is_every_worker_s_once(log):
    pool = Pool(LIMITS)
    for name in ("a", "b"):
        lend(pool, name)
    pool.end()
    pool.end()
    assert log == [("a", "kill"), ("b", "kill")]


def test_once_all_were_killed_none_is_lent(log):
    """A lane whose group went in pairs began the next one after Ctrl-C, which waited for all of them."""
    pool = Pool(LIMITS)
    first = lend(pool, "a")
    pool.kill()
    with pytest.raises(PoolKilled, match="the run was ended"):
        lend(pool, "b")
    pool.take_back(first, clean=False)
    pool.end()
    assert log == [("a", "kill at once"), ("a", "kill")], "b was not even started"


def test_one_that_is_being_lent_while_all_are_killed_is_killed_with_them(log, monkeypatch):
    """It takes a moment to start a worker: whoever kills waits until it is among those that are lent."""
    pool, made, held = Pool(LIMITS), pools.Worker, []

    def starting(*given):
        held.append(pool._changing.locked())
        return made(*given)

    monkeypatch.setattr(pools, "Worker", starting)
    worker = lend(pool, "a")
    assert not pool._changing.locked()
    monkeypatch.setattr(worker.process, "kill", lambda: held.append(pool._changing.locked()))
    pool.kill()
    assert held == [True, True]
    assert not pool._changing.locked()
