"""The journal: every ended cell, on disk before the next begins."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import msgspec

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.devices.machine.host import moved

JOURNAL_SUFFIX = ".journal.jsonl"


class JournalError(Exception):
    """The journal can't be used; one line that says why and what to do."""


class Header(msgspec.Struct, frozen=True):
    """A journal's first line: what must be the same for a resumed run."""

    run_id: str
    order_seed: int
    conditions: dict[str, Any]
    """Machine, versions and options, flat: ``{"option --sizes": "500", "version tensorflow": ...}``."""
    cells: int = 0
    """How many cells the run has, so that somebody else can say how far it is."""
    busy: tuple[str, ...] = ()
    """Devices that others used when the run began, each a sentence."""


class Session(msgspec.Struct, frozen=True):
    """A line that says that the run was taken up again."""

    session: int
    busy: tuple[str, ...] = ()


def journal_path(result_file: Path) -> Path:
    """Where the journal of a result file lies: beside it."""
    return result_file.with_name(result_file.name + JOURNAL_SUFFIX)


class Journal:
    """An open journal, locked against a second run for as long as this process lives."""

    def __init__(self, path: Path, resume: bool) -> None:
        """Open and lock. Raises JournalError if another run holds it or it can't be written."""
        self.path = path
        self.header: Header | None = None
        self.records: dict[str, CellRecord] = {}
        """Of cells that have ended."""
        self.launches: dict[str, dict[int, CellRecord]] = {}
        """By cell its launches that have ended; those of a cell that has ended itself stay, too."""
        self.session = 0
        self.busy: tuple[str, ...] = ()
        """What was busy when any of the run's sessions began."""
        self.warning = ""
        self._waiting: list[CellRecord] = []
        """Records that the disk has not taken yet."""
        self._told = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = open(path, "a+b")  # noqa: SIM115 - held open and locked for the run
        except OSError as error:
            raise JournalError(f"{path}: cannot be written: {error.strerror}; name another file") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            if not isinstance(error, BlockingIOError):  # a file system that has no locks
                reason = f"cannot be locked: {error.strerror}; name a file elsewhere"
                raise JournalError(f"{path}: {reason}") from error
            raise JournalError(
                f"{path}: another run is writing this result file; wait for it or name another"
            ) from error
        if resume:
            try:
                self._read()
            except JournalError:
                self.close()
                raise

    def _read(self) -> None:
        self._file.seek(0)
        text = self._file.read()
        whole, _, torn = text.rpartition(b"\n")
        if torn:
            self.warning = f"{self.path}: dropped a torn last line of {len(torn)} bytes"
            self._file.truncate(len(text) - len(torn))
        lines = whole.split(b"\n") if whole else []
        if not lines:
            return
        number = 1
        try:
            self.header = msgspec.json.decode(lines[0], type=Header)
            self.busy = self.header.busy
            for number, line in enumerate(lines[1:], 2):  # noqa: B007 - told when a line can't be read
                if line.startswith(b'{"session"'):
                    earlier = msgspec.json.decode(line, type=Session)
                    self.session, self.busy = earlier.session, (*self.busy, *earlier.busy)
                    continue
                self._take(msgspec.json.decode(line, type=CellRecord))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise JournalError(
                f"{self.path}: line {number} is no journal line ({error}); start again without --resume"
            ) from error

    def _take(self, record: CellRecord) -> None:
        if record.launch is None:
            self.records[record.cell] = record
            return
        if record.cell in self.records:  # it was forgotten, to be measured again
            self.forget([record.cell])
        self.launches.setdefault(record.cell, {})[record.launch] = record

    def begin(self, header: Header) -> None:
        """Start a new run, or take up the one found.

        Raises JournalError if its conditions differ, or the disk takes no line.
        """
        try:
            self._begin(header)
        except OSError as error:
            reason = f"cannot be written: {error.strerror}; make room or name another file"
            raise JournalError(f"{self.path}: {reason}") from error

    def _begin(self, header: Header) -> None:
        if self.header is None:
            self._file.truncate(0)
            self.header, self.busy = header, header.busy
            self._append([header])
            return
        self.check(header)
        self.session += 1
        self.busy = (*self.busy, *header.busy)
        self._append([Session(self.session, header.busy)])

    def check(self, header: Header) -> None:
        """Raise JournalError if the run found, if any, had other conditions; writes nothing."""
        changed = [] if self.header is None else differences(self.header.conditions, header.conditions)
        if changed:
            raise JournalError(
                f"{self.path}: cannot resume, since these differ: {'; '.join(changed)}; "
                "restore them, or start again without --resume"
            )

    def marks(
        self, code: Mapping[str, str], host: Mapping[str, str], anyway: bool, elsewhere: bool
    ) -> dict[str, dict[str, list[str]]]:
        """What a file is to say of cells that other code or another host has measured, by cell.

        Raises JournalError where that was not asked for: ``anyway`` of code, ``elsewhere`` of hosts.
        """
        changed, hosts = self.other_code(code), self.other_hosts(host)
        if (changed and not anyway) or (hosts and not elsewhere):
            kept = {} if anyway else changed, {} if elsewhere else hosts
            raise JournalError(refusal_of(self.path, *kept))
        found: dict[str, dict[str, list[str]]] = {}
        for name, others in (("other_code", changed), ("other_hosts", hosts)):
            for other, cells in others.items():
                for cell in cells:
                    found.setdefault(cell, {}).setdefault(name, []).append(other)
        return found

    def other_code(self, now: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """Modules whose source has changed, and the cells that were measured with what it was before."""
        found: dict[str, dict[str, None]] = {}
        for record in self._all():
            for module, digest in record.code.items():
                if now.get(module) != digest:
                    found.setdefault(module, {})[record.cell] = None
        return {module: tuple(cells) for module, cells in found.items()}

    def other_hosts(self, now: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """Other hosts and GPUs, and the cells that were measured there."""
        found: dict[str, dict[str, None]] = {}
        for record in self._all():
            if place := moved(record.host, now):
                found.setdefault(place, {})[record.cell] = None
        return {place: tuple(cells) for place, cells in found.items()}

    def _all(self) -> list[CellRecord]:
        launched = [record for known in self.launches.values() for record in known.values()]
        return [*self.records.values(), *launched]

    def forget(self, cells: Iterable[str]) -> None:
        """Let these cells be measured again; a later line of theirs replaces the earlier."""
        for cell in cells:
            self.records.pop(cell, None)
            self.launches.pop(cell, None)

    def add(self, records: Iterable[CellRecord]) -> str | None:
        """Append ended cells and launches and wait until the disk has them; a warning where it refuses.

        They stay in memory then, and are tried again with the next, so that nothing is lost but by a crash.
        """
        records = list(records)
        for record in records:
            self._take(record)
        self._waiting += records
        try:
            self._append(self._waiting)
        except OSError as error:
            told, self._told = self._told, True
            reason = f"{self.path}: cannot be written: {error.strerror}"
            return None if told else f"{reason}; measuring goes on, and can't be resumed unless there is room"
        self._waiting, self._told = [], False
        return None

    def _append(self, items: Iterable[msgspec.Struct]) -> None:
        """Whole lines or none. Raises OSError."""
        whole = os.fstat(self._descriptor).st_size
        left = memoryview(b"".join(msgspec.json.encode(item) + b"\n" for item in items))
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
            os.fsync(self._descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, whole)
            raise

    @property
    def _descriptor(self) -> int:
        """Written to past Python's buffer, which would try again what the disk has refused."""
        return self._file.fileno()

    def close(self) -> None:
        """Unlock."""
        with suppress(OSError):
            self._file.close()


def refusal_of(
    path: Path, changed: Mapping[str, Sequence[str]], hosts: Mapping[str, Sequence[str]] = {}
) -> str:
    """Why a run is not resumed, in a line: other code than has measured these cells, or another host."""
    told = [f"the source code of {module}, which has measured {_some(c)}" for module, c in changed.items()]
    told += [f"{place}, which has measured {_some(cells)}" for place, cells in hosts.items()]
    keep = "--resume-anyway" if changed else "--resume-elsewhere"
    return (
        f"{path}: cannot resume, since this has changed: {'; '.join(told)}; restore it, start again without "
        f"--resume, or keep what was measured, marked, with {keep}"
    )


def _some(cells: Sequence[str]) -> str:
    return cells[0] + (f" and {len(cells) - 1} more" if len(cells) > 1 else "")


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two sets of conditions, in words."""
    keys = sorted(set(before) | set(now))
    return [f"{k} was {before.get(k)!r}, is {now.get(k)!r}" for k in keys if before.get(k) != now.get(k)]
