"""``likeforlike export FILE --format NAME``: one result file in, another tool's file out."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from likeforlike.reports.export.formats import FORMATS
from likeforlike.reports.read.files import read_named
from likeforlike.reports.read.safe_text import visible

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None, prog: str = "likeforlike export") -> int:
    """Run the command: 0 if all is well, 2 for bad input."""
    options = _parser(prog).parse_args(arguments)
    try:
        return _run(options, prog)
    except ValueError as error:
        print(f"{prog}: {visible(str(error), 2000)}", file=sys.stderr)
        return BAD_INPUT


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog, description="Write a result file's figures in the format of another tool."
    )
    parser.add_argument("file", metavar="FILE", help="result file, or the name of a published one")
    parser.add_argument("--format", required=True, choices=list(FORMATS), help="whose format")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to (the screen)")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="cells of this id alone; * is any text; several can be given",
    )
    return parser


def _run(options: argparse.Namespace, prog: str) -> int:
    from likeforlike.reports.export.cells import exported_cells

    file = read_named(options.file)
    cells, remarks = exported_cells(file, options.only)
    made = FORMATS[options.format](file, cells)
    content = json.dumps(made, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    for text in remarks:
        print(f"{prog}: {text}", file=sys.stderr)
    if options.output is None:
        print(content, end="")
    else:
        _write(options.output, content)
        count = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
        print(f"{options.output}: {count} in {options.format}'s format")
    return 0


def _write(path: Path, content: str) -> None:
    """Whole or not at all. Raises ValueError where it can't be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(content)
            os.chmod(name, 0o644)
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ValueError(f"--output {path}: can't be written: {reason}") from error
