"""Lanes whose workers are made up: which thread orders whom, and what an interruption leaves."""

from __future__ import annotations

import threading
from concurrent.futures import wait
from types import SimpleNamespace

import pytest
from made_up_plan import kernel

from likeforlike.bench.measure import device_lanes
from likeforlike.bench.measure.device_lanes import Lanes, side_by_side

DEVICES = ("gpu:0", "gpu:1")


def cell(device: str, size: int = 1, concurrent: bool = True):
    return kernel("a", size, device=device, group=f"{device} {size}", concurrent=concurrent)


@pytest.fixture
def pools(monkeypatch) -> list[SimpleNamespace]:
    """Those that were made, each with what it was told."""
    made: list[SimpleNamespace] = []

    def pool(limits, clean):
        told: list[str] = []
        made.append(
            SimpleNamespace(
                given=(limits, clean),
                told=told,
                kill=lambda: told.append("kill"),
                end=lambda: told.append("end"),
            )
        )
        return made[-1]

    monkeypatch.setattr(device_lanes, "Pool", pool)
    monkeypatch.setattr(device_lanes, "MemoryLimits", SimpleNamespace(of_machine=lambda *given: given))
    return made


def test_each_device_has_workers_of_its_own_and_its_part_of_the_memory(pools):
    lanes = Lanes(DEVICES, 77)
    seen = []
    lanes.measure([[cell("gpu:1")]], lambda cells, pool: seen.append((cells[0].device, pool)), lambda: None)
    lanes.measure([[cell("gpu:0")]], lambda cells, pool: seen.append((cells[0].device, pool)), lambda: None)
    lanes.end()
    assert lanes.number == 2
    assert [pool.given for pool in pools] == [((77, 2), False)] * 2
    assert [(device, pools.index(pool)) for device, pool in seen] == [("gpu:1", 1), ("gpu:0", 0)]
    assert [pool.told for pool in pools] == [["end"], ["end"]]


def test_a_clean_environment_is_handed_on(pools):
    Lanes(["gpu:0"], None, True).end()
    assert [pool.given for pool in pools] == [((None, 1), True)]


def test_a_device_s_groups_are_ordered_by_one_thread(pools):
    """The second is handed over while the first is being measured: a further thread would begin it."""
    lanes = Lanes(DEVICES, None)
    began, handed_over, threads = threading.Event(), threading.Event(), []

    def groups():
        yield [cell("gpu:0", 1)]
        assert began.wait(60)
        yield [cell("gpu:0", 2)]
        handed_over.set()

    def measure(cells, pool):
        threads.append(threading.get_ident())
        began.set()
        assert handed_over.wait(60)

    lanes.measure(groups(), measure, lambda: None)
    lanes.end()
    assert len(threads) == 2
    assert threads[0] == threads[1] != threading.get_ident()


def test_all_are_waited_for(pools):
    lanes, ended = Lanes(DEVICES, None), []
    both = threading.Barrier(2, timeout=60)

    def measure(cells, pool):
        both.wait()
        ended.append(cells[0].device)

    lanes.measure([[cell(device)] for device in DEVICES], measure, lambda: None)
    assert sorted(ended) == list(DEVICES)
    lanes.end()
    assert [pool.told for pool in pools] == [["end"], ["end"]]


def test_an_interruption_kills_all_workers_and_comes_out_when_all_have_stopped(pools, monkeypatch):
    """The other lane ends only once its worker was killed, which it is told after the run is."""
    lanes, log, killed = Lanes(DEVICES, None), [], threading.Event()

    def kill():
        log.append("killed")
        killed.set()

    def waited(futures):
        wait(futures)
        log.append("waited")

    pools[1].kill = kill
    monkeypatch.setattr(device_lanes, "wait", waited)

    def measure(cells, pool):
        if cells[0].device == "gpu:0":
            raise KeyboardInterrupt
        assert killed.wait(60)
        log.append("the other has ended")

    with pytest.raises(KeyboardInterrupt):
        lanes.measure([[cell(device)] for device in DEVICES], measure, lambda: log.append("stopped"))
    assert log == ["stopped", "killed", "the other has ended", "waited"]
    assert pools[0].told == ["kill"]
    lanes.end()


def test_ended_lanes_take_no_further_group(pools):
    lanes = Lanes(DEVICES, None)
    lanes.end()
    with pytest.raises(RuntimeError, match="shutdown"):
        lanes.measure([[cell("gpu:0")]], lambda cells, pool: None, lambda: None)


GRID = [cell(device, size) for device in DEVICES for size in (1, 2)]
ALONE = cell("cpu:0", concurrent=False)


class TestSideBySide:
    def test_the_next_group_of_every_other_device_that_may_be_beside(self):
        first, second, beside, _ = GRID
        assert side_by_side(first, [*GRID, ALONE]) == [[first], [beside]]
        assert side_by_side(second, [*GRID, ALONE]) == [[second], [beside]]

    def test_who_is_not_concurrent_is_alone(self):
        assert side_by_side(ALONE, [*GRID, ALONE]) == [[ALONE]]

    def test_all_of_a_group_go_together(self):
        first = GRID[0]
        mate = kernel("b", device="gpu:0", group=first.group, concurrent=True)
        assert side_by_side(first, [mate, *GRID])[0] == [mate, first]
