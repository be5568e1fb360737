"""``likeforlike bench | compare | report | ...``: each part imported when it is called."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from likeforlike import __version__
from likeforlike.plain_streams import make_streams_lenient

BAD_INPUT = 2

ENOUGH_SEEN = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a part, and give its exit status; 2 for one that there is not."""
    make_streams_lenient()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in COMMANDS:
        try:
            return COMMANDS[given[0]][0](given[1:])
        except BrokenPipeError:  # whoever reads, such as ``head``, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ENOUGH_SEEN
    if not given or given[0] in ("-h", "--help"):
        print(_parser().format_help(), end="")
        return 0 if given else BAD_INPUT
    if given == ["--version"]:
        print(f"likeforlike {__version__}")
        return 0
    print(
        f"likeforlike: unknown {given[0]!r}; known: {', '.join(COMMANDS)}, --help, --version", file=sys.stderr
    )
    return BAD_INPUT


def _bench(arguments: Sequence[str]) -> int:
    _find_modules_here()
    from likeforlike.bench.run.command import main

    return main(arguments)


def _compare(arguments: Sequence[str]) -> int:
    _find_modules_here()
    from likeforlike.comparison.command import main

    return main(arguments)


def _ab(arguments: Sequence[str]) -> int:
    from likeforlike.commits.ab import main

    return main(arguments)


def _bisect(arguments: Sequence[str]) -> int:
    from likeforlike.commits.bisect import main

    return main(arguments)


def _report(arguments: Sequence[str]) -> int:
    # plots are drawn by further interpreters, started as ``python -c``: without this they would look into the
    # working directory before the standard library
    os.environ["PYTHONSAFEPATH"] = "1"
    from likeforlike.reports.command import main

    return main(arguments)


def _history(arguments: Sequence[str]) -> int:
    os.environ["PYTHONSAFEPATH"] = "1"  # for the interpreters that draw
    from likeforlike.reports.history.command import main

    return main(arguments)


def _export(arguments: Sequence[str]) -> int:
    from likeforlike.reports.export.command import main

    return main(arguments)


def _publish(arguments: Sequence[str]) -> int:
    from likeforlike.reports.publish.command import main

    return main(arguments)


def _models(arguments: Sequence[str]) -> int:
    _find_modules_here()
    from likeforlike.models.command import main

    return main(arguments)


def _devices(arguments: Sequence[str]) -> int:
    from likeforlike.devices.command import main

    return main(arguments)


def _check(arguments: Sequence[str]) -> int:
    from likeforlike.devices.check.command import main

    return main(arguments)


def _peak(arguments: Sequence[str]) -> int:
    from likeforlike.devices.peak.command import main

    return main(arguments)


def _fleet(arguments: Sequence[str]) -> int:
    from likeforlike.bench.fleet.command import main

    return main(arguments)


COMMANDS: Mapping[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "bench": (_bench, "measure: --benchmark-json=FILE keeps the figures"),
    "compare": (_compare, "say which of your own functions is faster: module:mine module:theirs"),
    "ab": (_ab, "measure two commits in turns, and fail if something is surely slower"),
    "bisect": (_bisect, "find the first commit in which something is surely slower"),
    "report": (_report, "report what result files say, and how far it can be trusted"),
    "history": (_history, "keep results over commits, and say where each cell stepped: add, report"),
    "export": (_export, "write figures in the format of pyperf, github-action-benchmark or Bencher"),
    "publish": (_publish, "check results as a stranger's, and share them on a page that ranks machines"),
    "models": (_models, "list the workloads and their implementations"),
    "devices": (_devices, "show this machine, its devices and what they can do at most"),
    "check": (_check, "check within two minutes whether this machine is fit to measure on"),
    "peak": (_peak, "search for the best product rate of a device, and keep it as a ceiling"),
    "fleet": (_fleet, "measure on machines of a scheduler: submit, status, collect"),
}


def _find_modules_here() -> None:
    """Let ``--plugin`` find modules of the working directory, behind all that is installed."""
    here = os.getcwd()
    if here not in sys.path:
        sys.path.append(here)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="likeforlike",
        description="Compare machine-learning frameworks, training loops and devices like for like.",
        epilog="Each command tells its options: likeforlike bench --help",
    )
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, (_, summary) in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    return parser
