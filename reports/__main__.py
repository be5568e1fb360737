"""``python -m reports FILE... --output DIR``: result files in, a report out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reports.output import OutputError, check_output, write_folder
from reports.published import read_named
from reports.results import ResultError, ResultFile
from reports.text import visible

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if the report was written, 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        return _report(options)
    except (ResultError, OutputError, ValueError) as error:
        print(f"python -m reports: {visible(str(error), 2000)}", file=sys.stderr)
        return BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reports", description="Report what result files say, and how far it can be trusted."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="result file, ours or pytest-benchmark's")
    parser.add_argument("--output", type=Path, metavar="DIR", help="folder of the report")
    parser.add_argument(
        "--baseline", metavar="NAME", help="machine to compare with: part of its label, id or file name"
    )
    parser.add_argument(
        "--keep-going", action="store_true", help="report the good files and list the bad ones"
    )
    return parser


def _report(options: argparse.Namespace) -> int:
    if options.output is None:
        raise ValueError("--output DIR is missing: the folder for the report")
    check_output(options.output)
    files, bad = read_all(options.files, options.keep_going)
    from reports.rendering import render_files
    from reports.report import build_report

    report = build_report(files, options.baseline, [f"Left out: {reason}" for reason in bad])
    write_folder(options.output, render_files(report))
    for finding in report.findings:
        print(f"{'! ' if finding.kind == 'warning' else '- '}{finding.text}")
    print(f"report: {options.output / 'report.md'}")
    return 0


def read_all(names: Sequence[str], keep_going: bool) -> tuple[list[ResultFile], list[str]]:
    """Read every file; with ``keep_going`` bad ones are listed instead of raised."""
    good, bad = [], []
    for name in names:
        try:
            good.append(read_named(name))
        except ResultError as error:
            if not keep_going:
                raise
            bad.append(str(error))
            print(f"python -m reports: left out: {error}", file=sys.stderr)
    if not good:
        raise ValueError("none of the files can be read")
    return good, bad


if __name__ == "__main__":
    sys.exit(main())
