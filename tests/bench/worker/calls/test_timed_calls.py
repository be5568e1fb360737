"""Kernels that deceive whoever times them end *wrong-answer*; honest ones are proven, or said not to be."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import PLUGINS, read, run_bench
from worker_line import Line, spec

from likeforlike.bench.worker import clocks, measure_kernel
from likeforlike.bench.worker.calls import timed_calls
from likeforlike.bench.worker.messages import Finish, Finished, Go, Sample
from likeforlike.bench.worker.outcomes import CellFailed

ROUNDS = 4
OF_PROCESS = {"import_seconds": 0.5, "fresh_process": True}


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plug-in is importable; a clock that it replaces is put back."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    monkeypatch.setattr(time, "perf_counter", time.perf_counter)
    monkeypatch.setattr(measure_kernel, "_WAKING_SECONDS", 0.0)


def measured(name: str, **changes: Any) -> Line:
    """A kernel of the plug-in through the worker's own driver."""
    line = Line(*[Go()] * ROUNDS, Finish())
    measure_kernel.measure(spec(target=f"deceives:{name}", **changes), line, OF_PROCESS)  # type: ignore[arg-type]
    return line


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("keeps_its_answer", "a timed call's result is wrong"),
        ("keeps_it_between_changes", "a timed call's result is wrong"),
        ("returns_early", "a timed call's result is wrong"),
        ("is_lazy", "a timed call's result is wrong"),
        ("is_wrong_when_timed", "a timed call's result is wrong"),
        ("replaces_the_clock", "time.perf_counter was replaced"),
    ],
)
def test_who_deceives_ends_with_a_wrong_answer(name: str, reason: str) -> None:
    with pytest.raises(CellFailed, match=reason) as failure:
        measured(name)
    assert failure.value.outcome == "wrong-answer"
    assert "\n" not in failure.value.reason


def test_a_wrong_timed_answer_is_found_of_a_kernel_that_cannot_change_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measure_kernel, "_WAKING_SECONDS", 0.01)
    line = Line(*[Go()] * 300, Finish())
    asked = spec(target="deceives:is_wrong_when_timed_and_changes_nothing")
    with pytest.raises(CellFailed, match="a timed call's result is wrong"):
        measure_kernel.measure(asked, line, OF_PROCESS)  # type: ignore[arg-type]


@pytest.mark.parametrize("timing", ["synchronised", "unsynchronised"])
def test_an_honest_kernel_is_proven(timing: str) -> None:
    line = measured("honest", timing=timing)
    finished = line.answers[-1]
    assert isinstance(finished, Finished)
    assert finished.facts["timed_calls"] == "proven"
    assert finished.facts["probed"]["calls"] == ROUNDS
    assert finished.facts["probed"]["error"] <= finished.facts["probed"]["tolerance"]
    samples = [answer for answer in line.answers if isinstance(answer, Sample)]
    assert len(samples) == ROUNDS
    assert all(sample.turn_seconds > sample.seconds for sample in samples)


def test_a_kernel_that_cannot_change_its_operands_is_said_not_to_be_proven() -> None:
    finished = measured("changes_nothing").answers[-1]
    assert isinstance(finished, Finished)
    assert finished.facts["timed_calls"].startswith("not proven: the kernel has no way to change")


def test_without_a_timed_call_nothing_is_called_proven() -> None:
    line = Line(Finish())
    measure_kernel.measure(spec(target="deceives:honest"), line, OF_PROCESS)  # type: ignore[arg-type]
    assert line.answers[-1].facts["timed_calls"] == "not proven: no call was timed"


def test_what_was_imported_before_is_said_with_the_first_call() -> None:
    ready = measured("honest").answers[0]
    assert ready.facts["import_seconds"] == 0.5
    assert ready.facts["fresh_process"] is True


# --- the guards, each taken away: what it guards against then passes ---


