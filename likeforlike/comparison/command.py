"""``likeforlike compare module:mine module:theirs --args module:make_arrays``."""

from __future__ import annotations

import argparse
import ast
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from likeforlike.comparison.comparing import compare

BAD_INPUT = 2
INTERRUPTED = 130
"""As a shell tells of what SIGINT has ended."""
_LONGEST = 2000


def main(arguments: Sequence[str] | None = None, prog: str = "likeforlike compare") -> int:
    """Compare, print what was found, and give the exit status: 2 for bad input or a failing function."""
    options = _parser(prog).parse_args(arguments)
    try:
        _check_output(options.output)
        functions = _functions(options.functions)
        result = compare(
            functions,
            None if options.args is None else named_object("--args", options.args),
            None if options.check is None else named_object("--check", options.check),
            _grid(options.grid),
            None if options.quiet else sys.stderr,
            launches=options.launches,
            seconds=options.seconds,
            patience_seconds=options.patience,
            threads=options.threads,
            device=options.device,
        )
        print(result)
        if options.output is not None:
            print(f"result file: {result.save(options.output)}")
    except KeyboardInterrupt:
        print(f"\n{prog}: ended before its time; nothing is kept", file=sys.stderr)
        return INTERRUPTED
    except (TypeError, ValueError, OSError) as error:
        print(f"{prog}: {' '.join(str(error).split()).removeprefix('compare: ')[:_LONGEST]}", file=sys.stderr)
        return BAD_INPUT
    return 0


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Say which of these functions is faster, by how much, and how sure that is.",
        epilog=f"Example: {prog} mine.fast:run theirs=other.package:run --args mine.inputs:make_arrays",
    )
    parser.add_argument(
        "functions",
        nargs="+",
        metavar="[NAME=]MODULE:FUNCTION",
        help="the first is what the others are compared with; one alone needs --grid",
    )
    parser.add_argument(
        "--args",
        metavar="MODULE:NAME",
        help="a function that returns a tuple or dict of arguments, given rng or seed if it takes them; or "
        "the tuple or dict itself (no arguments)",
    )
    parser.add_argument(
        "--check",
        metavar="MODULE:FUNCTION",
        help="is called with the first's answer and another's, and raises where they don't agree "
        "(numbers must agree to half their digits)",
    )
    parser.add_argument(
        "--grid",
        action="append",
        default=[],
        metavar="NAME=VALUE,...",
        help="compare at every one of these values, which --args is given by name; several span a grid",
    )
    parser.add_argument(
        "--launches", type=int, metavar="N", help="sets of fresh processes (3, up to 10 if needed)"
    )
    parser.add_argument("--seconds", type=float, metavar="S", help="begin no further launch after so long")
    parser.add_argument(
        "--patience",
        type=float,
        default=0.0,
        metavar="S",
        help="wait so long for other programs to pause (0)",
    )
    parser.add_argument(
        "--threads", type=int, metavar="N", help="of each function (as many as physical cores)"
    )
    parser.add_argument("--device", metavar="DEVICE", help="cpu:0, gpu:0 ... (see likeforlike devices)")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write a result file, for likeforlike report"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    return parser


def _check_output(path: Path | None) -> None:
    """Before anything is measured."""
    if path is None:
        return
    if path.is_dir():
        raise ValueError(f"--output: {path} is a folder; name a file")
    if not path.parent.exists():
        raise ValueError(f"--output: {path.parent} does not exist; name a file in a folder that does")


def _functions(words: Sequence[str]) -> dict[str, Any]:
    """By the name given, else by the function's own, else by all that was said."""
    targets = [word.partition("=")[::2] if "=" in word else ("", word) for word in words]
    own = [target.rpartition(":")[2] for _, target in targets]
    found: dict[str, Any] = {}
    for (name, target), short in zip(targets, own, strict=True):
        called = name or (short if own.count(short) == 1 else target)
        if called in found:
            raise ValueError(f"two functions are called {called!r}; name one: NAME={target}")
        found[called] = named_object(target, target, function=True)
    return found


def named_object(option: str, target: str, function: bool = False) -> Any:
    """What ``module:name`` stands for. Raises ValueError in one line."""
    module_name, _, name = target.partition(":")
    if not module_name or not name:
        raise ValueError(f"{option}: {target!r} names no function; expected module:function")
    try:
        value: Any = importlib.import_module(module_name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a stranger's module raises, sys.exit included
        text = " ".join(str(error).split())
        raise ValueError(
            f"{option}: import of {module_name} failed: {type(error).__name__}: {text}"
        ) from error
    for part in name.split("."):
        if not hasattr(value, part):
            raise ValueError(f"{option}: {module_name} has no {name}")
        value = getattr(value, part)
    if function and not callable(value):
        raise ValueError(f"{option}: {name} is of type {type(value).__name__}, expected a function")
    return value


def _grid(words: Sequence[str]) -> dict[str, list[Any]] | None:
    grid: dict[str, list[Any]] = {}
    for word in words:
        name, _, values = word.partition("=")
        if not name or not values:
            raise ValueError(f"--grid: {word!r} is no grid; expected NAME=VALUE,VALUE")
        if name in grid:
            raise ValueError(f"--grid: {name} is given twice; its values go behind one =, with commas")
        grid[name] = [_value(text) for text in values.split(",")]
    return grid or None


def _value(text: str) -> Any:
    """A number where it is written as one, else the text."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return value if isinstance(value, (int, float)) else text
