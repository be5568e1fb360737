"""``likeforlike check``: whether this machine is fit to measure on, as a table or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from shutil import get_terminal_size
from typing import TYPE_CHECKING, NoReturn

from likeforlike.devices.check.rows import WORST_FIRST, Row, worst

if TYPE_CHECKING:
    from likeforlike.devices.vendors.device import Device

BAD, BAD_INPUT, INTERRUPTED = 1, 2, 130

UNKNOWN_WIDTH = 100
"""Columns of a table that goes into a file or a pipe."""


class _Parser(argparse.ArgumentParser):
    """Complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None, prog: str = "likeforlike check") -> int:
    """Check the machine and print the rows; 1 if one of them is *bad*, 2 for bad input.

    ``prog`` is how the command was called, for what it tells.
    """
    parser = _parser(prog)
    options = parser.parse_args(arguments)
    if not sys.platform.startswith("linux"):
        parser.error(f"it needs Linux; this is {sys.platform}")
    # from here on: what the help does not need
    from likeforlike.devices.check.conduct import FRAMEWORKS, Check
    from likeforlike.devices.machine.discovery import DeviceError, find_devices, parse_devices

    try:
        devices = parse_devices(options.devices.split(","), find_devices())
    except DeviceError as error:
        parser.error(f"--devices: {error}")
    frameworks = _frameworks(parser, options.frameworks, FRAMEWORKS)
    begin = time.monotonic()
    progress = Progress(sys.stderr.write if sys.stderr.isatty() else None)
    try:
        rows = Check(devices, frameworks, progress.tell).rows()
    except KeyboardInterrupt:
        progress.end()
        print(f"{prog}: interrupted", file=sys.stderr)
        return INTERRUPTED
    progress.end()
    seconds = time.monotonic() - begin
    print(as_json(rows, seconds) if options.json else as_text(rows, devices, seconds, _width()))
    return BAD if worst(rows) == "bad" else 0


def _parser(prog: str) -> _Parser:
    parser = _Parser(
        prog,
        description="Check within two minutes whether this machine is fit to measure on: every framework on "
        "every device, clock, counters, and what would disturb. Exits with 1 if anything is bad.",
    )
    parser.add_argument(
        "--devices", default="all", metavar="LIST", help="such as cpu:0,gpu:1 or gpu; default all"
    )
    parser.add_argument("--frameworks", metavar="LIST", help="such as torch,jax; default all four")
    parser.add_argument("--json", action="store_true", help="print one JSON object with the same rows")
    return parser


def _frameworks(parser: _Parser, asked: str | None, known: Sequence[str]) -> Sequence[str]:
    if asked is None:
        return known
    names = list(dict.fromkeys(name.strip().lower() for name in asked.split(",") if name.strip()))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        what = f"unknown {', '.join(map(repr, unknown))}" if unknown else "no framework was named"
        parser.error(f"--frameworks: {what}: known are {', '.join(known)}")
    return names


def _width() -> int:
    return get_terminal_size((UNKNOWN_WIDTH, 24)).columns


class Progress:
    """A line on a terminal that is written over; silent elsewhere."""

    def __init__(self, write: Callable[[str], object] | None) -> None:
        """``write``: None where nothing can be written over."""
        self._write = write
        self._shown = 0

    def tell(self, doing: str) -> None:
        """Say what is being done."""
        self._replace(f"checking {doing} ...")

    def end(self) -> None:
        """Leave an empty line."""
        self._replace("")

    def _replace(self, line: str) -> None:
        if self._write is not None:
            self._write(f"\r{line:<{self._shown}}" + ("" if line else "\r"))
            self._shown = len(line)
            sys.stderr.flush()


def as_json(rows: Sequence[Row], seconds: float) -> str:
    """The rows, the worst verdict and the seconds it took, as plain JSON."""
    told = {
        "worst": worst(rows),
        "seconds": round(seconds, 1),
        "rows": [asdict(row) for row in rows],
    }
    return json.dumps(told, indent=2, allow_nan=False)


def as_text(rows: Sequence[Row], devices: Sequence[Device], seconds: float, width: int) -> str:
    """A block of rows for the machine, each device and each framework on it, and their counts below."""
    names = {device.id: device.name for device in devices}
    blocks: dict[str, list[Row]] = {}
    for row in rows:
        blocks.setdefault(row.where, []).append(row)
    columns = [max((len(text(row)) for row in rows), default=0) for text in (_verdict, _what)]
    lines = []
    for where, members in blocks.items():
        lines += ["", f"{where}, {names[where]}" if where in names else where]
        lines += [_in_lines(row, columns, width) for row in members]
    counts = [(verdict, sum(row.verdict == verdict for row in rows)) for verdict in reversed(WORST_FIRST)]
    summary = ", ".join(f"{count} {verdict}" for verdict, count in counts if count)
    return "\n".join([*lines[1:], "", f"{summary}; {seconds:.0f} s"])


def _verdict(row: Row) -> str:
    return row.verdict


def _what(row: Row) -> str:
    return row.what


def _in_lines(row: Row, columns: Sequence[int], width: int) -> str:
    """Verdict, what was checked, what was found; the remedy below it."""
    from likeforlike.devices.limits.wrapping import wrap_text

    head = f"  {row.verdict:<{columns[0]}}  {row.what:<{columns[1]}}  "
    room = width - len(head)
    lines = wrap_text(row.found, room).splitlines()
    if row.remedy:
        lines += wrap_text(f"→ {row.remedy}", room, "  ").splitlines()
    return head + f"\n{' ' * len(head)}".join(lines)
