"""``likeforlike publish FILE --to FOLDER``: check, leave out what is personal, rank."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from likeforlike.reports.publish.folder import (
    PAGE,
    Refused,
    check,
    files_in,
    place_of,
    shareable,
    stale,
    write_all,
)
from likeforlike.reports.read.result_file import ResultError, ResultFile
from likeforlike.reports.read.safe_text import visible

BAD_INPUT = 2
MOST_REASONS = 20


def main(arguments: Sequence[str] | None = None, prog: str = "likeforlike publish") -> int:
    """Run the command: 0 if all is well, 2 for what is refused, of which nothing is written."""
    parser = _parser(prog)
    options = parser.parse_args(arguments)
    if (options.to is None) == (not options.check):
        parser.error("give --to FOLDER, or --check")
    try:
        return _check(options.files) if options.check else _publish(options.files, options.to)
    except Refused as refused:
        for reason in refused.reasons[:MOST_REASONS]:
            print(f"{prog}: {visible(reason, 2000)}", file=sys.stderr)
        if len(refused.reasons) > MOST_REASONS:
            print(f"{prog}: and {len(refused.reasons) - MOST_REASONS} more like these", file=sys.stderr)
    except ValueError as error:
        print(f"{prog}: {visible(str(error), 2000)}", file=sys.stderr)
    return BAD_INPUT


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Check result files as a stranger's, and share them on a page that ranks machines.",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="result file, or the name of a shipped one")
    parser.add_argument(
        "--to", type=Path, metavar="FOLDER", help="where to; without a FILE its page is written anew"
    )
    parser.add_argument(
        "--check", action="store_true", help="check files, or folders of shared ones, and write nothing"
    )
    return parser


def _publish(names: Sequence[str], folder: Path) -> int:
    from likeforlike.reports.publish.page import page_of

    shared = [shareable(name) for name in names]  # all are checked before anything is written
    present = {path: check(path) for path in files_in(folder)} if folder.is_dir() else {}
    fresh = {place_of(made, folder): made for made in shared}
    files = [_named(file, path) for path, file in present.items() if path not in fresh]
    files += [_named(made.file, path) for path, made in fresh.items()]
    if not files:
        raise ValueError(f"--to {folder}: no file there, and none given")
    content = {path.name: made.content for path, made in fresh.items() if path not in present}
    write_all(folder, content | {PAGE: page_of(files).encode()})
    for path in fresh:
        print(f"{path}: {'there already' if path in present else 'checked, and written'}")
    print(f"page: {folder / PAGE}")
    return 0


def _named(file: ResultFile, path: Path) -> ResultFile:
    return replace(file, label=path.name, path=str(path))


def _check(names: Sequence[str]) -> int:
    if not names:
        raise ValueError("--check: name a file or a folder")
    reasons: list[str] = []
    count = 0
    for name in names:
        folder = Path(name)
        paths = files_in(folder) if folder.is_dir() else [folder]
        if not paths:
            reasons.append(f"{name}: the folder holds no shared file (*.json)")
        for path in paths:
            count += 1
            try:
                check(path)
            except Refused as refused:
                reasons += refused.reasons
            except ResultError as error:
                reasons.append(str(error))
        if folder.is_dir() and paths:
            again = f"likeforlike publish --to {name}"
            reasons += [f"{folder / PAGE}: {line}; write it anew: {again}" for line in stale(folder)]
    if reasons:
        raise Refused(reasons)
    print(f"{count} file{'' if count == 1 else 's'} checked: nothing to object")
    return 0
