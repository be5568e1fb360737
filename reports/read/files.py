"""A path, or the name of published figures, to a result file."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from likeforlike.reports.read.recognition import read_content
from likeforlike.reports.read.result_file import ResultError, ResultFile
from likeforlike.reports.read.safe_text import visible
from likeforlike.reports.read.unpacking import to_utf8

LARGEST_BYTES = 512 * 2**20
"""Of one result file, unpacked."""


def published_names() -> tuple[str, ...]:
    """The published files, by name."""
    found = (Path(item.name) for item in _published().iterdir())
    return tuple(sorted(path.stem for path in found if path.suffix == ".json"))


def _published() -> Traversable:
    return resources.files("likeforlike.reports") / "published"


def read_named(name: str) -> ResultFile:
    """A result file by path, or a published one by name where there is no such path. Raises ResultError."""
    if name in published_names() and not Path(name).exists():
        content = (_published() / f"{name}.json").read_bytes()
        return replace(read_content(content, name), label=name)
    return read_results(name)


def published_content(name: str) -> tuple[bytes, str]:
    """UTF-8 content of a result file by path, or of a published one by name; and what errors call it."""
    if name in published_names() and not Path(name).exists():
        return (_published() / f"{name}.json").read_bytes(), name
    return to_utf8(_read_bytes(Path(name), name), name, LARGEST_BYTES), name


def read_results(path: Path | str, label: str | None = None) -> ResultFile:
    """Read one result file, whoever wrote it. Raises ResultError, whose text is one line."""
    name = str(path)
    content = to_utf8(_read_bytes(Path(path), name), name, LARGEST_BYTES)
    file = read_content(content, name, Path(path).parent)
    return file if label is None else replace(file, label=visible(label, 60))


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        size = path.stat().st_size if path.is_file() else 0
        if size <= LARGEST_BYTES:
            with path.open("rb") as stream:
                content = stream.read(LARGEST_BYTES + 1)  # what is no regular file may have no end
            size = len(content)
    except OSError as error:
        raise ResultError(name, "", "can't be read", str(error.strerror).lower()) from error
    except ValueError as error:  # a null byte in the name
        raise ResultError(name, "", "can't be read", visible(str(error))) from error
    if size > LARGEST_BYTES:
        expected = f"expected at most {LARGEST_BYTES} for one result file"
        raise ResultError(name, "", f"{size} bytes", expected)
    if not content.strip():
        raise ResultError(name, "", "", "the file is empty; expected a result file")
    return content