def test_without_the_last_change_an_answer_kept_from_waking_would_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = timed_calls.TimedCalls.before_waking

    def unchanged(self: timed_calls.TimedCalls) -> Callable[[], None]:
        change = self.kernel.change
        if not self.seconds:
            change(*self.factors.change_all())
        return lambda: None

    assert original is not unchanged
    monkeypatch.setattr(timed_calls.TimedCalls, "before_waking", unchanged)
    measured("keeps_it_between_changes")


def test_without_a_change_before_reading_a_lazy_answer_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def after(self: timed_calls.TimedCalls, result: Any, *seconds: float) -> None:
        assert self.probe(self.kernel, result, self.factors.now).ok

    monkeypatch.setattr(timed_calls.TimedCalls, "after", after)
    measured("is_lazy")


# --- clocks ---


@pytest.mark.parametrize(("share", "agrees"), [(1.0, True), (0.95, True), (0.8, False), (1.2, False)])
def test_two_clocks_must_agree_over_most_calls(share: float, agrees: bool) -> None:
    witnessed = [1.0, 2.0, 3.0, 4.0, 5.0]
    seconds = [share * wide for wide in witnessed]
    if agrees:
        clocks.refuse_disagreement(seconds, witnessed)
    else:
        with pytest.raises(CellFailed, match="two clocks disagree: .* s a call by the clock"):
            clocks.refuse_disagreement(seconds, witnessed)


def test_disturbed_readings_are_no_disagreement() -> None:
    """Put aside between the readings of the two clocks, in three calls of four."""
    clocks.refuse_disagreement([1.0] * 4, [1.0, 50.0, 1.3, 1.3])
    clocks.refuse_disagreement([1.0] * 2, [50.0] * 2)
    clocks.refuse_disagreement([], [])
    clocks.refuse_disagreement([1e-7] * 3, [9e-6] * 3)


def test_a_clock_of_an_option_that_runs_slowly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option may name any function; one that shows a tenth is refused at the end."""
    import slow_clock

    asked = spec(target="deceives:honest", timer="slow_clock:seconds", axes={"size": 300, "dtype": "float32"})
    assert slow_clock.seconds() > 0
    with pytest.raises(CellFailed, match="two clocks disagree"):
        measure_kernel.measure(asked, Line(*[Go()] * ROUNDS, Finish()), OF_PROCESS)  # type: ignore[arg-type]


def test_a_call_that_returns_early_is_found_however_few_rounds_there_were() -> None:
    """Of ten launches each has four."""
    with pytest.raises(CellFailed, match="a call returns before its work is done: reading its result takes"):
        measured("multiplies_when_read", axes={"size": 400, "dtype": "float32"})


# --- through workers' processes, as a user would ---


def test_each_way_to_deceive_ends_with_a_wrong_answer_in_a_run(tmp_path: Path) -> None:
    deceivers = (
        "keeps-its-answer,keeps-it-between-changes,returns-early,is-lazy,is-wrong-when-timed,"
        "replaces-the-clock,replaces-the-clock-at-import"
    )
    done = run_bench(
        tmp_path,
        "--preset=smoke",
        "--workloads=matmul",
        "--plugin=deceives",
        f"--implementations=numpy,honest,changes-nothing,{deceivers}",
        "--sizes=64",
        "--benchmark-json=r.json",
    )
    result = read(tmp_path / "r.json")
    lost = {cell["implementation"]: cell for cell in result["likeforlike"]["unmeasured"]}
    assert set(lost) == set(deceivers.split(",")), done.stdout
    for cell in lost.values():
        assert cell["outcome"] == "wrong-answer", cell
        assert "\n" not in cell["reason"]
    told = {b["extra_info"]["implementation"]: b["extra_info"]["timed_calls"] for b in result["benchmarks"]}
    assert told["numpy"] == told["honest"] == told["twin-a"] == "proven"
    assert told["changes-nothing"].startswith("not proven: ")
