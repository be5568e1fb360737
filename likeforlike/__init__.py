"""Compares machine-learning frameworks, models, training loops and devices like for like."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    import pandas as pd

__version__ = "0.2.0"

__all__ = ["__version__", "read"]


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
    from likeforlike.reports.frame import read_frame

    return read_frame(files, samples=samples)
