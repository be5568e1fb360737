"""``likeforlike report FILE...``: result files in, their findings and a report out."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from likeforlike.reports.draw.process_pool import helpers
from likeforlike.reports.read.files import published_names, read_named
from likeforlike.reports.read.folders import base_meant, files_meant
from likeforlike.reports.read.recognition import readable
from likeforlike.reports.read.result_file import ResultError, ResultFile
from likeforlike.reports.read.safe_text import visible
from likeforlike.reports.write.report_folder import OutputError, check_output, write_folder

if TYPE_CHECKING:
    from likeforlike.reports.judge.limits import Limits

SLOWER = 1
BAD_INPUT = 2

Taken = TypeVar("Taken")


def main(arguments: Sequence[str] | None = None, prog: str = "likeforlike report") -> int:
    """Run the command: 0 if all is well, 1 if something is slower than allowed, 2 for bad input.

    A comparison in which no cell can be judged is bad input, too, and with a limit one that lacks a figure of
    a cell that was tried. ``prog`` is how it was called.
    """
    options = _parser(prog).parse_args(arguments)
    try:
        return _run(options, prog)
    except (ResultError, OutputError, ValueError) as error:
        print(f"{prog}: {visible(str(error), 2000)}", file=sys.stderr)
        return BAD_INPUT


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Report what result files say, and how far it can be trusted.",
        epilog=f"Published files can be given by name: {', '.join(published_names())}.",
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help=f"result file, folder of them or pattern; {readable()}"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="folder of the report; made, or replaced (without it the findings are printed alone)",
    )
    parser.add_argument(
        "--baseline",
        metavar="NAME",
        help="machine to compare with: part of its label, id or file name (the first unpublished one); or "
        "part of the name of plain benchmarks that others of their group are compared with (the fastest)",
    )
    parser.add_argument(
        "--group-by",
        metavar="LABEL",
        help="compare plain benchmarks that have this in common, those of several files, too: group, name, "
        "func, fullname, fullfunc, param or param:NAME, several with commas as in func,param:n (each file's "
        "groups)",
    )
    parser.add_argument(
        "--price",
        action="append",
        metavar="EUR_PER_HOUR",
        help="what an hour of the machine costs, so that the cost to reach the target accuracy stands beside "
        "the time; NAME=EUR_PER_HOUR is for machines of that name. Of several the last that fits counts",
    )
    _add_gate(parser)
    parser.add_argument(
        "--keep-going", action="store_true", help="report the good files and list the bad ones"
    )
    return parser


def _add_gate(parser: argparse.ArgumentParser) -> None:
    """Options that hold a file against an earlier one."""
    parser.add_argument(
        "--against",
        metavar="BASE",
        help="result file to be no slower than; a folder means its only one, or the newest of .benchmarks",
    )
    parser.add_argument(
        "--fail-if-slower",
        action="append",
        metavar="SHARE",
        help="with --against: exit with 1 if a cell is clearly slower, or all cells of an implementation "
        "together, and by more than this (5%%), be it sure or measured beside other work; "
        "with 2 if a cell that BASE has was tried and now gives no figure. "
        "PATTERN=SHARE, such as '*torch*=2%%', is for the cells of that name. Several can be given: of "
        "patterns that name a cell the last counts, and any pattern before a share without one",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="with --against: look at the cells alone whose id or full name this is; * is any text, ? any "
        "character; several can be given",
    )


def _run(options: argparse.Namespace, prog: str) -> int:
    _check_options(options)
    if options.output is not None:
        check_output(options.output)
    names, unfound = expand_all(options.files, options.keep_going, prog)
    wanted = _wanted(options, names)
    with helpers() if options.output is not None else nullcontext() as draughtsmen:
        files, bad = read_all(names, options.keep_going, prog)
        checked = None if wanted is None else _check(*wanted, files, options)
        if options.output is not None or options.against is None:
            _report(options, files, [*unfound, *bad], draughtsmen)
    if checked is None:
        return 0
    told, status, why = checked
    print(told)
    if why:
        print(f"{prog}: {why}", file=sys.stderr)
    return status


def _wanted(options: argparse.Namespace, names: Sequence[str]) -> tuple[ResultFile, Limits] | None:
    """The file to be no slower than, and by how much: read before anything is written."""
    if options.against is None:
        return None
    from likeforlike.reports.judge.limits import parse_limits

    limits = parse_limits(options.fail_if_slower or [])
    return read_named(base_meant(options.against, names)), limits


def _check_options(options: argparse.Namespace) -> None:
    if options.output is None and options.against is not None:
        for name in ("baseline", "group_by", "price"):
            if getattr(options, name) is not None:
                option = f"--{name.replace('_', '-')}"
                raise ValueError(f"{option} with --against needs --output: it is of use in a report alone")
    if options.fail_if_slower is not None and options.against is None:
        raise ValueError("--fail-if-slower needs --against BASE")
    if options.only and options.against is None:
        raise ValueError("--only needs --against BASE")


def _report(
    options: argparse.Namespace, files: Sequence[ResultFile], bad: Sequence[str], draughtsmen: Executor | None
) -> None:
    """Print the findings; with ``--output`` write the report before."""
    from likeforlike.reports.sort.beside_time.prices import parse_prices
    from likeforlike.reports.sort.group_by import parse_group_by
    from likeforlike.reports.tell.report import build_report
    from likeforlike.reports.write.terminal import findings_text, is_coloured, width_of

    remarks = [f"{file.label}: {remark}" for file in files for remark in file.remarks]
    remarks += [f"Left out: {reason}." for reason in bad]
    group_by = None if options.group_by is None else parse_group_by(options.group_by)
    report = build_report(files, options.baseline, remarks, group_by, parse_prices(options.price or []))
    if options.output is not None:
        from likeforlike.reports.write.report_files import render_files

        write_folder(options.output, render_files(report, draughtsmen))
    print(findings_text(report.findings, width_of(sys.stdout), is_coloured(sys.stdout)))
    if options.output is not None:
        print(f"report: {options.output / 'report.md'} and report.html")
    elif sys.stdout.isatty():
        names = " ".join(map(shlex.quote, options.files))
        print(f"\nall tables and plots: likeforlike report {names} --output report")


def _check(
    base: ResultFile, limits: Limits, files: Sequence[ResultFile], options: argparse.Namespace
) -> tuple[str, int, str]:
    """What to print, the exit status, and why it is no pass: all before anything is written."""
    from likeforlike.reports.judge.regressions import check_against
    from likeforlike.reports.tell.regression_text import lost_text, nothing_judged_text, outcome_text

    outcome = check_against([base], files, limits, options.only)
    if not outcome.judged:
        return outcome_text(outcome), BAD_INPUT, nothing_judged_text(outcome)
    told, lost = outcome_text(outcome), lost_text(outcome)
    if options.fail_if_slower is None:
        return told, 0, ""
    if outcome.fails:
        return told, SLOWER, lost
    return told, BAD_INPUT if lost else 0, lost


def expand_all(names: Sequence[str], keep_going: bool, prog: str) -> tuple[list[str], list[str]]:
    """The files that are meant, folders and patterns expanded; with ``keep_going`` empty ones are listed."""
    return _each(names, keep_going, prog, lambda name: files_meant([name]))


def read_all(names: Sequence[str], keep_going: bool, prog: str) -> tuple[list[ResultFile], list[str]]:
    """Read every file; with ``keep_going`` bad ones are listed instead of raised."""
    good, bad = _each(names, keep_going, prog, lambda name: [read_named(name)])
    if not good:
        raise ValueError("none of the files can be read")
    return good, bad


def _each(
    names: Sequence[str], keep_going: bool, prog: str, take: Callable[[str], list[Taken]]
) -> tuple[list[Taken], list[str]]:
    """What is taken of each name, and why nothing is of the others, which is an error unless going on."""
    good: list[Taken] = []
    bad = []
    for name in names:
        try:
            good += take(name)
        except ResultError as error:
            if not keep_going:
                raise
            bad.append(str(error))
            print(f"{prog}: left out: {error}", file=sys.stderr)
    return good, bad
