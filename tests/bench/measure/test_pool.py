from __future__ import annotations

import signal
from collections.abc import Iterator

import psutil
import pytest

from likeforlike.bench.measure.pool import Pool
from likeforlike.bench.measure.worker_process import MemoryLimits, Worker
from likeforlike.bench.worker.messages import (
    CellSpec,
    Failed,
    Finish,
    Finished,
    Go,
    Load,
    Loaded,
    Prepare,
    Ready,
    Sample,
)
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.devices.machine.discovery import find_devices
from likeforlike.devices.process.placement import worker_environment

ROOMY = MemoryLimits(2**40, 0)
PATIENCE = 300.0
"""Seconds for an answer that a busy machine may delay."""


def spec(
    target: str = "likeforlike.models.kernels.noise.with_numpy:nothing",
    workload: str = "noise",
    threads: int = 1,
) -> CellSpec:
    return CellSpec(
        cell="cell",
        target=target,
        workload=workload,
        framework="numpy",
        axes={},
        device="cpu:0",
        threads=threads,
        precision="float64",
        timing="synchronised",
        asynchronous=False,
        transfer=False,
        warm_up=True,
        disable_gc=False,
        timer="time:perf_counter",
    )


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(ROOMY)
    yield pool
    pool.end()


def lend(pool: Pool) -> Worker:
    return pool.lend(worker_environment(find_devices()[0], threads=1))


def test_a_worker_loads_prepares_samples_and_finishes(pool: Pool) -> None:
    worker = lend(pool)
    answers = []
    for order in (Load(spec()), Prepare(spec()), Go(), Go(), Finish()):
        worker.order(order)
        answers.append(worker.answer(PATIENCE))
    assert [type(answer) for answer in answers] == [Loaded, Ready, Sample, Sample, Finished]
    assert answers[1].facts["threads"]["asked"] == 1  # type: ignore[union-attr]
    assert answers[1].facts["threads"]["blas"]["openblas"] == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("clean", [False, True])
def test_a_clean_pool_s_workers_lack_what_changes_figures(
    monkeypatch: pytest.MonkeyPatch, clean: bool
) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    pool = Pool(ROOMY, clean)
    try:
        worker = lend(pool)
        worker.order(Load(spec()))
        worker.answer(30)
        given = psutil.Process(worker.process.pid).environ()
    finally:
        pool.end()
    assert given.get("OPENBLAS_CORETYPE") == (None if clean else "Nehalem")
    assert given["OPENBLAS_NUM_THREADS"] == "1"


def test_a_frozen_worker_uses_no_processor_time_and_goes_on_when_told(pool: Pool) -> None:
    worker = lend(pool)
    worker.order(Load(spec()))
    worker.answer(PATIENCE)
    worker.freeze()
    assert psutil.Process(worker.process.pid).status() == psutil.STATUS_STOPPED
    worker.order(Prepare(spec()))
    assert isinstance(worker.answer(PATIENCE), Ready)
    assert psutil.Process(worker.process.pid).status() != psutil.STATUS_STOPPED


def test_a_worker_tells_its_processes_and_its_peers(pool: Pool) -> None:
    worker = lend(pool)
    assert worker.pids == (worker.process.pid,)
    worker._peers = [psutil.Process()]
    assert worker.pids == (worker.process.pid, psutil.Process().pid)


@pytest.mark.parametrize("clean", [True, False])
def test_a_worker_that_was_taken_back_is_gone_and_the_next_one_is_new(pool: Pool, clean: bool) -> None:
    first = lend(pool)
    pool.take_back(first, clean)
    assert not first.alive
    assert lend(pool).process.pid != first.process.pid


@pytest.mark.parametrize(("sent", "outcome"), [(signal.SIGSEGV, "crashed"), (signal.SIGKILL, "crashed")])
def test_a_worker_that_dies_is_a_crash_with_its_signal(
    pool: Pool, sent: signal.Signals, outcome: str
) -> None:
    worker = lend(pool)
    worker.process.send_signal(sent)
    worker.process.wait()
    with pytest.raises(CellFailed, match=sent.name) as failure:
        worker.order(Load(spec()))
    assert failure.value.outcome == outcome
    pool.take_back(worker, clean=False)


def test_no_answer_in_time_ends_the_worker(pool: Pool) -> None:
    worker = lend(pool)
    with pytest.raises(CellFailed, match="--cell-timeout") as failure:
        worker.answer(0.3)
    assert failure.value.outcome == "timed-out"
    assert not worker.alive


def test_the_machine_s_last_memory_is_not_taken() -> None:
    """With a floor above what is free, any worker takes too much."""
    greedy = Pool(MemoryLimits(2**40, free_floor_bytes=2**50))
    worker = lend(greedy)
    with pytest.raises(CellFailed, match="of the machine's memory free") as failure:
        worker.answer(PATIENCE)
    assert failure.value.outcome == "out-of-memory"
    greedy.end()


def test_threads_that_do_not_hold_fail_the_cell(pool: Pool) -> None:
    """The guard against unequal threads, broken on purpose: the environment says 1, the cell asks for more than a BLAS has."""
    worker = lend(pool)
    worker.order(Load(spec()))
    worker.answer(PATIENCE)
    worker.order(Prepare(spec(threads=5000)))
    answer = worker.answer(PATIENCE)
    assert isinstance(answer, Failed)
    assert "threads" in answer.reason


def test_a_target_that_cannot_be_imported_is_said(pool: Pool) -> None:
    worker = lend(pool)
    worker.order(Load(spec("no_such_module:thing")))
    answer = worker.answer(PATIENCE)
    assert isinstance(answer, Failed)
    assert answer.outcome == "import-error"
    assert "no_such_module" in answer.reason
