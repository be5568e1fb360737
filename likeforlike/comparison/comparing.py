"""From a call of ``likeforlike.compare`` to its result."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from likeforlike.bench.functions.asked import Asked
    from likeforlike.bench.functions.measuring import Measured
    from likeforlike.comparison.result import Result


def compare(
    functions: Any,
    args: Any,
    check: Callable[[Any, Any], Any] | None,
    grid: Mapping[str, Sequence[Any]] | None,
    stream: TextIO | None,
    **how: Any,
) -> Result:
    """What ``likeforlike.compare`` does; ``stream`` is where progress goes, None for nowhere."""
    if stream is not None:
        say_at_once(functions, stream)
    # only now: these imports take most of a second
    from likeforlike.bench.functions.document import document_of
    from likeforlike.bench.functions.measuring import measure, write_to
    from likeforlike.bench.run.screen.progress import Progress

    asked = asked_of(functions, args, check, grid, **how)
    measured = measure(asked, Progress(write_to(stream), width_of(stream)))
    return result_of(measured, document_of(measured))


def result_of(measured: Measured, document: Mapping[str, Any]) -> Result:
    """The result of what was measured. Raises CompareError where nothing can be held against anything."""
    from likeforlike.bench.functions.document import failures_of
    from likeforlike.comparison.result import CompareError, Result

    asked = measured.asked
    failures = failures_of(measured)
    names = tuple(dict.fromkeys(cell.entry.name for cell in measured.cells))
    done = {cell.entry.name for cell in measured.cells if cell.id not in failures}
    if failures and (names[0] not in done or len(done) < 2):
        cell = next(cell for cell in measured.cells if cell.id in failures)
        raise CompareError(f"{cell.entry.name} gave no figure: {failures[cell.id]}")
    axes = () if asked.over_grid else tuple(name for point in asked.points[:1] for name in point)
    return Result(document, names, axes)


def asked_of(
    functions: Any,
    args: Any = None,
    check: Callable[[Any, Any], Any] | None = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    launches: int | tuple[int, int] | None = None,
    **how: Any,
) -> Asked:
    """What was asked for, checked. Raises TypeError or ValueError in one line."""
    from likeforlike.bench.functions.asked import Asked, check_names, points_of
    from likeforlike.bench.functions.handing_over import names_of

    named = names_of(functions)
    points = points_of(grid)
    if not named:
        raise ValueError("compare: no function was given")
    if len(named) == 1 and len(points) == 1:
        raise ValueError("compare: one function needs a grid of two points at least, or another function")
    if args is not None and not callable(args) and not isinstance(args, (tuple, list, Mapping)):
        expected = "a tuple, list or dict of arguments, or a function that returns one"
        raise TypeError(f"compare: args is of type {type(args).__name__}, expected {expected}")
    if check is not None and not callable(check):
        raise TypeError(
            f"compare: check is of type {type(check).__name__}, expected a function of two answers"
        )
    if len(named) > 1:  # of one function the points are entrants, and no axes
        check_names(points[0])
    least, most = _launches(launches)
    _check_limits(how.get("threads"), how.get("seconds"), how.get("patience_seconds"))
    return Asked(named, args, check, points, launches=(least, most), **how)


def _launches(asked: int | tuple[int, int] | None) -> tuple[int, int]:
    if asked is None:
        return 3, 10
    pair = tuple(asked) if isinstance(asked, (tuple, list)) else (asked, asked)
    if (
        len(pair) != 2
        or not all(isinstance(n, int) and not isinstance(n, bool) for n in pair)
        or not 1 <= pair[0] <= pair[1]
    ):
        raise ValueError(
            f"compare: launches is {asked!r}, expected a number from 1 on, or the least and the most"
        )
    return pair[0], pair[1]


def _check_limits(threads: Any, seconds: Any, patience: Any) -> None:
    """Before anything is measured: else a worker, or the reader of the result, finds what is wrong."""
    if threads is not None and not (_is_whole(threads) and threads >= 1):
        raise ValueError(f"compare: threads is {threads!r}, expected a whole number from 1 on")
    if seconds is not None and not (_is_number(seconds) and seconds >= 0):
        raise ValueError(f"compare: seconds is {seconds!r}, expected a number of seconds, 0 or more")
    if patience is not None and not (_is_number(patience) and 0 <= patience < math.inf):
        raise ValueError(f"compare: patience is {patience!r}, expected a number of seconds, 0 or more")


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def say_at_once(functions: Any, stream: TextIO) -> None:
    """The first sign of life, before anything is imported that takes time."""
    count = len(functions) if isinstance(functions, (Mapping, list, tuple)) else 1
    try:
        stream.write(f"likeforlike: comparing {count} function{'' if count == 1 else 's'} …\n")
        stream.flush()
    except (OSError, ValueError):
        return


def progress_stream() -> TextIO:
    """Where a person looks: below a notebook's cell its output, else the terminal's error stream."""
    return sys.stdout if "ipykernel" in sys.modules else sys.stderr


def width_of(stream: TextIO | None) -> int | None:
    """Columns of a terminal whose last line can be written over; None for anything else."""
    try:
        return shutil.get_terminal_size().columns if stream is not None and stream.isatty() else None
    except (AttributeError, ValueError):
        return None
