"""Timed calls of a kernel are the proven ones: operands change around each, and its own result is probed."""

from __future__ import annotations

import contextlib
import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from likeforlike.bench.worker.clocks import Clock, refuse_disagreement, witness
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.models.contract.change import Factors
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import WrongAnswer
from likeforlike.models.contract.workload import Axes, Probe, Problem, Verification, Workload

PROVEN = "proven"
_SLOWEST_COPY = 5e8
"""Bytes a second at which any result can be read, widening 16-bit numbers included."""
_SHORTEST_READING_SECONDS = 2e-3
_FURTHER_SECONDS, _MOST_FURTHER = 0.05, 8
"""Of a turn, for calls beside the one that is probed, drawing their operands included."""
_IDLE_TIMES, _LEFT_SHARE, _LEFT_SECONDS = 3.0, 0.2, 2e-5
"""Of asking an idle device and of a call, and seconds besides, that may pass until a device is idle."""
_SAMPLES_TO_JUDGE = 8
"""Of fewer readings a busy machine may have put every one aside."""


@dataclass
class TimedCalls:
    """What is done around the timed calls of one kernel, all of it untimed."""

    kernel: Kernel
    probe: Probe | None
    factors: Factors
    clock: Clock = witness
    seconds: list[float] = field(default_factory=list)
    witnessed: list[float] = field(default_factory=list)
    reading: list[float] = field(default_factory=list)
    """Seconds from a call's end until its result was read."""
    reading_again: list[float] = field(default_factory=list)
    """The same, had it been read as fast as the second time; of readings that took suspiciously long."""
    left: list[float] = field(default_factory=list)
    """Seconds that a GPU still worked after a call that had been waited for, what asking takes included."""
    read_bytes: int = 0
    result_bytes: int = 0
    """Of the result itself, of which a sketch reads all on the device and gives little."""
    worst: Verification | None = None
    probed: int = 0
    draw_seconds: float = 0.0
    """What the operands of the last turn took to be drawn, where the kernel draws its own."""
    kept_passes: bool = False
    """Whether an answer to operands of before was taken for that to other ones."""

    def before_waking(self) -> Callable[[], None]:
        """Change all operands' rows if that was not done after the last call; the change that comes last.

        The last change, of one drawn row, is to be made right before the timed call: an answer kept from
        the calls that wake threads is wrong by then, and all other rows lie in the caches still.
        """
        if self.kernel.supply is not None:
            begin = self.clock()
            switch = self.kernel.supply.draw()
            self.draw_seconds = self.clock() - begin
            return switch
        if self.kernel.change is None:
            return lambda: None
        if not self.seconds:
            self.kernel.change(*self.factors.change_all())
        rows, factors = self.factors.change_one()
        change = self.kernel.change
        return lambda: change(rows, factors)

    def between(self, seconds: float, witnessed: float) -> None:
        """Take note of a timed call that another follows in the same turn; one drawn row changes.

        Its result is not read: which of a turn's calls is the last, and so probed, is drawn.
        """
        self.seconds.append(seconds)
        self.witnessed.append(witnessed)
        if self.kernel.supply is not None:
            self.kernel.supply.draw()()
        elif self.kernel.change is not None:
            self.kernel.change(*self.factors.change_one())

    def further_in_a_turn(self) -> int:
        """How many timed calls with operands of their own fit into a turn before the one that is probed.

        None before one was timed. A drawn number fewer, so that nobody can foresee which is probed.
        """
        if self.kernel.supply is None or not self.seconds:
            return 0
        each = statistics.median(self.seconds) + self.draw_seconds
        most = min(_MOST_FURTHER, int(_FURTHER_SECONDS / max(each, 1e-9)))
        return most - int(self.factors.random.integers(max(most // 4, min(most, 1)) + 1))

    def further(self, call: Callable[[], tuple[float, float]]) -> float:
        """Time such a call: its seconds and the witness's are noted, its result is dropped unread."""
        assert self.kernel.supply is not None
        self.kernel.supply.draw_further()
        seconds, witnessed = call()
        self.seconds.append(seconds)
        self.witnessed.append(witnessed)
        return seconds

    def after(self, result: Any, seconds: float, witnessed: float) -> None:
        """Hold a timed call's result against the reference. Raises CellFailed.

        The operands change before it is read: what is computed only then is computed of others.
        """
        self.seconds.append(seconds)
        self.witnessed.append(witnessed)
        expected = self.factors.now
        if self.kernel.change is not None:
            self.kernel.change(*self.factors.change_all())
        if self.probe is None:
            return
        self.probed += 1
        start = self.clock()
        self.result_bytes = _bytes_of(result)
        verification = self.probe(self._reading(start), result, expected)
        if not verification.ok:
            raise CellFailed(_outcome(verification), _reason(verification))
        if self.worst is None or verification.error > self.worst.error:
            self.worst = verification

    def try_a_kept_answer(self, call: Callable[[], Any]) -> None:
        """Find out whether the probe tells an answer to operands of before from that to those of now.

        It doesn't where the answer depends on nothing that changes, such as rows over their own length.
        """
        if self.probe is None or self.kernel.change is None:
            return
        result = call()
        self.kernel.change(*self.factors.change_all())
        with contextlib.suppress(WrongAnswer):
            self.kept_passes = self.probe(self.kernel, result, self.factors.now).ok

    def restore(self) -> None:
        """The problem's own operands again."""
        if self.kernel.supply is not None:
            self.kernel.supply.restore()
        if self.kernel.change is not None:
            self.kernel.change(*self.factors.restore())

    def _reading(self, start: float) -> Kernel:
        """The kernel, with a note of how long reading its result took."""

        def noted(read: Callable[..., Any]) -> Callable[..., Any]:
            def reading(*arguments: Any) -> Any:
                begun = self.clock() - start
                answer = read(*arguments)
                self.reading.append(self.clock() - start)
                self.read_bytes = _bytes_of(answer)
                if self.reading[-1] > self._longest_in_time():
                    again = self.clock()
                    read(*arguments)
                    self.reading_again.append(begun + self.clock() - again)
                return answer

            return reading

        sketch = None if self.kernel.sketch is None else noted(self.kernel.sketch)
        return replace(self.kernel, to_numpy=noted(self.kernel.to_numpy), sketch=sketch)

    def wants_readings(self) -> bool:
        """Whether too few results were read to tell a call that returns early from a busy machine."""
        return 0 < len(self.reading) < _SAMPLES_TO_JUDGE and self._seems_early()

    def refuse_early_returns(self) -> None:
        """Raise CellFailed where reading results takes the time that the calls did not.

        A result that is computed when it is read, or that reading waits for, shows here. The fastest
        reading is taken: others may have been disturbed.
        """
        if len(self.reading) >= _SAMPLES_TO_JUDGE and self._seems_early():
            fastest, call = min(self.reading), statistics.median(self.seconds)
            told = f"reading its result takes {fastest:.3g} s, the call itself {call:.3g} s"
            raise CellFailed("wrong-answer", f"a call returns before its work is done: {told}")

    def refuse_unwaited(self, idle_seconds: float) -> None:
        """Raise CellFailed where a GPU went on working after calls that had been waited for.

        ``idle_seconds``: what asking takes where it has nothing to do. Changes of operands wait for what is
        queued, so that reading a result afterwards no longer shows it.
        """
        if len(self.left) < _SAMPLES_TO_JUDGE:
            return
        left, call = statistics.median(self.left), statistics.median(self.seconds)
        if left > _IDLE_TIMES * idle_seconds + _LEFT_SHARE * call + _LEFT_SECONDS:
            told = f"the device works for {left:.3g} s after a call of {call:.3g} s; does Kernel.wait wait?"
            raise CellFailed("wrong-answer", f"a call returns before its work is done: {told}")

    def _seems_early(self) -> bool:
        """Whether reading waits for work: it takes too long for that many bytes, or much longer than again.

        A product in 16 bits may take a GPU less time than the sketch of it.
        """
        fastest = min(self.reading)
        if fastest <= self._longest_in_time():
            return False
        if fastest > _copied_seconds(max(self.read_bytes, self.result_bytes)) or not self.reading_again:
            return True
        waited = fastest - min(self.reading_again)
        return waited > max(statistics.median(self.seconds), _SHORTEST_READING_SECONDS)

    def _longest_in_time(self) -> float:
        """Reading that takes no longer than this, or than a call, waits for nothing."""
        return max(statistics.median(self.seconds), _copied_seconds(self.read_bytes))

    def refuse_false_clocks(self) -> None:
        """Raise CellFailed where the clock disagrees with the witness."""
        refuse_disagreement(self.seconds, self.witnessed)

    def facts(self) -> dict[str, Any]:
        """What the result file says: ``timed_calls`` and the worst of the probes."""
        probed: dict[str, float] = {"calls": self.probed}
        if self.worst is not None:
            probed |= {"error": self.worst.error, "tolerance": self.worst.tolerance}
        return {"timed_calls": self._told(), "probed": probed}

    def _told(self) -> str:
        if not self.seconds:
            return "not proven: no call was timed"
        if self.probe is None:
            return "not proven: the workload has no quick check of a result"
        if self.kernel.change is None and self.kernel.supply is None:
            return "not proven: the kernel has no way to change its operands, so a kept answer would pass"
        if self.kernel.calls is not None and self.kernel.calls() > 1:
            return "not proven: a sample is several calls with the same operands, so a kept answer would pass"
        if self.kept_passes:
            return "not proven: the answer is the same whatever its operands are multiplied by"
        why = "" if self.kernel.unproven is None else self.kernel.unproven()
        if why:
            return f"not proven: {why}"
        return PROVEN


def timed_calls(workload: Workload, axes: Axes, problem: Problem, kernel: Kernel) -> TimedCalls:
    """Made after the first call. It draws from the operating system's entropy: a seed could be foreseen."""
    random = np.random.default_rng()
    probe = None if workload.probe is None else workload.probe(axes, problem, random)
    rows = changeable_rows(problem)
    factors = Factors(rows, workload.rows_alike, problem.dtype, random)
    return TimedCalls(kernel if rows else replace(kernel, change=None), probe, factors)


def changeable_rows(problem: Problem) -> int:
    """Rows of the first operand; 0 where fractions can't multiply it: indices, or none at all."""
    first = problem.operands[0] if problem.operands else np.zeros(0)
    return len(first) if first.ndim and first.dtype.kind == "f" else 0


def _copied_seconds(count: int) -> float:
    return _SHORTEST_READING_SECONDS + count / _SLOWEST_COPY


def _bytes_of(value: Any) -> int:
    """Of an array of any framework, or of those in a tuple; 0 of what is none."""
    if isinstance(value, tuple):
        return sum(map(_bytes_of, value))
    dtype = getattr(value, "dtype", None)
    each = getattr(dtype, "itemsize", None) or getattr(dtype, "size", 0)  # TensorFlow's word for it
    return math.prod(getattr(value, "shape", None) or (1,)) * each if isinstance(each, int) else 0


def _outcome(verification: Verification) -> str:
    return "non-finite" if np.isnan(verification.error) else "wrong-answer"


def _reason(verification: Verification) -> str:
    far = f"error {verification.error:.3g}, tolerance {verification.tolerance:.3g}"
    return f"a timed call's result is wrong, its untimed ones were right: {far}"
