"""Encodings and compression: the same result file, however its bytes were written."""

from __future__ import annotations

import bz2
import codecs
import gzip
import json
import lzma
import sys

import pytest
import report_samples as samples

from likeforlike.reports.read.files import read_results
from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.read.unpacking import to_utf8

TEXT = json.dumps(samples.plain_run({"t.py::größe[√2]": [0.2, 0.1, 0.3]}), ensure_ascii=False)

PLAIN = TEXT.encode()

ENCODED = {
    "UTF-8": PLAIN,
    "UTF-8 with a mark": codecs.BOM_UTF8 + PLAIN,
    "UTF-16 LE with a mark": codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    "UTF-16 BE with a mark": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    "UTF-16 LE": TEXT.encode("utf-16-le"),
    "UTF-16 BE": TEXT.encode("utf-16-be"),
    "UTF-32 LE with a mark": codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
    "UTF-32 BE with a mark": codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"),
    "UTF-32 LE": TEXT.encode("utf-32-le"),
    "UTF-32 BE": TEXT.encode("utf-32-be"),
    "begins with an empty line": b"\r\n" + PLAIN,
}

COMPRESSED = {
    "gzip": gzip.compress(PLAIN, mtime=0),
    "two gzip members": gzip.compress(PLAIN[:50], mtime=0) + gzip.compress(PLAIN[50:], mtime=0),
    "gzip of UTF-16": gzip.compress(ENCODED["UTF-16 LE with a mark"], mtime=0),
    "bzip2": bz2.compress(PLAIN),
    "xz": lzma.compress(PLAIN),
}


@pytest.mark.parametrize("content", [*ENCODED.values(), *COMPRESSED.values()], ids=[*ENCODED, *COMPRESSED])
def test_the_same_file_in_other_bytes(tmp_path, content):
    path = tmp_path / "results.data"  # the name says nothing
    path.write_bytes(content)
    (cell,) = read_results(path).cells
    assert (cell.id, cell.samples) == ("t.py::größe[√2]", (0.2, 0.1, 0.3))


def test_the_same_content_is_the_same_file(tmp_path):
    digests = set()
    for number, content in enumerate([PLAIN, gzip.compress(PLAIN, mtime=0), codecs.BOM_UTF8 + PLAIN]):
        (tmp_path / f"{number}.json").write_bytes(content)
        digests.add(read_results(tmp_path / f"{number}.json").digest)
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PLAIN[:60] + b"\xe9" + PLAIN[60:], "byte 60; expected UTF-8"),
        (codecs.BOM_UTF16_LE + b"{\x00}", "expected UTF-16 (truncated data)"),
        (codecs.BOM_UTF32_LE + b"{\x00\x00\x00\x00\x00\x11\x00", "expected UTF-32"),
        (COMPRESSED["gzip"][:-9], "gzip data; can't be unpacked"),
        (COMPRESSED["gzip"][:30] + b"\x00" * 40, "gzip data; can't be unpacked"),
        (COMPRESSED["gzip"] + b"more", "gzip data; can't be unpacked"),
        (b"\x1f\x8b", "gzip data; can't be unpacked"),
        (gzip.compress(b" \n", mtime=0), "gzip data; it holds nothing"),
        (COMPRESSED["bzip2"][:-9], "bzip2 data; can't be unpacked"),
        (COMPRESSED["xz"][:-9], "xz data; can't be unpacked"),
        (b"PK\x03\x04....", "not JSON: it looks like a zip archive"),
        (b"SQLite format 3\x00...", "not JSON: it looks like an SQLite database"),
        (gzip.compress(b"PAR1....PAR1", mtime=0), "not JSON: it looks like a Parquet file"),
    ],
)
def test_damage_is_one_line(content, expected):
    with pytest.raises(ResultError) as caught:
        to_utf8(content, "mine.json", 2**20)
    assert str(caught.value).startswith("mine.json")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch, compress):
    monkeypatch.setattr("likeforlike.reports.read.files.LARGEST_BYTES", 100_000)
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(compress(b" " * 100_001))
    with pytest.raises(ResultError, match="unpacks to more than 100000 bytes; expected at most 100000"):
        read_results(path)
    path.write_bytes(compress(PLAIN.ljust(100_000)))
    assert read_results(path).cells


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="its standard library reads zstd")
def test_zstd_is_named_where_it_can_not_be_read():
    with pytest.raises(ResultError, match=r"zstd data; this Python's .* unpack it first \(zstd -d\)"):
        to_utf8(b"\x28\xb5\x2f\xfd" + b"\x00" * 20, "mine.json.zst", 2**20)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="its standard library reads no zstd")
def test_zstd():
    from compression import zstd

    assert to_utf8(zstd.compress(PLAIN), "mine.json.zst", 2**20) == PLAIN


def test_a_file_without_an_end(monkeypatch):
    monkeypatch.setattr("likeforlike.reports.read.files.LARGEST_BYTES", 1000)
    with pytest.raises(ResultError, match="1001 bytes; expected at most 1000"):
        read_results("/dev/zero")
