"""``pytest bench``: options in, cells as tests, samples replayed, the result file out."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from likeforlike.bench.keep.journal import JournalError
from likeforlike.bench.keep.replay import ReplayClock, replay_samples, use_without_samples
from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.command_line import add_options, asks_for_tables, read_options
from likeforlike.bench.run.invocation import check_no_paths
from likeforlike.bench.run.opening import open_bench
from likeforlike.bench.run.session import Bench
from likeforlike.bench.worker.outcomes import MEASURED
from likeforlike.devices.machine.discovery import DeviceError
from likeforlike.models.contract.training.data import DataError

BENCH = pytest.StashKey[Bench]()
_BAD_INPUT = (OptionError, DeviceError, DataError, JournalError)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare our options."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read options and build the grid before pytest-benchmark opens its session."""
    check_no_paths(config)
    try:
        options = read_options(config)
        # pytest-benchmark would write its file in place, once, at the end; ours is moved into place whole
        config.option.benchmark_json = None
        config.stash[BENCH] = open_bench(config, options)
    except _BAD_INPUT as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """The progress lines tell of each cell; pytest's own dots between them would tell less.

    pytest-benchmark's tables would push the findings out of sight: they are for who asks for them.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.showfspath = session.config.get_verbosity() > 0
    tables = session.config.pluginmanager.get_plugin("pytest-benchmark")
    if tables is not None and not asks_for_tables(session.config):
        tables.quiet = True


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
    """Count a cell without a letter of its own."""
    if config.get_verbosity() > 0 or report.when != "call" or BENCH not in config.stash:
        return None
    return report.outcome, "", report.outcome.upper()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is about to be measured, on what and with what data."""
    return config.stash[BENCH].header()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per cell."""
    if "cell" in metafunc.fixturenames:
        cells = metafunc.config.stash[BENCH].grid.cells
        metafunc.parametrize("cell", [_parameter(cell) for cell in cells], ids=[cell.id for cell in cells])


def _parameter(cell: Cell) -> Any:
    return pytest.param(cell, marks=pytest.mark.benchmark(group=cell.group, timer=ReplayClock()))


def _cell_of(item: pytest.Item) -> Cell | None:
    callspec = getattr(item, "callspec", None)
    return None if callspec is None else callspec.params.get("cell")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start with the cells that -k and its like have left."""
    cells = [cell for item in session.items if (cell := _cell_of(item)) is not None]
    if cells and not session.config.option.collectonly and not session.config.option.benchmark_skip:
        try:
            bench = session.config.stash[BENCH]
            bench.items = {cell.id: item for item in session.items if (cell := _cell_of(item)) is not None}
            bench.begin(cells)
        except _BAD_INPUT as error:
            raise pytest.UsageError(str(error)) from error


@pytest.fixture(scope="session", autouse=True)
def end_on_sigterm() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does: workers are ended, what is finished is kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt("SIGTERM")

    before = signal.signal(signal.SIGTERM, interrupt)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def replay(request: pytest.FixtureRequest, benchmark: Any) -> Callable[[Cell], None]:
    """Measure a cell, if it is not measured yet, and replay its samples into ``benchmark``."""
    campaign = request.config.stash[BENCH].campaign
    assert campaign is not None
    clock = request.node.get_closest_marker("benchmark").kwargs["timer"]

    def measure_and_replay(cell: Cell) -> None:
        record = campaign.record(cell)
        if record.outcome == MEASURED and record.seconds and not benchmark.disabled:
            benchmark.extra_info.update(record.extra_info)
            replay_samples(benchmark, clock, record.seconds)
            request.config.stash[BENCH].replayed.append(benchmark.stats)
            return
        use_without_samples(benchmark)
        if record.outcome == "skipped":
            pytest.skip(record.reason)
        if record.outcome != MEASURED:
            pytest.fail(f"{record.outcome}: {record.reason}", pytrace=False)

    return measure_and_replay


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """Add the machine's fingerprint."""
    machine_info["likeforlike"] = config.stash[BENCH].fingerprint


def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """Add what belongs to the whole run; may be called more than once."""
    config.stash[BENCH].complete(output_json)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """End the workers and write the result file."""
    bench = session.config.stash.get(BENCH, None)
    if bench is not None:
        bench.finish()
        if bench.unwritten:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The answer comes last, after pytest's own summary."""
    bench = config.stash.get(BENCH, None)
    if bench is not None:
        bench.tell()
        bench.sides.close()
