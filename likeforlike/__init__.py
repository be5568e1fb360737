"""Compares machine-learning frameworks, models, training loops and devices like for like."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    import pandas as pd

    from likeforlike.comparison.result import Result

__version__ = "0.2.0"

__all__ = ["__version__", "compare", "read"]


def compare(
    functions: Mapping[str, Callable[..., Any]] | Sequence[Callable[..., Any]] | Callable[..., Any],
    args: Any = None,
    *,
    check: Callable[[Any, Any], Any] | None = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    launches: int | tuple[int, int] | None = None,
    seconds: float | None = None,
    patience: float = 0.0,
    threads: int | None = None,
    device: str | None = None,
    progress: bool = True,
) -> Result:
    """Say which of these functions is faster, by how much, and how sure that is.

    ::

        result = likeforlike.compare({"mine": mine, "theirs": theirs}, args=make_arrays)
        print(result)
        result.word, result.ratio, result.interval

    ``functions``: by name, the first being what the others are compared with. Each is called in fresh worker
    processes, in turns with the others, all but one frozen; ``launches`` times anew, a number or the least
    and the most (3 and 10, fewer where the ratio is known to 2 % before; after ``seconds`` no further one
    begins; up to ``patience`` seconds, 0 unless asked, and half of the time so far go into waiting for other
    programs to pause). What a notebook's cell defines is sent to the workers; what can't be sent is called in
    this process.

    ``args``: a tuple or list of arguments, a dict of them by name, or a function that returns either, called
    in each worker. One that takes ``rng`` (a NumPy generator) or ``seed`` makes new arguments for every
    timed call. ``grid``: values by name, ``{"n": [100, 1000]}``: the functions are compared at every point,
    which ``args`` (or, without it, the functions) is given by name. One function over a grid is compared with
    itself at the first point.

    ``check(answer_of_first, answer_of_other)`` raises, or returns False, where answers don't agree; without
    it numbers must agree to half the digits of their type and all else be equal. Answers are held together
    before, during and after timing, as NumPy arrays whatever the framework. ``device`` is one of
    ``likeforlike devices``.

    Raises TypeError or ValueError, in one line, for wrong arguments and where a function fails, gives another
    answer or changes its arguments. ``docs/compare.md`` has the details.
    """
    from likeforlike.comparison.comparing import compare as compare_functions
    from likeforlike.comparison.comparing import progress_stream

    return compare_functions(
        functions,
        args,
        check,
        grid,
        progress_stream() if progress else None,
        launches=launches,
        seconds=seconds,
        patience_seconds=patience,
        threads=threads,
        device=device,
    )


def read(*files: str | os.PathLike[str], samples: bool = True) -> pd.DataFrame:
    """Result files as one tidy ``pandas.DataFrame``: one row a sample, or one row a cell.

    ``files`` are paths of result files, ours or plain pytest-benchmark's, or names of published ones such as
    ``"notebook-2020"``. With ``samples=False`` there is one row a cell, those without a figure included, with
    their outcome and reason. Times are seconds, memory is bytes, and the column names say so. Figures that
    the report would not believe are flagged, not left out::

        samples = likeforlike.read("mine.json")
        sound = samples[~samples["disturbed"] & ~samples["implausible"]]
        sound.groupby(["workload", "axes", "device", "implementation"])["seconds"].median()

    ``docs/data-frame.md`` has every column. A file given twice counts once, with a warning; what else
    happened to the files on the way is in ``attrs["remarks"]``. Raises ValueError, in one line, where a file
    can't be read.
    """
    from likeforlike.reports.frame.frames import read_frame

    return read_frame(files, samples=samples)
