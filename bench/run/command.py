"""``likeforlike bench``: what ``pytest bench`` is in a clone, from anywhere and inside any repository.

The repository's own tests are none of our business: its pytest configuration, conftest files, options in the
environment and installed pytest plug-ins are all kept away, but for those named with ``-p``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from likeforlike.bench.plan.command_line import GROUP_TITLE, declare_options
from likeforlike.bench.run.invocation import Invocation

BENCH = Path(__file__).parent.parent
_OF_THE_REPOSITORY = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")


def main(arguments: Sequence[str] | None = None, prog: str = "likeforlike bench") -> int:
    """Run pytest on the installed bench folder; its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for name in _OF_THE_REPOSITORY:
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    asked = Invocation(tuple(prog.split()), tuple(given))
    if {"-h", "--help"} & set(given):
        _print_options(prog)
        return int(pytest.main([*_shield(), "--help"], plugins=[asked]))
    from likeforlike.bench.run import pytest_plugin

    return int(pytest.main([*_shield(), *given], plugins=[pytest_plugin, asked]))


def _shield() -> list[str]:
    """The arguments with which pytest reads nothing of the repository it is called in.

    The root is the package's folder, so that a cell has the same full name as in a clone; the cache is apart
    from the repository's own, whose ``--last-failed`` would otherwise hear of our cells.
    """
    return [
        str(BENCH),
        "-c",
        str(Path(__file__).with_name("pytest.ini")),
        f"--rootdir={BENCH.parent}",
        "--noconftest",
        "-p",
        "pytest_benchmark.plugin",
        "-o",
        f"cache_dir={Path.cwd() / '.pytest_cache' / 'likeforlike'}",
    ]


def _print_options(prog: str) -> None:
    """Our options; pytest tells its own behind them, in the same form."""
    parser = argparse.ArgumentParser(
        prog=prog,
        usage=f"{prog} [options]",
        add_help=False,
        description="Measure the grid, or a part of it. The options of pytest and pytest-benchmark follow.",
    )
    declare_options(parser.add_argument_group(GROUP_TITLE).add_argument)
    print(parser.format_help())
