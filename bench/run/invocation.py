"""``likeforlike bench``: what ``pytest bench`` is in a clone, from anywhere and inside any repository.

The repository's own tests are none of our business: its pytest configuration, conftest files, options in the
environment and installed pytest plugins are all kept away, but for those named with ``-p``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from likeforlike.bench.plan.command_line import GROUP_TITLE, declare_options

BENCH = Path(__file__).parent.parent

_OF_THE_REPOSITORY = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")


@dataclass(frozen=True)
class Invocation:
    """How a run was asked for, in the words that ask for it again."""

    command: tuple[str, ...]
    arguments: tuple[str, ...]

    def pytest_addoption(self, parser: pytest.Parser) -> None:
        """Let what pytest complains of begin with the command that was typed."""
        parser.prog = " ".join(self.command)

    def words(self, *further: str) -> list[str]:
        """The whole command, with further options."""
        return [*self.command, *self.arguments, *(word for word in further if word not in self.arguments)]


def invocation_of(config: pytest.Config) -> Invocation:
    """What the user typed: ``likeforlike bench`` hands it over, ``pytest bench`` has it as it is."""
    handed = (plugin for plugin in config.invocation_params.plugins or () if isinstance(plugin, Invocation))
    typed = Invocation(("pytest",), tuple(map(str, config.invocation_params.args)))
    return next(handed, typed)


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
    cache = Path.cwd() / ".pytest_cache" / "likeforlike"
    return [
        str(BENCH),
        "-c",
        str(Path(__file__).with_name("pytest.ini")),
        f"--rootdir={BENCH.parent}",
        "--noconftest",
        "-p",
        "pytest_benchmark.plugin",
        "-o",
        f"cache_dir={cache}",
    ]


def check_no_paths(config: pytest.Config) -> None:
    """Refuse what ``likeforlike bench`` would take for a further folder of tests. Raises UsageError."""
    ours = any(isinstance(plugin, Invocation) for plugin in config.invocation_params.plugins or ())
    if ours and len(config.args) > 1:
        raise pytest.UsageError(
            f"{config.args[1]!r} is no option, and only options are taken: see likeforlike bench --help"
        )


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
