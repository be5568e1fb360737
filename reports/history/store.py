"""The folder of the history: one Parquet file for each result file, written once and never again.

A file lies at ``MACHINE/COMMIT/DATE-DIGEST-CONTENT.parquet``: the result file's digest, and that of the
Parquet file itself. It is written under a name of its own, forced to the disk and then linked to its place,
which fails if there is one. What a crash, a full disk or a copy has torn does not have the digest that its
name tells: it is named and left out.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from likeforlike.reports.history.rows import HistoryRow, rows_of
from likeforlike.reports.read.result_file import ResultFile

SUFFIX = ".parquet"
DEFAULT_FOLDER = Path("results/history")
FORMAT_VERSION = 1
"""Of the files' columns; kept in each."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
INSTALL = "needs {missing}: pip install 'likeforlike[history]'"


class HistoryError(ValueError):
    """A history that can't be written or read; one line."""


class FileRefused(HistoryError):
    """A file of which nothing is kept; others may be."""


@dataclass(frozen=True)
class Added:
    """What became of one result file."""

    file: str
    path: Path
    cells: int
    """0 where it was there already."""


def parquet() -> Any:
    """Pandas, once it is sure that it can do Parquet. Raises HistoryError with what is missing."""
    missing = []
    for name in ("pandas", "pyarrow"):
        try:
            __import__(name)
        except ModuleNotFoundError:
            missing.append(name)
    if missing:
        raise HistoryError(INSTALL.format(missing=" and ".join(missing)))
    import pandas as pd

    return pd


def add(file: ResultFile, folder: Path) -> Added:
    """Keep a result file's cells. Raises FileRefused, and HistoryError if the folder can't be written."""
    pandas = parquet()
    known = sorted(folder.glob(f"*/*/*-{file.digest[:16]}-*{SUFFIX}"))
    whole = next((path for path in known if _is_whole(path)), None)
    if whole is not None:
        return Added(file.label, whole, 0)
    if known:
        raise FileRefused(
            f"{file.label}: kept before, but {known[0]} is torn; delete that, then add the file again"
        )
    if file.first_side:
        raise FileRefused(
            f"{file.label}: measured on several sides; a history is of one: keep what likeforlike bench "
            "measures without --side"
        )
    rows = rows_of(file)
    if not rows:
        raise FileRefused(f"{file.label}: no cell has a figure; nothing to keep")
    place = folder / rows[0].machine / (_safe(rows[0].commit[:12]) or "no-commit")
    frame = pandas.DataFrame([msgspec.structs.asdict(row) for row in rows])
    frame["dirty"] = frame["dirty"].astype("boolean")
    frame["version"] = FORMAT_VERSION
    content = frame.to_parquet(engine="pyarrow", index=False)
    name = f"{_safe(file.datetime[:19]) or 'no-date'}-{file.digest[:16]}-{_digest(content)}{SUFFIX}"
    path = place / name
    try:
        _write_once(content, path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise HistoryError(f"--folder {folder}: can't be written: {reason}") from error
    return Added(file.label, path, len(rows))


def _is_whole(path: Path) -> bool:
    """Whether a file of the history can be read and is what its name tells."""
    try:
        return _bears_its_digest(path, path.read_bytes())
    except OSError:
        return False


def _bears_its_digest(path: Path, content: bytes) -> bool:
    return path.stem.endswith(f"-{_digest(content)}")


def _safe(text: str) -> str:
    """Text of a file as part of a path."""
    return _UNSAFE.sub("", text.replace(":", "")).lstrip(".")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _write_once(content: bytes, path: Path) -> None:
    """Whole under its name or not at all; what bears the name already stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".writing")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        try:
            os.link(name, path)
        except FileExistsError:
            return  # another process has just added the same file
        except OSError:  # a file system without links
            if not path.exists():
                os.rename(name, path)
        _sync_folder(path.parent)
    finally:
        Path(name).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(folder: Path) -> tuple[list[HistoryRow], list[str]]:
    """All rows, and a sentence on each file that is left out. Raises HistoryError where there is nothing."""
    pandas = parquet()
    if not folder.is_dir():
        raise HistoryError(f"--folder {folder}: no such folder; make it: likeforlike history add FILE...")
    paths = sorted(folder.glob(f"*/*/*{SUFFIX}"))
    rows: list[HistoryRow] = []
    left_out = []
    for path in paths:
        try:
            rows += _read_one(pandas, path)
        except HistoryError as error:
            left_out.append(f"{path.relative_to(folder)} is left out: {error}")
        except Exception:  # whatever a stranger's file makes of a parser
            left_out.append(f"{path.relative_to(folder)} is left out: it is no file of the history")
    if not rows:
        told = f" ({left_out[0]})" if left_out else ""
        raise HistoryError(f"--folder {folder}: holds no file that can be read{told}")
    return list(_without_earlier_states(rows)), left_out


def _read_one(pandas: Any, path: Path) -> list[HistoryRow]:
    content = path.read_bytes()
    if not _bears_its_digest(path, content):
        raise HistoryError("torn, its content is not what its name tells")
    frame = pandas.read_parquet(io.BytesIO(content), engine="pyarrow")
    versions = set(frame.pop("version"))
    if versions != {FORMAT_VERSION}:
        told = ", ".join(map(str, sorted(versions)))
        raise HistoryError(f"it is of version {told}; this likeforlike reads {FORMAT_VERSION}")
    records: Sequence[dict[str, Any]] = frame.to_dict("records")
    return [msgspec.convert(_plain(record), HistoryRow) for record in records]


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """Arrays as lists, and what pandas calls missing as None."""
    plain = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in record.items()}
    if plain["dirty"] is not None and plain["dirty"] not in (True, False):
        plain["dirty"] = None
    return plain


def _without_earlier_states(rows: Sequence[HistoryRow]) -> Iterator[HistoryRow]:
    """Of a run that was resumed, and added before and after, each cell counts once, as it was in the end.

    It may have had fewer launches before: then its samples are the first of those that it has now.
    """
    states: dict[tuple[str, ...], set[tuple[float, ...]]] = {}
    for row in rows:
        states.setdefault(_place(row), set()).add(tuple(row.samples))
    seen = set()
    for row in rows:
        place, samples = _place(row), tuple(row.samples)
        count = len(samples)
        grown = any(len(more) > count > 0 and more[:count] == samples for more in states[place])
        if row.run_id and (grown or (place, samples) in seen):
            continue
        seen.add((place, samples))
        yield row


def _place(row: HistoryRow) -> tuple[str, ...]:
    """The run, the machine, the cell and which of its repetitions."""
    return row.run_id or row.digest, row.machine, row.cell, row.run
