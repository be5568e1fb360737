"""``pytest -p likeforlike.pytest``: the fixture ``compare``, for someone's own suite.

Its results join those of pytest-benchmark's ``benchmark``: in the tables, in ``--benchmark-json``, in what is
stored. A suite that doesn't use the fixture pays an import of pytest, which it has made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from likeforlike.bench.functions.measuring import Measured
    from likeforlike.comparison.result import Result


@dataclass
class Compared:
    """What the tests of one session have compared."""

    measured: list[Measured] = field(default_factory=list)
    results: list[tuple[str, Result]] = field(default_factory=list)
    """By test."""
    fullnames: set[str] = field(default_factory=set)
    """Of our own records among pytest-benchmark's."""


COMPARED = pytest.StashKey[Compared]()


@pytest.fixture
def compare(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """``compare({"mine": mine, "theirs": theirs}, args=make_arrays)``: as ``likeforlike.compare``.

    Under ``--benchmark-disable``, and so under xdist, each function is called once and its answer checked:
    the result then has no pair. ``--benchmark-skip`` skips the test.
    """
    session = getattr(request.config, "_benchmarksession", None)
    if session is not None and session.skip:
        pytest.skip("comparisons are skipped as benchmarks are (--benchmark-skip)")
    compared = request.config.stash.setdefault(COMPARED, Compared())

    def run(
        functions: Any,
        args: Any = None,
        *,
        check: Callable[[Any, Any], Any] | None = None,
        grid: Mapping[str, Sequence[Any]] | None = None,
        launches: int | tuple[int, int] | None = None,
        seconds: float | None = None,
        patience: float = 0.0,
        threads: int | None = None,
        device: str | None = None,
    ) -> Result:
        how = {"seconds": seconds, "patience_seconds": patience, "threads": threads, "device": device}
        once = session is not None and session.disabled
        test = _name_of(request.node.nodeid, compared)
        result, measured = _compare(
            request.config, functions, args, check, grid, launches, name=test, once=once, **how
        )
        compared.results.append((test, result))
        compared.measured.append(measured)
        if session is not None and not once:
            _hand_to_benchmark(session, measured, test, compared)
        return result

    return run


def _name_of(node: str, compared: Compared) -> str:
    """The test, with a number where it compares more than once."""
    before = sum(name == node or name.startswith(f"{node} #") for name, _ in compared.results)
    return node if not before else f"{node} #{before + 1}"


def _compare(
    config: pytest.Config,
    functions: Any,
    args: Any,
    check: Any,
    grid: Any,
    launches: Any,
    **how: Any,
) -> tuple[Result, Measured]:
    from likeforlike.bench.functions.document import document_of
    from likeforlike.bench.functions.measuring import measure
    from likeforlike.bench.run.screen.progress import Progress
    from likeforlike.bench.run.screen.terminal import live_width, terminal_writer
    from likeforlike.comparison.comparing import asked_of, result_of

    shown = config.get_verbosity() >= 0
    write = terminal_writer(config) if shown else _nothing
    progress = Progress(write, live_width(config) if shown else None)
    measured = measure(asked_of(functions, args, check, grid, launches, **how), progress)
    return result_of(measured, document_of(measured)), measured


def _nothing(text: str) -> None:
    """Show nothing, as -q asks for."""


def _hand_to_benchmark(session: Any, measured: Measured, test: str, compared: Compared) -> None:
    from likeforlike.bench.functions.document import entries_of

    entries = entries_of(measured, test)
    session.benchmarks.extend(entries)
    compared.fullnames |= {entry.fullname for entry in entries}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """``--benchmark-only`` and ``--benchmark-skip`` concern tests that compare, too.

    pytest-benchmark tells its tests by the names of their fixtures.
    """
    ours = [item for item in items if "compare" in getattr(item, "fixturenames", ())]
    added = [item for item in ours if "benchmark" not in item.fixturenames]  # type: ignore[attr-defined]
    for item in added:
        item.fixturenames.append("benchmark")  # type: ignore[attr-defined]
    result = yield
    for item in added:
        item.fixturenames.remove("benchmark")  # type: ignore[attr-defined]
    return result


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """The machine's fingerprint, once anything was compared on it."""
    compared = config.stash.get(COMPARED, None)
    if compared is not None and compared.measured:
        machine_info["likeforlike"] = dict(compared.measured[0].plan.context.fingerprint)


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """What belongs to the whole file; and the samples of comparisons, without which they can't be judged."""
    compared = config.stash.get(COMPARED, None)
    if compared is None or not compared.measured:
        return
    from likeforlike.bench.functions.document import header_of
    from likeforlike.bench.keep.result_file import plain

    output_json["likeforlike"] = plain(header_of(compared.measured))
    session = getattr(config, "_benchmarksession", None)
    data = {entry.fullname: entry.stats.data for entry in (session.benchmarks if session else ())}
    for entry in output_json["benchmarks"]:
        if entry["fullname"] in compared.fullnames:
            entry["stats"]["data"] = list(data[entry["fullname"]])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What was found, test by test."""
    compared = config.stash.get(COMPARED, None)
    if compared is None or not compared.results:
        return
    terminalreporter.section("likeforlike")
    for test, result in compared.results:
        terminalreporter.write_line(test)
        for sentence in result.sentences:
            terminalreporter.write_line(f"  {sentence}")
