"""JSON into records, with errors that name the field, its value and what was expected."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.read.safe_text import all_visible, visible
from likeforlike.reports.read.schema.quantities import LEAST_POSITIVE

TOO_DEEP = "nested too deeply for a result file"

DEEPEST = 200
"""Levels of nesting; no tool's result file comes near."""

LONGEST_INTEGER = 4000
"""Digits; Python reads no decimal integer that is much longer."""

Record = TypeVar("Record")


class Unusable:
    """A number that JSON does not have (``NaN``, infinities) or no float can hold, as it stands in the file.

    It is no value of any type that a record asks for: where it lies in a field that is used, that is an
    error; elsewhere it costs nothing and is read as null.
    """

    def __init__(self, text: str) -> None:
        self.text = text


@dataclass(frozen=True)
class Document:
    """A file's content, parsed once; what readers of formats recognise and take records from."""

    name: str
    """What errors call it."""
    content: bytes
    """UTF-8, without a byte order mark."""
    value: Any
    """The JSON value, strings made visible; None where it is no JSON."""
    fault: ResultError | None = None
    """Why it is no JSON."""
    has_unusable: bool = False
    folder: Path | None = None
    """Where it lies, for files that belong to it."""

    def record(self, kind: type[Record], value: Any, path: str = "", outline: bool = False) -> Record:
        """A part of the document as a record; what is wrong becomes a ResultError with field and value.

        An ``outline`` keeps what stands in its untyped fields as it is, to be read as records of their own.
        """
        try:
            record = msgspec.convert(value, kind)
            return record if outline or not self.has_unusable else msgspec.convert(self.usable(value), kind)
        except msgspec.ValidationError as error:
            message, _, where = str(error).partition(" - at `$")
            where, found = _located(value, where.rstrip("`"))
            path = f"{path}{where}".lstrip(".")
            if isinstance(found, Unusable):
                raise ResultError(self.name, path, visible(found.text, 60), _finite(found)) from error
            raise ResultError(self.name, path, _text_or_empty(found), _expectation(message)) from error
        except RecursionError as error:
            raise ResultError(self.name, path, "", TOO_DEEP) from error

    def outline(self, kind: type[Record]) -> Record:
        """The whole document as an outline; raises what is wrong with it if it is no JSON."""
        if self.fault is not None:
            raise self.fault
        return self.record(kind, self.value, outline=True)

    def usable(self, value: Any) -> Any:
        """A part of the document with null for every number that is none."""
        return _without_unusable(value) if self.has_unusable else value

    def error(self, path: str, value: str, expected: str) -> ResultError:
        """An error in this file."""
        return ResultError(self.name, path, value, expected)


def parse(content: bytes, name: str, folder: Path | None = None) -> Document:
    """Parse UTF-8 text. Raises ResultError only for nesting; other faults wait until JSON is asked for."""
    unusable: list[Unusable] = []
    if _depth(content) > DEEPEST:
        raise ResultError(name, "", "", TOO_DEEP)
    try:
        value = _decoded(content, unusable)
        if not content.isascii() or b"\\" in content or b"\x7f" in content:
            value = all_visible(value)  # most files hold nothing that does not show
    except RecursionError as error:
        raise ResultError(name, "", "", TOO_DEEP) from error
    except msgspec.DecodeError as error:
        return Document(name, content, None, _malformed(content, name, str(error)), folder=folder)
    except UnicodeDecodeError as error:
        fault = ResultError(name, "", f"byte {error.start} of a string", "expected UTF-8")
        return Document(name, content, None, fault, folder=folder)
    return Document(name, content, value, None, bool(unusable), folder)


def _decoded(content: bytes, unusable: list[Unusable]) -> Any:
    """The JSON value; what Python's own json module writes beyond JSON is taken, too."""
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        try:
            return _decoded_leniently(content.decode("utf-8"), unusable)
        except ValueError:
            raise error from None


def _decoded_leniently(text: str, unusable: list[Unusable]) -> Any:
    def outside(literal: str) -> Unusable:
        unusable.append(Unusable(literal))
        return unusable[-1]

    def number(literal: str) -> Any:
        value = float(literal)
        return value if math.isfinite(value) else outside(literal)

    def integer(literal: str) -> Any:
        return int(literal) if len(literal) <= LONGEST_INTEGER else outside(literal)

    return json.loads(text, parse_constant=outside, parse_float=number, parse_int=integer)


def _depth(content: bytes) -> int:
    """How deeply brackets nest, at most; brackets inside strings are counted only if it matters."""
    depth = _bracket_depth(content)
    if depth > DEEPEST:
        depth = _bracket_depth(re.sub(rb'"(?:[^"\\]|\\.)*"', b"", content, flags=re.DOTALL))
    return depth


def _bracket_depth(content: bytes) -> int:
    depth = deepest = 0
    for bracket in content.translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def _finite(found: Unusable) -> str:
    if found.text.lstrip("-").isalpha():
        return "expected a finite number (JSON has no such value)"
    return "number out of range"


def _expectation(message: str) -> str:
    """Msgspec's own words, without its mark-up, as an expectation."""
    plain = message.replace("`", "").replace(f">= {LEAST_POSITIVE!r}", "> 0.0")
    if plain.startswith("Object missing required field"):
        return f"missing {plain.removeprefix('Object missing required field ')}"
    return visible(plain[:1].lower() + plain[1:], 160)


def _malformed(content: bytes, name: str, message: str) -> ResultError:
    """Why the text is no JSON."""
    if "truncated" in message:
        return ResultError(name, "", f"ends after {len(content)} bytes", "the JSON is truncated")
    return ResultError(name, "", "", f"not JSON: {visible(message.removeprefix('JSON is malformed: '), 160)}")


def _without_unusable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_unusable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_unusable(item) for item in value]
    return None if isinstance(value, Unusable) else value


def _located(value: Any, path: str) -> tuple[str, Any]:
    """Path and value of what is wrong; None where the path does not tell.

    The key of a mapping that is free to have any is not told (``axes[...]``), but the unusable one is found.
    """
    fixed, free, _ = path.partition("[...]")
    try:
        for key, index in re.findall(r"\.?([^.\[\]]+)|\[(\d+)\]", fixed):
            value = value[int(index)] if index else value[key]
    except (LookupError, TypeError, ValueError):
        return path, None
    if not free:
        return path, value
    items = value.items() if isinstance(value, dict) else ()
    found = ((f"{fixed}.{visible(key, 60)}", item) for key, item in items if isinstance(item, Unusable))
    return next(found, (path, None))


def _text_or_empty(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else value_text(value)


def value_text(value: object) -> str:
    """A value as JSON, made visible and shortened, for an error."""
    return visible(json.dumps(value), 60)
