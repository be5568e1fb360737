"""``likeforlike history add FILE...`` and ``likeforlike history report``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from likeforlike.reports.draw.process_pool import helpers
from likeforlike.reports.read.files import read_named
from likeforlike.reports.read.folders import files_meant
from likeforlike.reports.read.safe_text import visible
from likeforlike.reports.write.report_folder import OutputError, check_output, write_folder

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None, prog: str = "likeforlike history") -> int:
    """Run the command: 0 if all is well, 2 for bad input."""
    options = _parser(prog).parse_args(arguments)
    try:
        return _add(options, prog) if options.command == "add" else _report(options, prog)
    except (OutputError, ValueError) as error:
        print(f"{prog} {options.command}: {visible(str(error), 2000)}", file=sys.stderr)
        return BAD_INPUT


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog, description="Keep results over commits, and say where each cell stepped."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    add = commands.add_parser("add", help="keep result files; one that is kept already adds nothing")
    add.add_argument("files", nargs="+", metavar="FILE", help="result file, folder of them or pattern")
    report = commands.add_parser("report", help="say where cells stepped, and between which commits")
    report.add_argument("--output", type=Path, metavar="DIR", help="folder of the report; made, or replaced")
    report.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="cells of this name or id alone; * is any text; several can be given",
    )
    report.add_argument(
        "--as-measured", action="store_true", help="judge times without taking out what moved the machine"
    )
    for command in (add, report):
        command.add_argument(
            "--folder",
            type=Path,
            default=Path("results/history"),
            metavar="DIR",
            help="of the history (results/history)",
        )
    return parser


def _add(options: argparse.Namespace, prog: str) -> int:
    from likeforlike.reports.history.store import FileRefused, add

    files = [read_named(name) for name in files_meant(options.files)]  # all are read before any is kept
    status = 0
    for file in files:
        try:
            added = add(file, options.folder)
        except FileRefused as error:  # the others are kept all the same
            print(f"{prog} add: {visible(str(error), 2000)}", file=sys.stderr)
            status = BAD_INPUT
            continue
        if added.cells:
            count = f"{added.cells} cell{'' if added.cells == 1 else 's'}"
            print(f"{added.file}: {count} kept in {added.path}")
        else:
            print(f"{added.file}: kept already, in {added.path}; nothing added")
    return status


def _report(options: argparse.Namespace, prog: str) -> int:
    from likeforlike.reports.history.report import history_report
    from likeforlike.reports.history.series import history_of
    from likeforlike.reports.history.steps import judge
    from likeforlike.reports.history.store import read
    from likeforlike.reports.write.terminal import findings_text, is_coloured, width_of

    if options.output is not None:
        check_output(options.output)
    rows, left_out = read(options.folder)
    for text in left_out:
        print(f"{prog} report: {text}", file=sys.stderr)
    judged = judge(history_of(rows), options.only, adjust=not options.as_measured)
    report = history_report(judged, left_out)
    if options.output is not None:
        from likeforlike.reports.write.report_files import render_files

        with helpers() if len(report.figures) > 1 else nullcontext() as draughtsmen:
            write_folder(options.output, render_files(report, draughtsmen))
    print(findings_text(report.findings, width_of(sys.stdout), is_coloured(sys.stdout)))
    if options.output is not None:
        print(f"report: {options.output / 'report.md'} and report.html")
    return 0
