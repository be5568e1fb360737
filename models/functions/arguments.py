"""What compared functions are called with: drawn by a seed in each process, or the same every time."""

from __future__ import annotations

import contextlib
import copy
import inspect
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from likeforlike.models.functions.structures import same

_SEED, _APART = 2026, 1_000_003
"""What numbers are added to, and how far the seeds of two launches' first numbers lie from each other."""
DRAWN_BY = ("rng", "seed")
"""Names of parameters by which a function that makes arguments is told what to draw."""


class Arguments(NamedTuple):
    """Of one call."""

    positional: tuple[Any, ...]
    named: Mapping[str, Any]


class Draws:
    """Sets of arguments by number: set 0 is what answers are first held together on."""

    def __init__(self, source: Any, point: Mapping[str, Any], token: int = 0) -> None:
        """``source``: arguments, a dict of them by name, or a function that returns either; None: none.

        ``token``: drawn for each launch, so that no answer that was kept from an earlier one is right.
        """
        self._source = source
        self._token = token
        self._point = dict(point)
        self._kept = None if callable(source) else _copied(source)

    @property
    def made(self) -> bool:
        """Whether a function makes them."""
        return callable(self._source)

    def set(self, number: int) -> Arguments:
        """The arguments of this number. Raises TypeError where what was made is none."""
        if not callable(self._source):
            given = arguments_of(() if self._source is None else self._source, "args")
            return Arguments(given.positional, {**given.named, **self._point})
        asked = drawing_arguments(self._source, number, self._token)
        with seeded_globally(number, self._token):
            return arguments_of(self._source(**asked, **self._point), "what args() returned")

    def untouched(self, number: int, used: Arguments) -> bool:
        """Whether arguments that were used are still what they were."""
        if self.made:
            return same(self.set(number), used)
        if self._kept is None:
            return True
        before = arguments_of(self._kept, "args")
        return same(Arguments(before.positional, {**before.named, **self._point}), used)


def arguments_of(value: Any, what: str) -> Arguments:
    """Positional arguments of a tuple or list, named ones of a dict. Raises TypeError for all else."""
    if isinstance(value, Mapping):
        return Arguments((), value)
    if isinstance(value, (tuple, list)):
        return Arguments(tuple(value), {})
    told = f"{what} is of type {type(value).__name__}"
    expected = "a tuple or list of arguments, or a dict of them by name"
    raise TypeError(f"{told}, expected {expected}; of a single argument x: (x,)")


def drawing_arguments(maker: Callable[..., Any], number: int, token: int = 0) -> dict[str, Any]:
    """``rng`` and ``seed``, as far as the function takes them by that name; a seed is below 2³²."""
    try:
        names = inspect.signature(maker).parameters
    except (TypeError, ValueError):
        return {}
    generator = np.random.default_rng([_SEED, number, token])
    offered = {"rng": generator, "seed": _seed(number, token)}
    return {name: value for name, value in offered.items() if name in names}


@contextlib.contextmanager
def seeded_globally(number: int, token: int = 0) -> Iterator[None]:
    """Seed the generators that a function may draw from without being handed one: same number, same draws.

    Python's and NumPy's are put back behind it: this may be the process of who compares.
    """
    seed = _seed(number, token)
    before, numpy_before = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].random.set_seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)


def _seed(number: int, token: int) -> int:
    return (_SEED + number + _APART * token) % 2**32


def _copied(source: Any) -> Any:
    try:
        return copy.deepcopy(source)
    except Exception:  # whatever a stranger's object raises: what can't be copied can't be held against it
        return None
