"""Draws plots in processes of their own, which start while the files are still being read.

Matplotlib takes half a second to import and a third of one for each plot in two forms: most of a report's
time, and work that cores can share.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import forkserver

from likeforlike.reports.tell.plot_data import PlotData, Rendered

MOST_PROCESSES = 4
FEWEST_PLOTS = 2


def draw_one(data: PlotData) -> Rendered:
    """Draw here and now; matplotlib is imported only here."""
    from likeforlike.reports.draw.render import render

    return render(data)


def draw_all(plots: Sequence[PlotData], helpers: Executor | None = None) -> list[Rendered]:
    """Every plot, in order; shared among ``helpers`` where there are some and the work is worth it."""
    if helpers is None or len(plots) < FEWEST_PLOTS:
        return [draw_one(data) for data in plots]
    try:
        return list(helpers.map(draw_one, plots))
    except (BrokenProcessPool, OSError):  # a sandbox without processes or semaphores: slower, not lost
        return [draw_one(data) for data in plots]


@contextmanager
def helpers() -> Iterator[Executor | None]:
    """Processes that draw, importing matplotlib already; None where only one core is to be had."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2 or "forkserver" not in multiprocessing.get_all_start_methods():
        yield None
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["likeforlike.reports.draw.render"])
    try:
        forkserver.ensure_running()  # it imports while we read; the pool waits for it when first used
        pool = ProcessPoolExecutor(min(cores, MOST_PROCESSES), mp_context=context)
    except OSError:
        yield None
        return
    with pool:
        yield pool
