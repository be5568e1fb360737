"""A file's bytes to UTF-8: unpacked if they are compressed, whatever Unicode encoding they are in."""

from __future__ import annotations

import importlib
import io
import json

from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.read.safe_text import visible

COMPRESSIONS = (
    (b"\x1f\x8b", "gzip", "gzip"),
    (b"BZh", "bzip2", "bz2"),
    (b"\xfd7zXZ\x00", "xz", "lzma"),
    (b"\x28\xb5\x2f\xfd", "zstd", "compression.zstd"),
)
"""First bytes, name, and the standard library's module for it; ``zstd`` has one from Python 3.14 on."""

CONTAINERS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
)
"""First bytes of what holds no text, and what it is."""


def to_utf8(content: bytes, name: str, largest_bytes: int) -> bytes:
    """The file's text as UTF-8 without a byte order mark; ``name`` is what errors call the file.

    Compressed content is recognised by its first bytes. Raises ResultError where it is damaged, unpacks to
    more than ``largest_bytes``, or is not Unicode.
    """
    content = _unpacked(content, name, largest_bytes)
    for magic, what in CONTAINERS:
        if content.startswith(magic):
            raise ResultError(name, "", "", f"not JSON: it looks like {what}")
    if content.isascii() and b"\x00" not in content:
        return content
    encoding = json.detect_encoding(content)  # by the mark, or by where the null bytes of ASCII are
    try:
        return content.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        expected = encoding.upper().removesuffix("-SIG")
        raise ResultError(name, "", f"byte {error.start}", f"expected {expected} ({error.reason})") from error


def _unpacked(content: bytes, name: str, largest_bytes: int) -> bytes:
    for magic, what, module in COMPRESSIONS:
        if content.startswith(magic):
            return _decompressed(content, name, what, module, largest_bytes)
    return content


def _decompressed(content: bytes, name: str, what: str, module: str, largest_bytes: int) -> bytes:
    try:
        library = importlib.import_module(module)
    except ImportError as error:
        expected = f"this Python's standard library does not read it: unpack it first ({what} -d)"
        raise ResultError(name, "", f"{what} data", expected) from error
    try:
        with library.open(io.BytesIO(content)) as stream:
            unpacked: bytes = stream.read(largest_bytes + 1)
    except Exception as error:  # each library has its own for damaged data
        raise ResultError(
            name, "", f"{what} data", f"can't be unpacked: {visible(str(error), 120)}"
        ) from error
    if len(unpacked) > largest_bytes:
        expected = f"expected at most {largest_bytes} for one result file"
        raise ResultError(name, "", f"unpacks to more than {largest_bytes} bytes", expected)
    if not unpacked.strip():
        raise ResultError(name, "", f"{what} data", "it holds nothing; expected a result file")
    return unpacked
