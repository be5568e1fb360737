"""The terminal that pytest writes to: past its capturing, and as wide as it is."""

from __future__ import annotations

from typing import Any

import pytest


def terminal_writer(config: pytest.Config) -> Any:
    """Write to the real terminal, past pytest's capturing."""

    def write(text: str) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        capture = config.pluginmanager.get_plugin("capturemanager")
        if reporter is None or capture is None:
            return
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write(text, flush=True)

    return write


def shows_header(config: pytest.Config) -> bool:
    """Whether pytest tells what :meth:`Bench.header` says; with -q it does not."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter is None or bool(reporter.showheader and not reporter.no_header)


def live_width(config: pytest.Config) -> int | None:
    """Columns of a terminal whose last line can be written over; None for a file, a pipe, a log."""
    terminal = config.get_terminal_writer()
    return terminal.fullwidth if terminal.hasmarkup else None
