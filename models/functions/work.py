"""One function in its process: what it is called with, and its answers held against the first's."""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Verification, WrongAnswer
from likeforlike.models.functions.arguments import Draws
from likeforlike.models.functions.exchange import LAUNCH_VARIABLE, Exchange
from likeforlike.models.functions.given import HELD, Entrant, Given
from likeforlike.models.functions.structures import farthest, holds_nothing, on_host, says_no, waiter_for

SHORTEST_SAMPLE_SECONDS = 2e-4
"""A quicker function is called several times in a row, so that reading the clock is no part of its time."""
LONGEST_DRAW_SECONDS = 0.5
"""Who needs longer to make arguments makes them once: nobody waits minutes for the sake of proof."""
MOST_CALLS = 10_000
_FURTHER = 10**9
"""Numbers from here on are of arguments for which answers aren't exchanged."""
_CALIBRATING_CALLS = 5
_LONGEST_REASON = 300


@dataclass
class Pending:
    """An answer for which the first's was not there yet."""

    number: int
    answer: Any


class Work:
    """A function and its arguments; a kernel's call, and the proof of its answers."""

    def __init__(
        self, given: Given, entrant: Entrant, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.function = given.functions[entrant.function]
        self.entrant = entrant
        self.first = next(e.name for e in given.entrants if e.group == entrant.group and e.first)
        self.company = sum(e.group == entrant.group for e in given.entrants) > 1
        self._check = given.check
        self._clock = clock
        held = any(one is given for one in HELD.values())
        self._exchange = Exchange(given.folder, entrant.group, held, os.environ.get(LAUNCH_VARIABLE, "0"))
        self._draws = Draws(given.arguments, entrant.point, self._exchange.token())
        self._base = self._draws.set(0)
        self._drawn = 1
        self._further = 0
        began = clock()
        self._next = self._draws.set(1) if self._draws.made else self._base
        quickly = clock() - began <= LONGEST_DRAW_SECONDS
        other = self._draws.made and not self._draws.untouched(0, self._next)
        self.renewable = self._exchange.agreed(other and quickly)
        """Whether another seed gives other arguments, soon enough to do so for every timed call."""
        self.arguments, self.number = self._base, 0
        self.calls = 1
        """How often the function is called in a row."""
        self._wait: Callable[[Any], Any] | None = None
        self._first_call = True
        self._own: tuple[Any] | None = None
        self._pending: list[Pending] = []
        self._timed_held = 0
        """Answers of timed calls that were held against the first's."""
        self._empty = False
        """Whether an answer holds nothing that could be compared."""

    def kernel(self) -> Kernel:
        """As the harness calls it."""
        supply = self if self.renewable else None
        return Kernel(
            self.call,
            self.wait,
            on_host,
            supply=supply,
            calls=lambda: self.calls,
            unproven=self.unproven,
        )

    def call(self) -> Any:
        """Call the function, as often in a row as it takes; the last result."""
        function, wait, (positional, named) = self.function, self._wait, self.arguments
        for _ in range(self.calls - 1):
            result = function(*positional, **named)
            if wait is not None:
                wait(result)
        return function(*positional, **named)

    def wait(self, result: Any) -> None:
        """Wait for what frameworks return; how, the first result tells."""
        if self._first_call:
            self._first_call = False
            self._wait = waiter_for(result)
        if self._wait is not None:
            self._wait(result)

    def draw(self) -> Callable[[], None]:
        """Draw arguments that no call has seen; what makes the next calls find them."""
        if self._next is self.arguments:
            self._drawn += 1
            self._next = self._draws.set(self._drawn)

        def switch() -> None:
            self.arguments, self.number = self._next, self._drawn

        return switch

    def draw_further(self) -> None:
        """Draw and use arguments that no call has seen, and whose answers nobody asks for."""
        self._further += 1
        self.arguments = self._draws.set(_FURTHER + self._further)

    def restore(self) -> None:
        """The arguments of the first call again."""
        self.arguments, self.number = self._base, 0

    def hold(self, answer: Any) -> Verification:
        """Hold the answer of the first arguments against the first's. Raises WrongAnswer, or ValueError.

        After the first call it is also found out whether the arguments were left alone, and how often in a
        row the function is to be called.
        """
        self._refuse_changed_arguments()
        if self._own is None:
            self._own = (copy.deepcopy(answer),)
            if self.entrant.first and self.company:
                self._lay_down(answer)
            self._calibrate()
        self._empty = holds_nothing(answer)
        told = self._hold_own(answer) if self.entrant.first else Verification(0.0, 0.0)
        self._settle()
        return told if self.entrant.first else self._hold_against_first(answer)

    def probe(self, result: Any) -> Verification:
        """Hold the answer of a timed call against the first's answer to the same arguments."""
        answer = on_host(result)
        if self.entrant.first:
            if self.number == 0:
                return self._hold_own(answer)
            if self.company:
                self._lay_down(answer)
            return Verification(0.0, 0.0)
        self._settle()
        return self._hold_against_first(answer)

    def unproven(self) -> str:
        """Why the answers of timed calls prove nothing; empty if they do."""
        if self._empty:
            return "it returns nothing that could be compared"
        if self.company and not self.entrant.first and not self._timed_held:
            return "no answer of a timed call could be held against the first function's"
        return ""

    def _lay_down(self, answer: Any) -> None:
        try:
            self._exchange.lay_down(self.number, answer)
        except Exception as error:
            told = f"its answer, of type {type(answer).__name__}, can't be handed to another process"
            raise ValueError(f"{told} ({_one_line(error)}); return arrays, numbers or text") from error

    def _hold_own(self, answer: Any) -> Verification:
        """The first's answer against its own first one, by the check that holds for others too."""
        assert self._own is not None
        return self._agree(self._own[0], answer, "its own first answer")

    def _hold_against_first(self, answer: Any) -> Verification:
        known = self._exchange.look_up(self.number)
        if known is None:
            self._pending.append(Pending(self.number, copy.deepcopy(answer)))
            return Verification(0.0, 0.0)
        self._timed_held += self.number > 0
        return self._agree(known[0], answer, f"{self.first}'s")

    def _settle(self) -> None:
        """Hold what waited for the first's answers against them; what has none by now will have none."""
        waiting, self._pending = self._pending, []
        for item in waiting:
            known = self._exchange.look_up(item.number)
            if known is not None:
                self._timed_held += item.number > 0
                self._agree(known[0], item.answer, f"{self.first}'s")

    def _agree(self, first: Any, other: Any, whose: str) -> Verification:
        if self._check is not None:
            try:
                told = self._check(first, other)
            except Exception as error:
                raise WrongAnswer(f"the answer is not {whose}, by check: {_one_line(error)}") from error
            if says_no(told):
                raise WrongAnswer(f"the answer is not {whose}: check returned {_one_line_of(told)}")
            return Verification(0.0, 0.0)
        try:
            found = Verification(*farthest(first, other))
        except (ValueError, TypeError) as error:
            raise WrongAnswer(f"the answer is not {whose}: {_one_line(error)}") from error
        if not found.ok:
            far = f"the answer differs from {whose} by {found.error:.3g} of its largest value"
            rule = f"more than {found.tolerance:.3g}, half the digits; `check` sets another rule"
            raise WrongAnswer(f"{far}, {rule}")
        return found

    def _refuse_changed_arguments(self) -> None:
        if self._draws.untouched(0, self._base):
            return
        if self._draws.made and not self._draws.untouched(0, self._draws.set(0)):
            told = "args() gives other arguments each time it is called with one seed"
            raise ValueError(f"{told}; let it draw by its parameter `rng` or `seed` alone")
        told = "it changes its arguments, so that its second call has another task than its first"
        raise ValueError(f"{told}; compare a function that copies what it changes")

    def _calibrate(self) -> None:
        """Of calls too short for a clock the number that is not."""
        seconds = math.inf
        for _ in range(_CALIBRATING_CALLS):
            start = self._clock()
            self.wait(self.call())
            seconds = min(seconds, self._clock() - start)
        if seconds < SHORTEST_SAMPLE_SECONDS / 2:
            self.calls = min(MOST_CALLS, math.ceil(SHORTEST_SAMPLE_SECONDS / max(seconds, 1e-8)))


def _one_line(error: BaseException) -> str:
    return _one_line_of(f"{type(error).__name__}: {error}")


def _one_line_of(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"
