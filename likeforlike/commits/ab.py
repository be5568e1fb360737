"""``likeforlike ab [--base REV] [--new REV] -- BENCH_OPTIONS``: two commits, measured in turns."""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from likeforlike.commits import revisions
from likeforlike.commits.judging import Outcome, outcome_of
from likeforlike.commits.junit import to_junit
from likeforlike.commits.measuring import TwoSides, check_options, measure
from likeforlike.commits.telling import comment, terminal_text
from likeforlike.devices.machine.kept import kept_folder
from likeforlike.reports.judge.limits import parse_limits
from likeforlike.reports.read.result_file import ResultError, ResultFile

BAD_INPUT = 2
INTERRUPTED = 130
Measure = Callable[[TwoSides, Path, Path], ResultFile]


def main(
    arguments: Sequence[str] | None = None, prog: str = "likeforlike ab", measure: Measure = measure
) -> int:
    """Measure, print and write what was found; the exit status.

    1: something is surely slower by more than the limit; 2: it can't run, or a cell broke; else 0.
    """
    own, options = split(list(sys.argv[1:] if arguments is None else arguments))
    asked = _parser(prog).parse_args(own)
    try:
        here = Path.cwd()
        limits = parse_limits(asked.fail_if_slower or [])
        check_outputs({"--markdown": asked.markdown, "--junit": asked.junit})
        kept, named = check_options(options)
        top = revisions.top_of(here)
        sides = TwoSides(*_sides(asked.base, asked.new, top), kept)
        file = measure(sides, named or kept_file(sides, top), here)
        outcome = outcome_of(file, limits, asked.only)
        _tell(outcome, asked, f"{prog} {_repeated(sides, asked, kept)}")
    except KeyboardInterrupt:
        print(f"\n{prog}: ended before its time", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, ResultError, OSError) as error:
        print(f"{prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    return outcome.status


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """What stands before ``--``, and the options of bench behind it."""
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def check_outputs(files: dict[str, Path | None]) -> None:
    """Before anything is measured. Raises ValueError for a file that could not be written."""
    for option, file in files.items():
        if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
            raise ValueError(f"{option} {file}: expected a file in a folder that is there")


def kept_file(sides: TwoSides, top: Path) -> Path:
    """Where the result file of two sides lies unless it was named: until the same are measured again.

    Each working tree has its own: in another clone the same two names are of another tree.
    """
    revs = [side.removeprefix("git:")[: revisions.DIGITS] for side in (sides.base, sides.new)]
    name = "-".join("tree" if rev.startswith("tree:") else rev for rev in revs)
    folder = kept_folder("ab") / hashlib.sha256(os.fsencode(top)).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.json"


def write(file: Path, content: bytes) -> None:
    """Whole, or not at all."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(file)


def _sides(base: str | None, new: str | None, top: Path) -> tuple[str, str]:
    """Both as ``--side`` takes them. Raises ValueError where they are one."""
    first = revisions.merge_base(top) if base is None else revisions.commit_of("--base", base, top)
    if new is not None:
        second = revisions.commit_of("--new", new, top)
        if first == second:
            raise ValueError(f"--base and --new are both {first[: revisions.DIGITS]}; name two commits")
        return f"git:{first}", f"git:{second}"
    if revisions.commit_of("--new", "HEAD", top) == first and not revisions.is_changed(top):
        told = f"the working tree is the base itself, {first[: revisions.DIGITS]}"
        raise ValueError(f"{told}; name another with --base, such as --base HEAD~1")
    return f"git:{first}", f"tree:{top}"


def _tell(outcome: Outcome, asked: argparse.Namespace, command: str) -> None:
    if asked.markdown is not None:
        write(asked.markdown, comment(outcome, command).encode())
    if asked.junit is not None:
        write(asked.junit, to_junit(outcome))
    print(terminal_text(outcome))


def _repeated(sides: TwoSides, asked: argparse.Namespace, kept: Sequence[str]) -> str:
    """The command that measures the same again: the base by its name, whatever it was asked for as."""
    words = [f"--base={sides.base.removeprefix('git:')[: revisions.DIGITS]}"]
    if sides.new.startswith("git:"):
        words.append(f"--new={sides.new.removeprefix('git:')[: revisions.DIGITS]}")
    words += [f"--fail-if-slower={text}" for text in asked.fail_if_slower or ()]
    words += [f"--only={text}" for text in asked.only]
    return " ".join(map(shlex.quote, [*words, "--", *kept] if kept else words))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        usage=f"{prog} [--base REV] [--new REV] [options] [-- BENCH_OPTIONS]",
        description="Measure two commits of this repository in turns, and say what is surely slower. "
        "Exit status 1: something is; 2: it can't run; 0: nothing is, be some of it unclear.",
        epilog=f"Example: {prog} --fail-if-slower 5%% -- --plugin my_kernels --workloads matmul --sizes 500",
    )
    parser.add_argument("--base", metavar="REV", help="the commit before (merge base with main)")
    parser.add_argument("--new", metavar="REV", help="the commit after (the working tree as it stands)")
    add_limits(parser)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write a comment for a pull request")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit's XML, a test case a cell")
    return parser


def add_limits(parser: argparse.ArgumentParser) -> None:
    """The options that say which cells are looked at, and how much slower they may be."""
    parser.add_argument(
        "--fail-if-slower",
        action="append",
        metavar="SHARE",
        help="how much slower is too much (5%%); PATTERN=SHARE is for the cells of that name; several can "
        "be given",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="judge the cells alone whose id or full name this is; * is any text; several can be given",
    )
